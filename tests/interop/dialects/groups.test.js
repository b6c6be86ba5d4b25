// SPDX-License-Identifier: MIT
//
// Dialect 2: `join_room {roomid}`, `new_msg`, and the pages that its people use in a browser.
'use strict';

const assert = require('node:assert/strict');
const { ask, connect, request, start, take, test } = require('../../e2e/harness');
const { DEFAULT, fence, groups, unread } = require('./people');

const ROOM = '65f0c0ffee65f0c0ffee65f0';

async function pair(room = ROOM) {
    const daemon = await start();
    const ada = await groups.enter(daemon, room, 'ada');
    const bob = await groups.enter(daemon, room, 'bob');
    await take(ada, 'update_online_users');
    return { daemon, ada, bob };
}

const page = (daemon, target) => request(daemon, 'GET', target, { headers: { Accept: 'text/html' } });

// [[roomid, name as it is written in HTML]] of the page with all groups.
async function listed(daemon) {
    const { text } = await page(daemon, '/group');
    const group = /<form[^>]*action="\/join"[^>]*>\s*<input[^>]*name="roomid"[^>]*value="([^"]*)"[^>]*>\s*<button[^>]*>([^]*?)<\/button>/g;
    return [...text.matchAll(group)].map(([, id, name]) => [id, name.trim()]);
}

async function create(daemon, name) {
    const { status } = await request(daemon, 'POST', '/group', { form: { name } });
    assert.equal(status, 302);
    return (await listed(daemon)).at(-1)[0];
}

test('everybody in the room, who joins included, gets the names that are online', async () => {
    const daemon = await start();
    const ada = await groups.enter(daemon, ROOM, 'ada');
    assert.deepEqual(ada.online, ['ada']);
    const bob = await groups.enter(daemon, ROOM, 'bob');
    assert.deepEqual(bob.online.sort(), ['ada', 'bob']);
    assert.deepEqual((await take(ada, 'update_online_users')).sort(), ['ada', 'bob']);
    assert.deepEqual([ada.events, bob.events], [[], []]);
});

test('a blank name does not join, and payloads that are no object harm nobody', async () => {
    const { daemon, ada } = await pair();
    const nobody = await connect(daemon, undefined, DEFAULT);
    for (const payload of [
        { roomid: ROOM, username: '' }, { roomid: ROOM, username: '   ' }, { roomid: ROOM },
        { roomid: ROOM, username: null }, { username: 'eve' }, null, 7, 'room', [],
    ]) {
        nobody.emit('join_room', payload);
    }
    nobody.emit('join_room');
    nobody.emit('new_msg', null);
    nobody.emit('new_msg');
    nobody.emit('new_msg', { message: 'nowhere', sender: 'nobody' });
    groups.say(nobody, ROOM, 'nobody', 'sentinel');
    assert.equal((await take(ada, 'msg_rcvd')).message, 'sentinel');
    assert.deepEqual(ada.events, []);
    assert.deepEqual(unread(nobody, 'msg_rcvd', 'update_online_users'), []);
});

test('the room gets the object as it was sent, its sender too', async () => {
    const { ada, bob } = await pair();
    for (const payload of [
        { message: 'hello', roomid: ROOM, sender: 'ada' },
        { message: 'more', roomid: ROOM, sender: 'ada', extra: { a: [1, null] } },
        { message: '<b>bold</b> "q" \\ \u2028 😀', roomid: ROOM, sender: 'ada' },
    ]) {
        ada.emit('new_msg', payload);
        assert.deepEqual(await take(bob, 'msg_rcvd'), payload);
        assert.deepEqual(await take(ada, 'msg_rcvd'), payload);
    }
});

test('a sender need not be a member', async () => {
    const { daemon, ada } = await pair();
    const outsider = await connect(daemon, undefined, DEFAULT);
    groups.say(outsider, ROOM, 'eve', 'from outside');
    assert.deepEqual(await take(ada, 'msg_rcvd'), { message: 'from outside', roomid: ROOM, sender: 'eve' });
    assert.deepEqual(outsider.events, []);
});

