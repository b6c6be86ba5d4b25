// SPDX-License-Identifier: MIT
//
// Checklist section "Connection state recovery": profile behav, where sessions may be come back to
// for 1500 ms, and middlewares are not asked again.
'use strict';

const assert = require('node:assert/strict');
const { io } = require('socket.io-client');
const { delay, destroyLater, endsCleanly, startServer, test, useServer, within } =
    require('./harness');
const { connect, openEngine, parseConnected, parseEvent, placeholder } =
    require('./socket_client');

const KEPT_MS = 1500;

const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });
const hasty = useServer('behav');

let rooms = 0;
const newRoom = () => `room-${rooms++}`;

// An event as [name, ...args], and the offset behind it.
function withOffset(packet) {
    const { args } = parseEvent(packet);
    const offset = args.pop();
    assert.equal(typeof offset, 'string', packet);
    return { event: args, offset };
}

async function nextEvent(client, engine = client.engine) {
    const { event, offset } = withOffset(await engine.next('event'));
    client.offset = offset;
    return event;
}

// A client that has joined, and has got an event with an offset. {engine, sid, pid, offset}
async function newClient(server, { namespace = '/', auth = '', first = 'auth', ...options } = {}) {
    const engine = await openEngine(server, options);
    await engine.send(namespace === '/' ? `40${auth}` : `40${namespace},${auth}`);
    const client = { engine, namespace, ...parseConnected(await engine.next('CONNECT'), namespace) };
    assert.equal((await nextEvent(client))[0], first);
    return client;
}

async function joinRoom(client, room) {
    await client.engine.send(`421["join","${room}"]`);
    assert.equal(await client.engine.next(), '431[]');
}

// Ends its connection in some way; gives the reason that the server has seen.
async function reasonAfter(client, server, act) {
    const watcher = await connect(server, { namespace: '/watch' });
    await act(client.engine);
    let event;
    do {
        event = parseEvent(await watcher.next('event of /watch')).args;
    } while (event[0] !== 'saw-disconnect' || event[1] !== client.sid);
    return event[2];
}

const cut = (client) => reasonAfter(client, behav, (engine) => engine.ws.terminate());

// Comes back over a new connection: what it was sent until it was connected, and by which sid.
async function comeBack(client, { server = behav, engine, ...claims } = {}) {
    const { pid = client.pid, offset = client.offset, ...options } = claims;
    const back = engine ?? await openEngine(server, options);
    const prefix = client.namespace === '/' ? '40' : `40${client.namespace},`;
    await back.send(`${prefix}${JSON.stringify({ pid, offset })}`);
    const missed = [];
    let packet = await back.next('answer to CONNECT');
    while (!packet.toString().startsWith(`${prefix}{`)) {
        missed.push(packet);
        packet = await back.next('answer to CONNECT');
    }
    const connected = parseConnected(packet, client.namespace);
    return { ...connected, missed, engine: back, recovered: connected.sid === client.sid };
}

const eventsOf = (missed) => missed.map((packet) => withOffset(packet).event);

async function expectNew(client, claims) {
    const back = await comeBack(client, claims);
    assert.notEqual(back.sid, client.sid);
    assert.notEqual(back.pid, client.pid);
    assert.deepEqual(back.missed, []);
}

// ---- while it is connected ------------------------------------------------------------------

test('the answer to CONNECT has a pid, another one each time', async () => {
    const [a, b] = [await newClient(behav), await newClient(behav)];
    for (const { sid, pid } of [a, b]) {
        assert.match(pid, /^[\w-]{20}$/);
        assert.notEqual(pid, sid);
    }
    assert.notEqual(a.pid, b.pid);
});

test('every event ends with an offset, each with another', async () => {
    const client = await newClient(behav);
    const offsets = [client.offset];
    for (const args of ['', ',1', ',{"a":[]}', ',"x",null']) {
        await client.engine.send(`42["message"${args}]`);
        assert.deepEqual(await nextEvent(client), JSON.parse(`["message-back"${args}]`));
        offsets.push(client.offset);
    }
    assert.equal(new Set(offsets).size, offsets.length);
});

