// SPDX-License-Identifier: MIT
//
// Each row of the REST tables: exact bodies, status codes, and what a browser asks beforehand.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { ask, connect, request, start, take, test } = require('../../e2e/harness');
const { ISO, THEN, assertCors, chatroom, indexed, native, realtime, scalable } = require('./people');
const { SECRET, now, read } = require('./tokens');

const PASSWORD = 'correct horse battery';
const OPEN = ['--auth', 'open', '--jwt-secret', SECRET, '--rate-messages', '100000'];
const ORIGIN = 'http://localhost:5173';

const served = () => start({ args: OPEN });
const get = (daemon, target, options) => request(daemon, 'GET', target, options);
const post = (daemon, target, json) => request(daemon, 'POST', target, { json });

function answered(response, status, body) {
    assert.equal(response.status, status, response.text);
    assert.match(response.headers['content-type'], /^application\/json\b/);
    assert.deepEqual(response.json(), body);
}

const malformed = (daemon, target) => request(daemon, 'POST', target,
    { body: '{"name": "x', headers: { 'Content-Type': 'application/json' } });

// ---- dialect 0 --------------------------------------------------------------------------------

test('GET / is a text to a program', async () => {
    const daemon = await served();
    for (const headers of [{}, { Accept: '*/*' }, { Accept: 'application/json, text/plain, */*' }]) {
        const text = await get(daemon, '/', { headers });
        assert.deepEqual([text.status, text.text], [200, 'Chatroom microservice is running!']);
    }
});

const PAGE = path.join(process.env.ROOKERY_BUILD, 'src/web/page/index.html');
const unbuilt = !fs.existsSync(PAGE) && 'the page is not built (tools/setup installs what that needs)';

