// SPDX-License-Identifier: MIT
//
// Engine.IO 3 clients for the tests, over polling and over WebSocket: those of engine_client.js for
// the older revision. They ping when they are told to, and give and take packets as they stand in
// text form ('4hello', '2'); binary messages are Buffers without their type.
'use strict';

const assert = require('node:assert/strict');
const { WebSocket } = require('ws');
const { Inbox, destroyLater, eventually, within } = require('./harness');
const { ENGINE } = require('./engine_client');
const { readByServer, request, startRequest } = require('./http_client');

const BINARY_TYPE = 'application/octet-stream';

function eio3Path(path, transport, query = '') {
    return `${path}?EIO=3&transport=${transport}${query}`;
}

// ---- payloads -------------------------------------------------------------------------------

function inText(packet) {
    return Buffer.isBuffer(packet) ? `b4${packet.toString('base64')}` : packet;
}

// What the length of text is in JavaScript is what it is in a payload.
function encodeText(...packets) {
    return packets.map(inText).map((packet) => `${packet.length}:${packet}`).join('');
}

function encodeBinary(...packets) {
    return Buffer.concat(packets.flatMap((packet) => {
        const isBinary = Buffer.isBuffer(packet);
        const bytes = isBinary ? Buffer.concat([Buffer.of(4), packet]) : Buffer.from(packet);
        const digits = [...String(bytes.length)].map(Number);
        return [Buffer.of(isBinary ? 1 : 0, ...digits, 255), bytes];
    }));
}

function decodeText(body) {
    const packets = [];
    let rest = body;
    while (rest !== '') {
        const [, length] = /^(\d+):/.exec(rest) ?? assert.fail(`no length: ${rest.slice(0, 50)}`);
        const begin = length.length + 1;
        const packet = rest.slice(begin, begin + Number(length));
        assert.equal(packet.length, Number(length), 'the payload is whole');
        const isBase64 = packet.startsWith('b4');
        packets.push(isBase64 ? Buffer.from(packet.slice(2), 'base64') : packet);
        rest = rest.slice(begin + Number(length));
    }
    return packets;
}

function decodeBinary(body) {
    const packets = [];
    let rest = body;
    while (rest.length > 0) {
        const end = rest.indexOf(255);
        const length = Number([...rest.subarray(1, end)].join(''));
        const bytes = rest.subarray(end + 1, end + 1 + length);
        assert.equal(bytes.length, length, 'the payload is whole');
        assert.ok(rest[0] === 0 || (rest[0] === 1 && bytes[0] === 4));
        packets.push(rest[0] === 0 ? bytes.toString() : bytes.subarray(1));
        rest = rest.subarray(end + 1 + length);
    }
    return packets;
}

function decode(response) {
    assert.equal(response.status, 200, `poll: ${response.body}`);
    return response.headers['content-type'] === BINARY_TYPE
        ? decodeBinary(response.bytes)
        : decodeText(response.body);
}

// ---- clients --------------------------------------------------------------------------------

class PollingSession3 {
    #packets = [];

    // query: more of it, for the handshake and each request (`&b64=1`).
    static async open(server, { path = ENGINE, query = '' } = {}) {
        const response = await request(server, eio3Path(path, 'polling', query));
        const [open, ...more] = decode(response);
        assert.equal(open[0], '0', `open packet: ${open}`);
        assert.deepEqual(more, [], 'the open packet comes alone');
        return new PollingSession3(server, path, query, JSON.parse(open.slice(1)));
    }

    constructor(server, path, query, handshake) {
        this.server = server;
        this.path = path;
        this.handshake = handshake;
        this.sid = handshake.sid;
        this.url = eio3Path(path, 'polling', `${query}&sid=${this.sid}`);
    }

    poll() {
        return request(this.server, this.url);
    }

    async waitingPoll() {
        const poll = startRequest(this.server, this.url);
        await readByServer(this.server, await poll.socket);
        return poll;
    }

    post(body, headers) {
        return request(this.server, this.url, { method: 'POST', body, headers });
    }

    async send(...packets) {
        const response = await this.post(encodeText(...packets));
        assert.deepEqual([response.status, response.body], [200, 'ok']);
    }

    async next() {
        while (this.#packets.length === 0) {
            this.#packets = decode(await this.poll());
        }
        return this.#packets.shift();
    }

    async isOver() {
        const { status, body } = await this.post('1:2');
        assert.deepEqual([status, body], [400, '{"code":1,"message":"Session ID unknown"}']);
    }

    async ends() {
        await eventually(async () => (await this.poll()).status === 400, 'the session ends');
        await this.isOver();
    }

    upgrade() {
        return EngineSocket3.connect(this.server, { path: this.path, query: `&sid=${this.sid}` });
    }
}

class EngineSocket3 {
    #inbox = new Inbox();

    static async open(server, options) {
        const engine = await EngineSocket3.connect(server, options);
        const open = await engine.next('open packet');
        assert.equal(open[0], '0', `open packet: ${open}`);
        engine.handshake = JSON.parse(open.slice(1));
        engine.sid = engine.handshake.sid;
        return engine;
    }

    static async connect(server, { path = ENGINE, query = '' } = {}) {
        const url = `ws://${server.host}:${server.port}${eio3Path(path, 'websocket', query)}`;
        const engine = new EngineSocket3(new WebSocket(url, { perMessageDeflate: false }));
        await within(Promise.race([engine.opened, engine.closed]), 'websocket handshake');
        assert.equal(engine.error, undefined, `websocket refused: ${engine.error}`);
        return engine;
    }

    constructor(ws) {
        this.ws = ws;
        this.opened = new Promise((resolve) => ws.once('open', resolve));
        this.closed = new Promise((resolve) => ws.once('close', (code) => {
            this.#inbox.end(`closed with ${code}`);
            resolve(code);
        }));
        ws.on('error', (error) => (this.error = error.message));
        ws.on('message', (data, isBinary) => {
            assert.ok(!isBinary || data[0] === 4, 'a binary message begins with its type');
            this.#inbox.push(isBinary ? data.subarray(1) : data.toString());
        });
        destroyLater(() => ws.terminate());
    }

    send(...packets) {
        for (const packet of packets) {
            const isBinary = Buffer.isBuffer(packet);
            this.ws.send(isBinary ? Buffer.concat([Buffer.of(4), packet]) : packet);
        }
    }

    next(what = 'packet', ms) {
        return this.#inbox.next(what, ms);
    }

    async isOver() {
        assert.equal(await within(this.closed, 'close of the websocket'), 1005, 'close code');
    }
}

const transports3 = { polling: PollingSession3, websocket: EngineSocket3 };

module.exports = {
    BINARY_TYPE,
    EngineSocket3,
    PollingSession3,
    decode,
    eio3Path,
    encodeBinary,
    encodeText,
    transports3,
};
