// SPDX-License-Identifier: MIT
//
// Checklist section "HTTP and handshake": what depends on the options of a server. Those of CORS,
// of cookies and of the path each get a server of their own.
'use strict';

const assert = require('node:assert/strict');
const zlib = require('node:zlib');
const { delay, endsCleanly, startServer, test, useServer } = require('./harness');
const { RawConnection, readByServer, request, startRequest } = require('./http_client');
const { EngineSocket3, PollingSession3, eio3Path } = require('./eio3_client');
const { ENGINE, EngineSocket, PollingSession, enginePath } = require('./engine_client');
const { TEXT, frame, upgradeRequest } = require('./frame_client');
const { SOCKET_IO, connect } = require('./socket_client');

const clients = useServer('clients');
const behav = useServer('behav', { CONF_PING_TIMEOUT_MS: '20000' });
const DECIDE_MS = 200;
const slow = useServer('clients', { CONF_DECIDE_MS: String(DECIDE_MS) });

const POLLING = enginePath(SOCKET_IO, 'polling');

// ---- CORS -----------------------------------------------------------------------------------

// The fields of CORS in answers to GET and OPTIONS, by their names' ends.
function fieldsOf({ headers }) {
    const found = Object.entries(headers)
        .filter(([name]) => name.startsWith('access-control-') || name === 'vary')
        .map(([name, value]) => [name.replace('access-control-', ''), value]);
    return Object.fromEntries(found);
}

async function ask(server, origin, method = 'GET', more = {}) {
    const headers = { ...(origin && { Origin: origin }), ...more };
    return request(server, POLLING, { method, headers });
}

test('CORS by reflection names whoever asks', async () => {
    const server = await startServer('clients', { CONF_CORS_ORIGIN: 'reflect' });
    for (const origin of ['http://a.example', 'https://b.example:8443', 'null']) {
        assert.deepEqual(fieldsOf(await ask(server, origin)),
            { 'allow-origin': origin, vary: 'Origin' });
    }
    assert.deepEqual(fieldsOf(await ask(server)), { vary: 'Origin' });
});

test('CORS with a list names who is on it, and serves all', async () => {
    const listed = ['http://a.example', 'http://b.example'];
    const server = await startServer('clients', { CONF_CORS_ORIGIN: listed.join() });
    for (const origin of listed) {
        assert.deepEqual(fieldsOf(await ask(server, origin)),
            { 'allow-origin': origin, vary: 'Origin' });
    }
    const others = ['http://c.example', 'http://a.example.org', 'http://b.exampl', undefined];
    for (const origin of others) {
        const response = await ask(server, origin);
        assert.equal(response.status, 200);
        assert.deepEqual(fieldsOf(response), { vary: 'Origin' });
    }
});

test('CORS with credentials says so in every answer', async () => {
    const env = { CONF_CORS_ORIGIN: 'reflect', CONF_CORS_CREDENTIALS: '1' };
    const server = await startServer('clients', env);
    const origin = 'http://a.example';
    const want = { 'allow-origin': origin, 'allow-credentials': 'true', vary: 'Origin' };
    assert.deepEqual(fieldsOf(await ask(server, origin)), want);
    const refused = await request(server, `${POLLING}&sid=none`, { headers: { Origin: origin } });
    assert.equal(refused.status, 400);
    assert.deepEqual(fieldsOf(refused), want);
});

test('exposed headers are named in answers, maximum age and methods in preflights', async () => {
    const server = await startServer('clients', {
        CONF_CORS_ORIGIN: 'http://a.example',
        CONF_CORS_EXPOSED: 'x-one,x-two',
        CONF_CORS_MAX_AGE: '600',
        CONF_CORS_METHODS: 'GET,POST,PUT',
        CONF_CORS_HEADERS: 'x-three',
    });
    const simple = { 'allow-origin': 'http://a.example', 'expose-headers': 'x-one,x-two',
        vary: 'Origin' };
    assert.deepEqual(fieldsOf(await ask(server, 'http://a.example')), simple);
    const preflight = await ask(server, 'http://a.example', 'OPTIONS', {
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'x-four',
    });
    assert.deepEqual([preflight.status, preflight.body], [204, '']);
    assert.deepEqual(fieldsOf(preflight), {
        ...simple, 'allow-methods': 'GET,POST,PUT', 'allow-headers': 'x-three', 'max-age': '600',
    });
});

