// SPDX-License-Identifier: MIT
//
// Checklist section "Emitting": broadcasts, rooms, acknowledgements asked for by the server,
// volatile events, socket middlewares.
'use strict';

const assert = require('node:assert/strict');
const { endsCleanly, startServer, test, useServer } = require('./harness');
const { connect, expectAlive, expectEvent, join, parseEvent, placeholder } =
    require('./socket_client');

const clients = useServer('clients');
const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });

const connectMany = (server, count, options) =>
    Promise.all(Array.from({ length: count }, () => connect(server, options)));

// Rooms are the server's own, so each test takes another.
let rooms = 0;
const newRoom = () => `room-${rooms++}`;

async function joinRoom(socket, room) {
    await socket.send(`421["join","${room}"]`);
    assert.equal(await socket.next(), '431[]');
}

// The socket got nothing up to now: its next packet is the answer to a question asked now.
async function expectNothing(socket) {
    await socket.send('422["message-with-ack"]');
    assert.equal(await socket.next(), '432[]');
}

// ---- broadcasts -----------------------------------------------------------------------------

// The whole namespace: other tests must not have connections there.
test('an event to everyone reaches the sender as well', async () => {
    const [a, b, c] = await connectMany(await startServer('clients'), 3);
    a.send('42["bcast",1,{"x":[2]}]');
    for (const socket of [a, b, c]) {
        assert.equal(await socket.next(), '42["bcast",1,{"x":[2]}]');
    }
});

test('an event to all others does not reach the sender', async () => {
    const [a, b, c] = await connectMany(await startServer('clients'), 3);
    a.send('42["bcast-others","hi"]');
    assert.equal(await b.next(), '42["bcast","hi"]');
    assert.equal(await c.next(), '42["bcast","hi"]');
    await expectNothing(a);
});

test('a broadcast stays in its namespace', async () => {
    const server = await startServer('clients');
    const main = await connect(server);
    const custom = await connect(server, { namespace: '/custom' });
    custom.send('42/custom,["bcast",1]');
    assert.equal(await custom.next(), '42/custom,["bcast",1]');
    await expectNothing(main);
});

test('a broadcast reaches polling and websocket clients', async () => {
    const server = await startServer('clients');
    const polling = await connect(server, { transport: 'polling' });
    const websocket = await connect(server);
    websocket.send('42["bcast","both"]');
    assert.equal(await websocket.next(), '42["bcast","both"]');
    assert.equal(await polling.next(), '42["bcast","both"]');
});

test('a broadcast of attachments reaches every transport', async () => {
    const server = await startServer('clients');
    const polling = await connect(server, { transport: 'polling' });
    const websocket = await connect(server);
    websocket.send(`451-["bcast",${placeholder(0)}]`, Buffer.of(1, 2));
    for (const socket of [websocket, polling]) {
        assert.equal(await socket.next(), `451-["bcast",${placeholder(0)}]`);
        assert.deepEqual(await socket.next(), Buffer.of(1, 2));
    }
});

test('broadcasts of one sender arrive in order, also among events to one', async () => {
    const [a, b] = await connectMany(await startServer('clients'), 2);
    for (let i = 0; i < 200; i++) {
        a.send(`42["bcast",${i}]`, `42["message",${i}]`);
    }
    for (let i = 0; i < 200; i++) {
        assert.equal(await a.next(), `42["bcast",${i}]`);
        assert.equal(await a.next(), `42["message-back",${i}]`);
        assert.equal(await b.next(), `42["bcast",${i}]`);
    }
});

// ---- rooms ----------------------------------------------------------------------------------

test('an event to a room reaches its members only', async () => {
    const room = newRoom();
    const [a, b, outsider] = await connectMany(clients, 3);
    await joinRoom(a, room);
    await joinRoom(b, room);
    outsider.send(`42["to-room","${room}","hi"]`);
    assert.equal(await a.next(), '42["room-msg","hi"]');
    assert.equal(await b.next(), '42["room-msg","hi"]');
    await expectNothing(outsider);
});

test('an event to a room reaches the sender if it is a member', async () => {
    const room = newRoom();
    const socket = await connect(clients);
    await joinRoom(socket, room);
    socket.send(`42["to-room","${room}",1]`);
    assert.equal(await socket.next(), '42["room-msg",1]');
});

test('an event to the others of a room leaves the sender out', async () => {
    const room = newRoom();
    const [a, b] = await connectMany(clients, 2);
    await joinRoom(a, room);
    await joinRoom(b, room);
    a.send(`42["to-others","${room}",1]`);
    assert.equal(await b.next(), '42["room-msg",1]');
    await expectNothing(a);
});

test('an event to several rooms comes once to a member of more than one', async () => {
    const [one, two] = [newRoom(), newRoom()];
    const [both, second] = await connectMany(clients, 2);
    await joinRoom(both, one);
    await joinRoom(both, two);
    await joinRoom(second, two);
    second.send(`42["to-room",["${one}","${two}"],1]`);
    assert.equal(await both.next(), '42["room-msg",1]');
    assert.equal(await second.next(), '42["room-msg",1]');
    await expectNothing(both);
    await expectNothing(second);
});