test('who disconnects is off the list, then named: user_left is the bare name', async () => {
    const { ada, bob } = await pair();
    bob.disconnect();
    const name = await take(ada, 'user_left');
    assert.equal(name, 'bob');
    assert.deepEqual(ada.events, [{ name: 'update_online_users', payload: ['ada'] }]);
});

test('a disconnect ends the membership in every room', async () => {
    const { daemon, ada, bob } = await pair();
    const other = await groups.enter(daemon, 'second', 'carl');
    bob.emit('join_room', { roomid: 'second', username: 'bob' });
    assert.deepEqual((await take(other, 'update_online_users')).sort(), ['bob', 'carl']);
    bob.disconnect();
    assert.deepEqual(await take(ada, 'update_online_users'), ['ada']);
    assert.equal(await take(ada, 'user_left'), 'bob');
    assert.deepEqual(await take(other, 'update_online_users'), ['carl']);
    assert.equal(await take(other, 'user_left'), 'bob');
});

test('the names are a set', async () => {
    const { daemon, ada } = await pair();
    const tab = await groups.enter(daemon, ROOM, 'ada');
    assert.deepEqual(tab.online.sort(), ['ada', 'bob']);
    assert.deepEqual((await take(ada, 'update_online_users')).sort(), ['ada', 'bob']);
});

test('rooms do not hear each other', async () => {
    const { daemon, ada, bob } = await pair();
    const carl = await groups.enter(daemon, 'second', 'carl');
    groups.say(carl, 'second', 'carl', 'two');
    assert.equal((await take(carl, 'msg_rcvd')).message, 'two');
    groups.say(ada, ROOM, 'ada', 'one');
    assert.equal((await take(bob, 'msg_rcvd')).message, 'one');
    assert.deepEqual([bob.events, carl.events], [[], []]);
});

test('a send with an acknowledgement is answered, and sent once for one clientId', async () => {
    const { ada, bob } = await pair();
    const payload = { message: 'once', roomid: ROOM, sender: 'ada', clientId: 'c-1' };
    const answer = await ask(ada, 'new_msg', payload);
    assert.deepEqual(Object.keys(answer).sort(), ['id', 'offset', 'ok', 'timestamp']);
    assert.equal(answer.ok, true);
    assert.deepEqual(await ask(ada, 'new_msg', payload), answer);
    groups.say(ada, ROOM, 'ada', 'next');
    assert.deepEqual(await take(bob, 'msg_rcvd'), payload);
    assert.equal((await take(bob, 'msg_rcvd')).message, 'next');
});

test('GET /group lists the groups with a form to create one and a button each to join', async () => {
    const daemon = await start();
    const empty = await page(daemon, '/group');
    assert.equal(empty.status, 200);
    assert.match(empty.headers['content-type'], /^text\/html\b/);
    assert.match(empty.text, /<form(?=[^>]*action="\/group")(?=[^>]*method="post")[^>]*>[^]*name="name"/i);
    assert.deepEqual(await listed(daemon), []);

    const made = await request(daemon, 'POST', '/group', { form: { name: 'Cooks & bakers' } });
    assert.deepEqual([made.status, made.headers.location], [302, '/group']);
    const json = await request(daemon, 'POST', '/group', { json: { name: 'Sailors' } });
    assert.deepEqual([json.status, json.headers.location], [302, '/group']);
    const groupsThere = await listed(daemon);
    assert.deepEqual(groupsThere.map(([, name]) => name), ['Cooks &amp; bakers', 'Sailors']);
    for (const [id] of groupsThere) {
        assert.match(id, /^[0-9a-f]{24}$/);
    }
});

test('the name of a group cannot become part of the page', async () => {
    const daemon = await start();
    const id = await create(daemon, '<script>alert(1)</script>"\'');
    for (const target of ['/group', `/chat/${id}?user=ada`]) {
        assert.equal((await page(daemon, target)).text.includes('<script>alert(1)'), false, target);
    }
});

