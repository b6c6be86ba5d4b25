// SPDX-License-Identifier: MIT
//
// Dialect 4: `join_room {roomId}`, as its README's client, its React hook and its code speak it.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, start, take, test } = require('../../e2e/harness');
const { DEFAULT, ISO, fence, realtime, unread } = require('./people');

const ROOM = 'room-123';

async function pair() {
    const daemon = await start();
    const ada = await realtime.enter(daemon, ROOM, 'u-ada', 'Ada');
    const bob = await realtime.enter(daemon, ROOM, 'u-bob', 'Bob');
    await take(ada, 'user_joined');
    return { daemon, ada, bob };
}

async function said(client, content) {
    client.emit('send_message', { roomId: ROOM, content });
    return take(client, 'message');
}

async function history(daemon) {
    const reader = await realtime.enter(daemon, ROOM, 'reader');
    reader.disconnect();
    return reader.history;
}

test('who joins gets the history even when there is none, the others hear of him', async () => {
    const daemon = await start();
    const ada = await realtime.enter(daemon, ROOM, 'u-ada', 'Ada');
    assert.deepEqual(ada.history, []);
    const bob = await realtime.enter(daemon, ROOM, 'u-bob', 'Bob');
    assert.deepEqual(bob.history, []);
    const joined = await take(ada, 'user_joined');
    assert.match(joined.timestamp, ISO);
    assert.deepEqual(joined, { roomId: ROOM, userId: 'u-bob', username: 'Bob', timestamp: joined.timestamp });
    assert.deepEqual(unread(bob, 'user_joined'), []);
});

