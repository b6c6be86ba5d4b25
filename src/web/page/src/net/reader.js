// SPDX-License-Identifier: MIT
//
// Tells the server how far its person has read: while the end of a room is in sight, and so is the
// window. Several messages that come together are one mark.
import { isReading, roomOf } from '../chat/state.js';
import { lastOf } from '../chat/timeline.js';

const PAUSE_MS = 400;

// later: setTimeout, or what a test has instead.
export function createReader(store, connection, later = setTimeout) {
    let timer = null;

    // What could be marked now, or null.
    function unmarked() {
        const state = store.get();
        const room = state.current === null ? undefined : roomOf(state, state.current);
        const last = room && lastOf(room.timeline);
        const isNew = last && (last.offset > room.marked || room.unread > 0);
        return isNew && isReading(state, room) ? { roomId: room.roomId, last } : null;
    }

    function mark() {
        const found = connection.isOn() ? unmarked() : null;
        if (!found) {
            timer = null;
            return;
        }
        const { roomId, last } = found;
        connection.ask('mark_read', { roomId, messageId: last.id }, (error) => {
            timer = null;
            if (!error) {
                store.dispatch({ type: 'read', roomId, offset: last.offset });
            }
        });
    }

    // Call it after every change.
    function look() {
        if (timer === null && connection.isOn() && unmarked()) {
            timer = later(mark, PAUSE_MS);
        }
    }

    return { look, stop: () => clearTimeout(timer) };
}