test('GET / is a page to a browser', { skip: unbuilt }, async () => {
    const daemon = await served();
    const page = await get(daemon, '/', { headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html\b/);
    assert.match(page.text, /<html/i);
});

test('POST /rooms creates a room or writes it anew, GET /rooms lists it', async () => {
    const daemon = await served();
    answered(await get(daemon, '/rooms'), 200, []);
    answered(await post(daemon, '/rooms', { roomId: 'r1', name: 'First', createdBy: 'ada' }), 201, { success: true });
    answered(await post(daemon, '/rooms', { roomId: 'r2', name: '<b>2</b>', createdBy: 'bob', extra: 1 }), 201,
        { success: true });
    answered(await post(daemon, '/rooms', { roomId: 'r1', name: 'Anew', createdBy: 'eve' }), 201, { success: true });
    const answer = await get(daemon, '/rooms');
    const rooms = answer.json().sort((a, b) => (a.roomId < b.roomId ? -1 : 1));
    rooms.forEach((room) => assert.match(room.createdAt, ISO));
    assert.equal(answer.status, 200);
    assert.deepEqual(rooms, [
        { roomId: 'r1', name: 'Anew', createdBy: 'eve', createdAt: rooms[0].createdAt },
        { roomId: 'r2', name: '<b>2</b>', createdBy: 'bob', createdAt: rooms[1].createdAt },
    ]);
});

test('POST /rooms without a field is 400 with its text', async () => {
    const daemon = await served();
    const whole = { roomId: 'r1', name: 'First', createdBy: 'ada' };
    const wanted = { error: 'Missing roomId, name, or createdBy' };
    for (const field of Object.keys(whole)) {
        for (const value of [undefined, '', null]) {
            answered(await post(daemon, '/rooms', { ...whole, [field]: value }), 400, wanted);
        }
    }
    answered(await post(daemon, '/rooms', []), 400, wanted);
    answered(await request(daemon, 'POST', '/rooms'), 400, wanted);
    answered(await get(daemon, '/rooms'), 200, []);
});

test('malformed JSON is 400, to dialect 0 as HTML', async () => {
    const daemon = await served();
    const answer = await malformed(daemon, '/rooms');
    assert.equal(answer.status, 400);
    assert.match(answer.headers['content-type'], /^text\/html\b/);
    for (const target of ['/auth/register', '/auth/login', '/register', '/login']) {
        assert.equal((await malformed(daemon, target)).status, 400, target);
    }
    for (const target of ['/api/auth/register', '/api/auth/login']) {
        const api = await malformed(daemon, target);
        assert.equal(api.status, 400, target);
        assert.deepEqual(Object.keys(api.json()), ['error'], target);
    }
});

test('GET /active-users/:id names who is in the room', async () => {
    const daemon = await served();
    answered(await get(daemon, '/active-users/nobody'), 200, { users: [] });
    await chatroom.enter(daemon, 'a b/c', 'ada');
    await chatroom.enter(daemon, 'a b/c', 'bob');
    const { status, json } = await get(daemon, `/active-users/${encodeURIComponent('a b/c')}`);
    assert.equal(status, 200);
    assert.deepEqual({ users: json().users.sort() }, { users: ['ada', 'bob'] });
});

test('GET /chat-history/:id gives the last N, oldest first, at most 100', async () => {
    const daemon = await served();
    answered(await get(daemon, '/chat-history/none'), 200, { chatRoomId: 'none', messages: [] });
    const ada = await chatroom.enter(daemon, 'r1', 'ada');
    for (let i = 1; i <= 105; i++) {
        chatroom.say(ada, 'r1', 'ada', `n${i}`);
    }
    while ((await take(ada, 'chat:message')).message !== 'n105');
    const wanted = (from, to) => ({
        chatRoomId: 'r1',
        messages: Array.from({ length: to - from + 1 },
            (_, i) => ({ userId: 'ada', message: `n${from + i}`, timestamp: THEN })),
    });
    answered(await get(daemon, '/chat-history/r1'), 200, wanted(56, 105));
    answered(await get(daemon, '/chat-history/r1?limit=3'), 200, wanted(103, 105));
    answered(await get(daemon, '/chat-history/r1?limit=100'), 200, wanted(6, 105));
    answered(await get(daemon, '/chat-history/r1?limit=1000'), 200, wanted(6, 105));
    answered(await get(daemon, '/chat-history/r1?limit=abc'), 500, { error: 'Failed to get chat history' });
});

test('what is not there is 404: no id, no such path, no such method', async () => {
    const daemon = await served();
    for (const target of [
        '/active-users', '/active-users/', '/chat-history', '/chat-history/', '/messages/history/', '/history/',
        '/no/such/path', '/api', '/api/', '/api/no-such', '/roomsx', '/auth', '/styles/no-such.css',
    ]) {
        assert.equal((await get(daemon, target)).status, 404, target);
    }
    for (const [method, target] of [['DELETE', '/rooms'], ['POST', '/active-users/r1'], ['PUT', '/auth/login']]) {
        const { status } = await request(daemon, method, target);
        assert.ok(status === 404 || status === 405, `${method} ${target}: ${status}`);
    }
    assert.equal((await get(daemon, '/active-users/%E0%A4%A')).status, 400);
});

test('HEAD is GET without the body', async () => {
    const daemon = await served();
    for (const target of ['/rooms', '/health', '/messages/history/r1']) {
        const answer = await request(daemon, 'HEAD', target);
        assert.deepEqual([answer.status, answer.text], [200, ''], target);
    }
});

// ---- CORS -------------------------------------------------------------------------------------

test('every answer may be read by a page of another origin, errors too', async () => {
    const daemon = await served();
    const headers = { Origin: ORIGIN };
    for (const target of [
        '/', '/rooms', '/active-users/r1', '/chat-history/r1', '/chat-history/r1?limit=abc', '/messages/history/r1',
        '/history/r1', '/auth/health', '/messages/health', '/health', '/no/such/path', '/api/rooms', '/api/services',
        '/socket.io/?EIO=4&transport=polling',
    ]) {
        assertCors(await get(daemon, target, { headers }), ORIGIN, target);
    }
    for (const target of ['/rooms', '/auth/register', '/auth/login', '/api/auth/register', '/api/auth/login']) {
        assertCors(await request(daemon, 'POST', target, { json: {}, headers }), ORIGIN, target);
    }
});

test('a preflight is answered 204 with methods and the headers that were asked for', async () => {
    const daemon = await served();
    for (const target of ['/rooms', '/auth/register', '/messages/history/r1', '/api/auth/login', '/no/such/path']) {
        const answer = await request(daemon, 'OPTIONS', target, {
            headers: {
                Origin: ORIGIN, 'Access-Control-Request-Method': 'POST',
                'Access-Control-Request-Headers': 'content-type,x-custom',
            },
        });
        assert.deepEqual([answer.status, answer.text], [204, ''], target);
        assertCors(answer, ORIGIN);
        assert.equal(answer.headers['access-control-allow-methods'].replaceAll(' ', ''),
            'GET,HEAD,PUT,PATCH,POST,DELETE');
        assert.equal(answer.headers['access-control-allow-headers'], 'content-type,x-custom');
        assert.match(answer.headers.vary, /Access-Control-Request-Headers/i);
    }
});

// ---- dialect 1 --------------------------------------------------------------------------------

const PREFIXES = ['/auth', '']; // through the gateway, and the user service itself

test('POST register makes a user and a token', async () => {
    const daemon = await served();
    for (const [i, prefix] of PREFIXES.entries()) {
        const answer = await post(daemon, `${prefix}/register`, { email: `  Ada${i}@Example.COM `, password: PASSWORD });
        const { token, user } = answer.json();
        answered(answer, 201, {
            message: 'User registered successfully', token, user: { id: user.id, email: `ada${i}@example.com` },
        });
        const claims = read(token);
        assert.deepEqual(claims,
            { userId: user.id, email: `ada${i}@example.com`, iat: claims.iat, exp: claims.iat + 3600 });
        assert.ok(Math.abs(claims.iat - now()) < 60);

        const again = await post(daemon, `${prefix}/register`, { email: `ADA${i}@example.com`, password: 'other' });
        answered(again, 400, { message: 'User already exists' });
    }
});

test('POST login knows the user by the e-mail however it is written', async () => {
    const daemon = await served();
    const { user } = (await post(daemon, '/auth/register', { email: 'ada@example.com', password: PASSWORD })).json();
    for (const prefix of PREFIXES) {
        for (const email of ['ada@example.com', ' ADA@example.com ']) {
            const answer = await post(daemon, `${prefix}/login`, { email, password: PASSWORD });
            const { token } = answer.json();
            answered(answer, 200, { token, user: { id: user.id, email: 'ada@example.com' } });
            assert.deepEqual([read(token).userId, read(token).email], [user.id, 'ada@example.com']);
        }
        for (const [email, password] of [
            ['ada@example.com', 'wrong'], ['nobody@example.com', PASSWORD], ['ada@example.com', `${PASSWORD} `],
        ]) {
            answered(await post(daemon, `${prefix}/login`, { email, password }), 401, { message: 'Invalid credentials' });
        }
    }
});

test('register and login without e-mail or password are 400', async () => {
    const daemon = await served();
    for (const prefix of PREFIXES) {
        for (const what of ['register', 'login']) {
            for (const body of [{}, { email: 'a@b.c' }, { password: 'x' }, { email: '', password: 'x' }, { email: 'a@b.c', password: '' }]) {
                answered(await post(daemon, `${prefix}/${what}`, body), 400,
                    { message: 'Email and password are required' });
            }
        }
    }
});

test('GET history is a bare array, the fifty that came first, ascending by their times', async () => {
    const daemon = await served();
    answered(await get(daemon, '/messages/history/none'), 200, []);
    const ada = await scalable.enter(daemon, 'other', 'ada');
    const time = (i) => new Date(Date.parse(THEN) + i * 1000).toISOString();
    const order = Array.from({ length: 55 }, (_, i) => (i * 21) % 55); // sent in another order than their times
    ada.emit('joinRoom', 'r1');
    for (const i of order) {
        ada.emit('sendMessage', {
            roomId: 'r1', userId: 'u-ada', username: 'ada', text: `n${i}`, timestamp: time(i), extra: 1,
        });
    }
    for (let i = 0; i < order.length; i++) {
        await take(ada, 'receiveMessage');
    }
    const wanted = order.slice(0, 50).sort((a, b) => a - b);
    for (const target of ['/messages/history/r1', '/history/r1']) {
        const answer = await get(daemon, target);
        const ids = answer.json().map((m) => m._id);
        assert.equal(new Set(ids).size, 50);
        answered(answer, 200, ids.map((_id, i) => ({
            _id, roomId: 'r1', userId: 'u-ada', username: 'ada', text: `n${wanted[i]}`, timestamp: time(wanted[i]),
            __v: 0,
        })));
    }
});

test('the services of dialect 1 are healthy, each by its own path', async () => {
    const daemon = await served();
    answered(await get(daemon, '/auth/health'), 200, { status: 'healthy' });
    const { status, json } = await get(daemon, '/messages/health');
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json()).sort(), ['redis', 'service']);
    assert.equal(json().service, 'healthy');
    assert.match(json().redis, /^(dis)?connected$/);
});

