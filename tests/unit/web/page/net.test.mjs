// SPDX-License-Identifier: MIT
//
// The parts that talk to the server, against one that answers when the test says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialState, reduce, roomOf } from '../../../../src/web/page/src/chat/state.js';
import { createStore } from '../../../../src/web/page/src/chat/store.js';
import { createHistory } from '../../../../src/web/page/src/net/history.js';
import { createReader } from '../../../../src/web/page/src/net/reader.js';
import { createRooms } from '../../../../src/web/page/src/net/rooms.js';
import { createSender } from '../../../../src/web/page/src/net/sender.js';

const turn = () => new Promise((resolve) => { setImmediate(resolve); });

// asked: [{event, payload, answer(a), refuse(error)}...], in order; take(event) removes one.
function fakeConnection() {
    const connection = { asked: [], on: true };
    connection.isOn = () => connection.on;
    connection.ask = (event, payload, onAnswer) => {
        connection.asked.push({
            event,
            payload,
            answer: (answer) => onAnswer(null, { ok: true, ...answer }),
            refuse: (retryable) => onAnswer(Object.assign(new Error('no'), { retryable })),
        });
    };
    connection.request = (event, payload) => new Promise((resolve, reject) => {
        connection.ask(event, payload, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    connection.take = (event) => {
        const at = connection.asked.findIndex((a) => a.event === event);
        return at < 0 ? undefined : connection.asked.splice(at, 1)[0];
    };
    return connection;
}

function world() {
    const store = createStore(reduce, { ...initialState(), me: { userId: 'me', username: 'Me' } });
    const connection = fakeConnection();
    const timers = [];
    const sender = createSender(store, connection, (run) => timers.push(run));
    const history = createHistory(store, connection);
    const welcomed = [];
    const rooms = createRooms(store, connection, {
        history,
        sender,
        loadReads: async (r) => [{ userId: `reader of ${r}`, offset: 7 }, { userId: 'new', offset: 0 }],
        onWelcome: (r) => welcomed.push(r),
        onAllJoined: () => welcomed.push('all'),
    });
    const room = (roomId) => roomOf(store.get(), roomId);
    return { store, connection, timers, sender, history, rooms, room, welcomed };
}

const listed = (roomId, offset) => ({ roomId, name: roomId, offset });
const message = (offset) => ({
    id: `m${offset}`, roomId: 'r', userId: 'bob', username: 'Bob', content: `text ${offset}`,
    type: 'text', timestamp: '2026-01-01T00:00:00Z', offset,
});

// In room r, which has messages up to 9.
async function inRoom() {
    const w = world();
    w.rooms.open('r');
    w.rooms.onConnected();
    w.connection.take('list_rooms').answer({ rooms: [listed('r', 9)] });
    await turn();
    w.connection.take('join_room').answer({ roomId: 'r', offset: 9 });
    w.connection.take('room_members').answer({ roomId: 'r', users: [] });
    w.connection.take('history').answer({ roomId: 'r', messages: [message(8), message(9)], more: true });
    await turn();
    assert.deepEqual(w.connection.asked, []);
    return w;
}

function write(w, clientId) {
    w.store.dispatch({ type: 'write', entry: { clientId, roomId: 'r', content: clientId, createdAt: '2026-01-01T00:00:00Z' } });
    w.sender.pump('r');
}

const sentIds = (w) => w.connection.asked.filter((a) => a.event === 'send_message').map((a) => a.payload.clientId);

test('a room is joined where the list says it ends, and again after what was seen', async () => {
    const w = world();
    w.rooms.open('r');
    assert.deepEqual(w.connection.asked, [], 'not before the list is there');
    w.rooms.onConnected();
    w.connection.take('list_rooms').answer({ rooms: [listed('r', 9)] });
    await turn();
    assert.deepEqual(w.connection.take('join_room').payload, { roomId: 'r', after: 9 });
    assert.equal(w.connection.take('join_room'), undefined, 'once');

    const again = await inRoom();
    again.store.dispatch({ type: 'message', message: message(12) });
    again.rooms.onConnected();
    assert.deepEqual(again.connection.take('join_room').payload, { roomId: 'r', after: 12 });
});

test('a room that is opened shows who had read how far', async () => {
    const w = await inRoom();
    assert.deepEqual([...w.room('r').reads], [['reader of r', 7]]);
    w.store.dispatch({ type: 'readBy', roomId: 'r', userId: 'reader of r', offset: 9 });
    w.rooms.open('r');
    await turn();
    assert.deepEqual([...w.room('r').reads], [['reader of r', 9]]);
});

test('a gap at the end that is followed is filled by the newest page', async () => {
    const w = await inRoom();
    w.rooms.onConnected();
    w.connection.take('join_room').answer({ roomId: 'r', offset: 5000, gap: { after: 9, next: 4000 } });
    assert.deepEqual(w.connection.take('history').payload, { roomId: 'r', limit: 50 });
});

test('after a gap somebody who reads further up stays there, and it is read again', async () => {
    const w = await inRoom();
    w.store.dispatch({ type: 'following', roomId: 'r', following: false });
    w.rooms.onConnected();
    w.connection.take('join_room').answer({ roomId: 'r', offset: 5000, gap: { after: 9, next: 4000 } });
    const asked = w.connection.take('history');
    assert.deepEqual(asked.payload, { roomId: 'r', limit: 50, around: 9 });
    w.store.dispatch({ type: 'message', message: message(4000) });
    asked.answer({ roomId: 'r', messages: [{ ...message(8), content: 'edited' }, message(9)], more: true });
    await turn();
    const { messages, atEnd } = w.room('r').timeline;
    assert.deepEqual([messages.map((m) => m.content), atEnd], [['edited', 'text 9'], false]);
    assert.equal(w.room('r').following, false);
    w.history.loadNewer('r');
    assert.deepEqual(w.connection.take('history').payload, { roomId: 'r', limit: 50, after: 9 });
});

test('the list of rooms is asked for page by page', async () => {
    const w = world();
    w.rooms.onConnected();
    w.connection.take('list_rooms').answer({ rooms: [listed('a', 1), listed('b', 1)], more: true });
    await turn();
    const next = w.connection.take('list_rooms');
    assert.deepEqual(next.payload, { after: 'b' });
    assert.equal(w.store.get().rooms.size, 0, 'half a list is none');
    next.answer({ rooms: [listed('c', 1)], more: false });
    await turn();
    assert.deepEqual([...w.store.get().rooms.keys()].slice(0, 3), ['a', 'b', 'c']);
    assert.equal(w.connection.take('list_rooms'), undefined);
});

test('a room that is not shown forgets what is before a gap, and is read when it is opened', async () => {
    const w = await inRoom();
    w.rooms.open(null);
    w.rooms.onConnected();
    w.connection.take('join_room').answer({ roomId: 'r', offset: 5000, gap: { after: 9, next: 4000 } });
    assert.deepEqual([w.room('r').timeline.messages, w.connection.take('history')], [[], undefined]);
    w.rooms.open('r');
    assert.deepEqual(w.connection.take('history').payload, { roomId: 'r', limit: 50 });
});

test('only somebody new is shown the first room', async () => {
    const w = world();
    w.rooms.onConnected();
    w.connection.take('list_rooms').answer({ rooms: [] });
    await turn();
    assert.deepEqual(w.welcomed, ['general']);
    assert.deepEqual((await inRoom()).welcomed, ['all']);
});

test('a connection that is lost before the list came begins again', async () => {
    const w = world();
    w.rooms.open('r');
    w.rooms.onConnected();
    w.connection.on = false;
    w.connection.take('list_rooms').refuse(true);
    await turn();
    assert.deepEqual(w.connection.asked, []);
    w.connection.on = true;
    w.rooms.onConnected();
    w.connection.take('list_rooms').answer({ rooms: [] });
    await turn();
    assert.equal(w.connection.take('join_room').payload.roomId, 'r');
});

test('one page at a time is asked for', async () => {
    const w = await inRoom();
    w.history.loadOlder('r');
    w.history.loadOlder('r');
    assert.deepEqual(w.connection.asked.map((a) => a.payload), [{ roomId: 'r', limit: 50, before: 8 }]);
});

test('messages go out one after the other, in order', async () => {
    const w = await inRoom();
    ['a', 'b', 'c'].forEach((id) => write(w, id));
    assert.deepEqual(sentIds(w), ['a']);
    w.connection.take('send_message').answer({ id: 'm10', offset: 10, timestamp: '2026-01-01T00:00:01Z' });
    assert.deepEqual(sentIds(w), ['b']);
    assert.deepEqual(w.store.get().outbox.map((e) => e.clientId), ['b', 'c']);
    assert.equal(w.room('r').timeline.messages.at(-1).content, 'a');
});

test('after a loss the same message goes out again, once its room is joined', async () => {
    const w = await inRoom();
    write(w, 'a');
    const lost = w.connection.take('send_message');
    w.connection.on = false;
    w.sender.onLost();
    lost.refuse(true);
    write(w, 'b');
    assert.deepEqual(w.connection.asked, []);
    w.connection.on = true;
    w.rooms.onConnected();
    assert.deepEqual(sentIds(w), [], 'not before');
    w.connection.take('join_room').answer({ roomId: 'r', offset: 9 });
    assert.deepEqual(sentIds(w), ['a']);
});

test('what was refused for now is tried again later, and holds back what follows', async () => {
    const w = await inRoom();
    ['a', 'b'].forEach((id) => write(w, id));
    w.connection.take('send_message').refuse(true);
    assert.deepEqual([sentIds(w), w.store.get().outbox[0].error, w.timers.length], [[], 'no', 1]);
    w.timers.pop()();
    assert.deepEqual(sentIds(w), ['a']);
});

test('what was refused for good waits for its author, and holds back nothing', async () => {
    const w = await inRoom();
    ['a', 'b'].forEach((id) => write(w, id));
    w.connection.take('send_message').refuse(false);
    assert.deepEqual([sentIds(w), w.store.get().outbox[0].failed], [['b'], true]);
});

test('reading at the end is told once', async () => {
    const w = await inRoom();
    const reader = createReader(w.store, w.connection, (run) => w.timers.push(run));
    reader.look();
    reader.look();
    assert.equal(w.timers.length, 1);
    w.timers.pop()();
    const mark = w.connection.take('mark_read');
    assert.deepEqual(mark.payload, { roomId: 'r', messageId: 'm9' });
    mark.answer({});
    assert.equal(w.room('r').marked, 9);
    reader.look();
    assert.deepEqual([w.timers, w.connection.asked], [[], []]);
});

test('what is not in sight is not read', async () => {
    const w = await inRoom();
    const reader = createReader(w.store, w.connection, (run) => w.timers.push(run));
    w.store.dispatch({ type: 'visible', visible: false });
    reader.look();
    assert.equal(w.timers.length, 0);
    w.store.dispatch({ type: 'visible', visible: true });
    reader.look();
    w.store.dispatch({ type: 'following', roomId: 'r', following: false });
    w.timers.pop()();
    assert.deepEqual(w.connection.asked, [], 'they scrolled away just then');
});