test('a preflight where nothing is configured has the default methods and no age', async () => {
    const preflight = await ask(clients, 'http://a.example', 'OPTIONS',
        { 'Access-Control-Request-Headers': 'x-four' });
    const { vary, ...fields } = fieldsOf(preflight);
    assert.match(vary, /Access-Control-Request-Headers/);
    assert.deepEqual(fields, { 'allow-origin': '*',
        'allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE', 'allow-headers': 'x-four' });
});

test('without CORS there are no such fields, and OPTIONS is a bad handshake method', async () => {
    const server = await startServer('clients', { CONF_CORS_ORIGIN: '-' });
    const answer = await ask(server, 'http://a.example');
    assert.deepEqual([answer.status, fieldsOf(answer)], [200, {}]);
    const preflight = await ask(server, 'http://a.example', 'OPTIONS');
    assert.equal(preflight.status, 400);
    assert.deepEqual(JSON.parse(preflight.body), { code: 2, message: 'Bad handshake method' });
});

// ---- cookies --------------------------------------------------------------------------------

const COOKIES = {
    'another name, Secure': [
        { CONF_COOKIE: 'sticky', CONF_COOKIE_SECURE: '1' },
        (sid) => `sticky=${sid}; Path=/; HttpOnly; Secure; SameSite=Lax`],
    'another path': [
        { CONF_COOKIE: 'io', CONF_COOKIE_PATH: '/chat' },
        (sid) => `io=${sid}; Path=/chat; HttpOnly; SameSite=Lax`],
    'no path': [
        { CONF_COOKIE: 'io', CONF_COOKIE_PATH: '-' },
        (sid) => `io=${sid}; HttpOnly; SameSite=Lax`],
    'scripts may read it': [
        { CONF_COOKIE: 'io', CONF_COOKIE_HTTP_ONLY: '0' },
        (sid) => `io=${sid}; Path=/; SameSite=Lax`],
    'SameSite=Strict': [
        { CONF_COOKIE: 'io', CONF_COOKIE_SAME_SITE: 'Strict' },
        (sid) => `io=${sid}; Path=/; HttpOnly; SameSite=Strict`],
    'SameSite=None, Secure': [
        { CONF_COOKIE: 'io', CONF_COOKIE_SAME_SITE: 'None', CONF_COOKIE_SECURE: '1' },
        (sid) => `io=${sid}; Path=/; HttpOnly; Secure; SameSite=None`],
};

for (const [what, [env, want]] of Object.entries(COOKIES)) {
    test(`a cookie: ${what}`, async () => {
        const server = await startServer('clients', env);
        const { headers, body } = await request(server, POLLING);
        const { sid } = JSON.parse(body.slice(1));
        assert.deepEqual(headers['set-cookie'], [want(sid)]);
    });
}

// ---- the path -------------------------------------------------------------------------------

test('a path without its last slash is served without and with it', async () => {
    const server = await startServer('clients', { CONF_PATH: '/socket.io' });
    for (const path of ['/socket.io', '/socket.io/', '/socket.io/any/thing']) {
        const { status, body } = await request(server, enginePath(path, 'polling'));
        assert.deepEqual([status, body[0]], [200, '0'], path);
        const engine = await EngineSocket.open(server, { path });
        assert.match(engine.sid, /^[\w-]{20}$/);
    }
});

test('another path is served, and the usual one is not', async () => {
    const server = await startServer('clients', { CONF_PATH: '/chat/live/' });
    assert.equal((await request(server, enginePath('/chat/live/', 'polling'))).status, 200);
    for (const path of ['/socket.io/', '/chat/live', '/chat/', '/']) {
        assert.equal((await request(server, enginePath(path, 'polling'))).status, 404, path);
    }
});

