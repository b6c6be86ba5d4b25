// SPDX-License-Identifier: MIT
//
// Brokers and databases that are there, go away and come back while a server runs; environments that
// name them; and processes that do nothing but bring messages into the store.
'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { Daemon, bare, connect, join, later, program, request, say, start, take, test } = require('./harness');
const { missing, sql, startService } = require('./service');
const { eventually } = require('../interop/cluster/cluster.js');
const { freePort } = require('../support/port.js');

const START_MS = 60000;
const BACK_MS = 60000; // three attempts with growing pauses, on a busy machine

const started = new Map();

// One of each for all of the file.
function shared(name) {
    if (!started.has(name)) {
        started.set(name, startService(name, { shared: true }));
    }
    return started.get(name);
}

async function serve(args, { env = {} } = {}) {
    const daemon = await start({ args: ['--log-format=json', ...args], env, ms: START_MS, log: true });
    later(() => daemon.end('SIGTERM').catch(() => {})); // so that it leaves its group
    return daemon;
}

const ready = async (daemon) => {
    const { status, text } = await request(daemon, 'GET', '/health/ready');
    return { status, error: status === 200 ? undefined : JSON.parse(text).error };
};

const health = async (daemon) => (await request(daemon, 'GET', '/health')).json();

const lines = (daemon) => daemon.log.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

// Of each problem at most one line a second.
function loggedOncePerSecond(daemon, msg, fromMs) {
    const found = lines(daemon).filter((l) => l.msg === msg);
    assert.ok(found.length >= 1, `no line "${msg}" in ${daemon.log}`);
    assert.ok(found.length <= 1 + Math.ceil((Date.now() - fromMs) / 1000), daemon.log);
    assert.ok(found.every((l) => l.level === 'error' && !JSON.stringify(l).includes('guest:')), daemon.log);
}

// ---- environments ------------------------------------------------------------------------------

test('the environments of other systems start, with real servers', { skip: missing('kafka', 'mongo', 'redis'), timeout: 240000 },
    async () => {
        const [kafka, mongo, redis] = await Promise.all(['kafka', 'mongo', 'redis'].map(shared));
        const common = {
            PORT: '0', SERVICE_ID: 'chat-1', REDIS_URL: redis.url, JWT_SECRET: 'a secret of 32 bytes or more, yes',
            JWT_EXPIRES_IN: '7d', WS_CORS_ORIGIN: 'http://localhost:3000,http://localhost:8080', MAX_MESSAGE_LENGTH: '5000',
            MESSAGE_HISTORY_LIMIT: '100', TYPING_INDICATOR_TIMEOUT: '5000', WS_PING_TIMEOUT: '5000',
        };
        for (const env of [
            { ...common, KAFKA_BROKERS: kafka.url, MONGODB_URL: `${mongo.url}/chat` },
            { ...common, KAFKA_BROKER: kafka.url, DB_URL: `${mongo.url}/chat` },
        ]) {
            const daemon = await start({ port: null, env, ms: START_MS });
            await eventually(async () => {
                const { database, redis: cache, kafka: broker } = await health(daemon);
                assert.deepEqual([database, cache, broker], ['connected', 'connected', 'connected']);
            });
            const client = await connect(daemon, {});
            await join(client, 'lobby');
            assert.equal((await say(client, 'lobby', 'hello')).ok, true);
            assert.equal((await take(client, 'message')).content, 'hello');
            assert.equal(await daemon.end('SIGTERM'), 0);
        }
    });

// ---- away, and back ------------------------------------------------------------------------------

async function brokerGoesAway(broker, args) {
    const daemon = await serve([...args, '--broker-away=1s', '--broker-timeout=2s', '--persist-linger=1ms']);
    const client = await connect(daemon, {});
    await join(client, 'r');
    assert.equal((await say(client, 'r', 'before')).ok, true);
    assert.deepEqual(await ready(daemon), { status: 200, error: undefined });
    const from = Date.now();
    await broker.kill();
    await eventually(async () => {
        assert.deepEqual(await ready(daemon), { status: 503, error: 'the broker is away' });
    }, BACK_MS);
    await eventually(async () => { // at once, as soon as it has been away for long enough
        const refused = await say(client, 'r', 'during');
        assert.deepEqual([refused.ok, refused.code, refused.retryable], [false, 'UNAVAILABLE', true]);
    }, BACK_MS);
    loggedOncePerSecond(daemon, 'the broker is away', from);
    await broker.restart();
    await eventually(async () => assert.equal((await ready(daemon)).status, 200), BACK_MS);
    await eventually(async () => assert.equal((await say(client, 'r', 'after')).ok, true), BACK_MS);
    await eventually(async () => {
        const late = await connect(daemon, {});
        const texts = (await join(late, 'r')).map((m) => m.content);
        late.disconnect();
        assert.deepEqual([texts[0], texts.at(-1)], ['after', 'before']);
    }, BACK_MS);
    assert.ok(client.connected);
}

