// SPDX-License-Identifier: MIT
//
// The stock socket.io-client 4 of npm against profile clients: over polling, over WebSocket, and
// the way it works by default, polling first and then the upgrade. engine.io-client 6 likewise.
'use strict';

const assert = require('node:assert/strict');
const { Socket: EngineClient } = require('engine.io-client');
const { destroyLater, endsCleanly, startServer, test, useServer, within } = require('./harness');
const { TRANSPORTS, ask, asBuffer, connect, next, open, upgradeOf } = require('./real_client');

const clients = useServer('clients');

let rooms = 0;

// What is the same over every transport: name, and a test that gets the transport's options.
const common = {
    'connects, and the server sees its auth object': async (options) => {
        const socket = open(clients, '/', { ...options, auth: { token: 't', nested: [1] } });
        assert.deepEqual(await next(socket, 'auth'), [{ token: 't', nested: [1] }]);
        assert.match(socket.id, /^[\w-]{20}$/);
    },

    'auth may be a function': async (options) => {
        const auth = (callback) => callback({ late: true });
        const socket = open(clients, '/', { ...options, auth });
        assert.deepEqual(await next(socket, 'auth'), [{ late: true }]);
    },

    'values of every type come back': async (options) => {
        const socket = await connect(clients, '/', options);
        const args = [1, '2', { a: [true, null, 1.5] }, '€日本😀', [], {}, 1e21, false, null];
        const back = next(socket, 'message-back');
        socket.emit('message', ...args);
        assert.deepEqual(await back, args);
    },

    'an event is acknowledged': async (options) => {
        const socket = await connect(clients, '/', options);
        assert.deepEqual(await ask(socket, 'message-with-ack', 1, { x: 'y' }), [1, { x: 'y' }]);
        assert.deepEqual(await ask(socket, 'message-with-ack'), []);
    },

    'emitWithAck and its timeout work': async (options) => {
        const socket = await connect(clients, '/', options);
        assert.equal(await socket.timeout(5000).emitWithAck('message-with-ack', 'x'), 'x');
        await assert.rejects(socket.timeout(50).emitWithAck('no handler'), /timed out/);
    },

    'binary goes both ways, mixed with text': async (options) => {
        const socket = await connect(clients, '/', options);
        const back = next(socket, 'message-back');
        socket.emit('message', { b: Buffer.of(1, 2, 3), t: 'x' }, Buffer.alloc(0), [Buffer.of(9)]);
        const [object, empty, array] = await back;
        assert.equal(object.t, 'x');
        assert.deepEqual([object.b, empty, array[0]].map(asBuffer),
            [Buffer.of(1, 2, 3), Buffer.alloc(0), Buffer.of(9)]);
    },

    'binary is acknowledged': async (options) => {
        const socket = await connect(clients, '/', options);
        const [bytes, view] = await ask(socket, 'message-with-ack', Buffer.of(0, 255, 128),
            new Uint8Array([5, 6]));
        assert.deepEqual([bytes, view].map(asBuffer), [Buffer.of(0, 255, 128), Buffer.of(5, 6)]);
    },

    'two namespaces share one connection': async (options) => {
        const main = await connect(clients, '/', options);
        const custom = main.io.socket('/custom');
        await next(custom, 'connect');
        assert.notEqual(custom.id, main.id);
        assert.deepEqual(await ask(custom, 'message-with-ack', 'c'), ['c']);
        assert.deepEqual(await ask(main, 'message-with-ack', 'm'), ['m']);
        custom.disconnect();
        assert.deepEqual(await ask(main, 'message-with-ack', 'still'), ['still']);
    },

    'an unknown namespace is refused': async (options) => {
        const socket = open(clients, '/unknown', options);
        const [error] = await next(socket, 'connect_error');
        assert.equal(error.message, 'Invalid namespace');
        assert.equal(socket.active, false);
    },

    'a middleware refuses with message and data': async (options) => {
        const socket = open(clients, '/denied', options);
        const [error] = await next(socket, 'connect_error');
        assert.deepEqual([error.message, error.data], ['not authorized', { code: 42 }]);
    },

    'a broadcast reaches the others, also with binary': async (options) => {
        const server = await startServer('clients');
        const [a, b] = [await connect(server, '/', options), await connect(server, '/', options)];
        a.on('bcast', () => assert.fail('the sender got its own broadcast'));
        const got = next(b, 'bcast');
        a.emit('bcast-others', { n: 1 }, Buffer.of(1, 2));
        const [object, bytes] = await got;
        assert.deepEqual([object, asBuffer(bytes)], [{ n: 1 }, Buffer.of(1, 2)]);
        await ask(a, 'message-with-ack');
    },

    'a room reaches its members only': async (options) => {
        const room = `room-${rooms++}`;
        const sockets = [];
        for (let i = 0; i < 3; i++) {
            sockets.push(await connect(clients, '/', options));
        }
        const [a, b, outsider] = sockets;
        await ask(a, 'join', room);
        await ask(b, 'join', room);
        outsider.on('room-msg', () => assert.fail('the outsider got a message'));
        const got = Promise.all([next(a, 'room-msg'), next(b, 'room-msg')]);
        outsider.emit('to-room', room, 'hi');
        assert.deepEqual(await got, [['hi'], ['hi']]);
        await ask(b, 'leave', room);
        b.on('room-msg', () => assert.fail('who left got a message'));
        const again = next(a, 'room-msg');
        outsider.emit('to-room', room, 'again');
        assert.deepEqual(await again, ['again']);
        await Promise.all([ask(b, 'message-with-ack'), ask(outsider, 'message-with-ack')]);
    },

    'the server asks for an acknowledgement': async (options) => {
        const socket = await connect(clients, '/', options);
        socket.on('question', (value, answer) => answer(value + 1, 'ok'));
        const answered = next(socket, 'answer');
        socket.emit('ask-me', 41);
        assert.deepEqual(await answered, [42, 'ok']);
    },

    'disconnect() of the server: io server disconnect, and no reconnection': async (options) => {
        const socket = await connect(clients, '/', options);
        const gone = next(socket, 'disconnect');
        socket.emit('kick');
        assert.equal((await gone)[0], 'io server disconnect');
        assert.equal(socket.active, false);
    },

    'disconnect(true) of the server: io server disconnect': async (options) => {
        const socket = await connect(clients, '/', options);
        const gone = next(socket, 'disconnect');
        socket.emit('kick-all');
        assert.equal((await gone)[0], 'io server disconnect');
    },

    'disconnect() of the client, and then connect()': async (options) => {
        const socket = await connect(clients, '/', options);
        const { id } = socket;
        const gone = next(socket, 'disconnect');
        socket.disconnect();
        assert.equal((await gone)[0], 'io client disconnect');
        socket.connect();
        await next(socket, 'connect');
        assert.notEqual(socket.id, id);
        assert.deepEqual(await ask(socket, 'message-with-ack', 1), [1]);
    },

    'a dropped connection is joined anew by itself': async (options) => {
        const socket = await connect(clients, '/', options);
        if (options.transports.length > 1) {
            await upgradeOf(socket.io.engine);
        }
        const { id } = socket;
        const gone = next(socket, 'disconnect');
        socket.emit('drop');
        assert.match((await gone)[0], /^transport (close|error)$/);
        await next(socket, 'connect');
        assert.notEqual(socket.id, id);
        assert.deepEqual(await ask(socket, 'message-with-ack', 9), [9]);
    },

    '500 events keep their order': async (options) => {
        const socket = await connect(clients, '/', options);
        const got = [];
        const all = new Promise((resolve) => {
            socket.on('message-back', (i) => got.push(i) === 500 && resolve());
        });
        for (let i = 0; i < 500; i++) {
            socket.emit('message', i);
        }
        await within(all, 'all of 500 events', 15000);
        assert.deepEqual(got, Array.from({ length: 500 }, (_, i) => i));
    },

    '200 kB of text and 200 kB of binary come back': async (options) => {
        const socket = await connect(clients, '/', options);
        const text = 'é'.repeat(100000);
        const bytes = Buffer.alloc(200000, 7);
        const [textBack, bytesBack] = await ask(socket, 'message-with-ack', text, bytes);
        assert.ok(textBack === text);
        assert.ok(asBuffer(bytesBack).equals(bytes));
    },

    '20 clients at once are served': async (options) => {
        const answers = Array.from({ length: 20 }, async (_, i) => {
            const socket = await connect(clients, '/', options);
            return (await ask(socket, 'message-with-ack', i))[0];
        });
        assert.deepEqual(await Promise.all(answers), Array.from({ length: 20 }, (_, i) => i));
    },
};