// ---- dialects 3 and 4 -------------------------------------------------------------------------

const ADA = { username: 'ada', email: 'ada@example.com', password: PASSWORD, displayName: 'Ada L.' };

test('POST /api/auth/register makes a user and a token of seven days', async () => {
    const daemon = await served();
    const answer = await post(daemon, '/api/auth/register', ADA);
    const { message, token, user } = answer.json();
    assert.equal(typeof message, 'string');
    answered(answer, 201,
        { message, token, user: { id: user.id, username: 'ada', email: 'ada@example.com', displayName: 'Ada L.' } });
    const { iat, exp, ...claims } = read(token);
    assert.deepEqual(claims, { userId: user.id, username: 'ada' });
    assert.equal(exp - iat, 7 * 24 * 3600);

    for (const same of [{ email: 'other@example.com' }, { username: 'other' }]) {
        const again = await post(daemon, '/api/auth/register', { ...ADA, ...same });
        assert.equal(again.status, 409);
        assert.deepEqual(Object.keys(again.json()), ['error']);
    }
    for (const field of ['username', 'email', 'password']) {
        const lacking = await post(daemon, '/api/auth/register', { ...ADA, [field]: undefined });
        assert.equal(lacking.status, 400, field);
        assert.deepEqual(Object.keys(lacking.json()), ['error']);
    }
    const plain = await post(daemon, '/api/auth/register', { username: 'bob', email: 'b@example.com', password: PASSWORD });
    assert.equal(plain.status, 201, plain.text);
    assert.deepEqual(Object.keys(plain.json().user).sort(), ['displayName', 'email', 'id', 'username']);
});

