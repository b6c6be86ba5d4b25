// SPDX-License-Identifier: MIT
//
// Pages of history: moves the windows of the rooms (chat/timeline.js), one page at a time in each.
import { roomOf } from '../chat/state.js';
import { firstOf, lastOf } from '../chat/timeline.js';

const PAGE = 50;
const TURN_MS = 20;

export function createHistory(store, connection) {
    const { dispatch } = store;
    const loading = new Set(); // rooms
    const timelineOf = (roomId) => roomOf(store.get(), roomId).timeline;

    // True when the page is there.
    async function load(roomId, where, query) {
        if (loading.has(roomId) || !connection.isOn()) {
            return false;
        }
        loading.add(roomId);
        try {
            const answer = await connection.request('history', { roomId, limit: PAGE, ...query });
            dispatch({ ...answer, type: 'page', roomId, where });
            return true;
        } catch (error) {
            if (connection.isOn()) {
                dispatch({ type: 'problem', text: error.message });
            }
            return false;
        } finally {
            loading.delete(roomId);
        }
    }

    const loadNewest = (roomId) => load(roomId, 'newest', {});

    return {
        loadNewest,

        loadOlder(roomId) {
            const timeline = timelineOf(roomId);
            const first = firstOf(timeline);
            if (first && !timeline.atStart) {
                load(roomId, 'older', { before: first.offset });
            }
        },

        loadNewer(roomId) {
            const timeline = timelineOf(roomId);
            const last = lastOf(timeline);
            if (last && !timeline.atEnd) {
                load(roomId, 'newer', { after: last.offset });
            }
        },

        showEnd(roomId) {
            dispatch({ type: 'following', roomId, following: true });
            if (!timelineOf(roomId).atEnd) {
                loadNewest(roomId);
            }
        },

        // To a message, wherever it is. Another page may be on its way; this one has to come after
        // it, as it says where the window is.
        async showAround(roomId, offset) {
            dispatch({ type: 'following', roomId, following: false });
            if (!timelineOf(roomId).messages.some((m) => m.offset === offset)) {
                while (loading.has(roomId)) {
                    await new Promise((resolve) => { setTimeout(resolve, TURN_MS); });
                }
                await load(roomId, 'around', { around: offset });
            }
            dispatch({ type: 'highlight', roomId, offset });
        },
    };
}
