// SPDX-License-Identifier: MIT
//
// What a bad or broken WebSocket peer sends: RFC 6455 says with which code each is closed. And what
// is merely unusual, such as frames in the segment of the upgrade request, works.
'use strict';

const assert = require('node:assert/strict');
const { delay, endsCleanly, test, useServer, within } = require('./harness');
const { RawConnection } = require('./http_client');
const { ENGINE, PollingSession, enginePath } = require('./engine_client');
const { BINARY, CLOSE, CONTINUATION, FrameClient, PING, PONG, TEXT, closeFrame, frame,
    upgradeRequest } = require('./frame_client');
const { SOCKET_IO, connect, expectAlive } = require('./socket_client');

const clients = useServer('clients');
const small = useServer('clients', { CONF_QUEUE_BYTES_MAX: '1000000' });
const protocol = useServer('protocol', { CONF_CLOSE_TIMEOUT_MS: '1000' });

const MAX_PAYLOAD = 1000000;
const WEBSOCKET = enginePath(ENGINE, 'websocket');

// ---- frames around the upgrade --------------------------------------------------------------

const LOSES_THEM = { notReference: 'loses them' };

test('frames in the segment of the upgrade request are handled', LOSES_THEM, async () => {
    const connection = await RawConnection.open(clients);
    const early = [frame(TEXT, '4first'), frame(BINARY, 'second')];
    connection.write(Buffer.concat([Buffer.from(upgradeRequest(clients, WEBSOCKET)), ...early]));
    const client = new FrameClient(connection);
    await client.accepted();
    assert.equal(await client.text(), '4first');
    assert.equal((await client.next()).payload.toString(), 'second');
    await client.expectEcho('third');
});

test('half a frame in the segment of the upgrade request is kept', async () => {
    const whole = frame(TEXT, '4in two halves');
    for (let at = 1; at < whole.length; at++) {
        const connection = await RawConnection.open(clients);
        const request = Buffer.from(upgradeRequest(clients, WEBSOCKET));
        connection.write(Buffer.concat([request, whole.subarray(0, at)]));
        const client = new FrameClient(connection);
        await client.accepted();
        client.write(whole.subarray(at));
        assert.equal(await client.text(), '4in two halves', `split after ${at} bytes`);
        connection.socket.destroy();
    }
});

test('early frames above what one read takes are handled', LOSES_THEM, async () => {
    const connection = await RawConnection.open(clients);
    const texts = Array.from({ length: 200 }, (_, i) => `4${i} ${'x'.repeat(1000)}`);
    const early = texts.map((text) => frame(TEXT, text));
    connection.write(Buffer.concat([Buffer.from(upgradeRequest(clients, WEBSOCKET)), ...early]));
    const client = new FrameClient(connection);
    await client.accepted();
    for (const text of texts) {
        assert.ok(await client.text() === text, text.slice(0, 10));
    }
});

test('a Socket.IO CONNECT in the segment of the upgrade request joins', LOSES_THEM, async () => {
    const connection = await RawConnection.open(clients);
    const request = Buffer.from(upgradeRequest(clients, enginePath(SOCKET_IO, 'websocket')));
    connection.write(Buffer.concat([request, frame(TEXT, '40')]));
    const client = new FrameClient(connection);
    await client.accepted();
    assert.match(await client.text(), /^40\{"sid":/);
    assert.equal(await client.text(), '42["auth",{}]');
});

test('an early probe in the segment of the upgrade request upgrades', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    const path = enginePath(ENGINE, 'websocket', `&sid=${session.sid}`);
    const early = [frame(TEXT, '2probe'), frame(TEXT, '5'), frame(TEXT, '4hello')];
    connection.write(Buffer.concat([Buffer.from(upgradeRequest(clients, path)), ...early]));
    assert.equal((await connection.response()).status, 101);
    const client = new FrameClient(connection);
    assert.equal(await client.text(), '3probe');
    assert.equal(await client.text(), '4hello');
});

test('frames in the segment of an upgrade request that is refused do no harm', async () => {
    const connection = await RawConnection.open(clients);
    const request = upgradeRequest(clients, `${WEBSOCKET}&sid=unknown`);
    connection.write(Buffer.concat([Buffer.from(request), frame(TEXT, '4x')]));
    assert.equal((await connection.response()).status, 400);
    await connection.rest();
});

