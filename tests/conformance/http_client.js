// SPDX-License-Identifier: MIT
//
// HTTP for the tests, twice: request() goes through Node's client, for tests of what is served;
// RawConnection is a bare TCP connection on which a test writes any bytes it likes and reads the
// answers with a strict parser, for tests of the protocol itself.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const { destroyLater, eventually, within } = require('./harness');

// ---- whole requests -------------------------------------------------------------------------

// Starts a request. `response` resolves to {status, headers, body (text), bytes}; `socket` to the
// TCP connection it went over.
function startRequest(server, path, options = {}) {
    const { method = 'GET', headers, body, agent = false } = options;
    const { host, port } = server;
    const outgoing = http.request({ host, port, path, method, headers, agent });
    const socket = new Promise((resolve) => outgoing.once('socket', resolve));
    const response = new Promise((resolve, reject) => {
        outgoing.once('error', reject);
        outgoing.once('response', (incoming) => {
            const chunks = [];
            incoming.on('data', (chunk) => chunks.push(chunk));
            incoming.once('error', reject);
            incoming.once('end', () => {
                const bytes = Buffer.concat(chunks);
                const { statusCode: status } = incoming;
                resolve({ status, headers: incoming.headers, bytes, body: bytes.toString() });
            });
        });
    });
    const inTime = within(response, `response to ${method} ${path.slice(0, 100)}`);
    inTime.catch(() => {}); // a test may drop the connection and never ask
    destroyLater(() => outgoing.destroy());
    outgoing.end(body);
    return {
        socket,
        response: inTime,
        drop: () => outgoing.destroy(),
    };
}

function request(server, path, options) {
    return startRequest(server, path, options).response;
}

// ---- what the server has read ---------------------------------------------------------------

const ROUND_TRIPS = 8;

// Resolves once the server has read what was written to the socket so far: the event to wait for
// where a request must have arrived but gets no answer yet. Requests that are sent after it and are
// answered tell so. A server of several loops takes these on any of them, hence so many.
async function readByServer(server, socket) {
    if (socket.connecting) {
        await within(new Promise((resolve) => socket.once('connect', resolve)), 'connection');
    }
    await eventually(() => socket.writableLength === 0, 'the request is written');
    for (let i = 0; i < ROUND_TRIPS; i++) {
        await request(server, '/nowhere');
    }
}

// ---- a bare connection ----------------------------------------------------------------------

class RawConnection {
    #received = Buffer.alloc(0);
    #wake = () => {};
    #closed = false;

    static async open(server) {
        const socket = net.connect({ host: server.host, port: server.port, noDelay: true });
        await within(new Promise((resolve, reject) => {
            socket.once('connect', resolve);
            socket.once('error', reject);
        }), 'connection');
        return new RawConnection(server, socket);
    }

    constructor(server, socket) {
        this.server = server;
        this.socket = socket;
        socket.on('data', (chunk) => {
            this.#received = Buffer.concat([this.#received, chunk]);
            this.#wake();
        });
        this.ended = new Promise((resolve) => {
            const end = (how) => {
                this.#closed = true;
                this.#wake();
                resolve(how);
            };
            socket.once('end', () => end('FIN'));
            socket.once('error', (error) => end(error.code));
            socket.once('close', () => end('closed'));
        });
        destroyLater(() => socket.destroy());
    }

    write(data) {
        this.socket.write(data);
    }

    async writeByteByByte(data) {
        for (const byte of Buffer.from(data)) {
            this.socket.write(Buffer.of(byte));
            await new Promise(setImmediate);
        }
    }

    readByServer() {
        return readByServer(this.server, this.socket);
    }

    // Sends `pieces` one by one until they are used up, the peer answers or it closes.
    async writeUntilAnswered(pieces) {
        let sent = 0;
        for (const piece of pieces) {
            if (this.hasInput || this.#closed) {
                break;
            }
            this.socket.write(piece);
            sent += piece.length;
            await new Promise((resolve) => setTimeout(resolve, 1)); // lets the answer be read
        }
        return sent;
    }

    get hasInput() {
        return this.#received.length > 0;
    }

    // Waits until `take` finds what it wants at the front of the input: it gets the buffer, and
    // returns [value, bytes used] or null. Fails at the end of the input.
    async take(take, what) {
        for (;;) {
            const found = take(this.#received);
            if (found) {
                this.#received = this.#received.subarray(found[1]);
                return found[0];
            }
            assert.ok(!this.#closed, `connection closed before ${what}`);
            await within(new Promise((resolve) => (this.#wake = resolve)), what);
        }
    }

    // Everything up to the end of the connection.
    async rest() {
        await within(this.ended, 'end of the connection');
        return this.#received;
    }

    // One response, with its body as Content-Length or the chunks say (or till the end of input).
    async response({ bodyless = false } = {}) {
        const head = await this.take((input) => {
            const end = input.indexOf('\r\n\r\n');
            return end < 0 ? null : [input.toString('latin1', 0, end), end + 4];
        }, 'response head');
        const [statusLine, ...lines] = head.split('\r\n');
        const matched = /^HTTP\/1\.[01] (\d{3}) [\x20-\x7e]*$/.exec(statusLine);
        assert.ok(matched, `status line: ${statusLine}`);
        const status = Number(matched[1]);
        const headers = parseHeaders(lines);
        const isEmpty = bodyless || status === 101 || status === 204 || status === 304;
        const bytes = isEmpty ? Buffer.alloc(0) : await this.#body(headers);
        return { status, headers, bytes, body: bytes.toString() };
    }

    async #body(headers) {
        if (headers['transfer-encoding'] === 'chunked') {
            return this.#chunks();
        }
        const length = headers['content-length'];
        if (length === undefined) {
            return this.rest();
        }
        assert.match(length, /^\d+$/);
        return this.read(Number(length), 'response body');
    }

    async #chunks() {
        const chunks = [];
        for (;;) {
            const size = parseInt(await this.line('chunk size'), 16);
            chunks.push(await this.read(size, 'chunk'));
            assert.equal(await this.line('end of chunk'), '');
            if (size === 0) {
                return Buffer.concat(chunks);
            }
        }
    }

    read(size, what = `${size} bytes`) {
        return this.take(
            (input) => (input.length < size ? null : [Buffer.from(input.subarray(0, size)), size]),
            what,
        );
    }

    line(what) {
        return this.take((input) => {
            const end = input.indexOf('\r\n');
            return end < 0 ? null : [input.toString('latin1', 0, end), end + 2];
        }, what);
    }
}

const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/;

// {lower-case name: value}; a name that comes twice has its values joined by a comma.
function parseHeaders(lines) {
    const headers = {};
    for (const line of lines) {
        const matched = HEADER_LINE.exec(line);
        assert.ok(matched, `response header: ${JSON.stringify(line)}`);
        const name = matched[1].toLowerCase();
        const value = matched[2].trimEnd();
        headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    return headers;
}

module.exports = { RawConnection, readByServer, request, startRequest };
