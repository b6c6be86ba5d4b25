// SPDX-License-Identifier: MIT
//
// Redis goes away under three nodes that talk, and comes back empty, or hangs and goes on: nobody is
// disconnected or thought to have left, each node goes on for its own people, and what was
// acknowledged meanwhile reaches those on the other nodes, in order and once.
'use strict';

const assert = require('node:assert/strict');
const { setTimeout: pass } = require('node:timers/promises');
const { test } = require('./harness');
const { missing } = require('../interop/cluster/cluster.js');
const { acked, assembled, begin, heard, heardAll, heardOf, member, metric, serve, talk } = require('./traffic.js');

const NAMES = ['a', 'b', 'c'];
const UNREAD = 5; // messages of a talker: of 75 ms

// Three nodes with two people each, of whom one talks.
async function populate(kind) {
    const cluster = await begin(kind);
    const nodes = await Promise.all(NAMES.map((name) => serve(cluster, name)));
    await assembled(nodes);
    const speakers = [];
    const listeners = [];
    for (const [i, node] of nodes.entries()) {
        speakers.push(await member(node, `speaker ${NAMES[i]}`));
        listeners.push(await member(node, `listener ${NAMES[i]}`));
    }
    const people = [...speakers, ...listeners];
    const talkers = speakers.map((client, i) => talk(client, NAMES[i]));
    for (const talker of talkers) {
        await acked(talker, 20);
        await Promise.all(people.map((p) => heard(p, talker, 10)));
    }
    people.forEach((p) => p.told.splice(0)); // their arrivals
    return { cluster, nodes, people, listeners, talkers };
}

const sum = async (nodes, name) =>
    (await Promise.all(nodes.map((n) => metric(n, name)))).reduce((a, b) => a + b, 0);

// Whoever is at the talker's own node hears him at once.
async function localTrafficFlows({ listeners, talkers }) {
    await Promise.all(talkers.map(async (talker, i) => {
        await acked(talker, 10);
        await heard(listeners[i], talker, talker.acked.at(-1));
    }));
}

// How long it takes from now until somebody hears what a talker of another node says from now on.
async function untilItFlows({ listeners, talkers }) {
    const from = performance.now();
    await Promise.all(talkers.map((talker, i) => heard(listeners[(i + 1) % NAMES.length], talker, talker.said)));
    return Math.round(performance.now() - from);
}

async function allIsWell({ nodes, people, talkers }, t) {
    await Promise.all(talkers.map((talker) => talker.stop()));
    for (const talker of talkers) {
        await Promise.all(people.map((p) => heardAll(p, talker)));
    }
    for (const p of people) {
        assert.deepEqual(p.drops, []);
        assert.deepEqual(p.told, []);
    }
    assert.equal(await sum(nodes, 'bus_dropped_total'), 0);
    assert.equal(await sum(nodes, 'cluster_gaps_total'), 0);
    assert.equal(await sum(nodes, 'cluster_notes_refused_total'), 0);
    t.diagnostic(`${talkers.map((k) => k.acked.length)} messages, kept ${await sum(nodes, 'bus_kept_total')}`
        + `, sent again ${await sum(nodes, 'cluster_sent_again_total')}`
        + `, repeated ${await sum(nodes, 'cluster_repeated_total')}`);
}

async function killed(kind, outageMs, t) {
    const all = await populate(kind);
    const { cluster, nodes, talkers, people, listeners } = all;
    if (kind === 'streams') { // an entry that has been taken and not been read yet dies with Redis
        talkers.forEach((k) => {
            k.unsure = Array.from({ length: UNREAD }, (_, i) => k.said - i);
        });
    }
    await cluster.redis.stop('SIGKILL');
    const before = talkers[0].said;
    const end = pass(outageMs); // the length of the outage
    await localTrafficFlows(all);
    await end;
    await localTrafficFlows(all);
    const others = people.filter((p) => p !== talkers[0].client && p !== listeners[0]);
    assert.ok(others.every((p) => heardOf(p, 'a').at(-1) <= before), 'it was no outage');
    await cluster.startRedis();
    t.diagnostic(`messages flow again after ${await untilItFlows(all)} ms`);
    await Promise.all(talkers.map((talker) => acked(talker, 20)));
    await allIsWell(all, t);
    assert.ok(await sum(nodes, 'bus_kept_total') > 0);
    assert.ok(await sum(nodes, 'bus_reconnects_total') >= nodes.length);
}

async function hung(kind, hangMs, t) {
    const all = await populate(kind);
    all.cluster.redis.child.kill('SIGSTOP');
    const end = pass(hangMs);
    await localTrafficFlows(all);
    await end;
    await localTrafficFlows(all);
    all.cluster.redis.child.kill('SIGCONT');
    t.diagnostic(`messages flow again after ${await untilItFlows(all)} ms`);
    await Promise.all(all.talkers.map((talker) => acked(talker, 20)));
    await allIsWell(all, t);
    return sum(all.nodes, 'bus_reconnects_total');
}

test('classic: Redis is killed, and started again after 10 s', { skip: missing },
    (t) => killed('classic', 10000, t));

test('classic: Redis hangs for a moment', { skip: missing }, async (t) => {
    assert.equal(await hung('classic', 1500, t), 0, 'connections were given up');
});

test('classic: Redis hangs for so long that it is given up', { skip: missing }, async (t) => {
    assert.ok(await hung('classic', 10000, t) > 0, 'no connection was given up');
});

for (const kind of ['sharded', 'streams']) {
    test(`${kind}: Redis is killed, and started again after 2 s`, { skip: missing }, (t) => killed(kind, 2000, t));
}
