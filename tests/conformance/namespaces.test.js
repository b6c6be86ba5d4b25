// SPDX-License-Identifier: MIT
//
// Checklist section "Namespaces and connection": joining, refusals, leaving. Connection state
// recovery adds a pid to the answers of profile behav; it has tests of its own.
'use strict';

const assert = require('node:assert/strict');
const { delay, endsCleanly, test, useServer } = require('./harness');
const { connect, expectAlive, expectEvent, join, openEngine, parseConnected, parseEvent } =
    require('./socket_client');

const clients = useServer('clients');
const protocol = useServer('protocol');
const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });

const CONNECT_TIMEOUT_MS = 1000;

const invalidNamespace = (name) => `44${name},{"message":"Invalid namespace"}`;

// ---- CONNECT --------------------------------------------------------------------------------

for (const namespace of ['/', '/custom']) {
    for (const auth of ['', '{"token":"123","nested":{"a":[1,null]}}']) {
        const what = auth ? 'with an auth object' : 'without payload';
        test(`CONNECT to ${namespace} ${what}: sid, then the events of the handler`, async () => {
            const engine = await openEngine(clients);
            const answer = await join(engine, namespace, auth);
            assert.deepEqual(Object.keys(answer), ['sid']);
            assert.match(answer.sid, /^[\w-]{20}$/);
            const prefix = namespace === '/' ? '42' : `42${namespace},`;
            assert.equal(await engine.next(), `${prefix}["auth",${auth || '{}'}]`);
        });
    }
}

test('CONNECT over polling is answered the same way', async () => {
    const engine = await openEngine(clients, { transport: 'polling' });
    const { sid } = await join(engine, '/custom', '{"t":1}');
    assert.match(sid, /^[\w-]{20}$/);
    assert.equal(await engine.next(), '42/custom,["auth",{"t":1}]');
});

test('the main namespace may be named', async () => {
    const engine = await openEngine(clients);
    engine.send('40/,{"a":1}');
    parseConnected(await engine.next());
    assert.equal(await engine.next(), '42["auth",{"a":1}]');
});

test('a custom namespace needs no comma when nothing follows', async () => {
    const engine = await openEngine(clients);
    engine.send('40/custom');
    parseConnected(await engine.next(), '/custom');
});

test('the sid is not the one of Engine.IO, and another one in each namespace', async () => {
    const engine = await openEngine(clients);
    const main = await join(engine);
    assert.equal(await engine.next(), '42["auth",{}]');
    const custom = await join(engine, '/custom');
    assert.equal(new Set([engine.sid, main.sid, custom.sid]).size, 3);
});

test('whoami gives the sid of the answer', async () => {
    const socket = await connect(clients);
    socket.send('420["whoami"]');
    assert.equal(await socket.next(), `430["${socket.socketId}"]`);
});

test('two namespaces share a connection, and events go to the one they name', async () => {
    const socket = await connect(clients);
    await join(socket, '/custom');
    assert.equal(await socket.next(), '42/custom,["auth",{}]');
    socket.send('42/custom,["message","c"]', '42["message","m"]', '42/,["message","n"]');
    assert.equal(await socket.next(), '42/custom,["message-back","c"]');
    assert.equal(await socket.next(), '42["message-back","m"]');
    assert.equal(await socket.next(), '42["message-back","n"]');
});

// ---- refusals -------------------------------------------------------------------------------

const UNKNOWN = ['/random', '/custom/', '/Custom', '/custom?x=1', '/constructor', '/__proto__'];

for (const name of UNKNOWN) {
    test(`CONNECT to ${name}: Invalid namespace, the connection is kept`, async () => {
        const engine = await openEngine(clients);
        engine.send(`40${name},`);
        assert.equal(await engine.next(), invalidNamespace(name));
        await join(engine);
        assert.equal(await engine.next(), '42["auth",{}]');
        await expectAlive(engine);
    });
}

test('a refused namespace may be tried again and again', async () => {
    const engine = await openEngine(clients);
    for (let i = 0; i < 3; i++) {
        engine.send('40/random,{"a":1}');
        assert.equal(await engine.next(), invalidNamespace('/random'));
    }
});

