// SPDX-License-Identifier: MIT
//
// A message as the page wants it. People of other chat systems are in the same rooms, whose clients
// leave out a name or make up a time: the components need not know.

const textOr = (value, other) => (typeof value === 'string' && value !== '' ? value : other);
const isTime = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));

export function asMessage(m) {
    const userId = textOr(m.userId, '');
    return {
        ...m,
        userId,
        username: textOr(m.username, userId || 'Somebody'),
        content: textOr(m.content, ''),
        timestamp: isTime(m.timestamp) ? m.timestamp : new Date(0).toISOString(),
        editedAt: isTime(m.editedAt) ? m.editedAt : undefined,
    };
}
