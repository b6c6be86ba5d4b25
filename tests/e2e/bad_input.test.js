// SPDX-License-Identifier: MIT
//
// Options of brokers and databases that are wrong: the server ends with status 1, and one line of its
// log names the option and the cause, and no password. The servers are real ones.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { bare, folder, program, start, test, within } = require('./harness');
const { missing, sql, startService } = require('./service');

const NOWHERE = '127.0.0.1:1';
const PASSWORD = 'hunter2';

function run(args, env = {}) {
    return spawnSync(program, args, { encoding: 'utf8', timeout: 50000, env: bare(env) });
}

// The line of the log that says why it ends. data: its folder.
function refusal(args, { env = {}, data = folder(), command = [] } = {}) {
    const { status, signal, stdout, stderr } = run(
        [...command, '--host=127.0.0.1', '--port=0', `--data=${data}`, '--log-format=json', '--broker-timeout=2s',
            '--store-timeout=2s', ...args], env);
    assert.deepEqual([status, signal], [1, null], stderr);
    assert.ok(!stdout.includes('listening'));
    assert.ok(!stderr.includes(PASSWORD), stderr);
    const errors = stderr.trimEnd().split('\n').map((line) => JSON.parse(line))
        .filter((l) => l.level === 'error');
    assert.equal(errors.length, 1, stderr);
    return errors[0];
}

// cases: [arguments, parts of the line].
function allRefused(cases) {
    for (const [args, ...parts] of cases) {
        const { msg, ...fields } = refusal(args);
        const line = Object.values(fields).join(' ');
        assert.match(msg, /^cannot open the (journal|store)$/);
        assert.equal(fields.option, fields.store === undefined ? undefined : parts[0]);
        for (const part of parts) {
            assert.ok(line.includes(part), `${args.join(' ')}: no '${part}' in: ${line}`);
        }
    }
}

test('servers that are not there, and URLs that are none', () => {
    allRefused([
        [['--kafka-brokers', NOWHERE], 'kafka-brokers', NOWHERE, 'refused'],
        [['--kafka-brokers', 'no such host'], 'kafka-brokers', 'no such host'],
        [['--kafka-brokers', NOWHERE, '--kafka-settings', 'no.such=1'], 'kafka-settings', 'no.such'],
        [['--kafka-brokers', NOWHERE, '--kafka-settings', `sasl.password:${PASSWORD}`],
            'kafka-settings', 'not name=value'],
        [['--kafka-brokers', NOWHERE, '--kafka-settings', 'message.max.bytes=five'],
            'kafka-settings', 'message.max.bytes'],
        [['--rabbitmq-url', `amqp://u:${PASSWORD}@${NOWHERE}`], 'rabbitmq-url', NOWHERE, 'nobody listens there'],
        [['--rabbitmq-url', `http://u:${PASSWORD}@${NOWHERE}`], 'rabbitmq-url', 'not of the form'],
        [['--database-url', `postgres://u:${PASSWORD}@${NOWHERE}/chat`], 'database-url', NOWHERE, 'refused'],
        [['--database-url', `http://u:${PASSWORD}@${NOWHERE}/chat`], 'database-url', 'not the URL'],
        [['--database-url', `postgres://u:${PASSWORD}@${NOWHERE}/chat?schema=public`], 'database-url', '"schema"'],
        [['--mongo-uri', `mongodb://u:${PASSWORD}@${NOWHERE}/chat`], 'mongo-uri', NOWHERE, 'No suitable servers'],
        [['--mongo-uri', `mongodb://u:${PASSWORD}@127.0.0.1:port/chat`], 'mongo-uri', 'no URL of MongoDB'],
    ]);
});

test('a folder that cannot be, and options that contradict each other', () => {
    const noFolder = refusal([], { data: '/nowhere/at/all' });
    assert.deepEqual([noFolder.msg, noFolder.data], ['cannot make the data folder', '/nowhere/at/all']);
    for (const [args, why] of [
        [['--store=mongo'], 'store mongo needs mongo-uri'],
        [['--kafka-brokers', NOWHERE, '--rabbitmq-url', `amqp://${NOWHERE}`], 'the option journal has to say which'],
        [['--redis-url=127.0.0.1', '--rabbitmq-url=amqp://127.0.0.1:1'], 'need one database'],
    ]) {
        const line = refusal(args);
        assert.equal(line.msg, 'these options do not go together');
        assert.ok(line.why.includes(why), line.why);
        const check = run([...args, '--check-config']);
        assert.deepEqual([check.status, check.stderr.trim()], [2, line.why]);
    }
});