test('a middleware refuses with message and data, and the connection is kept', async () => {
    const engine = await openEngine(clients);
    engine.send('40/denied,');
    assert.equal(await engine.next(), '44/denied,{"message":"not authorized","data":{"code":42}}');
    await join(engine);
    assert.equal(await engine.next(), '42["auth",{}]');
});

test('who was refused by a middleware may try again', async () => {
    const engine = await openEngine(behav);
    for (const auth of ['', '{"token":"wrong"}']) {
        engine.send(`40/mw,${auth}`);
        assert.equal(await engine.next(), '44/mw,{"message":"bad token","data":{"code":7}}');
    }
    const answer = await join(engine, '/mw', '{"token":"ok"}');
    engine.recovery = answer.pid !== undefined;
    await expectEvent(engine, ['in']);
});

test('events for a namespace that refused close the transport', async () => {
    const engine = await openEngine(clients);
    engine.send('40/denied,');
    assert.match(await engine.next(), /^44\/denied,/);
    engine.send('42/denied,["message"]');
    await engine.isOver();
});

// ---- namespaces by pattern ------------------------------------------------------------------

test('a namespace that fits a pattern is made on demand, and keeps its name', async () => {
    const engine = await openEngine(behav);
    for (const namespace of ['/dyn-1', '/dyn-42']) {
        await join(engine, namespace);
        const event = parseEvent(await engine.next());
        assert.equal(event.namespace, namespace);
        assert.deepEqual(event.args.slice(0, 2), ['nsp', namespace]);
    }
});

for (const name of ['/dyn-', '/dyn-x', '/dyn-1x', '/a/dyn-1']) {
    test(`${name} fits no pattern: Invalid namespace`, async () => {
        const engine = await openEngine(behav);
        engine.send(`40${name},`);
        assert.equal(await engine.next(), invalidNamespace(name));
    });
}

test('two clients may ask for the same new namespace at once', async () => {
    const engines = await Promise.all([openEngine(behav), openEngine(behav)]);
    const answers = await Promise.all(engines.map((engine) => join(engine, '/dyn-777')));
    assert.notEqual(answers[0].sid, answers[1].sid);
    for (const engine of engines) {
        assert.equal(parseEvent(await engine.next()).namespace, '/dyn-777');
    }
});

// ---- connect timeout ------------------------------------------------------------------------

function elapsedSince(start) {
    return Math.round(performance.now() - start);
}

test('who joins no namespace in time is closed', async () => {
    const start = performance.now();
    const engine = await openEngine(protocol);
    await engine.isOver();
    // The server's clock is a coarse one, some milliseconds behind this one.
    assert.ok(elapsedSince(start) >= CONNECT_TIMEOUT_MS - 50, `after ${elapsedSince(start)} ms`);
});

test('a refused CONNECT does not stop the connect timeout', async () => {
    const engine = await openEngine(protocol);
    engine.send('40/random,');
    assert.equal(await engine.next(), invalidNamespace('/random'));
    await engine.isOver();
});

test('who has joined stays, also after it has left again', async () => {
    const joined = await connect(protocol);
    const left = await connect(protocol);
    left.send('41');
    await delay(CONNECT_TIMEOUT_MS + 300);
    await expectAlive(joined);
    await join(left);
});

// ---- violations -----------------------------------------------------------------------------

const beforeConnect = {
    'an EVENT before CONNECT': '42["message"]',
    'an ACK before CONNECT': '430[]',
    'a DISCONNECT before CONNECT': '41',
    'a CONNECT_ERROR before CONNECT': '44{"message":"x"}',
};

for (const [what, packet] of Object.entries(beforeConnect)) {
    test(`${what} closes the transport`, async () => {
        const engine = await openEngine(clients);
        engine.send(packet);
        await engine.isOver();
    });
}

