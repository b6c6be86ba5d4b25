// SPDX-License-Identifier: MIT
//
// The servers that other tests stand on: they start, die, freeze and come back as those tests need it.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { test, within } = require('./harness');
const { missing, startService } = require('./service');

const NODES = {
    redis: ['redis'], kafka: ['kafka'], kafka3: ['kafka3-1', 'kafka3-2', 'kafka3-3'], mongo: ['mongo'],
    postgres: ['postgres'], rabbitmq: ['rabbitmq'],
};

// What each answers first to whoever knows its protocol.
const AMQP_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const HELLO = {
    redis: Buffer.from('PING\r\n'),
    kafka: Buffer.from('\0\0\0\x0a\0\x12\0\0\0\0\0\x07\xff\xff', 'latin1'), // ApiVersions 0, correlation 7
    postgres: Buffer.from('\0\0\0\x08\x04\xd2\x16\x2f', 'latin1'), // SSLRequest
    rabbitmq: AMQP_HEADER,
    mongo: Buffer.concat([ // OP_MSG {hello: 1, $db: "admin"}
        Buffer.from('34000000 01000000 00000000 dd070000 00000000 00'.replace(/ /g, ''), 'hex'),
        Buffer.from('1f000000 10 68656c6c6f00 01000000 02 24646200 06000000 61646d696e00 00'.replace(/ /g, ''), 'hex'),
    ]),
};
HELLO.kafka3 = HELLO.kafka;

const ports = (url) => [...url.matchAll(/127\.0\.0\.1:(\d+)/g)].map((found) => Number(found[1]));

// The first bytes that it answers.
async function greeting(name, port) {
    const socket = net.connect(port, '127.0.0.1');
    try {
        await once(socket, 'connect');
        socket.write(HELLO[name]);
        const [bytes] = await within(once(socket, 'data'), `answer of ${name}`);
        return bytes;
    } finally {
        socket.destroy();
    }
}

const serves = async (name, port) => assert.ok((await greeting(name, port)).length > 0);
const refuses = (port) => assert.rejects(greeting('redis', port), { code: 'ECONNREFUSED' });

for (const [name, nodes] of Object.entries(NODES)) {
    test(`${name} survives what is done to it`, { skip: missing(name), timeout: 300000 }, async () => {
        const service = await startService(name);
        const { url } = service;
        const its = ports(url);
        assert.equal(its.length, nodes.length);
        await Promise.all(its.map((port) => serves(name, port)));

        const pids = nodes.map((node) => service.pid(node));
        await service.kill(nodes[0]);
        await refuses(its[0]);
        await service.restart();
        assert.equal(service.url, url);
        assert.notEqual(service.pid(nodes[0]), pids[0]);
        assert.deepEqual(nodes.slice(1).map((node) => service.pid(node)), pids.slice(1));
        await serves(name, its[0]);

        await service.pause();
        const late = greeting(name, its[0]);
        await assert.rejects(within(late, 'answer while it is paused', 200), /no answer while/);
        await service.resume();
        await late;

        await service.down();
        await Promise.all(its.map(refuses));
        await service.restart();
        assert.equal(service.url, url);
        await Promise.all(its.map((port) => serves(name, port)));

        await service.stop();
        await Promise.all(its.map(refuses));
        assert.ok(!fs.existsSync(service.folder));
    });
}

// Another process, with what it tells of its Redis.
async function other(body) {
    const child = spawn(process.execPath, ['-e', `
        const { startService } = require(${JSON.stringify(path.join(__dirname, 'service.js'))});
        (async () => {
            const redis = await startService('redis', { shared: true });
            ${body}
            console.error(JSON.stringify({ folder: redis.folder, port: new URL(redis.url).port }));
        })();`], { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    const [line] = await once(child.stderr.setEncoding('utf8'), 'data');
    return { child, exited, ...JSON.parse(line) };
}

// No event tells of it.
async function goes(folder) {
    const deadline = Date.now() + 20000;
    while (fs.existsSync(folder)) {
        assert.ok(Date.now() < deadline, `${folder} is still there`);
        await new Promise((resolve) => {
            setTimeout(resolve, 20);
        });
    }
}

test('a test that dies leaves nothing behind', { skip: missing('redis') }, async () => {
    const { child, folder, port } = await other('setInterval(() => {}, 1000);');
    child.kill('SIGKILL');
    await goes(folder);
    await refuses(port);
});

test('a shared service ends with its file', { skip: missing('redis') }, async () => {
    const { exited, folder, port } = await other('await redis.kill(); await redis.restart();');
    const [status] = await within(exited, 'end of the file');
    assert.equal(status, 0);
    await goes(folder);
    await refuses(port);
});