test('a binary event ends with an offset behind its placeholders', async () => {
    const client = await newClient(behav);
    await client.engine.send(`451-["message",${placeholder(0)}]`, Buffer.of(1, 2));
    const packet = await client.engine.next();
    assert.match(packet, /^451-\["message-back",\{"_placeholder":true,"num":0\},"[^"]+"\]$/);
    assert.deepEqual(await client.engine.next(), Buffer.of(1, 2));
});

test('all members of a room get the same offset', async () => {
    const [a, b] = [await newClient(behav), await newClient(behav)];
    const room = newRoom();
    await joinRoom(a, room);
    await joinRoom(b, room);
    await a.engine.send(`42["to-room","${room}",1]`);
    assert.deepEqual(await nextEvent(a), ['room-msg', 1]);
    assert.deepEqual(await nextEvent(b), ['room-msg', 1]);
    assert.equal(a.offset, b.offset);
});

test('a volatile event has no offset', async () => {
    const client = await newClient(behav);
    await client.engine.send('42["volatile-idle"]');
    assert.equal(await client.engine.next(), '42["ev","idle"]');
});

test('an event that wants an answer has no offset', async () => {
    const client = await newClient(behav);
    await client.engine.send('42["ask-me","q"]');
    assert.match(await client.engine.next(), /^42\d+\["question","q"\]$/);
    await client.engine.send('421["bcast-ack"]');
    assert.match(await client.engine.next(), /^42\d+\["question",1\]$/);
});

// ---- coming back ----------------------------------------------------------------------------

for (const transport of ['websocket', 'polling']) {
    test(`${transport}: sid, pid and rooms are what they were, and what was missed comes in order`,
        async () => {
            const [client, other] = [await newClient(behav), await newClient(behav)];
            const room = newRoom();
            await joinRoom(client, room);
            await cut(client);
            for (let i = 0; i < 5; i++) {
                await other.engine.send(`42["to-room","${room}",${i}]`);
            }
            await other.engine.send(`42["to-room","${newRoom()}","not mine"]`);
            await other.engine.send('421["whoami"]');
            assert.match(await other.engine.next(), /^431/);
            const back = await comeBack(client, { transport });
            assert.deepEqual([back.sid, back.pid], [client.sid, client.pid]);
            const wanted = Array.from({ length: 5 }, (_, i) => ['room-msg', i]);
            const missed = eventsOf(back.missed);
            assert.deepEqual(missed.filter(([name]) => name === 'room-msg'), wanted);
            await other.engine.send(`42["to-room","${room}","live"]`);
            assert.equal((await nextEvent(client, back.engine))[0], 'auth');
            assert.deepEqual(await nextEvent(client, back.engine), ['room-msg', 'live']);
        });
}

test('what was on its way when the connection broke comes again', async () => {
    const client = await newClient(behav);
    const { offset } = client;
    await client.engine.send('42["message",1]', '42["message",2]');
    assert.deepEqual(await nextEvent(client), ['message-back', 1]);
    assert.deepEqual(await nextEvent(client), ['message-back', 2]);
    await cut(client);
    const back = await comeBack(client, { offset });
    assert.deepEqual(eventsOf(back.missed), [['message-back', 1], ['message-back', 2]]);
});

test('what was got does not come again', async () => {
    const client = await newClient(behav);
    await client.engine.send('42["message",1]');
    await nextEvent(client);
    await cut(client);
    const back = await comeBack(client);
    assert.ok(back.recovered);
    assert.deepEqual(back.missed, []);
});

test('attachments that were missed come with their event', async () => {
    const [client, other] = [await newClient(behav), await newClient(behav)];
    const room = newRoom();
    await joinRoom(client, room);
    await cut(client);
    await other.engine.send(`452-["to-room","${room}",${placeholder(1)},${placeholder(0)}]`,
        Buffer.of(1), Buffer.of(2, 3));
    await other.engine.send('421["whoami"]');
    await other.engine.next();
    const { missed } = await comeBack(client);
    assert.match(missed[0], /^452-\["room-msg",\{[^}]+"num":0\},\{[^}]+"num":1\},"[^"]+"\]$/);
    assert.deepEqual(missed.slice(1), [Buffer.of(2, 3), Buffer.of(1)]);
});

test('a client that was left out of an event does not get it when it comes back', async () => {
    const client = await newClient(behav);
    const { offset } = client;
    const room = newRoom();
    await joinRoom(client, room);
    await client.engine.send(`42["to-others","${room}","others"]`, '421["whoami"]');
    assert.match(await client.engine.next(), /^431/);
    await cut(client);
    const back = await comeBack(client, { offset });
    assert.ok(back.recovered);
    assert.deepEqual(back.missed, []);
});

test('volatile events and questions that were missed do not come', async () => {
    const [client, other] = [await newClient(behav), await newClient(behav)];
    await cut(client);
    await other.engine.send('421["bcast-ack"]');
    assert.match(await other.engine.next(), /^42\d+\["question",1\]$/);
    const back = await comeBack(client);
    assert.ok(back.recovered);
    assert.ok(back.missed.every((packet) => !packet.includes('question')));
});

test('a session can be come back to again, from what came last', async () => {
    const client = await newClient(behav);
    const room = newRoom();
    await joinRoom(client, room);
    const other = await newClient(behav);
    for (let i = 0; i < 4; i++) {
        await cut(client);
        await other.engine.send(`42["to-room","${room}",${i}]`, '421["whoami"]');
        assert.match(await other.engine.next(), /^431/);
        const back = await comeBack(client);
        assert.ok(back.recovered);
        assert.deepEqual(eventsOf(back.missed), [['room-msg', i]]);
        client.engine = back.engine;
        assert.equal((await nextEvent(client))[0], 'auth');
    }
});

test('each namespace is come back to by a pid of its own', async () => {
    const main = await newClient(behav);
    await main.engine.send('40/mw,{"token":"ok"}');
    const guarded = { engine: main.engine, namespace: '/mw' };
    Object.assign(guarded, parseConnected(await main.engine.next(), '/mw'));
    assert.deepEqual(await nextEvent(guarded), ['in']);
    assert.notEqual(guarded.pid, main.pid);
    await cut(main);
    const back = await comeBack(main);
    assert.ok(back.recovered);
    assert.equal((await nextEvent(main, back.engine))[0], 'auth');
    // Its middleware would want a token.
    assert.ok((await comeBack(guarded, { engine: back.engine })).recovered);
});

