// SPDX-License-Identifier: MIT
//
// What engine.io-client's own tests want of their support server (profile eioc), by the stock
// client, and what an application adds to the answers to handshakes.
'use strict';

const assert = require('node:assert/strict');
const { Socket: EngineClient } = require('engine.io-client');
const { destroyLater, endsCleanly, test, useServer } = require('./harness');
const { RawConnection, request } = require('./http_client');
const { ENGINE, PollingSession, enginePath } = require('./engine_client');
const { TRANSPORTS, next } = require('./real_client');

const server = useServer('eioc');

const COOKIES = ['1=1; Max-Age=86400', '2=2; Path=/; HttpOnly; Secure; SameSite=Strict',
    '3=3; Max-Age=0'];

function expectCookies(cookies) {
    assert.equal(cookies.length, 4);
    assert.deepEqual(cookies.slice(0, 3), COOKIES);
    assert.match(cookies[3], /^4=4; Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
}

// A client that has been greeted.
async function greeted(transport, options = {}) {
    const engine = new EngineClient(server.origin,
        { path: '/engine.io/', ...TRANSPORTS[transport], ...options });
    destroyLater(() => engine.close());
    assert.deepEqual(await next(engine, 'message'), ['hi']);
    return engine;
}

async function answerTo(engine, question) {
    const answer = next(engine, 'message');
    engine.send(question);
    return (await answer)[0];
}

for (const transport of ['polling', 'websocket']) {
    test(`${transport}: a greeting, text, UTF-8 and binary`, async () => {
        const engine = await greeted(transport);
        assert.equal(await answerTo(engine, 'cash money €€€'), 'cash money €€€');
        assert.equal(await answerTo(engine, 'give utf8'), 'пойду спать всем спокойной ночи');
        assert.deepEqual(Buffer.from(await answerTo(engine, 'give binary')),
            Buffer.of(0, 1, 2, 3, 4));
        assert.deepEqual(Buffer.from(await answerTo(engine, Buffer.of(5, 6))), Buffer.of(5, 6));
    });

    test(`${transport}: extra headers of the client arrive`, async () => {
        const engine = await greeted(transport, { extraHeaders: { 'X-Custom-Header': 'mine' } });
        const fields = JSON.parse(await answerTo(engine, 'sendHeaders'));
        assert.equal(fields['x-custom-header'] ?? fields['X-Custom-Header'], 'mine');
    });

    test(`${transport}: a handshake that is denied is an error`, async () => {
        const engine = new EngineClient(server.origin,
            { path: '/engine.io/', ...TRANSPORTS[transport], query: { deny: '1' } });
        destroyLater(() => engine.close());
        const [error] = await next(engine, 'error');
        assert.match(error.message, /(poll|websocket) error/);
    });
}

test('the headers of a POST are those of that POST, not of the handshake', async () => {
    const session = await PollingSession.open(server);
    assert.equal(await session.next(), '4hi');
    for (const value of ['first', 'second']) {
        await session.post('4sendHeaders', { headers: { 'X-Of-Post': value } });
        const fields = JSON.parse((await session.next()).slice(1));
        assert.equal(fields['x-of-post'] ?? fields['X-Of-Post'], value);
        assert.equal(Number(fields['content-length'] ?? fields['Content-Length']), 12);
    }
});

test('polls are split where one would be longer than maxPayload', async () => {
    const engine = await greeted('polling');
    const got = [];
    const all = new Promise((resolve) => {
        engine.on('message', (message) => got.push(message.length) === 3 && resolve());
    });
    ['a', 'b', 'c'].forEach((letter) => engine.send(letter.repeat(98)));
    await all;
    assert.deepEqual(got, [98, 98, 98]);
});

test('fields of the application are in the answer to a polling handshake only', async () => {
    const response = await request(server, enginePath(ENGINE, 'polling'));
    expectCookies(response.headers['set-cookie']);
    const session = await PollingSession.open(server);
    const { headers } = await session.post('4x');
    assert.equal(headers['set-cookie'], undefined);
    const refused = await request(server, `${enginePath(ENGINE, 'polling')}&deny=1`);
    assert.deepEqual([refused.status, refused.headers['set-cookie']], [403, undefined]);
    assert.deepEqual(JSON.parse(refused.body), { code: 4, message: 'Forbidden' });
});

test('... and to a websocket handshake', async () => {
    const connection = await RawConnection.open(server);
    connection.write(`GET ${enginePath(ENGINE, 'websocket')} HTTP/1.1\r\nHost: h\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    const head = await connection.take((input) => {
        const end = input.indexOf('\r\n\r\n');
        return end < 0 ? null : [input.toString('latin1', 0, end), end + 4];
    }, 'response head');
    assert.match(head, /^HTTP\/1\.1 101 /);
    const lines = head.split('\r\n').filter((line) => /^set-cookie:/i.test(line));
    const cookies = lines.map((line) => line.replace(/^set-cookie: /i, ''));
    // The reference has them all in one line, where no browser finds more than the first.
    expectCookies(cookies.length === 1 ? cookies[0].split(/,(?=\d=)/) : cookies);
});

endsCleanly(server);
