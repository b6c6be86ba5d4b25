// SPDX-License-Identifier: MIT
//
// What others see of a person besides messages: that they type, and that they are away. Neither is
// worth an error: what is lost is said again soon.
const AWAY_MS = 60000; // a window that was out of sight that long

export function createSignals(store, connection, typingTimeout) {
    let typingIn = null; // the room that was told so
    let toldAt = 0;
    let idle = null; // ends it when no key is pressed any more
    let hidden = null;
    let away = false;

    const tell = (event, payload) => connection.isOn() && connection.ask(event, payload, () => {});

    function stopTyping() {
        clearTimeout(idle);
        if (typingIn !== null) {
            tell('typing_stop', { roomId: typingIn });
            typingIn = null;
        }
    }

    // Call it at every key. The server forgets after typingTimeout, so it is told in time before.
    function type(roomId) {
        const now = Date.now();
        if (typingIn !== null && typingIn !== roomId) {
            stopTyping();
        }
        if (typingIn === null || now - toldAt > typingTimeout / 2) {
            typingIn = roomId;
            toldAt = now;
            tell('typing_start', { roomId });
        }
        clearTimeout(idle);
        idle = setTimeout(stopTyping, typingTimeout * 0.8);
    }

    function setAway(isAway) {
        if (away !== isAway) {
            away = isAway;
            tell('set_presence', { status: away ? 'away' : 'online' });
        }
    }

    function onVisibility(visible) {
        clearTimeout(hidden);
        if (visible) {
            setAway(false);
        } else {
            hidden = setTimeout(() => setAway(true), AWAY_MS);
        }
    }

    onVisibility(store.get().visible);

    return {
        type,
        stopTyping,
        onVisibility,
        // A new connection begins online and without typing.
        onConnected() {
            typingIn = null;
        },
        // Whoever joins is taken to be online; so the others are told after that.
        onAllJoined() {
            if (away) {
                tell('set_presence', { status: 'away' });
            }
        },
        stop() {
            clearTimeout(idle);
            clearTimeout(hidden);
        },
    };
}