test('the room gets a message, its sender too', async () => {
    const { ada, bob } = await pair();
    ada.emit('send_message', { roomId: ROOM, content: 'hello' });
    const got = await take(bob, 'message');
    assert.match(got.timestamp, ISO);
    assert.match(got.id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.deepEqual(got, {
        id: got.id, roomId: ROOM, userId: 'u-ada', username: 'Ada', content: 'hello', type: 'text',
        timestamp: got.timestamp,
    });
    assert.deepEqual(await take(ada, 'message'), got);
    ada.emit('send_message', { roomId: ROOM, content: 'x.png', type: 'image' });
    assert.equal((await take(bob, 'message')).type, 'image');
});

test('the history is the newest 100, newest first, of the form of a message', async () => {
    const daemon = await start({ args: ['--rate-messages', '100000'] });
    const ada = await realtime.enter(daemon, ROOM, 'u-ada', 'Ada');
    for (let i = 1; i <= 103; i++) {
        realtime.say(ada, ROOM, 'u-ada', `n${i}`);
    }
    const live = [];
    while (live.length < 103) {
        live.push(await take(ada, 'message'));
    }
    assert.deepEqual(await history(daemon), live.slice(3).reverse());
});

test('who leaves is told to the others, with a time', async () => {
    const { ada, bob } = await pair();
    bob.emit('leave_room', { roomId: ROOM, userId: 'u-bob' });
    const left = await take(ada, 'user_left');
    assert.match(left.timestamp, ISO);
    assert.deepEqual(left, { roomId: ROOM, userId: 'u-bob', timestamp: left.timestamp });
    await said(ada, 'alone');
    bob.emit('join_room', { roomId: ROOM });
    assert.equal((await take(bob, 'message_history'))[0].content, 'alone');
    assert.deepEqual(unread(bob, 'message', 'user_left'), []);
});

test('who disconnects is offline to the others, and no user_left comes', async () => {
    const { ada, bob } = await pair();
    bob.disconnect();
    let update;
    do {
        update = await take(ada, 'presence_update');
    } while (update.status !== 'offline');
    assert.deepEqual(update, { userId: 'u-bob', status: 'offline' });
    await fence(ada, ROOM, [realtime, ada]);
    assert.deepEqual(unread(ada, 'user_left'), []);
});

test('typing is told to the others, its end too', async () => {
    const { ada, bob } = await pair();
    ada.emit('typing_start', { roomId: ROOM, userId: 'u-ada' });
    assert.deepEqual(await take(bob, 'typing'), { roomId: ROOM, userId: 'u-ada', username: 'Ada' });
    ada.emit('typing_stop', { roomId: ROOM, userId: 'u-ada' });
    assert.deepEqual(await take(bob, 'typing_stop'), { roomId: ROOM, userId: 'u-ada' });
    await fence(bob, ROOM, [realtime, ada]);
    assert.deepEqual(unread(ada, 'typing', 'typing_stop'), []);
});

test('a read mark is told to the room', async () => {
    const { ada, bob } = await pair();
    const { id } = await said(ada, 'read me');
    bob.emit('mark_read', { roomId: ROOM, messageId: id });
    assert.deepEqual(await take(ada, 'message_read'), { roomId: ROOM, messageId: id, userId: 'u-bob' });
});

test('an edit is told to the room and changes the history', async () => {
    const { daemon, ada, bob } = await pair();
    const message = await said(ada, 'tpyo');
    await said(ada, 'next');
    ada.emit('edit_message', { messageId: message.id, content: 'typo' });
    const edited = await take(bob, 'message_edited');
    assert.match(edited.editedAt, ISO);
    assert.deepEqual(edited, { ...message, content: 'typo', editedAt: edited.editedAt });
    const [next, first] = await history(daemon);
    assert.deepEqual([next.content, first.id, first.content], ['next', message.id, 'typo']);
});

test('a deletion is told to the room and empties the history', async () => {
    const { daemon, ada, bob } = await pair();
    const { id } = await said(ada, 'oops');
    await said(ada, 'stays');
    ada.emit('delete_message', { messageId: id });
    assert.deepEqual(await take(bob, 'message_deleted'), { roomId: ROOM, messageId: id });
    assert.deepEqual((await history(daemon)).map((m) => m.content), ['stays']);
});

test('nobody edits or deletes what another wrote', async () => {
    const { daemon, ada, bob } = await pair();
    const { id } = await said(ada, 'mine');
    bob.emit('edit_message', { messageId: id, content: 'yours' });
    assert.equal(typeof (await take(bob, 'error')).code, 'string');
    bob.emit('delete_message', { messageId: id });
    assert.equal(typeof (await take(bob, 'error')).message, 'string');
    assert.equal((await history(daemon))[0].content, 'mine');
    assert.deepEqual(unread(ada, 'message_edited', 'message_deleted'), []);
});

test('a sender need not be a member', async () => {
    const { daemon, ada } = await pair();
    const outsider = await connect(daemon, { userId: 'o', username: 'Out' });
    realtime.say(outsider, ROOM, 'o', 'from outside');
    const got = await take(ada, 'message');
    assert.deepEqual([got.userId, got.username, got.content], ['o', 'Out', 'from outside']);
});

test('people are who auth says, else who the join says, else their socket', async () => {
    const { daemon } = await pair();
    const who = async (auth, join) => {
        const client = await connect(daemon, auth, DEFAULT);
        client.emit('join_room', { roomId: 'who', ...join });
        await take(client, 'message_history');
        realtime.say(client, 'who', undefined, 'me');
        const { userId, username } = await take(client, 'message');
        client.disconnect();
        return [userId === client.id ? 'socket' : userId, username];
    };
    assert.deepEqual(await who({ userId: 'x', username: 'X' }, { userId: 'y' }), ['x', 'X']);
    assert.deepEqual((await who({ token: 'your-jwt-token' }, { userId: 'y' }))[0], 'y');
    const hook = await connect(daemon, undefined, DEFAULT); // the React hook
    hook.emit('join_room', { roomId: 'hook' });
    await take(hook, 'message_history');
    realtime.say(hook, 'hook', undefined, 'me');
    const { userId, username } = await take(hook, 'message');
    assert.deepEqual([userId, username], [hook.id, 'Anonymous']);
});

test('what cannot be done is an error with a code and a message', async () => {
    const { ada } = await pair();
    for (const [event, payload] of [
        ['send_message', { roomId: ROOM }], ['send_message', { roomId: '', content: 'x' }],
        ['send_message', null], ['join_room', { roomId: 7 }], ['edit_message', { messageId: 'no such', content: 'x' }],
        ['delete_message', {}], ['mark_read', { roomId: ROOM }],
    ]) {
        ada.emit(event, payload);
        assert.deepEqual(Object.keys(await take(ada, 'error')).sort(), ['code', 'message'], event);
    }
    assert.equal((await said(ada, 'alive')).content, 'alive');
});

test('a client that comes back joins again and reads what it missed', async () => {
    const { daemon, ada } = await pair();
    const hook = await connect(daemon, { userId: 'h' }, DEFAULT);
    hook.on('connect', () => hook.emit('join_room', { roomId: ROOM }));
    hook.emit('join_room', { roomId: ROOM });
    assert.deepEqual(await take(hook, 'message_history'), []);
    hook.io.engine.close();
    const missed = await said(ada, 'missed');
    hook.connect();
    assert.deepEqual(await take(hook, 'message_history'), [missed]);
});

test('a send with an acknowledgement is answered once the message is kept', async () => {
    const { ada, bob } = await pair();
    const payload = { roomId: ROOM, content: 'once', clientId: 'c-1' };
    const answer = await ask(ada, 'send_message', payload);
    assert.deepEqual(answer, { ok: true, id: answer.id, offset: 1, timestamp: answer.timestamp });
    assert.deepEqual(await ask(ada, 'send_message', payload), answer);
    await fence(ada, ROOM, [realtime, ada]);
    const got = await take(bob, 'message');
    assert.deepEqual(got, {
        id: answer.id, roomId: ROOM, userId: 'u-ada', username: 'Ada', content: 'once', type: 'text',
        timestamp: answer.timestamp,
    });
    assert.match((await take(bob, 'message')).content, /^fence/);
});
