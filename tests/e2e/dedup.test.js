// SPDX-License-Identifier: MIT
//
// A client that gives its message an id and sends it again, by whichever node, however often nodes
// are killed meanwhile: it is answered as it was the first time, the room's history has one message,
// and members are told once. Two nodes with Kafka, PostgreSQL and Redis.
'use strict';

const assert = require('node:assert/strict');
const { setTimeout: pass } = require('node:timers/promises');
const { test, ask, connect, later, start, take, until, within } = require('./harness');
const { eventually } = require('../interop/cluster/cluster.js');
const { missing, startService } = require('./service');
const { assembled, metric } = require('./traffic.js');

const skip = missing('kafka', 'postgres', 'redis');
const services = {};
const LINGER_MS = 2;

async function begin(topic) {
    for (const name of ['kafka', 'postgres', 'redis']) {
        services[name] ??= await startService(name, { shared: true });
    }
    const serve = (name, port = 0) => start({
        port,
        args: ['--kafka-brokers', services.kafka.url, '--kafka-topic', topic, '--kafka-group', topic,
            '--database-url', services.postgres.url, '--redis-url', services.redis.url,
            '--service-id', name, '--cluster-heartbeat', '1s',
            '--persist', name === 'b' ? 'yes' : 'no'], // the group waits long for a member that is killed
        env: { JWT_SECRET: 'a secret that both have' },
    });
    return serve;
}

async function member(node, userId, roomId, options = {}) {
    const client = await connect(node, { userId, username: userId }, options);
    const answer = await ask(client, 'join_room', { roomId, after: 0 });
    assert.ok(answer.ok, JSON.stringify(answer));
    return client;
}

const heard = (client) => client.events.filter((e) => e.name === 'message').map((e) => e.payload.content);

// What the room has, oldest first.
async function history(node, roomId) {
    const reader = await member(node, 'reader', roomId);
    const found = [];
    for (let before; ;) {
        const { messages } = await ask(reader, 'history', { roomId, limit: 100, ...(before && { before }) });
        found.push(...messages.map((m) => ({ id: m.id, content: m.content, offset: m.offset })));
        found.sort((a, b) => a.offset - b.offset);
        if (messages.length === 0) {
            reader.disconnect();
            return found;
        }
        before = found[0].offset;
    }
}

test('is answered as the first time by both nodes, and when both have started again', { skip, timeout: 180000 },
    async () => {
        const room = 'twice';
        const message = { roomId: room, content: 'once', clientId: 'c-1' };
        const serve = await begin('dedup-nodes');
        let nodes = [await serve('a'), await serve('b')];
        await assembled(nodes);
        let ada = await Promise.all(nodes.map((n) => member(n, 'ada', room)));
        let others = await Promise.all(nodes.map((n, i) => member(n, `other${i}`, room)));

        const first = await ask(ada[0], 'send_message', message);
        assert.ok(first.ok && first.offset > 0, JSON.stringify(first));
        for (const client of [ada[1], ada[0], ada[1]]) {
            assert.deepEqual(await ask(client, 'send_message', message), first);
        }
        const both = { ...message, content: 'at once', clientId: 'c-2' };
        const [left, right] = await Promise.all(ada.map((client) => ask(client, 'send_message', both)));
        assert.deepEqual(left, right);
        await ask(ada[0], 'send_message', { roomId: room, content: 'last' });
        for (const client of [...ada, ...others]) {
            await until(client, () => heard(client).includes('last'), 'the last message');
            assert.deepEqual(heard(client), ['once', 'at once', 'last']);
        }

        await Promise.all([nodes[0].end('SIGKILL'), nodes[1].end('SIGTERM')]);
        nodes = [await serve('a'), await serve('b')];
        await assembled(nodes);
        ada = await Promise.all(nodes.map((n) => connect(n, { userId: 'ada', username: 'ada' })));
        others = await Promise.all(nodes.map((n, i) => member(n, `other${i}`, room)));
        others.forEach((client) => client.events.splice(0));
        for (const client of [ada[1], ada[0]]) {
            assert.deepEqual(await ask(client, 'send_message', message), first);
            assert.deepEqual(await ask(client, 'send_message', both), left);
        }
        await ask(ada[0], 'send_message', { roomId: room, content: 'end' });
        for (const client of others) {
            await until(client, () => heard(client).includes('end'), 'the end');
            assert.deepEqual(heard(client), ['end']);
        }
        assert.equal(await metric(nodes[0], 'dedup_lookups_total') + await metric(nodes[1], 'dedup_lookups_total'), 4);
        assert.deepEqual((await history(nodes[1], room)).map((m) => m.content), ['once', 'at once', 'last', 'end']);
        assert.equal((await history(nodes[0], room))[0].offset, first.offset);
    });

