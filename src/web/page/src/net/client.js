// SPDX-License-Identifier: MIT
//
// One person's chat: keeps the state (chat/state.js) in step with the server, and offers to the
// components what a person can do.
//
//     server event  ->  action  ->  state  ->  components
//     component     ->  a function of the client  ->  request  ->  answer  ->  action
//
// A reconnection joins every room again with `after`, the highest offset seen there; the server
// sends what was missed, in order, and then the outbox goes on.
import { initialState, reduce } from '../chat/state.js';
import { createStore } from '../chat/store.js';
import { isSignedIn, loadReads } from './api.js';
import { createConnection } from './connection.js';
import { createHistory } from './history.js';
import { createReader } from './reader.js';
import { createRooms } from './rooms.js';
import { createSender } from './sender.js';
import { createSignals } from './signals.js';
import * as Storage from './storage.js';

const LIST_MS = 30000; // new rooms are not announced

const actionOf = {
    message: (m) => ({ type: 'message', message: m }),
    message_edited: (m) => ({ type: 'edited', message: m }),
    message_deleted: (p) => ({ ...p, type: 'deleted' }),
    user_joined: (p) => ({ ...p, type: 'userJoined' }),
    user_left: (p) => ({ ...p, type: 'userLeft' }),
    presence_update: (p) => ({ ...p, type: 'presence' }),
    typing: (p) => ({ ...p, type: 'typing' }),
    typing_stop: (p) => ({ ...p, type: 'typingStop' }),
    message_read: (p) => ({ ...p, type: 'readBy' }),
    error: (p) => ({ type: 'problem', text: p?.message ?? p?.code ?? '' }),
};

const isVisible = () => document.visibilityState === 'visible';

function initial({ userId, username }) {
    return {
        ...initialState(Storage.loadOutbox(userId)),
        me: { userId, username },
        visible: isVisible(),
    };
}

function saveOutboxOf(store) {
    const { me } = store.get();
    let saved = store.get().outbox;
    store.subscribe(() => {
        const { outbox } = store.get();
        if (outbox !== saved) {
            saved = outbox;
            Storage.saveOutbox(me.userId, outbox);
        }
    });
}

// What a person does with messages and drafts.
function createWriting(store, { request }, { history, sender, signals }) {
    const { dispatch } = store;
    const { userId } = store.get().me;
    return {
        send(roomId, content) {
            const clientId = Storage.randomId();
            const createdAt = new Date().toISOString();
            signals.stopTyping(roomId);
            dispatch({ type: 'write', entry: { clientId, roomId, content, createdAt } });
            history.showEnd(roomId);
            sender.pump(roomId);
        },
        sendAgain(roomId, clientId) {
            dispatch({ type: 'sendAgain', clientId });
            sender.pump(roomId);
        },
        discard: (clientId) => dispatch({ type: 'discard', clientId }),

        // A change is shown when its event comes, which is when it is stored.
        edit: (messageId, content) => request('edit_message', { messageId, content }),
        remove: (messageId) => request('delete_message', { messageId })
            .catch((error) => dispatch({ type: 'problem', text: error.message })),

        loadDraft: (roomId) => Storage.loadDraft(userId, roomId),
        saveDraft: (roomId, text) => Storage.saveDraft(userId, roomId, text),
    };
}

// What goes on by itself while the window is open; gives what ends it.
function watch(store, rooms, signals) {
    const onVisibility = () => {
        const visible = isVisible();
        store.dispatch({ type: 'visible', visible });
        signals.onVisibility(visible);
        if (visible) {
            rooms.refresh();
        }
    };
    const timer = setInterval(() => isVisible() && rooms.refresh(), LIST_MS);
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
        clearInterval(timer);
        document.removeEventListener('visibilitychange', onVisibility);
    };
}

// An open server lets in who comes with a token that it does not take; so it is asked, each time
// that it may be another.
function createSession({ token }, { auth }, onRefused) {
    let stopped = !token || auth === 'required';
    return {
        async check() {
            if (!stopped && !await isSignedIn(token) && !stopped) {
                stopped = true;
                onRefused();
            }
        },
        stop() {
            stopped = true;
        },
    };
}

// onRefused(): the server does not take the token any more. onWelcome: see rooms.js.
export function createClient(identity, config, { onRefused, onWelcome }) {
    const store = createStore(reduce, initial(identity));
    const { dispatch } = store;
    const session = createSession(identity, config, onRefused);
    const connection = createConnection(identity, config.path, {
        onRefused,
        onLink(link) {
            dispatch({ type: 'link', link });
            if (link === 'on') {
                session.check();
                rooms.onConnected();
                signals.onConnected();
            } else {
                sender.onLost();
            }
        },
        onEvent(name, payload) {
            if (Object.hasOwn(actionOf, name)) {
                dispatch(actionOf[name](payload));
            }
        },
    });
    const sender = createSender(store, connection);
    const signals = createSignals(store, connection, config.typingTimeout);
    const history = createHistory(store, connection);
    const rooms = createRooms(store, connection, {
        history,
        sender,
        onWelcome,
        loadReads: (roomId) => loadReads(identity.token, roomId),
        onAllJoined: signals.onAllJoined,
    });
    const reader = createReader(store, connection);
    const unwatch = watch(store, rooms, signals);

    saveOutboxOf(store);
    store.subscribe(reader.look);

    return {
        config,
        store,
        start: connection.start,
        stop() {
            unwatch();
            session.stop();
            reader.stop();
            signals.stop();
            connection.stop();
        },
        ...rooms,
        ...history,
        ...createWriting(store, connection, { history, sender, signals }),
        type: signals.type,
        stopTyping: signals.stopTyping,
        setFollowing: (roomId, following) => dispatch({ type: 'following', roomId, following }),
        dismissProblem: () => dispatch({ type: 'problem', text: '' }),
        search: (query, roomId, before) => connection.request('search', {
            query, limit: 20, ...(roomId && { roomId }), ...(before && { before }),
        }),
        jump(roomId, offset) {
            rooms.open(roomId);
            history.showAround(roomId, offset);
        },
    };
}
