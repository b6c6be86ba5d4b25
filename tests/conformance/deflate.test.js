// SPDX-License-Identifier: MIT
//
// Checklist section "WebSocket transport", permessage-deflate (RFC 7692): what is agreed on, what is
// compressed, and what a peer must not send. The profile behav compresses from 512 bytes on.
'use strict';

const assert = require('node:assert/strict');
const zlib = require('node:zlib');
const { io } = require('socket.io-client');
const { destroyLater, endsCleanly, test, useServer, within } = require('./harness');
const { RawConnection } = require('./http_client');
const { EngineSocket, enginePath } = require('./engine_client');
const { BINARY, CONTINUATION, FrameClient, PING, TEXT, frame, upgradeRequest,
    withOffer } = require('./frame_client');
const { SOCKET_IO, connect, expectEvent } = require('./socket_client');

const clients = useServer('clients');
const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });

const THRESHOLD = 512;
const MAX_PAYLOAD = 2000;
const ECHO_MAX = 64 << 20;
const RSV1 = 4;
const TAIL = Buffer.of(0, 0, 0xff, 0xff);
const ALONE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

// ---- compressing, as a client does it -------------------------------------------------------

function deflate(data) {
    const whole = zlib.deflateRawSync(data, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    return whole.subarray(0, whole.length - TAIL.length);
}

function inflate(data) {
    return zlib.inflateRawSync(Buffer.concat([data, TAIL]),
        { finishFlush: zlib.constants.Z_SYNC_FLUSH });
}

const packed = (opcode, payload, options) =>
    frame(opcode, deflate(Buffer.from(payload)), { rsv: RSV1, ...options });

// A client of the echo that sees the frames.
async function openFrames() {
    const connection = await RawConnection.open(clients);
    connection.write(withOffer(upgradeRequest(clients, '/ws-echo'), ALONE));
    assert.equal((await connection.response()).headers['sec-websocket-extensions'], ALONE);
    const client = new FrameClient(connection);
    client.extensions = ALONE;
    return client;
}

async function expectEcho(client, text) {
    assert.equal((await nextMessage(client)).text, text);
}

// The same for a Socket.IO client of profile behav.
async function openPacked() {
    const client = await FrameClient.open(behav, { path: SOCKET_IO, offer: ALONE });
    assert.match(client.extensions, /^permessage-deflate/);
    client.write(frame(TEXT, '40'));
    assert.match((await nextMessage(client)).text, /^40\{"sid":/);
    assert.match((await nextMessage(client)).text, /^42\["auth"/);
    return client;
}

// The next message that is no heartbeat.
async function nextMessage(client) {
    for (;;) {
        const { opcode, compressed, payload } = await client.next();
        const data = compressed ? inflate(payload) : payload;
        if (opcode !== TEXT || data.toString() !== '2') {
            return { opcode, compressed, data, text: data.toString() };
        }
        client.write(frame(TEXT, '3'));
    }
}

async function closesWith(client, code) {
    for (;;) { // a heartbeat may come before
        const { opcode, payload } = await client.next();
        if (opcode !== TEXT) {
            assert.equal(payload.readUInt16BE(0), code);
            return;
        }
    }
}

// ---- what is agreed on ----------------------------------------------------------------------

async function answerTo(offer) {
    const connection = await RawConnection.open(behav);
    const request = upgradeRequest(behav, enginePath(SOCKET_IO, 'websocket'));
    connection.write(withOffer(request, offer));
    const { status, headers } = await connection.response();
    return [status, headers['sec-websocket-extensions']];
}

const TAKES_OVER = { notReference: 'keeps a context for each connection' };

test('no context is taken over, whatever the client offers', TAKES_OVER, async () => {
    for (const offer of ['permessage-deflate', 'permessage-deflate; client_max_window_bits',
        'permessage-deflate; server_no_context_takeover', 'x-foo, permessage-deflate', ALONE]) {
        assert.deepEqual(await answerTo(offer), [101, ALONE], offer);
    }
});

test('the window that a client asks for is agreed on', async () => {
    const [status, answer] = await answerTo('permessage-deflate; server_max_window_bits=10');
    assert.equal(status, 101);
    assert.match(answer, /^permessage-deflate;.*server_max_window_bits=10/);
});

test('an offer that cannot be met is declined', { notReference: 'answers 400' }, async () => {
    for (const offer of ['permessage-deflate; unheard_of', 'permessage-deflate; server_max_window_bits=8',
        'permessage-deflate; client_max_window_bits=16']) {
        assert.deepEqual(await answerTo(offer), [101, undefined], offer);
    }
});

test('the first offer that can be met is taken', { notReference: 'answers 400' }, async () => {
    const [, answer] = await answerTo('permessage-deflate; unheard_of, permessage-deflate');
    assert.equal(answer, ALONE);
});

test('what is no list of extensions is answered 400', async () => {
    for (const offer of ['permessage-deflate;', '(', 'permessage-deflate; a="']) {
        assert.equal((await answerTo(offer))[0], 400, offer);
    }
});

// ---- messages both ways ---------------------------------------------------------------------

const openEcho = (options) =>
    EngineSocket.connect(clients, { path: '/ws-echo', perMessageDeflate: options });

test('messages of all sizes come back, text and binary', async () => {
    const echo = await openEcho({ threshold: 0 });
    for (const size of [0, 1, 125, 126, 1023, 1024, 65535, 65536, 1000000, 5000000]) {
        const bytes = Buffer.alloc(size, 'compressible ');
        echo.send(bytes.toString(), bytes);
        assert.ok(await echo.next() === bytes.toString(), `text of ${size}`);
        assert.ok(bytes.equals(await echo.next()), `binary of ${size}`);
    }
});

test('what cannot become smaller comes back', async () => {
    const echo = await openEcho({ threshold: 0 });
    const noise = Buffer.alloc(100000);
    for (let i = 0, x = 1; i < noise.length; i++) {
        x = (Math.imul(x, 1103515245) + 12345) >>> 0;
        noise[i] = x >>> 16;
    }
    echo.send(noise);
    assert.ok(noise.equals(await echo.next()));
});

test('a client with a small window gets what it can take', async () => {
    const echo = await openEcho({ threshold: 0, serverMaxWindowBits: 9 });
    assert.match(echo.headers['sec-websocket-extensions'], /server_max_window_bits=9/);
    const text = Array.from({ length: 5000 }, (_, i) => `line ${i % 700} of many`).join('\n');
    echo.send(text);
    assert.ok(await echo.next() === text);
});

test('a compressed message in fragments is put together', async () => {
    const echo = await openEcho({ threshold: 0 });
    echo.ws.send('one '.repeat(1000), { fin: false });
    echo.ws.send('', { fin: false });
    echo.ws.ping();
    echo.ws.send('two '.repeat(1000), { fin: true });
    assert.ok(await echo.next() === 'one '.repeat(1000) + 'two '.repeat(1000));
});

test('a compressed message cut anywhere is put together', async () => {
    const client = await openFrames();
    const whole = deflate(Buffer.from('€😀 in pieces'));
    for (let at = 0; at <= whole.length; at++) {
        client.write(frame(TEXT, whole.subarray(0, at), { rsv: RSV1, fin: false }),
            frame(CONTINUATION, whole.subarray(at)));
        await expectEcho(client, '€😀 in pieces');
    }
});

test('compressed and other messages take turns', async () => {
    const client = await openFrames();
    for (const text of ['one', 'two', 'three', 'four']) {
        client.write((text.length > 3 ? packed : frame)(TEXT, text));
        await expectEcho(client, text);
    }
});

test('blocks with BFINAL, blocks that are not compressed, and an empty one are taken', async () => {
    const client = await openFrames();
    const text = Buffer.from('final');
    const stored = Buffer.concat([Buffer.of(0, text.length, 0, 255 - text.length, 255), text,
        Buffer.of(0)]);
    for (const data of [Buffer.concat([zlib.deflateRawSync(text), Buffer.of(0)]), stored]) {
        client.write(frame(TEXT, data, { rsv: RSV1 }));
        await expectEcho(client, 'final');
    }
    client.write(frame(BINARY, Buffer.of(0), { rsv: RSV1 }));
    await expectEcho(client, '');
});

test('the stock client speaks compressed without being asked to', async () => {
    const socket = io(`${behav.origin}`, { transports: ['websocket'], forceNew: true });
    destroyLater(() => socket.disconnect());
    const text = 'to the stock client and back '.repeat(40);
    const answer = new Promise((resolve) => socket.on('message-back', (...args) => resolve(args)));
    socket.emit('message', text, Buffer.from(text.slice(0, 600)));
    const [gotText, gotBytes] = await within(answer, 'message-back');
    assert.equal(gotText, text);
    assert.equal(gotBytes.toString(), text.slice(0, 600));
    assert.match(socket.io.engine.transport.ws.extensions, /permessage-deflate/);
});

const IGNORES_IT = { notReference: 'compresses it' };

// ---- what is compressed ---------------------------------------------------------------------

test('messages from the threshold on are compressed, shorter ones are not', async () => {
    const client = await openPacked();
    const around = '431[""]'.length;
    for (const [size, expected] of [[THRESHOLD - 1, false], [THRESHOLD, true], [1500, true]]) {
        const text = 'x'.repeat(size - around);
        client.write(frame(TEXT, `421["message-with-ack","${text}"]`));
        const { compressed, text: got } = await nextMessage(client);
        assert.equal(got, `431["${text}"]`);
        assert.equal(compressed, expected, `${size} bytes`);
    }
});

test('an attachment is compressed, too', async () => {
    const client = await openPacked();
    const bytes = Buffer.alloc(1000, 'attached ');
    client.write(frame(TEXT, '451-["message",{"_placeholder":true,"num":0}]'), frame(BINARY, bytes));
    assert.match((await nextMessage(client)).text, /^451-\["message-back"/);
    const { opcode, compressed, data } = await nextMessage(client);
    assert.deepEqual([opcode, compressed], [BINARY, true]);
    assert.ok(data.equals(bytes));
});

test('what is sent with compress(false) is not', IGNORES_IT, async () => {
    const client = await openPacked();
    for (const [event, expected] of [['big', true], ['big-nocompress', false]]) {
        client.write(frame(TEXT, `42["${event}"]`));
        const { compressed, text } = await nextMessage(client);
        assert.match(text, /^42\["big","x{1500}"/);
        assert.equal(compressed, expected, event);
    }
});

test('nothing is compressed for a client that has not offered it', async () => {
    const client = await connect(behav);
    assert.equal(client.headers['sec-websocket-extensions'], undefined);
    client.send('42["big"]');
    await expectEvent(client, ['big', 'x'.repeat(1500)]);
});

test('a session that comes from polling is compressed after the upgrade', async () => {
    const polling = await connect(behav, { transport: 'polling' });
    const socket = await polling.upgrade({ perMessageDeflate: { threshold: 0 } });
    socket.recovery = polling.recovery;
    socket.send('2probe');
    assert.equal(await socket.next(), '3probe');
    socket.send('5', '42["big"]');
    await expectEvent(socket, ['big', 'x'.repeat(1500)]);
    const before = socket.ws._socket.bytesRead;
    socket.send('42["big"]');
    await expectEvent(socket, ['big', 'x'.repeat(1500)]);
    assert.ok(socket.ws._socket.bytesRead - before < 1000, 'it came compressed');
});

// ---- rooms ----------------------------------------------------------------------------------

// Members of one room in all ways there are, each with next() for the events that it gets.
async function openRoom(room) {
    const members = [
        await connect(behav, { perMessageDeflate: { threshold: 0 } }),
        await connect(behav),
        await connect(behav, { transport: 'polling' }),
        await connect(behav, { perMessageDeflate: { threshold: 0, serverMaxWindowBits: 9 } }),
        await connect(behav, { perMessageDeflate: true }),
    ];
    for (const member of members) {
        await member.send(`421["join","${room}"]`);
        assert.equal(await member.next(), '431[]');
    }
    return members;
}

test('members of a room with and without compression get the same, in order', async () => {
    const members = await openRoom('mixed');
    const texts = Array.from({ length: 12 }, (_, i) =>
        `${i} ${'said to the room '.repeat(i % 3 === 0 ? 1 : 10 * i)}`.slice(0, 1500));
    const packets = texts.map((text) => `42["to-room","mixed","${text}"]`);
    members[1].sendAtOnce(...packets);
    for (const member of members) {
        for (const text of texts) {
            await expectEvent(member, ['room-msg', text]);
        }
    }
});

test('a member that gets something of its own in between gets all in order', async () => {
    const members = await openRoom('between');
    const text = (i) => `${i} ${'y'.repeat(800)}`;
    members[0].sendAtOnce(`42["to-room","between","${text(1)}"]`, `42["message","${text(2)}"]`,
        `42["to-room","between","${text(3)}"]`, '42["message","short"]',
        `42["to-others","between","${text(4)}"]`, `42["to-room","between","${text(5)}"]`);
    for (const [name, ...args] of [['room-msg', text(1)], ['message-back', text(2)],
        ['room-msg', text(3)], ['message-back', 'short'], ['room-msg', text(5)]]) {
        await expectEvent(members[0], [name, ...args]);
    }
    for (const member of members.slice(1)) {
        for (const i of [1, 3, 4, 5]) {
            await expectEvent(member, ['room-msg', text(i)]);
        }
    }
});

test('binary to a room comes to all, compressed or not', async () => {
    const members = await openRoom('bytes');
    const bytes = Buffer.alloc(1200, 'bytes for all ');
    members[1].send('451-["to-room","bytes",{"_placeholder":true,"num":0}]', bytes);
    for (const member of members) {
        assert.match(await member.next(), /^451-\["room-msg",\{/);
        assert.ok(bytes.equals(await member.next()));
    }
});

// ---- what a peer must not send --------------------------------------------------------------

test('RSV1 on a continuation or a control frame, RSV2 and RSV3: closed with 1002', async () => {
    for (const frames of [
        [packed(TEXT, 'a', { fin: false }), packed(CONTINUATION, 'b')],
        [packed(PING, 'a')],
        [frame(TEXT, 'a', { rsv: 2 })],
        [frame(TEXT, 'a', { rsv: RSV1 | 1 })],
    ]) {
        const client = await openPacked();
        client.write(...frames);
        await closesWith(client, 1002);
    }
});

test('RSV1 without an agreement: closed with 1002', async () => {
    const client = await FrameClient.open(behav, { path: SOCKET_IO });
    client.write(packed(TEXT, '40'));
    await client.expectClosed(1002);
});

test('what is not compressed data: closed with 1007', async () => {
    for (const data of [Buffer.from('Hello, world'), Buffer.alloc(50, 0xff)]) {
        const client = await openPacked();
        client.write(frame(TEXT, data, { rsv: RSV1 }));
        await closesWith(client, 1007);
    }
});

test('compressed data that is cut off: closed with 1007', { notReference: 'takes what is there' },
    async () => {
        const client = await openPacked();
        const whole = deflate(Buffer.from('42["message","all of it or nothing"]'));
        client.write(frame(TEXT, whole.subarray(0, whole.length - 4), { rsv: RSV1 }));
        await closesWith(client, 1007);
    });

test('compressed text that is not UTF-8: closed with 1007', async () => {
    const client = await openPacked();
    client.write(packed(TEXT, Buffer.of(0x34, 0xc3, 0x28)));
    await closesWith(client, 1007);
});

test('a message that is too large once it is inflated: closed with 1009', async () => {
    for (const size of [MAX_PAYLOAD + 1, 1500000]) { // the latter is 1000 times what was sent
        const client = await openPacked();
        const bomb = packed(TEXT, Buffer.alloc(size, '4'));
        assert.ok(bomb.length < MAX_PAYLOAD);
        client.write(bomb);
        await closesWith(client, 1009);
    }
    const client = await openPacked();
    client.write(packed(TEXT, `42["message","${'x'.repeat(MAX_PAYLOAD - 16)}"]`));
    assert.match((await nextMessage(client)).text, /^42\["message-back","xxx/);
});

test('a bomb in fragments: closed with 1009', async () => {
    const client = await openPacked();
    const bomb = deflate(Buffer.alloc(1500000));
    client.write(frame(BINARY, bomb.subarray(0, 700), { rsv: RSV1, fin: false }),
        frame(CONTINUATION, bomb.subarray(700)));
    await closesWith(client, 1009);
});

test('a bomb above 64 MiB for who takes up to that: closed with 1009', async () => {
    const echo = await openEcho({ threshold: 0 });
    echo.send(Buffer.alloc(ECHO_MAX + 1));
    assert.equal((await echo.closes(20000)).code, 1009);
});

endsCleanly(clients, behav);