test('POST /api/auth/login', async () => {
    const daemon = await served();
    const { user } = (await post(daemon, '/api/auth/register', ADA)).json();
    const answer = await post(daemon, '/api/auth/login', { email: ' Ada@Example.com', password: PASSWORD });
    const { message, token } = answer.json();
    answered(answer, 200, { message, token, user });
    assert.equal(read(token).userId, user.id);
    for (const wrong of [{ password: 'wrong' }, { email: 'nobody@example.com' }]) {
        const refused = await post(daemon, '/api/auth/login', { email: ADA.email, password: PASSWORD, ...wrong });
        assert.equal(refused.status, 401);
        assert.deepEqual(Object.keys(refused.json()), ['error']);
    }
    const lacking = await post(daemon, '/api/auth/login', { email: ADA.email });
    assert.equal(lacking.status, 400);
    assert.deepEqual(Object.keys(lacking.json()), ['error']);
});

test('jwt-expires-in is how long a token of dialect 3 lasts; an hour of dialect 1 stays one', async () => {
    const daemon = await start({ args: [...OPEN, '--jwt-expires-in', '2h'] });
    const { token } = (await post(daemon, '/api/auth/register', ADA)).json();
    assert.equal(read(token).exp - read(token).iat, 7200);
    const one = (await post(daemon, '/auth/login', { email: ADA.email, password: PASSWORD })).json();
    assert.equal(read(one.token).exp - read(one.token).iat, 3600);
});

test('there is one user table: who registers in one dialect logs in to the other', async () => {
    const daemon = await served();
    const three = (await post(daemon, '/api/auth/register', ADA)).json().user;
    const one = await post(daemon, '/auth/login', { email: ADA.email, password: PASSWORD });
    answered(one, 200, { token: one.json().token, user: { id: three.id, email: ADA.email } });
    answered(await post(daemon, '/auth/register', { email: ADA.email, password: 'x' }), 400,
        { message: 'User already exists' });
    const { user } = (await post(daemon, '/auth/register', { email: 'bob@example.com', password: PASSWORD })).json();
    const login = await post(daemon, '/api/auth/login', { email: 'bob@example.com', password: PASSWORD });
    assert.deepEqual([login.status, login.json().user.id], [200, user.id]);
});

test('GET /api/services lists this server', async () => {
    const daemon = await start({ args: OPEN, env: { SERVICE_ID: 'chat-7' } });
    const { status, json } = await get(daemon, '/api/services');
    assert.equal(status, 200);
    const [service] = json().services;
    assert.deepEqual(Object.keys(json()), ['services']);
    assert.deepEqual(Object.keys(service).sort(),
        ['connections', 'host', 'lastHeartbeat', 'port', 'serviceId', 'status']);
    assert.deepEqual([service.serviceId, service.port, typeof service.connections], ['chat-7', Number(daemon.port), 'number']);
});