test('Kafka goes away and comes back', { skip: missing('kafka'), timeout: 240000 }, async () => {
    const kafka = await shared('kafka');
    await brokerGoesAway(kafka, ['--kafka-brokers', kafka.url, '--kafka-topic=away', '--kafka-group=away']);
});

test('RabbitMQ goes away and comes back', { skip: missing('rabbitmq'), timeout: 240000 }, async () => {
    const rabbitmq = await shared('rabbitmq');
    await brokerGoesAway(rabbitmq, ['--rabbitmq-url', rabbitmq.url]);
});

for (const [name, option, path] of [['postgres', '--database-url', ''], ['mongo', '--mongo-uri', '/away']]) {
    test(`${name} goes away behind Kafka and comes back`, { skip: missing('kafka', name), timeout: 240000 }, async () => {
        const [kafka, store] = await Promise.all([shared('kafka'), shared(name)]);
        const daemon = await serve(['--kafka-brokers', kafka.url, `--kafka-topic=behind-${name}`,
            `--kafka-group=behind-${name}`, option, `${store.url}${path}`, '--store-timeout=1s']);
        const client = await connect(daemon, {});
        await join(client, 'r');
        assert.equal((await say(client, 'r', 'before')).ok, true);
        const from = Date.now();
        await store.kill();
        assert.equal((await say(client, 'r', 'during')).ok, true); // Kafka has it
        await eventually(async () => assert.equal((await health(daemon)).database, 'disconnected'), BACK_MS);
        assert.equal((await ready(daemon)).status, 200);
        const { kafka: broker, status, service } = await health(daemon);
        assert.deepEqual([broker, status, service], ['connected', 'degraded', 'healthy']);
        loggedOncePerSecond(daemon, 'the store has a problem', from);
        await store.restart();
        await eventually(async () => assert.equal((await health(daemon)).database, 'connected'), BACK_MS);
        await eventually(async () => {
            const late = await connect(daemon, {});
            const texts = (await join(late, 'r')).map((m) => m.content);
            late.disconnect();
            assert.deepEqual(texts, ['during', 'before']);
        }, BACK_MS);
    });
}

test('PostgreSQL alone goes away and comes back', { skip: missing('postgres'), timeout: 120000 }, async () => {
    const postgres = await shared('postgres');
    const daemon = await serve(['--database-url', postgres.url, '--store-timeout=1s']);
    const client = await connect(daemon, {});
    await join(client, 'alone');
    await postgres.kill();
    const refused = await say(client, 'alone', 'during');
    assert.deepEqual([refused.ok, refused.retryable], [false, true]);
    assert.deepEqual(await ready(daemon), { status: 503, error: 'the store fails' });
    await postgres.restart();
    await eventually(async () => assert.equal((await say(client, 'alone', 'after')).ok, true), BACK_MS);
    assert.equal((await ready(daemon)).status, 200);
});

// Nodes share it: if none of them were ready, nobody could say anything.
test('a replica that cannot be read is told, and messages are taken', { skip: missing('postgres'), timeout: 120000 }, async () => {
    const { url } = await shared('postgres');
    const replica = url.replace(/[^/]*$/, 'replica');
    sql(url, 'CREATE DATABASE replica');
    await (await serve(['--database-url', replica])).end('SIGTERM');
    const daemon = await serve(['--database-url', url, '--database-replica-url', replica]);
    assert.equal((await health(daemon)).database, 'connected');
    sql(replica, 'DROP TABLE messages CASCADE');
    assert.equal((await request(daemon, 'GET', '/api/rooms/r/messages')).status, 500);
    const { database, status, service } = await health(daemon);
    assert.deepEqual([database, status, service], ['disconnected', 'degraded', 'healthy']);
    assert.equal((await ready(daemon)).status, 200);
    const { level, why } = lines(daemon).find((l) => l.msg === 'the store has a problem');
    assert.equal(level, 'error');
    assert.match(why, /^the replica postgresql:.*\/replica: reading: .*messages/);
    const client = await connect(daemon, {});
    assert.equal((await say(client, 'r', 'said')).ok, true);
});

// ---- a file each ----------------------------------------------------------------------------------