// A client that repeats by itself, and comes back by itself; `again` are its answers, by content.
async function persistent(node, room) {
    const client = await member(node, 'ada', room, {
        retries: 100, ackTimeout: 1000, reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100,
    });
    client.answers = new Map();
    client.say = (content) => new Promise((resolve, reject) => {
        client.emit('send_message', { roomId: room, content, clientId: `c ${content}` }, (error, answer) => {
            client.answers.set(content, answer);
            if (error || (!answer.ok && !answer.retryable)) {
                reject(error ?? new Error(JSON.stringify(answer)));
            } else {
                resolve(answer.ok ? answer : client.say(content));
            }
        });
    });
    return client;
}

test('is one message for a client that repeats by itself while its node is killed', { skip, timeout: 180000 },
    async (t) => {
        const room = 'killed';
        const serve = await begin('dedup-killed');
        let node = await serve('a');
        const other = await serve('b');
        await assembled([node, other]);
        const listener = await member(other, 'listener', room);
        const ada = await persistent(node, room);
        const sent = [];
        const answers = [];

        for (let round = 0; round < 3; round++) {
            for (let i = 0; i < 50; i++) {
                sent.push(`${round}-${i}`);
                answers.push(ada.say(sent.at(-1)));
            }
            await within(answers[round * 50 + 20], 'answers', 30000);
            await node.end('SIGKILL');
            node = await serve('a', node.port);
        }
        const told = await within(Promise.all(answers), 'all answers', 60000);
        await until(listener, () => heard(listener).includes(sent.at(-1)), 'the last message');

        const kept = await history(other, room);
        assert.deepEqual(kept.map((m) => m.content), sent);
        assert.deepEqual(heard(listener), sent);
        assert.deepEqual(told.map((a) => a.id), kept.map((m) => m.id));
        t.diagnostic(`${sent.length} sent, ${kept.length} kept, `
            + `${told.filter((a, i) => a.offset !== kept[i].offset).length} answered with another place`);
    });

// The journal has it, and has had time to give it to the broker.
async function underWay(node) {
    await eventually(async () => assert.equal(await metric(node, 'journal_queue_messages'), 1));
    await pass(10 * LINGER_MS);
}

// The one message whose fate nobody can know: the broker has it in its socket when it stands still,
// and nobody has been answered when the node dies.
test('is one message if it was stored and its node died before it could say so', { skip, timeout: 180000 },
    async () => {
        const room = 'between';
        const serve = await begin('dedup-between');
        let node = await serve('a');
        const other = await serve('b');
        await assembled([node, other]);
        const listener = await member(other, 'listener', room);
        const ada = await persistent(node, room);
        await ada.say('first');

        await services.kafka.pause();
        later(() => services.kafka.resume());
        const answer = ada.say('between');
        answer.catch(() => {});
        await underWay(node);
        await node.end('SIGKILL');
        await services.kafka.resume();
        await until(listener, () => heard(listener).includes('between'), 'what the broker had');
        node = await serve('a', node.port);
        const own = await member(node, 'own', room);
        own.events.splice(0);

        const told = await within(answer, 'the answer', 30000);
        await ada.say('last');
        for (const client of [listener, own]) {
            await until(client, () => heard(client).includes('last'), 'the last message');
        }
        assert.deepEqual(heard(listener), ['first', 'between', 'last']);
        assert.deepEqual(heard(own), ['last']);
        const kept = await history(other, room);
        assert.deepEqual(kept.map((m) => m.content), ['first', 'between', 'last']);
        assert.equal(told.offset, kept[1].offset);
    });
