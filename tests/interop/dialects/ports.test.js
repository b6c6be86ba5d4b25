// SPDX-License-Identifier: MIT
//
// Several listening ports, each serving everything: builds of the clients expect 8080, 3000 and 3003,
// or 3001 and 3002, and cannot be told otherwise.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { later, request, start, take, test } = require('../../e2e/harness');
const { freePort } = require('../../support/port');
const { chatroom, groups, realtime, scalable } = require('./people');

async function listening() {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    later(() => server.close());
    return server;
}

async function free(count) {
    const ports = new Set();
    while (ports.size < count) {
        ports.add(await freePort());
    }
    return [...ports];
}

const at = (daemon, i) => ({ origin: daemon.origins[i] });

test('every port that is named is listened on, in that order', async () => {
    const ports = await free(3);
    const daemon = await start({ port: ports });
    assert.deepEqual(daemon.origins, ports.map((port) => `http://127.0.0.1:${port}`));
});

test('each port serves everything: sockets, REST, pages, the bundle', async () => {
    const daemon = await start({ port: await free(3) });
    for (const [i, origin] of daemon.origins.entries()) {
        for (const target of [
            '/', '/health', '/rooms', '/messages/history/r', '/history/r', '/api/rooms', '/group', '/socket.io/socket.io.js',
        ]) {
            assert.equal((await request(daemon, 'GET', target, { origin })).status, 200, `${origin}${target}`);
        }
        const client = await realtime.enter(at(daemon, i), 'r', `u-${i}`);
        assert.equal(client.connected, true);
    }
});

test('people on different ports are in one room, and register at one port to log in at another', async () => {
    const daemon = await start({ port: await free(4) });
    const zero = await chatroom.enter(at(daemon, 0), 'plaza', 'zero'); // 8080
    const one = await scalable.enter(at(daemon, 1), 'plaza', 'one'); // 3003
    const two = await groups.enter(at(daemon, 2), 'plaza', 'two'); // 3001
    await take(zero, 'chat:message');
    scalable.say(one, 'plaza', 'one', 'to all ports');
    assert.equal((await take(zero, 'chat:message')).message, 'to all ports');
    assert.equal((await take(two, 'msg_rcvd')).message, 'to all ports');
    const history = await request(daemon, 'GET', '/history/plaza', { origin: daemon.origins[3] }); // 3002
    assert.match(history.text, /to all ports/);

    const json = { email: 'ada@example.com', password: 'correct horse battery' };
    const register = await request(daemon, 'POST', '/register', { json, origin: daemon.origins[2] });
    assert.equal(register.status, 201);
    assert.equal((await request(daemon, 'POST', '/auth/login', { json, origin: daemon.origins[3] })).status, 200);
});

test('a polling client may change the port between two requests', async () => {
    const daemon = await start({ port: await free(2) });
    const poll = (origin, method, query, body) =>
        request(daemon, method, `/socket.io/?EIO=4&transport=polling${query}`, { origin, body });
    const [first, second] = daemon.origins;
    const { sid } = JSON.parse((await poll(first, 'GET', '')).text.slice(1));
    assert.equal((await poll(second, 'POST', `&sid=${sid}`, '40')).text, 'ok');
    assert.match((await poll(first, 'GET', `&sid=${sid}`)).text, /^40\{"sid"/);
});

test('a port that is taken ends the start, whichever it is', async () => {
    const taken = (await listening()).address().port;
    const [other] = await free(1);
    await assert.rejects(start({ port: [other, taken] }), /ended at its start/);
    await assert.rejects(start({ port: [taken, other] }), /ended at its start/);
});
