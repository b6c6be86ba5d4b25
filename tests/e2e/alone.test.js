// SPDX-License-Identifier: MIT
//
// One node with SQLite: it is killed, its disk is full, its only broker is away, while a crowd talks.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { connect, folder, test } = require('./harness');
const { Crowd, randomOf } = require('./crowd');
const { figure, on } = require('./grounds');
const { missing } = require('./service');

const FORM = { rate: 200, rooms: 4, members: 4 };
const DISK = '8m';
const SLICE = 4096;

const talkers = (grounds) => new Crowd({ ...FORM, origins: () => grounds.origins(), random: randomOf(1) });

test('kill -9 under load', { timeout: 120000 }, (t) => on(t, { nodes: 1, redis: false }, async (grounds) => {
    const crowd = talkers(grounds);
    const [node] = grounds.nodes;
    await crowd.gather();
    const flow = crowd.talk(FORM.rate);
    for (let i = 0; i < 3; i++) {
        await crowd.more(FORM.rate);
        await node.kill();
        await node.start();
    }
    await crowd.more(FORM.rate);
    flow.stop();
    await crowd.settle();
    await crowd.verdict(t, node.origin);
}));

// A small disk of the node's own, in a mount namespace: what runs a command that has it.
function smallDisk(place) {
    const mount = `mount -t tmpfs -o size=${DISK} tmpfs '${place}' && exec "$@"`;
    return ['unshare', ...(process.getuid() === 0 ? [] : ['--map-root-user']), '--mount', 'bash', '-c', mount, 'disk'];
}

function noDisk() {
    const place = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'rookery-e2e-disk-'));
    const [command, ...args] = smallDisk(place);
    const { status, error, stderr } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
    fs.rmdirSync(place);
    return status === 0 ? false : `no file system can be mounted here: ${error?.message ?? stderr.trim()}`;
}

// Fills the disk to the last byte. Returns what makes room again.
function fill(file) {
    const handle = fs.openSync(file, 'w');
    for (let size = 1 << 20; size >= 1; size = size > SLICE ? SLICE : size >> 1) {
        const slice = Buffer.alloc(size);
        try {
            while (fs.writeSync(handle, slice) === size);
        } catch (error) {
            assert.equal(error.code, 'ENOSPC');
        }
    }
    fs.closeSync(handle);
    return () => fs.unlinkSync(file);
}

test('its disk is full, and has room again', { skip: noDisk(), timeout: 120000 }, async (t) => {
    const data = folder();
    await on(t, { nodes: 1, redis: false, data, through: smallDisk(data) }, async (grounds) => {
        const crowd = talkers(grounds);
        const [node] = grounds.nodes;
        await crowd.gather();
        const flow = crowd.talk(FORM.rate);
        await crowd.more(FORM.rate);
        const makeRoom = fill(`/proc/${node.daemon.child.pid}/root${data}/ballast`);
        await crowd.refused('NOT_STORED', 50);
        makeRoom();
        const back = performance.now();
        await crowd.more(1);
        t.diagnostic(`messages are taken ${Math.round(performance.now() - back)} ms after there is room`);
        await crowd.more(FORM.rate);
        flow.stop();
        await crowd.settle();
        await crowd.verdict(t, node.origin);
    });
});

// ---- the only broker ----

const QUEUE = 2000;
const BROKER_MS = 5000;
const AWAY = ['--queue-messages', String(QUEUE), '--broker-timeout', `${BROKER_MS}ms`, '--broker-away', '1500ms'];
const PROBES = 100; // messages, at most, by which it is seen whether the broker is back
const PER_TURN = 100;
const TURNS = 100;

// Sends more than the queue holds without waiting for answers; resolves when the last is answered:
// [{ok, code, ms}...] in the order of the sends.
async function flood(client) {
    const answers = [];
    for (let turn = 0; turn < TURNS; turn++) {
        const since = performance.now();
        const sends = Array.from({ length: PER_TURN }, (_, i) => client.emitWithAck('send_message', {
            roomId: 'flood', content: `${turn * PER_TURN + i}`, clientId: `${turn * PER_TURN + i}`,
        }).then((answer) => ({ ...answer, ms: performance.now() - since })));
        answers.push(...sends);
        await new Promise(setImmediate);
    }
    return Promise.all(answers);
}

async function memory(node) {
    return `RSS ${Math.round(node.rssBytes() / 1048576)} MB, queue ${await figure(node.daemon, 'journal_queue_messages')}`
        + ` messages, ${await figure(node.daemon, 'journal_queue_bytes')} bytes`;
}

for (const deed of ['kill', 'pause']) {
    test(`Kafka is away (${deed}): senders are told at once, and nothing piles up`, {
        skip: missing('kafka'), timeout: 180000,
    }, (t) => on(t, { journal: 'kafka', nodes: 1, redis: false, args: AWAY }, async (grounds) => {
        const crowd = talkers(grounds);
        const [node] = grounds.nodes;
        const client = await connect(node.daemon, { userId: 'flood' });
        await crowd.gather();
        const flow = crowd.talk(FORM.rate);
        await crowd.more(FORM.rate);
        t.diagnostic(`before: ${await memory(node)}`);

        await grounds.journal[deed]();
        const first = flood(client);
        await crowd.refused('UNAVAILABLE', 1);
        const queued = await figure(node.daemon, 'journal_queue_messages');
        assert.ok(queued <= QUEUE, `${queued} messages are queued`);
        t.diagnostic(`while it is away: ${await memory(node)}`);
        const answers = await first;
        const later = await flood(client);
        t.diagnostic(`after two floods of ${PER_TURN * TURNS}: ${await memory(node)}`);
        const refused = later.filter(({ code }) => code === 'UNAVAILABLE');
        const slowest = Math.max(...refused.map(({ ms }) => ms));
        t.diagnostic(`refused as UNAVAILABLE after ${Math.round(slowest)} ms at most; the floods: ${JSON.stringify([tally(answers), tally(later)])}`);
        assert.ok(refused.length >= later.length - PROBES, JSON.stringify(tally(later)));
        assert.ok(slowest < BROKER_MS, `${slowest} ms`);
        assert.ok([...answers, ...later].every(({ ok, retryable }) => ok || retryable));

        const back = performance.now();
        await (deed === 'kill' ? grounds.journal.restart() : grounds.journal.resume());
        const ready = performance.now();
        await crowd.more(1);
        t.diagnostic(`Kafka is there after ${Math.round(ready - back)} ms, messages are taken ${Math.round(performance.now() - ready)} ms later`);
        flow.stop();
        await crowd.settle();
        t.diagnostic(`in the end: ${await memory(node)}`);
        await crowd.verdict(t, node.origin);
    }));
}

function tally(answers) {
    const counts = {};
    for (const { ok, code } of answers) {
        counts[ok ? 'ok' : code] = (counts[ok ? 'ok' : code] ?? 0) + 1;
    }
    return counts;
}