test('GET /health is one superset of all', async () => {
    const daemon = await served();
    await connect(daemon, {});
    const answer = await get(daemon, '/health');
    const health = answer.json();
    assert.deepEqual(Object.keys(health).sort(),
        ['connections', 'database', 'kafka', 'redis', 'service', 'status', 'timestamp']);
    assert.deepEqual([answer.status, health.status, health.service, health.database],
        [200, 'healthy', 'healthy', 'connected']);
    assert.ok(health.connections >= 1);
    assert.match(health.timestamp, ISO);
});

// ---- the native dialect -----------------------------------------------------------------------

test('GET /api/rooms and its members', async () => {
    const daemon = await served();
    const ada = await native.enter(daemon, 'cooks', 'u-ada', 'Ada');
    await ask(ada, 'create_room', { roomId: 'cooks', name: 'Cooks' });
    await ask(ada, 'create_room', { roomId: 'empty', name: 'Empty' });
    const { rooms } = (await get(daemon, '/api/rooms')).json();
    const empty = rooms.find((r) => r.roomId === 'empty');
    assert.match(empty.createdAt, ISO);
    assert.deepEqual(empty,
        { roomId: 'empty', name: 'Empty', createdBy: 'u-ada', createdAt: empty.createdAt, online: 0 });
    answered(await get(daemon, '/api/rooms/cooks/members'), 200,
        { roomId: 'cooks', users: [{ userId: 'u-ada', username: 'Ada', status: 'online' }] });
});

test('GET /api/rooms/:id/messages reads before, after and around an offset', async () => {
    const daemon = await served();
    const ada = await native.enter(daemon, 'r1', 'u-ada', 'Ada');
    const sent = [];
    for (let i = 1; i <= 6; i++) {
        sent.push(await ask(ada, 'send_message', { roomId: 'r1', content: `n${i}` }));
    }
    const message = (i) => ({
        id: sent[i - 1].id, roomId: 'r1', userId: 'u-ada', username: 'Ada', content: `n${i}`, type: 'text',
        timestamp: sent[i - 1].timestamp, offset: i,
    });
    const read1 = (query) => get(daemon, `/api/rooms/r1/messages${query}`);
    const body = (offsets, more) => ({ roomId: 'r1', messages: offsets.map(message), more });
    answered(await read1(''), 200, body([1, 2, 3, 4, 5, 6], false));
    answered(await read1('?limit=2'), 200, body([5, 6], true));
    answered(await read1('?before=3&limit=2'), 200, body([1, 2], false));
    answered(await read1('?after=1&limit=2'), 200, body([2, 3], true));
    const around = (await read1('?around=4&limit=3')).json();
    assert.equal(around.messages.some((m) => m.offset === 4), true);
    for (const bad of ['?limit=0', '?limit=101', '?limit=x', '?before=x', '?after=-1']) {
        const refused = await read1(bad);
        assert.equal(refused.status, 400, bad);
        assert.deepEqual(Object.keys(refused.json()), ['error'], bad);
    }
});

test('GET /api/search finds what was said', async () => {
    const daemon = await served();
    const ada = await realtime.enter(daemon, 'r1', 'u-ada', 'Ada');
    for (const content of ['an apple', 'a pear', 'apples and apple pie']) {
        await ask(ada, 'send_message', { roomId: 'r1', content });
    }
    await indexed(async () => (await get(daemon, '/api/search?q=apple')).json().messages.length === 2);
    const first = (await get(daemon, '/api/search?q=apple&room=r1&limit=1')).json();
    assert.deepEqual(first.messages.map((m) => m.content), ['apples and apple pie']);
    const rest = (await get(daemon,
        `/api/search?q=apple&room=r1&limit=1&before=${encodeURIComponent(first.before)}`)).json();
    assert.deepEqual(rest.messages.map((m) => m.content), ['an apple']);
    assert.equal((await get(daemon, '/api/search?q=')).status, 400);
});

test('GET /api/config says what a client must know', async () => {
    const daemon = await start({ args: ['--auth', 'open', '--message-length', '100', '--typing-timeout', '700'] });
    answered(await get(daemon, '/api/config'), 200,
        { auth: 'open', path: '/socket.io/', messageLength: 100, typingTimeout: 700 });
});
