// SPDX-License-Identifier: MIT
//
// The connection to the server: socket.io-client, and what has to be done beside it so that a lost
// connection always comes back.
//
// Who the server refuses is told by onRefused, and stays disconnected; everybody else is connected
// again, after any kind of loss. Beside a token goes what it says: an open server that does not know
// it lets in whom we name, and nobody becomes somebody else.
import { io } from 'socket.io-client';

const ANSWER_MS = 10000;
const RETURN_MS = 1000; // after the server itself has ended it; the client would not come back

// The codes of refusals that only signing in helps against; all others pass by themselves.
const NOT_SIGNED_IN = ['UNAUTHORIZED', 'TOKEN_EXPIRED'];

export class Refusal extends Error {
    constructor({ code, message, retryable }) {
        super(message || code || 'The server refused.');
        this.code = code;
        this.retryable = Boolean(retryable);
    }
}

// path: the server's, which a proxy may have put below the page's own folder.
export function createConnection(identity, path, { onLink, onRefused, onEvent }) {
    const { token, userId, username } = identity;
    const socket = io({
        path: new URL(`.${path}`, document.baseURI).pathname,
        auth: { ...(token && { token }), userId, username },
        autoConnect: false,
        transports: ['websocket', 'polling'],
        tryAllTransports: true,
        reconnectionDelay: 500,
        reconnectionDelayMax: 5000,
    });
    let timer = null;
    let stopped = false;

    function connectLater() {
        clearTimeout(timer);
        timer = setTimeout(() => socket.connect(), RETURN_MS);
    }

    function onConnectError(error) {
        onLink('lost');
        if (socket.active) {
            return; // nobody there; the client tries again by itself
        }
        if (NOT_SIGNED_IN.includes(error.data?.code)) {
            onRefused();
        } else {
            connectLater();
        }
    }

    // The end of a token is told before the connection is ended for it.
    function onError(error) {
        if (NOT_SIGNED_IN.includes(error?.code)) {
            onRefused();
        }
    }

    function onDisconnect(reason) {
        if (!stopped) {
            onLink('lost');
            if (!socket.active) {
                connectLater();
            }
        }
    }

    // The network is there again, or the computer woke up: no need to wait for the next try.
    function onOnline() {
        if (!socket.connected && !stopped) {
            socket.disconnect().connect();
        }
    }

    socket.on('connect', () => onLink('on'));
    socket.on('disconnect', onDisconnect);
    socket.on('connect_error', onConnectError);
    socket.on('error', onError);
    socket.onAny(onEvent);
    window.addEventListener('online', onOnline);

    // Calls back at once when the answer is there, before any event that follows it:
    // onAnswer(null, answer) or onAnswer(error).
    function ask(event, payload, onAnswer) {
        if (!socket.connected) {
            onAnswer(new Refusal({ message: 'Not connected.', retryable: true }));
            return;
        }
        socket.timeout(ANSWER_MS).emit(event, payload, (error, answer) => {
            if (error) {
                onAnswer(new Refusal({ message: 'The server did not answer.', retryable: true }));
            } else if (!answer?.ok) {
                onAnswer(new Refusal(answer ?? {}));
            } else {
                onAnswer(null, answer);
            }
        });
    }

    return {
        ask,
        request: (event, payload) => new Promise((resolve, reject) => {
            ask(event, payload, (error, answer) => (error ? reject(error) : resolve(answer)));
        }),
        isOn: () => socket.connected,
        start() {
            onLink('connecting');
            socket.connect();
        },
        stop() {
            stopped = true;
            clearTimeout(timer);
            window.removeEventListener('online', onOnline);
            socket.disconnect();
        },
    };
}
