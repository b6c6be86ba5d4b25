// SPDX-License-Identifier: MIT
//
// The option recovery, over stock clients: whose connection breaks comes back as who he was, has heard everything
// once and is a member of his rooms; and who may not begins anew.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const { createHmac } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const { ask, connect, folder, later, program, request, say, start, take, test, until, within } = require('./harness');
const { freePort } = require('../support/port');

const RECOVERY = ['--recovery', '2m', '--loops', '2'];
const SECRET = 'a secret of at least thirty-two bytes';
const ada = { userId: 'u-ada', username: 'Ada' };
const bob = { userId: 'u-bob', username: 'Bob' };

const joinNative = (client, roomId, after = 0) => ask(client, 'join_room', { roomId, after });

const namesOf = async (client, roomId) =>
    (await ask(client, 'room_members', { roomId })).users.map((user) => user.username).sort();

// Who comes back is a member again a moment after he knows that he is back: another thread has the room.
async function untilNames(client, roomId, names) {
    let seen = [];
    await within((async () => {
        while (seen.join() !== names.join()) {
            seen = await namesOf(client, roomId);
        }
    })(), `${names} in ${roomId}`);
}

// Its connection breaks; others have seen that.
async function lose(client, witness) {
    const gone = once(client, 'disconnect');
    client.io.engine.close();
    await within(gone, 'end of the connection');
    await until(witness, () => witness.events.some((e) => e.payload?.status === 'offline'), 'word of the end');
    witness.events = [];
}

// Connects again, as the client's library would by itself: whether it is as who it was.
async function comeBack(client) {
    const connected = once(client, 'connect');
    const failed = once(client, 'connect_error').then(([error]) => {
        throw error;
    });
    failed.catch(() => {});
    client.connect();
    await within(Promise.race([connected, failed]), 'return');
    return client.recovered;
}

const contents = (client, name = 'message') =>
    client.events.filter((e) => e.name === name).map((e) => e.payload.content ?? e.payload.text);

const figure = async (daemon, name) =>
    Number(new RegExp(`^rookery_recovery_${name} (\\d+)$`, 'm').exec(
        (await request(daemon, 'GET', '/metrics')).text)[1]);

async function pair(args = []) {
    const daemon = await start({ args: [...RECOVERY, ...args] });
    const a = await connect(daemon, ada);
    const b = await connect(daemon, bob);
    await joinNative(a, 'general');
    await joinNative(b, 'general');
    await say(a, 'general', 'first');
    await take(b, 'message');
    return { daemon, a, b };
}

// ---- rooms --------------------------------------------------------------------------------------

test('who comes back has heard everything once, in its order, and is a member again', async () => {
    const { daemon, a, b } = await pair();
    await ask(b, 'joinRoom', 'other');
    const { id } = b;
    b.events = [];
    await lose(b, a);
    assert.deepEqual(await namesOf(a, 'general'), ['Ada']);
    for (let i = 1; i <= 20; i++) {
        await say(a, i % 2 ? 'general' : 'other', `n${i}`);
    }
    assert.equal(await comeBack(b), true);
    assert.equal(b.id, id);
    await take(a, 'user_joined');
    await untilNames(a, 'general', ['Ada', 'Bob']);
    await say(a, 'general', 'n21');
    await say(a, 'other', 'n22');
    await until(b, () => contents(b, 'receiveMessage').includes('n22'), 'the last message');
    const numbers = (first) => Array.from({ length: 11 }, (_, i) => `n${first + 2 * i}`);
    assert.deepEqual(contents(b), numbers(1));
    assert.deepEqual(contents(b, 'receiveMessage'), numbers(2));
    const offsets = b.events.filter((e) => e.name === 'message').map((e) => e.payload.offset);
    assert.deepEqual(offsets, offsets.map((_, i) => offsets[0] + i));
    const known = ['message', 'receiveMessage', 'user_joined'];
    assert.deepEqual(b.events.filter((e) => !known.includes(e.name)), []);

    await say(b, 'general', 'thanks');
    await until(a, () => contents(a).includes('thanks'), 'what he says');
    assert.equal(a.events.find((e) => e.payload.content === 'thanks').payload.userId, 'u-bob');
    assert.deepEqual([await figure(daemon, 'saved_total'), await figure(daemon, 'restored_total')], [1, 1]);
    assert.ok(await figure(daemon, 'bytes') > 0);
});

