// SPDX-License-Identifier: MIT
//
// Checklist section "WebSocket transport": sessions over WebSocket as well-behaved clients see
// them. What a server does about broken frames is in hostile_ws.test.js.
'use strict';

const assert = require('node:assert/strict');
const { endsCleanly, test, useServer } = require('./harness');
const { RawConnection } = require('./http_client');
const { ENGINE, EngineSocket, enginePath } = require('./engine_client');
const { BINARY, CONTINUATION, FrameClient, PING, PONG, TEXT, closeFrame, frame,
    upgradeRequest } = require('./frame_client');
const { SOCKET_IO, connect, openEngine } = require('./socket_client');

const clients = useServer('clients');
const protocol = useServer('protocol');
const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });

const MAX_PAYLOAD = 1000000;

// ---- packets --------------------------------------------------------------------------------

test('a text message comes back as one text frame', async () => {
    const engine = await EngineSocket.open(clients);
    engine.send('4hello');
    assert.equal(await engine.next(), '4hello');
});

test('a binary message comes back as one binary frame, with no prefix', async () => {
    const engine = await EngineSocket.open(clients);
    engine.send(Buffer.of(1, 2, 3, 4));
    assert.deepEqual(await engine.next(), Buffer.of(1, 2, 3, 4));
});

test('empty messages come back, text and binary', async () => {
    const engine = await EngineSocket.open(clients);
    engine.send('4', Buffer.alloc(0));
    assert.equal(await engine.next(), '4');
    assert.deepEqual(await engine.next(), Buffer.alloc(0));
});

test('a text frame b<base64> counts as a binary message', async () => {
    const engine = await EngineSocket.open(clients);
    engine.send('bAQIDBA==');
    assert.deepEqual(await engine.next(), Buffer.of(1, 2, 3, 4));
});

test('UTF-8 of every length comes back', async () => {
    const engine = await EngineSocket.open(clients);
    const text = '4a é € 日本 😀 \u{10ffff} \u0000 \u007f \ufeff';
    engine.send(text);
    assert.equal(await engine.next(), text);
});

test('1000 messages keep their order', async () => {
    const engine = await EngineSocket.open(clients);
    for (let i = 0; i < 1000; i++) {
        engine.send(`4${i}`);
    }
    for (let i = 0; i < 1000; i++) {
        assert.equal(await engine.next(), `4${i}`);
    }
});

for (const size of [125, 126, 127, 65535, 65536, MAX_PAYLOAD]) {
    test(`messages of ${size} bytes come back, text and binary`, async () => {
        const client = await FrameClient.open(clients);
        const text = `4${'t'.repeat(size - 1)}`;
        const bytes = Buffer.alloc(size, 7);
        client.write(frame(TEXT, text), frame(BINARY, bytes));
        assert.ok(await client.text() === text);
        const { fin, opcode, payload } = await client.next();
        assert.deepEqual([fin, opcode], [true, BINARY]);
        assert.ok(payload.equals(bytes));
    });
}

test('a message in fragments, with a ping between them, is put together', async () => {
    const client = await FrameClient.open(clients);
    client.write(frame(TEXT, '4one ', { fin: false }), frame(CONTINUATION, '', { fin: false }),
        frame(PING, 'between'), frame(CONTINUATION, 'two'));
    const pong = await client.next();
    assert.deepEqual([pong.opcode, pong.payload.toString()], [PONG, 'between']);
    assert.equal(await client.text(), '4one two');
});

test('UTF-8 split between fragments is put together', async () => {
    const client = await FrameClient.open(clients);
    const bytes = Buffer.from('4€😀');
    const pieces = [...bytes].map((byte, i) =>
        frame(i === 0 ? TEXT : CONTINUATION, Buffer.of(byte), { fin: i === bytes.length - 1 }));
    client.write(...pieces);
    assert.equal(await client.text(), '4€😀');
});

test('a ping frame is answered by a pong frame with its payload', async () => {
    const client = await FrameClient.open(clients);
    for (const payload of ['', 'a', 'x'.repeat(125)]) {
        client.write(frame(PING, payload));
        const { opcode, payload: answer } = await client.next();
        assert.deepEqual([opcode, answer.toString()], [PONG, payload]);
    }
});

test('packets 3, 6, 0 and 5 are ignored when nobody asked for them', async () => {
    const engine = await EngineSocket.open(clients);
    engine.send('3', '6', '0', '5', '3probe', '0{}', '4after');
    assert.equal(await engine.next(), '4after');
});

// ---- extensions -----------------------------------------------------------------------------

// RFC 7692: what a server may answer to a bare offer of permessage-deflate.
const DEFLATE_ANSWER = new RegExp('^permessage-deflate(; *(server_no_context_takeover'
    + '|client_no_context_takeover|server_max_window_bits=(8|9|1[0-5])))*$');

