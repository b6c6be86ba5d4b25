// SPDX-License-Identifier: MIT
import { dayOf } from '../chat/rows.js';

const time = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat([], { weekday: 'long', day: 'numeric', month: 'long' });
const dayWithYear = new Intl.DateTimeFormat([], { dateStyle: 'long' });
const short = new Intl.DateTimeFormat([], { day: 'numeric', month: 'short', year: 'numeric' });

const DAY_MS = 24 * 60 * 60 * 1000;

// A time that is none (another dialect's client chose it) is shown as nothing.
const valid = (format) => (timestamp) => {
    const date = new Date(timestamp);
    return Number.isNaN(date.getTime()) ? '' : format(date);
};

export const timeText = valid((date) => time.format(date));
export const fullText = valid((date) => full.format(date));
export const shortDate = valid((date) => short.format(date));

export const dayText = valid((date) => {
    const now = new Date();
    if (dayOf(date) === dayOf(now)) {
        return 'Today';
    }
    if (dayOf(date) === dayOf(new Date(now - DAY_MS))) {
        return 'Yesterday';
    }
    return (date.getFullYear() === now.getFullYear() ? day : dayWithYear).format(date);
});

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
