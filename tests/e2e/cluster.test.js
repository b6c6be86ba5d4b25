// SPDX-License-Identifier: MIT
//
// Chat servers on one Redis, as an operator sees them.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { later, start, test } = require('./harness.js');
const { Cluster, eventually, missing } = require('../interop/cluster/cluster.js');

async function begin() {
    const cluster = new Cluster('classic');
    later(() => cluster.end());
    await cluster.startRedis();
    return cluster;
}

const serve = (cluster, name) => start({
    args: ['--redis-url', cluster.url, '--cluster-heartbeat', '100ms', '--service-id', name],
    env: { JWT_SECRET: 'a secret that all of them have' },
});

const get = async (daemon, path) => (await fetch(daemon.origin + path)).json();
const names = async (daemon) => (await get(daemon, '/api/services')).services.map((s) => s.serviceId);

test('servers on one Redis list each other, until they stop or die', { skip: missing }, async () => {
    const cluster = await begin();
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => serve(cluster, name)));
    await eventually(async () => assert.deepEqual((await names(a)).sort(), ['a', 'b', 'c']));
    assert.equal((await names(a))[0], 'a');
    const { services } = await get(a, '/api/services');
    const other = services.find((s) => s.serviceId === 'b');
    assert.equal(`http://${other.host}:${other.port}`, b.origin);
    await b.end('SIGTERM');
    await eventually(async () => assert.deepEqual((await names(a)).sort(), ['a', 'c']));
    await c.end('SIGKILL');
    await eventually(async () => assert.deepEqual(await names(a), ['a']));
});

test('a Redis that is away degrades a server, and nothing more', { skip: missing }, async () => {
    const cluster = await begin();
    const [a, b] = await Promise.all(['a', 'b'].map((name) => serve(cluster, name)));
    await eventually(async () => assert.equal((await get(a, '/health')).status, 'healthy'));
    await eventually(async () => assert.equal((await names(a)).length, 2));
    await cluster.redis.stop();
    await eventually(async () => assert.equal((await get(a, '/health')).redis, 'disconnected'));
    assert.equal((await fetch(`${a.origin}/health/ready`)).status, 200);
    assert.equal((await names(a)).length, 2);
    await cluster.startRedis();
    await eventually(async () => assert.equal((await get(a, '/health')).status, 'healthy'));
    await eventually(async () => assert.equal((await get(b, '/health')).status, 'healthy'));
    assert.equal((await names(a)).length, 2);
});

test('the log says why Redis is not there, or takes no messages', { skip: missing }, async () => {
    const cluster = await begin();
    const redis = net.connect(cluster.redisPort, '127.0.0.1');
    later(() => redis.destroy());
    redis.write('ACL SETUSER mute on >p +@all -publish ~* &*\r\n');
    assert.match(String(await once(redis, 'data')), /OK/);
    const as = (user) => start({
        args: ['--redis-url', cluster.url.replace('//', `//${user}@`)],
        env: { ROOKERY_LOG_LEVEL: 'warn' },
        log: true,
    });
    const [wrong, mute] = await Promise.all([as('mute:wrong'), as('mute:p')]);
    await eventually(() => assert.match(wrong.log, /Redis is away.*WRONGPASS/));
    await eventually(() => assert.match(mute.log, /Redis refuses a message.*NOPERM/));
    assert.equal((await get(wrong, '/health')).redis, 'disconnected');
    assert.match(await (await fetch(`${mute.origin}/metrics`)).text(), /dropped_total\{reason="refused"\} [1-9]/);
});
