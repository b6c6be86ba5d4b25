// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Outbox from '../../../../src/web/page/src/chat/outbox.js';
import { hitsOf, partsOf } from '../../../../src/web/page/src/chat/links.js';
import { asMessage } from '../../../../src/web/page/src/chat/message.js';
import { rowsOf } from '../../../../src/web/page/src/chat/rows.js';

const links = (text) => partsOf(text).filter((p) => p.href).map((p) => p.href);

test('web addresses become links, and the text stays what it was', () => {
    const text = 'see https://example.org/a?b=c#d, (http://example.org/x_(y)) and HTTPS://EXAMPLE.ORG.';
    assert.deepEqual(links(text), ['https://example.org/a?b=c#d', 'http://example.org/x_(y)', 'HTTPS://EXAMPLE.ORG']);
    assert.equal(partsOf(text).map((p) => p.text).join(''), text);
});

test('nothing else becomes one', () => {
    for (const text of ['javascript:alert(1)', 'data:text/html,x', 'http://', 'http://[', 'http://:80', 'https:// x', 'xhttp://a.b', 'ftp://a.b', '']) {
        assert.deepEqual(links(text), [], text);
    }
    assert.deepEqual(links('https://a.example/\u202egnp.exe'), ['https://a.example/'], 'nothing that turns it around');
    assert.deepEqual(links('https://a.example/"onmouseover="x'), ['https://a.example/']);
});

test('the words of a query are found as they are written', () => {
    assert.deepEqual(hitsOf('A (rook) and a Rook', '(rook) and'), [
        { text: 'A ', hit: false }, { text: '(rook)', hit: true }, { text: ' ', hit: false },
        { text: 'and', hit: true }, { text: ' a Rook', hit: false },
    ]);
    assert.deepEqual(hitsOf('text', ' '), [{ text: 'text' }]);
});

const me = { userId: 'me', username: 'Me' };
const at = (day, time, userId = 'bob', fields = {}) => ({
    id: `${day} ${time}`, userId, username: userId, timestamp: `2026-01-${day}T${time}:00`, offset: Number(day) * 10000 + Number(time.replace(':', '')), ...fields,
});
const kinds = (rows) => rows.map((r) => (r.kind === 'message' ? (r.follows ? 'follows' : 'head') : r.kind));

test('messages of one author soon after another go together, within a day', () => {
    const rows = rowsOf([
        at('01', '10:00'), at('01', '10:04'), at('01', '10:10'), at('01', '10:11', 'eve'),
        at('01', '23:59', 'eve'), at('02', '00:01', 'eve'),
    ], [], me);
    assert.deepEqual(kinds(rows), ['day', 'head', 'follows', 'head', 'head', 'head', 'day', 'head']);
});

test('every row has a key of its own, though times go back and forth', () => {
    const rows = rowsOf([at('01', '10:00'), at('02', '10:00'), at('01', '11:00'), at('02', '11:00')], [], me);
    assert.equal(new Set(rows.map((r) => r.key)).size, 8);
});

test('what clients of other systems leave out is made up for', () => {
    const bare = asMessage({ id: 'm', userId: 'bob', content: 'x', timestamp: 'yesterday', editedAt: 7 });
    assert.deepEqual([bare.username, bare.timestamp, bare.editedAt], ['bob', '1970-01-01T00:00:00.000Z', undefined]);
    const none = asMessage({ id: 'm', userId: null, username: {}, content: ['x'], timestamp: null });
    assert.deepEqual([none.userId, none.username, none.content], ['', 'Somebody', '']);
    const whole = { id: 'm', userId: 'bob', username: 'Bob', content: 'x', timestamp: '2026-01-01T00:00:00Z', editedAt: undefined };
    assert.deepEqual(asMessage(whole), whole);
});

test('a line is where the unread begin', () => {
    const all = [at('01', '10:00'), at('01', '10:01'), at('01', '10:02')];
    assert.deepEqual(kinds(rowsOf(all, [], me, all[1].offset)), ['day', 'head', 'unread', 'head', 'follows']);
});

test('what waits is last, and keeps its key when it is stored', () => {
    const entry = { clientId: 'c1', roomId: 'r', content: 'x', createdAt: '2026-01-01T10:05:00' };
    const waiting = rowsOf([at('01', '10:00')], [entry], me);
    const stored = rowsOf([at('01', '10:00'), at('01', '10:05', 'me', { clientId: 'c1' })], [], me);
    assert.deepEqual([waiting[2].key, waiting[2].pending], ['c1', true]);
    assert.deepEqual([stored[2].key, stored[2].pending], ['c1', false]);
    const other = rowsOf([at('01', '10:00', 'bob', { clientId: 'c1' })], [entry], me);
    assert.notEqual(other[1].key, other[2].key, 'nobody else can take it');
});

test('an outbox goes out in order, past what has failed', () => {
    const entry = (clientId, roomId) => ({ clientId, roomId, content: 'x', createdAt: 'now' });
    let outbox = [entry('a', 'r'), entry('b', 's'), entry('c', 'r')].reduce(Outbox.add, []);
    assert.equal(Outbox.next(outbox, 'r').clientId, 'a');
    outbox = Outbox.fail(outbox, 'a', 'no');
    assert.equal(Outbox.next(outbox, 'r').clientId, 'c');
    outbox = Outbox.settle(outbox, 'c');
    assert.equal(Outbox.next(outbox, 'r'), undefined);
    assert.deepEqual(Outbox.parse(JSON.stringify(outbox)).map((e) => e.clientId), ['a', 'b']);
});

test('an outbox that somebody has tampered with is read as far as it makes sense', () => {
    for (const text of [null, '', '{', '{}', '7', 'null', '[{}]', '[{"clientId":1}]', '[null]']) {
        assert.deepEqual(Outbox.parse(text), [], text);
    }
});
