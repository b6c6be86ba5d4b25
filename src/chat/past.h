/* Past: what somebody who joins a room is given of what was before; see join.c for why nothing of
 * it is missing, or comes again live.
 *
 *   PAST_HISTORY   the latest messages, newest first
 *   PAST_CHANGES   what happened after an offset that the joiner knows, in its order
 *   PAST_DIRECTS   the direct messages that were not delivered yet, oldest first; a page of them,
 *                  after which a member asks for the next (join.c)
 *
 * It comes from the room's tail if that reaches far enough, else from the store. Where the journal
 * follows its log, it is asked first how far that has been told here (journal_fence).
 *
 * Ownership: embedded in a joining. Threads: begun and completed on the room's home loop; then
 * used wherever the joining is. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_PAST_H
#define CHAT_PAST_H

#include "src/chat/room.h"
#include "src/journal/journal.h"
#include "src/store/store.h"

enum past_kind { PAST_NONE, PAST_HISTORY, PAST_CHANGES, PAST_DIRECTS };

enum {
    PAST_CHANGES_MAX = 1000,  /* above, the joiner is told of a gap and given the latest */
    PAST_AFTER_GAP = 100,     /* so many */
    PAST_BYTES_MAX = 1 << 20, /* of a page; of changes four times that, then it is a gap */
};

struct past {
    enum past_kind kind;
    struct span room; /* outlives it */
    struct span user; /* PAST_DIRECTS: whose they are; outlives it */
    uint64_t after;   /* PAST_CHANGES; PAST_DIRECTS: of the page before, 0: this is the first */
    unsigned limit;   /* PAST_HISTORY */
    void (*on_ready)(struct past *past);
    /* It asks the store: what is told from now on is in it. On the room's home; NULL: nobody asks.
     */
    void (*on_read)(struct past *past);

    int error;                /* 0 or enum store_error */
    struct message *messages; /* in the order to be told; texts in page and records */
    size_t count;
    uint64_t newest; /* PAST_CHANGES: place of the latest that happened */
    bool more;       /* PAST_DIRECTS: there are further ones */
    uint64_t next;   /* PAST_CHANGES: nothing between `after` and this is in it; 0: no gap */

    struct chat_room *at;  /* for past.c, as the rest */
    struct list_node node; /* in at->waiting */
    uint64_t from;         /* PAST_CHANGES: what is read is after it */
    bool read_again;       /* PAST_CHANGES: all of what is left */
    uint64_t pushed;       /* the tail's, when the read began */
    struct journal_fence fence;
    struct message_page *page;
    struct record **records;
    size_t record_count;
    union {
        struct store_history history;
        struct store_changes changes;
        struct store_directs directs;
    } read; /* history also of PAST_CHANGES, to find where the latest begin */
};

/* kind, room, after, limit, on_ready and on_read are set, the rest is zero. on_ready runs exactly
 * once, perhaps before this returns. */
void past_begin(struct past *past, struct chat_room *room);

/* Nothing is being delivered in the room any more: those that have waited for that go on. */
void past_resume(struct chat_room *room);

/* Frees what it has found. */
void past_finish(struct past *past);

#endif
