// SPDX-License-Identifier: MIT
//
// Checklist section "Upgrade": a polling session moves to a WebSocket. Profile clients gives it
// 10 s for that, profile behav 300 ms.
'use strict';

const assert = require('node:assert/strict');
const { endsCleanly, test, useServer } = require('./harness');
const { ENGINE, PollingSession, SEPARATOR, enginePath } = require('./engine_client');
const { RawConnection, request } = require('./http_client');
const { upgradeRequest } = require('./frame_client');
const { connect, expectAlive } = require('./socket_client');

const clients = useServer('clients');
const protocol = useServer('protocol');
const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '5000' });
const hasty = useServer('clients', { CONF_CLOSE_TIMEOUT_MS: '1000' });

// A session whose second transport has been probed.
async function probed(server, options) {
    const session = await PollingSession.open(server, options);
    const engine = await session.upgrade();
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    return { session, engine };
}

async function upgraded(server, options) {
    const { session, engine } = await probed(server, options);
    engine.send('5');
    return { session, engine };
}

async function expectEcho(engine, text) {
    await engine.send(`4${text}`);
    assert.equal(await engine.next(), `4${text}`);
}

// ---- the upgrade itself ---------------------------------------------------------------------

test('the probe is answered, the waiting poll gets a noop, the websocket takes over', async () => {
    const session = await PollingSession.open(clients);
    const poll = await session.waitingPoll();
    const engine = await session.upgrade();
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    const response = await poll.response;
    assert.deepEqual([response.status, response.body], [200, '6']);
    engine.send('5');
    await expectEcho(engine, 'hello');
});

test('a poll that arrives after the probe gets its noop soon', async () => {
    const { session, engine } = await probed(clients);
    assert.equal((await session.poll()).body, '6');
    engine.send('5');
    await expectEcho(engine, 'hello');
});

test('each poll between the probe and packet 5 gets a noop', async () => {
    const { session, engine } = await probed(clients);
    for (let n = 0; n < 3; n++) {
        assert.equal((await session.poll()).body, '6');
    }
    engine.send('5');
    await expectEcho(engine, 'hello');
});

test('polling goes on until packet 5', async () => {
    const { session, engine } = await probed(clients);
    await session.send('4over polling');
    let packet = '6';
    while (packet === '6') {
        packet = await session.next();
    }
    assert.equal(packet, '4over polling');
    engine.send('5');
    await expectEcho(engine, 'over websocket');
});

test('the websocket takes binary messages after the upgrade', async () => {
    const { engine } = await upgraded(clients);
    engine.send(Buffer.of(1, 2, 3));
    assert.deepEqual(await engine.next(), Buffer.of(1, 2, 3));
});

test('packet 5 and a message may share a segment', async () => {
    const { engine } = await probed(clients);
    engine.sendAtOnce('5', '4together');
    assert.equal(await engine.next(), '4together');
});

test('packets queued during the upgrade arrive once, in order, on the new transport', async () => {
    const { session, engine } = await probed(clients);
    const expected = Array.from({ length: 20 }, (_, i) => `4queued ${i}`);
    await session.send(...expected);
    engine.send('5', '4last');
    for (const packet of [...expected, '4last']) {
        assert.equal(await engine.next(), packet);
    }
});

test('packets that a poll takes during the upgrade do not come again', async () => {
    const { session, engine } = await probed(clients);
    await session.send('4taken');
    const { body } = await session.poll();
    assert.deepEqual(body.split(SEPARATOR).filter((packet) => packet !== '6'), ['4taken']);
    engine.send('5');
    await expectEcho(engine, 'only this');
});

test('a poll still waiting at packet 5 is answered', async () => {
    const { session, engine } = await probed(clients);
    assert.equal((await session.poll()).body, '6');
    const poll = await session.waitingPoll();
    engine.send('5');
    assert.equal((await poll.response).status, 200);
    await expectEcho(engine, 'hello');
});

