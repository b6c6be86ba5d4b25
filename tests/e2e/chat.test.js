// SPDX-License-Identifier: MIT
//
// The events of src/chat/README.md, one by one, over stock clients.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, join, say, start, take, test } = require('./harness');

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const ada = { userId: 'u-ada', username: 'Ada' };
const bob = { userId: 'u-bob', username: 'Bob' };

async function pair() {
    const daemon = await start();
    const a = await connect(daemon, ada);
    const b = await connect(daemon, bob);
    assert.deepEqual(await join(a, 'general'), []);
    assert.deepEqual(await join(b, 'general'), []);
    return { daemon, a, b };
}

test('two people see each other come, talk and go', async () => {
    const { a, b } = await pair();
    const joined = await take(a, 'user_joined');
    assert.match(joined.timestamp, ISO);
    assert.deepEqual(joined, { roomId: 'general', userId: 'u-bob', username: 'Bob', timestamp: joined.timestamp });

    const answer = await say(a, 'general', 'hello');
    assert.match(answer.id, UUID);
    assert.deepEqual(answer, { ok: true, id: answer.id, offset: 1, timestamp: answer.timestamp });
    const wanted = {
        id: answer.id, roomId: 'general', userId: 'u-ada', username: 'Ada', content: 'hello',
        type: 'text', timestamp: answer.timestamp,
    };
    assert.deepEqual(await take(b, 'message'), wanted);
    assert.deepEqual(await take(a, 'message'), wanted);

    assert.deepEqual(await ask(b, 'leave_room', { roomId: 'general' }), { ok: true, roomId: 'general' });
    const left = await take(a, 'user_left');
    assert.deepEqual(left, { roomId: 'general', userId: 'u-bob', timestamp: left.timestamp });
});

test('a lost connection is told to the others in each room', async () => {
    const { a, b } = await pair();
    await join(a, 'second');
    await join(b, 'second');
    b.disconnect();
    const offline = { userId: 'u-bob', status: 'offline' };
    assert.deepEqual([await take(a, 'presence_update'), await take(a, 'presence_update')], [offline, offline]);
});

test('a joiner gets the newest 100 messages, newest first', async () => {
    const { daemon, a } = await pair();
    for (let i = 1; i <= 103; i++) {
        await say(a, 'general', `n${i}`);
    }
    const c = await connect(daemon, {});
    const history = await join(c, 'general');
    assert.equal(history.length, 100);
    assert.deepEqual([history[0].content, history[99].content], ['n103', 'n4']);
    assert.deepEqual(Object.keys(history[0]),
        ['id', 'roomId', 'userId', 'username', 'content', 'type', 'timestamp']);
});

test('people are who auth says, else who the join says, else their socket', async () => {
    const { daemon, a } = await pair();
    const who = async (auth, payload) => {
        const client = await connect(daemon, auth);
        await ask(client, 'join_room', { roomId: 'who', ...payload });
        await say(client, 'who', 'me');
        const { userId, username } = await take(client, 'message');
        return [userId === client.id ? 'socket' : userId, username];
    };
    assert.deepEqual(await who({ userId: 'x', username: 'X' }, { userId: 'y' }), ['x', 'X']);
    assert.deepEqual(await who({ userId: 'x' }, {}), ['x', 'x']);
    assert.deepEqual(await who({ username: 'X' }, { userId: 'y' }), ['y', 'X']);
    assert.deepEqual(await who({}, { userId: 'y' }), ['y', 'y']);
    assert.deepEqual(await who({}, {}), ['socket', 'Anonymous']);
    assert.equal(a.connected, true);
});

test('a sender need not be a member, and texts come as they were sent', async () => {
    const { daemon, a } = await pair();
    const outsider = await connect(daemon, { userId: 'o' });
    const content = '<img src=x onerror=alert(1)> "q" \\ \u2028 😀 \u0000';
    await ask(outsider, 'send_message', { roomId: 'general', content, type: 'system', extra: 1 });
    const m = await take(a, 'message');
    assert.deepEqual([m.content, m.type, m.extra], [content, 'system', undefined]);
});

