// SPDX-License-Identifier: MIT
//
// Checklist section "Heartbeat": the server pings every 300 ms and waits 200 ms for the pong
// (profile protocol), or 1000 ms where a test needs room. Lower bounds are strict up to the grain
// of a timer; upper bounds leave room for a busy machine.
'use strict';

const assert = require('node:assert/strict');
const { delay, endsCleanly, notWithin, test, useServer } = require('./harness');
const { EngineSocket, PollingSession } = require('./engine_client');

const protocol = useServer('protocol');
const patient = useServer('protocol', { CONF_PING_TIMEOUT_MS: '1000' });

const INTERVAL_MS = 300;
const TIMEOUT_MS = 200;
const PATIENT_TIMEOUT_MS = 1000;
const TIMER_GRAIN_MS = 20;
const BUSY_MS = 1500;

// Runs an action, and measures what follows it: nothing may come sooner than `low` after the begin
// of the action, nor much later than `low` after its end.
async function timing(action) {
    const begun = performance.now();
    const result = await action();
    const ended = performance.now();
    const expectAfter = (low, what) => {
        const [longest, shortest] = [performance.now() - begun, performance.now() - ended];
        assert.ok(longest >= low - TIMER_GRAIN_MS, `${what} after ${longest} ms, not ${low}`);
        assert.ok(shortest < low + BUSY_MS, `${what} after ${shortest} ms, not ${low}`);
    };
    return [result, expectAfter];
}

const openSilent = (server) => () => EngineSocket.open(server, { pongs: false });

// ---- websocket ------------------------------------------------------------------------------

test('websocket: a ping comes every interval', async () => {
    let [engine, expectAfter] = await timing(openSilent(protocol));
    for (let i = 0; i < 3; i++) {
        assert.equal(await engine.next(), '2');
        expectAfter(INTERVAL_MS, 'ping');
        [, expectAfter] = await timing(() => engine.send('3'));
    }
});

test('websocket: the next ping comes an interval after the pong, not after the ping', async () => {
    const engine = await EngineSocket.open(patient, { pongs: false });
    assert.equal(await engine.next(), '2');
    await delay(250);
    const [, expectAfter] = await timing(() => engine.send('3'));
    assert.equal(await engine.next(), '2');
    expectAfter(INTERVAL_MS, 'ping');
});

test('websocket: a second ping is not sent while a pong is due', async () => {
    const engine = await EngineSocket.open(patient, { pongs: false });
    assert.equal(await engine.next(), '2');
    await notWithin(engine.next('second ping').catch(() => delay(BUSY_MS)), 'a second ping', 700);
});

test('websocket: without a pong the session ends after interval and timeout', async () => {
    const [engine, expectAfter] = await timing(openSilent(protocol));
    await engine.isOver();
    expectAfter(INTERVAL_MS + TIMEOUT_MS, 'close');
});

test('websocket: a pong nobody asked for does not stand for the one that is due', async () => {
    const engine = await EngineSocket.open(protocol, { pongs: false });
    engine.send('3');
    assert.equal(await engine.next(), '2');
    await engine.isOver();
});

test('websocket: with its pongs a session stays', async () => {
    const engine = await EngineSocket.open(protocol);
    await notWithin(engine.closed, 'a close', 4 * (INTERVAL_MS + TIMEOUT_MS));
    engine.send('4still here');
    assert.equal(await engine.next(), '4still here');
});

test('websocket: another packet while the pong is due restarts the timeout', async () => {
    const engine = await EngineSocket.open(patient, { pongs: false });
    assert.equal(await engine.next(), '2');
    await delay(PATIENT_TIMEOUT_MS / 2);
    const [, expectAfter] = await timing(() => engine.send('4x'));
    assert.equal(await engine.next(), '4x');
    await engine.isOver();
    expectAfter(PATIENT_TIMEOUT_MS, 'close');
});

test('websocket: other packets restart the timeout only once per ping', async () => {
    const engine = await EngineSocket.open(protocol, { pongs: false });
    assert.equal(await engine.next(), '2');
    const chatter = setInterval(() => engine.send('4x'), TIMEOUT_MS / 4);
    await engine.isOver().finally(() => clearInterval(chatter));
});

test('websocket: messages do not delay the ping', async () => {
    const [engine, expectAfter] = await timing(openSilent(protocol));
    const chatter = setInterval(() => engine.send('6'), INTERVAL_MS / 5);
    assert.equal(await engine.next().finally(() => clearInterval(chatter)), '2');
    expectAfter(INTERVAL_MS, 'ping');
});

// ---- polling --------------------------------------------------------------------------------

test('polling: a ping comes every interval', async () => {
    let [session, expectAfter] = await timing(() => PollingSession.open(protocol));
    for (let i = 0; i < 3; i++) {
        assert.equal((await session.poll()).body, '2');
        expectAfter(INTERVAL_MS, 'ping');
        [, expectAfter] = await timing(() => session.send('3'));
    }
});

test('polling: without a pong the waiting poll gets the close packet', async () => {
    const [session, expectAfter] = await timing(() => PollingSession.open(protocol));
    assert.equal((await session.poll()).body, '2');
    assert.equal((await session.poll()).body, '1');
    expectAfter(INTERVAL_MS + TIMEOUT_MS, 'close');
    await session.isOver();
});

test('polling: without poll and pong the sid is unknown after interval and timeout', async () => {
    const session = await PollingSession.open(protocol);
    await delay(INTERVAL_MS + TIMEOUT_MS + 60);
    const { status } = await session.poll();
    assert.equal(status, 400);
});

test('polling: with its pongs a session stays', async () => {
    const session = await PollingSession.open(protocol);
    for (let i = 0; i < 8; i++) {
        assert.equal((await session.poll()).body, '2');
        await session.send('3');
    }
    await session.send('4still here');
    assert.equal(await session.next(), '4still here');
});

test('polling: a ping that no poll could take is kept for the next one', async () => {
    const session = await PollingSession.open(patient);
    await delay(INTERVAL_MS + 100);
    assert.equal((await session.poll()).body, '2');
    await session.send('3');
});

endsCleanly(protocol, patient);
