// SPDX-License-Identifier: MIT
//
// What is refused, to whom and in which words: rates, sizes, a full server.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, start, take, test } = require('../../e2e/harness');
const { THEN, chatroom, disconnected, fence, groups, realtime, scalable, unread } = require('./people');

const ROOM = 'room-1';
const LIMITED = { code: 'RATE_LIMIT_EXCEEDED', message: 'Too many messages. Please slow down.' };

test('the 61st message of a user within a minute is an error in these words', async () => {
    const daemon = await start({ env: { ROOKERY_RATE_MESSAGES: undefined } });
    const ada = await realtime.enter(daemon, ROOM, 'u-ada', 'Ada');
    const bob = await realtime.enter(daemon, ROOM, 'u-bob', 'Bob');
    for (let i = 1; i <= 61; i++) {
        realtime.say(ada, ROOM, 'u-ada', `n${i}`);
    }
    assert.deepEqual(await take(ada, 'error'), LIMITED); // which overtakes what has to be stored first
    while ((await take(ada, 'message')).content !== 'n60') {
        // those before it
    }
    await fence(bob, ROOM, [realtime, ada]);
    const got = unread(bob, 'message').map((e) => e.payload.content);
    assert.deepEqual(got.slice(0, 60), Array.from({ length: 60 }, (_, i) => `n${i + 1}`));
    assert.equal(got.includes('n61'), false);
    assert.deepEqual(unread(ada, 'error'), []);
});

test('the limit is the user\'s: his other connection shares it, other users have their own', async () => {
    const daemon = await start({ args: ['--rate-messages', '3'] });
    const ada = await realtime.enter(daemon, ROOM, 'u-ada', 'Ada');
    const tab = await realtime.enter(daemon, ROOM, 'u-ada', 'Ada');
    const bob = await realtime.enter(daemon, ROOM, 'u-bob', 'Bob');
    const say = (client, content) => ask(client, 'send_message', { roomId: ROOM, content });
    assert.equal((await say(ada, '1')).ok, true);
    assert.equal((await say(tab, '2')).ok, true);
    assert.equal((await say(ada, '3')).ok, true);
    for (const client of [ada, tab]) {
        assert.deepEqual(await say(client, '4'), { ok: false, ...LIMITED, retryable: true });
    }
    assert.equal((await say(bob, '5')).ok, true);
});

test('the limit is of send_message into rooms alone: the load tests of 0, 1 and 2 run free', async () => {
    const daemon = await start({ args: ['--rate-messages', '3'] });
    const zero = await chatroom.enter(daemon, 'r0', 'zero');
    const one = await scalable.enter(daemon, 'r1', 'one');
    const two = await groups.enter(daemon, 'r2', 'two');
    for (let i = 1; i <= 100; i++) {
        chatroom.say(zero, 'r0', 'zero', `n${i}`);
        scalable.say(one, 'r1', 'one', `n${i}`);
        groups.say(two, 'r2', 'two', `n${i}`);
    }
    for (const [dialect, client] of [[chatroom, zero], [scalable, one], [groups, two]]) {
        for (let i = 1; i <= 100; i++) {
            assert.equal(dialect.text(await take(client, dialect.message)), `n${i}`);
        }
        assert.deepEqual(unread(client, 'error'), []);
    }
});

test('a full server says so and disconnects, and takes somebody again when one has left', async () => {
    const daemon = await start({ args: ['--connections-max', '2'] });
    const ada = await realtime.enter(daemon, ROOM, 'u-ada', 'Ada');
    const bob = await realtime.enter(daemon, ROOM, 'u-bob', 'Bob');
    const turnedAway = await connect(daemon, {}); // it is let in to be told why it must go
    const error = await take(turnedAway, 'error');
    assert.equal(error.code, 'SERVER_FULL');
    assert.deepEqual(Object.keys(error).filter((key) => key !== 'message'), ['code']);
    await disconnected(turnedAway);

    bob.disconnect();
    let update;
    do {
        update = await take(ada, 'presence_update');
    } while (update.status !== 'offline');
    const carl = await realtime.enter(daemon, ROOM, 'u-carl', 'Carl');
    realtime.say(carl, ROOM, 'u-carl', 'in again');
    assert.equal((await take(ada, 'message')).content, 'in again');
});