test('a frame that comes byte by byte is handled', async () => {
    const client = await FrameClient.open(clients);
    await client.connection.writeByteByByte(frame(TEXT, `4${'é'.repeat(100)}`));
    assert.equal(await client.text(), `4${'é'.repeat(100)}`);
});

test('500 frames in one segment are handled in order', async () => {
    const client = await FrameClient.open(clients);
    const texts = Array.from({ length: 500 }, (_, i) => `4${i}`);
    client.write(...texts.map((text) => frame(TEXT, text)));
    for (const text of texts) {
        assert.equal(await client.text(), text);
    }
});

// ---- broken frames: 1002 --------------------------------------------------------------------

const close = (...bytes) => frame(CLOSE, Buffer.from(bytes));

const protocolErrors = {
    'an unmasked text frame': [frame(TEXT, '4x', { masked: false })],
    'an unmasked empty frame': [frame(TEXT, '', { masked: false })],
    'an unmasked ping': [frame(PING, '', { masked: false })],
    'a continuation of nothing': [frame(CONTINUATION, 'x')],
    'a continuation after a whole message':
        [frame(TEXT, '6'), frame(CONTINUATION, 'x')],
    'a new message inside another one':
        [frame(TEXT, '4x', { fin: false }), frame(TEXT, 'y')],
    'a fragmented ping': [frame(PING, 'x', { fin: false })],
    'a fragmented pong': [frame(PONG, 'x', { fin: false })],
    'a fragmented Close': [frame(CLOSE, '', { fin: false })],
    'a ping of 126 bytes': [frame(PING, 'x'.repeat(126))],
    'a pong of 65536 bytes': [frame(PONG, 'x'.repeat(65536))],
    'a Close of 126 bytes': [closeFrame(1000, 'x'.repeat(124))],
    'a Close of one byte': [close(3)],
};

for (const rsv of [1, 2, 4, 7]) {
    protocolErrors[`reserved bits ${rsv}`] = [frame(TEXT, '4x', { rsv })];
    protocolErrors[`reserved bits ${rsv} on a ping`] = [frame(PING, 'x', { rsv })];
}
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    protocolErrors[`opcode ${opcode}`] = [frame(opcode, 'x')];
}
for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
    protocolErrors[`a Close with code ${code}`] = [closeFrame(code)];
}

for (const [what, frames] of Object.entries(protocolErrors)) {
    test(`${what}: 1002`, async () => {
        const client = await FrameClient.open(clients);
        client.write(...frames);
        await client.expectClosed(1002);
    });
}

test('a length above 2^63: 1002 or 1009', async () => {
    const client = await FrameClient.open(clients);
    client.write(Buffer.of(0x81, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4));
    const code = await client.closeCode();
    assert.ok([1002, 1009].includes(code), `code ${code}`);
});

test('a broken frame on the Socket.IO endpoint: 1002', async () => {
    const client = await FrameClient.open(clients, { path: SOCKET_IO });
    client.write(frame(TEXT, '40', { masked: false }));
    await client.expectClosed(1002);
});

test('messages before a broken frame are handled', async () => {
    const client = await FrameClient.open(clients);
    client.write(frame(TEXT, '4good'), frame(3, ''), frame(TEXT, '4lost'));
    assert.equal(await client.text(), '4good');
    await client.expectClosed(1002);
});

test('a broken frame where a websocket is upgrading leaves the session to polling', async () => {
    const session = await PollingSession.open(clients);
    const connection = await RawConnection.open(clients);
    const path = enginePath(ENGINE, 'websocket', `&sid=${session.sid}`);
    connection.write(upgradeRequest(clients, path));
    assert.equal((await connection.response()).status, 101);
    const client = new FrameClient(connection);
    client.write(frame(TEXT, '2probe', { masked: false }));
    await client.expectClosed(1002);
    await session.send('4still polling');
    assert.equal(await session.next(), '4still polling');
});

// ---- text that is no UTF-8: 1007 ------------------------------------------------------------

