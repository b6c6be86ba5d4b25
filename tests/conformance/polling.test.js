// SPDX-License-Identifier: MIT
//
// Checklist section "Polling transport". The Engine.IO echo of profile clients sends every message
// back; its heartbeat of 25 s does not interfere.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { endsCleanly, test, useServer } = require('./harness');
const { RawConnection, request, startRequest } = require('./http_client');
const { ENGINE, PollingSession, SEPARATOR, enginePath } = require('./engine_client');
const { connect } = require('./socket_client');

const clients = useServer('clients');
const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });

const MAX_PAYLOAD = 1000000;

const payload = (...packets) => packets.join(SEPARATOR);

async function expectEcho(session, text) {
    await session.send(`4${text}`);
    assert.equal(await session.next(), `4${text}`);
}

function postHead(session, headers) {
    const { host, port } = session.server;
    const lines = { Host: `${host}:${port}`, ...headers };
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
    return `POST ${session.url} HTTP/1.1\r\n${head.join('')}\r\n`;
}

// ---- packets --------------------------------------------------------------------------------

test('a message posted is answered ok and comes back on the next poll', async () => {
    const session = await PollingSession.open(clients);
    const post = await session.post('4hello');
    assert.deepEqual([post.status, post.body], [200, 'ok']);
    const poll = await session.poll();
    assert.deepEqual([poll.status, poll.body], [200, '4hello']);
});

test('a poll waits until there is a packet', async () => {
    const session = await PollingSession.open(clients);
    const poll = await session.waitingPoll();
    await session.send('4late');
    assert.equal((await poll.response).body, '4late');
});

test('packets of one payload are handled in order, and joined by 0x1e in the answer', async () => {
    const session = await PollingSession.open(clients);
    await session.send('4one', '4two', '4three');
    assert.equal((await session.poll()).body, payload('4one', '4two', '4three'));
});

test('500 packets in one payload keep their order', async () => {
    const session = await PollingSession.open(clients);
    const packets = Array.from({ length: 500 }, (_, i) => `4${i}`);
    await session.send(...packets);
    for (const packet of packets) {
        assert.equal(await session.next(), packet);
    }
});

test('text and binary share a payload, binary as base64', async () => {
    const session = await PollingSession.open(clients);
    await session.send('4hello', Buffer.of(1, 2, 3, 4), '4there');
    assert.equal((await session.poll()).body, payload('4hello', 'bAQIDBA==', '4there'));
});

test('binary of any length up to four bytes and above survives base64', async () => {
    const session = await PollingSession.open(clients);
    for (const size of [1, 2, 3, 4, 57, 1000]) {
        const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 37 + 251) & 255));
        await session.send(bytes);
        assert.deepEqual(await session.next(), bytes);
    }
});

// As the Java client sends it: lines of 76 characters, the last one ended too.
test('base64 may come in lines and in the alphabet of URLs', async () => {
    const session = await PollingSession.open(clients);
    for (const size of [1, 3, 57, 58, 1000]) {
        const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 37 + 251) & 255));
        const lines = bytes.toString('base64').replace(/.{1,76}/g, '$&\n');
        await session.post(payload(`b${lines}`, `b${bytes.toString('base64url')}`));
        assert.deepEqual([await session.next(), await session.next()], [bytes, bytes]);
    }
});

test('an empty message comes back', async () => {
    const session = await PollingSession.open(clients);
    await session.send('4', '4next');
    assert.equal((await session.poll()).body, payload('4', '4next'));
});

test('UTF-8 of every length comes back', async () => {
    const session = await PollingSession.open(clients);
    await expectEcho(session, 'a é € 日本 😀 \u{10ffff} \u0000 \u007f \ufeff');
});

test('UTF-8 split anywhere between TCP segments comes back whole', async () => {
    const session = await PollingSession.open(clients);
    const body = Buffer.from('4é€😀');
    const connection = await RawConnection.open(clients);
    connection.write(postHead(session, { 'Content-Length': body.length }));
    for (const byte of body) {
        connection.write(Buffer.of(byte));
        await connection.readByServer();
    }
    assert.equal((await connection.response()).body, 'ok');
    assert.equal(await session.next(), '4é€😀');
});

