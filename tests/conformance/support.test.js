// SPDX-License-Identifier: MIT
//
// What socket.io-client's own tests want of their support server (profile sioc), by the stock
// client: values of every kind, and what the server knows of a handshake.
'use strict';

const assert = require('node:assert/strict');
const { endsCleanly, test, useServer } = require('./harness');
const { TRANSPORTS, ask, asBuffer, connect, next, open } = require('./real_client');

const server = useServer('sioc');
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

// The first argument of the event that answers another; an offset may follow it.
async function answerTo(socket, question, name, ...args) {
    const answer = next(socket, name);
    socket.emit(question, ...args);
    return (await answer)[0];
}

for (const transport of ['polling', 'websocket']) {
    const options = TRANSPORTS[transport];
    const join = () => connect(server, '/', options);

    test(`${transport}: events without arguments, and false`, async () => {
        const socket = await join();
        const hi = next(socket, 'hi');
        socket.emit('hi');
        await hi;
        assert.equal(await answerTo(socket, 'false', 'false'), false);
    });

    test(`${transport}: every value is echoed by the acknowledgement`, async () => {
        const socket = await join();
        for (const value of [1, 'x', null, true, [], {}, [1, { a: 'b' }], 'cash money €']) {
            assert.deepEqual(await ask(socket, 'echo', value), [value]);
        }
    });

    test(`${transport}: the server's acknowledgement gets what the client gives`, async () => {
        const socket = await join();
        socket.on('ack', (answer) => answer(5, { test: true }));
        const got = next(socket, 'got it');
        socket.emit('ack');
        await got;
    });

    test(`${transport}: dates come as ISO strings`, async () => {
        const socket = await join();
        assert.match((await ask(socket, 'getAckDate', { test: true }))[0], ISO);
        assert.match(await answerTo(socket, 'getDate', 'takeDate'), ISO);
        assert.match((await answerTo(socket, 'getDateObj', 'takeDateObj')).date, ISO);
    });

    test(`${transport}: five texts in a row come in order`, async () => {
        const socket = await join();
        const texts = [];
        const all = new Promise((resolve) => {
            socket.on('takeUtf8', (text) => texts.push(text) === 5 && resolve());
        });
        socket.emit('getUtf8');
        await all;
        assert.deepEqual(texts,
            ['てすと', 'Я Б Г Д Ж Й', 'Ä ä Ü ü ß', 'utf8 — string', 'utf8 — string']);
    });

    test(`${transport}: binary goes each way, alone and in objects`, async () => {
        const socket = await join();
        const bytes = Buffer.from('asdfasdf');
        assert.deepEqual(asBuffer(await answerTo(socket, 'doge', 'doge')), bytes);
        assert.deepEqual(asBuffer(await answerTo(socket, 'getbin', 'takebin')), bytes);
        const object = { hello: 'lol', message: bytes, goodbye: 'gotcha' };
        for (const [name, answer, value] of [['buffa', 'buffack', bytes],
            ['jsonbuff', 'jsonbuff-ack', object]]) {
            const acknowledged = next(socket, answer);
            socket.emit(name, value);
            await acknowledged;
        }
        const both = next(socket, 'abuff2-ack');
        socket.emit('abuff1', bytes);
        socket.emit('abuff2', 'please arrive second');
        await both;
    });

    test(`${transport}: the server knows headers, address, url, query and auth`, async () => {
        const before = Date.now();
        const socket = await connect(server, '/', {
            ...options, query: { key1: 'value 1', key2: '€' }, auth: { token: 'abc' },
            extraHeaders: { 'X-Custom': 'yes' },
        });
        const [handshake] = await ask(socket, 'getHandshake');
        assert.deepEqual([handshake.query.key1, handshake.query.key2], ['value 1', '€']);
        assert.deepEqual([handshake.query.EIO, handshake.query.transport], ['4', transport]);
        assert.deepEqual(handshake.auth, { token: 'abc' });
        assert.equal(handshake.headers['x-custom'], 'yes');
        assert.equal(handshake.headers.host, `${server.host}:${server.port}`);
        assert.match(handshake.address, /127\.\d+\.\d+\.\d+$/);
        assert.deepEqual([handshake.xdomain, handshake.secure], [false, false]);
        assert.ok(handshake.issued >= before - 1000 && handshake.issued <= Date.now() + 1000);
        assert.ok(handshake.url.startsWith('/socket.io/?') && handshake.url.includes('key1=value'));
        assert.ok(!Number.isNaN(Date.parse(handshake.time)));
    });

    test(`${transport}: each namespace sees its own auth and the same query`, async () => {
        const socket = open(server, '/abc',
            { ...options, query: { a: '1' }, auth: { of: 'abc' } });
        const [handshake] = await next(socket, 'handshake');
        assert.deepEqual([handshake.query.a, handshake.auth], ['1', { of: 'abc' }]);
        const foo = socket.io.socket('/foo', { auth: { of: 'foo' } });
        await next(foo, 'connect');
        assert.deepEqual(await ask(foo, 'getId'), [foo.id]);
        foo.disconnect(); // else it holds the connection
    });

    test(`${transport}: middlewares refuse by what they see`, async () => {
        const root = open(server, '/', { ...options, query: { fail: 'true' } });
        assert.equal((await next(root, 'connect_error'))[0].message,
            'Auth failed (main namespace)');
        const custom = open(server, '/no', options);
        assert.equal((await next(custom, 'connect_error'))[0].message,
            'Auth failed (custom namespace)');
    });
}

endsCleanly(server);
