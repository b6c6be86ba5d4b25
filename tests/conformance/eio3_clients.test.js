// SPDX-License-Identifier: MIT
//
// The stock socket.io-client 2 (Engine.IO 3) and 3 (Engine.IO 4) of npm against profile clients: over
// polling, over WebSocket, and by the upgrade. What is the same for 4 is in clients.test.js.
'use strict';

const assert = require('node:assert/strict');
const client2 = require('socket.io-client-2');
const { io: client3 } = require('socket.io-client-3');
const { io: client4 } = require('socket.io-client');
const { destroyLater, endsCleanly, test, useServer, within } = require('./harness');
const { ask, asBuffer, next } = require('./real_client');

const server = useServer('clients');

const VERSIONS = { 2: client2, 3: client3 };

const TRANSPORTS = {
    polling: { transports: ['polling'] },
    'polling in base64': { transports: ['polling'], forceBase64: true },
    websocket: { transports: ['websocket'] },
    upgrade: { transports: ['polling', 'websocket'] },
};

let rooms = 0;

// With all namespaces, and without coming back.
function closeManager(manager) {
    (manager._close ?? manager.close).call(manager);
}

function open(io, namespace, options) {
    const socket = io(`${server.origin}${namespace}`, {
        forceNew: true,
        reconnectionDelay: 20,
        reconnectionDelayMax: 100,
        ...options,
    });
    destroyLater(() => closeManager(socket.io));
    return socket;
}

async function connect(io, namespace, options) {
    const socket = open(io, namespace, options);
    await next(socket, 'connect');
    return socket;
}

async function upgraded(socket) {
    const { engine } = socket.io;
    if (engine.transport.name !== 'websocket') {
        await next(engine, 'upgrade');
    }
}

// ---- both -----------------------------------------------------------------------------------

const common = {
    'values of every type come back': async (io, options) => {
        const socket = await connect(io, '/', options);
        const args = [1, '2', { a: [true, null, 1.5] }, '€日本😀 \u2028', [], {}, false, null];
        const back = next(socket, 'message-back');
        socket.emit('message', ...args);
        assert.deepEqual(await back, args);
    },

    'binary goes both ways, and is acknowledged': async (io, options) => {
        const socket = await connect(io, '/', options);
        const big = Buffer.alloc(200000, 3);
        const back = next(socket, 'message-back');
        socket.emit('message', { b: Buffer.of(1, 2, 255), t: 'é' }, Buffer.of(9), big);
        const [object, one, rest] = await back;
        assert.equal(object.t, 'é');
        assert.deepEqual([object.b, one].map(asBuffer), [Buffer.of(1, 2, 255), Buffer.of(9)]);
        assert.ok(big.equals(asBuffer(rest)));
        const [answer] = await ask(socket, 'message-with-ack', Buffer.of(0, 4));
        assert.deepEqual(asBuffer(answer), Buffer.of(0, 4));
    },

    'the server asks, the client answers': async (io, options) => {
        const socket = await connect(io, '/', options);
        socket.on('question', (value, answer) => answer(value, Buffer.of(7)));
        const answer = next(socket, 'answer');
        socket.emit('ask-me', 'x');
        const [value, bytes] = await answer;
        assert.deepEqual([value, asBuffer(bytes)], ['x', Buffer.of(7)]);
    },

    'namespaces share a connection': async (io, options) => {
        const main = await connect(io, '/', options);
        const custom = main.io.socket('/custom', {});
        await next(custom, 'connect');
        assert.deepEqual(await ask(custom, 'message-with-ack', 'c'), ['c']);
        assert.deepEqual(await ask(custom, 'whoami'), [custom.id]);
        assert.deepEqual(await ask(main, 'whoami'), [main.id]);
    },

    'a room with a client 4 in it, talked to from both sides': async (io, options) => {
        const room = `room ${rooms++}`;
        const [old, young] = [await connect(io, '/', options), await connect(client4, '/', options)];
        await ask(old, 'join', room);
        await ask(young, 'join', room);
        for (const sender of [old, young]) {
            const heard = [old, young].map((socket) => next(socket, 'room-msg'));
            sender.emit('to-room', room, 'hello é', { bytes: Buffer.of(4, 5) });
            for (const [text, { bytes }] of await Promise.all(heard)) {
                assert.deepEqual([text, asBuffer(bytes)], ['hello é', Buffer.of(4, 5)]);
            }
        }
        await ask(old, 'leave', room);
        old.on('room-msg', () => assert.fail('it has left'));
        young.emit('to-room', room, 'x');
        await ask(young, 'whoami');
        await ask(old, 'whoami');
    },

    'events keep their order, binary or not': async (io, options) => {
        const socket = await connect(io, '/', options);
        const got = [];
        const all = new Promise((resolve) => {
            socket.on('message-back', (value) => {
                got.push(typeof value === 'number' ? value : asBuffer(value)[0]);
                if (got.length === 200) {
                    resolve();
                }
            });
        });
        for (let i = 0; i < 200; i++) {
            socket.emit('message', i % 3 === 0 ? Buffer.of(i) : i);
        }
        await within(all, 'all of them');
        assert.deepEqual(got, Array.from({ length: 200 }, (unused, i) => i));
    },

    'a kick is an io server disconnect': async (io, options) => {
        const socket = await connect(io, '/', options);
        const told = next(socket, 'disconnect');
        socket.emit('kick-all');
        assert.equal((await told)[0], 'io server disconnect');
    },

    'it is back after a kick': async (io, options) => {
        const socket = await connect(io, '/', options);
        const told = next(socket, 'disconnect');
        socket.emit('kick-all');
        await told;
        const connected = next(socket, 'connect');
        socket.connect();
        await connected;
        assert.deepEqual(await ask(socket, 'message-with-ack', 'again'), ['again']);
    },

    'it is back after its connection has broken': async (io, options) => {
        const socket = await connect(io, '/', options);
        if (options === TRANSPORTS.upgrade) {
            await upgraded(socket);
        }
        const before = socket.id;
        const connected = next(socket, 'disconnect').then(() => next(socket, 'connect'));
        socket.emit('drop');
        await connected;
        assert.notEqual(socket.id, before);
        assert.deepEqual(await ask(socket, 'whoami'), [socket.id]);
    },
};

