// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countReaders, readersText, sortedReads } from '../../../../src/web/page/src/chat/reads.js';
import { initialState, reduce, roomOf } from '../../../../src/web/page/src/chat/state.js';

const me = { userId: 'me', username: 'Me' };

// In room r, in sight, at its end.
function inRoom(...actions) {
    return [
        { type: 'joinRoom', roomId: 'r' },
        { type: 'openRoom', roomId: 'r' },
        ...actions,
    ].reduce(reduce, { ...initialState(), me });
}

const message = (offset, fields) => ({
    type: 'message',
    message: {
        id: `m${offset}`, roomId: 'r', userId: 'bob', username: 'Bob', content: `text ${offset}`,
        type: 'text', timestamp: '2026-01-01T00:00:00Z', offset, ...fields,
    },
});
const write = (clientId, content) => ({
    type: 'write', entry: { clientId, roomId: 'r', content, createdAt: '2026-01-01T00:00:00Z' },
});
const room = (state, roomId = 'r') => roomOf(state, roomId);
const contents = (state) => room(state).timeline.messages.map((m) => m.content);

test('events move the place from which a reconnection goes on', () => {
    let state = inRoom(message(1), message(2));
    assert.equal(room(state).seen, 2);
    state = reduce(state, { type: 'edited', message: { ...message(1).message, changed: 3 } });
    state = reduce(state, { type: 'deleted', roomId: 'r', messageId: 'm2', changed: 4 });
    assert.equal(room(state).seen, 4);
});

test('the answer to a send shows it, and leaves that place, as others may have come before', () => {
    const sent = { type: 'sent', clientId: 'c1', id: 'm3', offset: 3, timestamp: '2026-01-01T00:00:01Z' };
    let state = inRoom(message(1), write('c1', 'hello'), sent);
    assert.deepEqual(contents(state), ['text 1', 'hello']);
    assert.deepEqual([room(state).seen, state.outbox], [1, []]);
    state = reduce(state, message(2));
    state = reduce(state, message(3, { ...me, content: 'hello', clientId: 'c1' }));
    assert.deepEqual(contents(state), ['text 1', 'text 2', 'hello']);
    assert.equal(room(state).seen, 3);
});

test('the message may come before the answer', () => {
    let state = inRoom(write('c1', 'hello'), message(1, { ...me, content: 'hello', clientId: 'c1' }));
    assert.deepEqual([contents(state), state.outbox], [['hello'], []]);
    const before = state;
    state = reduce(state, { type: 'sent', clientId: 'c1', id: 'm1', offset: 1, timestamp: '' });
    assert.equal(state, before);
});

test('another person cannot settle what we have written', () => {
    const state = inRoom(write('c1', 'hello'), message(1, { clientId: 'c1' }));
    assert.equal(state.outbox.length, 1);
});

test('a failed send waits for its author', () => {
    let state = inRoom(write('c1', 'bad'), { type: 'sendFailed', clientId: 'c1', error: 'no' });
    assert.deepEqual([state.outbox[0].failed, state.outbox[0].error], [true, 'no']);
    state = reduce(state, { type: 'sendAgain', clientId: 'c1' });
    assert.deepEqual([state.outbox[0].failed, state.outbox[0].error], [false, undefined]);
    assert.deepEqual(reduce(state, { type: 'discard', clientId: 'c1' }).outbox, []);
});

test('what comes unseen is unread', () => {
    const hidden = { type: 'visible', visible: false };
    let state = inRoom(message(1), hidden, message(2), message(3), message(4, me));
    assert.deepEqual([room(state).unread, room(state).unreadFrom], [2, 2]);
    state = reduce(state, message(3));
    assert.equal(room(state).unread, 2, 'a repeat does not count');
    state = [{ type: 'visible', visible: true }, { type: 'read', roomId: 'r', offset: 4 }].reduce(reduce, state);
    assert.deepEqual([room(state).unread, room(state).unreadFrom, room(state).marked], [0, 2, 4]);
    state = reduce(state, hidden);
    assert.equal(room(state).unreadFrom, 0, 'the line goes when one looks away');
});

test('nothing is unread for who reads at the end, but for who reads further up', () => {
    assert.equal(room(inRoom(message(1))).unread, 0);
    const up = { type: 'following', roomId: 'r', following: false };
    assert.equal(room(inRoom(up, message(1))).unread, 1);
});

test('the list of the server keeps what we know of our rooms, and forgets others', () => {
    const listed = (roomId, fields) => ({ roomId, name: roomId.toUpperCase(), online: 1, unread: 5, offset: 9, ...fields });
    let state = inRoom(message(1), { type: 'listRooms', rooms: [listed('r'), listed('s')] });
    assert.deepEqual([room(state).name, room(state).unread, contents(state)], ['R', 0, ['text 1']]);
    assert.deepEqual([room(state, 's').unread, room(state, 's').joined], [5, false]);
    state = reduce(state, { type: 'listRooms', rooms: [] });
    assert.deepEqual([...state.rooms.keys()], ['r']);
});

test('a room is joined where the list says that it ends, and again where we were', () => {
    const list = { type: 'listRooms', rooms: [{ roomId: 's', name: 's', offset: 9 }] };
    let state = inRoom(list, { type: 'joinRoom', roomId: 's' });
    assert.equal(room(state, 's').seen, 9);
    state = [list, message(12, { roomId: 's' }), { type: 'joinRoom', roomId: 's' }].reduce(reduce, state);
    assert.equal(room(state, 's').seen, 12);
});

