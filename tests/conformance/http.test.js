// SPDX-License-Identifier: MIT
//
// Checklist section "HTTP and handshake": how sessions are opened and refused, and the headers.
'use strict';

const assert = require('node:assert/strict');
const { endsCleanly, test, useServer } = require('./harness');
const { RawConnection, request } = require('./http_client');
const { ENGINE, EngineSocket, PollingSession, enginePath } = require('./engine_client');
const { SOCKET_IO } = require('./socket_client');

const protocol = useServer('protocol');
const behav = useServer('behav');
const clients = useServer('clients');

const POLLING = enginePath(ENGINE, 'polling');
const WEBSOCKET = enginePath(ENGINE, 'websocket');
const BEHAV_POLLING = enginePath(SOCKET_IO, 'polling');
const BEHAV_WEBSOCKET = enginePath(SOCKET_IO, 'websocket');

const UPGRADE_HEADERS = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

function headLines(server, headers) {
    const all = { Host: `${server.host}:${server.port}`, ...headers };
    return Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

async function upgradeRequest(server, path, headers = {}) {
    const connection = await RawConnection.open(server);
    const lines = headLines(server, { ...UPGRADE_HEADERS, ...headers });
    connection.write(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
    return { connection, response: await connection.response() };
}

function expectError(response, code, message, status = 400) {
    assert.deepEqual([response.status, JSON.parse(response.body)], [status, { code, message }]);
    assert.match(response.headers['content-type'], /^application\/json\b/);
}

async function expectUpgradeRefused(server, path, message) {
    const { connection, response } = await upgradeRequest(server, path);
    assert.deepEqual([response.status, response.body], [400, message]);
    assert.match(response.headers.connection, /^close$/i);
    await connection.rest();
}

// ---- opening a session ----------------------------------------------------------------------

test('a polling handshake answers 200 with the open packet and these keys only', async () => {
    const response = await request(protocol, POLLING);
    assert.equal(response.status, 200);
    assert.equal(response.body[0], '0');
    const { sid, ...rest } = JSON.parse(response.body.slice(1));
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, {
        upgrades: ['websocket'],
        pingInterval: 300,
        pingTimeout: 200,
        maxPayload: 1000000,
    });
});

test('a websocket handshake sends the open packet first, with no upgrades', async () => {
    const { sid, ...rest } = (await EngineSocket.open(protocol)).handshake;
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, {
        upgrades: [],
        pingInterval: 300,
        pingTimeout: 200,
        maxPayload: 1000000,
    });
});

test('a websocket handshake is answered with 101 and the key of RFC 6455', async () => {
    const { response } = await upgradeRequest(protocol, WEBSOCKET);
    assert.equal(response.status, 101);
    assert.match(response.headers.upgrade, /^websocket$/i);
    assert.match(response.headers.connection, /^upgrade$/i);
    assert.equal(response.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    assert.equal(response.headers['sec-websocket-extensions'], undefined);
    assert.equal(response.headers['content-length'], undefined);
});

test('the defaults of 25000 and 20000 ms are announced', async () => {
    const { handshake } = await PollingSession.open(clients);
    assert.deepEqual([handshake.pingInterval, handshake.pingTimeout], [25000, 20000]);
});

test('every handshake gives another sid', async () => {
    const sids = new Set();
    for (let i = 0; i < 100; i++) {
        sids.add((await PollingSession.open(clients)).sid);
    }
    assert.equal(sids.size, 100);
});

// ---- refusing one ---------------------------------------------------------------------------

const unknownTransports = ['', '&transport=', '&transport=abc', '&transport=constructor',
    '&transport=__proto__', '&transport=webtransport', '&transport=POLLING'];

for (const query of unknownTransports) {
    test(`transport ${query || 'missing'}: 400 Transport unknown`, async () => {
        const path = `${ENGINE}?EIO=4${query}`;
        expectError(await request(protocol, path), 0, 'Transport unknown');
        await expectUpgradeRefused(protocol, path, 'Transport unknown');
    });
}

for (const method of ['GET', 'POST']) {
    test(`${method} with an unknown sid: 400 Session ID unknown`, async () => {
        for (const sid of ['unknown', 'constructor', '__proto__', 'a'.repeat(20), '%00']) {
            const response = await request(protocol, `${POLLING}&sid=${sid}`, { method });
            expectError(response, 1, 'Session ID unknown');
        }
    });
}

test('a websocket upgrade with an unknown sid is refused', async () => {
    await expectUpgradeRefused(protocol, `${WEBSOCKET}&sid=unknown`, 'Session ID unknown');
});

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    test(`a handshake by ${method}: 400 Bad handshake method`, async () => {
        const response = await request(protocol, POLLING, { method });
        expectError(response, 2, 'Bad handshake method');
    });
}

