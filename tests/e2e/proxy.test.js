// SPDX-License-Identifier: MIT
//
// The daemon behind proxies: whose connection it is by the PROXY protocol (1 and 2, with TLS behind the
// header), by nginx's stream module where it is installed; and by X-Forwarded-For from an nginx that ends TLS.
// That a limit per address holds for each client shows that it is known who he is.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { Daemon, connect, folder, join, later, request, say, start, take, test, within } = require('./harness');
const { makeCertificate } = require('./certificate');
const { startRelay } = require('./relay');
const { freePort, reachable } = require('../support/port');

const TRUSTED = ['--trusted-proxies', '127.0.0.0/8'];
const STREAM = (process.env.NGINX_MODULES ?? '/usr/lib/nginx/modules') + '/ngx_stream_module.so';
const PATH = `${process.env.PATH}:/usr/sbin`;

function lacksNginx() {
    try {
        execFileSync('which', ['nginx'], { stdio: 'ignore', env: { ...process.env, PATH } });
        return false;
    } catch {
        return 'nginx is not installed';
    }
}

// ---- proxies ------------------------------------------------------------------------------------

const version1 = (address) => Buffer.from(`PROXY TCP4 ${address} 198.51.100.4 56324 443\r\n`);

function version2(address) {
    const fixed = Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex');
    return Buffer.concat([fixed, Buffer.from(address.split('.').map(Number)),
        Buffer.from('c6336404dc0401bb', 'hex')]);
}

// nginx with that part of its configuration; it listens on port.
async function startNginx(port, modules, body) {
    const place = folder();
    fs.writeFileSync(path.join(place, 'nginx.conf'), `
${modules.map((file) => `load_module ${file};`).join('\n')}
daemon off; worker_processes 1; pid ${place}/pid; error_log ${place}/error.log;
events { worker_connections 512; }
${body(place)}`);
    const child = spawn('nginx', ['-p', place, '-e', path.join(place, 'error.log'), '-c', 'nginx.conf'], {
        stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, PATH },
    });
    const nginx = new Daemon(child);
    later(() => nginx.end('SIGTERM'));
    await within((async () => {
        while (!await reachable(port)) {
            await new Promise((resolve) => {
                setTimeout(resolve, 20);
            });
        }
    })(), 'nginx');
}

// ---- who it is ------------------------------------------------------------------------------------

// The second try of one address within a minute is one too many.
const ONE_LOGIN = ['--rate-logins', '1'];

async function logIn(through, headers) {
    const { status } = await request(through, 'POST', '/login', { json: { email: 'a@b.c', password: 'p' }, headers });
    return status;
}

async function refusedHeaders(daemon) {
    const { text } = await request(daemon, 'GET', '/metrics');
    return Number(/^rookery_proxy_headers_refused_total (\d+)$/m.exec(text)[1]);
}

// ---- the PROXY protocol ---------------------------------------------------------------------------

for (const [name, header] of Object.entries({ 1: version1, 2: version2 })) {
    test(`version ${name}: limits are per client`, async () => {
        const daemon = await start({ args: [...TRUSTED, ...ONE_LOGIN, '--proxy-protocol', 'all'] });
        for (const client of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) {
            const relay = await startRelay(daemon, header(client), 7);
            // What the client says of others does not count: he is no proxy.
            const lie = { 'x-forwarded-for': `198.51.100.${Math.floor(Math.random() * 256)}` };
            assert.deepEqual([await logIn(relay, lie), await logIn(relay, lie)], [401, 429]);
        }
    });

    test(`version ${name}: stock clients chat behind it, with TLS behind the header`, async () => {
        const { cert, key, ca } = makeCertificate(folder(), 'proxied');
        const daemon = await start({
            args: [...TRUSTED, '--proxy-protocol', 'all', '--tls-certificate', cert, '--tls-key', key],
        });
        const relay = await startRelay(daemon, header('203.0.113.1'));
        for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
            const client = await connect(relay, {}, { ca, transports });
            await join(client, `room ${transports}`);
            assert.ok((await say(client, `room ${transports}`, 'hello')).ok);
            assert.equal((await take(client, 'message')).content, 'hello');
        }
    });
}

test('a connection of a proxy without a header is closed and counted', async () => {
    const [proxied, plain] = await Promise.all([freePort(), freePort()]);
    const daemon = await start({ port: [proxied, plain], args: [...TRUSTED, '--proxy-protocol', String(proxied)] });
    const open = { origin: daemon.origins[1] };
    for (const text of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'PROXY TCP4 me you 1 2\r\n', 'PROXY \r\n\r\n']) {
        const socket = net.connect(proxied, '127.0.0.1');
        socket.on('error', () => {});
        socket.write(text);
        let answer = '';
        socket.setEncoding('utf8').on('data', (data) => {
            answer += data;
        });
        await within(new Promise((resolve) => {
            socket.once('close', resolve);
        }), 'end of the connection');
        assert.equal(answer, '');
    }
    assert.equal(await refusedHeaders(open), 3);
    assert.equal((await request(open, 'GET', '/health/live')).status, 200);
});

test('who is no trusted proxy is served without a header', async () => {
    const daemon = await start({ args: ['--trusted-proxies', '10.0.0.0/8', '--proxy-protocol', 'all'] });
    assert.equal((await request(daemon, 'GET', '/health/live')).status, 200);
    const relay = await startRelay(daemon, version1('203.0.113.1'));
    assert.equal((await request(relay, 'GET', '/health/live')).status, 400);
});

// ---- nginx ------------------------------------------------------------------------------------------

const skipStream = lacksNginx() || (fs.existsSync(STREAM) ? false : 'nginx has no stream module');

test('nginx passes connections on as they are, with a PROXY header', { skip: skipStream }, async () => {
    const { cert, key, ca } = makeCertificate(folder(), 'proxied');
    const daemon = await start({
        args: [...TRUSTED, '--proxy-protocol', 'all', '--tls-certificate', cert, '--tls-key', key],
    });
    const port = await freePort();
    await startNginx(port, [STREAM], () => `
stream { server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${daemon.port}; proxy_protocol on; } }`);
    const client = await connect({ origin: `https://127.0.0.1:${port}` }, {}, { ca, transports: ['polling', 'websocket'] });
    await join(client, 'room');
    assert.ok((await say(client, 'room', 'hello')).ok);
});

test('nginx ends TLS, and says who it is for', { skip: lacksNginx() }, async () => {
    const { cert, key, ca } = makeCertificate(folder(), 'proxied');
    const daemon = await start({ args: TRUSTED });
    const port = await freePort();
    await startNginx(port, [], (place) => `
http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${place}/${t};`).join(' ')}
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${cert}; ssl_certificate_key ${key};
        location / {
            proxy_pass http://127.0.0.1:${daemon.port};
            proxy_http_version 1.1; proxy_buffering off;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
}`);
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
        const client = await connect({ origin: `https://127.0.0.1:${port}` }, {}, { ca, transports });
        await join(client, 'room');
        assert.ok((await say(client, 'room', 'hello')).ok);
        client.disconnect();
    }
});