test('after a gap what was held is forgotten, and nobody is typing any more', () => {
    let state = inRoom(message(1), message(2), { type: 'typing', roomId: 'r', userId: 'bob', username: 'Bob' });
    state = reduce(state, { type: 'joined', roomId: 'r', offset: 2000, gap: { after: 2, next: 1000 } });
    assert.deepEqual([contents(state), room(state).loaded, room(state).typing], [[], false, []]);
    state = reduce(state, message(1000));
    assert.deepEqual([contents(state), room(state).seen], [['text 1000'], 1000]);
    // An edit within the gap was not told; the page of history has it.
    const page = [{ ...message(2).message, content: 'edited', editedAt: '2026-01-01T00:00:01Z' }, message(1000).message];
    state = reduce(state, { type: 'page', roomId: 'r', where: 'newest', messages: page, more: true });
    assert.deepEqual(contents(state), ['edited', 'text 1000']);
    assert.deepEqual([room(state).timeline.atStart, room(state).timeline.atEnd], [false, true]);
});

test('a room that ends before what was seen of it is another one', () => {
    const state = reduce(inRoom(message(1), message(7)), { type: 'joined', roomId: 'r', offset: 2 });
    assert.deepEqual([contents(state), room(state).loaded, room(state).seen], [[], false, 2]);
});

test('a gap that ends with edits leaves the end in sight', () => {
    let state = inRoom(message(1));
    state = reduce(state, { type: 'joined', roomId: 'r', offset: 2000, gap: { after: 1, next: 1000 } });
    state = reduce(state, { type: 'page', roomId: 'r', where: 'newest', messages: [message(1).message], more: false });
    assert.equal(room(state).timeline.atEnd, true);
});

test('events of a room that was left change nothing', () => {
    const left = inRoom({ type: 'leaveRoom', roomId: 'r' });
    assert.equal(left.current, null);
    assert.equal(reduce(left, message(1)), left);
    assert.equal(reduce(left, { type: 'readBy', roomId: 'r', userId: 'bob', offset: 1 }), left);
    assert.equal(reduce(left, { type: 'typingStop', roomId: 'r', userId: 'bob' }), left);
});

test('people come, type, go away and leave', () => {
    const bob = { roomId: 'r', userId: 'bob', username: 'Bob' };
    let state = inRoom({ ...bob, type: 'userJoined' }, { ...bob, type: 'typing' });
    assert.deepEqual([room(state).members, room(state).typing], [['bob'], ['bob']]);
    state = reduce(state, { ...bob, type: 'presence', status: 'away' });
    assert.deepEqual([state.people.get('bob').status, room(state).typing], ['away', ['bob']]);
    state = reduce(state, { ...bob, type: 'presence', status: 'offline' });
    assert.deepEqual([room(state).members, room(state).typing], [['bob'], []]);
    state = reduce(state, { ...bob, type: 'userLeft' });
    assert.deepEqual(room(state).members, []);
});

test('a message ends the typing of its author', () => {
    const state = inRoom({ type: 'typing', roomId: 'r', userId: 'bob', username: 'Bob' }, message(1));
    assert.deepEqual(room(state).typing, []);
});

test('readers are those who have read as far, without oneself', () => {
    const read = (userId, offset) => ({ type: 'readBy', roomId: 'r', userId, offset });
    const state = inRoom(message(5, me), read('bob', 5), read('eve', 4), read('me', 9), read('bob', 3));
    const sorted = sortedReads(room(state).reads, 'me');
    assert.deepEqual(sorted, [{ userId: 'bob', offset: 5 }, { userId: 'eve', offset: 4 }]);
    assert.deepEqual([1, 4, 5, 6].map((offset) => countReaders(sorted, offset)), [2, 2, 1, 0]);
});

test('readers are named as far as they are known', () => {
    const sorted = ['a', 'b', 'x', 'y'].map((userId) => ({ userId, offset: 1 }));
    const people = new Map([['a', { username: 'Ada' }], ['b', { username: 'Bob' }]]);
    assert.deepEqual([1, 2, 3, 4].map((count) => readersText(sorted, count, people)),
        ['Ada', 'Ada, Bob', 'Ada, Bob and 1 more', 'Ada, Bob and 2 more']);
    assert.deepEqual([readersText(sorted.slice(2), 1, people), readersText(sorted.slice(2), 2, people)],
        ['1 person', '2 people']);
    const many = Array.from({ length: 12 }, () => ({ userId: 'a', offset: 1 }));
    assert.match(readersText(many, 12, people), /^(Ada, ){9}Ada and 2 more$/);
});

test('names of JavaScript are names of rooms and people too', () => {
    const proto = '__proto__';
    let state = inRoom();
    assert.equal(room(state, proto), undefined);
    state = [
        { type: 'joinRoom', roomId: proto },
        message(1, { roomId: proto, userId: proto, username: 'constructor' }),
    ].reduce(reduce, state);
    assert.equal(room(state, proto).timeline.messages.length, 1);
    assert.equal(state.people.get(proto).username, 'constructor');
    assert.equal({}.username, undefined);
});
