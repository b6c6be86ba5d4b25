// SPDX-License-Identifier: MIT
//
// Dialect 1: `joinRoom` and `sendMessage`. Its clients begin by polling; the web client sends a token
// that nobody looks at, the tools send none.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test } = require('../../e2e/harness');
const { DEFAULT, ISO, THEN, fence, scalable, unread } = require('./people');

const message = (fields) => ({
    roomId: 'general', userId: 'u1', username: 'TesterA', text: 'Hello from A', timestamp: THEN, ...fields,
});

async function pair() {
    const daemon = await start();
    const ada = await scalable.enter(daemon, 'general', 'ada');
    const bob = await scalable.enter(daemon, 'general', 'bob');
    await take(ada, 'receiveMessage');
    return { daemon, ada, bob };
}

test('an invalid token connects, and so does none', async () => {
    const daemon = await start();
    for (const auth of [undefined, {}, { token: 'x.y.z', username: 'ada' }, { token: 7 }, { token: null }]) {
        assert.equal((await connect(daemon, auth, DEFAULT)).connected, true);
    }
});

test('the room gets exactly the object that was sent, its sender too', async () => {
    const { ada, bob } = await pair();
    for (const payload of [
        message(),
        message({ extra: { deep: [1, null, 'x'] }, mood: 'good' }),
        { roomId: 'general' },
        { roomId: 'general', text: 'burst', userId: 'load-1', timestamp: 1700000000000 },
        message({ text: '', username: null, timestamp: 'yesterday' }),
    ]) {
        ada.emit('sendMessage', payload);
        assert.deepEqual(await take(bob, 'receiveMessage'), payload);
        assert.deepEqual(await take(ada, 'receiveMessage'), payload);
    }
});

test('a sender need not be a member, and hears nothing then', async () => {
    const { daemon, ada, bob } = await pair();
    const outsider = await connect(daemon, undefined, DEFAULT);
    outsider.emit('sendMessage', message());
    assert.deepEqual(await take(ada, 'receiveMessage'), message());
    assert.deepEqual(await take(bob, 'receiveMessage'), message());
    outsider.emit('joinRoom', 'general');
    outsider.emit('sendMessage', message({ text: 'second' }));
    assert.deepEqual(await take(outsider, 'receiveMessage'), message({ text: 'second' }));
    assert.deepEqual(outsider.events, []);
});

test('a message without roomId is ignored, and so is what is no object', async () => {
    const { ada, bob } = await pair();
    for (const payload of [null, {}, { text: 'x' }, { roomId: null, text: 'x' }, { roomId: '' }, 7, 'general', []]) {
        ada.emit('sendMessage', payload);
    }
    ada.emit('sendMessage');
    ada.emit('sendMessage', message({ text: 'after' }));
    assert.equal((await take(bob, 'receiveMessage')).text, 'after');
    assert.equal((await take(ada, 'receiveMessage')).text, 'after');
    assert.deepEqual([ada.events, bob.events], [[], []]);
});

test('the join of the old client, an object, joins nothing and harms nobody', async () => {
    const { daemon, ada } = await pair();
    const old = await connect(daemon, undefined, DEFAULT);
    old.emit('joinRoom', { roomId: 'general', username: 'old' });
    old.emit('joinRoom', null);
    old.emit('joinRoom');
    old.emit('sendMessage', message({ text: 'from old' }));
    assert.equal((await take(ada, 'receiveMessage')).text, 'from old');
    old.emit('joinRoom', 'other');
    old.emit('sendMessage', message({ roomId: 'other', text: 'in other' }));
    assert.equal((await take(old, 'receiveMessage')).text, 'in other');
    assert.deepEqual(old.events, []);
});

test('unknown events are ignored', async () => {
    const { ada, bob } = await pair();
    ada.emit('leaveRoom', 'general');
    ada.emit('leaveRoom', { roomId: 'general' });
    ada.emit('userConnected', { a: 1 });
    ada.emit('sendMessage', message());
    assert.deepEqual(await take(ada, 'receiveMessage'), message());
    assert.deepEqual(await take(bob, 'receiveMessage'), message());
});

