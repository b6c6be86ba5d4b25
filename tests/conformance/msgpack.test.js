// SPDX-License-Identifier: MIT
//
// A server and clients with socket.io-msgpack-parser: profile clients, by the stock client and by
// single packets.
'use strict';

const assert = require('node:assert/strict');
const client2 = require('socket.io-client-2');
const parser = require('socket.io-msgpack-parser');
const parser2 = require('socket.io-msgpack-parser-2');
const { destroyLater, endsCleanly, startServer, test, useServer, within } = require('./harness');
const { TRANSPORTS, ask, asBuffer, connect, next, open, upgradeOf } = require('./real_client');
const { openEngine } = require('./socket_client');

const ENV = { CONF_PARSER: 'msgpack' };
const server = useServer('clients', ENV);

const join = (namespace, options) => connect(server, namespace, { ...options, parser });

// ---- the stock client -----------------------------------------------------------------------

let rooms = 0;

const common = {
    'auth arrives, and the id is one': async (options) => {
        const socket = open(server, '/', { ...options, parser, auth: { token: 't', deep: [1] } });
        assert.deepEqual(await next(socket, 'auth'), [{ token: 't', deep: [1] }]);
        assert.match(socket.id, /^[\w-]{20}$/);
    },

    'values of every type come back': async (options) => {
        const socket = await join('/', options);
        const args = [1, -1, '2', { a: [true, null, 1.5] }, '€日本😀', [], {}, false, null,
            2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, 0.1, 'x'.repeat(300)];
        const back = next(socket, 'message-back');
        socket.emit('message', ...args);
        assert.deepEqual(await back, args);
    },

    'binary goes both ways, at any depth': async (options) => {
        const socket = await join('/', options);
        const back = next(socket, 'message-back');
        socket.emit('message', { b: Buffer.of(1, 2, 3), t: 'x' }, Buffer.alloc(0),
            [[{ c: Buffer.of(9) }]], { _placeholder: 'no' });
        const [object, empty, array, plain] = await back;
        assert.deepEqual([object.t, plain], ['x', { _placeholder: 'no' }]);
        assert.deepEqual([object.b, empty, array[0][0].c].map(asBuffer),
            [Buffer.of(1, 2, 3), Buffer.alloc(0), Buffer.of(9)]);
    },

    'twenty binaries in one packet come back': async (options) => {
        const socket = await join('/', options);
        const all = Array.from({ length: 20 }, (_, i) => Buffer.alloc(i, i));
        const [back] = await ask(socket, 'message-with-ack', all);
        assert.deepEqual(back.map(asBuffer), all);
    },

    'events are acknowledged, both ways, with binary': async (options) => {
        const socket = await join('/', options);
        const [one, bytes] = await ask(socket, 'message-with-ack', 1, Buffer.of(0, 255, 128));
        assert.deepEqual([one, asBuffer(bytes)], [1, Buffer.of(0, 255, 128)]);
        assert.deepEqual(await ask(socket, 'message-with-ack'), []);
        socket.on('question', (value, answer) => answer(value, Buffer.of(7)));
        const answered = next(socket, 'answer');
        socket.emit('ask-me', 41);
        const [value, seven] = await answered;
        assert.deepEqual([value, asBuffer(seven)], [41, Buffer.of(7)]);
    },

    'emitWithAck and its timeout work': async (options) => {
        const socket = await join('/', options);
        assert.equal(await socket.timeout(5000).emitWithAck('message-with-ack', 'x'), 'x');
        await assert.rejects(socket.timeout(50).emitWithAck('no handler'), /timed out/);
    },

    'two namespaces share one connection': async (options) => {
        const main = await join('/', options);
        const custom = main.io.socket('/custom');
        await next(custom, 'connect');
        assert.notEqual(custom.id, main.id);
        assert.deepEqual(await ask(custom, 'message-with-ack', 'c'), ['c']);
        custom.disconnect();
        assert.deepEqual(await ask(main, 'message-with-ack', 'still'), ['still']);
    },

    'an unknown namespace and a middleware refuse': async (options) => {
        const unknown = open(server, '/unknown', { ...options, parser });
        assert.equal((await next(unknown, 'connect_error'))[0].message, 'Invalid namespace');
        const denied = open(server, '/denied', { ...options, parser });
        const [error] = await next(denied, 'connect_error');
        assert.deepEqual([error.message, error.data], ['not authorized', { code: 42 }]);
    },

    'rooms and broadcasts reach whom they are for': async (options) => {
        const own = await startServer('clients', ENV);
        const sockets = [];
        for (let i = 0; i < 3; i++) {
            sockets.push(await connect(own, '/', { ...options, parser }));
        }
        const [a, b, outsider] = sockets;
        const room = `room-${rooms++}`;
        await ask(a, 'join', room);
        await ask(b, 'join', room);
        outsider.on('room-msg', () => assert.fail('the outsider got a message'));
        const inRoom = Promise.all([next(a, 'room-msg'), next(b, 'room-msg')]);
        outsider.emit('to-room', room, { n: 1 }, Buffer.of(1, 2));
        for (const [object, bytes] of await inRoom) {
            assert.deepEqual([object, asBuffer(bytes)], [{ n: 1 }, Buffer.of(1, 2)]);
        }
        a.on('bcast', () => assert.fail('the sender got its own broadcast'));
        const all = Promise.all([next(b, 'bcast'), next(outsider, 'bcast')]);
        a.emit('bcast-others', 'hi');
        assert.deepEqual(await all, [['hi'], ['hi']]);
        await ask(a, 'message-with-ack');
    },

    'disconnect() of the server: io server disconnect, and no reconnection': async (options) => {
        const socket = await join('/', options);
        const gone = next(socket, 'disconnect');
        socket.emit('kick');
        assert.equal((await gone)[0], 'io server disconnect');
        assert.equal(socket.active, false);
    },

    'disconnect() of the client, and then connect()': async (options) => {
        const socket = await join('/', options);
        const { id } = socket;
        socket.disconnect();
        socket.connect();
        await next(socket, 'connect');
        assert.notEqual(socket.id, id);
        assert.deepEqual(await ask(socket, 'message-with-ack', 1), [1]);
    },

    'a dropped connection is joined anew by itself': async (options) => {
        const socket = await join('/', options);
        if (options.transports.length > 1) {
            await upgradeOf(socket.io.engine);
        }
        const gone = next(socket, 'disconnect');
        socket.emit('drop');
        assert.match((await gone)[0], /^transport (close|error)$/);
        await next(socket, 'connect');
        assert.deepEqual(await ask(socket, 'message-with-ack', 9), [9]);
    },

    '500 events keep their order': async (options) => {
        const socket = await join('/', options);
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
        const socket = await join('/', options);
        const text = 'é'.repeat(100000);
        const bytes = Buffer.alloc(200000, 7);
        const [textBack, bytesBack] = await ask(socket, 'message-with-ack', text, bytes);
        assert.ok(textBack === text);
        assert.ok(asBuffer(bytesBack).equals(bytes));
    },
};

