// SPDX-License-Identifier: MIT
//
// Who has read how far. A room may have thousands of readers and a window hundreds of own messages,
// so the marks are sorted once, and each message takes a look.

// [{userId, offset}...] of everybody but one, those who are furthest first.
export function sortedReads(reads, except) {
    return [...reads]
        .filter(([userId]) => userId !== except)
        .map(([userId, offset]) => ({ userId, offset }))
        .sort((a, b) => b.offset - a.offset);
}

// How many of them, from the first on, have read as far as offset.
export function countReaders(sorted, offset) {
    let from = 0;
    let to = sorted.length;
    while (from < to) {
        const middle = (from + to) >> 1;
        if (sorted[middle].offset >= offset) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

const NAMED_MAX = 10;

// Who the first count of them are, in words. A mark outlives the visit, so some may be strangers.
export function readersText(sorted, count, people) {
    const names = sorted.slice(0, Math.min(count, NAMED_MAX))
        .map(({ userId }) => people.get(userId)?.username)
        .filter(Boolean);
    const more = count - names.length;
    if (names.length === 0) {
        return more === 1 ? '1 person' : `${more} people`;
    }
    return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
