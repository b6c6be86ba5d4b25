/* Journal value: a message of the chat as a journal's log carries it, one JSON object that
 * consumers of the systems whose clients work here understand.
 *
 *   {"id", "roomId", "chatRoomId", "userId", "username", "message", "content", "type", "timestamp",
 *    "action"?, "rookery": {...}}
 *
 * `message` and `content` are the same text: the first for readers of dialect 0, the second for
 * those of dialect 4; `timestamp` is ISO 8601, the sender's own where he gave one. What our own
 * nodes need beyond that to read back exactly what was written is in `rookery`: {v, dialect, ms,
 * raw, sentAt, clientId, to, editedMs, said, action}. An edit, a deletion or a read mark has
 * "action" outside too, so that others can leave it alone.
 *
 * Values of other producers on the same topic are read by their shape: dialect 0 {userId,
 * chatRoomId, message, timestamp}, dialect 4 {id, roomId, userId, username, content, type,
 * timestamp}, dialect 1 {roomId, userId, username, text, timestamp}. One without an id gets it from
 * where it stands in the log (journal_value_id), the same each time that it is read.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_JOURNAL_VALUE_H
#define JOURNAL_JOURNAL_VALUE_H

#include "src/base/message.h"

enum journal_value_error {
    JOURNAL_VALUE_EMALFORMED = -1, /* no JSON object */
    JOURNAL_VALUE_EUNKNOWN = -2,   /* of no form that is known here */
    JOURNAL_VALUE_EINVALID = -3,   /* of a known form, with a member that cannot be */
};

const char *journal_value_strerror(int error);

/* Appends the value of a message: its action, said and all texts are carried; offset, changed,
 * placed, fate and state are not. */
void journal_value_write(struct bytes *out, const struct message *m);

/* Reads a value. Texts point into value and *scratch, whose first contents are cleared. id is empty
 * where the value has none. Returns 0 or an enum journal_value_error. */
MUST_USE int journal_value_read(struct span value, struct bytes *scratch, struct message *m);

/* Is it of this codec, and not by another producer? */
bool journal_value_is_ours(struct span value);

enum { JOURNAL_VALUE_ID_BYTES = 36 };

/* The id of a record that has none: a UUID (version 8) from the log's name, its partition and its
 * position. */
void journal_value_id(struct span log, unsigned partition, uint64_t position,
                      char out[JOURNAL_VALUE_ID_BYTES]);

#endif