for (const [transport, options] of Object.entries(TRANSPORTS)) {
    for (const [name, body] of Object.entries(common)) {
        test(`socket.io-client over ${transport}: ${name}`, () => body(options));
    }
}

// ---- the upgrade ----------------------------------------------------------------------------

test('socket.io-client upgrades by itself, and loses nothing on the way', async () => {
    const socket = open(clients, '/', TRANSPORTS.upgrade);
    const got = [];
    socket.on('message-back', (i) => got.push(i));
    await next(socket, 'connect');
    let sent = 0;
    const sender = setInterval(() => socket.emit('message', sent++), 1);
    await upgradeOf(socket.io.engine).finally(() => clearInterval(sender));
    await ask(socket, 'message-with-ack');
    assert.deepEqual(got, Array.from({ length: sent }, (_, i) => i));
});

test('closing in the middle of the upgrade is safe', async () => {
    const socket = await connect(clients, '/', TRANSPORTS.upgrade);
    const { engine } = socket.io;
    if (engine.transport.name === 'polling') {
        await Promise.race([next(engine, 'upgrading'), next(engine, 'upgrade')]);
    }
    socket.disconnect();
    const again = await connect(clients, '/', TRANSPORTS.upgrade);
    assert.deepEqual(await ask(again, 'message-with-ack', 1), [1]);
});

