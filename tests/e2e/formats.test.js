// SPDX-License-Identifier: MIT
//
// What is on Kafka's topics is for other programs as well: consumers as those of the systems that
// clients come from read it (kafkajs), and what their producers write on the same topic reaches members
// and history.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, join, later, request, say, start, take, test, within } = require('./harness');
const { missing, startService } = require('./service');
const { eventually } = require('../interop/cluster/cluster.js');

const PARTITIONS = 10;
const START_MS = 60000; // topics are made
const skip = missing('kafka') || (() => {
    try {
        return !require.resolve('kafkajs');
    } catch {
        return 'kafkajs is not installed (tools/setup)';
    }
})();

let started; // one broker for all of the file

async function kafkaAndDaemon(args = [], log = false) {
    const { Kafka, logLevel } = require('kafkajs');
    started ??= startService('kafka', { shared: true });
    const { url } = await started;
    const daemon = await start({ args: ['--kafka-brokers', url, '--persist-linger', '1ms', ...args], ms: START_MS, log });
    later(() => daemon.end('SIGTERM')); // so that it leaves its group
    return { daemon, kafka: new Kafka({ clientId: 'other', brokers: [url], logLevel: logLevel.NOTHING, retry: { retries: 20 } }) };
}

// All that a topic gets: waits for the first that fits, in take(fits).
async function consume(kafka, topic) {
    const consumer = kafka.consumer({ groupId: `test-${topic}-${process.pid}` });
    const records = [];
    const waiting = new Set();
    later(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
        eachMessage: async ({ partition, message }) => {
            records.push({
                partition, key: message.key?.toString(), text: message.value.toString(),
                headers: Object.fromEntries(Object.entries(message.headers).map(([k, v]) => [k, v.toString()])),
            });
            waiting.forEach((look) => look());
        },
    });
    return (fits, what) => within(new Promise((resolve) => {
        const look = () => {
            const found = records.find(fits);
            if (found) {
                waiting.delete(look);
                resolve(found);
            }
        };
        waiting.add(look);
        look();
    }), `record of ${what}`, 40000);
}

async function produce(kafka) {
    const { Partitioners } = require('kafkajs');
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    later(() => producer.disconnect());
    await producer.connect();
    return (...messages) => producer.send({ topic: 'chat-messages', messages });
}

const saying = (text) => (record) => record.text.includes(JSON.stringify(text));

async function joinAsDialect0(daemon, userId, chatRoomId) {
    const client = await connect(daemon, {});
    client.emit('chat:event', { eventType: 'join', userId, chatRoomId, timestamp: new Date().toISOString() });
    await take(client, 'room:active-users');
    return client;
}

test('consumers of other systems understand what is on the topic', { skip, timeout: 200000 }, async () => {
    const { daemon, kafka } = await kafkaAndDaemon();
    const room = 'a.room of "both"';
    const told = await consume(kafka, 'chat-messages');

    const modern = await connect(daemon, { userId: 'u4', username: 'Vier' });
    await join(modern, room);
    const sent = await say(modern, room, 'from four: é \u{1f600}');
    const four = await told(saying('from four: é \u{1f600}'), 'dialect 4');
    const value = JSON.parse(four.text);
    assert.equal(four.key, room);
    assert.deepEqual([four.headers['message-id'], four.headers.timestamp, four.headers.dialect], // see chat/dialect.h
        [sent.id, sent.timestamp, '5']);
    for (const [name, want] of Object.entries({
        id: sent.id, roomId: room, chatRoomId: room, userId: 'u4', username: 'Vier',
        content: 'from four: é \u{1f600}', message: 'from four: é \u{1f600}', type: 'text', timestamp: sent.timestamp,
    })) {
        assert.equal(value[name], want, name);
    }

    const plain = await joinAsDialect0(daemon, 'u0', room);
    const timestamp = '2024-05-01T12:00:00.000Z';
    plain.emit('chat:event', { eventType: 'message', userId: 'u0', chatRoomId: room, message: 'from zero', timestamp });
    await take(plain, 'chat:message');
    const zero = await told(saying('from zero'), 'dialect 0');
    assert.deepEqual([zero.key, zero.partition, zero.headers.dialect], [room, four.partition, '1']);
    const { userId, chatRoomId, message, timestamp: when, content } = JSON.parse(zero.text);
    assert.deepEqual({ userId, chatRoomId, message, timestamp: when, content },
        { userId: 'u0', chatRoomId: room, message: 'from zero', timestamp, content: 'from zero' });

    assert.equal((await ask(modern, 'edit_message', { messageId: sent.id, content: 'edited' })).ok, true);
    const edit = await told((r) => JSON.parse(r.text).action === 'edit', 'the edit'); // which others can leave alone
    assert.deepEqual([edit.key, JSON.parse(edit.text).id], [room, sent.id]);
});

