// SPDX-License-Identifier: MIT
//
// A Node.js chat server and ours on one Redis: one room, in the words of dialect 4, through an outage.
'use strict';

const assert = require('node:assert/strict');
const { setTimeout: pass } = require('node:timers/promises');
const { ask, connect, later, take, test } = require('./harness');
const { missing: noRedis } = require('../interop/cluster/cluster.js');
const { EVERY_MS, ROOM, acked, begin, eventually, heard, heardAll, heardOf, listen, serve } = require('./traffic.js');

const OUTAGE_MS = 1000;

function missingPackages() {
    try {
        ['socket.io', '@socket.io/redis-adapter', '@socket.io/redis-streams-adapter', 'redis'].forEach(require.resolve);
        return false;
    } catch (error) {
        return error.message.split('\n')[0];
    }
}
const missing = noRedis || missingPackages();

async function enter(server, userId) {
    const client = await connect(server, { userId, username: userId });
    listen(client);
    assert.ok((await ask(client, 'join_room', { roomId: ROOM, userId })).ok);
    return client;
}

// Says one message after another. A Node.js server does not acknowledge them: what counts as
// acknowledged there is what its own members have heard.
function talk(client, name) {
    const talker = { name, client, said: 0, acked: [], waiting: new Set() };
    const timer = setInterval(() => {
        client.emit('send_message', { roomId: ROOM, content: `${name}#${talker.said++}` });
    }, EVERY_MS);
    later(() => clearInterval(timer));
    client.on('message', ({ content }) => {
        const [who, number] = content.split('#');
        if (who === name) {
            talker.acked.push(Number(number));
            talker.waiting.forEach((look) => look());
        }
    });
    talker.stop = async () => {
        clearInterval(timer);
        await eventually(() => assert.equal(talker.acked.at(-1), talker.said - 1));
    };
    return talker;
}

// From now until the member hears what the talker says from now on.
async function untilHeard(client, talker) {
    const from = performance.now();
    await heard(client, talker, talker.said);
    return Math.round(performance.now() - from);
}

async function through(kind, t) {
    const cluster = await begin(kind);
    const [node, rookery] = [await cluster.start('node-1'), await serve(cluster, 'r')];
    const [nell, rhea] = [await enter(node, 'nell'), await enter(rookery, 'rhea')];
    const [ned, ron] = [await enter(node, 'ned'), await enter(rookery, 'ron')];
    const people = [nell, rhea, ned, ron];
    const talkers = [talk(nell, 'nell'), talk(rhea, 'rhea')];
    for (const talker of talkers) {
        await Promise.all(people.map((p) => heard(p, talker, 10)));
    }

    await cluster.redis.stop('SIGKILL');
    const end = pass(OUTAGE_MS); // the length of the outage
    await acked(talkers[1], 20);
    await heard(ron, talkers[1], talkers[1].acked.at(-1));
    await end;
    await cluster.startRedis();
    const times = await Promise.all([untilHeard(ron, talkers[0]), untilHeard(ned, talkers[1])]);
    t.diagnostic(`messages flow again after ${times[0]} ms from Node.js, ${times[1]} ms to it`);

    const since = talkers.map((k) => k.said);
    await Promise.all(talkers.map((k) => acked(k, 40)));
    await Promise.all(talkers.map((k) => k.stop()));
    // what was said at each server its own people have, all of it; the others what came after
    await Promise.all([heardAll(ned, talkers[0]), heardAll(ron, talkers[1])]);
    await Promise.all([heardAll(ron, talkers[0], since[0]), heardAll(ned, talkers[1], since[1])]);
    for (const p of people) {
        assert.deepEqual(p.drops, []);
        for (const talker of talkers) {
            const got = heardOf(p, talker.name);
            assert.deepEqual(got, [...new Set(got)].sort((x, y) => x - y), 'in order and once');
        }
    }
    const lost = (p, k) => k.said - heardOf(p, k.name).length;
    t.diagnostic(`of ${talkers[0].said} and ${talkers[1].said}, lost by Redis being away: `
        + `${lost(ron, talkers[0])} from Node.js, ${lost(ned, talkers[1])} to it`);
}

test('what is said at one reaches the other as dialect 4 has it', { skip: missing }, async () => {
    const cluster = await begin('classic');
    const [node, rookery] = [await cluster.start('node-1'), await serve(cluster, 'r')];
    const [nell, rhea] = [await enter(node, 'nell'), await enter(rookery, 'rhea')];
    nell.emit('send_message', { roomId: ROOM, content: 'hello é' });
    for (const p of [nell, rhea]) {
        assert.deepEqual(await take(p, 'message'), { roomId: ROOM, userId: 'nell', content: 'hello é' });
    }
    const sent = await ask(rhea, 'send_message', { roomId: ROOM, content: 'hello ü' });
    for (const p of [nell, rhea]) {
        assert.deepEqual(await take(p, 'message'), {
            id: sent.id, roomId: ROOM, userId: 'rhea', username: 'rhea', content: 'hello ü', type: 'text',
            timestamp: sent.timestamp,
        });
    }
});

for (const kind of ['classic', 'sharded', 'streams']) {
    test(`${kind}: one room of both through an outage of a second`, { skip: missing }, (t) => through(kind, t));
}
