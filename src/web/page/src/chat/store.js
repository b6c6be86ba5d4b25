// SPDX-License-Identifier: MIT
//
// Holds the state and tells who listens. A change is told at once, but in a burst (a thousand
// missed messages after a reconnection) only every NOTICE_MS: each notice draws the page anew.
const NOTICE_MS = 32;

export function createStore(reduce, initial) {
    const listeners = new Set();
    let state = initial;
    let told = 0;
    let timer = null;

    function tell() {
        timer = null;
        told = Date.now();
        listeners.forEach((listener) => listener());
    }

    return {
        get: () => state,
        dispatch(action) {
            const next = reduce(state, action);
            if (next === state) {
                return;
            }
            state = next;
            if (timer === null && Date.now() - told >= NOTICE_MS) {
                tell();
            } else {
                timer ??= setTimeout(tell, NOTICE_MS);
            }
        },
        subscribe(listener) {
            listeners.add(listener);
            return () => listeners.delete(listener);
        },
    };
}
