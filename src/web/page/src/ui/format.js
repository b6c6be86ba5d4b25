// SPDX-License-Identifier: MIT
import { dayOf } from '../chat/rows.js';

const time = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat([], { weekday: 'long', day: 'numeric', month: 'long' });
const dayWithYear = new Intl.DateTimeFormat([], { dateStyle: 'long' });
const short = new Intl.DateTimeFormat([], { day: 'numeric', month: 'short', year: 'numeric' });

const DAY_MS = 24 * 60 * 60 * 1000;

export const timeText = (timestamp) => time.format(new Date(timestamp));
export const fullText = (timestamp) => full.format(new Date(timestamp));
export const shortDate = (timestamp) => short.format(new Date(timestamp));

export function dayText(timestamp) {
    const date = new Date(timestamp);
    const now = new Date();
    if (dayOf(date) === dayOf(now)) {
        return 'Today';
    }
    if (dayOf(date) === dayOf(new Date(now - DAY_MS))) {
        return 'Yesterday';
    }
    return (date.getFullYear() === now.getFullYear() ? day : dayWithYear).format(date);
}

// Everybody has a colour that stays theirs.
export function hueOf(userId) {
    let hash = 0;
    for (const c of userId) {
        hash = (hash * 31 + c.codePointAt(0)) % 360;
    }
    return hash;
}

export function initialsOf(name) {
    const words = name.match(/[\p{L}\p{N}]+/gu) ?? ['?'];
    const shown = words.length > 1 ? [words[0], words[words.length - 1]] : words;
    return shown.map((w) => [...w][0]).join('').toUpperCase();
}

export const counted = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
