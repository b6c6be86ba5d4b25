// SPDX-License-Identifier: MIT
//
// The environment that the five systems are deployed with is taken as it is: what has a meaning here
// has its effect, the rest harms nobody.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test } = require('../../e2e/harness');
const { missing, startService } = require('../../e2e/service');
const { realtime, unread } = require('./people');
const { read } = require('./tokens');
const { freePort } = require('../../support/port');

const OPEN = ['--auth', 'open'];
const REGISTER = {
    json: { username: 'ada', email: 'ada@example.com', password: 'correct horse battery', displayName: 'Ada' },
};

// As their compose files and .env.example files have them, with the addresses of real servers.
const DEPLOYMENTS = {
    0: { PORT: '0', REDIS_URL: 'redis', KAFKA_BROKER: 'kafka' },
    1: {
        PORT: '0', NODE_ENV: 'development', MONGO_URI: 'mongo', JWT_SECRET: 'devsecret',
        RABBITMQ_URL: 'rabbitmq', REDIS_URL: 'redis',
        REACT_APP_API_URL: 'http://localhost:3000', REACT_APP_SOCKET_URL: 'http://localhost:3003',
    },
    2: { DB_URL: 'mongo', HOST_IP: '127.0.0.1' },
    3: {
        PORT: '0', SERVICE_ID: 'service-1', KAFKA_BROKERS: 'kafka', REDIS_URL: 'redis',
        MONGODB_URL: 'mongo', JWT_SECRET: 'devsecret', JWT_EXPIRES_IN: '7d',
    },
    4: {
        NODE_ENV: 'development', PORT: '0', HOST: '127.0.0.1',
        DATABASE_URL: 'postgres', DB_POOL_MIN: '2', DB_POOL_MAX: '20',
        DB_IDLE_TIMEOUT: '30000', DB_CONNECTION_TIMEOUT: '2000', REDIS_HOST: '127.0.0.1', REDIS_PORT: '1',
        REDIS_PASSWORD: '', REDIS_DB: '0', REDIS_ADAPTER_KEY: 'socket.io', KAFKA_BROKERS: 'kafka',
        KAFKA_CLIENT_ID: 'chat-server', KAFKA_GROUP_ID: 'chat-consumers', KAFKA_TOPIC_MESSAGES: 'chat-messages',
        KAFKA_TOPIC_ANALYTICS: 'chat-analytics', KAFKA_PARTITIONS: '10', KAFKA_REPLICATION_FACTOR: '3',
        WS_CORS_ORIGIN: 'http://localhost:3000,http://localhost:8080', WS_MAX_CONNECTIONS: '10000',
        WS_PING_TIMEOUT: '5000', WS_PING_INTERVAL: '25000', JWT_SECRET: 'your-jwt-secret-change-in-production',
        JWT_EXPIRATION: '24h', SESSION_SECRET: 'x', RATE_LIMIT_WINDOW: '60000', RATE_LIMIT_MAX_MESSAGES: '60',
        RATE_LIMIT_MAX_CONNECTIONS: '5', ENABLE_METRICS: 'true', METRICS_PORT: '9090', LOG_LEVEL: 'info',
        LOG_FORMAT: 'json', ENABLE_TYPING_INDICATORS: 'true', ENABLE_READ_RECEIPTS: 'true',
        ENABLE_MESSAGE_EDITING: 'true', ENABLE_FILE_UPLOADS: 'false', MAX_MESSAGE_LENGTH: '5000',
        MESSAGE_HISTORY_LIMIT: '100', TYPING_INDICATOR_TIMEOUT: '5000', MESSAGE_BATCH_SIZE: '10',
        MESSAGE_BATCH_INTERVAL: '100', KAFKA_CONSUMER_BATCH_SIZE: '100',
    },
};

const SERVERS = ['kafka', 'mongo', 'postgres', 'rabbitmq', 'redis'];
const started = new Map();
const shared = (name) => {
    if (!started.has(name)) {
        started.set(name, startService(name, { shared: true }));
    }
    return started.get(name);
};

// Names of servers become their addresses.
async function withServers(env) {
    const entries = Object.entries(env).map(async ([name, value]) =>
        [name, SERVERS.includes(value) ? (await shared(value)).url : value]);
    return Object.fromEntries(await Promise.all(entries));
}

for (const [dialect, env] of Object.entries(DEPLOYMENTS)) {
    const skip = missing(...new Set(Object.values(env).filter((value) => SERVERS.includes(value))));
    test(`with the whole environment of system ${dialect} the server starts and serves`, { skip, timeout: 120000 }, async () => {
        const daemon = await start({
            env: await withServers(env), port: env.PORT === undefined ? 0 : null, args: OPEN, ms: 60000,
        });
        const ada = await realtime.enter(daemon, 'r', 'u-ada', 'Ada');
        realtime.say(ada, 'r', 'u-ada', 'hello');
        assert.equal((await take(ada, 'message')).content, 'hello');
        assert.equal((await request(daemon, 'GET', '/health')).status, 200);
        assert.equal(await daemon.end('SIGTERM'), 0);
    });
}

