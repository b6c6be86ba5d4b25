// SPDX-License-Identifier: MIT
//
// From messages to the rows that are shown: a line where a day begins, one where the unread begin,
// and messages, of which those that follow soon after another of the same author go without a head.
const TOGETHER_MS = 5 * 60 * 1000;

export function dayOf(timestamp) {
    const t = new Date(timestamp);
    return `${t.getFullYear()}-${t.getMonth() + 1}-${t.getDate()}`;
}

function belongsTo(message, before) {
    return before !== undefined && before.userId === message.userId && !before.deleted
        && Date.parse(message.timestamp) - Date.parse(before.timestamp) < TOGETHER_MS;
}

// pending: own messages that have no offset yet; they are last.
export function rowsOf(messages, pending, me, unreadFrom = 0) {
    const rows = [];
    let before;
    let unreadShown = unreadFrom === 0;
    const put = (message, isPending) => {
        // The key outlives the change from pending to stored, and so does the element.
        const key = message.clientId && message.userId === me.userId ? message.clientId : message.id;
        const newDay = before === undefined || dayOf(before.timestamp) !== dayOf(message.timestamp);
        if (newDay) {
            rows.push({ kind: 'day', key: `day of ${key}`, timestamp: message.timestamp });
        }
        const firstUnread = !unreadShown && message.offset >= unreadFrom;
        if (firstUnread) {
            unreadShown = true;
            rows.push({ kind: 'unread', key: 'unread' });
        }
        const follows = !newDay && !firstUnread && belongsTo(message, before);
        rows.push({ kind: 'message', key, message, follows, pending: isPending });
        before = message;
    };
    messages.forEach((m) => put(m, false));
    pending.forEach((e) => put({ ...me, ...e, timestamp: e.createdAt }, true));
    return rows;
}
