// SPDX-License-Identifier: MIT
//
// What was written and is not known to be stored yet. Each entry has a clientId, by which the
// server knows it again: so it is sent until it is answered, and is in the room once.
//
//     {clientId, roomId, content, createdAt, error?, failed?}
//
// A room's entries go out one after the other, in the order they were written in; a failed one (the
// server will never take it) waits for its author and holds up nobody.

export function add(outbox, entry) {
    return [...outbox, entry];
}

export function settle(outbox, clientId) {
    const rest = outbox.filter((e) => e.clientId !== clientId);
    return rest.length === outbox.length ? outbox : rest;
}

const change = (outbox, clientId, fields) =>
    outbox.map((e) => (e.clientId === clientId ? { ...e, ...fields } : e));

// error: why it is not sent yet, for people.
export const delay = (outbox, clientId, error) => change(outbox, clientId, { error });
export const fail = (outbox, clientId, error) => change(outbox, clientId, { error, failed: true });
export const again = (outbox, clientId) =>
    change(outbox, clientId, { error: undefined, failed: false });

// The entry that is to go out next in a room, or undefined.
export function next(outbox, roomId) {
    return outbox.find((e) => e.roomId === roomId && !e.failed);
}

export const of = (outbox, roomId) => outbox.filter((e) => e.roomId === roomId);

// What a reload brings back; anything that is not of this form is left out.
export function parse(text) {
    try {
        const entries = JSON.parse(text ?? '[]');
        return entries.filter((e) => ['clientId', 'roomId', 'content', 'createdAt']
            .every((name) => typeof e[name] === 'string'));
    } catch {
        return [];
    }
}
