// SPDX-License-Identifier: MIT
//
// A room of a cluster under load: people on several nodes who all talk at a steady rate, each message
// numbered, and members who note whose numbers they hear. Offsets are a node's own, so it is the
// numbers that tell whether something was lost, told twice or out of order.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, later, start, within } = require('./harness');
const { Cluster, eventually } = require('../interop/cluster/cluster.js');

const ROOM = 'engine room';
const EVERY_MS = 15; // a talker's rate: three of them say 200 messages a second

// A Redis of the test's own; kind: the adapter.
async function begin(kind) {
    const cluster = new Cluster(kind);
    later(() => cluster.end());
    await cluster.startRedis();
    return cluster;
}

const serve = (cluster, name, { heartbeat = '1s', args = [], ...options } = {}) => start({
    args: ['--redis-url', cluster.url, '--adapter', cluster.kind, '--cluster-heartbeat', heartbeat,
        '--service-id', name, ...args],
    env: { JWT_SECRET: 'a secret that all of them have' },
    ...options,
});

async function metric(node, name) {
    const text = await (await fetch(`${node.origin}/metrics`)).text();
    const lines = text.split('\n').filter((l) => l.startsWith(`rookery_${name}{`) || l.startsWith(`rookery_${name} `));
    assert.ok(lines.length > 0, `no ${name} in the metrics`);
    return lines.reduce((sum, l) => sum + Number(l.split(' ').at(-1)), 0);
}

// What the node has passed on to others, for sessions of theirs.
async function passedOn(node) {
    const text = await (await fetch(`${node.origin}/metrics`)).text();
    const [requests, tunnels] = ['request', 'websocket'].map((what) =>
        Number(text.split(`rookery_passed_on_total{reason="${what}"} `)[1].split('\n')[0]));
    return { requests, tunnels };
}

// Until each node knows of all.
const assembled = (nodes) => eventually(async () => {
    for (const node of nodes) {
        assert.equal(await metric(node, 'cluster_nodes'), nodes.length);
    }
});

// Notes what is heard from now on: client.heard: talker -> numbers; client.told: news of who is there.
function listen(client) {
    client.heard = new Map();
    client.told = [];
    client.drops = [];
    client.waiting = new Set(); // for messages
    client.on('message', ({ content }) => {
        const [talker, number] = content.split('#');
        client.heard.set(talker, [...(client.heard.get(talker) ?? []), Number(number)]);
        client.waiting.forEach((look) => look());
    });
    for (const news of ['user_joined', 'user_left', 'presence_update']) {
        client.on(news, ({ userId, status }) => client.told.push({ news, userId, ...(status ? { status } : {}) }));
    }
    client.on('disconnect', (reason) => client.drops.push(reason));
}

async function enter(client) {
    const answer = await ask(client, 'join_room', { roomId: ROOM, after: 0 });
    assert.ok(answer.ok, JSON.stringify(answer));
}

// A member of the room in the native dialect.
async function member(node, userId, options) {
    const client = await connect(node, userId === undefined ? {} : { userId, username: userId }, options);
    client.userId = userId ?? client.id;
    listen(client);
    await enter(client);
    return client;
}

const heardOf = (client, talker) => client.heard.get(talker) ?? [];

// Says one message after another until it is stopped: talker.acked are the numbers that have been
// acknowledged. While the connection is away nothing is said.
function talk(client, name, everyMs = EVERY_MS) {
    const talker = { name, client, said: 0, acked: [], refused: [], open: 0, waiting: new Set() };
    const say = () => {
        if (!client.connected) {
            return;
        }
        const number = talker.said++;
        const { id } = client;
        talker.open++;
        client.emit('send_message', { roomId: ROOM, content: `${name}#${number}`, clientId: `${name}-${number}` },
            (answer) => {
                talker.open -= client.id === id; // those of a connection that ended stay unanswered
                (answer.ok ? talker.acked : talker.refused).push(answer.ok ? number : answer);
                talker.waiting.forEach((look) => look());
            });
    };
    client.on('disconnect', () => {
        talker.open = 0;
    });
    const timer = setInterval(say, everyMs);
    later(() => clearInterval(timer));
    talker.stop = async () => {
        clearInterval(timer);
        await eventually(() => assert.equal(talker.open, 0, 'messages without an answer'));
        assert.deepEqual(talker.refused, []);
    };
    return talker;
}

// Until so many more messages have been acknowledged.
const acked = (talker, more) => {
    const goal = talker.acked.length + more;
    return within(new Promise((resolve) => {
        const look = () => {
            if (talker.acked.length >= goal) {
                talker.waiting.delete(look);
                resolve();
            }
        };
        talker.waiting.add(look);
        look();
    }), `${more} acknowledgements of ${talker.name}`, 30000);
};

// Until the member has heard that message or a later one.
const heard = (client, talker, number) => within(new Promise((resolve) => {
    const look = () => {
        if ((heardOf(client, talker.name).at(-1) ?? -1) >= number) {
            client.waiting.delete(look);
            resolve();
        }
    };
    client.waiting.add(look);
    look();
}), `message ${number} of ${talker.name}`, 30000);

// The member has heard all that was acknowledged to the talker, from that number on, in order and
// once; what was not acknowledged, or is in talker.unsure, may be there or not.
async function heardAll(client, talker, from = 0) {
    const wanted = talker.acked.filter((n) => n >= from && !talker.unsure?.includes(n));
    await heard(client, talker, Math.max(...wanted));
    const got = heardOf(client, talker.name).filter((n) => n >= from);
    const set = new Set(got);
    const missed = wanted.filter((n) => !set.has(n));
    const wrong = got.filter((n, i) => i > 0 && n <= got[i - 1]);
    assert.equal(missed.length, 0, `${missed.length} of ${talker.name} missed, from ${missed[0]} to ${missed.at(-1)}`);
    assert.equal(wrong.length, 0, `${wrong.length} of ${talker.name} twice or out of order, from ${wrong[0]} on`);
}

module.exports = {
    EVERY_MS, ROOM, acked, assembled, begin, enter, eventually, heard, heardAll, heardOf, listen, member, metric,
    passedOn, serve, talk,
};