test('rememberUpgrade: a later connection starts with websocket', async () => {
    const options = { ...TRANSPORTS.upgrade, rememberUpgrade: true };
    const socket = await connect(clients, '/', options);
    await upgradeOf(socket.io.engine);
    const gone = next(socket, 'disconnect');
    socket.emit('drop');
    await gone;
    await next(socket, 'connect');
    assert.equal(socket.io.engine.transport.name, 'websocket');
});

test('tryAllTransports and websocket first: connects without polling', async () => {
    const options = { transports: ['websocket', 'polling'], tryAllTransports: true };
    const socket = await connect(clients, '/', options);
    assert.equal(socket.io.engine.transport.name, 'websocket');
});

// ---- the end of the server ------------------------------------------------------------------

for (const [transport, options] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client over ${transport}: the server stops: transport close`, async () => {
        const server = await startServer('clients');
        const socket = await connect(server, '/', options);
        if (transport === 'upgrade') {
            await upgradeOf(socket.io.engine);
        }
        const gone = next(socket, 'disconnect');
        assert.equal(await server.stop(), 0);
        assert.match((await gone)[0], /^transport (close|error)$/);
    });
}

// ---- engine.io-client -----------------------------------------------------------------------

for (const [transport, options] of Object.entries(TRANSPORTS)) {
    test(`engine.io-client over ${transport}: text and binary come back`, async () => {
        const engine = new EngineClient(clients.origin, { path: '/engine.io/', ...options });
        destroyLater(() => engine.close());
        await next(engine, 'open');
        if (transport === 'upgrade') {
            await upgradeOf(engine);
        }
        for (const message of ['hello', 'é€😀', 'x'.repeat(100000)]) {
            const back = next(engine, 'message');
            engine.send(message);
            assert.deepEqual(await back, [message]);
        }
        const back = next(engine, 'message');
        engine.send(Buffer.of(1, 2, 3));
        assert.deepEqual(asBuffer((await back)[0]), Buffer.of(1, 2, 3));
    });
}

endsCleanly(clients);
