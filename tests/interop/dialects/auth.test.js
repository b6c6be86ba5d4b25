// SPDX-License-Identifier: MIT
//
// auth = required: a token to get in, one's identity from its claims alone, and an end when it expires;
// auth = open: nobody is refused for a token. Clients that send tokens work in both unchanged.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test } = require('../../e2e/harness');
const { DEFAULT, ISO, chatroom, disconnected, groups, unread } = require('./people');
const { SECRET, now, sign } = require('./tokens');

const ROOM = 'room-1';
const closed = () => start({ args: ['--auth', 'required', '--jwt-secret', SECRET] });
const open = () => start({ args: ['--auth', 'open', '--jwt-secret', SECRET] });
const ADA = { userId: 'u-ada', username: 'Ada' };

const enter = (daemon, claims = ADA, more = {}) => connect(daemon, { token: sign(claims), ...more });

async function member(daemon, claims = ADA, more = {}) {
    const client = await enter(daemon, claims, more);
    client.emit('join_room', { roomId: ROOM });
    await take(client, 'message_history');
    return client;
}

const BAD = {
    missing: undefined,
    empty: {},
    'not a string': { token: 7 },
    'no token': { token: 'your-jwt-token' },
    'signed with another secret': { token: sign(ADA, { secret: 'other' }) },
    expired: { token: sign({ ...ADA, exp: now() - 60 }) },
    'not signed': { token: sign(ADA, { header: { alg: 'none', typ: 'JWT' } }) },
    'without a user': { token: sign({ role: 'admin' }) },
    'claims changed': { token: sign(ADA).replace(/\.[^.]+\./, `.${sign({ userId: 'root' }).split('.')[1]}.`) },
};

test('required: without a good token one is not let in, by either transport', async () => {
    const daemon = await closed();
    for (const [what, auth] of Object.entries(BAD)) {
        for (const options of [{}, DEFAULT]) {
            await assert.rejects(connect(daemon, auth, options), (error) => {
                assert.ok(error.message.length > 0 && !error.message.startsWith('no connection'), what);
                return true;
            }, what);
        }
    }
    assert.equal((await enter(daemon)).connected, true);
});

test('open: the same tokens connect, and a good one says who one is', async () => {
    const daemon = await open();
    for (const auth of Object.values(BAD)) {
        assert.equal((await connect(daemon, auth)).connected, true);
    }
    const ada = await member(daemon);
    ada.emit('send_message', { roomId: ROOM, content: 'me' });
    const { userId, username } = await take(ada, 'message');
    assert.deepEqual([userId, username], ['u-ada', 'Ada']);
});

test('required: identity comes from the claims alone', async () => {
    const daemon = await closed();
    const ada = await member(daemon, ADA, { userId: 'root', username: 'Root' });
    ada.emit('send_message', { roomId: ROOM, content: 'me' });
    const message = await take(ada, 'message');
    assert.deepEqual([message.userId, message.username], ['u-ada', 'Ada']);
    const bob = await member(daemon, { userId: 'u-bob', username: 'Bob' });
    const joined = await take(ada, 'user_joined');
    assert.deepEqual(joined, { roomId: ROOM, userId: 'u-bob', username: 'Bob', timestamp: joined.timestamp });
    assert.equal(bob.connected, true);
});

test('required: a user id in a payload that differs is refused in every dialect, and nobody hears it', async () => {
    const daemon = await closed();
    const ada = await member(daemon);
    const eve = await enter(daemon, { userId: 'u-eve', username: 'Eve' });
    for (const [event, payload] of [
        ['join_room', { roomId: ROOM, userId: 'u-ada' }],
        ['join_room', { roomId: ROOM, userId: 'u-ada', after: 0 }],
        ['join_room', { roomid: ROOM, username: 'Ada' }],
        ['chat:event', { eventType: 'join', userId: 'u-ada', chatRoomId: ROOM }],
        ['chat:event', { eventType: 'message', userId: 'u-ada', chatRoomId: ROOM, message: 'forged' }],
        ['sendMessage', { roomId: ROOM, userId: 'u-ada', username: 'Ada', text: 'forged' }],
        ['new_msg', { roomid: ROOM, sender: 'Ada', message: 'forged' }],
    ]) {
        const answer = await ask(eve, event, payload);
        assert.equal(answer.ok, false, `${event} ${JSON.stringify(payload)}`);
        assert.deepEqual(Object.keys(answer).sort(), ['code', 'message', 'ok', 'retryable']);
    }
    eve.emit('chat:event', { eventType: 'message', userId: 'u-ada', chatRoomId: ROOM, message: 'forged' });
    assert.equal(typeof (await take(eve, 'error')).message, 'string');
    eve.emit('send_message', { roomId: ROOM, content: 'sentinel' });
    const got = await take(ada, 'message');
    assert.deepEqual([got.userId, got.content], ['u-eve', 'sentinel']);
    assert.deepEqual(unread(ada, 'user_joined'), []);
});