const register = async (daemon) => {
    const answer = await request(daemon, 'POST', '/api/auth/register', REGISTER);
    assert.equal(answer.status, 201, answer.text);
    return answer.json();
};

test('PORT is where it listens', async () => {
    const port = await freePort();
    const daemon = await start({ port: null, env: { PORT: String(port) } });
    assert.equal(daemon.port, String(port));
    await assert.rejects(start({ port: null, env: { PORT: 'no port' } }), /ended at its start/);
});

test('JWT_SECRET signs, JWT_EXPIRES_IN and JWT_EXPIRATION say how long a token lasts', async () => {
    for (const [name, value, seconds] of [
        ['JWT_EXPIRES_IN', '2h', 7200], ['JWT_EXPIRES_IN', '3d', 259200], ['JWT_EXPIRATION', '24h', 86400],
    ]) {
        const daemon = await start({ args: OPEN, env: { JWT_SECRET: 'of the environment', [name]: value } });
        const { iat, exp } = read((await register(daemon)).token, 'of the environment');
        assert.equal(exp - iat, seconds, `${name}=${value}`);
    }
});

test('SERVICE_ID names the server', async () => {
    const daemon = await start({ env: { SERVICE_ID: 'service-1' } });
    const client = await connect(daemon, {});
    client.emit('join', { username: 'ada' });
    assert.equal((await take(client, 'connected')).serviceId, 'service-1');
});

test('WS_MAX_CONNECTIONS bounds the connections', async () => {
    const daemon = await start({ env: { WS_MAX_CONNECTIONS: '1' } });
    await connect(daemon, {});
    assert.equal((await take(await connect(daemon, {}), 'error')).code, 'SERVER_FULL');
});

test('RATE_LIMIT_MAX_MESSAGES and MAX_MESSAGE_LENGTH bound the messages', async () => {
    const daemon = await start({
        env: { ROOKERY_RATE_MESSAGES: undefined, RATE_LIMIT_MAX_MESSAGES: '2', MAX_MESSAGE_LENGTH: '10' },
    });
    const ada = await connect(daemon, { userId: 'u-ada' });
    const code = async (content) => (await ask(ada, 'send_message', { roomId: 'r', content })).code;
    assert.equal(await code('x'.repeat(11)), 'MESSAGE_TOO_LONG');
    const codes = [await code('a'), await code('b'), await code('c')];
    assert.equal(codes[0], undefined);
    assert.equal(codes[2], 'RATE_LIMIT_EXCEEDED');
});

test('MESSAGE_HISTORY_LIMIT bounds the history, TYPING_INDICATOR_TIMEOUT the typing', async () => {
    const daemon = await start({ env: { MESSAGE_HISTORY_LIMIT: '2', TYPING_INDICATOR_TIMEOUT: '300' } });
    const ada = await realtime.enter(daemon, 'r', 'u-ada', 'Ada');
    for (const content of ['1', '2', '3']) {
        await ask(ada, 'send_message', { roomId: 'r', content });
    }
    const bob = await realtime.enter(daemon, 'r', 'u-bob', 'Bob');
    assert.deepEqual(bob.history.map((m) => m.content), ['3', '2']);
    ada.emit('typing_start', { roomId: 'r' });
    assert.deepEqual(await take(bob, 'typing_stop'), { roomId: 'r', userId: 'u-ada' });
    assert.deepEqual(unread(bob, 'error'), []);
});

const handshake = (daemon, headers) =>
    request(daemon, 'GET', '/socket.io/?EIO=4&transport=polling', { headers });

test('WS_PING_TIMEOUT and WS_PING_INTERVAL are the heartbeat', async () => {
    const daemon = await start({ env: { WS_PING_TIMEOUT: '7000', WS_PING_INTERVAL: '11000' } });
    const { pingTimeout, pingInterval } = JSON.parse((await handshake(daemon)).text.slice(1));
    assert.deepEqual([pingTimeout, pingInterval], [7000, 11000]);
});

test('WS_CORS_ORIGIN lists who may, with credentials', async () => {
    const daemon = await start({ env: { WS_CORS_ORIGIN: 'http://localhost:3000,http://localhost:8080' } });
    const allowed = async (origin) => (await handshake(daemon, { Origin: origin })).headers;
    for (const origin of ['http://localhost:3000', 'http://localhost:8080']) {
        const headers = await allowed(origin);
        assert.equal(headers['access-control-allow-origin'], origin);
        assert.equal(headers['access-control-allow-credentials'], 'true');
    }
    const other = (await allowed('http://evil.example'))['access-control-allow-origin'];
    assert.ok(other !== '*' && other !== 'http://evil.example', `allowed: ${other}`);
});

test('an option is worth more than the environment', async () => {
    const daemon = await start({ args: ['--message-length', '20'], env: { MAX_MESSAGE_LENGTH: '10' } });
    const ada = await connect(daemon, {});
    assert.equal((await ask(ada, 'send_message', { roomId: 'r', content: 'x'.repeat(20) })).ok, true);
    assert.equal((await ask(ada, 'send_message', { roomId: 'r', content: 'x'.repeat(21) })).ok, false);
});
