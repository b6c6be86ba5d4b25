// SPDX-License-Identifier: MIT
//
// All dialects at once in one room: each hears everything that is said, in its own form only, and
// every history is a view of the same messages.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test, within } = require('../../e2e/harness');
const {
    ISO, MESSAGES, THEN, chatroom, fence, groups, native, realtime, scalable, unread,
} = require('./people');

const REALTIME_EVENTS = [
    'message', 'message_history', 'user_joined', 'user_left', 'presence_update', 'typing', 'typing_stop',
    'message_read', 'message_edited', 'message_deleted',
];
const EVENTS = { // all that a client of the dialect may get
    zero: ['chat:message', 'user:joined', 'user:left', 'room:active-users'],
    one: ['receiveMessage'],
    two: ['msg_rcvd', 'update_online_users', 'user_left'],
    four: REALTIME_EVENTS,
    five: REALTIME_EVENTS.filter((name) => name !== 'message_history'),
};
const DIALECTS = { zero: chatroom, one: scalable, two: groups, four: realtime, five: native };

// A room that the pages know too, with somebody of each dialect in it, who has heard nothing yet.
async function everybody({ args = ['--rate-messages', '100000'] } = {}) {
    const daemon = await start({ args });
    await request(daemon, 'POST', '/group', { form: { name: 'Plaza' } });
    const room = /name="roomid"[^>]*value="([0-9a-f]{24})"/.exec(
        (await request(daemon, 'GET', '/group', { headers: { Accept: 'text/html' } })).text)[1];
    const people = {
        one: await scalable.enter(daemon, room, 'one'),
        zero: await chatroom.enter(daemon, room, 'zero'),
        two: await groups.enter(daemon, room, 'two'),
        four: await realtime.enter(daemon, room, 'u-four', 'Four'),
        five: await native.enter(daemon, room, 'u-five', 'Five'),
    };
    const seen = Object.values(people).map(seenNames);
    await fence(people.four, room, ...Object.entries(people).map(([who, client]) => [DIALECTS[who], client]));
    Object.values(people).forEach((client) => client.events.splice(0));
    return { daemon, room, people, seen };
}

// The names of all events that ever come, whether they are taken or not.
function seenNames(client) {
    client.seen = new Set();
    client.onAny((name) => client.seen.add(name));
    return client.seen;
}

// What everybody hears of one message.
async function heard(people) {
    const forms = {};
    for (const [who, client] of Object.entries(people)) {
        forms[who] = await take(client, DIALECTS[who].message);
    }
    return forms;
}

// The forms of one message, from the canonical fields and what only the server knows.
function forms(room, { userId, username, text, timestamp }, { four, five }) {
    assert.match(four.timestamp, ISO);
    const message = {
        id: four.id, roomId: room, userId, username, content: text, type: 'text', timestamp: four.timestamp,
    };
    return {
        zero: { userId, chatRoomId: room, message: text, timestamp },
        one: { roomId: room, userId, username, text, timestamp },
        two: { message: text, roomid: room, sender: username },
        four: message,
        five: { ...message, offset: five.offset },
    };
}

test('what dialect 0 says is heard by each in its own form', async () => {
    const { room, people } = await everybody();
    chatroom.say(people.zero, room, 'zero', 'hello from 0', THEN);
    const got = await heard(people);
    assert.deepEqual(got, forms(room,
        { userId: 'zero', username: 'zero', text: 'hello from 0', timestamp: THEN }, got));
});

test('what dialect 1 says is heard by each in its own form, by its own with all fields', async () => {
    const { room, people } = await everybody();
    const raw = {
        roomId: room, userId: 'u-one', username: 'one', text: 'hello from 1', timestamp: THEN, extra: [1],
    };
    people.one.emit('sendMessage', raw);
    const got = await heard(people);
    const wanted = forms(room,
        { userId: 'u-one', username: 'one', text: 'hello from 1', timestamp: THEN }, got);
    assert.deepEqual(got, { ...wanted, one: raw });
});

test('what dialect 2 says is heard by each in its own form, by its own with all fields', async () => {
    const { room, people } = await everybody();
    const raw = { message: 'hello from 2', roomid: room, sender: 'two', extra: { a: 1 } };
    people.two.emit('new_msg', raw);
    const got = await heard(people);
    assert.match(got.zero.timestamp, ISO);
    const wanted = forms(room,
        { userId: 'two', username: 'two', text: 'hello from 2', timestamp: got.zero.timestamp }, got);
    assert.deepEqual(got, { ...wanted, two: raw });
});