const invalidUtf8 = {
    'a byte that never occurs': [0xff],
    'a continuation byte alone': [0x80],
    'a sequence cut off by another character': [0xe2, 0x82, 0x41],
    'a sequence cut off by the end': [0xe2, 0x82],
    'an overlong slash of two bytes': [0xc0, 0xaf],
    'an overlong slash of three bytes': [0xe0, 0x80, 0xaf],
    'an overlong NUL': [0xc0, 0x80],
    'a surrogate': [0xed, 0xa0, 0x80],
    'a code point above 10FFFF': [0xf4, 0x90, 0x80, 0x80],
    'a sequence of five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
};

for (const [what, bytes] of Object.entries(invalidUtf8)) {
    test(`${what}: 1007`, async () => {
        const client = await FrameClient.open(clients);
        client.write(frame(TEXT, Buffer.from([0x34, ...bytes])));
        await client.expectClosed(1007);
    });
}

test('no UTF-8 across fragments: 1007', async () => {
    const client = await FrameClient.open(clients);
    client.write(frame(TEXT, Buffer.of(0x34, 0xe2), { fin: false }),
        frame(CONTINUATION, Buffer.of(0x82, 0x41)));
    await client.expectClosed(1007);
});

test('a reason of a Close frame that is no UTF-8: 1007', async () => {
    const client = await FrameClient.open(clients);
    client.write(close(0x03, 0xe8, 0xff, 0xfe));
    await client.expectClosed(1007);
});

test('binary messages may hold any bytes', async () => {
    const client = await FrameClient.open(clients);
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    client.write(frame(BINARY, all));
    assert.deepEqual((await client.next()).payload, all);
});

// ---- too large: 1009 ------------------------------------------------------------------------

for (const length of [MAX_PAYLOAD + 1, 2 ** 32, 2 ** 52]) {
    test(`a frame that announces ${length} bytes: 1009, before they come`, async () => {
        const client = await FrameClient.open(clients);
        client.write(frame(BINARY, '', { length }));
        await client.expectClosed(1009);
    });
}

test('fragments that add up to too much: 1009', async () => {
    const client = await FrameClient.open(clients);
    const part = 'x'.repeat(MAX_PAYLOAD / 4);
    client.write(frame(TEXT, '4', { fin: false }));
    for (let i = 0; i < 3; i++) {
        client.write(frame(CONTINUATION, part, { fin: false }));
    }
    client.write(frame(CONTINUATION, '', { fin: false, length: MAX_PAYLOAD / 4 }));
    await client.expectClosed(1009);
});

test('fragments that add up to the limit are taken', async () => {
    const client = await FrameClient.open(clients);
    const part = 'x'.repeat(MAX_PAYLOAD / 4);
    client.write(frame(BINARY, '', { fin: false }));
    for (let i = 0; i < 4; i++) {
        client.write(frame(CONTINUATION, part, { fin: i === 3 }));
    }
    assert.equal((await client.next()).payload.length, MAX_PAYLOAD);
});

test('a message of ten thousand empty fragments is taken, or ends the connection', async () => {
    const client = await FrameClient.open(clients);
    const empty = Array(10000).fill(frame(CONTINUATION, '', { fin: false }));
    client.write(frame(TEXT, '4', { fin: false }), ...empty, frame(CONTINUATION, 'x'));
    const { opcode } = await client.next();
    assert.ok([TEXT, CLOSE].includes(opcode), `opcode ${opcode}`);
    await expectAlive(await connect(clients));
});

// ---- floods and idlers ----------------------------------------------------------------------

test('10,000 pings are answered in order', async () => {
    const client = await FrameClient.open(clients);
    const reader = (async () => {
        for (let i = 0; i < 10000; i++) {
            const { opcode, payload } = await client.next();
            assert.deepEqual([opcode, payload.toString()], [PONG, `ping ${i}`]);
        }
    })();
    for (let i = 0; i < 10000; i += 100) {
        client.write(...Array.from({ length: 100 }, (_, j) => frame(PING, `ping ${i + j}`)));
        await new Promise(setImmediate);
    }
    await within(reader, 'pong to every ping', 20000);
    await client.expectEcho('still here');
});