// ---- requests -------------------------------------------------------------------------------

test('a POST body may come in chunked encoding', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    connection.write(postHead(session, { 'Transfer-Encoding': 'chunked' }));
    for (const piece of ['2\r\n4c', '\r\n', '00A;name=value\r\nhunked ', '\u20ac\r\n', '0\r\n']) {
        connection.write(piece);
        await connection.readByServer();
    }
    connection.write('\r\n');
    assert.equal((await connection.response()).body, 'ok');
    assert.equal(await session.next(), '4chunked €');
});

test('a chunked body may end with trailers', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    connection.write(postHead(session, { 'Transfer-Encoding': 'chunked' }));
    connection.write('3\r\n4ab\r\n0\r\nX-Trailer: 1\r\n\r\n');
    assert.equal((await connection.response()).body, 'ok');
    assert.equal(await session.next(), '4ab');
});

test('one keep-alive connection serves handshake, POST and poll in turn', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set();
    const send = async (path, options) => {
        const started = startRequest(clients, path, { agent, ...options });
        sockets.add(await started.socket);
        return started.response;
    };
    const path = enginePath(ENGINE, 'polling');
    const opened = await send(path);
    const url = `${path}&sid=${JSON.parse(opened.body.slice(1)).sid}`;
    for (let i = 0; i < 5; i++) {
        assert.equal((await send(url, { method: 'POST', body: `4turn ${i}` })).body, 'ok');
        assert.equal((await send(url)).body, `4turn ${i}`);
    }
    agent.destroy();
    assert.equal(sockets.size, 1);
});

test('Connection: close is honoured', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    const headers = { 'Content-Length': 2, Connection: 'close' };
    connection.write(`${postHead(session, headers)}4x`);
    const response = await connection.response();
    assert.equal(response.body, 'ok');
    assert.match(response.headers.connection, /^close$/i);
    assert.equal((await connection.rest()).length, 0);
});

test('a connection without Connection: close stays open', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    for (let i = 0; i < 3; i++) {
        connection.write(`${postHead(session, { 'Content-Length': 2 })}4x`);
        assert.equal((await connection.response()).body, 'ok');
    }
});

for (const method of ['PUT', 'DELETE', 'PATCH']) {
    test(`${method} with a valid sid is refused`, async () => {
        const session = await PollingSession.open(clients);
        const response = await request(clients, session.url, { method });
        assert.ok(response.status >= 400, `status ${response.status}`);
    });
}

test('POST with content type application/octet-stream: 400, the session is over', async () => {
    const session = await PollingSession.open(clients);
    const headers = { 'Content-Type': 'application/octet-stream' };
    assert.equal((await session.post('4x', { headers })).status, 400);
    await session.isOver();
});

// ---- size -----------------------------------------------------------------------------------

test('a POST of exactly the payload limit is taken', async () => {
    const session = await PollingSession.open(clients);
    await session.send(`4${'a'.repeat(MAX_PAYLOAD - 1)}`);
    assert.equal((await session.next()).length, MAX_PAYLOAD);
});

test('a POST of one byte more: 413, and none of it is delivered', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    const text = '4taken';
    const body = `${payload(text, '4')}${'a'.repeat(MAX_PAYLOAD + 1 - text.length - 2)}`;
    assert.equal(body.length, MAX_PAYLOAD + 1);
    const head = postHead(session, { 'Content-Length': body.length });
    await connection.writeUntilAnswered([head, ...(body.match(/.{1,16384}/gs))]);
    assert.equal((await connection.response()).status, 413);
    // the reference keeps the session; a server may end it as well
    if ((await session.post('4after')).status === 200) {
        assert.equal(await session.next(), '4after');
    } else {
        await session.isOver();
    }
});

test('the limit counts bytes, not characters', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    const body = Buffer.from(`4${'é'.repeat(MAX_PAYLOAD / 2)}`);
    const pieces = [postHead(session, { 'Content-Length': body.length })];
    for (let at = 0; at < body.length; at += 16384) {
        pieces.push(body.subarray(at, at + 16384));
    }
    await connection.writeUntilAnswered(pieces);
    assert.equal((await connection.response()).status, 413);
});

// ---- the end of a session -------------------------------------------------------------------

