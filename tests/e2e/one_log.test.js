// SPDX-License-Identifier: MIT
//
// Two nodes that share a log and a database: what is said at one is the same at the other, with the
// same offsets, and who comes back may come to either.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, start, test } = require('./harness');
const { eventually } = require('../interop/cluster/cluster.js');
const { missing, startService } = require('./service');

const SERVICES = ['redis', 'kafka', 'postgres'];
const ROOM = 'crow';
const EVENTS = ['message', 'message_edited', 'message_deleted'];

async function nodes(names) {
    const [redis, kafka, postgres] = await Promise.all(SERVICES.map((name) => startService(name)));
    return Promise.all(names.map((name) => start({
        args: ['--service-id', name, '--redis-url', redis.url, '--kafka-brokers', kafka.url,
            '--database-url', postgres.url],
        env: { JWT_SECRET: 'a secret that both have' },
    })));
}

async function member(node, userId, after) {
    const client = await connect(node, { userId, username: userId });
    client.heard = [];
    for (const event of EVENTS) {
        client.on(event, (m) => client.heard.push([event, m.changed ?? m.offset, m.content]));
    }
    client.joined = await ask(client, 'join_room', { roomId: ROOM, after });
    return client;
}

test('what is said, edited and deleted comes to members of both nodes at one place', { skip: missing(...SERVICES), timeout: 180000 },
    async () => {
        const [one, two] = await nodes(['one', 'two']);
        const ann = await member(one, 'ann', 0);
        const bob = await member(two, 'bob', 0);
        const told = [];
        for (const who of [ann, bob]) {
            const say = async (event, payload, name, content) => {
                const answer = await ask(who, event, payload);
                assert.ok(answer.ok, JSON.stringify(answer));
                told.push([name, answer.offset, content]);
                return answer.id;
            };
            const messageId = await say('send_message', { roomId: ROOM, content: 'caw' }, 'message', 'caw');
            await say('edit_message', { messageId, content: 'coo' }, 'message_edited', 'coo');
            await say('delete_message', { messageId }, 'message_deleted', undefined);
            await say('send_message', { roomId: ROOM, content: 'stays' }, 'message', 'stays');
        }
        for (const client of [ann, bob]) {
            await eventually(() => assert.deepEqual(client.heard, told));
        }
        const places = told.map(([, place]) => place);
        assert.deepEqual(places, [...new Set(places)].sort((a, b) => a - b));

        const after = places[2]; // what was deleted later is not told, what stays is
        for (const node of [one, two]) {
            const back = await member(node, 'cleo', after);
            assert.equal(back.joined.offset, places.at(-1));
            await eventually(() => assert.deepEqual(back.heard.filter(([name]) => name === 'message'),
                [told[3], told[7]]));
        }
    });
