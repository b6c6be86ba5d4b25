// SPDX-License-Identifier: MIT
//
// What a real browser makes of the server: the chat page over https with compressed messages; pages of
// other origins, which the browser itself lets call or not; and JSONP, by which it lets them all.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { connect, folder, join, later, say, start, take, test } = require('./harness');
const { makeCertificate, withTls } = require('./certificate');
const { browser, openWindow, sees, shoot, skip, visit, write } = require('./windows');

const bundle = (name) =>
    fs.readFileSync(path.join(path.dirname(require.resolve(`${name}/package.json`)), 'dist/socket.io.js'));

// ---- https ------------------------------------------------------------------------------------

// Notes what the page's WebSockets are, by the browser's own protocol: page.sockets: {url, status,
// extensions}.
async function noteSockets(page) {
    const devtools = await page.context().newCDPSession(page);
    const urls = new Map();
    page.sockets = [];
    devtools.on('Network.webSocketCreated', ({ requestId, url }) => urls.set(requestId, url));
    devtools.on('Network.webSocketHandshakeResponseReceived', ({ requestId, response: { status, headers } }) => {
        const [, extensions] = Object.entries(headers)
            .find(([name]) => name.toLowerCase() === 'sec-websocket-extensions') ?? [];
        page.sockets.push({ url: urls.get(requestId), status, extensions });
    });
    await devtools.send('Network.enable');
}

const counted = (text, name) => Number(text.split('\n').find((l) => l.startsWith(`rookery_${name} `)).split(' ')[1]);

test('the chat page over https, with compressed messages', { skip }, async () => {
    const daemon = await start({
        args: withTls(makeCertificate(folder(), 'page'), '--ws-compression', 'yes', '--message-length', '20000'),
    });
    const instance = await browser(['--ignore-certificate-errors']);
    const ada = await visit(instance, daemon, 'Ada', 'general', { prepare: noteSockets });
    const bob = await visit(instance, daemon, 'Bob Baker');
    assert.ok(await ada.evaluate(() => window.isSecureContext));
    assert.equal(new URL(ada.url()).protocol, 'https:');
    assert.equal(ada.sockets.length, 1);
    const [{ url, status, extensions }] = ada.sockets;
    assert.match(url, /^wss:\/\/127\.0\.0\.1:\d+\/socket\.io\/\?EIO=4&transport=websocket/);
    assert.equal(status, 101);
    assert.match(extensions, /^permessage-deflate/);

    const text = Array.from({ length: 1200 }, (_, i) => `rook ${i}`).join(', ');
    assert.ok(text.length > 10000);
    await write(ada, text);
    await sees(bob, text);
    await write(bob, 'That is a lot of rooks.');
    await sees(ada, 'a lot of rooks');
    await shoot(ada, 'https');
    const metrics = await ada.evaluate(async () => (await fetch('/metrics')).text());
    assert.ok(counted(metrics, 'ws_inflated_messages_total') > 0, 'it came compressed');
    assert.ok(counted(metrics, 'ws_deflated_messages_total') > 0, 'and went out so');
    assert.deepEqual([...ada.troubles, ...bob.troubles], []);
});

// ---- other origins ----------------------------------------------------------------------------

// Pages of another origin: all of them one that only has a bundle of socket.io-client in it.
async function startSite(name = 'socket.io-client', host = '127.0.0.1') {
    const script = bundle(name);
    const server = http.createServer(({ url }, response) => {
        const isScript = url === '/socket.io.js';
        response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
        response.end(isScript ? script : '<!doctype html><title>elsewhere</title><script src="/socket.io.js"></script>');
    });
    server.listen(0, host);
    await once(server, 'listening');
    later(() => {
        server.closeAllConnections();
        server.close();
    });
    return { origin: `http://${host}:${server.address().port}` };
}

// What the page's client comes to, on that server: 'connect', or the error.
const connectFrom = (page, daemon, options) => page.evaluate(([origin, more]) => new Promise((resolve) => {
    window.client = window.io(origin, { reconnection: false, forceNew: true, ...more });
    window.messages = [];
    window.client.on('message', (message) => window.messages.push(message));
    window.client.on('connect', () => resolve('connect'));
    window.client.on('connect_error', (error) => resolve(error.message ?? String(error)));
}), [daemon.origin, options]);

const askFrom = (page, name, payload) => page.evaluate(([event, value]) => new Promise((resolve) => {
    window.client.emit(event, value, resolve);
}), [name, payload]);

async function takeFrom(page) {
    await page.waitForFunction(() => window.messages.length > 0);
    return page.evaluate(() => window.messages.shift());
}

// The status, or what the browser says instead.
const fetchFrom = (page, daemon, target, options) => page.evaluate(([url, more]) =>
    fetch(url, more).then((answer) => answer.status, (error) => error.message), [daemon.origin + target, options]);