for (const [transport, options] of Object.entries(TRANSPORTS)) {
    for (const [name, body] of Object.entries(common)) {
        test(`msgpack over ${transport}: ${name}`, () => body(options));
    }
}

// ---- packets --------------------------------------------------------------------------------

const encode = (packet) => new parser.Encoder().encode(packet)[0];

function decode(bytes) {
    let packet;
    const decoder = new parser.Decoder();
    decoder.on('decoded', (decoded) => (packet = decoded));
    assert.ok(Buffer.isBuffer(bytes), `binary message: ${bytes}`);
    decoder.add(bytes);
    return packet;
}

// An engine that has joined `/` and taken the event of that.
async function joinedEngine(transport) {
    const engine = await openEngine(server, { transport });
    await engine.send(encode({ type: 0, nsp: '/' }));
    const answer = decode(await engine.next('answer to CONNECT'));
    assert.deepEqual([answer.type, answer.nsp, typeof answer.data.sid], [0, '/', 'string']);
    await engine.next('event auth');
    return engine;
}

for (const transport of ['websocket', 'polling']) {
    test(`${transport}: the server's packets are byte by byte those of the parser`, async () => {
        const engine = await joinedEngine(transport);
        const data = ['message-back', 1, { a: [Buffer.of(1, 2), null, 1.5] }, 'é'];
        await engine.send(encode({ type: 2, data: ['message', ...data.slice(1)], nsp: '/' }));
        assert.deepEqual(await engine.next(), encode({ type: 2, data, nsp: '/' }));
        const asking = { type: 2, data: ['message-with-ack', 'x'], id: 300, nsp: '/' };
        await engine.send(encode(asking));
        assert.deepEqual(await engine.next(),
            encode({ id: 300, type: 3, data: ['x'], nsp: '/' }));
        await engine.send(encode({ type: 0, nsp: '/nope' }));
        assert.deepEqual(decode(await engine.next()),
            { type: 4, data: { message: 'Invalid namespace' }, nsp: '/nope' });
        await engine.send(encode({ type: 2, data: ['kick'], nsp: '/' }));
        assert.deepEqual(await engine.next(), encode({ type: 1, nsp: '/' }));
    });

    test(`${transport}: members that are not known do not matter`, async () => {
        const engine = await joinedEngine(transport);
        await engine.send(encode({ x: { y: [1] }, nsp: '/', options: { compress: true },
            data: ['message', 7], id: undefined, type: 2 }));
        assert.deepEqual(decode(await engine.next()).data, ['message-back', 7]);
    });
}

const event = (more) => encode({ type: 2, data: ['message'], nsp: '/', ...more });