const afterConnect = {
    'an EVENT for a namespace not joined': '42/custom,["message"]',
    'an ACK for a namespace not joined': '43/custom,0[]',
    'a DISCONNECT for a namespace not joined': '41/custom,',
    'a second CONNECT to the same namespace': '40',
    'a CONNECT_ERROR from the client': '44{"message":"x"}',
};

for (const [what, packet] of Object.entries(afterConnect)) {
    test(`${what} closes the transport`, async () => {
        const socket = await connect(clients);
        socket.send(packet);
        await socket.isOver();
    });
}

test('a second CONNECT in one burst does not join twice', async () => {
    const engine = await openEngine(clients);
    engine.sendAtOnce('40', '40', '42["message","marker"]');
    const seen = [];
    while (seen.at(-1) !== 'closed' && !/marker/.test(seen.at(-1))) {
        seen.push(await engine.next().catch(() => 'closed'));
    }
    const joined = seen.filter((packet) => packet.startsWith('40'));
    assert.ok(joined.length <= 1, `joined ${joined.length} times`);
});

// ---- leaving --------------------------------------------------------------------------------

test('DISCONNECT of the main namespace is not answered, and the transport stays', async () => {
    const socket = await connect(protocol, { pongs: false });
    socket.send('41');
    assert.equal(await socket.next(), '2');
});

test('DISCONNECT of one namespace leaves the other', async () => {
    const socket = await connect(clients);
    await join(socket, '/custom');
    assert.equal(await socket.next(), '42/custom,["auth",{}]');
    socket.send('41/custom,');
    await expectAlive(socket);
});

test('CONNECT after DISCONNECT gives a new sid', async () => {
    const socket = await connect(clients);
    socket.send('41');
    await settled(socket);
    const { sid } = await join(socket);
    assert.notEqual(sid, socket.socketId);
    assert.equal(await socket.next(), '42["auth",{}]');
    await expectAlive(socket);
});

// A round trip that shows that the server has handled what was sent before: the reference closes
// the connection when DISCONNECT and CONNECT of a namespace come in one burst.
async function settled(engine) {
    engine.send('40/unknown-for-a-round-trip,');
    assert.match(await engine.next(), /^44\/unknown-for-a-round-trip,/);
}

test('DISCONNECT and CONNECT may come in one burst', { notReference: 'closes' }, async () => {
    const socket = await connect(clients);
    socket.sendAtOnce('41', '40');
    assert.notEqual(parseConnected(await socket.next()).sid, socket.socketId);
});

test('events before DISCONNECT are delivered', { notReference: 'loses them' }, async () => {
    const socket = await connect(clients);
    socket.sendAtOnce('42["message","last words"]', '41');
    assert.equal(await socket.next(), '42["message-back","last words"]');
});

test('events after DISCONNECT are not delivered', async () => {
    const socket = await connect(clients);
    await join(socket, '/custom');
    assert.equal(await socket.next(), '42/custom,["auth",{}]');
    socket.send('41/custom,', '42/custom,["message","lost"]', '42["message","marker"]');
    const packet = await socket.next().catch(() => 'closed'); // both are right
    assert.ok(['42["message-back","marker"]', 'closed'].includes(packet), packet);
});

test('disconnect() of the server sends DISCONNECT, and the transport stays', async () => {
    const socket = await connect(clients);
    await join(socket, '/custom');
    assert.equal(await socket.next(), '42/custom,["auth",{}]');
    socket.send('42/custom,["kick"]');
    assert.equal(await socket.next(), '41/custom,');
    await expectAlive(socket);
    const { sid } = await join(socket, '/custom');
    assert.match(sid, /^[\w-]{20}$/);
});

test('disconnect(true) of the server leaves every namespace and closes', async () => {
    const socket = await connect(clients);
    await join(socket, '/custom');
    assert.equal(await socket.next(), '42/custom,["auth",{}]');
    socket.send('42/custom,["kick-all"]');
    const packets = [await socket.next(), await socket.next()];
    assert.deepEqual(packets.sort(), ['41', '41/custom,']);
    await socket.isOver();
});

endsCleanly(clients, protocol, behav);
