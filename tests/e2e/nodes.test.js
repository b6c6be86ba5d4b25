// SPDX-License-Identifier: MIT
//
// Nodes of a cluster that die, come late, or are started again, while people on the others talk.
'use strict';

const assert = require('node:assert/strict');
const { folder, test, within } = require('./harness');
const { missing } = require('../interop/cluster/cluster.js');
const {
    acked, assembled, begin, enter, eventually, heardAll, heardOf, member, metric, passedOn, serve, talk,
} = require('./traffic.js');

const HEARTBEAT = '300ms'; // a node is missed after three of these
const BEFORE = 20; // messages of each before a node comes

// Until the member has been told that of somebody.
const told = (client, news, userId) => eventually(() => {
    assert.ok(client.told.some((n) => n.news === news && n.userId === userId), `${news} of ${userId}`);
});

test('a node that is killed takes its users with it, and nothing else', { skip: missing }, async (t) => {
    const cluster = await begin('classic');
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => serve(cluster, name, { heartbeat: HEARTBEAT })));
    await assembled([a, b, c]);
    const people = await Promise.all([member(a, 'ann'), member(b, 'bob'), member(b, 'bea')]);
    const lost = [await member(c, 'cleo'), await member(c, 'carl'), await member(c)];
    await member(c, 'dora');
    const dora = await member(a, 'dora'); // is at two nodes, and so is not lost
    for (const p of people) {
        for (const userId of [...lost.map((l) => l.userId), 'dora']) {
            await told(p, 'user_joined', userId);
        }
    }
    const talkers = [talk(people[0], 'ann'), talk(people[1], 'bob')];
    await Promise.all(talkers.map((k) => acked(k, 20)));
    people.forEach((p) => p.told.splice(0));

    const offline = lost.map((p) => ({ news: 'presence_update', userId: p.userId, status: 'offline' }));
    const gone = performance.now();
    await c.end('SIGKILL');
    await eventually(() => people.forEach((p) => assert.equal(p.told.length, offline.length)));
    t.diagnostic(`told after ${Math.round(performance.now() - gone)} ms; heartbeat ${HEARTBEAT}`);
    await eventually(async () => {
        assert.equal(await metric(a, 'cluster_nodes'), 2);
        assert.equal(await metric(b, 'cluster_nodes'), 2);
    });
    await Promise.all(talkers.map((k) => acked(k, 50))); // and nothing more is told meanwhile
    await Promise.all(talkers.map((k) => k.stop()));
    for (const p of [...people, dora]) {
        await Promise.all(talkers.map((k) => heardAll(p, k)));
        assert.deepEqual(p.drops, []);
    }
    for (const p of people) {
        assert.deepEqual(new Set(p.told), new Set(offline));
        assert.equal(p.told.length, offline.length);
    }
    assert.equal(await metric(a, 'bus_reconnects_total') + await metric(b, 'bus_reconnects_total'), 0);
});

test('a node that comes late hears all from then on', { skip: missing }, async () => {
    const cluster = await begin('classic');
    const [a, b] = await Promise.all(['a', 'b'].map((name) => serve(cluster, name)));
    await assembled([a, b]);
    const people = [await member(a, 'ann'), await member(b, 'bob')];
    const talkers = [talk(people[0], 'ann'), talk(people[1], 'bob')];
    await Promise.all(talkers.map((k) => acked(k, BEFORE)));

    const c = await serve(cluster, 'c');
    const cleo = await member(c, 'cleo');
    const since = talkers.map((k) => k.said); // what is said after its answer the newcomer gets
    talkers.push(talk(cleo, 'cleo'));
    await Promise.all(talkers.map((k) => acked(k, 60)));
    await Promise.all(talkers.map((k) => k.stop()));
    for (const p of people) {
        await Promise.all(talkers.map((k) => heardAll(p, k)));
    }
    await Promise.all(talkers.map((k, i) => heardAll(cleo, k, since[i] ?? 0)));
    talkers.slice(0, 2).forEach((k) => assert.ok(heardOf(cleo, k.name)[0] >= BEFORE, 'told what was said before'));
    assert.ok([...people, cleo].every((p) => p.drops.length === 0));
});

// The load balancer is not sticky, and nodes ask once a minute who is there.
test('a session that begins as its node does is known to another, which has not heard of that node', { skip: missing }, async () => {
    const cluster = await begin('classic');
    const options = { heartbeat: '1m', args: ['--cluster-secret', 'of all'] };
    const a = await serve(cluster, 'a', options);
    for (const [name, count] of [['b', 2], ['c', 3]]) {
        const node = await serve(cluster, name, options);
        const url = '/socket.io/?EIO=4&transport=polling';
        const { sid } = JSON.parse((await (await fetch(node.origin + url)).text()).slice(1));
        await eventually(async () => assert.equal(await metric(node, 'cluster_nodes'), count));
        assert.equal(await metric(a, 'cluster_nodes'), count - 1);
        const answer = await fetch(`${a.origin}${url}&sid=${sid}`, { method: 'POST', body: '40' });
        assert.deepEqual([answer.status, await answer.text()], [200, 'ok']);
    }
    assert.deepEqual(await passedOn(a), { requests: 2, tunnels: 0 });
});

test('a node that is stopped under load has told all that it acknowledged', { skip: missing }, async (t) => {
    const cluster = await begin('classic');
    const [a, c] = await Promise.all(['a', 'c'].map((name) => serve(cluster, name)));
    const data = folder();
    let b = await serve(cluster, 'b', { data });
    await assembled([a, b, c]);
    const people = [await member(a, 'ann'), await member(c, 'cleo')];
    const returning = {
        transports: ['polling', 'websocket'], reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200,
    };
    const clients = await Promise.all(['bob', 'bea'].map((name) => member(b, name, returning)));
    const talkers = [...people, ...clients].map((client, i) => talk(client, ['ann', 'cleo', 'bob', 'bea'][i]));
    await Promise.all(talkers.map((k) => acked(k, 30)));

    assert.equal(await b.end('SIGTERM'), 0);
    const back = clients.map((client) => new Promise((resolve) => {
        client.once('connect', () => resolve(enter(client)));
    }));
    await Promise.all(talkers.slice(0, 2).map((k) => acked(k, 20)));
    b = await serve(cluster, 'b', { data, port: b.port });
    await within(Promise.all(back), 'return of the clients');
    await Promise.all(talkers.map((k) => acked(k, 50)));
    await Promise.all(talkers.map((k) => k.stop()));
    for (const p of people) {
        await Promise.all(talkers.map((k) => heardAll(p, k)));
        assert.deepEqual(p.drops, []);
    }
    assert.ok(clients.every((p) => p.connected && p.drops.length === 1));
    t.diagnostic(`acknowledged: ${talkers.map((k) => `${k.acked.length} of ${k.said}`)}`);
});