const POLL = '/socket.io/?EIO=4&transport=polling';
const REFUSED_BY_BROWSER = 'Failed to fetch';
const OF_CORS = /blocked by CORS policy|net::ERR_FAILED/;

test('a page of an allowed origin polls with cookies, and one of another is kept off by the browser', { skip }, async () => {
    const [allowed, other] = [await startSite(), await startSite('socket.io-client', '127.0.0.2')];
    const daemon = await start({
        args: ['--cors-origin', allowed.origin, '--cors-headers', 'x-chat', '--cookie', 'io'],
    });
    const instance = await browser();
    const page = await openWindow(instance, allowed);
    assert.equal(await connectFrom(page, daemon, { transports: ['polling'], withCredentials: true }), 'connect');
    const [cookie] = await page.context().cookies(daemon.origin);
    assert.equal(cookie.value, await page.evaluate(() => window.client.io.engine.id));
    const young = await connect(daemon, { userId: 'u-ada' });
    await join(young, 'general');
    assert.equal((await askFrom(page, 'join_room', { roomId: 'general' })).ok, true);
    await say(young, 'general', 'from here');
    assert.equal((await takeFrom(page)).content, 'from here');
    assert.equal((await askFrom(page, 'send_message', { roomId: 'general', content: 'from there' })).ok, true);
    await take(young, 'message');
    assert.equal((await take(young, 'message')).content, 'from there');

    assert.equal(await fetchFrom(page, daemon, POLL, { credentials: 'include' }), 200);
    assert.equal(await fetchFrom(page, daemon, POLL, { headers: { 'x-chat': '1' } }), 200);
    assert.equal(await fetchFrom(page, daemon, '/socket.io/?EIO=4&transport=none', {}), 400, 'errors can be read');
    assert.deepEqual(page.troubles, []);
    assert.equal(await fetchFrom(page, daemon, POLL, { headers: { 'x-other': '1' } }), REFUSED_BY_BROWSER);
    assert.match(page.troubles[0], /x-other is not allowed by Access-Control-Allow-Headers/);

    const strange = await openWindow(instance, other);
    assert.match(await connectFrom(strange, daemon, { transports: ['polling'] }), /xhr poll error/);
    for (const options of [{}, { credentials: 'include' }, { method: 'POST', body: '40' }, { headers: { 'x-chat': '1' } }]) {
        assert.equal(await fetchFrom(strange, daemon, POLL, options), REFUSED_BY_BROWSER);
    }
    assert.match(strange.troubles[0], /blocked by CORS policy/);
    assert.ok(strange.troubles.every((trouble) => OF_CORS.test(trouble)), strange.troubles.join('\n'));
});

test('with credentials the browser takes no cookies where they are not allowed', { skip }, async () => {
    const site = await startSite();
    const daemon = await start({ args: ['--cors-origin', site.origin, '--cors-credentials', 'no'] });
    const page = await openWindow(await browser(), site);
    assert.equal(await fetchFrom(page, daemon, POLL, {}), 200);
    assert.equal(await fetchFrom(page, daemon, POLL, { credentials: 'include' }), REFUSED_BY_BROWSER);
    assert.match(await connectFrom(page, daemon, { transports: ['polling'], withCredentials: true }), /xhr poll error/);
    assert.equal(await connectFrom(page, daemon, { transports: ['polling'] }), 'connect');
});

test('client 2 talks by JSONP where CORS lets nobody', { skip }, async () => {
    const site = await startSite('socket.io-client-2');
    const daemon = await start({ args: ['--cors-origin', 'none', '--allow-eio3=yes'] });
    const page = await openWindow(await browser(), site);
    assert.match(await connectFrom(page, daemon, { transports: ['polling'] }), /xhr poll error/);
    const options = { transports: ['polling'], forceJSONP: true, query: { userId: 'u-old' } };
    assert.equal(await connectFrom(page, daemon, options), 'connect');
    assert.ok(await page.evaluate(() => document.querySelector('script[src*="transport=polling"][src*="j=0"]') !== null));
    const young = await connect(daemon, { userId: 'u-ada' });
    await join(young, 'general');
    assert.equal((await askFrom(page, 'join_room', { roomId: 'general' })).ok, true);
    for (const content of ['grüße "\\n" 😀 </script>', 'line one\nline two\u2028three', 'x'.repeat(4000)]) {
        await say(young, 'general', content);
        assert.equal((await takeFrom(page)).content, content);
        await take(young, 'message');
        assert.equal((await askFrom(page, 'send_message', { roomId: 'general', content })).ok, true);
        const { userId, content: back } = await take(young, 'message');
        assert.deepEqual([userId, back, (await takeFrom(page)).content], ['u-old', content, content]);
    }
});