test('who joins again on each connection gets nothing twice', async () => {
    const { a, b } = await pair();
    await lose(b, a);
    await say(a, 'general', 'missed');
    b.events = [];
    assert.equal(await comeBack(b), true);
    assert.deepEqual(contents(b), ['missed']);
    assert.deepEqual(await joinNative(b, 'general', 2), { ok: true, roomId: 'general', offset: 2 });
    await say(a, 'general', 'live');
    await until(b, () => contents(b).includes('live'), 'the live message');
    assert.deepEqual(contents(b), ['missed', 'live']);
});

// What the server has written to a connection that nobody reads any more.
test('what was lost on its way comes again', async () => {
    const { daemon, a } = await pair();
    const proxy = net.createServer((near) => {
        const far = net.connect(daemon.port, '127.0.0.1');
        proxy.deaf = () => far.removeAllListeners('data');
        proxy.cut = () => [near, far].forEach((socket) => socket.destroy());
        near.on('data', (data) => far.write(data)).on('error', () => {});
        far.on('data', (data) => near.write(data)).on('error', () => {}).on('close', () => near.destroy());
    }).listen(0, '127.0.0.1');
    later(() => proxy.close());
    await once(proxy, 'listening');
    const c = await connect({ origin: `http://127.0.0.1:${proxy.address().port}` }, { userId: 'u-carl' });
    await joinNative(c, 'general', 1);
    await say(a, 'general', 'heard');
    await take(c, 'message');
    proxy.deaf();
    await say(a, 'general', 'lost');
    a.events = [];
    const gone = once(c, 'disconnect');
    proxy.cut();
    await within(gone, 'end of the connection');
    await until(a, () => a.events.some((e) => e.payload?.status === 'offline'), 'word of the end');
    await say(a, 'general', 'missed');
    assert.equal(await comeBack(c), true);
    assert.deepEqual(contents(c), ['lost', 'missed']);
    later(() => proxy.cut());
});

test('many come back at once, from one loop to another', async () => {
    const { daemon, a } = await pair();
    const rooms = ['r0', 'r1', 'r2', 'r3', 'r4'];
    const clients = [];
    for (let i = 0; i < 12; i++) {
        const client = await connect(daemon, { userId: `u${i}`, username: `n${i}` });
        for (const room of rooms) {
            await joinNative(client, room);
        }
        clients.push(client);
    }
    await say(a, 'r0', 'first');
    for (let round = 0; round < 3; round++) {
        await Promise.all(clients.map((c) => until(c, () => contents(c).length > 0, 'a message')));
        clients.forEach((client) => {
            client.events = [];
            client.io.engine.close();
        });
        // Who is faster than the word of his end finds no session yet.
        while (await figure(daemon, 'saved_total') < (round + 1) * clients.length) {
            // until all are saved
        }
        const back = clients.map(comeBack);
        for (const room of rooms) {
            await say(a, room, `${round} in ${room}`);
        }
        assert.deepEqual(await Promise.all(back), clients.map(() => true));
        await Promise.all(clients.map((c) => until(c, () => contents(c).length === 5, 'all messages')));
        for (const client of clients) {
            assert.deepEqual(contents(client).sort(), rooms.map((room) => `${round} in ${room}`));
        }
        for (const room of rooms) {
            await untilNames(a, room, clients.map((_, i) => `n${i}`).sort());
        }
    }
});

test('without the option events are as they were', async () => {
    const daemon = await start();
    const a = await connect(daemon, ada);
    const seen = [];
    a.onAny((...all) => seen.push(all.length));
    await joinNative(a, 'general');
    await say(a, 'general', 'x');
    await take(a, 'message');
    assert.deepEqual(seen, [2]);
    assert.doesNotMatch((await request(daemon, 'GET', '/metrics')).text, /rookery_recovery/);
});

// ---- direct messages ----------------------------------------------------------------------------

test('direct messages come once, whether he was away or not', async () => {
    const daemon = await start({ args: RECOVERY });
    const a = await connect(daemon, ada);
    const b = await connect(daemon, bob);
    a.emit('join', { username: 'Ada' });
    await take(a, 'connected');
    b.emit('join', { username: 'Bob' });
    await take(b, 'connected');
    await joinNative(a, 'general');
    await joinNative(b, 'general');
    const send = (content) => ask(a, 'send_message', { recipientId: 'u-bob', content });
    await send('before');
    await take(b, 'new_message');
    await lose(b, a);
    await send('missed 1');
    await send('missed 2');
    assert.equal(await comeBack(b), true);
    await send('live');
    await until(b, () => contents(b, 'new_message').includes('live'), 'the live message');
    b.emit('join', { username: 'Bob' });
    await take(b, 'connected');
    await send('last');
    await until(b, () => contents(b, 'new_message').includes('last'), 'the last message');
    assert.deepEqual(contents(b, 'new_message'), ['missed 1', 'missed 2', 'live', 'last']);
});