test('joining twice makes no difference', async () => {
    const room = newRoom();
    const socket = await connect(clients);
    await joinRoom(socket, room);
    await joinRoom(socket, room);
    socket.send(`42["to-room","${room}",1]`);
    assert.equal(await socket.next(), '42["room-msg",1]');
    await expectNothing(socket);
});

test('who left a room gets nothing from it', async () => {
    const room = newRoom();
    const [a, b] = await connectMany(clients, 2);
    await joinRoom(a, room);
    await joinRoom(b, room);
    a.send(`423["leave","${room}"]`);
    assert.equal(await a.next(), '433[]');
    b.send(`42["to-room","${room}",1]`);
    assert.equal(await b.next(), '42["room-msg",1]');
    await expectNothing(a);
});

test('an event to a room without members, or to no room left, reaches nobody', async () => {
    const socket = await connect(clients);
    socket.send(`42["to-room","${newRoom()}",1]`, `423["leave","${newRoom()}"]`);
    assert.equal(await socket.next(), '433[]');
    await expectNothing(socket);
});

test('every socket has a room of its own, named by its sid', async () => {
    const [a, b] = await connectMany(clients, 2);
    a.send(`42["to-room","${b.socketId}","direct"]`);
    assert.equal(await b.next(), '42["room-msg","direct"]');
    await expectNothing(a);
});

test('rooms of two namespaces are not the same', async () => {
    const room = newRoom();
    const socket = await connect(clients);
    await join(socket, '/custom');
    assert.equal(await socket.next(), '42/custom,["auth",{}]');
    await joinRoom(socket, room);
    socket.send(`42/custom,["to-room","${room}",1]`);
    await expectNothing(socket);
});

test('a socket leaves its rooms when it is disconnected', async () => {
    const room = newRoom();
    const [a, b] = await connectMany(clients, 2);
    await joinRoom(a, room);
    a.send('42["kick"]');
    assert.equal(await a.next(), '41');
    await join(a);
    assert.equal(await a.next(), '42["auth",{}]');
    b.send(`42["to-room","${room}",1]`);
    await expectNothing(b);
    await expectNothing(a);
});

test('room names may be any string', async () => {
    const [a, b] = await connectMany(clients, 2);
    for (const room of ['', ' ', 'é日本', 'constructor', '__proto__', 'a,b', 'x'.repeat(1000)]) {
        await joinRoom(a, room);
        b.send(`42["to-room",${JSON.stringify(room)},1]`);
        assert.equal(await a.next(), '42["room-msg",1]', `room ${room}`);
    }
});

test('members that left without a word are no trouble', async () => {
    const room = newRoom();
    const sockets = await connectMany(clients, 5);
    for (const socket of sockets) {
        await joinRoom(socket, room);
    }
    sockets.slice(1).forEach((socket) => socket.drop());
    for (let i = 0; i < 100; i++) {
        sockets[0].send(`42["to-room","${room}",${i}]`);
    }
    for (let i = 0; i < 100; i++) {
        assert.equal(await sockets[0].next(), `42["room-msg",${i}]`);
    }
});

// ---- acknowledgements the server asks for ---------------------------------------------------

test('an event of the server may ask for an acknowledgement', async () => {
    const socket = await connect(clients);
    socket.send('42["ask-me","why"]');
    const { id, args } = parseEvent(await socket.next());
    assert.deepEqual(args, ['question', 'why']);
    assert.ok(Number.isInteger(id), `ack id ${id}`);
    socket.send(`43${id}["because",{"x":1}]`);
    assert.equal(await socket.next(), '42["answer","because",{"x":1}]');
});

test('ack ids are not used twice', async () => {
    const socket = await connect(clients);
    const ids = new Set();
    for (let i = 0; i < 20; i++) {
        socket.send(`42["ask-me",${i}]`);
        const { id } = parseEvent(await socket.next());
        ids.add(id);
        if (i % 2) { // answered or not
            socket.send(`43${id}[${i}]`);
            assert.equal(await socket.next(), `42["answer",${i}]`);
        }
    }
    assert.equal(ids.size, 20);
});

test('answers may come in another order than the questions', async () => {
    const socket = await connect(clients);
    socket.send('42["ask-me","a"]', '42["ask-me","b"]');
    const [a, b] = [parseEvent(await socket.next()), parseEvent(await socket.next())];
    socket.send(`43${b.id}["for b"]`, `43${a.id}["for a"]`);
    assert.equal(await socket.next(), '42["answer","for b"]');
    assert.equal(await socket.next(), '42["answer","for a"]');
});