test('a Socket.IO connection keeps its namespace, sid and rooms across the upgrade', async () => {
    const session = await connect(clients, { transport: 'polling' });
    await session.send('420["join","r"]');
    assert.equal(await session.next(), '430[]');
    const engine = await session.upgrade();
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    engine.send('5', '421["whoami"]', '42["to-room","r",1]');
    assert.equal(await engine.next(), `431["${session.socketId}"]`);
    assert.equal(await engine.next(), '42["room-msg",1]');
});

// ---- afterwards -----------------------------------------------------------------------------

test('after the upgrade the sid is refused on polling, and the websocket stays', async () => {
    const { session, engine } = await upgraded(clients);
    await expectEcho(engine, 'switched');
    for (const method of ['GET', 'POST']) {
        assert.equal((await request(clients, session.url, { method })).status, 400);
    }
    await expectEcho(engine, 'still here');
});

test('after the upgrade a second websocket with the sid is closed, the first stays', async () => {
    const { session, engine } = await upgraded(clients);
    await expectEcho(engine, 'switched');
    await expectRefused(session);
    await expectEcho(engine, 'still here');
});

test('heartbeats go on over the websocket', async () => {
    const session = await PollingSession.open(protocol);
    const engine = await session.upgrade({ pongs: false });
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    engine.send('5');
    for (let i = 0; i < 3; i++) {
        assert.equal(await engine.next(), '2');
        engine.send('3');
    }
});

test('an upgraded session without pongs ends', async () => {
    const session = await PollingSession.open(protocol);
    const engine = await session.upgrade({ pongs: false });
    engine.send('2probe', '5');
    assert.equal(await engine.next(), '3probe');
    assert.equal(await engine.next(), '2');
    await engine.isOver();
});

test('a pong that is due when the transport changes may come on the new one', async () => {
    const session = await PollingSession.open(protocol);
    assert.equal((await session.poll()).body, '2');
    const engine = await session.upgrade();
    engine.send('2probe', '5', '3');
    assert.equal(await engine.next(), '3probe');
    await expectEcho(engine, 'hello');
});

// ---- upgrades that fail ---------------------------------------------------------------------

// A further websocket for the session is turned away: refused, or closed without a packet.
async function expectRefused(session) {
    const { server, sid } = session;
    const connection = await RawConnection.open(server);
    const path = enginePath(ENGINE, 'websocket', `&sid=${sid}`);
    connection.write(upgradeRequest(server, path));
    const { status } = await connection.response();
    assert.ok([101, 400].includes(status), `status ${status}`);
    if (status === 101) {
        assert.equal((await connection.read(1))[0], 0x88, 'a Close frame');
    } else {
        await connection.rest();
    }
}

for (const packet of ['4x', '2', '2other', '5', '3probe', 'abc', '1']) {
    test(`a first packet ${packet} closes that websocket, polling goes on`, async () => {
        const session = await PollingSession.open(clients);
        const engine = await session.upgrade();
        engine.send(packet);
        if (packet === '5') { // the reference upgrades without a probe; a server may be stricter
            engine.send('4hello');
            const outcome = await Promise.race([engine.next(), engine.closed]);
            if (outcome === '4hello') {
                return;
            }
        }
        await engine.closes();
        await expectEcho(session, 'still polling');
    });
}

test('a binary first frame closes that websocket, polling goes on', async () => {
    const session = await PollingSession.open(clients);
    const engine = await session.upgrade();
    engine.send(Buffer.from('2probe'));
    await engine.closes();
    await expectEcho(session, 'still polling');
});

test('a websocket lost before packet 5 leaves the session to polling', async () => {
    const { session, engine } = await probed(clients);
    engine.drop();
    let packet;
    await session.send('4still polling');
    do {
        packet = await session.next();
    } while (packet === '6');
    assert.equal(packet, '4still polling');
});

test('after a failed upgrade another one succeeds', async () => {
    const session = await PollingSession.open(clients);
    const failed = await session.upgrade();
    failed.send('4x');
    await failed.closes();
    const engine = await session.upgrade();
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    engine.send('5');
    await expectEcho(engine, 'hello');
});