test('nodes with a file each bring all of the log into it, though nothing but Kafka joins them', {
    skip: missing('kafka'), timeout: 240000,
}, async () => {
    const ROOMS = 8, TEXTS = 5;
    const kafka = await shared('kafka');
    const where = ['--kafka-brokers', kafka.url, '--kafka-topic=files', '--kafka-group=files', '--kafka-partitions=4'];
    const nodes = [await serve(where), await serve(where)]; // one after the other: the first makes the topic
    const clients = await Promise.all(nodes.map((node) => connect(node, {})));
    const rooms = Array.from({ length: ROOMS }, (_, i) => `files ${i}`);
    for (const room of rooms) {
        for (let n = 0; n < TEXTS; n++) {
            assert.equal((await say(clients[n % 2], room, `text ${n}`)).ok, true);
        }
    }
    for (const client of clients) {
        for (const room of rooms) {
            const texts = (await join(client, room)).map((m) => m.content).reverse();
            assert.deepEqual(texts, Array.from({ length: TEXTS }, (_, n) => `text ${n}`));
        }
    }
});

// ---- rookery persist -----------------------------------------------------------------------------

async function persister(args) {
    const child = spawn(program, ['persist', '--log-format=json', ...args],
        { stdio: ['ignore', 'ignore', 'pipe'], env: bare() });
    const daemon = new Daemon(child);
    later(() => daemon.end('SIGKILL'));
    daemon.log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
        daemon.log += text;
    });
    await eventually(() => assert.match(daemon.log, /bringing messages into the store/), START_MS);
    daemon.figures = async () => { // what it tells of itself
        const before = lines(daemon).filter((l) => l.msg === 'so far').length;
        child.kill('SIGHUP');
        return eventually(async () => {
            const told = lines(daemon).filter((l) => l.msg === 'so far');
            assert.ok(told.length > before);
            return told.at(-1);
        });
    };
    return daemon;
}

test('persisters share the partitions, and one takes over what a dead one has left',
    { skip: missing('kafka', 'postgres'), timeout: 240000 }, async (t) => {
        const [kafka, postgres] = await Promise.all([shared('kafka'), shared('postgres')]);
        const ROOMS = 20;
        const where = ['--kafka-brokers', kafka.url, '--kafka-topic=shared', '--kafka-group=shared',
            '--database-url', postgres.url];
        const daemon = await serve([...where, '--persist=no']);
        const port = await freePort();
        const persisters = await Promise.all([persister([...where, `--persist-port=${port}`]), persister(where)]);
        await eventually(async () => {
            const figures = await Promise.all(persisters.map((p) => p.figures()));
            assert.deepEqual(figures.map((f) => f.partitions), [5, 5]);
        }, BACK_MS);

        const tell = async (what) => (await fetch(`http://127.0.0.1:${port}${what}`)).text();
        assert.match(await tell('/metrics'), /^rookery_persist_partitions 5$/m);
        const { status, database, kafka: broker } = JSON.parse(await tell('/health'));
        assert.deepEqual([status, database, broker], ['healthy', 'connected', 'connected']);
        const taken = spawnSync(program, ['persist', '--log-format=json', ...where, `--persist-port=${port}`],
            { encoding: 'utf8', timeout: START_MS, env: bare() });
        assert.equal(taken.status, 1, taken.stderr);
        assert.match(taken.stderr, /"level":"error".*"option":"persist-port"/);

        const client = await connect(daemon, {});
        const acked = new Map(Array.from({ length: ROOMS }, (_, i) => [`shared ${i}`, []]));
        const talk = async (from, to) => {
            for (let n = from; n < to; n++) {
                await Promise.all([...acked].map(async ([room, texts]) => {
                    if ((await say(client, room, `text ${n}`)).ok) {
                        texts.push(`text ${n}`);
                    }
                }));
            }
        };
        await talk(0, 20);
        const half = talk(20, 40);
        assert.equal(await persisters[0].end('SIGKILL'), 'SIGKILL');
        await half;
        await talk(40, 50);

        await eventually(async () => {
            const { partitions, lag } = await persisters[1].figures();
            assert.deepEqual([partitions, lag], [10, 0]);
        }, BACK_MS);
        let lost = 0;
        let twice = 0;
        for (const [room, texts] of acked) {
            const history = (await join(client, room)).map((m) => m.content).reverse();
            lost += texts.filter((text) => !history.includes(text)).length;
            twice += history.length - new Set(history).size;
            assert.deepEqual(history.slice(-texts.length), texts.slice(-history.length));
        }
        t.diagnostic(`${ROOMS} rooms of 50: ${lost} lost, ${twice} twice`);
        assert.deepEqual([lost, twice], [0, 0]);
        assert.equal(await persisters[1].end('SIGTERM'), 0);
        assert.ok(lines(persisters[1]).some((l) => l.msg === 'stopped' && l.status === 0));
    });