test('permessage-deflate is declined by default', async () => {
    const engine = await EngineSocket.open(clients, { perMessageDeflate: true });
    assert.equal(engine.headers['sec-websocket-extensions'], undefined);
    const text = `4${'compressible '.repeat(1000)}`;
    engine.send(text);
    assert.ok(await engine.next() === text);
});

test('an offer of permessage-deflate is declined, or accepted with valid parameters', async () => {
    const connection = await RawConnection.open(behav);
    const request = upgradeRequest(behav, enginePath(SOCKET_IO, 'websocket'));
    const offer = 'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n';
    connection.write(request.replace(/\r\n$/, offer));
    const { status, headers } = await connection.response();
    assert.equal(status, 101);
    const answer = headers['sec-websocket-extensions'];
    assert.ok(answer === undefined || DEFLATE_ANSWER.test(answer), `answer ${answer}`);
});

test('unknown extensions are declined', async () => {
    const connection = await RawConnection.open(clients);
    const request = upgradeRequest(clients, enginePath(ENGINE, 'websocket'));
    connection.write(request.replace(/\r\n$/, 'Sec-WebSocket-Extensions: x-unknown; a=1\r\n\r\n'));
    const { status, headers } = await connection.response();
    assert.deepEqual([status, headers['sec-websocket-extensions']], [101, undefined]);
});

test('of the subprotocols that a client offers the first is agreed on', async () => {
    for (const [offered, agreed] of [['a', 'a'], ['token.x-1, b', 'token.x-1']]) {
        const connection = await RawConnection.open(clients);
        const request = upgradeRequest(clients, enginePath(SOCKET_IO, 'websocket'));
        connection.write(request.replace(/\r\n$/, `Sec-WebSocket-Protocol: ${offered}\r\n\r\n`));
        const { status, headers } = await connection.response();
        assert.deepEqual([status, headers['sec-websocket-protocol']], [101, agreed]);
    }
});

// ---- the end --------------------------------------------------------------------------------

test('a message above the payload limit: closed with 1009', async () => {
    const engine = await EngineSocket.open(clients);
    engine.send(`4${'a'.repeat(MAX_PAYLOAD)}`);
    assert.equal((await engine.closes()).code, 1009);
});

for (const packet of ['abc', '7', '', '{"a":1}', ' 4a']) {
    test(`text that is no packet (${JSON.stringify(packet)}): closed, with no code`, async () => {
        const engine = await EngineSocket.open(clients);
        engine.send(packet);
        await engine.isOver();
    });
}

test('a ping from the client: closed, with no code', async () => {
    const engine = await EngineSocket.open(clients);
    engine.send('2');
    await engine.isOver();
});

test('packet 1 ends the session', async () => {
    // the reference ignores it, and ends the session when the next pong is missing
    const engine = await EngineSocket.open(protocol, { pongs: false });
    engine.send('1');
    await engine.isOver();
});

test('packet 1 ends the session at once', { notReference: 'ignores it' }, async () => {
    const engine = await EngineSocket.open(clients);
    engine.send('1');
    await engine.isOver();
});

test('nothing joined in time: closed, with no code', async () => {
    const engine = await openEngine(protocol);
    await engine.isOver();
});

test('no pong: closed, with no code', async () => {
    const engine = await EngineSocket.open(protocol, { pongs: false });
    assert.equal(await engine.next(), '2');
    await engine.isOver();
});

test('disconnect(true) of the server: closed, with no code', async () => {
    const socket = await connect(behav);
    socket.send('42["kick-all"]');
    assert.equal(await socket.next(), '41');
    await socket.isOver();
});

for (const [code, reason] of [[1000, ''], [1001, 'going'], [3000, 'é'], [4999, 'x'.repeat(123)]]) {
    test(`a Close frame with ${code} is answered with the same code`, async () => {
        const client = await FrameClient.open(clients);
        client.write(closeFrame(code, reason));
        assert.equal(await client.closeCode(), code);
        assert.equal((await client.connection.rest()).length, 0);
    });
}

test('a Close frame without a code is answered', async () => {
    const client = await FrameClient.open(clients);
    client.write(frame(8));
    const code = await client.closeCode();
    assert.ok([1000, 1005].includes(code), `code ${code}`);
    assert.equal((await client.connection.rest()).length, 0);
});

test('what comes before a Close frame is still handled, what comes after it is not', async () => {
    const client = await FrameClient.open(clients);
    client.write(frame(TEXT, '4before'), closeFrame(1000), frame(TEXT, '4after'));
    assert.equal(await client.text(), '4before');
    assert.equal(await client.closeCode(), 1000);
    assert.equal((await client.connection.rest()).length, 0);
});

endsCleanly(clients, protocol, behav);
