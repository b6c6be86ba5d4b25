// SPDX-License-Identifier: MIT
//
// Takes what is in the outbox to the server: in each room one message at a time, so that they are
// stored in the order they were written in, and each again until it is answered.
import * as Outbox from '../chat/outbox.js';

const RETRY_MS = 1000;
const RETRY_MAX_MS = 15000;

// later: setTimeout, or what a test has instead.
export function createSender(store, connection, later = setTimeout) {
    const joined = new Set(); // rooms, by this connection; others take nothing from us
    const busy = new Set(); // rooms in which one is on its way, or waits for its next try
    const tries = new Map(); // clientId -> refusals so far

    function settled(roomId, clientId) {
        busy.delete(roomId);
        tries.delete(clientId);
        pump(roomId);
    }

    function retryLater(roomId, clientId) {
        const count = (tries.get(clientId) ?? 0) + 1;
        tries.set(clientId, count);
        later(() => {
            busy.delete(roomId);
            pump(roomId);
        }, Math.min(RETRY_MS * 2 ** (count - 1), RETRY_MAX_MS));
    }

    function onRefused(roomId, clientId, error) {
        if (!connection.isOn()) {
            busy.delete(roomId); // joining the room again starts it
        } else if (error.retryable) {
            store.dispatch({ type: 'sendDelayed', clientId, error: error.message });
            retryLater(roomId, clientId);
        } else {
            store.dispatch({ type: 'sendFailed', clientId, error: error.message });
            settled(roomId, clientId);
        }
    }

    // Call it when something was written.
    function pump(roomId) {
        const entry = Outbox.next(store.get().outbox, roomId);
        if (!entry || !joined.has(roomId) || busy.has(roomId)) {
            return;
        }
        const { clientId, content } = entry;
        busy.add(roomId);
        connection.ask('send_message', { roomId, content, clientId }, (error, answer) => {
            if (error) {
                onRefused(roomId, clientId, error);
                return;
            }
            store.dispatch({ ...answer, type: 'sent', clientId });
            settled(roomId, clientId);
        });
    }

    return {
        pump,
        onJoined(roomId) {
            joined.add(roomId);
            pump(roomId);
        },
        onLost: () => joined.clear(),
    };
}
