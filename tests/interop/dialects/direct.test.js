// SPDX-License-Identifier: MIT
//
// Dialect 3: people, not rooms. Its code is not to be had; the forms are those that were chosen.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test } = require('../../e2e/harness');
const { ISO, realtime, unread } = require('./people');

const PASSWORD = 'correct horse battery';

async function enter(daemon, username, auth) {
    const client = await connect(daemon, auth);
    client.emit('join', { username });
    client.me = await take(client, 'connected');
    return client;
}

async function pair() {
    const daemon = await start({ args: ['--auth', 'open', '--jwt-secret', 'devsecret'] });
    const ada = await enter(daemon, 'ada');
    const bob = await enter(daemon, 'bob');
    await take(ada, 'user_joined');
    return { daemon, ada, bob };
}

const send = (client, recipientId, content, more) =>
    client.emit('send_message', { recipientId, content, ...more });

test('who joins is told who he is, all others that he came', async () => {
    const daemon = await start({ env: { SERVICE_ID: 'chat-7' } });
    const ada = await enter(daemon, 'ada');
    assert.deepEqual(Object.keys(ada.me).sort(), ['onlineUsers', 'serviceId', 'userId', 'username']);
    assert.deepEqual([ada.me.username, ada.me.serviceId], ['ada', 'chat-7']);
    assert.equal(typeof ada.me.userId, 'string');
    assert.equal(Array.isArray(ada.me.onlineUsers), true);

    const bob = await enter(daemon, 'bob');
    assert.match(JSON.stringify(bob.me.onlineUsers), /"ada"/);
    const joined = await take(ada, 'user_joined');
    assert.match(joined.timestamp, ISO);
    assert.deepEqual(joined, { userId: bob.me.userId, username: 'bob', timestamp: joined.timestamp });
    assert.deepEqual(unread(bob, 'user_joined'), []);
});

test('who disconnects is told to all others', async () => {
    const { ada, bob } = await pair();
    bob.disconnect();
    const left = await take(ada, 'user_left');
    assert.match(left.timestamp, ISO);
    assert.deepEqual(left, { userId: bob.me.userId, username: 'bob', timestamp: left.timestamp });
});

test('a message goes to all sockets of its recipient and of its sender', async () => {
    const { daemon, ada, bob } = await pair();
    const tab = await enter(daemon, 'bob');
    const eve = await enter(daemon, 'eve');
    send(ada, bob.me.userId, 'hello');
    const got = await take(bob, 'new_message');
    assert.match(got.timestamp, ISO);
    assert.equal(typeof got.messageId, 'string');
    assert.deepEqual(got, {
        messageId: got.messageId, senderId: ada.me.userId, senderUsername: 'ada', recipientId: bob.me.userId,
        content: 'hello', messageType: 'text', status: got.status, timestamp: got.timestamp,
    });
    assert.ok(['sent', 'delivered'].includes(got.status), got.status);
    assert.equal((await take(ada, 'new_message')).messageId, got.messageId);
    if (tab.me.userId === bob.me.userId) { // without a token a server may tell two connections apart
        assert.equal((await take(tab, 'new_message')).messageId, got.messageId);
    }
    send(ada, eve.me.userId, 'to eve');
    assert.equal((await take(eve, 'new_message')).content, 'to eve');
    assert.deepEqual(unread(bob, 'new_message'), []);
});

test('a recipient is named by id or by user name, a type is carried', async () => {
    const { ada, bob } = await pair();
    send(ada, 'bob', 'by name', { messageType: 'image' });
    const got = await take(bob, 'new_message');
    assert.deepEqual([got.content, got.messageType, got.senderUsername], ['by name', 'image', 'ada']);
    assert.ok(['bob', bob.me.userId].includes(got.recipientId));
});

async function registered(daemon, username) {
    const answer = await request(daemon, 'POST', '/api/auth/register', {
        json: { username, email: `${username}@example.com`, password: PASSWORD, displayName: username },
    });
    assert.equal(answer.status, 201, answer.text);
    return answer.json();
}

test('with a token one is who it says', async () => {
    const { daemon } = await pair();
    const { token, user } = await registered(daemon, 'carl');
    const carl = await enter(daemon, 'carl', { token });
    assert.deepEqual([carl.me.userId, carl.me.username], [user.id, 'carl']);
});