test('GET /join asks for a name and leads to the chat page', async () => {
    const daemon = await start();
    const id = await create(daemon, 'Cooks');
    const join = await page(daemon, `/join?roomid=${id}`);
    assert.equal(join.status, 200);
    assert.match(join.headers['content-type'], /^text\/html\b/);
    assert.match(join.text, new RegExp(`<form[^>]*action="/chat/${id}"[^>]*>[^]*name="user"`, 'i'));
    const hostile = await page(daemon, `/join?roomid=${encodeURIComponent('"><script>alert(1)</script>')}`);
    assert.equal(hostile.text.includes('<script>alert(1)'), false);
});

test('GET /chat/:roomid shows what was said before, by oneself and by others', async () => {
    const daemon = await start();
    const id = await create(daemon, 'Cooks');
    const ada = await groups.enter(daemon, id, 'ada');
    groups.say(ada, id, 'ada', 'salt <b>first</b>');
    groups.say(ada, id, 'bob', 'and pepper');
    await fence(ada, id, [groups, ada]);

    const chat = await page(daemon, `/chat/${id}?user=ada`);
    assert.equal(chat.status, 200);
    assert.match(chat.headers['content-type'], /^text\/html\b/);
    const said = /<div class="message (self|other)">\s*<div class="sender">([^]*?)<\/div>\s*([^]*?)\s*<\/div>/g;
    assert.deepEqual([...chat.text.matchAll(said)].slice(0, 2).map((m) => m.slice(1)), [
        ['self', 'ada', 'salt &lt;b&gt;first&lt;/b&gt;'],
        ['other', 'bob', 'and pepper'],
    ]);
    for (const name of ['chat_box', 'send', 'messages', 'online_users']) {
        assert.match(chat.text, new RegExp(`id="${name}"`), name);
    }
    assert.match(chat.text, /<script[^>]*src="\/socket\.io\/socket\.io(\.min)?\.js"/);
    assert.match(chat.text, /Cooks/);
});

test('a name with quotes and tags stays text on the chat page', async () => {
    const daemon = await start();
    const id = await create(daemon, 'Cooks');
    const name = '\'"></script><script>alert(1)</script>';
    const chat = await page(daemon, `/chat/${id}?user=${encodeURIComponent(name)}`);
    assert.equal(chat.status, 200);
    assert.equal(chat.text.includes('<script>alert(1)'), false);
    assert.equal(chat.text.includes('\'"></script>'), false);
});

test('an unknown or malformed room id is 500 with its text', async () => {
    const daemon = await start();
    for (const id of ['0123456789abcdef01234567', 'not-an-id', '%3Cscript%3E']) {
        const answer = await page(daemon, `/chat/${id}?user=ada`);
        assert.deepEqual([answer.status, answer.text], [500, 'Error loading chat room'], id);
    }
});

test('the pages find their styles and the client bundle', async () => {
    const daemon = await start();
    const id = await create(daemon, 'Cooks');
    const sheets = new Set();
    for (const target of ['/group', `/join?roomid=${id}`, `/chat/${id}?user=ada`]) {
        const { text } = await page(daemon, target);
        const links = [...text.matchAll(/href="(\/styles\/[^"]+\.css)"/g)].map((m) => m[1]);
        assert.ok(links.length > 0, `${target} names no style`);
        links.forEach((link) => sheets.add(link));
    }
    for (const sheet of sheets) {
        const { status, headers } = await request(daemon, 'GET', sheet);
        assert.equal(status, 200, sheet);
        assert.match(headers['content-type'], /^text\/css\b/);
    }
    const bundle = await request(daemon, 'GET', '/socket.io/socket.io.js');
    assert.equal(bundle.status, 200);
    assert.match(bundle.headers['content-type'], /^application\/javascript\b/);
    assert.ok(bundle.text.length > 10000);
});

test('the chat page of a room joins and talks as its script does', async () => {
    const daemon = await start();
    const id = await create(daemon, 'Cooks');
    const ada = await groups.enter(daemon, id, 'ada');
    groups.say(ada, id, 'ada', 'hi');
    assert.deepEqual(await take(ada, 'msg_rcvd'), { message: 'hi', roomid: id, sender: 'ada' });
    const text = (await page(daemon, `/chat/${id}?user=bob`)).text;
    assert.match(text, /<div class="message other">/);
});