test('what is no URL of a Redis', () => {
    for (const url of ['foo', 'http://127.0.0.1', `redis://u:${PASSWORD}@127.0.0.1:port`]) {
        const line = refusal(['--redis-url', url]);
        assert.equal(line.msg, 'cannot create the server');
        assert.match(line.why, /^redis-url: ./);
    }
});

test('an environment with servers that are not there', () => {
    const env = {
        REDIS_URL: `redis://${NOWHERE}`, KAFKA_BROKERS: NOWHERE, MONGODB_URL: `mongodb://u:${PASSWORD}@${NOWHERE}/chat`,
    };
    const line = refusal([], { env });
    assert.deepEqual([line.msg, line.store, line.option], ['cannot open the store', 'mongo', 'mongo-uri']);
});

test('a persister that has nothing to read', () => {
    const line = refusal([], { command: ['persist'] });
    assert.match(line.msg, /persist needs kafka-brokers or rabbitmq-url/);
    assert.equal(run(['persist', '--no-such-option']).status, 2);
    const help = run(['persist', '--help']);
    assert.equal(help.status, 0);
    assert.match(help.stdout, /rookery persist \[OPTION\.\.\.\]/);
    assert.match(refusal([`--kafka-brokers=${NOWHERE}`], { command: ['persist'] }).why, /kafka-brokers: 127.0.0.1:1/);
});

test('what a Kafka refuses', { skip: missing('kafka'), timeout: 240000 }, async () => {
    const { url } = await startService('kafka');
    const own = (...args) => ['--kafka-brokers', url, ...args];
    allRefused([
        [own('--kafka-create=no'), 'kafka-topic', '"chat-messages" does not exist', 'kafka-create'],
        [own('--kafka-replicas=3'), 'kafka-replicas', 'chat-messages'],
        [own('--kafka-topic', 'no name'), 'kafka-topic', 'no name'],
        [own('--kafka-settings', 'security.protocol=SASL_PLAINTEXT,sasl.mechanisms=PLAIN,sasl.username=u,'
            + `sasl.password=${PASSWORD}`), 'kafka-brokers', 'SASL'],
    ]);
    assert.match(refusal(own('--kafka-create=no'), { command: ['persist'] }).why, /chat-messages.*kafka-create/);

    const daemon = await start({ args: own('--kafka-partitions=2') }); // whose topic the next one finds
    assert.equal(await daemon.end('SIGTERM'), 0);
    const again = await start({ args: own('--kafka-create=no', '--kafka-partitions=5') });
    assert.equal(await again.end('SIGTERM'), 0);
});

test('what a RabbitMQ refuses', { skip: missing('rabbitmq'), timeout: 120000 }, async () => {
    const { url } = await startService('rabbitmq');
    allRefused([
        [['--rabbitmq-url', url.replace('guest:guest', `guest:${PASSWORD}`)], 'rabbitmq-url', 'ACCESS_REFUSED'],
        [['--rabbitmq-url', `${url}/nowhere`], 'rabbitmq-url', 'nowhere not found'],
        [['--rabbitmq-url', url, '--rabbitmq-exchange', 'amq.direct'], 'rabbitmq-exchange'],
    ]);
});

