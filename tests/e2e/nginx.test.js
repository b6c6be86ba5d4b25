// SPDX-License-Identifier: MIT
//
// Three nodes behind a load balancer that is not sticky: nginx deals out requests in turn, so that
// most polls and upgrades of a session come in on a node that does not have it.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Daemon, ask, connect, folder, join, later, request, say, start, test, until, upgraded, within } = require('./harness');
const { freePort, reachable } = require('../support/port');

const CLIENTS = 10;
const NODES = 3;

function missing(program) {
    try {
        execFileSync('which', [program], { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
        return false;
    } catch {
        return true;
    }
}
const skip = ['nginx', 'redis-server'].filter(missing).map((p) => `${p} is not installed`)[0] ?? false;

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

// ---- what stands around the nodes ---------------------------------------------------------------

// Asks again and again, for what no event tells of.
async function eventually(isTrue, what) {
    let over = false;
    const asking = (async () => {
        while (!over && !await isTrue()) {
            await new Promise((resolve) => {
                setTimeout(resolve, 20);
            });
        }
    })();
    try {
        await within(asking, what, 20000);
    } finally {
        over = true;
    }
}

async function run(program, args, port) {
    const child = spawn(program, args, {
        stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    const daemon = new Daemon(child);
    later(() => daemon.end('SIGKILL'));
    await eventually(() => reachable(port), `${program} on port ${port}`);
    return daemon;
}

async function startRedis() {
    const port = await freePort();
    await run('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder()].map(String), port);
    return `redis://127.0.0.1:${port}`;
}

const configuration = (place, port, nodes) => `
daemon off;
worker_processes 1;
pid ${place}/pid;
error_log ${place}/error.log;
events { worker_connections 512; }
http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${place}/${t};`).join(' ')}
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream nodes {
        ${nodes.map((n) => `server 127.0.0.1:${n.port};`).join(' ')}
        keepalive 16;
    }
    server {
        listen 127.0.0.1:${port};
        location / {
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_read_timeout 60s;
            proxy_buffering off;
        }
    }
}
`;

// nginx with its master and one worker: both end with the master.
async function startBalancer(nodes) {
    const place = folder();
    const port = await freePort();
    fs.writeFileSync(path.join(place, 'nginx.conf'), configuration(place, port, nodes));
    const daemon = await run('nginx', ['-p', place, '-e', path.join(place, 'error.log'), '-c', 'nginx.conf'], port);
    later(() => daemon.end('SIGTERM'));
    return { origin: `http://127.0.0.1:${port}` };
}

async function startNode(redis, { secret = 'a secret of the cluster', args = [] } = {}) {
    const port = await freePort();
    return start({
        port,
        args: ['--redis-url', redis, '--cluster-address', `127.0.0.1:${port}`, ...args],
        env: secret === null ? {} : { ROOKERY_CLUSTER_SECRET: secret },
    });
}

const handshake = async (node) =>
    JSON.parse((await request(node, 'GET', '/socket.io/?EIO=4&transport=polling')).text.slice(1)).sid;

// Does `other` find a session of `owner`? A POST tells without waiting.
async function passes(owner, other) {
    const sid = await handshake(owner);
    const { status } = await request(other, 'POST', `/socket.io/?EIO=4&transport=polling&sid=${sid}`, {
        body: '40', headers: { 'Content-Type': 'text/plain' },
    });
    return status === 200;
}

// Three nodes that know each other, and the balancer before them.
async function startCluster(options) {
    const redis = await startRedis();
    const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(redis, options)));
    if (options?.secret !== null) {
        for (const owner of nodes) {
            for (const other of nodes.filter((n) => n !== owner)) {
                await eventually(() => passes(owner, other), 'node that finds the other');
            }
        }
    }
    return { nodes, balancer: await startBalancer(nodes) };
}