for (const [what, body] of [['a packet of unknown type', 'abc'], ['an empty body', ''],
    ['an empty packet after a good one', payload('4x', '')],
    ['packet type 7', '7']]) {
    test(`${what} ends the session`, async () => {
        const session = await PollingSession.open(clients);
        await session.post(body); // the reference answers this one with ok
        await session.isOver();
        assert.equal((await session.poll()).status, 400);
    });
}

test('a ping from the client ends the session', async () => {
    const session = await PollingSession.open(clients);
    await session.post('2');
    await session.isOver();
});

test('packets before a bad one are handled, those after it are not', async () => {
    const session = await PollingSession.open(clients);
    const poll = await session.waitingPoll();
    await session.post(payload('4good', 'xyz', '4lost'));
    const response = await poll.response;
    assert.equal(response.status, 200);
    assert.equal(response.body.split(SEPARATOR)[0], '4good');
    assert.doesNotMatch(response.body, /lost/);
    await session.isOver();
});

test('a second poll gets 400, the waiting one the close packet; the session is over', async () => {
    const session = await PollingSession.open(clients);
    const first = await session.waitingPoll();
    const second = await session.poll();
    assert.equal(second.status, 400);
    const response = await first.response;
    assert.deepEqual([response.status, response.body], [200, '1']);
    await session.isOver();
});

test('a POST while another one is being read: 400, the session is over', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    connection.write(`${postHead(session, { 'Content-Length': 100 })}4begun`);
    await connection.readByServer();
    assert.equal((await session.post('4second')).status, 400);
    await session.isOver();
});

test('packet 1 answers the waiting poll with 6, and the session is over', async () => {
    const session = await PollingSession.open(clients);
    const poll = await session.waitingPoll();
    assert.equal((await session.post('1')).status, 200);
    const response = await poll.response;
    assert.deepEqual([response.status, response.body], [200, '6']);
    await session.isOver();
});

test('packet 1 with no poll waiting ends the session as well', async () => {
    const session = await PollingSession.open(clients);
    await session.post('1');
    assert.equal((await session.poll()).status, 400);
    await session.isOver();
});

test('a waiting poll that is dropped ends the session at once', async () => {
    const session = await PollingSession.open(clients);
    const poll = await session.waitingPoll();
    poll.drop();
    await session.ends();
});

test('a POST that is dropped half-way ends the session at once', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    connection.write(`${postHead(session, { 'Content-Length': 100 })}4begun`);
    await connection.readByServer();
    connection.socket.destroy();
    await session.ends();
});

// What a session still sends, noops and pings aside, up to the close packet that ends it. It may
// take more than one poll: the reference sends the close packet alone.
async function lastPackets(session, poll) {
    const { status, body } = await poll;
    assert.equal(status, 200);
    const packets = body.split(SEPARATOR);
    const rest = packets.includes('1') ? [] : await lastPackets(session, session.poll());
    return [...packets.filter((packet) => packet !== '6' && packet !== '2'), ...rest];
}

test('a close by the server ends the waiting poll with 1', async () => {
    const socket = await connect(behav, { transport: 'polling' });
    const poll = await socket.waitingPoll();
    await socket.post('42["kick-all"]');
    assert.deepEqual(await lastPackets(socket, poll.response), ['41', '1']);
    await socket.isOver();
});

test('a close by the server with no poll waiting is told to the next poll', async () => {
    const socket = await connect(behav, { transport: 'polling' });
    await socket.post('42["kick-all"]');
    assert.deepEqual(await lastPackets(socket, socket.poll()), ['41', '1']);
    await socket.isOver();
});

test('a violation of the Socket.IO protocol ends the waiting poll with 1', async () => {
    const socket = await connect(behav, { transport: 'polling' });
    const poll = await socket.waitingPoll();
    await socket.post('42["disconnect"]');
    assert.deepEqual(await lastPackets(socket, poll.response), ['1']);
    await socket.isOver();
});

test('a violation of the Socket.IO protocol is told to the next poll', async () => {
    const socket = await connect(behav, { transport: 'polling' });
    await socket.post('42["disconnect"]');
    assert.deepEqual(await lastPackets(socket, socket.poll()), ['1']);
    await socket.isOver();
});

endsCleanly(clients, behav);
