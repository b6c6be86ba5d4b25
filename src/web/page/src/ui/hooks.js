// SPDX-License-Identifier: MIT
import {
    createContext, useContext, useEffect, useState, useSyncExternalStore,
} from 'react';

export const ClientContext = createContext(null);
export const useClient = () => useContext(ClientContext);

// A part of the state; select must give the same object while nothing has changed in it.
export function useChat(select) {
    const { store } = useClient();
    return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

export const useRoom = (roomId) => useChat((state) => state.rooms.get(roomId));

// The room is the fragment of the address: a link leads to it, "back" leaves it, a reload stays.
function roomOfAddress() {
    try {
        return decodeURIComponent(window.location.hash.slice(1)) || null;
    } catch {
        return null;
    }
}

export const addressOf = (roomId) => `#${roomId === null ? '' : encodeURIComponent(roomId)}`;

export const goTo = (roomId) => {
    window.location.hash = addressOf(roomId);
};

export function useRoomOfAddress() {
    const [roomId, setRoomId] = useState(roomOfAddress);
    useEffect(() => {
        const follow = () => setRoomId(roomOfAddress());
        window.addEventListener('hashchange', follow);
        return () => window.removeEventListener('hashchange', follow);
    }, []);
    return roomId;
}

export function useMedia(query) {
    return useSyncExternalStore(
        (listener) => {
            const media = window.matchMedia(query);
            media.addEventListener('change', listener);
            return () => media.removeEventListener('change', listener);
        },
        () => window.matchMedia(query).matches,
    );
}