test('what dialect 4 says is heard by each in its own form', async () => {
    const { room, people } = await everybody();
    people.four.emit('send_message', { roomId: room, content: 'hello from 4', type: 'text', extra: 1 });
    const got = await heard(people);
    assert.deepEqual(got, forms(room,
        { userId: 'u-four', username: 'Four', text: 'hello from 4', timestamp: got.four.timestamp }, got));
});

test('what the native dialect says is heard by each in its own form', async () => {
    const { room, people } = await everybody();
    const answer = await ask(people.five, 'send_message', { roomId: room, content: 'native', clientId: 'c-1' });
    const got = await heard(people);
    const wanted = forms(room,
        { userId: 'u-five', username: 'Five', text: 'native', timestamp: answer.timestamp }, got);
    assert.deepEqual(got, { ...wanted, five: { ...wanted.five, clientId: 'c-1' } });
    assert.deepEqual([got.five.id, got.five.offset], [answer.id, answer.offset]);
});

test('nobody ever gets an event of another dialect', async () => {
    const { room, people, seen } = await everybody();
    chatroom.say(people.zero, room, 'zero', 'a');
    scalable.say(people.one, room, 'one', 'b');
    groups.say(people.two, room, 'two', 'c');
    const { id } = await ask(people.four, 'send_message', { roomId: room, content: 'd' });
    await ask(people.four, 'typing_start', { roomId: room });
    await ask(people.four, 'typing_stop', { roomId: room });
    await ask(people.five, 'mark_read', { roomId: room, messageId: id });
    await ask(people.four, 'edit_message', { messageId: id, content: 'd!' });
    await ask(people.four, 'delete_message', { messageId: id });
    await chatroom.leave(people.zero, room, 'zero');
    await chatroom.join(people.zero, room, 'zero');
    people.two.disconnect();
    await take(people.zero, 'user:left');
    const { zero, one, four, five } = people;
    await fence(five, room, [chatroom, zero], [scalable, one], [realtime, four], [native, five]);
    Object.keys(people).forEach((who, i) => {
        const strange = [...seen[i]].filter((name) => !EVENTS[who].includes(name));
        assert.deepEqual(strange, [], `${who} got ${strange}`);
    });
});

test('all hear what many say at once in one order', async () => {
    const { room, people } = await everybody();
    const EACH = 20;
    for (let i = 0; i < EACH; i++) {
        chatroom.say(people.zero, room, 'zero', `zero ${i}`);
        scalable.say(people.one, room, 'one', `one ${i}`);
        groups.say(people.two, room, 'two', `two ${i}`);
        realtime.say(people.four, room, 'u-four', `four ${i}`);
        native.say(people.five, room, 'u-five', `five ${i}`);
    }
    const heardBy = {};
    for (const [who, client] of Object.entries(people)) {
        heardBy[who] = [];
        while (heardBy[who].length < 5 * EACH) {
            heardBy[who].push(DIALECTS[who].text(await take(client, DIALECTS[who].message)));
        }
        assert.deepEqual(heardBy[who], heardBy.one, who);
        const own = heardBy[who].filter((text) => text.startsWith(`${who} `));
        assert.deepEqual(own, own.map((_, i) => `${who} ${i}`));
    }
    assert.equal(new Set(heardBy.zero).size, 5 * EACH);
});

test('all histories are views of the same messages', async () => {
    const { daemon, room, people } = await everybody();
    chatroom.say(people.zero, room, 'zero', 'text <0>', THEN);
    await heard(people);
    scalable.say(people.one, room, 'one', 'text <1>', THEN);
    await heard(people);
    groups.say(people.two, room, 'two', 'text <2>');
    await heard(people);
    realtime.say(people.four, room, 'u-four', 'text <4>');
    await heard(people);
    await ask(people.five, 'send_message', { roomId: room, content: 'text <5>' });

    const get = async (target) => (await request(daemon, 'GET', target)).json();
    const texts = ['text <0>', 'text <1>', 'text <2>', 'text <4>', 'text <5>'];
    const said = (list, field) => list.filter((m) => m[field].startsWith('text')).map((m) => m[field]);
    const users = (list, field) => list.filter((m) => texts.includes(m[field])).map((m) => m.userId);

    const zero = (await get(`/chat-history/${room}`)).messages;
    assert.deepEqual(said(zero, 'message'), texts);
    assert.deepEqual(users(zero, 'message'), ['zero', 'one', 'two', 'u-four', 'u-five']);

    const one = await get(`/messages/history/${room}`);
    assert.deepEqual(said(one, 'text').sort(), texts);
    assert.deepEqual(one.map((m) => m.timestamp), one.map((m) => m.timestamp).sort());
    assert.deepEqual(await get(`/history/${room}`), one);

    const later = await realtime.enter(daemon, room, 'later');
    const four = [...later.history].reverse();
    assert.deepEqual(said(four, 'content'), texts);
    const api = (await get(`/api/rooms/${room}/messages?limit=100`)).messages;
    assert.deepEqual(api.map(({ offset, ...message }) => message), four);
    assert.deepEqual(api.map((m) => m.offset), api.map((_, i) => api[0].offset + i));
    assert.deepEqual(zero.map((m) => m.message), four.map((m) => m.content));

    const chat = (await request(daemon, 'GET', `/chat/${room}?user=two`)).text;
    const shown = [...chat.matchAll(/text &lt;(\d)&gt;/g)].map((m) => `text <${m[1]}>`);
    assert.deepEqual(shown, texts);
});

