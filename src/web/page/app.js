// SPDX-License-Identifier: MIT
//
// The page: one room at a time. Everything that people wrote goes in by textContent only.
'use strict';

const SHOWN_MAX = 1000;
const SEND_TIMEOUT_MS = 10000;

const $ = (id) => document.getElementById(id);
const log = $('log');
const scroll = $('scroll');

// One person a window: two windows of one browser can talk to each other.
function ownId() {
    let id = sessionStorage.getItem('userId');
    if (!id) {
        const random = crypto.getRandomValues(new Uint8Array(12));
        id = Array.from(random, (b) => b.toString(16).padStart(2, '0')).join('');
        sessionStorage.setItem('userId', id);
    }
    return id;
}

const me = { userId: ownId(), username: '' };
let room = null; // null: at the door

const socket = io({ autoConnect: false, auth: (send) => send(me) });

// ---- what is shown ----------------------------------------------------------------------------

const shown = new Map(); // id of a message -> its element
const names = new Map(); // userId -> the name last seen
let firstLive = null; // the first entry that came live since the room was last joined

function element(tag, className, text) {
    const e = document.createElement(tag);
    e.className = className;
    e.textContent = text;
    return e;
}

function hueOf(userId) {
    let hash = 0;
    for (const c of userId) {
        hash = (hash * 31 + c.codePointAt(0)) % 360;
    }
    return hash;
}

const nameOf = (userId) => names.get(userId) ?? userId;
const isAtEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;

function scrollToEnd() {
    scroll.scrollTop = scroll.scrollHeight;
    $('down').hidden = true;
}

function trim() {
    while (log.children.length > SHOWN_MAX) {
        const oldest = log.firstElementChild;
        shown.delete(oldest.dataset.id);
        oldest.remove();
    }
}

// Puts entries before another, or at the end; somebody who reads further up is not moved.
function put(entries, before) {
    const follow = isAtEnd();
    scroll.setAttribute('aria-busy', String(entries.length > 5)); // a history is not read out
    entries.forEach((e) => log.insertBefore(e, before));
    trim();
    scroll.setAttribute('aria-busy', 'false');
    if (follow) {
        scrollToEnd();
    } else if (!before) {
        $('down').hidden = false;
    }
}

function putLive(entry) {
    firstLive = firstLive?.isConnected ? firstLive : entry;
    put([entry], null);
}

