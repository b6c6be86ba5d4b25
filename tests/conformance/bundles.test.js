// SPDX-License-Identifier: MIT
//
// Checklist section "HTTP and handshake", its last two lines: the browser client that the server
// hands out below its path.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const zlib = require('node:zlib');
const { endsCleanly, test, useServer } = require('./harness');
const { request } = require('./http_client');

// The reference brings its own copy of the same files.
const CLIENT_DIR = path.join(path.dirname(require.resolve('socket.io-client/package.json')), 'dist');
const behav = useServer('behav', { CONF_CLIENT_DIR: CLIENT_DIR });

const BUNDLES = ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js',
    'socket.io.msgpack.min.js'];

const get = (name, headers) => request(behav, `/socket.io/${name}`, { headers });

for (const name of BUNDLES) {
    test(`${name} is served, with an ETag`, async () => {
        const { status, headers, body } = await get(name);
        assert.equal(status, 200);
        assert.equal(headers['content-type'], 'application/javascript; charset=utf-8');
        assert.match(headers.etag, /^"\d+\.\d+\.\d+"$/);
        assert.equal(headers['cache-control'], 'public, max-age=0');
        assert.match(body, /Socket\.IO v\d/);
    });

    test(`${name}.map is served as JSON`, async () => {
        const { status, headers, body } = await get(`${name}.map`);
        assert.equal(status, 200);
        assert.equal(headers['content-type'], 'application/json; charset=utf-8');
        assert.equal(JSON.parse(body).version, 3);
    });
}

const unpack = { br: zlib.brotliDecompressSync, gzip: zlib.gunzipSync };

const ACCEPTED = { br: 'br', gzip: 'gzip', 'gzip, deflate, br': null };

for (const [accept, coding] of Object.entries(ACCEPTED)) {
    test(`accept-encoding ${accept}: a bundle comes packed, under the same tag`, async () => {
        const plain = await get('socket.io.js');
        const packed = await get('socket.io.js', { 'Accept-Encoding': accept });
        const used = packed.headers['content-encoding'];
        assert.ok(coding === null ? used in unpack : used === coding, `coding ${used}`);
        assert.equal(unpack[used](packed.bytes).toString(), plain.body);
        assert.equal(packed.headers.etag, plain.headers.etag);
        assert.equal(plain.headers['content-encoding'], undefined);
    });
}

test('who has the version already gets 304, also by a weak tag', async () => {
    const { etag } = (await get('socket.io.js')).headers;
    for (const tag of [etag, `W/${etag}`]) {
        const { status, body } = await get('socket.io.js', { 'If-None-Match': tag });
        assert.deepEqual([status, body], [304, '']);
    }
});

test('who has another version gets the bundle', async () => {
    const { status } = await get('socket.io.js', { 'If-None-Match': '"0.0.1"' });
    assert.equal(status, 200);
});

test('a query behind the name does not matter', async () => {
    assert.equal((await get('socket.io.js?x=1')).status, 200);
});

test('a page of another origin may load it as a module', async () => {
    const { headers } = await get('socket.io.esm.min.js', { Origin: 'http://allowed.example' });
    assert.equal(headers['access-control-allow-origin'], 'http://allowed.example');
    assert.match(headers.vary, /Origin/);
    const preflight = await request(behav, '/socket.io/socket.io.esm.min.js', {
        method: 'OPTIONS', headers: { Origin: 'http://allowed.example' },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers['access-control-allow-methods'], 'GET,POST');
});

test('an unknown file is a request without transport: 400', async () => {
    const { status, body } = await get('socket.io.unknown.js');
    assert.deepEqual([status, JSON.parse(body).code], [400, 0]);
});

endsCleanly(behav);
