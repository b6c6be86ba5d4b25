// SPDX-License-Identifier: MIT
//
// Engine.IO 4 clients for the tests, over polling and over WebSocket. Both give and take packets as
// they stand on the wire ('4hello', '2'; binary messages as Buffer) through the same three members:
// send(...packets), next() and isOver(). Unless asked not to, they answer heartbeats by themselves,
// so that no test passes merely because a session timed out.
'use strict';

const assert = require('node:assert/strict');
const { WebSocket } = require('ws');
const { Inbox, destroyLater, eventually, within } = require('./harness');
const { readByServer, request, startRequest } = require('./http_client');

const ENGINE = '/engine.io/';
const SEPARATOR = '\x1e';

function enginePath(path, transport, query = '') {
    return `${path}?EIO=4&transport=${transport}${query}`;
}

function parseOpenPacket(packet) {
    assert.equal(typeof packet, 'string');
    assert.equal(packet[0], '0', `open packet: ${packet}`);
    return JSON.parse(packet.slice(1));
}

// ---- polling --------------------------------------------------------------------------------

class PollingSession {
    #packets = [];

    static async open(server, { path = ENGINE } = {}) {
        const response = await request(server, enginePath(path, 'polling'));
        assert.equal(response.status, 200, response.body);
        const packets = response.body.split(SEPARATOR);
        const handshake = parseOpenPacket(packets.shift());
        return new PollingSession(server, path, handshake, packets);
    }

    constructor(server, path, handshake, packets) {
        this.server = server;
        this.path = path;
        this.handshake = handshake;
        this.sid = handshake.sid;
        this.url = enginePath(path, 'polling', `&sid=${this.sid}`);
        this.#packets = packets;
    }

    poll(options) {
        return request(this.server, this.url, options);
    }

    // A poll that waits at the server. {response, drop()}
    async waitingPoll() {
        const poll = startRequest(this.server, this.url);
        await readByServer(this.server, await poll.socket);
        return poll;
    }

    post(body, options) {
        return request(this.server, this.url, { method: 'POST', body, ...options });
    }

    async send(...packets) {
        const encoded = packets.map((packet) =>
            Buffer.isBuffer(packet) ? `b${packet.toString('base64')}` : packet);
        const response = await this.post(encoded.join(SEPARATOR));
        assert.deepEqual([response.status, response.body], [200, 'ok']);
    }

    // The next packet that is no ping.
    async next() {
        while (this.#packets.length === 0) {
            const response = await this.poll();
            assert.equal(response.status, 200, `poll: ${response.body}`);
            const packets = response.body.split(SEPARATOR);
            if (packets.includes('2')) {
                await this.post('3');
            }
            this.#packets = packets.filter((packet) => packet !== '2');
        }
        const packet = this.#packets.shift();
        return packet[0] === 'b' ? Buffer.from(packet.slice(1), 'base64') : packet;
    }

    // The server does not know the session any more.
    async isOver() {
        const { status, body } = await this.post('3');
        assert.deepEqual([status, body], [400, '{"code":1,"message":"Session ID unknown"}']);
    }

    // The same, for an end that comes by itself.
    async ends() {
        await eventually(async () => (await this.post('3')).status === 400, 'the session ends');
        await this.isOver();
    }

    upgrade(options) {
        const query = `&sid=${this.sid}`;
        return EngineSocket.connect(this.server, { path: this.path, query, ...options });
    }
}

// ---- websocket ------------------------------------------------------------------------------

class EngineSocket {
    #inbox = new Inbox();

    // Opens a session, and takes its open packet.
    static async open(server, options) {
        const engine = await EngineSocket.connect(server, options);
        engine.handshake = parseOpenPacket(await engine.next('open packet'));
        engine.sid = engine.handshake.sid;
        return engine;
    }

    // Opens a WebSocket only. Options: path, query, pongs (answer heartbeats), and those of ws.
    static async connect(server, { path = ENGINE, query = '', pongs = true, ...options } = {}) {
        const url = `ws://${server.host}:${server.port}${enginePath(path, 'websocket', query)}`;
        const ws = new WebSocket(url, { perMessageDeflate: false, ...options });
        const engine = new EngineSocket(ws, pongs);
        await within(Promise.race([engine.opened, engine.closed]), 'websocket handshake');
        assert.notEqual(engine.headers, undefined, `websocket refused: ${engine.error}`);
        return engine;
    }

    constructor(ws, pongs) {
        this.ws = ws;
        this.opened = new Promise((resolve) => ws.once('open', resolve));
        this.closed = new Promise((resolve) => {
            ws.once('close', (code, reason) => {
                this.#inbox.end(`closed with ${code}`);
                resolve({ code, reason: reason.toString() });
            });
        });
        ws.once('upgrade', (response) => (this.headers = response.headers));
        ws.on('error', (error) => (this.error = error.message));
        ws.on('message', (data, isBinary) => {
            const packet = isBinary ? data : data.toString();
            if (packet === '2' && pongs) {
                ws.send('3');
            } else {
                this.#inbox.push(packet);
            }
        });
        destroyLater(() => ws.terminate());
    }

    send(...packets) {
        packets.forEach((packet) => this.ws.send(packet));
    }

    // The same in one TCP segment.
    sendAtOnce(...packets) {
        this.ws._socket.cork();
        this.send(...packets);
        this.ws._socket.uncork();
    }

    next(what = 'packet', ms) {
        return this.#inbox.next(what, ms);
    }

    // The server closes the connection; gives {code, reason}.
    closes(ms) {
        return within(this.closed, 'close of the websocket', ms);
    }

    // The way a server ends a session in good order: a Close frame that carries no code.
    async isOver(ms) {
        const { code } = await this.closes(ms);
        assert.equal(code, 1005, 'close code');
    }

    get packetsWaiting() {
        return this.#inbox.length;
    }

    drop() {
        this.ws.terminate();
    }
}

const transports = {
    polling: (server, options) => PollingSession.open(server, options),
    websocket: (server, options) => EngineSocket.open(server, options),
};

module.exports = { ENGINE, EngineSocket, PollingSession, SEPARATOR, enginePath, transports };