// ---- bundles --------------------------------------------------------------------------------

test('where bundles are not served, their names are requests without transport', async () => {
    const server = await startServer('clients', { CONF_CLIENT_DIR: '-' });
    for (const name of ['socket.io.js', 'socket.io.min.js.map']) {
        const { status, body } = await request(server, `/socket.io/${name}`);
        assert.deepEqual([status, JSON.parse(body)],
            [400, { code: 0, message: 'Transport unknown' }]);
    }
});

// ---- compression ----------------------------------------------------------------------------

const unpack = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync };

// The answer to a poll that brings an echo of that many bytes, the digit of the packet included.
async function pollOf(bytes, accept) {
    const session = await PollingSession.open(clients);
    await session.send(`4${'é'.repeat((bytes - 1) / 2)}`);
    return session.poll({ headers: accept === undefined ? {} : { 'Accept-Encoding': accept } });
}

const ACCEPTED = { 'gzip': 'gzip', 'deflate': 'deflate', 'gzip, deflate, br': 'gzip',
    'br, gzip;q=0.5': 'gzip', '*': 'gzip' };

for (const [accept, coding] of Object.entries(ACCEPTED)) {
    test(`accept-encoding ${accept}: a long poll comes by ${coding}`, async () => {
        const { headers, bytes } = await pollOf(2049, accept);
        assert.equal(headers['content-encoding'], coding);
        assert.equal(unpack[coding](bytes).toString(), `4${'é'.repeat(1024)}`);
        assert.match(headers['content-type'], /^text\/plain; charset=utf-8$/i);
    });
}

for (const accept of [undefined, 'br', 'identity', 'gzip;q=0']) {
    test(`accept-encoding ${accept}: a long poll comes as it is`, async () => {
        const { headers, body } = await pollOf(2049, accept);
        assert.equal(headers['content-encoding'], undefined);
        assert.equal(body.length, 1025);
    });
}