test('pongs that answer nothing are ignored', async () => {
    const client = await FrameClient.open(clients);
    client.write(...Array.from({ length: 1000 }, () => frame(PONG, 'unasked')));
    await client.expectEcho('still here');
});

// The slow reader's kernel buffers take several megabytes before the server has to queue.
const FLOOD_MESSAGES = 40;
const FLOOD_BYTES = 900000;

test('a reader that is too slow is dropped at its byte limit; the others are served', {
    notReference: 'queues without limit',
}, async () => {
    const slow = await connect(small);
    const other = await connect(small);
    const sender = await connect(small);
    slow.ws.pause();
    const text = 'x'.repeat(FLOOD_BYTES);
    for (let i = 0; i < FLOOD_MESSAGES; i++) {
        sender.send(`42["bcast-others",${i},"${text}"]`);
        const packet = await other.next(`message ${i}`, 20000);
        assert.ok(packet.startsWith(`42["bcast",${i},`));
    }
    await expectAlive(sender);
    slow.ws.resume();
    await slow.closes();
    assert.ok(slow.packetsWaiting < FLOOD_MESSAGES, 'it did not get everything');
});

// Whether the server drops it or stops reading: it must not take everything in. Given up once the
// server has read nothing for a while.
test('a client that sends and never reads is not queued for without limit', {
    notReference: 'queues without limit',
}, async () => {
    const client = await FrameClient.open(small);
    const { socket } = client.connection;
    socket.pause();
    const echo = frame(BINARY, Buffer.alloc(FLOOD_BYTES));
    let sent = 0;
    let stalled = false;
    while (!stalled && !socket.destroyed && sent < 5 * FLOOD_MESSAGES) {
        sent++;
        if (!socket.write(echo)) {
            const drained = new Promise((resolve) => socket.once('drain', () => resolve(false)));
            const gone = client.connection.ended.then(() => false);
            stalled = await Promise.race([drained, gone, delay(1000).then(() => true)]);
        }
    }
    assert.ok(sent < 5 * FLOOD_MESSAGES, `the server took all of ${sent} messages`);
    await expectAlive(await connect(small));
});

test('a client that does not answer the Close frame is cut off', {
    notReference: 'waits for 30 s',
}, async () => {
    const client = await FrameClient.open(protocol);
    client.write(frame(TEXT, 'no packet'));
    assert.equal(await client.closeCode(), 1005);
    await within(client.connection.ended, 'end of the connection', 4000);
});

test('a client that goes on sending after the Close frame is not listened to', async () => {
    const client = await FrameClient.open(protocol);
    client.write(frame(TEXT, 'no packet'));
    assert.equal(await client.closeCode(), 1005);
    for (let i = 0; i < 100; i++) {
        client.connection.write(frame(TEXT, `4${i}`));
    }
    client.connection.write(frame(CLOSE));
    assert.equal((await client.connection.rest()).length, 0);
});

test('a client that sends FIN without a Close frame is closed', async () => {
    const client = await FrameClient.open(clients);
    client.connection.socket.end();
    await client.connection.rest();
});

test('a client that is gone without a word is closed by the heartbeat', async () => {
    const client = await FrameClient.open(protocol);
    assert.equal(await client.text(), '2');
    assert.equal(await client.closeCode(), 1005);
    client.write(frame(CLOSE));
    await client.connection.rest();
});

test('200 handshakes broken off half-way are forgotten', async () => {
    const request = upgradeRequest(clients, WEBSOCKET);
    for (let i = 0; i < 200; i++) {
        const connection = await RawConnection.open(clients);
        connection.write(request.slice(0, 20 + i));
        connection.socket.destroy();
    }
    await expectAlive(await connect(clients));
});

test('200 websockets reset at every stage of the handshake are forgotten', async () => {
    for (let i = 0; i < 200; i++) {
        const connection = await RawConnection.open(clients);
        connection.write(upgradeRequest(clients, WEBSOCKET));
        if (i % 3 === 1) {
            await connection.readByServer();
        } else if (i % 3 === 2) {
            await connection.response();
            connection.write(frame(TEXT, '4x').subarray(0, i % 8));
        }
        connection.socket.resetAndDestroy();
    }
    await expectAlive(await connect(clients));
});

endsCleanly(clients, small, protocol);