test('what is sent to somebody who is away waits for his next join', async () => {
    const { daemon, ada } = await pair();
    const { token, user } = await registered(daemon, 'carl');
    send(ada, user.id, 'one');
    send(ada, 'carl', 'two');
    const sent = await take(ada, 'new_message');
    assert.deepEqual([sent.content, sent.status], ['one', 'sent']);
    await take(ada, 'new_message');

    const carl = await enter(daemon, 'carl', { token });
    const got = [await take(carl, 'new_message'), await take(carl, 'new_message')];
    assert.deepEqual(got.map((m) => [m.content, m.status]), [['one', 'delivered'], ['two', 'delivered']]);
    assert.equal(got[0].messageId, sent.messageId);

    carl.disconnect();
    const again = await enter(daemon, 'carl', { token });
    send(ada, user.id, 'three');
    assert.equal((await take(again, 'new_message')).content, 'three');
});

test('the author hears that his message was read', async () => {
    const { ada, bob } = await pair();
    send(ada, bob.me.userId, 'read me');
    const { messageId } = await take(bob, 'new_message');
    bob.emit('mark_read', { messageId });
    const read = await take(ada, 'message_read');
    assert.deepEqual(Object.keys(read).sort(), ['messageId', 'readBy', 'timestamp', 'userId']);
    assert.deepEqual([read.messageId, read.userId], [messageId, bob.me.userId]);
    assert.ok(['bob', bob.me.userId].includes(read.readBy), read.readBy);
    assert.match(read.timestamp, ISO);
});

test('only its recipient can mark a message as read', async () => {
    const { daemon, ada, bob } = await pair();
    const eve = await enter(daemon, 'eve');
    send(ada, bob.me.userId, 'private');
    const { messageId } = await take(bob, 'new_message');
    eve.emit('mark_read', { messageId });
    send(eve, ada.me.userId, 'sentinel');
    while ((await take(ada, 'new_message')).content !== 'sentinel');
    assert.deepEqual(unread(ada, 'message_read'), []);
});

test('typing is told to the recipient alone', async () => {
    const { daemon, ada, bob } = await pair();
    const eve = await enter(daemon, 'eve');
    ada.emit('typing', { recipientId: bob.me.userId, isTyping: true });
    assert.deepEqual(await take(bob, 'typing'), { userId: ada.me.userId, username: 'ada', isTyping: true });
    ada.emit('typing', { recipientId: bob.me.userId, isTyping: false });
    assert.equal((await take(bob, 'typing')).isTyping, false);
    send(ada, eve.me.userId, 'sentinel');
    await take(eve, 'new_message');
    assert.deepEqual(unread(eve, 'typing'), []);
});

test('payloads that make no sense harm nobody', async () => {
    const { ada, bob } = await pair();
    for (const event of ['join', 'send_message', 'mark_read', 'typing']) {
        for (const payload of [null, 7, 'x', [], {}, { recipientId: null }, { messageId: 'no such' }]) {
            bob.emit(event, payload);
        }
        bob.emit(event);
    }
    send(ada, bob.me.userId, 'alive');
    assert.equal((await take(bob, 'new_message')).content, 'alive');
});

test('rooms and people keep apart', async () => {
    const { daemon, ada, bob } = await pair();
    const carl = await realtime.enter(daemon, 'general', 'carl');
    realtime.say(carl, 'general', 'carl', 'in the room');
    assert.equal((await take(carl, 'message')).content, 'in the room');
    send(ada, bob.me.userId, 'in private');
    await take(bob, 'new_message');
    assert.deepEqual(unread(ada, 'message', 'user_joined', 'user_left'), []);
    assert.deepEqual(unread(carl, 'new_message', 'user_joined'), []);
});

test('a send with an acknowledgement is answered, and sent once for one clientId', async () => {
    const { ada, bob } = await pair();
    const payload = { recipientId: bob.me.userId, content: 'once', clientId: 'c-1' };
    const answer = await ask(ada, 'send_message', payload);
    assert.equal(answer.ok, true, answer.message);
    assert.match(answer.timestamp, ISO);
    assert.deepEqual(await ask(ada, 'send_message', payload), answer);
    send(ada, bob.me.userId, 'next');
    assert.equal((await take(bob, 'new_message')).messageId, answer.id);
    assert.equal((await take(bob, 'new_message')).content, 'next');
});