test('an edit and a deletion change every history', async () => {
    const { daemon, room, people } = await everybody();
    const first = await ask(people.four, 'send_message', { roomId: room, content: 'text tpyo' });
    const second = await ask(people.five, 'send_message', { roomId: room, content: 'text oops' });
    await ask(people.four, 'edit_message', { messageId: first.id, content: 'text typo' });
    await ask(people.five, 'delete_message', { messageId: second.id });
    const bodies = [];
    for (const target of [
        `/chat-history/${room}`, `/messages/history/${room}`, `/api/rooms/${room}/messages`, `/chat/${room}?user=two`,
    ]) {
        bodies.push((await request(daemon, 'GET', target)).text);
    }
    bodies.push(JSON.stringify((await realtime.enter(daemon, room, 'later')).history));
    for (const body of bodies) {
        assert.match(body, /text typo/);
        assert.doesNotMatch(body, /tpyo|oops/);
    }
});

test('a join in any dialect is seen by 0, 2 and 4, and not by 1', async () => {
    const { daemon, room, people } = await everybody();
    const came = async (userId, username, timestamp) => {
        const zero = await take(people.zero, 'user:joined');
        assert.deepEqual(zero, { userId, chatRoomId: room, timestamp: timestamp ?? zero.timestamp });
        assert.match(zero.timestamp, ISO);
        assert.equal((await take(people.two, 'update_online_users')).includes(username), true);
        const four = await take(people.four, 'user_joined');
        assert.deepEqual(four, { roomId: room, userId, username, timestamp: four.timestamp });
        assert.deepEqual(await take(people.five, 'user_joined'), four);
    };
    await chatroom.enter(daemon, room, 'zoe');
    await came('zoe', 'zoe', THEN);
    await groups.enter(daemon, room, 'tom');
    await came('tom', 'tom');
    await realtime.enter(daemon, room, 'u-fay', 'Fay');
    await came('u-fay', 'Fay');
    await native.enter(daemon, room, 'u-nat', 'Nat');
    await came('u-nat', 'Nat');
    await fence(people.four, room, [scalable, people.one]);
    assert.deepEqual(people.one.events, []);
});

test('a leave in any dialect is seen by 0, 2 and 4', async () => {
    const { room, people } = await everybody();
    const gone = async (userId, username, by) => {
        const zero = await take(people.zero, 'user:left');
        assert.match(zero.timestamp, ISO);
        assert.deepEqual(zero, { userId, chatRoomId: room, timestamp: zero.timestamp });
        assert.equal((await take(people.two, 'update_online_users')).includes(username), false);
        assert.equal(await take(people.two, 'user_left'), username);
        if (by !== 'four') {
            const four = await take(people.four, 'user_left');
            assert.match(four.timestamp, ISO);
            assert.deepEqual(four, { roomId: room, userId, timestamp: four.timestamp });
        }
    };
    await ask(people.five, 'leave_room', { roomId: room });
    await gone('u-five', 'Five', 'five');
    people.four.emit('leave_room', { roomId: room });
    await gone('u-four', 'Four', 'four');
    await chatroom.leave(people.zero, room, 'zero');
    assert.equal((await take(people.two, 'update_online_users')).includes('zero'), false);
    assert.equal(await take(people.two, 'user_left'), 'zero');
});