test('required: clients of all dialects that say who they are by their token work unchanged', async () => {
    const daemon = await closed();
    const ada = await member(daemon);
    const zero = await enter(daemon, { userId: 'zero', username: 'zero' });
    await chatroom.join(zero, ROOM, 'zero');
    chatroom.say(zero, ROOM, 'zero', 'from 0');
    assert.equal((await take(ada, 'message')).userId, 'zero');
    const two = await enter(daemon, { userId: 'u-two', username: 'two' });
    two.emit('join_room', { roomid: ROOM, username: 'two' });
    await take(two, 'update_online_users');
    groups.say(two, ROOM, 'two', 'from 2');
    const got = await take(ada, 'message');
    assert.deepEqual([got.userId, got.username, got.content], ['u-two', 'two', 'from 2']);
});

// The web client of dialect 1 sends the token of its login and, as its user id, the e-mail up to the @.
test('required: the web client of dialect 1 registers, connects and talks', async () => {
    const daemon = await closed();
    const answer = await request(daemon, 'POST', '/auth/register',
        { json: { email: 'ada@example.com', password: 'correct horse battery' } });
    assert.equal(answer.status, 201, answer.text);
    const { token } = answer.json();
    const client = await connect(daemon, { token, username: 'ada' }, DEFAULT);
    client.emit('joinRoom', 'general');
    const sent = {
        roomId: 'general', userId: 'ada', username: 'ada', text: 'hello', timestamp: new Date().toISOString(),
    };
    client.emit('sendMessage', sent);
    const got = await take(client, 'receiveMessage');
    assert.ok(['ada', answer.json().user.id].includes(got.userId), got.userId);
    assert.deepEqual({ ...got, userId: 'ada' }, sent);
});

test('required: the user of dialect 3 registers, connects and joins by name', async () => {
    const daemon = await closed();
    const { token, user } = (await request(daemon, 'POST', '/api/auth/register', {
        json: { username: 'ada', email: 'ada@example.com', password: 'correct horse battery', displayName: 'Ada' },
    })).json();
    const client = await connect(daemon, { token });
    client.emit('join', { username: 'ada' });
    const me = await take(client, 'connected');
    assert.deepEqual([me.userId, me.username], [user.id, 'ada']);
});

test('required: a live connection ends when its token expires', async () => {
    const daemon = await closed();
    const short = sign(ADA, { lasts: 2 });
    const client = await connect(daemon, { token: short });
    const lasting = await enter(daemon, { userId: 'u-bob', username: 'Bob' });
    await disconnected(client);
    await assert.rejects(connect(daemon, { token: short }));
    assert.equal((await ask(lasting, 'join_room', { roomId: ROOM })).ok, true);
});

test('required: the REST of the native dialect wants the token too', async () => {
    const daemon = await closed();
    const bearer = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
    await ask(await enter(daemon), 'join_room', { roomId: 'r', after: 0 });
    for (const target of ['/api/rooms', '/api/rooms/r/messages', '/api/rooms/r/members', '/api/search?q=x']) {
        for (const options of [{}, bearer('x.y.z'), bearer(sign(ADA, { secret: 'other' }))]) {
            const refused = await request(daemon, 'GET', target, options);
            assert.equal(refused.status, 401, target);
            assert.deepEqual(Object.keys(refused.json()), ['error'], target);
        }
        assert.equal((await request(daemon, 'GET', target, bearer(sign(ADA)))).status, 200, target);
    }
    for (const target of ['/api/config', '/health', '/']) {
        assert.equal((await request(daemon, 'GET', target)).status, 200, target);
    }
    assert.equal((await request(daemon, 'GET', '/api/config')).json().auth, 'required');
});

test('a token without an end is good without one', async () => {
    const daemon = await closed();
    const client = await connect(daemon, { token: sign({ ...ADA, exp: undefined }) });
    const { timestamp } = await ask(client, 'send_message', { roomId: ROOM, content: 'x' });
    assert.match(timestamp, ISO);
});