function messageEntry(m) {
    const own = m.userId === me.userId;
    const entry = element('li', own ? 'message own' : 'message', '');
    const who = element('bdi', 'who', m.username);
    const when = new Date(m.timestamp);
    const time = element('time', '', when.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
    time.dateTime = m.timestamp;
    time.title = when.toLocaleString();
    who.style.setProperty('--hue', hueOf(m.userId));
    entry.dataset.id = m.id;
    entry.append(who, time, element('p', '', m.content));
    shown.set(m.id, entry);
    names.set(m.userId, m.username);
    return entry;
}

// name: whose doing it is; '' for nobody's. It cannot turn the rest of the line around.
function notice(name, text) {
    const entry = element('li', 'notice', '');
    entry.append(element('bdi', '', name), text);
    return entry;
}

// Newest first, and older than all that came live since the join. After a reconnection it holds
// what was missed meanwhile and some that is shown already.
function showHistory(messages) {
    const isNew = (m) => !shown.has(m.id);
    const missedMore = shown.size > 0 && messages.length >= 100 && messages.every(isNew);
    const entries = messages.filter(isNew).reverse().map(messageEntry);
    if (missedMore) {
        entries.unshift(notice('', 'More was said meanwhile than is shown here.'));
    }
    put(entries, firstLive?.isConnected ? firstLive : null);
}

// ---- the connection ---------------------------------------------------------------------------

function showState(state, text) {
    $('state').dataset.state = state;
    $('state').textContent = text;
    $('send').disabled = state !== 'on';
}

function showProblem(text) {
    $('problem').textContent = text;
    $('problem').hidden = text === '';
}

async function joinRoom() {
    const wanted = room;
    firstLive = null;
    const answer = await socket.emitWithAck('join_room', { roomId: wanted }).catch(() => null);
    if (wanted !== room || answer === null) {
        return; // left meanwhile, or the connection is lost and the next one joins again
    }
    if (answer.ok) {
        showState('on', 'Connected');
    } else {
        showProblem(answer.message);
    }
}

socket.on('connect', () => {
    showProblem('');
    joinRoom();
});

socket.on('disconnect', (reason) => {
    if (reason === 'io client disconnect') {
        showState('off', 'Not connected');
        return;
    }
    showState('lost', 'Connection lost, trying again…');
    if (reason === 'io server disconnect') { // the client itself does not come back after this one
        socket.connect();
    }
});

socket.io.on('reconnect_attempt', () => showState('lost', 'Connecting again…'));
socket.on('connect_error', () => showState('lost', 'No connection, trying again…'));
socket.on('error', (e) => showProblem(e.message));

const here = (handle) => (payload) => {
    if (payload.roomId === room) {
        handle(payload);
    }
};

socket.on('message', here((m) => {
    if (!shown.has(m.id)) {
        putLive(messageEntry(m));
    }
}));

socket.on('message_history', (messages) => {
    if (room !== null && messages.every((m) => m.roomId === room)) {
        showHistory(messages);
    }
});

socket.on('user_joined', here((u) => {
    names.set(u.userId, u.username);
    putLive(notice(u.username, ' joined'));
}));

socket.on('user_left', here((u) => putLive(notice(nameOf(u.userId), ' left'))));

// ---- what the person does ---------------------------------------------------------------------

function showRoom(isIn) {
    $('door').hidden = isIn;
    $('talk').hidden = !isIn;
    $('leave').hidden = !isIn;
    $('place').hidden = !isIn;
    document.title = isIn ? `${room} – Rookery` : 'Rookery';
}

function enter(name, roomId) {
    me.username = name;
    room = roomId;
    localStorage.setItem('name', name);
    history.replaceState(null, '', `#${encodeURIComponent(roomId)}`);
    shown.clear();
    log.replaceChildren();
    $('place-room').textContent = roomId;
    $('place-name').textContent = name;
    showProblem('');
    showState('lost', 'Connecting…');
    showRoom(true);
    $('text').focus();
    socket.connect();
}

function leave() {
    room = null;
    socket.disconnect();
    showRoom(false);
    $('name').focus();
}

async function send(text) {
    const field = $('text');
    field.value = '';
    growField();
    showProblem('');
    try {
        const answer = await socket.timeout(SEND_TIMEOUT_MS).emitWithAck('send_message', { roomId: room, content: text });
        if (!answer.ok) {
            throw new Error(answer.message);
        }
    } catch (error) {
        const why = error.message === 'operation has timed out' ? 'The server did not answer.' : error.message;
        showProblem(`Not confirmed: ${why}`);
        field.value = field.value || text;
        growField();
    }
}

function growField() {
    const field = $('text');
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight + 2}px`;
}

$('enter').addEventListener('submit', (event) => {
    event.preventDefault();
    const name = $('name').value.trim();
    const roomId = $('room').value.trim();
    if (name && roomId) {
        enter(name, roomId);
    }
});

$('write').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = $('text').value;
    if (text.trim() && socket.connected) {
        send(text);
    }
});

$('text').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        $('write').requestSubmit();
    }
});

$('text').addEventListener('input', growField);
$('leave').addEventListener('click', leave);
$('down').addEventListener('click', scrollToEnd);
scroll.addEventListener('scroll', () => {
    if (isAtEnd()) {
        $('down').hidden = true;
    }
});

$('name').value = localStorage.getItem('name') ?? '';
try {
    $('room').value = decodeURIComponent(location.hash.slice(1)) || 'general';
} catch {
    $('room').value = 'general';
}
