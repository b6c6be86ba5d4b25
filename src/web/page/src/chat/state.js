// SPDX-License-Identifier: MIT
//
// All that the page knows, and how it changes: state = reduce(state, action). Pure; the connection
// dispatches what the server says, the components what the person does.
//
// Rooms, people and read marks are Maps: their keys are what others chose ("__proto__" too).
import { asMessage } from './message.js';
import * as Outbox from './outbox.js';
import * as Timeline from './timeline.js';

export function initialState(outbox = []) {
    return {
        me: null, // {userId, username}
        link: 'off', // off, connecting, on, lost
        current: null, // the room that is shown
        visible: true, // the window is
        rooms: new Map(),
        people: new Map(), // userId -> {username, status}
        outbox,
        problem: '', // for people
        highlight: null, // {roomId, offset, count}: the message that was jumped to
    };
}

function newRoom(roomId) {
    return {
        roomId,
        name: roomId,
        joined: false, // the person has it among theirs
        online: 0,
        unread: 0,
        unreadFrom: 0, // the offset of the first message that came unseen; 0: none did
        seen: 0, // the highest offset of any event: where a reconnection goes on
        newest: 0, // the highest offset of a message that is known of
        listedOffset: 0, // the highest offset that the server named for it
        marked: 0, // what the server was told we have read
        following: true, // the end is in sight
        loaded: false, // the newest page was there once
        timeline: Timeline.emptyTimeline,
        members: [],
        typing: [],
        reads: new Map(), // userId -> offset
    };
}

export const roomOf = (state, roomId) => state.rooms.get(roomId);

function withRoom(state, roomId, change) {
    const old = state.rooms.get(roomId) ?? newRoom(roomId);
    const changed = { ...old, ...change(old) };
    return { ...state, rooms: new Map(state.rooms).set(roomId, changed) };
}

// Events of a room that was left meanwhile are not for us.
const withJoined = (state, roomId, change) =>
    (state.rooms.get(roomId)?.joined ? withRoom(state, roomId, change) : state);

function withPerson(state, userId, fields) {
    const old = state.people.get(userId);
    if (old && Object.keys(fields).every((k) => old[k] === fields[k])) {
        return state;
    }
    const person = { username: userId, status: 'offline', ...old, ...fields };
    return { ...state, people: new Map(state.people).set(userId, person) };
}

const without = (list, item) => (list.includes(item) ? list.filter((i) => i !== item) : list);
const including = (list, item) => (list.includes(item) ? list : [...list, item]);

export const isReading = (state, room) =>
    state.current === room.roomId && state.visible && room.following && room.timeline.atEnd;

// ---- rooms ------------------------------------------------------------------------------------

function listedRoom(state, old, listed) {
    return {
        name: listed.name || listed.roomId,
        online: listed.online ?? 0,
        unread: isReading(state, old) ? 0 : listed.unread ?? old.unread,
        listedOffset: listed.offset ?? 0,
    };
}

// The server's list. A room that is not on it, nor ours, nor shown, is gone.
function listRooms(state, { rooms }) {
    const listed = new Map();
    for (const r of rooms) {
        const old = state.rooms.get(r.roomId) ?? newRoom(r.roomId);
        listed.set(r.roomId, { ...old, ...listedRoom(state, old, r) });
    }
    for (const [roomId, room] of state.rooms) {
        if ((room.joined || roomId === state.current) && !listed.has(roomId)) {
            listed.set(roomId, room);
        }
    }
    return { ...state, rooms: listed };
}

// A first join starts at the offset that the list named: what is older is history.
function joinRoom(state, { roomId }) {
    return withRoom(state, roomId, (r) => (r.joined ? {} : { joined: true, seen: r.listedOffset }));
}