test('a text of the greatest length passes in every dialect, one unit more does not', async () => {
    const daemon = await start({ args: ['--message-length', '10'] });
    const zero = await chatroom.enter(daemon, ROOM, 'zero');
    const one = await connect(daemon);
    const two = await groups.enter(daemon, ROOM, 'two');
    const four = await realtime.enter(daemon, ROOM, 'u-four', 'Four');
    const sends = {
        zero: (message) => ask(zero, 'chat:event',
            { eventType: 'message', userId: 'zero', chatRoomId: ROOM, message, timestamp: THEN }),
        one: (text) => ask(one, 'sendMessage',
            { roomId: ROOM, userId: 'one', username: 'one', text, timestamp: THEN }),
        two: (message) => ask(two, 'new_msg', { message, roomid: ROOM, sender: 'two' }),
        four: (content) => ask(four, 'send_message', { roomId: ROOM, content }),
    };
    for (const [who, send] of Object.entries(sends)) {
        for (const fits of ['x'.repeat(10), '😀'.repeat(5), 'ü'.repeat(10)]) {
            assert.equal((await send(fits)).ok, true, `${who} ${fits}`);
            assert.equal((await take(four, 'message')).content, fits);
        }
        for (const over of ['x'.repeat(11), `${'😀'.repeat(5)}x`]) {
            const answer = await send(over);
            assert.deepEqual([answer.ok, answer.code], [false, 'MESSAGE_TOO_LONG'], `${who} ${over}`);
        }
    }
    assert.deepEqual(unread(four, 'message'), []);
});

test('a text that is too long is told as the dialect tells errors, where it has any', async () => {
    const daemon = await start({ args: ['--message-length', '10'] });
    const zero = await chatroom.enter(daemon, ROOM, 'zero');
    const two = await groups.enter(daemon, ROOM, 'two');
    chatroom.say(zero, ROOM, 'zero', 'x'.repeat(11));
    const error = await take(zero, 'error');
    assert.deepEqual([Object.keys(error), typeof error.message], [['message'], 'string']);
    groups.say(two, ROOM, 'two', 'x'.repeat(11));
    groups.say(two, ROOM, 'two', 'short');
    assert.equal((await take(two, 'msg_rcvd')).message, 'short');
    const four = await realtime.enter(daemon, ROOM, 'u-four', 'Four');
    realtime.say(four, ROOM, 'u-four', 'x'.repeat(11));
    assert.equal((await take(four, 'error')).code, 'MESSAGE_TOO_LONG');
});

test('names and rooms have a length too, in every dialect', async () => {
    const daemon = await start();
    const client = await connect(daemon, {});
    const long = 'r'.repeat(256);
    for (const [event, payload] of [
        ['chat:event', { eventType: 'message', userId: 'u', chatRoomId: long, message: 'x' }],
        ['chat:event', { eventType: 'message', userId: long, chatRoomId: 'r', message: 'x' }],
        ['sendMessage', { roomId: long, userId: 'u', username: 'n', text: 'x' }],
        ['new_msg', { roomid: long, sender: 's', message: 'x' }],
        ['send_message', { roomId: long, content: 'x' }],
        ['send_message', { roomId: 'r', content: 'x', type: 't'.repeat(65) }],
        ['join_room', { roomId: long }],
    ]) {
        const answer = await ask(client, event, payload);
        assert.deepEqual([answer.ok, answer.code], [false, 'INVALID_PAYLOAD'], event);
    }
    assert.equal((await ask(client, 'join_room', { roomId: 'r'.repeat(255) })).ok, true);
});

test('a server that takes one room takes no second, until the first is empty', async () => {
    const daemon = await start({ args: ['--rooms-max', '1'] });
    const ada = await connect(daemon, { userId: 'u-ada' });
    assert.equal((await ask(ada, 'join_room', { roomId: 'one' })).ok, true);
    assert.equal((await ask(ada, 'join_room', { roomId: 'two' })).code, 'TOO_MANY_ROOMS');
    await ask(ada, 'leave_room', { roomId: 'one' });
    assert.equal((await ask(ada, 'join_room', { roomId: 'two' })).ok, true);
});

test('a room that takes one takes no second', async () => {
    const daemon = await start({ args: ['--members-per-room', '1'] });
    const ada = await connect(daemon, { userId: 'u-ada' });
    const bob = await connect(daemon, { userId: 'u-bob' });
    assert.equal((await ask(ada, 'join_room', { roomId: 'one' })).ok, true);
    const refused = await ask(bob, 'join_room', { roomId: 'one' });
    assert.deepEqual([refused.code, refused.retryable], ['ROOM_FULL', true]);
});