test('1024 bytes are compressed by default, one less is not', async () => {
    assert.equal((await pollOf(1023, 'gzip')).headers['content-encoding'], undefined);
    assert.equal((await pollOf(1025, 'gzip')).headers['content-encoding'], 'gzip');
    const session = await PollingSession.open(clients);
    await session.send(`4${'a'.repeat(1023)}`);
    const { headers } = await session.poll({ headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(headers['content-encoding'], 'gzip');
});

test('binary packets of a poll are compressed with it', async () => {
    const session = await PollingSession.open(clients);
    await session.send(Buffer.alloc(3000, 1));
    const { headers, bytes } = await session.poll({ headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(headers['content-encoding'], 'gzip');
    assert.equal(zlib.gunzipSync(bytes).toString(), `b${Buffer.alloc(3000, 1).toString('base64')}`);
});

// Polls until the packet that begins so; gives the answer that held it.
async function pollUntil(session, begin) {
    for (;;) {
        const response = await session.poll({ headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(response.status, 200, response.body);
        const coding = response.headers['content-encoding'];
        const text = (coding ? zlib.gunzipSync(response.bytes) : response.bytes).toString();
        if (text.startsWith(begin)) {
            return { coding, text };
        }
        await session.post('3');
    }
}

test('the threshold is an option, and compress(false) goes out as it is', async () => {
    const session = await connect(behav, { transport: 'polling' });
    await session.send('42["big"]');
    const big = await pollUntil(session, '42["big"');
    assert.equal(big.coding, 'gzip');
    await session.send('42["big-nocompress"]');
    const plain = await pollUntil(session, '42["big"');
    assert.equal(plain.coding, undefined);
    assert.ok(plain.text.includes('x'.repeat(1500)));
    await session.send(`42["message","${'y'.repeat(450)}"]`);
    assert.equal((await pollUntil(session, '42["message-back"')).coding, undefined);
    await session.send(`42["message","${'y'.repeat(500)}"]`);
    assert.equal((await pollUntil(session, '42["message-back"')).coding, 'gzip');
});

// ---- what is refused ------------------------------------------------------------------------

test('a control character in Origin is a bad request: 400', async () => {
    for (const character of ['\x01', '\x1f', '\x7f']) {
        const connection = await RawConnection.open(clients);
        connection.write(`GET ${enginePath(ENGINE, 'polling')} HTTP/1.1\r\nHost: h\r\n` +
            `Origin: http://a${character}b\r\n\r\n`);
        assert.equal((await connection.response()).status, 400);
    }
});

// ---- an application that decides about handshakes later -------------------------------------

const openers = {
    'polling': () => PollingSession.open(slow),
    'websocket': () => EngineSocket.open(slow),
    'polling of EIO 3': () => PollingSession3.open(slow),
    'websocket of EIO 3': () => EngineSocket3.open(slow),
};

for (const [what, open] of Object.entries(openers)) {
    test(`decided later: ${what} is let in then, and works`, async () => {
        const start = Date.now();
        const session = await open();
        assert.ok(Date.now() - start >= DECIDE_MS - 10, 'not before the decision');
        await session.send('4hello');
        assert.equal(await session.next(), '4hello');
    });
}

// Opens a connection on which the handshake of a WebSocket, and the bytes behind it, are sent.
async function rawHandshake(server, path, behind = Buffer.alloc(0)) {
    const connection = await RawConnection.open(server);
    connection.write(Buffer.concat([Buffer.from(upgradeRequest(server, path)), behind]));
    return connection;
}

for (const [revision, pathOf] of Object.entries({ 'EIO 4': enginePath, 'EIO 3': eio3Path })) {
    test(`decided later: handshakes of ${revision} are refused as they are at once`, async () => {
        const { status, body } = await request(slow, `${pathOf(ENGINE, 'polling')}&deny=1`);
        assert.deepEqual([status, JSON.parse(body)], [403, { code: 4, message: 'nope' }]);
        const connection = await rawHandshake(slow, `${pathOf(ENGINE, 'websocket')}&deny=1`);
        const response = await connection.response();
        assert.deepEqual([response.status, response.body], [400, 'nope']);
        assert.match(response.headers.connection, /^close$/i);
    });
}

test('decided later: what is sent meanwhile is read then',
    { notReference: 'loses it' }, async () => {
        const hello = frame(TEXT, '4hello');
        const connection = await rawHandshake(slow, enginePath(ENGINE, 'websocket'), hello);
        await readByServer(slow, connection.socket);
        connection.write(hello);
        const echoes = await connection.take((input) => {
            const text = input.toString('latin1');
            return text.split('4hello').length === 3 ? [text, input.length] : null;
        }, 'both echoes');
        assert.match(echoes, /^HTTP\/1\.1 101 /);
    });

test('decided later: a client may go away before that', async () => {
    const poll = startRequest(slow, enginePath(ENGINE, 'polling'));
    await readByServer(slow, await poll.socket);
    poll.drop();
    const connection = await rawHandshake(slow, enginePath(ENGINE, 'websocket'));
    await readByServer(slow, connection.socket);
    connection.socket.destroy();
    const session = await PollingSession.open(slow); // decided about after the two
    await session.send('4hello');
    assert.equal(await session.next(), '4hello');
});

test('a handshake that is not decided about in time: 503',
    { notReference: 'waits as long as it takes' }, async () => {
        const server = await startServer('clients',
            { CONF_DECIDE_MS: '1000', CONF_REQUEST_TIMEOUT_MS: '300' });
        const poll = await request(server, POLLING);
        assert.equal(poll.status, 503);
        assert.equal(poll.headers['access-control-allow-origin'], '*');
        const connection = await rawHandshake(server, enginePath(ENGINE, 'websocket'));
        assert.equal((await connection.response()).status, 503);
        await delay(1000); // the decision comes, and means nothing any more
        assert.equal((await request(server, '/nowhere')).status, 404);
        assert.equal(await server.stop(), 0);
    });

endsCleanly(clients, behav, slow);
