// SPDX-License-Identifier: MIT
//
// Dialect 0: one event `chat:event` from the client. Its clients are websocket only and send no auth.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test } = require('../../e2e/harness');
const { ISO, THEN, WEBSOCKET, chatroom, fence, unread } = require('./people');

const LATER = '2025-03-25T10:00:01.500Z';

async function pair(room = 'room1') {
    const daemon = await start();
    const ada = await chatroom.enter(daemon, room, 'ada');
    const bob = await chatroom.enter(daemon, room, 'bob');
    await take(ada, 'user:joined');
    return { daemon, ada, bob };
}

const active = async (daemon, room) =>
    (await request(daemon, 'GET', `/active-users/${room}`)).json().users.sort();

test('who joins gets the list of users, the others hear of him', async () => {
    const daemon = await start();
    const ada = await connect(daemon, undefined, WEBSOCKET);
    assert.deepEqual(await chatroom.join(ada, 'room1', 'ada'), { chatRoomId: 'room1', users: ['ada'] });
    const bob = await connect(daemon, undefined, WEBSOCKET);
    const list = await chatroom.join(bob, 'room1', 'bob', LATER);
    assert.deepEqual({ ...list, users: list.users.sort() }, { chatRoomId: 'room1', users: ['ada', 'bob'] });
    assert.deepEqual(await take(ada, 'user:joined'), { userId: 'bob', chatRoomId: 'room1', timestamp: LATER });
    assert.deepEqual([ada.events, bob.events], [[], []]);
});

test('a join or leave without userId or chatRoomId is an error told to its sender alone', async () => {
    const { ada, bob } = await pair();
    for (const eventType of ['join', 'leave']) {
        for (const lacking of [
            {}, { userId: 'ada' }, { chatRoomId: 'room1' }, { userId: '', chatRoomId: 'room1' },
            { userId: 'ada', chatRoomId: '' }, { userId: null, chatRoomId: 'room1' },
        ]) {
            ada.emit('chat:event', { eventType, timestamp: THEN, ...lacking });
            assert.deepEqual(await take(ada, 'error'), { message: 'Missing userId or chatRoomId' });
        }
    }
    chatroom.say(ada, 'room1', 'ada', 'still here');
    assert.equal((await take(bob, 'chat:message')).message, 'still here');
    assert.deepEqual(bob.events, []);
});

test('the whole room gets a message, its sender too, with the time of the sender', async () => {
    const { ada, bob } = await pair();
    ada.emit('chat:event', {
        eventType: 'message', userId: 'ada', chatRoomId: 'room1', message: 'hello', timestamp: LATER,
        extra: 'dropped', username: 'dropped',
    });
    const wanted = { userId: 'ada', chatRoomId: 'room1', message: 'hello', timestamp: LATER };
    assert.deepEqual(await take(bob, 'chat:message'), wanted);
    assert.deepEqual(await take(ada, 'chat:message'), wanted);
});

test('a sender need not have joined, and hears nothing then', async () => {
    const { daemon, ada, bob } = await pair();
    const outsider = await connect(daemon, undefined, WEBSOCKET);
    chatroom.say(outsider, 'room1', 'eve', 'from outside');
    assert.deepEqual(await take(ada, 'chat:message'),
        { userId: 'eve', chatRoomId: 'room1', message: 'from outside', timestamp: THEN });
    assert.equal((await take(bob, 'chat:message')).userId, 'eve');
    await chatroom.join(outsider, 'elsewhere', 'eve');
    assert.deepEqual(outsider.events, []);
});

test('a message without userId, chatRoomId or text is an error', async () => {
    const { ada, bob } = await pair();
    const whole = { eventType: 'message', userId: 'ada', chatRoomId: 'room1', message: 'x', timestamp: THEN };
    for (const field of ['userId', 'chatRoomId', 'message']) {
        for (const value of [undefined, null, '']) {
            ada.emit('chat:event', { ...whole, [field]: value });
            assert.deepEqual(await take(ada, 'error'), { message: 'Invalid message payload' }, field);
        }
    }
    chatroom.say(ada, 'room1', 'ada', 'good');
    assert.equal((await take(bob, 'chat:message')).message, 'good');
});

test('who leaves gets the list without himself, the others hear of it', async () => {
    const { daemon, ada, bob } = await pair();
    assert.deepEqual(await chatroom.leave(bob, 'room1', 'bob', LATER), { chatRoomId: 'room1', users: ['ada'] });
    assert.deepEqual(await take(ada, 'user:left'), { userId: 'bob', chatRoomId: 'room1', timestamp: LATER });
    assert.deepEqual(await active(daemon, 'room1'), ['ada']);

    chatroom.say(ada, 'room1', 'ada', 'alone now');
    await take(ada, 'chat:message');
    await chatroom.join(bob, 'room1', 'bob');
    chatroom.say(ada, 'room1', 'ada', 'together again');
    assert.equal((await take(bob, 'chat:message')).message, 'together again');
});

test('other event types and payloads that are no object change nothing and harm nobody', async () => {
    const { ada, bob } = await pair();
    for (const payload of [
        null, 7, 'join', true, [], ['join'], {}, { eventType: 'dance', userId: 'ada', chatRoomId: 'room1' },
        { eventType: null }, { eventType: { a: 1 } }, Buffer.from('join'),
    ]) {
        ada.emit('chat:event', payload);
    }
    ada.emit('chat:event');
    chatroom.say(ada, 'room1', 'ada', 'alive');
    assert.equal((await take(bob, 'chat:message')).message, 'alive');
    assert.deepEqual(bob.events, []);
    assert.deepEqual(unread(ada, 'user:joined', 'user:left', 'room:active-users'), []);
});