test('what cannot be done is answered with a code and the name of the field', async () => {
    const { a } = await pair();
    const cases = [
        ['send_message', undefined, 'INVALID_PAYLOAD', /payload/],
        ['send_message', null, 'INVALID_PAYLOAD', /payload/],
        ['send_message', { content: 'x' }, 'INVALID_PAYLOAD', /^roomId /],
        ['send_message', { roomId: '', content: 'x' }, 'INVALID_PAYLOAD', /^roomId /],
        ['send_message', { roomId: 'r'.repeat(256), content: 'x' }, 'INVALID_PAYLOAD', /^roomId /],
        ['send_message', { roomId: 'r' }, 'INVALID_PAYLOAD', /^content /],
        ['send_message', { roomId: 'r', content: Buffer.from('x') }, 'INVALID_PAYLOAD', /^content /],
        ['send_message', { roomId: 'r', content: 'x'.repeat(5001) }, 'MESSAGE_TOO_LONG', /^content /],
        ['send_message', { roomId: 'r', content: 'x', type: 1 }, 'INVALID_PAYLOAD', /^type /],
        ['join_room', 'general', 'INVALID_PAYLOAD', /payload/],
        ['join_room', { roomId: 7 }, 'INVALID_PAYLOAD', /^roomId /],
        ['join_room', { roomId: 'r', userId: {} }, 'INVALID_PAYLOAD', /^userId /],
        ['leave_room', {}, 'INVALID_PAYLOAD', /^roomId /],
    ];
    for (const [event, payload, code, message] of cases) {
        const answer = await ask(a, event, payload);
        assert.deepEqual([answer.ok, answer.code, answer.retryable], [false, code, false], event);
        assert.match(answer.message, message);
    }
    a.emit('send_message', { roomId: 'r' });
    const error = await take(a, 'error');
    assert.deepEqual(Object.keys(error), ['code', 'message']);
    assert.equal((await say(a, 'r', 'x'.repeat(5000))).ok, true);
});

test('without a journal messages are delivered and not kept', async () => {
    const daemon = await start({ args: ['--journal', 'none'] });
    const a = await connect(daemon, ada);
    const b = await connect(daemon, bob);
    await join(a, 'general');
    await join(b, 'general');
    const answer = await say(a, 'general', 'hello');
    assert.deepEqual(Object.keys(answer), ['ok', 'id', 'timestamp']);
    assert.equal((await take(b, 'message')).content, 'hello');
    assert.deepEqual(await join(await connect(daemon, {}), 'general'), []);
});

test('a polling client is a client like any other', async () => {
    const { daemon, a } = await pair();
    const p = await connect(daemon, { userId: 'p' }, { transports: ['polling'] });
    await join(p, 'general');
    await say(p, 'general', 'slowly');
    assert.equal((await take(a, 'message')).content, 'slowly');
    assert.equal((await take(p, 'message')).content, 'slowly');
});

test('health is told over HTTP', async () => {
    const { daemon } = await pair();
    const response = await fetch(`${daemon.origin}/health`);
    const body = await response.json();
    assert.equal(response.status, 200);
    assert.match(body.timestamp, ISO);
    assert.deepEqual([body.status, body.service, body.database], ['healthy', 'healthy', 'connected']);
    assert.deepEqual([body.redis, body.kafka], ['not configured', 'not configured']);
    assert.ok(body.connections >= 2, `connections: ${body.connections}`);
    assert.equal((await fetch(`${daemon.origin}/health/live`)).status, 200);
    assert.equal((await fetch(`${daemon.origin}/health/ready`)).status, 200);
});

test('metrics count what has happened', async () => {
    const { daemon, a } = await pair();
    await say(a, 'general', 'hello');
    const response = await fetch(`${daemon.origin}/metrics`);
    const text = await response.text();
    const value = (sample) => Number(text.split('\n').find((l) => l.startsWith(`${sample} `)).slice(sample.length));
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(value('rookery_sockets'), 2);
    assert.ok(value('rookery_rooms') >= 1);
    assert.ok(value('rookery_acks_sent_total') >= 3);
    assert.equal(value('rookery_messages_total{dialect="realtime"}'), 1);
    assert.equal(value('rookery_deliveries_total'), 2);
    assert.equal(value('rookery_sessions_closed_total{reason="ping timeout"}'), 0);
    assert.ok(value('rookery_store_append_seconds_count') >= 1);
    assert.equal((await fetch(`${daemon.origin}/rooms`)).status, 200);
    const later = await (await fetch(`${daemon.origin}/metrics`)).text();
    assert.match(later, /^rookery_store_call_seconds_count\{kind="read"\} [1-9]/m);
    assert.ok(value('rookery_loop_turn_seconds_count{loop="0"}') >= 1);
    assert.ok(text.split('\n').slice(0, -1).every((l) => /^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.]+)$/.test(l)));
});