test('a disconnect in any dialect is seen by 0, 2 and 4', async () => {
    const { daemon, room, people } = await everybody();
    const offline = async (client) => {
        for (;;) {
            const update = await take(client, 'presence_update');
            if (update.status === 'offline') {
                return update;
            }
        }
    };
    const zoe = await chatroom.enter(daemon, room, 'zoe');
    zoe.disconnect();
    assert.deepEqual(await take(people.zero, 'user:left'), { userId: 'zoe', chatRoomId: room });
    assert.equal(await take(people.two, 'user_left'), 'zoe');
    const left = await take(people.four, 'user_left');
    assert.deepEqual(left, { roomId: room, userId: 'zoe', timestamp: left.timestamp });
    assert.deepEqual(await offline(people.four), { userId: 'zoe', status: 'offline' });

    const tom = await groups.enter(daemon, room, 'tom');
    tom.disconnect();
    assert.deepEqual(await take(people.zero, 'user:left'), { userId: 'tom', chatRoomId: room });
    assert.equal(await take(people.two, 'user_left'), 'tom');
    assert.equal((await take(people.four, 'user_left')).userId, 'tom');

    const fay = await realtime.enter(daemon, room, 'u-fay', 'Fay');
    fay.disconnect();
    assert.deepEqual(await take(people.zero, 'user:left'), { userId: 'u-fay', chatRoomId: room });
    assert.equal(await take(people.two, 'user_left'), 'Fay');
    let update;
    do {
        update = await offline(people.four);
    } while (update.userId !== 'u-fay');
    await fence(people.five, room, [realtime, people.four]);
    assert.deepEqual(unread(people.four, 'user_left'), []);
});

test('joining again in another dialect replaces the first', async () => {
    const { daemon, room, people } = await everybody();
    const client = await chatroom.enter(daemon, room, 'changing');
    client.emit('joinRoom', room);
    scalable.say(client, room, 'changing', 'as 1');
    assert.equal((await take(client, 'receiveMessage')).text, 'as 1');
    client.events.splice(0);
    groups.say(people.two, room, 'two', 'for 1');
    assert.equal((await take(client, 'receiveMessage')).text, 'for 1');
    assert.deepEqual(client.events, []);

    client.emit('join_room', { roomid: room, username: 'changing' });
    await take(client, 'update_online_users');
    groups.say(people.two, room, 'two', 'for 2');
    assert.equal((await take(client, 'msg_rcvd')).message, 'for 2');
    assert.deepEqual(unread(client, ...MESSAGES), []);
});

test('one socket speaks one dialect in one room and another in the next', async () => {
    const { daemon, room, people } = await everybody();
    const client = await chatroom.enter(daemon, room, 'both');
    client.emit('join_room', { roomId: 'next' });
    await take(client, 'message_history');
    const other = await groups.enter(daemon, 'next', 'other');
    groups.say(other, 'next', 'other', 'in next');
    assert.equal((await take(client, 'message')).content, 'in next');
    groups.say(people.two, room, 'two', 'in room');
    assert.equal((await take(client, 'chat:message')).message, 'in room');
    assert.deepEqual(unread(client, ...MESSAGES), []);
});

test('one socket is a person of dialect 3 and a member of a room at once', async () => {
    const { daemon, room, people } = await everybody();
    const client = await realtime.enter(daemon, room, 'u-both', 'Both');
    client.emit('join', { username: 'Both' });
    const me = await take(client, 'connected');
    const friend = await connect(daemon, {});
    friend.emit('join', { username: 'friend' });
    await take(friend, 'connected');
    friend.emit('send_message', { recipientId: me.userId, content: 'private' });
    assert.equal((await take(client, 'new_message')).content, 'private');
    chatroom.say(people.zero, room, 'zero', 'public');
    assert.equal((await take(client, 'message')).content, 'public');
    assert.deepEqual(unread(client, ...MESSAGES), []);
    assert.deepEqual(unread(people.four, 'new_message', 'connected'), []);
});

test('a plain Socket.IO socket, addressed by its own id, gets the packet as it is', async () => {
    const { daemon, people } = await everybody();
    const plain = await connect(daemon);
    const sent = { roomId: plain.id, userId: 'u', username: 'n', text: 'raw', timestamp: THEN, extra: 1 };
    people.one.emit('sendMessage', sent);
    assert.deepEqual(await take(plain, 'receiveMessage'), sent);
    chatroom.say(people.zero, plain.id, 'zero', 'as it is', THEN);
    assert.deepEqual(await take(plain, 'chat:message'),
        { userId: 'zero', chatRoomId: plain.id, message: 'as it is', timestamp: THEN });
    const raw = { message: 'as it is', roomid: plain.id, sender: 'two', extra: 1 };
    people.two.emit('new_msg', raw);
    assert.deepEqual(await take(plain, 'msg_rcvd'), raw);
    assert.deepEqual(plain.events, []);
});

test('a plain Socket.IO socket hears nothing of rooms that it has not joined', async () => {
    const { daemon, room, people } = await everybody();
    const plain = await connect(daemon);
    chatroom.say(people.zero, room, 'zero', 'for the room');
    await heard(people);
    assert.equal(plain.connected, true);
    plain.emit('an event of its own', { a: 1 });
    const answer = plain.emitWithAck('join_room', { roomId: 'plain' });
    assert.equal((await within(answer, 'answer')).ok, true);
    assert.deepEqual(unread(plain, ...MESSAGES), []);
});