test('what other producers write is heard, and kept once', { skip, timeout: 200000 }, async () => {
    const { daemon, kafka } = await kafkaAndDaemon();
    const send = await produce(kafka);
    const room = 'from elsewhere';
    const member = await connect(daemon, { userId: 'm', username: 'Member' });
    await join(member, room);
    const plain = await joinAsDialect0(daemon, 'p', room);

    const timestamp = '2024-05-01T12:00:00.000Z';
    const message = { id: 'b6f1a1e0-0000-4000-8000-000000000001', roomId: room, userId: 'n4', username: 'Node',
        content: 'keyed', type: 'text', timestamp };
    await send({ key: room, value: JSON.stringify(message), headers: { 'message-id': message.id, timestamp } });
    assert.deepEqual(await take(member, 'message'), message);
    assert.deepEqual(await take(plain, 'chat:message'),
        { userId: 'n4', chatRoomId: room, message: 'keyed', timestamp });

    // Without a key, and into every partition, of which one is the room's.
    const texts = Array.from({ length: PARTITIONS }, (_, partition) => `unkeyed ${partition}`);
    await send(...texts.map((text, partition) => ({
        partition, value: JSON.stringify({ userId: 'n0', chatRoomId: room, message: text, timestamp }),
    })));
    const heard = [];
    while (heard.length < PARTITIONS) {
        const { userId, content } = await take(member, 'message');
        assert.equal(userId, 'n0');
        heard.push(content);
    }
    assert.deepEqual(heard.sort(), texts);

    // One that was written twice, as by a producer that is not idempotent.
    await send({ key: room, value: JSON.stringify(message) });
    const last = await say(member, room, 'last');
    for (let content; content !== 'last';) {
        ({ content } = await take(member, 'message'));
        assert.notEqual(content, 'keyed');
    }
    const late = await connect(daemon, {});
    const history = await join(late, room);
    assert.deepEqual(history.map((m) => m.content).sort(), ['keyed', 'last', ...texts].sort());
    assert.equal(history[0].id, last.id);
    assert.equal(history.find((m) => m.content === 'keyed').id, message.id);
    assert.equal(new Set(history.map((m) => m.id)).size, history.length);
    const old = (await request(daemon, 'GET', `/chat-history/${encodeURIComponent(room)}`)).json();
    assert.equal(old.messages.length, history.length);
});

