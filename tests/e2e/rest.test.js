// SPDX-License-Identifier: MIT
//
// REST of all dialects and the pages of groups, from outside.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');
const { connect, folder, join, later, say, start, test, within } = require('./harness');

const CHROMIUM = '/usr/bin/chromium';
const skip = fs.existsSync(CHROMIUM) ? false : 'chromium is not installed';
const shots = path.join(process.env.ROOKERY_BUILD, 'screenshots');
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

async function ask(daemon, target, { method = 'GET', json, form, headers = {} } = {}) {
    const body = json !== undefined ? JSON.stringify(json) : form && new URLSearchParams(form);
    const type = json !== undefined ? { 'content-type': 'application/json' } : {};
    const answer = await within(
        fetch(`${daemon.origin}${target}`,
            { method, body, headers: { ...type, ...headers }, redirect: 'manual' }),
        `answer to ${method} ${target}`,
    );
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type'));
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : text };
}

const post = (daemon, target, json, headers) => ask(daemon, target, { method: 'POST', json, headers });

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

test('what was said in one dialect is the history of all', async () => {
    const daemon = await start();
    const ada = await connect(daemon, { userId: 'u1', username: 'Ada' });
    await join(ada, 'old elm');
    for (let i = 1; i <= 60; i++) {
        await say(ada, 'old elm', `caw ${i}`);
    }
    const chatroom = (await ask(daemon, '/chat-history/old%20elm?limit=2')).body;
    assert.deepEqual(
        chatroom.messages.map(({ userId, message }) => [userId, message]), [['u1', 'caw 59'], ['u1', 'caw 60']],
    );
    assert.equal(chatroom.chatRoomId, 'old elm');
    assert.match(chatroom.messages[0].timestamp, ISO);

    const scalable = (await ask(daemon, '/messages/history/old%20elm')).body;
    assert.equal(scalable.length, 50);
    assert.deepEqual(Object.keys(scalable[0]), ['_id', 'roomId', 'userId', 'username', 'text', 'timestamp', '__v']);
    assert.equal(scalable[0].text, 'caw 1');
    assert.equal(scalable[49].text, 'caw 50');
    assert.deepEqual((await ask(daemon, '/history/old%20elm')).body, scalable);

    const native = (await ask(daemon, '/api/rooms/old%20elm/messages?limit=3')).body;
    assert.deepEqual(native.messages.map((m) => [m.offset, m.content]), [[58, 'caw 58'], [59, 'caw 59'], [60, 'caw 60']]);
    assert.equal(native.more, true);
    const before = (await ask(daemon, '/api/rooms/old%20elm/messages?before=3')).body;
    assert.deepEqual(before.messages.map((m) => m.offset), [1, 2]);
    assert.equal(before.more, false);
});

test('words are found by REST', async () => {
    const daemon = await start();
    const ada = await connect(daemon, { username: 'Ada' });
    await join(ada, 'elm');
    await say(ada, 'elm', 'the rooks are back');
    await say(ada, 'elm', 'two nests');
    let found;
    do { // what was said a moment ago is found within about a second
        found = (await ask(daemon, '/api/search?q=rook&room=elm')).body;
    } while (found.messages.length === 0);
    assert.deepEqual(found.messages.map((m) => m.content), ['the rooks are back']);
});

test('rooms that were made are listed in every dialect', async () => {
    const daemon = await start();
    assert.deepEqual((await ask(daemon, '/rooms')).body, []);
    const made = await post(daemon, '/rooms', { roomId: 'r1', name: 'Rooks', createdBy: 'u1' });
    assert.deepEqual([made.status, made.text], [201, '{"success":true}']);
    const group = await ask(daemon, '/group', { method: 'POST', form: { name: 'Elms' } });
    assert.deepEqual([group.status, group.headers.get('location')], [302, '/group']);

    const rooms = (await ask(daemon, '/rooms')).body;
    assert.deepEqual(rooms.map((r) => r.name).sort(), ['Elms', 'Rooks']);
    assert.match(rooms.find((r) => r.name === 'Elms').roomId, /^[0-9a-f]{24}$/);
    const rook = rooms.find((r) => r.name === 'Rooks');
    assert.deepEqual(Object.keys(rook), ['roomId', 'name', 'createdBy', 'createdAt']);
    assert.match(rook.createdAt, ISO);
    assert.deepEqual((await ask(daemon, '/api/rooms')).body.rooms.map((r) => r.name).sort(), ['Elms', 'Rooks']);

    const missing = await post(daemon, '/rooms', { roomId: 'r1' });
    assert.deepEqual([missing.status, missing.text], [400, '{"error":"Missing roomId, name, or createdBy"}']);
    const malformed = await ask(daemon, '/rooms',
        { method: 'POST', headers: { 'content-type': 'application/json' }, form: { a: 1 } });
    assert.equal(malformed.status, 400);
    assert.match(malformed.headers.get('content-type'), /html/);
});

