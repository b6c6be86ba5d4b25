// SPDX-License-Identifier: MIT
//
// One person of each dialect, as its own client would be written: how he connects, enters a room and
// speaks. enter() resolves when the server is known to have him in the room.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, take, within } = require('../../e2e/harness');

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const THEN = '2025-03-25T10:00:00.000Z'; // what a client's own clock says

const WEBSOCKET = { transports: ['websocket'], upgrade: false };
const DEFAULT = { transports: ['polling', 'websocket'] };

const chatroom = {
    message: 'chat:message',
    join(client, chatRoomId, userId, timestamp = THEN) {
        client.emit('chat:event', { eventType: 'join', userId, chatRoomId, timestamp });
        return take(client, 'room:active-users');
    },
    async enter(daemon, chatRoomId, userId) {
        const client = await connect(daemon, undefined, WEBSOCKET);
        await chatroom.join(client, chatRoomId, userId);
        return client;
    },
    leave(client, chatRoomId, userId, timestamp = THEN) {
        client.emit('chat:event', { eventType: 'leave', userId, chatRoomId, timestamp });
        return take(client, 'room:active-users');
    },
    say(client, chatRoomId, userId, message, timestamp = THEN) {
        client.emit('chat:event', { eventType: 'message', userId, chatRoomId, message, timestamp });
    },
    text: (payload) => payload.message,
};

const scalable = {
    message: 'receiveMessage',
    // A join has no answer; what one says oneself comes back only to members.
    async enter(daemon, roomId, username) {
        const client = await connect(daemon, { token: 'not a token', username }, DEFAULT);
        client.emit('joinRoom', roomId);
        scalable.say(client, roomId, username, 'I am here');
        for (let got; got?.text !== 'I am here' || got.username !== username;) {
            got = await take(client, 'receiveMessage');
        }
        return client;
    },
    say(client, roomId, username, text, timestamp = THEN) {
        client.emit('sendMessage', { roomId, userId: username, username, text, timestamp });
    },
    text: (payload) => payload.text,
};

const groups = {
    message: 'msg_rcvd',
    async enter(daemon, roomid, username) {
        const client = await connect(daemon, undefined, DEFAULT);
        client.emit('join_room', { roomid, username });
        client.online = await take(client, 'update_online_users');
        return client;
    },
    say(client, roomid, sender, message) {
        client.emit('new_msg', { message, roomid, sender });
    },
    text: (payload) => payload.message,
};

const realtime = {
    message: 'message',
    async enter(daemon, roomId, userId, username = userId) {
        const client = await connect(daemon, { userId, username }, DEFAULT);
        client.emit('join_room', { roomId, userId });
        client.history = await take(client, 'message_history');
        return client;
    },
    say(client, roomId, userId, content) {
        client.emit('send_message', { roomId, content, type: 'text' });
    },
    text: (payload) => payload.content,
};

const native = {
    message: 'message',
    async enter(daemon, roomId, userId, username = userId, after = 0) {
        const client = await connect(daemon, { userId, username });
        client.joined = await ask(client, 'join_room', { roomId, after });
        assert.equal(client.joined.ok, true, client.joined.message);
        return client;
    },
    say: realtime.say,
    text: realtime.text,
};

const MESSAGES = ['chat:message', 'receiveMessage', 'msg_rcvd', 'message', 'new_message'];

// Resolves when the client is disconnected. (once() of node:events would fail at an event `error`.)
const disconnected = (client) => within(new Promise((resolve) => {
    client.once('disconnect', resolve);
    if (!client.connected) {
        resolve();
    }
}), 'disconnect');

// Resolves when a search finds what it should: words are indexed some time after they were said.
async function indexed(isFound) {
    await within((async () => {
        while (!(await isFound()));
    })(), 'search that finds all');
}

// What has come and was not taken, of these names.
const unread = (client, ...names) => client.events.filter((e) => names.includes(e.name));

// A later message that the listeners have got: whatever was sent to the room before it has come too.
// listeners: [dialect, client]; messages on the way to it are taken.
async function fence(sender, room, ...listeners) {
    const mark = `fence ${fence.count += 1}`;
    realtime.say(sender, room, undefined, mark);
    for (const [dialect, client] of listeners) {
        while (dialect.text(await take(client, dialect.message)) !== mark);
    }
}
fence.count = 0;

// One server answers all of them, so any of the forms that a browser takes.
function assertCors(response, origin, what = '') {
    const allowed = response.headers['access-control-allow-origin'];
    assert.ok(allowed === '*' || allowed === origin, `${what} Access-Control-Allow-Origin: ${allowed}`);
    if (allowed !== '*') {
        assert.match(response.headers.vary ?? '', /\bOrigin\b/i);
    }
    if (response.headers['access-control-allow-credentials'] === 'true') {
        assert.equal(allowed, origin, 'with credentials a browser refuses *');
    }
}

module.exports = {
    DEFAULT, ISO, MESSAGES, THEN, WEBSOCKET,
    assertCors, chatroom, disconnected, fence, groups, indexed, native, realtime, scalable, unread,
};
