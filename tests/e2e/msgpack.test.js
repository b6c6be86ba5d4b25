// SPDX-License-Identifier: MIT
//
// The chat for clients with socket.io-msgpack-parser (option parser).
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { io } = require('socket.io-client');
const client2 = require('socket.io-client-2');
const parser = require('socket.io-msgpack-parser');
const parser2 = require('socket.io-msgpack-parser-2');
const { ask, connect, join, later, say, start, take, test, until, within } = require('./harness');

const startMsgpack = () => start({ args: ['--parser', 'msgpack'] });

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    test(`people with the parser talk over ${transports.join(' and then ')}`, async () => {
        const daemon = await startMsgpack();
        const a = await connect(daemon, { userId: 'u-ada', username: 'Ada' }, { parser, transports });
        const b = await connect(daemon, { userId: 'u-bob', username: 'Bob' }, { parser, transports });
        assert.deepEqual(await join(a, 'general'), []);
        assert.deepEqual(await join(b, 'general'), []);
        assert.equal((await take(a, 'user_joined')).userId, 'u-bob');

        const content = 'grüße \u0000 "😀"';
        const answer = await say(a, 'general', content);
        assert.deepEqual([answer.ok, answer.offset], [true, 1]);
        const message = await take(b, 'message');
        assert.deepEqual([message.id, message.username, message.content], [answer.id, 'Ada', content]);
        for (let i = 0; i < 100; i++) {
            a.emit('send_message', { roomId: 'general', content: String(i) });
        }
        await until(b, () => b.events.filter(({ name }) => name === 'message').length === 100, 'all messages');
        const contents = b.events.filter(({ name }) => name === 'message').map(({ payload }) => payload.content);
        assert.deepEqual(contents, Array.from({ length: 100 }, (_, i) => String(i)));

        const c = await connect(daemon, {}, { parser, transports });
        const history = await join(c, 'general');
        assert.deepEqual([history.length, history[99].content], [100, '0']);
    });
}

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    test(`client 2 with its version of the parser talks over ${transports.join(' and then ')}`, async () => {
        const daemon = await start({ args: ['--parser', 'msgpack', '--allow-eio3=yes'] });
        const young = await connect(daemon, { userId: 'u-ada', username: 'Ada' }, { parser });
        await join(young, 'general');
        const old = client2(daemon.origin, {
            parser: parser2, transports, forceNew: true, reconnection: false, query: { userId: 'u-old' },
        });
        later(() => old.io.close());
        const hear = (name) => within(new Promise((resolve) => old.once(name, resolve)), `event ${name}`);
        const askOld = (name, payload) =>
            within(new Promise((resolve) => old.emit(name, payload, resolve)), `acknowledgement of ${name}`);
        await hear('connect');
        assert.equal((await askOld('join_room', { roomId: 'general' })).ok, true);
        assert.equal((await take(young, 'user_joined')).userId, 'u-old');
        for (const content of ['grüße "😀"', 'x'.repeat(3000)]) {
            const heard = hear('message');
            assert.ok((await say(young, 'general', content)).ok);
            assert.deepEqual([(await heard).content, (await take(young, 'message')).content], [content, content]);
            assert.equal((await askOld('send_message', { roomId: 'general', content })).ok, true);
            assert.equal((await take(young, 'message')).content, content);
        }
        const refused = await askOld('send_message', { roomId: 'general', content: Buffer.from('x') });
        assert.deepEqual([refused.ok, refused.code], [false, 'INVALID_PAYLOAD']);
        old.disconnect();
        assert.equal((await take(young, 'presence_update')).userId, 'u-old');
    });
}

test('what cannot be done is answered as ever, binary included', async () => {
    const daemon = await startMsgpack();
    const a = await connect(daemon, { userId: 'u-ada' }, { parser });
    const answer = await ask(a, 'send_message', { roomId: 'r', content: Buffer.from('x') });
    assert.deepEqual([answer.ok, answer.code], [false, 'INVALID_PAYLOAD']);
    assert.match(answer.message, /^content /);
});

test('a client without the parser is dropped, and the server goes on', async () => {
    const daemon = await startMsgpack();
    const stranger = io(daemon.origin, { transports: ['websocket'], forceNew: true, reconnection: false });
    later(() => stranger.disconnect());
    const { engine } = stranger.io;
    await within(once(engine, 'close'), 'close of who has no parser');
    assert.equal(stranger.connected, false);
    const a = await connect(daemon, { userId: 'u-ada' }, { parser });
    assert.deepEqual(await join(a, 'general'), []);
});