test('a handshake by HEAD is refused, without a body', async () => {
    const response = await request(protocol, POLLING, { method: 'HEAD' });
    assert.deepEqual([response.status, response.body], [400, '']);
});

test('a plain GET for the websocket transport: 400 Bad request', async () => {
    expectError(await request(protocol, WEBSOCKET), 3, 'Bad request');
});

test('a control character in Origin is refused with 400', async () => {
    const connection = await RawConnection.open(protocol);
    const lines = headLines(protocol, { Origin: 'http://a\x01b' });
    connection.write(`GET ${POLLING} HTTP/1.1\r\n${lines}\r\n`);
    assert.equal((await connection.response()).status, 400);
});

test('the sid of a websocket session is no use for polling: 400 Bad request', async () => {
    const { sid } = await EngineSocket.open(clients);
    for (const method of ['GET', 'POST']) {
        const response = await request(clients, `${POLLING}&sid=${sid}`, { method });
        expectError(response, 3, 'Bad request');
    }
});

test('a sid used with another EIO value: 400 Bad request, the session goes on', async () => {
    const session = await PollingSession.open(clients);
    const path = session.url.replace('EIO=4', 'EIO=3');
    expectError(await request(clients, path), 3, 'Bad request');
    await session.send('4still here');
    assert.equal(await session.next(), '4still here');
});

for (const version of ['', 'EIO=&', 'EIO=3&', 'EIO=5&', 'EIO=44&', 'EIO=04&', 'EIO=abc&']) {
    const name = version.slice(0, -1) || 'no EIO';
    test(`${name}: 400 Unsupported protocol version`, async () => {
        const response = await request(protocol, `${ENGINE}?${version}transport=polling`);
        expectError(response, 5, 'Unsupported protocol version');
    });

    test(`${name} on a websocket: refused, with no packet`, async () => {
        const path = `${ENGINE}?${version}transport=websocket`;
        const { connection, response } = await upgradeRequest(protocol, path);
        if (response.status === 101) { // the reference accepts, then drops the connection
            const after = (await connection.rest()).toString('latin1');
            assert.doesNotMatch(after, /sid/);
        } else {
            assert.deepEqual([response.status, response.body],
                [400, 'Unsupported protocol version']);
            await connection.rest();
        }
    });
}

test('a refusal of the application: 403 with its message', async () => {
    const response = await request(behav, `${BEHAV_POLLING}&deny=1`);
    expectError(response, 4, 'nope', 403);
});

test('a refusal of the application on a websocket: 400 with its message', async () => {
    await expectUpgradeRefused(behav, `${BEHAV_WEBSOCKET}&deny=1`, 'nope');
});

// ---- upgrade requests that are no WebSocket handshake -----------------------------------------