test('nobody registers beyond users-max, after a restart neither', async () => {
    const data = folder();
    const args = ['--users-max', '1'];
    const first = await start({ data, args });
    assert.equal((await post(first, '/auth/register', { email: 'a@x.org', password: 'p' })).status, 201);
    const refused = await post(first, '/auth/register', { email: 'b@x.org', password: 'p' });
    assert.deepEqual([refused.status, refused.body], [503, { message: 'No more users can register here' }]);
    await first.end('SIGTERM');

    const second = await start({ data, args });
    const again = await post(second, '/api/auth/register', { username: 'b', email: 'b@x.org', password: 'p' });
    assert.deepEqual([again.status, again.body], [503, { error: 'No more users can register here' }]);
    assert.equal((await post(second, '/auth/login', { email: 'a@x.org', password: 'p' })).status, 200);
});

test('a user who registers in one dialect logs in in another, after a restart too', async () => {
    const data = folder();
    const args = ['--jwt-secret', 'a secret of at least thirty-two bytes'];
    const first = await start({ data, args });
    const email = 'Ada@Example.com';
    const made = await post(first, '/auth/register', { email, password: 'p1' });
    assert.equal(made.status, 201);
    assert.deepEqual(Object.keys(made.body), ['message', 'token', 'user']);
    assert.deepEqual(made.body.user, { id: made.body.user.id, email: 'ada@example.com' });
    const { userId, email: claimed, exp, iat } = claims(made.body.token);
    assert.deepEqual([userId, claimed, exp - iat], [made.body.user.id, 'ada@example.com', 3600]);
    const again = await post(first, '/register', { email, password: 'p2' });
    assert.deepEqual([again.status, again.text], [400, '{"message":"User already exists"}']);
    assert.equal(await first.end('SIGTERM'), 0);

    const second = await start({ data, args });
    const entered = await post(second, '/api/auth/login', { email, password: 'p1' });
    assert.equal(entered.status, 200);
    assert.deepEqual(entered.body.user,
        { id: userId, username: 'ada', email: 'ada@example.com', displayName: 'ada' });
    const wrong = await post(second, '/login', { email, password: 'p2' });
    assert.deepEqual([wrong.status, wrong.text], [401, '{"message":"Invalid credentials"}']);
    const chosen = { username: 'Bob', email: 'bob@example.com', password: 'p' };
    assert.equal((await post(second, '/api/auth/register', chosen)).status, 201);
    assert.equal((await post(second, '/api/auth/register', { ...chosen, email: 'b@example.com' })).status, 409);
});

test('who is signed in stays so after a restart, though nobody gave a secret', async () => {
    const data = folder();
    const whoIs = async (daemon, token) => {
        const c = await connect(daemon, { token });
        await join(c, 'r');
        return (await within(c.emitWithAck('room_members', { roomId: 'r' }), 'the members')).users[0];
    };
    const first = await start({ data });
    const { token, user } = (await post(first, '/api/auth/register',
        { username: 'Ada', email: 'a@b.c', password: 'p' })).body;
    assert.equal((await whoIs(first, token)).userId, user.id);
    await first.end('SIGTERM');

    const second = await start({ data });
    assert.equal((await whoIs(second, token)).userId, user.id);
    const elsewhere = await start();
    assert.notEqual((await whoIs(elsewhere, token)).userId, user.id);
});

