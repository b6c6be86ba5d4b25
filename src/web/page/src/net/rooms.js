// SPDX-License-Identifier: MIT
//
// The rooms: which there are, which are ours, and that every connection is in all of ours.
import { roomOf } from '../chat/state.js';
import { lastOf } from '../chat/timeline.js';
import * as Storage from './storage.js';

const FIRST_ROOM = 'general';
const JOIN_RETRY_MS = 2000;
const LIST_PAGES_MAX = 10;

// loadReads(roomId): see api.js. onAllJoined(): this connection is in all of ours. onWelcome(roomId):
// somebody new has come in and asked for no room; this one would do.
export function createRooms(store, connection, { history, sender, loadReads, onAllJoined, onWelcome }) {
    const { dispatch } = store;
    const { ask, request } = connection;
    const { userId } = store.get().me;
    const room = (roomId) => roomOf(store.get(), roomId);
    const joining = new Set();
    let listed = false; // it is known where rooms end that are joined for the first time

    async function refresh() {
        const rooms = [];
        let more = true;
        for (let pages = 0; more && pages < LIST_PAGES_MAX; pages++) {
            const after = rooms.at(-1)?.roomId;
            const answer = await request('list_rooms', after ? { after } : {}).catch(() => null);
            if (!answer) {
                return;
            }
            rooms.push(...answer.rooms);
            more = answer.more;
        }
        dispatch({ type: 'listRooms', rooms });
    }

    async function loadMembers(roomId) {
        const answer = await request('room_members', { roomId }).catch(() => null);
        if (answer) {
            dispatch({ type: 'members', roomId, users: answer.users });
        }
    }

    // Marks that are made from here on come as events.
    async function loadMarks(roomId) {
        dispatch({ type: 'reads', roomId, reads: await loadReads(roomId) });
    }

    // What a room needs before it can be read; place: the offset where somebody is in it, if it is
    // not its end.
    function fill(roomId, place) {
        const { loaded, following, timeline } = room(roomId);
        loadMembers(roomId);
        loadMarks(roomId);
        if (place !== undefined) {
            history.showAround(roomId, place);
        } else if (!loaded || (following && !timeline.atEnd)) {
            history.loadNewest(roomId);
        }
    }

    // Whoever reads further up than the end of what will be forgotten is to stay there.
    function placeOf(roomId) {
        const { following, timeline } = room(roomId);
        return following ? undefined : lastOf(timeline)?.offset;
    }

    function onJoined(roomId, answer) {
        const place = answer.gap && placeOf(roomId);
        dispatch({ ...answer, type: 'joined', roomId });
        sender.onJoined(roomId);
        if (store.get().current === roomId) {
            fill(roomId, place);
        }
    }

    function join(roomId) {
        if (joining.has(roomId)) {
            return;
        }
        joining.add(roomId);
        ask('join_room', { roomId, after: room(roomId).seen }, (error, answer) => {
            joining.delete(roomId);
            if (!error) {
                onJoined(roomId, answer);
                if (joining.size === 0) {
                    onAllJoined();
                }
            } else if (connection.isOn()) {
                dispatch({ type: 'problem', text: error.message });
                if (error.retryable) {
                    setTimeout(() => room(roomId)?.joined && join(roomId), JOIN_RETRY_MS);
                }
            }
        });
    }

    function ours() {
        return [...store.get().rooms.values()].filter((r) => r.joined).map((r) => r.roomId);
    }

    const save = () => Storage.saveRooms(userId, ours());

    // Shows a room, and makes it one of ours. null: none.
    function open(roomId) {
        dispatch({ type: 'openRoom', roomId });
        if (roomId === null || !listed) {
            return; // onConnected goes on with it
        }
        if (!room(roomId).joined) {
            dispatch({ type: 'joinRoom', roomId });
            save();
            join(roomId);
        } else {
            fill(roomId);
        }
    }

    function welcome() {
        const { current, rooms } = store.get();
        const isNew = current === null && ours().length === 0;
        if (isNew && (rooms.size === 0 || rooms.has(FIRST_ROOM))) {
            onWelcome(FIRST_ROOM);
        }
    }

    // The first connection of this page: what was ours when it was last open is ours again.
    async function begin() {
        await refresh();
        if (!connection.isOn()) {
            return; // the next connection is the first
        }
        listed = true;
        Storage.loadRooms(userId).forEach((roomId) => dispatch({ type: 'joinRoom', roomId }));
        open(store.get().current);
        ours().forEach(join);
        welcome();
    }

    return {
        refresh,
        open,
        onConnected() {
            if (listed) {
                ours().forEach(join);
                refresh();
            } else {
                begin();
            }
        },
        async create(name) {
            const { roomId } = await request('create_room', { name });
            await refresh();
            return roomId;
        },
        leave(roomId) {
            ask('leave_room', { roomId }, refresh);
            dispatch({ type: 'leaveRoom', roomId });
            save();
        },
    };
}