// ---- who may not --------------------------------------------------------------------------------

test('who has said that he goes begins anew', async () => {
    const { a, b } = await pair();
    const { id } = b;
    b.disconnect();
    await until(a, () => a.events.some((e) => e.payload?.status === 'offline'), 'word of the end');
    await say(a, 'general', 'missed');
    assert.equal(await comeBack(b), false);
    assert.notEqual(b.id, id);
    assert.deepEqual(await namesOf(a, 'general'), ['Ada']);
    assert.deepEqual(contents(b), []);
});

test('who comes too late begins anew', async () => {
    const { daemon, a, b } = await pair(['--recovery', '300ms']);
    await lose(b, a);
    while (await figure(daemon, 'bytes') > 0) {
        // until nothing is kept
    }
    assert.equal(await comeBack(b), false);
    assert.deepEqual(await namesOf(a, 'general'), ['Ada']);
    assert.equal(await figure(daemon, 'refused_total'), 1);
});

test('who is another user by now begins anew, and hears nothing of the former', async () => {
    const { a, b } = await pair();
    await lose(b, a);
    await say(a, 'general', 'for Bob');
    b.events = [];
    b.auth = { userId: 'u-eve' };
    assert.equal(await comeBack(b), false);
    assert.deepEqual([contents(b), await namesOf(a, 'general')], [[], ['Ada']]);
});

test('after a crash of the server everybody begins anew, and has his messages', async () => {
    const data = folder();
    const port = await freePort();
    const daemon = await start({ data, port, args: RECOVERY });
    const a = await connect(daemon, ada);
    await joinNative(a, 'general');
    await say(a, 'general', 'kept');
    await take(a, 'message');
    const gone = once(a, 'disconnect');
    await daemon.end('SIGKILL');
    await within(gone, 'end of the connection');
    await start({ data, port, args: RECOVERY });
    assert.equal(await comeBack(a), false);
    assert.deepEqual(await joinNative(a, 'general', 0), { ok: true, roomId: 'general', offset: 1 });
    await until(a, () => contents(a).includes('kept'), 'what was said before');
});

// ---- tokens -------------------------------------------------------------------------------------

function token(id, leftS) {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(Date.now() / 1000) + leftS;
    const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ userId: id, username: id, exp })}`;
    return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

async function pairWithTokens(args = []) {
    const daemon = await start({ args: [...RECOVERY, '--auth', 'required', '--jwt-secret', SECRET, ...args] });
    const a = await connect(daemon, { token: token('ada', 600) });
    const b = await connect(daemon, { token: token('bob', 600) });
    await joinNative(a, 'general');
    await joinNative(b, 'general');
    await say(a, 'general', 'first');
    await take(b, 'message');
    await lose(b, a);
    await say(a, 'general', 'missed');
    b.events = [];
    return { a, b };
}

test('where tokens are required they are looked at again', async () => {
    const { a, b } = await pairWithTokens();
    b.auth = { token: token('bob', -10) };
    await assert.rejects(comeBack(b), (error) => error.data.code === 'TOKEN_EXPIRED');
    assert.deepEqual([contents(b), await namesOf(a, 'general')], [[], ['ada']]);
    const second = await pairWithTokens();
    second.b.auth = { token: token('bob', 600) };
    assert.equal(await comeBack(second.b), true);
    assert.deepEqual(contents(second.b), ['missed']);
    await untilNames(second.a, 'general', ['ada', 'bob']);
});

test('unless that is not wanted', async () => {
    const { a, b } = await pairWithTokens(['--recovery-skip-middlewares=yes']);
    b.auth = {};
    assert.equal(await comeBack(b), true);
    assert.deepEqual(contents(b), ['missed']);
    await untilNames(a, 'general', ['ada', 'bob']);
});

// ---- the options --------------------------------------------------------------------------------

test('a server of a cluster says that it cannot', () => {
    const args = ['--recovery', '2m', '--redis-url', 'redis://127.0.0.1:1', '--data', folder(), '--port', '0'];
    const check = spawnSync(program, [...args, '--check-config'], { encoding: 'utf8' });
    assert.match(check.stderr, /^recovery .*redis-url/m);
    assert.equal(check.status, 2);
    const run = spawnSync(program, args, { encoding: 'utf8', timeout: 20000 });
    assert.match(run.stderr, /recovery .*redis-url/);
    assert.equal(run.status, 1);
    execFileSync(program, ['--recovery', '2m', '--check-config']);
});