const badUpgrades = {
    'an upgrade to something else': { Upgrade: 'h2c' },
    'no key': { 'Sec-WebSocket-Key': undefined },
    'a key that is too short': { 'Sec-WebSocket-Key': 'c2hvcnQ=' },
    'a key that is no base64': { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' },
};

for (const [what, headers] of Object.entries(badUpgrades)) {
    test(`an upgrade request with ${what}: 400`, async () => {
        const connection = await RawConnection.open(protocol);
        const all = { ...UPGRADE_HEADERS, ...headers };
        Object.keys(all).forEach((name) => all[name] === undefined && delete all[name]);
        connection.write(`GET ${WEBSOCKET} HTTP/1.1\r\n${headLines(protocol, all)}\r\n`);
        assert.equal((await connection.response()).status, 400);
    });
}

for (const version of ['0', '7', '14', 'x']) {
    test(`Sec-WebSocket-Version ${version}: 400 or 426, naming 13`, async () => {
        const headers = { 'Sec-WebSocket-Version': version };
        const { response } = await upgradeRequest(protocol, WEBSOCKET, headers);
        assert.ok([400, 426].includes(response.status), `status ${response.status}`);
        assert.match(response.headers['sec-websocket-version'], /\b13\b/);
    });
}

test('an upgrade request by POST is refused', async () => {
    const connection = await RawConnection.open(protocol);
    const lines = headLines(protocol, { ...UPGRADE_HEADERS, 'Content-Length': '0' });
    connection.write(`POST ${WEBSOCKET} HTTP/1.1\r\n${lines}\r\n`);
    const { status } = await connection.response();
    assert.ok(status >= 400 && status < 500, `status ${status}`);
});

test('header names and tokens of the handshake are taken in any case, among others', async () => {
    const connection = await RawConnection.open(protocol);
    const headers = {
        cONNECTION: 'keep-alive, uPGRADE',
        uPGRADE: 'WebSocket',
        'SEC-WEBSOCKET-VERSION': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    connection.write(`GET ${WEBSOCKET} HTTP/1.1\r\n${headLines(protocol, headers)}\r\n`);
    assert.equal((await connection.response()).status, 101);
});

// ---- paths ----------------------------------------------------------------------------------

for (const path of ['/', '/socket.io', '/socket.iox/', '/other/', '/SOCKET.IO/']) {
    test(`${path} is not the engine's: 404`, async () => {
        const response = await request(protocol, `${path}?EIO=4&transport=polling`);
        assert.equal(response.status, 404);
    });
}

test('a longer path under the engine\'s is served as well', async () => {
    const response = await request(protocol, `${SOCKET_IO}any/thing/?EIO=4&transport=polling`);
    assert.equal(response.status, 200);
    assert.match(response.body, /^0\{/);
});

test('parameters are taken in any order, decoded, and unknown ones ignored', async () => {
    const path = `${ENGINE}?t=abc&transport=%70olling&x&=&b64=1&EIO=%34`;
    const response = await request(protocol, path);
    assert.deepEqual([response.status, response.body[0]], [200, '0']);
});

// ---- headers of the answers -----------------------------------------------------------------

test('a poll is text/plain in UTF-8 and not stored', async () => {
    const { headers } = await request(protocol, POLLING);
    assert.match(headers['content-type'], /^text\/plain; charset=utf-8$/i);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['content-encoding'], undefined);
});

test('a POST is answered with ok, as text/html of two bytes, not stored', async () => {
    const session = await PollingSession.open(clients);
    const { headers, body } = await session.post('4x');
    assert.equal(body, 'ok');
    assert.match(headers['content-type'], /^text\/html\b/);
    assert.equal(headers['content-length'], '2');
    assert.equal(headers['cache-control'], 'no-store');
});

const agents = {
    'Mozilla/4.0 (compatible;MSIE 8.0; Windows NT 6.0)': '0',
    'Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko': '0',
    'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0': undefined,
};

for (const [agent, expected] of Object.entries(agents)) {
    test(`X-XSS-Protection is ${expected ?? 'not sent'} for ${agent.slice(0, 40)}`, async () => {
        const headers = { 'User-Agent': agent };
        const response = await request(protocol, POLLING, { headers });
        assert.equal(response.headers['x-xss-protection'], expected);
    });
}

test('a response without a peer that accepts encodings is not encoded', async () => {
    const session = await PollingSession.open(clients);
    await session.send(`4${'a'.repeat(100000)}`);
    const response = await session.poll();
    assert.equal(response.headers['content-encoding'], undefined);
    assert.equal(response.body.length, 100001);
});

// ---- cookie ---------------------------------------------------------------------------------

test('the cookie with the sid is set on the polling handshake, and only there', async () => {
    const first = await request(behav, BEHAV_POLLING);
    const { sid } = JSON.parse(first.body.slice(1));
    assert.deepEqual(first.headers['set-cookie'], [`io=${sid}; Path=/; HttpOnly; SameSite=Lax`]);
    const url = `${BEHAV_POLLING}&sid=${sid}`;
    const post = await request(behav, url, { method: 'POST', body: '3' });
    const poll = await request(behav, url);
    assert.deepEqual([post.status, post.headers['set-cookie']], [200, undefined]);
    assert.deepEqual([poll.status, poll.headers['set-cookie']], [200, undefined]);
});

test('no cookie comes with a websocket handshake', async () => {
    const { response } = await upgradeRequest(behav, BEHAV_WEBSOCKET);
    assert.deepEqual([response.status, response.headers['set-cookie']], [101, undefined]);
});

test('no cookie is set where none is configured', async () => {
    const response = await request(protocol, POLLING);
    assert.equal(response.headers['set-cookie'], undefined);
});

// ---- cross-origin requests ------------------------------------------------------------------

const ALL_METHODS = 'GET,HEAD,PUT,PATCH,POST,DELETE';

test('a preflight is answered 204 with any origin and the default methods', async () => {
    const headers = { Origin: 'http://a.example', 'Access-Control-Request-Method': 'POST' };
    const response = await request(protocol, POLLING, { method: 'OPTIONS', headers });
    assert.deepEqual([response.status, response.body], [204, '']);
    assert.equal(response.headers['access-control-allow-origin'], '*');
    assert.equal(response.headers['access-control-allow-methods'], ALL_METHODS);
    assert.equal(response.headers['access-control-allow-credentials'], undefined);
});

test('a preflight that names headers is allowed them, where none are configured', async () => {
    const headers = {
        Origin: 'http://a.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,x-other',
    };
    const response = await request(protocol, POLLING, { method: 'OPTIONS', headers });
    assert.equal(response.status, 204);
    assert.equal(response.headers['access-control-allow-headers'], 'content-type,x-other');
    assert.match(response.headers.vary, /\bAccess-Control-Request-Headers\b/i);
});

for (const [name, headers] of [['with', { Origin: 'http://b.example' }], ['without', {}]]) {
    test(`a preflight ${name} Origin is answered as configured`, async () => {
        const response = await request(behav, BEHAV_POLLING, { method: 'OPTIONS', headers });
        const allow = (what) => response.headers[`access-control-allow-${what}`];
        assert.deepEqual([response.status, response.body], [204, '']);
        assert.equal(allow('origin'), 'http://allowed.example');
        assert.equal(allow('credentials'), 'true');
        assert.equal(allow('methods'), 'GET,POST');
        assert.equal(allow('headers'), 'x-chat');
        assert.match(response.headers.vary, /\bOrigin\b/);
    });
}

test('any origin is allowed on GET, POST, errors and 101 where * is configured', async () => {
    const session = await PollingSession.open(protocol);
    const headers = { Origin: 'http://a.example' };
    const answers = [
        await request(protocol, POLLING, { headers }),
        await session.post('4x', { headers }),
        await request(protocol, `${POLLING}&sid=unknown`, { headers }),
        (await upgradeRequest(protocol, WEBSOCKET, headers)).response,
    ];
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 400, 101]);
    const allowed = answers.map((answer) => answer.headers['access-control-allow-origin']);
    assert.deepEqual(allowed, ['*', '*', '*', '*']);
});

test('a fixed origin is sent with GET, POST, errors and 101, and others are served', async () => {
    const session = await PollingSession.open(behav, { path: SOCKET_IO });
    const headers = { Origin: 'http://other.example' };
    const answers = [
        await request(behav, BEHAV_POLLING, { headers }),
        await session.post('3', { headers }),
        await request(behav, `${BEHAV_POLLING}&sid=unknown`, { headers }),
        await request(behav, `${BEHAV_POLLING}&deny=1`, { headers }),
        (await upgradeRequest(behav, BEHAV_WEBSOCKET, headers)).response,
    ];
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 400, 403, 101]);
    for (const { headers: sent } of answers) {
        assert.equal(sent['access-control-allow-origin'], 'http://allowed.example');
        assert.equal(sent['access-control-allow-credentials'], 'true');
    }
});

endsCleanly(protocol, behav, clients);
