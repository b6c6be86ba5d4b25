// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
    addLive, addNewer, addOlder, edit, emptyTimeline, remove, showAround, showNewest, WINDOW_MAX,
} from '../../../../src/web/page/src/chat/timeline.js';

const message = (offset, fields) => ({ id: `m${offset}`, offset, content: `text ${offset}`, ...fields });
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const offsets = (timeline) => timeline.messages.map((m) => m.offset);
const window = (from, to, fields) => ({ ...emptyTimeline, messages: range(from, to), ...fields });

test('a live message goes on at the end', () => {
    const t = addLive(window(1, 2), message(3), true);
    assert.deepEqual(offsets(t), [1, 2, 3]);
    assert.ok(t.atEnd);
});

test('what comes twice is there once, and out of order in order', () => {
    let t = addLive(window(1, 2), message(5), true);
    t = addLive(t, message(4), true);
    t = addLive(t, message(5), true);
    assert.deepEqual(offsets(t), [1, 2, 4, 5]);
});

test('the window follows the end by losing the oldest', () => {
    const t = addLive(window(1, WINDOW_MAX, { atStart: true }), message(WINDOW_MAX + 1), true);
    assert.equal(t.messages.length, WINDOW_MAX);
    assert.deepEqual([t.messages[0].offset, t.atStart, t.atEnd], [2, false, true]);
});

test('the window of somebody who reads further up stops, and takes no more live messages', () => {
    let t = addLive(window(1, WINDOW_MAX, { atStart: true }), message(WINDOW_MAX + 1), false);
    assert.deepEqual([t.messages[0].offset, t.atStart, t.atEnd], [1, true, false]);
    t = addLive(t, message(WINDOW_MAX + 2), true);
    assert.equal(t.messages.length, WINDOW_MAX);
});

test('a live message older than the window is left to the history', () => {
    assert.deepEqual(offsets(addLive(window(10, 12), message(9), true)), [10, 11, 12]);
    assert.deepEqual(offsets(addLive(window(10, 12, { atEnd: false }), message(11), true)), [10, 11, 12]);
});

test('a page above moves the window up', () => {
    const t = addOlder(window(WINDOW_MAX, 2 * WINDOW_MAX - 1), range(WINDOW_MAX - 50, WINDOW_MAX - 1), true);
    assert.equal(t.messages.length, WINDOW_MAX);
    assert.equal(t.messages[0].offset, WINDOW_MAX - 50);
    assert.deepEqual([t.atStart, t.atEnd], [false, false]);
    assert.ok(addOlder(t, range(1, 3), false).atStart);
});

test('a page below moves it down, to the end only when nothing newer is known of', () => {
    const t = window(1, 10, { atEnd: false });
    assert.equal(addNewer(t, range(11, 20), true, 30).atEnd, false);
    assert.equal(addNewer(t, range(11, 20), true, 10).atEnd, false);
    assert.equal(addNewer(t, range(11, 20), false, 21).atEnd, false, '21 came while it was on its way');
    assert.equal(addNewer(t, range(11, 20), false, 20).atEnd, true);
    assert.equal(addNewer(t, [], false, 10).atEnd, true);
});

test('the newest page keeps what came live after it', () => {
    const live = addLive(emptyTimeline, message(8), true);
    const t = showNewest(live, range(5, 7), true, 8);
    assert.deepEqual(offsets(t), [5, 6, 7, 8]);
    assert.deepEqual([t.atStart, t.atEnd], [false, true]);
});

test('the newest page replaces a window elsewhere, with no hole between', () => {
    const t = showNewest(window(1, 10, { atEnd: false }), range(50, 60), true, 60);
    assert.deepEqual(offsets(t), offsets(window(50, 60)));
    assert.ok(t.atEnd);
});

test('a page from the middle has more at both ends', () => {
    const t = showAround(window(90, 99), range(10, 20));
    assert.deepEqual([t.messages[0].offset, t.atStart, t.atEnd], [10, false, false]);
});

test('an edit changes its message, unless a later one was here first', () => {
    const late = message(2, { content: 'third', editedAt: '2026-01-01T00:00:03Z' });
    const early = message(2, { content: 'second', editedAt: '2026-01-01T00:00:02Z' });
    const t = edit(window(1, 3), late);
    assert.equal(t.messages[1].content, 'third');
    assert.equal(edit(t, early).messages[1].content, 'third');
    assert.equal(edit(t, message(9)), t, 'it is not in the window');
    const page = addOlder(t, [message(2)], true);
    assert.equal(page.messages[1].content, 'third', 'nor does a page undo it');
});

test('what was deleted stays deleted', () => {
    const t = remove(window(1, 3), 'm2');
    assert.deepEqual([t.messages[1].deleted, t.messages[1].content], [true, '']);
    assert.ok(edit(t, message(2, { editedAt: '2030-01-01T00:00:00Z' })).messages[1].deleted);
    assert.ok(addOlder(t, [message(2)], true).messages[1].deleted);
});
