/* Journal value: a message of the chat as a journal's log carries it, one JSON object that
 * consumers of the systems whose clients work here understand.
 *
 *   {"id", "roomId", "chatRoomId", "userId", "username", "message"?, "content"?, "type",
 *    "timestamp", "action"?, "raw"?,
 *    "rookery": {"v", "dialect", "ms", "ownTime"? | "sentAt"?, "clientId"?, "to"?, "editedMs"?,
 *                "said"?, "bytes"?}}
 *
 * Those with ? are there only if there is something to say.
 *   message, content   the same JSON value: the first for readers of dialect 0, the second for
 *                      those of dialect 4
 *   timestamp          of the sender, where he gave a string ("ownTime": true); else that of the
 *                      server in ISO 8601, and in "sentAt" what else the sender gave
 *   action             "edit", "delete" or "mark", so that others can leave those alone
 *   raw                the sender's payload, of dialects that pass it on as it is
 *   ms, editedMs       times of the server
 *   to                 user id of the recipient, of a direct message
 *   said               place of the message that is changed
 *   bytes              {"roomId": Base64 ...}: the texts that are not UTF-8, by the name of their
 *                      member; outside each such byte is U+FFFD
 *
 * Values of other producers on the same topic are read by their shape, ids and names of theirs as
 * strings or numbers:
 *   dialect 4   {id?, roomId, userId, username?, content, type?, timestamp?}
 *   dialect 1   {roomId, userId, username?, text, timestamp?}; raw is all of it
 *   dialect 0   {userId, chatRoomId, message, timestamp?}
 * Their `timestamp` is the sender's own (sent_at), and timestamp_ms is 0: the time of such a record
 * is the broker's. One without an id gets it from where it stands in the log (journal_value_id),
 * the same each time that it is read.
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

/* The longest text that is read, but for content and raw. */
enum { JOURNAL_VALUE_TEXT_BYTES_MAX = 1024 };

/* Appends the value of a message, without a terminating NUL: its action, said and all texts are
 * carried; offset, changed, placed, fate and state are not. content, sent_at and raw go in as they
 * are, so they must be the JSON that message.h says. */
void journal_value_write(struct bytes *out, const struct message *m);

/* Reads a value. Texts point into value and *scratch, whose first contents are cleared. id is empty
 * where a new message has none; dialect is whatever number the writer gave. Returns 0 or an enum
 * journal_value_error. */
MUST_USE int journal_value_read(struct span value, struct bytes *scratch, struct message *m);

/* Is it of this codec, and not by another producer? */
bool journal_value_is_ours(struct span value);

enum { JOURNAL_VALUE_ID_BYTES = 36 };

/* The id of a record that has none: a UUID (version 8) from the log's name, its partition and its
 * position. */
void journal_value_id(struct span log, unsigned partition, uint64_t position,
                      char out[JOURNAL_VALUE_ID_BYTES]);

#endif