test('a second websocket while one is upgrading is closed, the first goes on', async () => {
    const { session, engine } = await probed(clients);
    await expectRefused(session);
    engine.send('5');
    await expectEcho(engine, 'hello');
});

for (const [what, packets] of [['no probe', []], ['a probe but no packet 5', ['2probe']]]) {
    test(`${what} in time: that websocket is closed, polling goes on`, async () => {
        const session = await connect(behav, { transport: 'polling' });
        const engine = await session.upgrade();
        engine.send(...packets);
        await engine.closes();
        let alive = false;
        await session.send('420["message-with-ack"]');
        while (!alive) {
            alive = await session.next() === '430[]';
        }
        await session.send('41');
    });
}

test('a client that leaves while upgrading closes both transports', async () => {
    const { session, engine } = await probed(clients);
    await session.post('1');
    await engine.closes();
    await session.isOver();
});

test('a server that disconnects while upgrading closes both transports', async () => {
    const session = await connect(behav, { transport: 'polling' });
    const engine = await session.upgrade();
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    await session.post('42["kick-all"]');
    const packets = [];
    while (packets.at(-1) !== '1') {
        packets.push(await session.next());
    }
    assert.ok(packets.includes('41'), `packets ${packets}`);
    await engine.closes();
    await session.isOver();
});

// A session that the server has closed while its second transport was probed, with no poll waiting.
async function closedWhileProbed(server) {
    const session = await connect(server, { transport: 'polling' });
    const engine = await session.upgrade();
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    await session.send('42["kick-all"]');
    return { session, engine };
}

test('a server that disconnects while upgrading says so over it after packet 5', async () => {
    const { session, engine } = await closedWhileProbed(clients);
    engine.send('5');
    assert.equal(await engine.next(), '41');
    await engine.isOver();
    await session.isOver();
});

test('a server that disconnects before the probe comes finishes the upgrade as well', async () => {
    const session = await connect(clients, { transport: 'polling' });
    const engine = await session.upgrade();
    await session.send('42["kick-all"]');
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    engine.send('5');
    assert.equal(await engine.next(), '41');
    await engine.isOver();
    await session.isOver();
});

test('a poll may take the rest before packet 5 while the server disconnects', async () => {
    const { session, engine } = await closedWhileProbed(clients);
    assert.equal(await session.next(), '41');
    engine.send('5');
    await engine.isOver();
    await session.isOver();
});

for (const [what, fail] of [
    ['lost', (engine) => engine.drop()],
    ['closed for another packet', (engine) => engine.send('4x')],
]) {
    test(`a websocket ${what} as the server disconnects leaves the rest to polling`, async () => {
        const { session, engine } = await closedWhileProbed(clients);
        fail(engine);
        await engine.closes();
        const packets = [];
        while (packets.at(-1) !== '1') {
            packets.push(await session.next());
        }
        assert.ok(packets.includes('41'), `packets ${packets}`);
        await session.isOver();
    });
}

test('a session that is closed while upgrading is forgotten if its client does nothing', {
    notReference: 'waits for 30 s',
}, async () => {
    const { session, engine } = await closedWhileProbed(hasty);
    await engine.closes();
    await session.ends();
});

test('an upgrade with messages in flight both ways loses and repeats nothing', async () => {
    const session = await connect(behav, { transport: 'polling' });
    const engine = await session.upgrade();
    engine.send('2probe');
    assert.equal(await engine.next(), '3probe');
    await session.send('42["message",1]', '42["message",2]');
    engine.send('5', '42["message",3]');
    for (const value of [1, 2, 3]) {
        assert.match(await engine.next(), new RegExp(`^42\\["message-back",${value}\\b`));
    }
    await expectAlive(Object.assign(engine, { recovery: session.recovery }));
});

endsCleanly(clients, protocol, behav, hasty);
