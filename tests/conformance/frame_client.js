// SPDX-License-Identifier: MIT
//
// A WebSocket client that works with single frames (RFC 6455 section 5.2), so that tests can send
// what no decent client would, and check every frame the server sends: unmasked, no reserved bit
// (but RSV1 of a compressed message, where that was agreed on), the shortest form of the length,
// control frames whole and short.
'use strict';

const assert = require('node:assert/strict');
const { RawConnection } = require('./http_client');
const { ENGINE, enginePath } = require('./engine_client');

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const MASK = Buffer.of(0x12, 0x34, 0x56, 0x78);

function encodeLength(length, maskBit) {
    if (length < 126) {
        return Buffer.of(maskBit | length);
    }
    if (length < 65536) {
        return Buffer.of(maskBit | 126, length >> 8, length & 255);
    }
    const bytes = Buffer.alloc(9);
    bytes[0] = maskBit | 127;
    bytes.writeBigUInt64BE(BigInt(length), 1);
    return bytes;
}

// A client frame. Options: fin, rsv (bits 4 2 1), masked, length (to claim another one).
function frame(opcode, payload = '', options = {}) {
    const { fin = true, rsv = 0, masked = true } = options;
    const bytes = Buffer.from(payload);
    const head = Buffer.of((fin ? 0x80 : 0) | (rsv << 4) | opcode);
    const length = encodeLength(options.length ?? bytes.length, masked ? 0x80 : 0);
    if (!masked) {
        return Buffer.concat([head, length, bytes]);
    }
    const hidden = bytes.map((byte, i) => byte ^ MASK[i % 4]);
    return Buffer.concat([head, length, MASK, hidden]);
}

function closeFrame(code, reason = '') {
    return frame(CLOSE, Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]));
}

function upgradeRequest(server, path) {
    return `GET ${path} HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\n`
        + 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
        + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
}

// The request with an offer of extensions.
function withOffer(request, offer) {
    return request.replace(/\r\n$/, `Sec-WebSocket-Extensions: ${offer}\r\n\r\n`);
}

class FrameClient {
    // Opens an Engine.IO session and takes its open packet. Options: path, offer (of extensions).
    static async open(server, { path = ENGINE, offer } = {}) {
        const connection = await RawConnection.open(server);
        const request = upgradeRequest(server, enginePath(path, 'websocket'));
        connection.write(offer ? withOffer(request, offer) : request);
        const client = new FrameClient(connection);
        await client.accepted();
        return client;
    }

    constructor(connection) {
        this.connection = connection;
    }

    async accepted() {
        const { status, headers } = await this.connection.response();
        assert.equal(status, 101);
        this.extensions = headers['sec-websocket-extensions'];
        assert.match(await this.text(), /^0\{"sid":/);
    }

    write(...frames) {
        this.connection.write(Buffer.concat(frames));
    }

    async next() {
        const [first, second] = await this.connection.read(2, 'frame');
        const opcode = first & 15;
        const compressed = (first & 0x40) !== 0;
        assert.equal(first & 0x30, 0, 'no reserved bit is set');
        assert.ok(!compressed || (this.extensions && opcode < CLOSE), 'compressed as agreed');
        assert.equal(second & 0x80, 0, 'a server masks no frame');
        const fin = first >= 128;
        const length = await this.#length(second);
        if (opcode >= CLOSE) {
            assert.ok(fin && length < 126, 'a control frame is whole and short');
        }
        const payload = await this.connection.read(length, 'payload');
        return { fin, opcode, compressed, payload };
    }

    async #length(short) {
        if (short < 126) {
            return short;
        }
        const size = short === 126 ? 2 : 8;
        const length = parseInt((await this.connection.read(size)).toString('hex'), 16);
        assert.ok(length >= (size === 2 ? 126 : 65536), 'the length has its shortest form');
        return length;
    }

    async text() {
        const { fin, opcode, compressed, payload } = await this.next();
        assert.deepEqual([fin, opcode, compressed], [true, TEXT, false]);
        return payload.toString();
    }

    // The next frame is Close; gives its code (1005 if it has none). Then the server ends the TCP
    // connection, once the client has answered or at once.
    async closeCode() {
        const { opcode, payload } = await this.next();
        assert.equal(opcode, CLOSE, `frame ${opcode} ${payload.toString().slice(0, 50)}`);
        assert.notEqual(payload.length, 1);
        return payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    }

    // The server closes with that code, sends nothing after it, and ends the connection.
    async expectClosed(code) {
        assert.equal(await this.closeCode(), code);
        if (!this.connection.socket.destroyed) {
            this.write(code === 1005 ? frame(CLOSE) : closeFrame(code));
        }
        assert.equal((await this.connection.rest()).length, 0, 'nothing follows the Close frame');
    }

    async expectEcho(text) {
        this.write(frame(TEXT, `4${text}`));
        assert.equal(await this.text(), `4${text}`);
    }
}

module.exports = {
    BINARY,
    CLOSE,
    CONTINUATION,
    FrameClient,
    PING,
    PONG,
    TEXT,
    closeFrame,
    frame,
    upgradeRequest,
    withOffer,
};
