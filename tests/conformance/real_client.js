// SPDX-License-Identifier: MIT
//
// The stock socket.io-client 4 of npm, with deadlines.
'use strict';

const assert = require('node:assert/strict');
const { io } = require('socket.io-client');
const { destroyLater, within } = require('./harness');

const TRANSPORTS = {
    polling: { transports: ['polling'] },
    websocket: { transports: ['websocket'] },
    upgrade: { transports: ['polling', 'websocket'] },
};

function open(server, namespace = '/', options = {}) {
    const socket = io(`${server.origin}${namespace}`, {
        forceNew: true,
        reconnectionDelay: 20,
        reconnectionDelayMax: 100,
        ...options,
    });
    destroyLater(() => socket.disconnect());
    return socket;
}

// The arguments of the next event of that name.
function next(emitter, name) {
    const event = new Promise((resolve) => emitter.once(name, (...args) => resolve(args)));
    return within(event, `event ${name}`);
}

async function connect(server, namespace, options) {
    const socket = open(server, namespace, options);
    await next(socket, 'connect');
    return socket;
}

// Emits with an acknowledgement; gives the arguments of the answer.
function ask(socket, ...args) {
    const answer = new Promise((resolve) => socket.emit(...args, (...values) => resolve(values)));
    return within(answer, `acknowledgement of ${args[0]}`);
}

function asBuffer(data) {
    return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

async function upgradeOf(engine) {
    if (engine.transport.name !== 'websocket') {
        await next(engine, 'upgrade');
    }
    assert.equal(engine.transport.name, 'websocket');
}

module.exports = { TRANSPORTS, ask, asBuffer, connect, next, open, upgradeOf };