test('where auth is required rooms are read with a token', async () => {
    const daemon = await start({ args: ['--auth', 'required', '--jwt-secret', 'a secret of at least thirty-two bytes'] });
    for (const target of ['/rooms', '/chat-history/r', '/history/r', '/api/rooms', '/api/search?q=x', '/active-users/r']) {
        const refused = await ask(daemon, target);
        assert.deepEqual([target, refused.status, refused.text], [target, 401, '{"error":"Unauthorized"}']);
    }
    const { token, user } = (await post(daemon, '/auth/register', { email: 'a@b.c', password: 'p' })).body;
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await ask(daemon, '/rooms', { headers })).status, 200);
    assert.equal((await ask(daemon, '/api/search?q=x', { headers })).status, 200);
    const room = { roomId: 'r', name: 'R', createdBy: 'somebody' };
    assert.equal((await post(daemon, '/rooms', room, headers)).status, 403);
    assert.equal((await post(daemon, '/rooms', { ...room, createdBy: user.id }, headers)).status, 201);
    const expired = { authorization: `Bearer ${token.slice(0, -2)}xx` };
    assert.equal((await ask(daemon, '/rooms', { headers: expired })).status, 401);
});

test('limits are per client behind a proxy that is trusted, and per peer otherwise', async () => {
    const login = (daemon, from) => post(daemon, '/login', { email: 'a@b.c', password: 'p' }, from);
    const clients = ['203.0.113.1', '203.0.113.2', '203.0.113.3'];
    const args = ['--rate-logins', '1'];
    const behind = await start({ args: [...args, '--trusted-proxies', '127.0.0.0/8'] });
    for (const client of clients) {
        const from = { 'x-forwarded-for': `198.51.100.${Math.floor(Math.random() * 256)}, ${client}` };
        assert.deepEqual([(await login(behind, from)).status, (await login(behind, from)).status], [401, 429]);
    }
    const alone = await start({ args });
    const statuses = [];
    for (const client of clients) {
        statuses.push((await login(alone, { 'x-forwarded-for': client, 'x-real-ip': client })).status);
    }
    assert.deepEqual(statuses, [401, 429, 429]);
});

test('a storm of logins is answered, and the server stops amid it', async () => {
    const daemon = await start();
    const storm = Array.from({ length: 40 }, (_, i) =>
        post(daemon, '/register', { email: `u${i}@example.com`, password: 'p' })
            .then(({ status }) => status, () => 'cut'));
    const health = await ask(daemon, '/auth/health');
    assert.deepEqual([health.status, health.text], [200, '{"status":"healthy"}']);
    await Promise.race(storm);
    assert.equal(await daemon.end('SIGTERM'), 0);
    const ends = await Promise.all(storm);
    assert.ok(ends.includes(201), 'some were made');
    assert.ok(ends.every((end) => [201, 503, 'cut'].includes(end)), String(ends));
});