test('who disconnects has left, without a timestamp', async () => {
    const { daemon, ada, bob } = await pair();
    bob.disconnect();
    assert.deepEqual(await take(ada, 'user:left'), { userId: 'bob', chatRoomId: 'room1' });
    assert.deepEqual(await active(daemon, 'room1'), ['ada']);
});

test('a disconnect ends every membership, and none a second time', async () => {
    const { daemon, ada, bob } = await pair('room1');
    for (const room of ['room2', 'room3']) {
        await chatroom.join(ada, room, 'ada');
        await chatroom.join(bob, room, 'bob');
        await take(ada, 'user:joined');
    }
    await chatroom.leave(bob, 'room2', 'bob');
    assert.equal((await take(ada, 'user:left')).timestamp, THEN);
    bob.disconnect();
    const left = [await take(ada, 'user:left'), await take(ada, 'user:left')];
    assert.deepEqual(left.map((l) => l.chatRoomId).sort(), ['room1', 'room3']);
    const other = await chatroom.enter(daemon, 'room2', 'eve');
    chatroom.say(other, 'room2', 'eve', 'sentinel');
    await take(ada, 'chat:message');
    assert.deepEqual(unread(ada, 'user:left'), []);
});

test('two tabs of one user count once, and closing one removes the user', async () => {
    const { daemon, ada, bob } = await pair();
    const tab = await connect(daemon, undefined, WEBSOCKET);
    const list = await chatroom.join(tab, 'room1', 'bob');
    assert.deepEqual(list.users.sort(), ['ada', 'bob']);
    tab.disconnect();
    assert.deepEqual(await take(ada, 'user:left'), { userId: 'bob', chatRoomId: 'room1' });
    assert.deepEqual(await active(daemon, 'room1'), ['ada']);
    chatroom.say(ada, 'room1', 'ada', 'the other tab');
    assert.equal((await take(bob, 'chat:message')).message, 'the other tab');
});

test('rooms do not hear each other, and a client is in as many as he joins', async () => {
    const { daemon, ada, bob } = await pair('a');
    await chatroom.join(ada, 'b', 'ada');
    const carl = await chatroom.enter(daemon, 'b', 'carl');
    chatroom.say(carl, 'b', 'carl', 'only b');
    assert.deepEqual(await take(ada, 'chat:message'),
        { userId: 'carl', chatRoomId: 'b', message: 'only b', timestamp: THEN });
    chatroom.say(ada, 'a', 'ada', 'only a');
    assert.equal((await take(bob, 'chat:message')).message, 'only a');
    assert.deepEqual([bob.events, unread(carl, 'chat:message').length], [[], 1]);
});

test('texts and names come as they were sent', async () => {
    const { daemon, ada } = await pair();
    const message = '<img src=x onerror=alert(1)> "q" \\ \u2028 😀 \u0000';
    const name = '<b>"Eve" & \'co\'</b>';
    const eve = await chatroom.enter(daemon, 'room1', name);
    assert.equal((await take(ada, 'user:joined')).userId, name);
    chatroom.say(eve, 'room1', name, message);
    const got = await take(ada, 'chat:message');
    assert.deepEqual([got.userId, got.message], [name, message]);
});

test('what was said can be read again, by who came later too', async () => {
    const { daemon, ada } = await pair();
    chatroom.say(ada, 'room1', 'ada', 'one', THEN);
    chatroom.say(ada, 'room1', 'ada', 'two', LATER);
    await fence(ada, 'room1', [chatroom, ada]);
    const body = (await request(daemon, 'GET', '/chat-history/room1')).json();
    assert.deepEqual({ ...body, messages: body.messages.slice(0, 2) }, {
        chatRoomId: 'room1',
        messages: [
            { userId: 'ada', message: 'one', timestamp: THEN },
            { userId: 'ada', message: 'two', timestamp: LATER },
        ],
    });
});

test('a send with an acknowledgement is answered, and sent once for one clientId', async () => {
    const { ada, bob } = await pair();
    const payload = {
        eventType: 'message', userId: 'ada', chatRoomId: 'room1', message: 'once', timestamp: THEN,
        clientId: 'c-1',
    };
    const answer = await ask(ada, 'chat:event', payload);
    assert.deepEqual(Object.keys(answer).sort(), ['id', 'offset', 'ok', 'timestamp']);
    assert.deepEqual([answer.ok, answer.offset], [true, 1]);
    assert.match(answer.timestamp, ISO);
    assert.deepEqual(await ask(ada, 'chat:event', payload), answer);
    chatroom.say(ada, 'room1', 'ada', 'next');
    assert.deepEqual(await take(bob, 'chat:message'),
        { userId: 'ada', chatRoomId: 'room1', message: 'once', timestamp: THEN });
    assert.equal((await take(bob, 'chat:message')).message, 'next');

    const refused = await ask(ada, 'chat:event', { ...payload, message: '' });
    assert.deepEqual(Object.keys(refused).sort(), ['code', 'message', 'ok', 'retryable']);
    assert.equal(refused.ok, false);
});