test('a second answer is ignored', async () => {
    const socket = await connect(clients);
    socket.send('42["ask-me",1]');
    const { id } = parseEvent(await socket.next());
    socket.send(`43${id}["first"]`, `43${id}["second"]`);
    assert.equal(await socket.next(), '42["answer","first"]');
    await expectNothing(socket);
});

test('the answer of another connection does not count', async () => {
    const [asked, other] = await connectMany(clients, 2);
    asked.send('42["ask-me",1]');
    const { id } = parseEvent(await asked.next());
    other.send(`43${id}["stolen"]`);
    await expectNothing(other);
    asked.send(`43${id}["mine"]`);
    assert.equal(await asked.next(), '42["answer","mine"]');
});

test('an answer may carry attachments', async () => {
    const socket = await connect(clients);
    socket.send('42["ask-me",1]');
    const { id } = parseEvent(await socket.next());
    socket.send(`461-${id}[${placeholder(0)}]`, Buffer.of(1, 2, 3));
    assert.equal(await socket.next(), `451-["answer",${placeholder(0)}]`);
    assert.deepEqual(await socket.next(), Buffer.of(1, 2, 3));
});

test('an acknowledgement with a timeout: the answer in time', async () => {
    const socket = await connect(behav);
    socket.send('42["ask-timeout"]');
    const id = await expectEvent(socket, ['question', 1]);
    socket.send(`43${id}["in time"]`);
    await expectEvent(socket, ['answer', 'in time']);
});

test('an acknowledgement with a timeout: an error once, a late answer is ignored', async () => {
    const socket = await connect(behav);
    socket.send('42["ask-timeout"]');
    const id = await expectEvent(socket, ['question', 1]);
    await expectEvent(socket, ['answer', 'timeout']);
    socket.send(`43${id}["late"]`);
    await expectAlive(socket);
});

// ---- broadcasts with acknowledgements -------------------------------------------------------

test('a broadcast with acks gives the answers of all', async () => {
    const [a, b] = await connectMany(await startServer('behav'), 2);
    a.send('427["bcast-ack"]');
    for (const [socket, value] of [[a, 'from a'], [b, 'from b']]) {
        const id = await expectEvent(socket, ['question', 1]);
        socket.send(`43${id}["${value}"]`);
    }
    const answer = JSON.parse((await a.next()).replace(/^437/, ''));
    assert.deepEqual([answer[0], answer[1].sort()], ['ok', ['from a', 'from b']]);
});

test('a broadcast with acks gives an error and the answers that came in time', async () => {
    const [a, b, silent] = await connectMany(await startServer('behav'), 3);
    a.send('427["bcast-ack"]');
    for (const [socket, value] of [[a, 'from a'], [b, 'from b']]) {
        const id = await expectEvent(socket, ['question', 1]);
        socket.send(`43${id}["${value}"]`);
    }
    const answer = JSON.parse((await a.next()).replace(/^437/, ''));
    assert.deepEqual([answer[0], answer[1].sort()], ['timeout', ['from a', 'from b']]);
    await expectEvent(silent, ['question', 1]);
});

test('a broadcast with acks counts an answer given twice once', async () => {
    const [a, b] = await connectMany(await startServer('behav'), 2);
    a.send('427["bcast-ack"]');
    const id = await expectEvent(a, ['question', 1]);
    a.send(`43${id}["a"]`, `43${id}["a again"]`);
    b.send(`43${await expectEvent(b, ['question', 1])}["b"]`);
    const answer = JSON.parse((await a.next()).replace(/^437/, ''));
    assert.deepEqual([answer[0], answer[1].sort()], ['ok', ['a', 'b']]);
});

// ---- volatile events ------------------------------------------------------------------------

test('a volatile event behind another in one go is dropped, later ones are not', async () => {
    const socket = await connect(behav);
    socket.send('42["volatile-pair"]');
    await expectEvent(socket, ['ev', 1]);
    await expectEvent(socket, ['ev', 3]);
    await expectAlive(socket);
});

test('a volatile event on an idle connection is sent', async () => {
    const socket = await connect(behav);
    socket.send('42["volatile-idle"]');
    await expectEvent(socket, ['ev', 'idle']);
});

test('a volatile event is dropped while no poll waits', async () => {
    const socket = await connect(behav, { transport: 'polling' });
    await socket.send('42["volatile-idle"]', '42["ask-timeout"]');
    // the volatile event was due 50 ms before the end of the timeout; only then is polled again
    await new Promise((resolve) => setTimeout(resolve, 300));
    const id = await expectEvent(socket, ['question', 1]);
    assert.notEqual(id, null);
    await expectEvent(socket, ['answer', 'timeout']);
    await expectAlive(socket);
});

// ---- middlewares of a socket ----------------------------------------------------------------

test('an event that a middleware refuses reaches the error handler, and no other', async () => {
    const socket = await connect(behav);
    socket.send('42["mw-fail",1]');
    await expectEvent(socket, ['error-seen', 'blocked']);
    await expectAlive(socket);
});

endsCleanly(clients, behav);
