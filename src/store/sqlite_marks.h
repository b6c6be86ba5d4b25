/* How far users have read rooms, for whoever says it: a call (store_read_mark), or a message that
 * was appended (MESSAGE_MARK).
 *
 * Within the writer's transaction, on its thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_MARKS_H
#define STORE_SQLITE_MARKS_H

#include "src/store/sqlite_writer.h"

struct sqlite_mark {
    struct span room, user_id;
    uint64_t offset;        /* read up to it; 0: message_id tells */
    struct span message_id; /* or empty */
    uint64_t placed;        /* nothing that has come to the room after it is meant; 0: anything */

    uint64_t meant; /* the offset that counts; 0: there is no such room or message */
    uint64_t read;  /* his mark now */
    bool changed;   /* it had not come that far before */
};

/* Puts it, unless there is nothing that is meant. Returns SQLITE_OK or what went wrong. */
MUST_USE int sqlite_marks_put(struct sqlite_writer *writer, struct sqlite_mark *mark);

#endif