for (const [version, io] of Object.entries(VERSIONS)) {
    for (const [transport, options] of Object.entries(TRANSPORTS)) {
        for (const [name, body] of Object.entries(common)) {
            test(`client ${version}, ${transport}: ${name}`, () => body(io, options));
        }
    }

    test(`client ${version} upgrades, and loses nothing by it`, async () => {
        const socket = await connect(io, '/', TRANSPORTS.upgrade);
        const answers = [];
        for (let i = 0; i < 50; i++) {
            answers.push(ask(socket, 'message-with-ack', i, Buffer.of(i)));
            await new Promise(setImmediate);
        }
        await upgraded(socket);
        const values = await Promise.all(answers);
        assert.deepEqual(values.map(([i, bytes]) => [i, asBuffer(bytes)[0]]),
            Array.from({ length: 50 }, (unused, i) => [i, i]));
        assert.equal(socket.io.engine.transport.name, 'websocket');
    });
}

// ---- 2 alone --------------------------------------------------------------------------------

for (const [transport, options] of Object.entries(TRANSPORTS)) {
    const name = (text) => `client 2, ${transport}: ${text}`;

    test(name('its ids are those of the server'), async () => {
        const socket = await connect(client2, '/', options);
        assert.equal(socket.id, socket.io.engine.id);
        assert.deepEqual(await ask(socket, 'whoami'), [socket.id]);
        const custom = await connect(client2, '/custom', options);
        assert.equal(custom.id, `/custom#${custom.io.engine.id}`);
        assert.deepEqual(await ask(custom, 'whoami'), [custom.id]);
        const heard = next(custom, 'room-msg');
        custom.emit('to-room', custom.id, 'to myself');
        assert.deepEqual(await heard, ['to myself']);
    });

    test(name('the query of a namespace is its auth'), async () => {
        const socket = open(client2, '/custom', { ...options, query: { token: 'a b', é: '1' } });
        assert.deepEqual(await next(socket, 'auth'), [{ token: 'a b', é: '1' }]);
        const main = open(client2, '/', { ...options, query: { token: 'x' } });
        assert.deepEqual(await next(main, 'auth'), [{}]);
    });

    test(name('a refusal arrives as error'), async () => {
        const socket = open(client2, '/denied', options);
        assert.deepEqual(await next(socket, 'error'), [{ code: 42 }]);
    });

    test(name('an unknown namespace arrives as error'), async () => {
        const socket = open(client2, '/unknown', options);
        assert.deepEqual(await next(socket, 'error'), [{ message: 'Invalid namespace' }]);
    });
}

endsCleanly(server);