// What was not sent, a gap, may have changed or deleted anything that is held: it is forgotten, and
// read again as history. What is sent from gap.next on goes up to the end of the room.
// A room that ends before what we have seen of it is another one by that name: the server has lost
// its data, or was given other data, and numbers anew.
// Whoever types says so again: what was typed during a loss is over.
function joined(state, { roomId, offset, gap }) {
    return withJoined(state, roomId, (r) => ({
        ...((gap || offset < r.seen) && { timeline: Timeline.emptyTimeline, loaded: false }),
        ...(offset < r.seen && { seen: offset }),
        listedOffset: offset,
        typing: [],
    }));
}

function leaveRoom(state, { roomId }) {
    const { name, online } = state.rooms.get(roomId) ?? newRoom(roomId);
    const left = withRoom(state, roomId, () => ({ ...newRoom(roomId), name, online }));
    return { ...left, current: state.current === roomId ? null : state.current };
}

// What is new starts anew for somebody who has seen all, and then looks away or writes.
function withoutUnreadLine(state, roomId) {
    const room = state.rooms.get(roomId);
    return room && room.unread === 0 && room.unreadFrom !== 0
        ? withRoom(state, roomId, () => ({ unreadFrom: 0 })) : state;
}

function openRoom(state, { roomId }) {
    const next = { ...withoutUnreadLine(state, state.current), current: roomId };
    return roomId === null ? next : withRoom(next, roomId, () => ({ following: true }));
}

function visible(state, { visible: isVisible }) {
    return { ...(isVisible ? state : withoutUnreadLine(state, state.current)), visible: isVisible };
}

// ---- messages ---------------------------------------------------------------------------------

// An own message is known again by its clientId, or by the id in the answer that came before it.
function message(state, { message: given }) {
    const m = asMessage(given);
    const room = state.rooms.get(m.roomId);
    if (!room?.joined) {
        return state;
    }
    const own = m.userId === state.me?.userId;
    const fresh = m.offset > room.seen && !own && !isReading(state, room);
    const next = withRoom(state, m.roomId, (r) => ({
        timeline: Timeline.addLive(r.timeline, m, r.following),
        seen: Math.max(r.seen, m.offset),
        newest: Math.max(r.newest, m.offset),
        unread: r.unread + (fresh ? 1 : 0),
        unreadFrom: fresh && r.unreadFrom === 0 ? m.offset : r.unreadFrom,
        typing: without(r.typing, m.userId),
    }));
    const named = withPerson(next, m.userId, { username: m.username });
    return own && m.clientId ? { ...named, outbox: Outbox.settle(named.outbox, m.clientId) } : named;
}

function edited(state, { message: given }) {
    const m = asMessage(given);
    return withJoined(state, m.roomId, (r) => ({
        timeline: Timeline.edit(r.timeline, m),
        seen: Math.max(r.seen, m.changed ?? 0),
    }));
}

function deleted(state, { roomId, messageId, changed }) {
    return withJoined(state, roomId, (r) => ({
        timeline: Timeline.remove(r.timeline, messageId),
        seen: Math.max(r.seen, changed ?? 0),
    }));
}

// The answer to a send. `seen` stays: what others sent just before may still be on its way.
function sent(state, { clientId, id, offset, timestamp }) {
    const entry = state.outbox.find((e) => e.clientId === clientId);
    if (!entry) {
        return state; // the message itself was here first
    }
    const { roomId, content } = entry;
    const own = { ...state.me, id, roomId, content, type: 'text', timestamp, offset, clientId };
    const next = withJoined(state, roomId, (r) => ({
        timeline: Timeline.addLive(r.timeline, own, r.following),
        newest: Math.max(r.newest, offset),
    }));
    return { ...next, outbox: Outbox.settle(next.outbox, clientId) };
}

const pages = {
    older: (t, page, more) => Timeline.addOlder(t, page, more),
    newer: Timeline.addNewer,
    newest: Timeline.showNewest,
    around: (t, page) => Timeline.showAround(t, page),
};