test('what a PostgreSQL refuses', { skip: missing('postgres'), timeout: 120000 }, async () => {
    const postgres = await startService('postgres');
    const { url } = postgres;
    const at = (name) => url.replace(/[^/]*$/, name);
    const as = (user) => url.replace('rookery@', `${user}:${PASSWORD}@`);
    sql(url, 'CREATE DATABASE newer', 'CREATE DATABASE vacant', 'CREATE DATABASE other', 'CREATE ROLE reader LOGIN',
        "CREATE ROLE guarded LOGIN PASSWORD 'another'", 'REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    sql(at('newer'), 'CREATE TABLE rookery_schema (version bigint NOT NULL)', 'INSERT INTO rookery_schema VALUES (99)');
    sql(at('other'), 'CREATE TABLE users (id int)');
    const rules = path.join(postgres.folder, 'postgres/data/main/pg_hba.conf');
    fs.writeFileSync(rules, `host all guarded 127.0.0.1/32 scram-sha-256\n${fs.readFileSync(rules)}`);
    sql(url, 'SELECT pg_reload_conf()');
    for (const [name, ...wrong] of [ // what a server has made, and what became of it
        ['lacking', 'DROP TABLE messages CASCADE'], ['changed', 'ALTER TABLE users DROP password_hash'],
        ['frozen', 'ALTER DATABASE frozen SET default_transaction_read_only = on'],
        ['none', 'UPDATE rookery_schema SET version = 0'],
    ]) {
        sql(url, `CREATE DATABASE ${name}`);
        const server = await start({ args: ['--database-url', at(name)] });
        assert.equal(await server.end('SIGTERM'), 0);
        sql(at(name), ...wrong);
    }
    allRefused([
        [['--database-url', at('nowhere')], 'database-url', 'nowhere', 'does not exist'],
        [['--database-url', as('nobody')], 'database-url', 'nobody', 'does not exist'],
        [['--database-url', as('guarded')], 'database-url', 'password authentication failed'],
        [['--database-url', as('reader')], 'database-url', 'permission denied'],
        [['--database-url', at('newer')], 'database-url', 'written by a newer version', '99'],
        [['--database-url', at('other')], 'database-url', 'another program'],
        [['--database-url', at('none')], 'database-url', 'another program'],
        [['--database-url', at('lacking')], 'database-url', 'it lacks the table messages'],
        [['--kafka-brokers', NOWHERE, '--database-url', at('lacking')], 'database-url', 'it lacks the table messages'],
        [['--database-url', at('changed')], 'database-url', 'the table users lacks the column password_hash'],
        [['--database-url', at('frozen')], 'database-url', 'it is read-only'],
        ...[['nowhere', 'does not exist'], ['vacant', 'it lacks the table'], ['other', 'it lacks the table']].map(
            ([name, cause]) => [['--database-url', url, '--database-replica-url', at(name)], 'database-replica-url',
                'the replica', cause]),
    ]);
});

// A command as OP_MSG: what of BSON it takes.
function bson(object) {
    const elements = Object.entries(object).map(([name, value]) => {
        const [type, bytes] = typeof value === 'number' ? [0x10, Buffer.alloc(4)]
            : typeof value === 'string' ? [0x02, Buffer.from(`....${value}\0`)]
                : [Array.isArray(value) ? 0x04 : 0x03, bson(value)];
        if (type === 0x10) {
            bytes.writeInt32LE(value);
        } else if (type === 0x02) {
            bytes.writeInt32LE(bytes.length - 4);
        }
        return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), bytes]);
    });
    const body = Buffer.concat([...elements, Buffer.from([0])]);
    const size = Buffer.alloc(4);
    size.writeInt32LE(body.length + 4);
    return Buffer.concat([size, body]);
}

async function command(url, document) {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    const body = bson(document);
    const head = Buffer.alloc(21);
    [body.length + 21, 1, 0, 2013].forEach((word, i) => head.writeInt32LE(word, 4 * i));
    socket.write(Buffer.concat([head, body]));
    const [answer] = await within(once(socket, 'data'), 'answer of MongoDB');
    socket.destroy();
    assert.ok(!answer.includes('errmsg'), answer.toString('latin1'));
}

test('what a MongoDB refuses', { skip: missing('mongo'), timeout: 120000 }, async () => {
    const { url } = await startService('mongo');
    await command(url, {
        createIndexes: 'messages', indexes: [{ name: 'room_offset', key: { somethingElse: 1 } }], $db: 'conflict',
    });
    allRefused([
        [['--mongo-uri', url.replace('//', `//u:${PASSWORD}@`)], 'mongo-uri', 'authentication failed'],
        [['--mongo-uri', `${url}/conflict`], 'mongo-uri', 'cannot make the index room_offset of the collection messages'],
    ]);
});

test('what a data folder has that this version cannot use', async () => {
    const data = folder();
    const daemon = await start({ data });
    assert.equal(await daemon.end('SIGTERM'), 0);
    const file = path.join(data, 'rookery.sqlite');
    const content = fs.readFileSync(file);
    const old = content.readUInt32BE(60); // PRAGMA user_version
    content.writeUInt32BE(99, 60);
    fs.writeFileSync(file, content);
    const newer = refusal([], { data });
    assert.deepEqual([newer.msg, newer.store, newer.option], ['cannot open the store', 'sqlite', 'data']);
    assert.match(newer.why, /written by a newer version: its schema is 99/);
    content.writeUInt32BE(old, 60);
    fs.writeFileSync(file, content);
    const other = await start({ data });
    assert.match(refusal([], { data }).why, /locked by another process/);
    assert.equal(await other.end('SIGTERM'), 0);
    fs.writeFileSync(file, 'this is no database, and never was one '.repeat(50));
    assert.match(refusal([], { data }).why, /not a SQLite database/);
});
