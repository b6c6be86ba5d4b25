// SPDX-License-Identifier: MIT
//
// A Socket.IO connection for the tests: an Engine.IO client that has joined a namespace. Packets
// stay as they are on the wire ('42["message",1]'), since the wire is what is tested.
'use strict';

const assert = require('node:assert/strict');
const { transports } = require('./engine_client');

const SOCKET_IO = '/socket.io/';

function openEngine(server, { transport = 'websocket', ...options } = {}) {
    return transports[transport](server, { path: SOCKET_IO, ...options });
}

// '40/nsp,{...}' -> {...}
function parseConnected(packet, namespace = '/') {
    const prefix = namespace === '/' ? '40' : `40${namespace},`;
    assert.ok(packet.startsWith(`${prefix}{`), `answer to CONNECT: ${packet}`);
    return JSON.parse(packet.slice(prefix.length));
}

// Joins a namespace over an engine that is open. Gives the answer, {sid}.
async function join(engine, namespace = '/', auth = '') {
    await engine.send(namespace === '/' ? `40${auth}` : `40${namespace},${auth}`);
    return parseConnected(await engine.next('answer to CONNECT'), namespace);
}

// '42["name",...]', with or without namespace and ack id -> {namespace, id, args}
function parseEvent(packet) {
    const matched = /^42(?:(\/[^,]*),)?(\d*)(\[.*\])$/s.exec(packet);
    assert.ok(matched, `event: ${packet}`);
    const [, namespace = '/', id, args] = matched;
    return { namespace, id: id === '' ? null : Number(id), args: JSON.parse(args) };
}

// Takes an event and compares its arguments. Where connection state recovery is on, an event
// without ack id may carry one more argument, the offset, which is a string.
async function expectEvent(engine, expected) {
    const { id, args } = parseEvent(await engine.next(`event ${expected[0]}`));
    const hasOffset = engine.recovery && id === null && args.length === expected.length + 1;
    if (hasOffset) {
        assert.equal(typeof args.pop(), 'string');
    }
    assert.deepEqual(args, expected);
    return id;
}

// An engine that has joined `namespace` and taken the events it sends on connection.
async function connect(server, { namespace = '/', auth, ...options } = {}) {
    const engine = await openEngine(server, options);
    const { sid, pid } = await join(engine, namespace, auth);
    engine.socketId = sid;
    engine.recovery = pid !== undefined;
    if (namespace === '/' || namespace === '/custom') {
        await expectEvent(engine, ['auth', auth ? JSON.parse(auth) : {}]);
    }
    return engine;
}

// The connection still works, and nothing else was sent on it meanwhile.
async function expectAlive(engine) {
    await engine.send('42["message","alive"]');
    await expectEvent(engine, ['message-back', 'alive']);
}

const placeholder = (index) => `{"_placeholder":true,"num":${index}}`;

module.exports = {
    SOCKET_IO,
    connect,
    expectAlive,
    expectEvent,
    join,
    openEngine,
    parseConnected,
    parseEvent,
    placeholder,
};
