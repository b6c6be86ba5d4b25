// SPDX-License-Identifier: MIT
//
// What the browser keeps for the page. A browser may refuse (private windows, a full disk): then
// nothing is kept, and the page works all the same.
//
//   local storage     who was here last, their rooms, the theme: for every window of this browser
//   session storage   who is in this window, what they have written: so two windows can be two people
import * as Outbox from '../chat/outbox.js';

function read(storage, key) {
    try {
        return window[storage].getItem(key);
    } catch {
        return null;
    }
}

function write(storage, key, value) {
    try {
        if (value === null) {
            window[storage].removeItem(key);
        } else {
            window[storage].setItem(key, value);
        }
    } catch {
        // see above
    }
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}

export function randomId() {
    const random = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(random, (b) => b.toString(16).padStart(2, '0')).join('');
}

// ---- who ---------------------------------------------------------------------------------------

// {userId, username, token?}; the token of an account, none for a name that was picked.
export function loadIdentity() {
    const own = parse(read('sessionStorage', 'identity')) ?? parse(read('localStorage', 'identity'));
    return typeof own?.userId === 'string' && typeof own.username === 'string' ? own : null;
}

export function saveIdentity(identity) {
    write('sessionStorage', 'identity', JSON.stringify(identity));
    write('localStorage', 'identity', JSON.stringify(identity));
}

// The other windows of this browser stay who they are.
export function forgetIdentity() {
    write('sessionStorage', 'identity', null);
    write('localStorage', 'identity', null);
}

// ---- what is theirs ----------------------------------------------------------------------------

export function loadRooms(userId) {
    const rooms = parse(read('localStorage', `rooms ${userId}`));
    return Array.isArray(rooms) ? rooms.filter((r) => typeof r === 'string') : [];
}

export const saveRooms = (userId, rooms) =>
    write('localStorage', `rooms ${userId}`, JSON.stringify(rooms));

export const loadOutbox = (userId) => Outbox.parse(read('sessionStorage', `outbox ${userId}`));

export const saveOutbox = (userId, outbox) =>
    write('sessionStorage', `outbox ${userId}`, outbox.length > 0 ? JSON.stringify(outbox) : null);

const draftKey = (userId, roomId) => `draft ${JSON.stringify([userId, roomId])}`;

export const loadDraft = (userId, roomId) =>
    read('sessionStorage', draftKey(userId, roomId)) ?? '';

export const saveDraft = (userId, roomId, text) =>
    write('sessionStorage', draftKey(userId, roomId), text || null);

// ---- theme -------------------------------------------------------------------------------------

export const loadTheme = () => read('localStorage', 'theme');
export const saveTheme = (theme) => write('localStorage', 'theme', theme);