test('members see no other event: neither joins, leaves nor disconnects', async () => {
    const { daemon, ada, bob } = await pair();
    const carl = await scalable.enter(daemon, 'general', 'carl');
    carl.disconnect();
    bob.disconnect();
    const eve = await scalable.enter(daemon, 'general', 'eve');
    while ((await take(ada, 'receiveMessage')).username !== 'eve');
    await fence(eve, 'general', [scalable, ada]);
    assert.deepEqual(ada.events, []);
});

test('a member is in several rooms, and rooms do not hear each other', async () => {
    const { daemon, ada, bob } = await pair();
    const carl = await scalable.enter(daemon, 'second', 'carl');
    ada.emit('joinRoom', 'second');
    ada.emit('sendMessage', message({ roomId: 'second', text: 'two' }));
    assert.equal((await take(carl, 'receiveMessage')).text, 'two');
    assert.equal((await take(ada, 'receiveMessage')).text, 'two');
    ada.emit('sendMessage', message({ text: 'one' }));
    assert.equal((await take(bob, 'receiveMessage')).text, 'one');
    assert.deepEqual([bob.events, carl.events], [[], []]);
});

test('joining twice delivers once', async () => {
    const { ada, bob } = await pair();
    bob.emit('joinRoom', 'general');
    scalable.say(bob, 'general', 'bob', 'one');
    scalable.say(ada, 'general', 'ada', 'two');
    const texts = [(await take(bob, 'receiveMessage')).text, (await take(bob, 'receiveMessage')).text];
    assert.deepEqual(texts.sort(), ['one', 'two']);
    assert.deepEqual(unread(bob, 'receiveMessage'), []);
});

test('the socket test of the system finds in the history what it sent, with a Date for a timestamp', async () => {
    const { daemon, ada, bob } = await pair();
    const sent = message({ timestamp: new Date() });
    ada.emit('sendMessage', sent);
    const wire = { ...sent, timestamp: sent.timestamp.toISOString() };
    assert.deepEqual(await take(bob, 'receiveMessage'), wire);
    await fence(ada, 'general', [scalable, bob]);
    const history = (await request(daemon, 'GET', '/history/general')).json();
    const kept = history.find((m) => m.text === 'Hello from A');
    assert.deepEqual(kept, { _id: kept._id, ...wire, __v: 0 });
});

test('a room id with a dot is stored like any other', async () => {
    const daemon = await start();
    const ada = await scalable.enter(daemon, 'a.b', 'ada');
    await fence(ada, 'a.b', [scalable, ada]);
    const history = (await request(daemon, 'GET', '/messages/history/a.b')).json();
    assert.equal(history.some((m) => m.text === 'I am here'), true);
});

test('a burst that fails the schema stops nothing: what comes after it is stored', async () => {
    const { daemon, ada, bob } = await pair();
    for (let i = 0; i < 20; i++) {
        ada.emit('sendMessage', { roomId: 'general', userId: `load-${i}`, text: `burst ${i}` });
    }
    ada.emit('sendMessage', message({ text: 'whole' }));
    while ((await take(bob, 'receiveMessage')).text !== 'whole');
    await fence(ada, 'general', [scalable, bob]);
    const history = (await request(daemon, 'GET', '/messages/history/general')).json();
    assert.equal(history.some((m) => m.text === 'whole'), true);
});

test('a send with an acknowledgement is answered, and sent once for one clientId', async () => {
    const { ada, bob } = await pair();
    const payload = message({ clientId: 'c-1' });
    const answer = await ask(ada, 'sendMessage', payload);
    assert.deepEqual(Object.keys(answer).sort(), ['id', 'offset', 'ok', 'timestamp']);
    assert.equal(answer.ok, true);
    assert.match(answer.timestamp, ISO);
    assert.deepEqual(await ask(ada, 'sendMessage', payload), answer);
    ada.emit('sendMessage', message({ text: 'next' }));
    assert.deepEqual(await take(bob, 'receiveMessage'), payload);
    assert.equal((await take(bob, 'receiveMessage')).text, 'next');
});
