// SPDX-License-Identifier: MIT
//
// Checklist section "Disconnect reasons". Profile behav tells the sockets of /watch why a socket of
// the main namespace went, and in which rooms it was until then.
'use strict';

const assert = require('node:assert/strict');
const { endsCleanly, startServer, test, useServer, within } = require('./harness');
const { RawConnection } = require('./http_client');
const { connect, parseEvent } = require('./socket_client');

const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });
const hasty = useServer('behav');

// Says what /watch is told about one socket: the two events, in order.
async function watch(server) {
    const watcher = await connect(server, { namespace: '/watch' });
    const next = async () => parseEvent(await watcher.next('event of /watch')).args;
    return async (socketId) => {
        let event;
        do {
            event = await next();
        } while (event[1] !== socketId);
        const [name, , reason, rooms] = event;
        assert.equal(name, 'saw-disconnecting');
        assert.deepEqual((await next()).slice(0, 3), ['saw-disconnect', socketId, reason]);
        return { reason, rooms };
    };
}

// Runs `act` on a fresh socket, and compares the reason that the server gives for its end.
function reasonTest(what, reasons, act, { transport = 'websocket', server = behav, ...rest } = {}) {
    const accepted = [reasons].flat();
    test(`${transport}: ${what}: ${accepted[0]}`, rest, async () => {
        const reasonOf = await watch(server);
        const socket = await connect(server, { transport, ...rest });
        await act(socket);
        const { reason } = await reasonOf(socket.socketId);
        assert.ok(accepted.includes(reason), `reason ${reason}`);
    });
}

const polling = { transport: 'polling' };

// ---- by the Socket.IO protocol --------------------------------------------------------------

for (const transport of ['websocket', 'polling']) {
    const over = { transport };
    reasonTest('DISCONNECT of the client', 'client namespace disconnect',
        (socket) => socket.send('41'), over);
    reasonTest('disconnect()', 'server namespace disconnect',
        (socket) => socket.send('42["kick"]'), over);
    reasonTest('disconnect(true)', 'server namespace disconnect',
        (socket) => socket.send('42["kick-all"]'), over);
    reasonTest('a broken Socket.IO packet', 'forced close',
        async (socket) => {
            const poll = transport === 'polling' && await socket.waitingPoll();
            await (poll ? socket.post('42[') : socket.send('42['));
        }, over);
    reasonTest('a broken Engine.IO packet', 'parse error',
        (socket) => (transport === 'polling' ? socket.post('xyz') : socket.send('xyz')), over);
    reasonTest('a ping of the client', 'transport error',
        (socket) => (transport === 'polling' ? socket.post('2') : socket.send('2')), over);
}

reasonTest('an event for a namespace not joined', 'forced close',
    (socket) => socket.send('42/watch,["x"]'));
reasonTest('a second CONNECT', 'forced close', (socket) => socket.send('40'));
reasonTest('an attachment that nobody announced', 'forced close',
    (socket) => socket.send(Buffer.of(1)));

// ---- by the transport -----------------------------------------------------------------------

reasonTest('a Close frame', 'transport close', (socket) => socket.ws.close(1000));
reasonTest('the connection dropped', 'transport close', (socket) => socket.drop());
reasonTest('a reset of the connection', 'transport close',
    (socket) => socket.ws._socket.resetAndDestroy());
reasonTest('a message above the limit', 'transport error',
    (socket) => socket.send(`42["message","${'x'.repeat(2000)}"]`));
reasonTest('packet 1', ['transport close', 'ping timeout'], // the reference ignores the packet
    (socket) => socket.send('1'), { server: hasty, pongs: false });
reasonTest('no pong', 'ping timeout', () => {}, { server: hasty, pongs: false });

reasonTest('packet 1', 'transport close', (socket) => socket.post('1'), polling);
reasonTest('no poll and no pong', 'ping timeout', () => {}, { ...polling, server: hasty });
reasonTest('the waiting poll dropped', 'transport error',
    async (socket) => (await socket.waitingPoll()).drop(), polling);
reasonTest('two polls at once', 'transport error', async (socket) => {
    await socket.waitingPoll();
    await socket.poll();
}, polling);
reasonTest('a body of type application/octet-stream', 'transport error',
    (socket) => socket.post('3', { headers: { 'Content-Type': 'application/octet-stream' } }),
    polling);

async function beginPost(socket) {
    const connection = await RawConnection.open(socket.server);
    const host = `${socket.server.host}:${socket.server.port}`;
    connection.write(`POST ${socket.url} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 50\r\n\r\n4`);
    await connection.readByServer();
    return connection;
}

reasonTest('a POST dropped half-way', 'transport error', async (socket) => {
    (await beginPost(socket)).socket.destroy();
}, polling);
reasonTest('two POSTs at once', 'transport error', async (socket) => {
    await beginPost(socket);
    await socket.post('3');
}, polling);

test('upgraded: the websocket dropped: transport close', async () => {
    const reasonOf = await watch(behav);
    const socket = await connect(behav, polling);
    const engine = await socket.upgrade();
    engine.send('2probe', '5', '420["whoami"]');
    assert.equal(await engine.next(), '3probe');
    assert.equal(await engine.next(), `430["${socket.socketId}"]`);
    engine.drop();
    assert.equal((await reasonOf(socket.socketId)).reason, 'transport close');
});

// ---- rooms ----------------------------------------------------------------------------------

test('the rooms of a socket are still there while it is disconnecting', async () => {
    const reasonOf = await watch(behav);
    const socket = await connect(behav);
    socket.send('421["join","a"]', '422["join","b"]');
    assert.equal(await socket.next(), '431[]');
    assert.equal(await socket.next(), '432[]');
    socket.drop();
    const { rooms } = await reasonOf(socket.socketId);
    assert.deepEqual(rooms.sort(), ['a', 'b']);
});

test('all of them, many as they are', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `room "${i}" ${'x'.repeat(50)}`);
    const reasonOf = await watch(behav);
    const socket = await connect(behav);
    socket.send(...names.map((name) => `42["join",${JSON.stringify(name)}]`), '421["whoami"]');
    await socket.next();
    socket.drop();
    assert.deepEqual((await reasonOf(socket.socketId)).rooms.sort(), names.sort());
});

test('rooms that were left are not among them', async () => {
    const reasonOf = await watch(behav);
    const socket = await connect(behav);
    socket.send('421["join","a"]', '422["leave","a"]');
    assert.equal(await socket.next(), '431[]');
    assert.equal(await socket.next(), '432[]');
    socket.send('41');
    assert.deepEqual(await reasonOf(socket.socketId),
        { reason: 'client namespace disconnect', rooms: [] });
});

// ---- the end of the server ------------------------------------------------------------------

test('SIGTERM: clients of both transports see the end, and the server exits with 0', async () => {
    const server = await startServer('behav');
    const websocket = await connect(server);
    const session = await connect(server, polling);
    const poll = await session.waitingPoll();
    const status = server.stop();
    await websocket.closes();
    await within(poll.response.catch(() => 'dropped'), 'end of the poll');
    assert.equal(await status, 0);
});

endsCleanly(behav, hasty);
