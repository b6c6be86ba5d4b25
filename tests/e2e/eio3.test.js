// SPDX-License-Identifier: MIT
//
// The chat for clients of socket.io-client 2 and 3 beside those of 4 (option allow-eio3).
'use strict';

const assert = require('node:assert/strict');
const client2 = require('socket.io-client-2');
const { io: client3 } = require('socket.io-client-3');
const { connect, join, later, request, say, start, take, test, upgraded, within } = require('./harness');
const { startDealer } = require('./relay');
const { assembled, begin, passedOn, serve } = require('./traffic');
const { missing } = require('../interop/cluster/cluster.js');

const allowing = () => start({ args: ['--allow-eio3=yes'] });

// A client without onAny, whose events a test names before they come.
async function connectOld(io, daemon, options) {
    const client = io(daemon.origin, { forceNew: true, reconnection: false, ...options });
    later(() => client.disconnect());
    await within(new Promise((resolve, reject) => {
        client.once('connect', resolve);
        client.once('error', reject);
        client.once('connect_error', reject);
    }), 'connection');
    return client;
}

function hear(client, name) {
    return within(new Promise((resolve) => client.once(name, resolve)), `event ${name}`);
}

function askOld(client, name, payload) {
    const answer = new Promise((resolve) => client.emit(name, payload, resolve));
    return within(answer, `acknowledgement of ${name}`);
}

const sayOld = (client, roomId, content) => askOld(client, 'send_message', { roomId, content });

const clients = {
    2: (daemon, transports) => connectOld(client2, daemon, { transports, query: { userId: 'u-old' } }),
    3: (daemon, transports) => connectOld(client3, daemon, { transports, auth: { userId: 'u-old' } }),
};

for (const [version, open] of Object.entries(clients)) {
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
        test(`client ${version} talks to one of 4, over ${transports.join(' and then ')}`, async () => {
            const daemon = await allowing();
            const young = await connect(daemon, { userId: 'u-ada', username: 'Ada' });
            assert.deepEqual(await join(young, 'general'), []);
            await say(young, 'general', 'before');
            await take(young, 'message');

            const old = await open(daemon, transports);
            const history = hear(old, 'message_history');
            assert.equal((await askOld(old, 'join_room', { roomId: 'general' })).ok, true);
            await history;
            const { userId } = await take(young, 'user_joined');
            assert.equal(userId, 'u-old');

            for (let i = 0; i < 20; i++) {
                const content = `grüße "${i}" 😀`;
                const heard = hear(old, 'message');
                const { id } = await say(young, 'general', content);
                const message = await heard;
                assert.deepEqual([message.id, message.username, message.content], [id, 'Ada', content]);
                await take(young, 'message');

                const answer = await sayOld(old, 'general', content);
                const back = await take(young, 'message');
                assert.deepEqual([back.id, back.userId, back.content], [answer.id, userId, content]);
            }
            old.disconnect();
            assert.equal((await take(young, 'presence_update')).userId, userId);
        });
    }
}

for (const transports of [['polling'], ['polling', 'websocket']]) {
    test(`client 2 by ${transports.join(' and ')}: all but the handshake comes in at the other node`, { skip: missing }, async () => {
        const cluster = await begin('classic');
        const args = ['--allow-eio3=yes', '--cluster-secret', 'of both', '--message-length', '200000'];
        const [a, b] = await Promise.all(['a', 'b'].map((name) => serve(cluster, name, { args })));
        await assembled([a, b]);
        const young = await connect(b, { userId: 'u-ada' });
        const old = await clients[2](await startDealer(a.origin, b.origin), transports);
        if (transports.length === 2) {
            await upgraded(old);
        }
        await join(young, 'general');
        assert.equal((await askOld(old, 'join_room', { roomId: 'general' })).ok, true);
        for (let i = 0; i < 20; i++) {
            const content = `${i} grüße "😀" `.repeat(i % 5 === 0 ? 10000 : 1);
            for (const send of [(text) => say(young, 'general', text), (text) => sayOld(old, 'general', text)]) {
                const heard = hear(old, 'message');
                assert.equal((await send(content)).ok, true);
                assert.equal((await heard).content, content);
                assert.equal((await take(young, 'message')).content, content);
            }
        }
        const { requests, tunnels } = await passedOn(b);
        assert.ok(requests > 0);
        assert.equal(tunnels, transports.length - 1);
        old.disconnect();
        assert.equal((await take(young, 'presence_update')).userId, 'u-old');
    });
}

test('client 2 has a token in its query, and is told what is wrong with it', async () => {
    const secret = 'a secret of at least thirty-two bytes';
    const daemon = await start({ args: ['--allow-eio3=yes', '--auth', 'required', '--jwt-secret', secret] });
    const account = { email: 'a@b.c', password: 'p' };
    const { text } = await request(daemon, 'POST', '/auth/register', { json: account });
    const { token, user } = JSON.parse(text);
    const client = await connectOld(client2, daemon, { transports: ['websocket'], query: { token } });
    const joined = await askOld(client, 'join_room', { roomId: 'r' });
    assert.equal(joined.ok, true);
    const heard = hear(client, 'message');
    await askOld(client, 'send_message', { roomId: 'r', content: 'x' });
    assert.equal((await heard).userId, user.id);

    for (const [query, code] of [[{}, 'UNAUTHORIZED'], [{ token: 'x' }, 'UNAUTHORIZED']]) {
        const refused = connectOld(client2, daemon, { transports: ['websocket'], query });
        await assert.rejects(refused, (error) => error.code === code);
    }
});

test('client 2 gets compressed messages, and sends them', async () => {
    const daemon = await start({ args: ['--allow-eio3=yes', '--ws-compression=yes'] });
    const young = await connect(daemon, { userId: 'u-ada' });
    const old = await connectOld(client2, daemon, { transports: ['websocket'], perMessageDeflate: { threshold: 0 } });
    assert.match(old.io.engine.transport.ws.extensions, /^permessage-deflate/);
    await join(young, 'general');
    assert.equal((await askOld(old, 'join_room', { roomId: 'general' })).ok, true);
    for (const sender of [young, old]) {
        const content = 'grüße '.repeat(500);
        const heard = hear(old, 'message');
        sender.emit('send_message', { roomId: 'general', content });
        assert.equal((await heard).content, content);
        assert.equal((await take(young, 'message')).content, content);
    }
});

test('client 2 is refused where revision 3 is not allowed', async () => {
    const daemon = await start();
    await assert.rejects(connectOld(client2, daemon, { transports: ['polling'] }));
    await assert.rejects(connectOld(client2, daemon, { transports: ['websocket'] }));
});
