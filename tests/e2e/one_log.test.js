// SPDX-License-Identifier: MIT
//
// Two nodes that share a log and a database: what is said at one is the same at the other, with the
// same offsets and in every dialect, and who comes back may come to either.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test } = require('./harness');
const { eventually } = require('../interop/cluster/cluster.js');
const { chatroom, fence, groups, native, realtime, scalable } = require('../interop/dialects/people');
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

const DIALECTS = { zero: chatroom, one: scalable, two: groups, four: realtime, five: native };

test('people of all dialects at both nodes hear one another, in one order', { skip: missing(...SERVICES), timeout: 180000 },
    async () => {
        const both = await nodes(['one', 'two']);
        const people = [];
        for (const [name, dialect] of Object.entries(DIALECTS)) {
            for (const [i, node] of both.entries()) {
                const who = `${name}-${i}`;
                people.push({ who, dialect, client: await dialect.enter(node, ROOM, who) });
            }
        }
        const [realtimes, natives] = [realtime, native].map((d) => people.filter((p) => p.dialect === d));
        await fence(realtimes[0].client, ROOM, ...people.map(({ dialect, client }) => [dialect, client]));

        people.forEach(({ who, dialect, client }) => dialect.say(client, ROOM, who, `of ${who}`));
        const heard = [];
        for (const { dialect, client } of people) {
            const texts = [];
            while (texts.length < people.length) {
                texts.push(dialect.text(await take(client, dialect.message)));
            }
            heard.push(texts);
        }
        assert.deepEqual(heard, people.map(() => heard[0]));
        assert.deepEqual([...heard[0]].sort(), people.map(({ who }) => `of ${who}`).sort());

        for (const node of both) {
            const { messages } = (await request(node, 'GET', `/chat-history/${ROOM}`)).json();
            assert.deepEqual(messages.map((m) => m.message).filter((text) => text.startsWith('of ')), heard[0]);
        }
        const { id } = await ask(realtimes[0].client, 'send_message', { roomId: ROOM, content: 'read me' });
        await fence(realtimes[0].client, ROOM, [native, natives[1].client]);
        await ask(natives[1].client, 'mark_read', { roomId: ROOM, messageId: id });
        const { userId, messageId } = await take(realtimes[0].client, 'message_read');
        assert.deepEqual([userId, messageId], ['five-1', id]);
        await ask(natives[0].client, 'typing_start', { roomId: ROOM });
        assert.equal((await take(realtimes[1].client, 'typing')).userId, 'five-0');
        natives[0].client.disconnect();
        for (const { client } of [...realtimes, natives[1]]) {
            let update;
            do {
                update = await take(client, 'presence_update');
            } while (update.status !== 'offline');
            assert.equal(update.userId, 'five-0');
        }
    });