test('nothing is shadowed, and / is what the one who asks can use', async () => {
    const daemon = await start();
    assert.equal((await ask(daemon, '/')).text, 'Chatroom microservice is running!');
    assert.match((await ask(daemon, '/', { headers: { accept: 'text/html' } })).text, /<!doctype html>/i);
    assert.match((await ask(daemon, '/socket.io/?EIO=4&transport=polling')).text, /^0{"sid"/);
    assert.match((await ask(daemon, '/socket.io/socket.io.js')).headers.get('content-type'), /javascript/);
    assert.equal((await ask(daemon, '/health')).body.status, 'healthy');
    assert.equal((await ask(daemon, '/chat-history/%E0%A4%A')).status, 400);
    assert.match((await ask(daemon, '/active-users')).text, /<pre>Cannot GET \/active-users<\/pre>/);
    const { services } = (await ask(daemon, '/api/services')).body;
    assert.deepEqual(Object.keys(services[0]), ['serviceId', 'host', 'port', 'status', 'connections', 'lastHeartbeat']);
});

test('without a journal there is nothing to show and nobody can register', async () => {
    const daemon = await start({ args: ['--journal', 'none'] });
    assert.equal((await ask(daemon, '/rooms')).text, '[]');
    assert.equal((await ask(daemon, '/history/r')).text, '[]');
    assert.equal((await ask(daemon, '/group')).status, 200);
    assert.equal((await post(daemon, '/register', { email: 'a@b.c', password: 'p' })).status, 503);
});

// ---- the pages of groups, in a browser --------------------------------------------------------

async function visit() {
    const context = await chromium.launchPersistentContext(folder(), {
        executablePath: CHROMIUM,
        headless: true,
        chromiumSandbox: false,
        args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync'],
        viewport: { width: 900, height: 600 },
    });
    later(() => context.close());
    const page = await context.newPage();
    page.troubles = [];
    page.on('pageerror', (error) => page.troubles.push(error.message));
    page.on('dialog', (dialog) => {
        page.troubles.push(`a dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    page.on('console', (line) => line.type() === 'error' && page.troubles.push(line.text()));
    return page;
}

function shoot(page, name) {
    fs.mkdirSync(shots, { recursive: true });
    return page.screenshot({ path: path.join(shots, `${name}.png`) });
}

const EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

// What a window shows: who is online, sorted, and the messages as [class, text].
const online = (page) => page.$$eval('#online_users li', (all) => all.map((e) => e.textContent).sort());
const shown = (page) => page.$$eval('.message', (all) => all.map((e) => [e.className, e.textContent]));

// Waits for a window to show so many elements.
const count = (page, selector, number) => page.waitForFunction(
    ([s, n]) => document.querySelectorAll(s).length === n, [selector, number],
);

async function enterGroup(page, daemon, name) {
    await page.goto(`${daemon.origin}/group`);
    await page.click('#groups button');
    await page.fill('input[name=user]', name);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#chat');
}

async function write(page, text) {
    await page.fill('#chat_box', text);
    await page.click('#send');
    await page.waitForFunction(() => document.getElementById('chat_box').value === '');
}

const ADA = 'Ada "\'<b>';

test('two people of hostile names are online in a group and talk in it', { skip }, async () => {
    const daemon = await start();
    const ada = await visit();
    await ada.goto(`${daemon.origin}/group`);
    await ada.fill('input[name=name]', EVIL);
    await ada.click('#create-group-form button');
    await ada.waitForSelector('#groups button');
    assert.equal(await ada.textContent('#groups button'), EVIL);
    await shoot(ada, 'groups');
    await enterGroup(ada, daemon, ADA);
    await count(ada, '#online_users li', 1);
    await write(ada, '  good evening ');
    await count(ada, '.message', 1);

    const eve = await visit();
    await enterGroup(eve, daemon, EVIL);
    await count(eve, '#online_users li', 2);
    await count(ada, '#online_users li', 2);
    assert.deepEqual(await online(eve), [EVIL, ADA].sort());
    assert.deepEqual(await online(ada), [EVIL, ADA].sort());
    assert.deepEqual(await shown(eve), [['message other', `${ADA}good evening`]]);

    await write(eve, `again ${EVIL}`);
    await count(ada, '.message', 2);
    await write(ada, 'good night');
    for (const page of [ada, eve]) {
        await count(page, '.message', 3);
    }
    assert.deepEqual(await shown(ada), [
        ['message self', `${ADA}good evening`],
        ['message other', `${EVIL}again ${EVIL}`],
        ['message self', `${ADA}good night`],
    ]);
    assert.deepEqual((await shown(eve)).map(([name]) => name), ['message other', 'message self', 'message other']);
    await shoot(ada, 'group-chat');

    await eve.close();
    await ada.waitForSelector('.left');
    assert.equal(await ada.textContent('.left'), `${EVIL} left the chat`);
    assert.deepEqual(await online(ada), [ADA]);
    assert.equal(await ada.$$eval('main img, main script', (all) => all.length), 0);
    assert.deepEqual([...ada.troubles, ...eve.troubles], []);
});

test('who comes later finds what was said on the page, and the real client connects', { skip }, async () => {
    const daemon = await start();
    await post(daemon, '/rooms', { roomId: 'r', name: 'Rooks', createdBy: 'u' });
    const eve = await connect(daemon, { userId: EVIL, username: EVIL });
    await say(eve, 'r', EVIL);
    const page = await visit();
    const connected = page.waitForEvent('websocket');
    await page.goto(`${daemon.origin}/chat/r?user=Ada`);
    await within(connected, 'WebSocket of the page');
    assert.deepEqual(await shown(page), [['message other', EVIL + EVIL]]);
    assert.deepEqual(page.troubles, []);
});