const broken = {
    'text': '42["message"]',
    'an empty message': Buffer.alloc(0),
    'bytes that are no MessagePack': Buffer.of(0xc1),
    'bytes behind the packet': Buffer.concat([event(), Buffer.of(0)]),
    'a packet that is cut off': event().subarray(0, 12),
    'an array': encode([2, '/', ['message']]),
    'no type': event({ type: undefined }),
    'a type that is a string': event({ type: '2' }),
    'type 5': event({ type: 5 }),
    'type -1': event({ type: -1 }),
    'no namespace': event({ nsp: undefined }),
    'a namespace that is a number': event({ nsp: 1 }),
    'an id that is a string': event({ id: '1' }),
    'an id that is null': event({ id: null }),
    'an EVENT without data': event({ data: undefined }),
    'an EVENT whose data is an object': event({ data: { 0: 'message' } }),
    'an ACK whose data is a string': event({ type: 3, id: 0, data: 'x' }),
    'a CONNECT whose data is null': event({ type: 0, nsp: '/custom', data: null }),
    'a CONNECT whose data is an array': event({ type: 0, nsp: '/custom', data: [] }),
    'a DISCONNECT with data': event({ type: 1, data: {} }),
    'a CONNECT_ERROR': event({ type: 4, data: { message: 'no' } }),
    'a second CONNECT': encode({ type: 0, nsp: '/' }),
    'an event for a namespace not joined': event({ nsp: '/custom' }),
};

for (const [what, message] of Object.entries(broken)) {
    test(`${what} closes the connection`, async () => {
        const engine = await joinedEngine('websocket');
        engine.send(message);
        await engine.isOver();
    });
}

const deep = (levels) => (levels === 0 ? 1 : [deep(levels - 1)]);

const dangerous = {
    'an EVENT with a reserved name': event({ data: ['disconnect'] }),
    'an EVENT without a name': event({ data: [] }),
    'an EVENT whose name is binary': event({ data: [Buffer.of(1)] }),
    'data that is nested too deep': event({ data: ['message', deep(300)] }),
    'an array that claims more items than there are bytes': Buffer.concat([
        Buffer.from('83a474797065', 'hex'), Buffer.of(2), Buffer.from('a3', 'hex'),
        Buffer.from('nsp'), Buffer.from('a12f', 'hex'), Buffer.from('a4', 'hex'),
        Buffer.from('data'), Buffer.from('ddffffffff', 'hex'),
    ]),
    'more than 256 binaries': event({
        data: ['message', ...Array.from({ length: 257 }, () => Buffer.alloc(0))],
    }),
};

for (const [what, message] of Object.entries(dangerous)) {
    test(`${what} closes the connection`, { notReference: 'it takes it' }, async () => {
        const engine = await joinedEngine('websocket');
        engine.send(message);
        await engine.isOver();
    });
}

test('256 binaries in one packet come back', async () => {
    const engine = await joinedEngine('websocket');
    const all = Array.from({ length: 256 }, (_, i) => Buffer.of(i));
    engine.send(event({ data: ['message', ...all] }));
    assert.deepEqual(decode(await engine.next()).data, ['message-back', ...all]);
});

// ---- socket.io-client 2, with version 2 of the parser -----------------------------------------

async function joinOld(namespace, options) {
    const socket = client2(`${server.origin}${namespace}`,
        { forceNew: true, reconnection: false, parser: parser2, ...options });
    destroyLater(() => socket.io.close());
    await next(socket, 'connect');
    return socket;
}

for (const [name, options] of Object.entries(TRANSPORTS)) {
    test(`client 2 with msgpack over ${name}: values and acknowledgements, both ways`, async () => {
        const socket = await joinOld('/', options);
        const args = [1, '2', { a: [true, null, 1.5] }, '€日本😀'];
        const back = next(socket, 'message-back');
        socket.emit('message', ...args);
        assert.deepEqual(await back, args);
        assert.deepEqual(await ask(socket, 'message-with-ack', 'x'.repeat(70000)),
            ['x'.repeat(70000)]);
        socket.on('question', (value, answer) => answer(value));
        const answered = next(socket, 'answer');
        socket.emit('ask-me', 41);
        assert.deepEqual(await answered, [41]);
    });

    test(`client 2 with msgpack over ${name}: binary, both ways`,
        { notReference: 'takes no BINARY_ types' }, async () => {
            const socket = await joinOld('/', options);
            const [object, bytes] = await ask(socket, 'message-with-ack',
                { b: Buffer.of(1, 2, 3) }, Buffer.of(0, 255));
            assert.deepEqual([object.b, bytes].map(asBuffer),
                [Buffer.of(1, 2, 3), Buffer.of(0, 255)]);
            socket.on('question', (value, answer) => answer(value, Buffer.of(7)));
            const answered = next(socket, 'answer');
            socket.emit('ask-me', 41);
            const [value, seven] = await answered;
            assert.deepEqual([value, asBuffer(seven)], [41, Buffer.of(7)]);
        });

    test(`client 2 with msgpack over ${name}: namespaces, and leaving them`,
        { notReference: 'takes no JSON' }, async () => {
            const main = await joinOld('/', options);
            const custom = main.io.socket('/custom', { query: { token: 'x' } });
            assert.deepEqual(await next(custom, 'auth'), [{ token: 'x' }]);
            assert.deepEqual(await ask(custom, 'message-with-ack', 'c'), ['c']);
            custom.disconnect();
            assert.deepEqual(await ask(main, 'message-with-ack', 'still here'), ['still here']);
            const refused = main.io.socket('/nope');
            assert.deepEqual(await next(refused, 'error'), ['Invalid namespace']);
        });
}

endsCleanly(server);