test('a pid is of its namespace', async () => {
    const main = await newClient(behav);
    await cut(main);
    const { pid, offset } = main;
    await expectNew({ ...main, namespace: '/watch' }, { pid, offset });
    assert.ok((await comeBack(main)).recovered);
});

// ---- after which ends -----------------------------------------------------------------------

const RECOVERABLE = {
    'transport close': { act: (engine) => engine.ws.terminate() },
    'transport error': { act: (engine) => engine.ws.send('x'.repeat(3000)) },
    'forced close': { act: (engine) => engine.send('42[') },
    'ping timeout': { act: () => {}, server: hasty, pongs: false },
};

for (const [reason, { act, server = behav, ...options }] of Object.entries(RECOVERABLE)) {
    test(`after ${reason} a client may come back`, async () => {
        const client = await newClient(server, options);
        assert.equal(await reasonAfter(client, server, act), reason);
        assert.ok((await comeBack(client, { server })).recovered);
    });
}

test('after the connection of a poll broke a client may come back', async () => {
    const client = await newClient(behav, { transport: 'polling' });
    const drop = async (engine) => (await engine.waitingPoll()).drop();
    assert.equal(await reasonAfter(client, behav, drop), 'transport error');
    assert.ok((await comeBack(client)).recovered);
});

const FINAL = {
    'client namespace disconnect': (engine) => engine.send('41'),
    'server namespace disconnect': (engine) => engine.send('42["kick"]'),
    'parse error': (engine) => engine.ws.send('x'),
};

for (const [reason, act] of Object.entries(FINAL)) {
    test(`after ${reason} a session is over`, async () => {
        const client = await newClient(behav);
        assert.equal(await reasonAfter(client, behav, act), reason);
        await expectNew(client);
    });
}

test('after disconnect(true) a session is over', async () => {
    const client = await newClient(behav);
    await reasonAfter(client, behav, (engine) => engine.send('42["kick-all"]'));
    await expectNew(client);
});

// ---- what there is not ----------------------------------------------------------------------

const CLAIMS = {
    'an unknown pid': { pid: 'nope' },
    'a pid of the right length that is unknown': { pid: 'AAAAAAAAAAAAAAAAAAAA' },
    'a pid that is no string': { pid: 1 },
    'an unknown offset': { offset: 'x' },
    'an offset that is no string': { offset: 1 },
    'no offset': { offset: null },
};

for (const [what, claims] of Object.entries(CLAIMS)) {
    test(`with ${what} a client begins anew`, async () => {
        const client = await newClient(behav);
        await cut(client);
        await expectNew(client, claims);
    });
}

test('a session that is in use cannot be come back to', async () => {
    const client = await newClient(behav);
    await expectNew(client);
});

test('a session is restored once', { notReference: 'restores it as often as asked' }, async () => {
    const client = await newClient(behav);
    await cut(client);
    assert.ok((await comeBack(client)).recovered);
    await expectNew(client);
});

test('after the time for it a client begins anew', async () => {
    const client = await newClient(behav);
    await cut(client);
    await delay(KEPT_MS + 200);
    await expectNew(client);
});

test('sessions end with the server that has kept them', async () => {
    const client = await newClient(behav);
    await expectNew(client, { server: await startServer('behav') });
});

// ---- the stock client -----------------------------------------------------------------------

function next(emitter, name) {
    return within(new Promise((resolve) => emitter.once(name, (...args) => resolve(args))),
        `event ${name}`);
}

for (const transports of [['websocket'], ['polling', 'websocket']]) {
    test(`socket.io-client comes back by itself, over ${transports.join(' and ')}`, async () => {
        const options = { transports, forceNew: true, reconnectionDelay: 100 };
        const client = io(behav.origin, options);
        destroyLater(() => client.disconnect());
        await next(client, 'connect');
        assert.equal(client.recovered, false);
        if (client.io.engine.transport.name !== 'websocket') {
            await next(client.io.engine, 'upgrade');
        }
        const { id } = client;
        const room = newRoom();
        await within(new Promise((resolve) => client.emit('join', room, resolve)), 'join');
        const got = [];
        client.on('room-msg', (...args) => got.push(args.slice(0, -1)));
        const other = await newClient(behav);
        await other.engine.send(`42["to-room","${room}","before"]`);
        await next(client, 'room-msg');
        client.io.engine.transport.ws.terminate();
        await next(client, 'disconnect');
        await other.engine.send(`42["to-room","${room}","missed",1]`);
        await other.engine.send(`451-["to-room","${room}",${placeholder(0)}]`, Buffer.of(7));
        await next(client, 'connect');
        assert.ok(client.recovered);
        assert.equal(client.id, id);
        assert.deepEqual(got, [['before'], ['missed', 1], [Buffer.of(7)]]);
    });
}

endsCleanly(behav, hasty);