test('who comes and goes, and who was written to while away, is told on topics of their own', { skip, timeout: 200000 },
    async () => {
        const { daemon, kafka } = await kafkaAndDaemon(['--service-id', 'chat-1']);
        const presence = await consume(kafka, 'user-presence');
        const push = await consume(kafka, 'push-notifications');
        const client = await connect(daemon, {});
        client.emit('join', { username: 'ada' });
        const { userId } = await take(client, 'connected');
        const online = JSON.parse((await presence((r) => r.key === userId, 'presence')).text);
        assert.deepEqual([online.userId, online.username, online.status, online.serviceId],
            [userId, 'ada', 'online', 'chat-1']);

        // He is in his own room once the store has what is on the topic, as any message is looked for then.
        const nothing = { messageId: 'none', content: 'x' };
        while ((await client.emitWithAck('edit_message', nothing)).code === 'UNAVAILABLE');
        client.emit('send_message', { recipientId: 'bob', content: 'are you there?' });
        const { messageId } = await take(client, 'new_message');
        const note = await push((r) => JSON.parse(r.text).messageId === messageId, 'push');
        const { recipientId, senderId, senderUsername, content, messageType } = JSON.parse(note.text);
        assert.deepEqual([note.key, recipientId, senderId, senderUsername, content, messageType],
            ['bob', 'bob', userId, 'ada', 'are you there?', 'text']);

        client.disconnect();
        const gone = (r) => r.key === userId && JSON.parse(r.text).status === 'offline';
        assert.equal(JSON.parse((await presence(gone, 'absence')).text).username, 'ada');
    });

test('what nobody can read goes to the dead letters with the reason', { skip, timeout: 200000 }, async () => {
    const { daemon, kafka } = await kafkaAndDaemon();
    const send = await produce(kafka);
    const member = await connect(daemon, {});
    await join(member, 'quiet');
    await send({ key: 'quiet', value: 'no JSON' }, { key: 'quiet', value: '{"some":"thing"}' });
    const dead = await consume(kafka, 'chat-messages-dlq');
    for (const text of ['no JSON', '{"some":"thing"}']) {
        const { headers } = await dead((r) => r.text === text, text);
        assert.ok(headers.reason.length > 0);
        assert.equal(headers.topic, 'chat-messages');
    }
    assert.equal((await say(member, 'quiet', 'goes on')).ok, true);
    assert.equal((await take(member, 'message')).content, 'goes on');
});

test('what no client could have said is in no history, and in the dead letters', { skip, timeout: 200000 }, async () => {
    const { daemon, kafka } = await kafkaAndDaemon();
    const send = await produce(kafka);
    const member = await connect(daemon, {});
    await join(member, 'bounds');
    const odd = [
        [{ userId: 'u'.repeat(300) }, /too long/], [{ id: 'i'.repeat(1000) }, /too long/], [{ type: 't'.repeat(300) }, /too long/],
        [{ roomId: 'r'.repeat(300) }, /room/], [{ roomId: '\u0001lobby' }, /room/],
    ].map(([members, reason]) => {
        const message = { roomId: 'bounds', userId: 'n4', content: 'odd', ...members };
        return { key: message.roomId, value: JSON.stringify(message), reason };
    });
    await send(...odd.map(({ key, value }) => ({ key, value })));
    const dead = await consume(kafka, 'chat-messages-dlq');
    for (const { value, reason } of odd) {
        assert.match((await dead((r) => r.text === value, value)).headers.reason, reason);
    }
    assert.equal((await say(member, 'bounds', 'goes on')).ok, true);
    assert.equal((await take(member, 'message')).content, 'goes on');
    const late = await connect(daemon, {});
    assert.deepEqual((await join(late, 'bounds')).map((m) => m.content), ['goes on']);
});

test('a message that Kafka never takes is refused for good, and the log says why', { skip, timeout: 200000 }, async () => {
    const { daemon } = await kafkaAndDaemon(['--kafka-settings', 'message.max.bytes=4000', '--log-level=warn'], true);
    const client = await connect(daemon, {});
    await join(client, 'large');
    const { ok, code, retryable } = await say(client, 'large', 'x'.repeat(3000));
    assert.deepEqual([ok, code, retryable], [false, 'MESSAGE_TOO_LONG', false]);
    assert.equal((await say(client, 'large', 'small')).ok, true);
    await eventually(() => assert.match(daemon.log, /refused for good.*larger than kafka-topic or message\.max\.bytes/));
});
