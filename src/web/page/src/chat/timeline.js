// SPDX-License-Identifier: MIT
//
// What is held of one room's messages: a window without holes on a list that may have millions.
//
//     oldest ··· [ messages: ascending by offset ] ··· newest
//                ^ atStart: nothing older          ^ atEnd: nothing newer, live messages go on here
//
// The window never holds more than WINDOW_MAX, so neither does the document. It moves by pages of
// history in both directions; what it loses at its far end comes back the same way.
//
// Everything here is pure: a changed timeline is a new object.

export const WINDOW_MAX = 400;

export const emptyTimeline = Object.freeze({ messages: [], atStart: false, atEnd: true });

const offsetOf = (message) => message?.offset ?? 0;

export const firstOf = (timeline) => timeline.messages[0];
export const lastOf = (timeline) => timeline.messages[timeline.messages.length - 1];

// Of two states of one message the later one: a page of history may have been read before an edit
// that came as an event, and must not undo it.
function later(a, b) {
    if (a.deleted || b.deleted) {
        return a.deleted ? a : b;
    }
    return Date.parse(b.editedAt ?? 0) >= Date.parse(a.editedAt ?? 0) ? b : a;
}

// Messages with one more, at its place; the same offset twice is one message in two states.
export function place(messages, message) {
    let at = messages.length;
    while (at > 0 && messages[at - 1].offset > message.offset) {
        at--;
    }
    const known = messages[at - 1];
    if (known?.offset === message.offset) {
        return [...messages.slice(0, at - 1), later(known, message), ...messages.slice(at)];
    }
    return [...messages.slice(0, at), message, ...messages.slice(at)];
}

const merge = (messages, more) => more.reduce(place, messages);

function dropOldest(timeline) {
    const over = timeline.messages.length - WINDOW_MAX;
    return over > 0
        ? { ...timeline, messages: timeline.messages.slice(over), atStart: false }
        : timeline;
}

function dropNewest(timeline) {
    return timeline.messages.length > WINDOW_MAX
        ? { ...timeline, messages: timeline.messages.slice(0, WINDOW_MAX), atEnd: false }
        : timeline;
}

// A live message. Somebody who follows the end loses the oldest for it; for somebody who reads
// further up the window stops here, and pages of history go on when they come down.
export function addLive(timeline, message, following) {
    const inside = message.offset <= offsetOf(lastOf(timeline));
    if (!timeline.atEnd && !inside) {
        return timeline;
    }
    if (inside && message.offset < offsetOf(firstOf(timeline))) {
        return timeline; // older than the window: history brings it
    }
    const next = { ...timeline, messages: place(timeline.messages, message) };
    return following ? dropOldest(next) : dropNewest(next);
}

// A page that continues the window upwards; more: there is still something older.
export function addOlder(timeline, page, more) {
    return dropNewest({ ...timeline, messages: merge(timeline.messages, page), atStart: !more });
}

// A page that continues it downwards; newest: the highest offset of a message that is known to be.
export function addNewer(timeline, page, more, newest) {
    const messages = merge(timeline.messages, page);
    const atEnd = !more && offsetOf(messages[messages.length - 1]) >= newest;
    return dropOldest({ ...timeline, messages, atEnd });
}

// The newest page. Live messages that came while it was on its way continue it.
export function showNewest(timeline, page, more, newest) {
    const end = offsetOf(page[page.length - 1]);
    const since = timeline.atEnd ? timeline.messages.filter((m) => m.offset > end) : [];
    const messages = merge(page, since);
    const atEnd = offsetOf(messages[messages.length - 1]) >= newest;
    return dropOldest({ ...timeline, messages, atStart: !more, atEnd });
}

// A page from the middle: the window is there now.
export function showAround(timeline, page) {
    return { ...timeline, messages: page, atStart: false, atEnd: false };
}

function change(timeline, matches, changed) {
    const at = timeline.messages.findIndex(matches);
    if (at < 0) {
        return timeline;
    }
    const messages = timeline.messages.slice();
    messages[at] = changed(messages[at]);
    return { ...timeline, messages };
}

export function edit(timeline, message) {
    return change(timeline, (m) => m.id === message.id, (m) => later(m, { ...m, ...message }));
}

// What was deleted leaves a trace until the window has moved on, so that nothing jumps while read.
export function remove(timeline, messageId) {
    return change(timeline, (m) => m.id === messageId, (m) => ({ ...m, content: '', deleted: true }));
}