// A page of history; where: which of the four above.
function page(state, { roomId, where, messages: given, more }) {
    const messages = given.map(asMessage);
    const next = withJoined(state, roomId, (r) => ({
        timeline: pages[where](r.timeline, messages, more, r.newest),
        newest: Math.max(r.newest, ...messages.map((m) => m.offset)),
        following: where === 'newest' || (where !== 'around' && r.following),
        loaded: true,
    }));
    return messages.reduce((s, m) => (s.people.has(m.userId)
        ? s : withPerson(s, m.userId, { username: m.username })), next);
}

// ---- reading ----------------------------------------------------------------------------------

function read(state, { roomId, offset }) {
    return withJoined(state, roomId, (r) => ({ unread: 0, marked: Math.max(r.marked, offset) }));
}

function readBy(state, { roomId, userId, offset }) {
    return withJoined(state, roomId, (r) => {
        const known = r.reads.get(userId) ?? 0;
        return offset > known ? { reads: new Map(r.reads).set(userId, offset) } : {};
    });
}

// As they are kept; meanwhile events may have been further.
function reads(state, { roomId, reads: marks }) {
    return marks.reduce((s, { userId, offset }) => readBy(s, { roomId, userId, offset }), state);
}

// ---- people -----------------------------------------------------------------------------------

function members(state, { roomId, users }) {
    const people = new Map(state.people);
    for (const { userId, username, status } of users) {
        people.set(userId, { username: username || userId, status: status ?? 'online' });
    }
    return withJoined({ ...state, people }, roomId, () => ({ members: users.map((u) => u.userId) }));
}

function userJoined(state, { roomId, userId, username }) {
    const next = withPerson(state, userId, { username: username || userId, status: 'online' });
    return withJoined(next, roomId, (r) => ({ members: including(r.members, userId) }));
}

function userLeft(state, { roomId, userId }) {
    return withJoined(state, roomId, (r) => ({
        members: without(r.members, userId),
        typing: without(r.typing, userId),
    }));
}

function presence(state, { roomId, userId, status }) {
    const next = withPerson(state, userId, { status });
    return withJoined(next, roomId, (r) => ({
        members: status === 'offline' ? r.members : including(r.members, userId),
        typing: status === 'offline' ? without(r.typing, userId) : r.typing,
    }));
}

function typing(state, { roomId, userId, username }) {
    const next = withPerson(state, userId, { username });
    return withJoined(next, roomId, (r) => ({ typing: including(r.typing, userId) }));
}

function typingStop(state, { roomId, userId }) {
    return withJoined(state, roomId, (r) => ({ typing: without(r.typing, userId) }));
}

// ---- all of it --------------------------------------------------------------------------------

const withOutbox = (change) => (state, { clientId, error }) =>
    ({ ...state, outbox: change(state.outbox, clientId, error) });

const handlers = {
    reset: (state, { me }) => ({ ...initialState(), visible: state.visible, me }),
    link: (state, { link }) => ({ ...state, link }),
    visible,
    problem: (state, { text }) => ({ ...state, problem: text }),
    listRooms,
    joinRoom,
    joined,
    leaveRoom,
    openRoom,
    message,
    edited,
    deleted,
    page,
    following: (state, { roomId, following }) => withJoined(state, roomId, () => ({ following })),
    highlight: (state, { roomId, offset }) =>
        ({ ...state, highlight: { roomId, offset, count: (state.highlight?.count ?? 0) + 1 } }),
    read,
    readBy,
    reads,
    members,
    userJoined,
    userLeft,
    presence,
    typing,
    typingStop,
    write: (state, { entry }) => withoutUnreadLine(
        { ...state, outbox: Outbox.add(state.outbox, entry) }, entry.roomId),
    sent,
    sendDelayed: withOutbox(Outbox.delay),
    sendFailed: withOutbox(Outbox.fail),
    sendAgain: withOutbox(Outbox.again),
    discard: withOutbox(Outbox.settle),
};

export function reduce(state, action) {
    return handlers[action.type](state, action);
}