async function counted(nodes, family, label) {
    const texts = await Promise.all(nodes.map((n) => request(n, 'GET', '/metrics')));
    return texts.map(({ text }) => {
        const line = text.split('\n').find((l) => l.startsWith(`rookery_${family}_total`) && l.includes(label));
        assert.ok(line, `no ${family} ${label} in the metrics`);
        return Number(line.split(' ').at(-1));
    });
}

const connectAll = (balancer, options) =>
    Promise.allSettled(Array.from({ length: CLIENTS }, () => connect(balancer, {}, options)));

// ---- the tests ----------------------------------------------------------------------------------

test('ten of ten clients connect and upgrade by turns over three nodes', { skip }, async (t) => {
    const { nodes, balancer } = await startCluster();
    const before = await counted(nodes, 'passed_on', 'request');

    const outcomes = await connectAll(balancer, { transports: ['polling', 'websocket'] });
    const clients = outcomes.filter((o) => o.status === 'fulfilled').map((o) => o.value);
    t.diagnostic(`${clients.length} of ${CLIENTS} connected`);
    assert.equal(clients.length, CLIENTS);
    await Promise.all(clients.map(upgraded));
    await Promise.all(clients.map((c, i) => join(c, `room ${i}`)));
    const answers = await Promise.all(clients.map((c, i) => say(c, `room ${i}`, 'hello')));
    assert.ok(answers.every((a) => a.ok));

    const after = await counted(nodes, 'passed_on', 'request');
    const tunnels = await counted(nodes, 'passed_on', 'websocket');
    t.diagnostic(`passed on by each node: ${after.map((n, i) => n - before[i])} requests, ${tunnels} WebSockets`);
    assert.ok(sum(after) - sum(before) >= CLIENTS, 'requests came in on nodes that they were not for');
    assert.ok(sum(tunnels) > 0);
});

test('ten of ten clients that only poll are served by turns over three nodes', { skip }, async (t) => {
    const { nodes, balancer } = await startCluster();
    const failed = await counted(nodes, 'passed_on_refused', 'no answer');

    const outcomes = await connectAll(balancer, { transports: ['polling'] });
    const clients = outcomes.filter((o) => o.status === 'fulfilled').map((o) => o.value);
    t.diagnostic(`${clients.length} of ${CLIENTS} connected`);
    assert.equal(clients.length, CLIENTS);
    for (const [i, client] of clients.entries()) {
        await join(client, `room ${i}`);
        for (let n = 0; n < 10; n++) {
            assert.ok((await say(client, `room ${i}`, String(n))).ok);
        }
        await until(client, () => client.events.filter((e) => e.name === 'message').length >= 10, 'all messages');
    }
    assert.ok(clients.every((c) => c.connected));
    assert.deepEqual(await counted(nodes, 'passed_on_refused', 'no answer'), failed);
});

test('without a common secret clients that poll do not get through, as on Node.js', { skip }, async (t) => {
    const { balancer } = await startCluster({ secret: null });
    const outcomes = await connectAll(balancer, { transports: ['polling'] });
    const connected = outcomes.filter((o) => o.status === 'fulfilled').length;
    t.diagnostic(`${connected} of ${CLIENTS} connected`);
    assert.ok(connected < CLIENTS);
});

test('clients of a node that is killed come back by way of the others', { skip }, async () => {
    const { nodes, balancer } = await startCluster();
    const outcomes = await connectAll(balancer, {
        transports: ['polling', 'websocket'], reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200,
    });
    const clients = outcomes.map((o) => o.value);
    await Promise.all(clients.map(upgraded));
    await nodes[0].end('SIGKILL');
    await eventually(async () => {
        const alive = clients.filter((c) => c.connected);
        const answered = await Promise.allSettled(alive.map((c) => ask(c.timeout(2000), 'list_rooms', {})));
        return alive.length === CLIENTS && answered.every((a) => a.status === 'fulfilled');
    }, 'connection of all clients');
    assert.ok(clients.every((c) => c.connected));
});
