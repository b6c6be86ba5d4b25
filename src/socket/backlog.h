/* Backlog: what has been said lately, for those who come back to their sessions (keeper.h). Each
 * event is here once, as it was sent, whatever the number of its receivers.
 *
 *   log     by stamp, in the order in which it was said     31  32  33  34  35
 *   loop 0  in the order in which it has passed there       31  33  32  34
 *   loop 1                                                  32  31  34  33       (35 is on its way)
 *
 * Each loop has an order of its own: what it says itself passes there at once, what others say when
 * it arrives. The place of an event on a loop is its number in that order, from 1. So a client that
 * was on loop 0 and got 33 last has got the first two there, and lacks 32 and 34; loop 1, which it
 * comes back to, has both, and will not say them again. But what it has got and has not passed on
 * its new loop yet, that loop would say again: then it is to wait for that.
 *
 * What is for one socket alone passes on its own loop only, and has a place on the others all the
 * same, since its client may come back to them: behind what its loop has told them before it, and
 * ahead of what it tells them next. That place is given when it is needed.
 *
 * What has been got is a place on each loop (0: nothing): of an event it is enough to have been got
 * on one of them.
 *
 * The oldest is dropped first. Who lacks something that has been dropped has a gap.
 *
 * Threads: one at a time; counted references may be released anywhere. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_BACKLOG_H
#define SOCKET_BACKLOG_H

#include <stdatomic.h>

#include "src/api/rookery.h"
#include "src/base/ring.h"
#include "src/socket/socket.h"

struct said_form {
    uint32_t tags;      /* of those who get it, see rooms.h */
    struct span packet; /* as it is queued (see encoder.h) */
};

/* An event. Immutable once it is complete, but for its places. */
struct said {
    atomic_uint refs;
    unsigned loop;          /* that has said it */
    bool to_one;            /* for the socket of that id alone; else that one does not get it */
    char id[SOCKET_ID_LEN]; /* begins with NUL: there is no such socket */
    const struct rookery_namespace *nsp;
    struct rookery_target *to; /* a copy; NULL: everybody */
    struct said_form *forms;   /* with their packets, in one block */
    size_t form_count;         /* 0: it is not complete yet, or was not said after all */
    size_t bytes;              /* of memory, with everything */
    uint64_t stamp, said_ms;
    uint64_t places[]; /* by loop; 0: it has not passed there yet */
};

struct backlog_loop {
    struct ring order;       /* stamps, uint64_t */
    uint64_t cursor;         /* no event before this stamp has yet to pass here */
    uint64_t lost;           /* dropped, and have yet to pass here */
    struct ring to_one;      /* stamps of what was said here to one socket, uint64_t */
    uint64_t *to_one_passed; /* by loop: which of them come next there */
};

struct backlog {
    struct ring log; /* struct slot, see backlog.c */
    struct backlog_loop *loops;
    unsigned loop_count;
    size_t bytes;
    uint64_t secret[2];
};

void backlog_init(struct backlog *b, unsigned loop_count, const uint64_t secret[2]);
void backlog_finish(struct backlog *b);

/* The next event, of that loop, without forms, to be completed. The caller's reference, beside the
 * backlog's. */
struct said *backlog_add(struct backlog *b, const struct rookery_namespace *nsp,
                         const struct rookery_target *to, unsigned loop, uint64_t now_ms);

/* It is for the socket of that id alone; or that one does not get it. Before it is completed. */
void backlog_to_one(struct backlog *b, struct said *s, struct span id);
void backlog_except(struct said *s, struct span id);

/* These are its forms. Copies them: a frame that is sent may get others beside it (twin.h), which
 * nobody counts here. */
void backlog_complete(struct backlog *b, struct said *s, const struct said_form *forms,
                      size_t count);

/* It passes on that loop now, once: its own first, and that is all if it is for one socket. */
void backlog_pass(struct backlog *b, struct said *s, unsigned loop);

/* It is not said after all. */
void backlog_take_back(struct backlog *b, struct said *s);

/* The event with that stamp, or NULL. */
struct said *backlog_find(const struct backlog *b, uint64_t stamp);

/* The oldest, or NULL; and drops it. */
struct said *backlog_oldest(const struct backlog *b);
void backlog_drop_oldest(struct backlog *b);

/* How much has passed on that loop. */
static inline uint64_t backlog_place(const struct backlog *b, unsigned loop)
{
    return b->loops[loop].order.end;
}

static inline struct said *said_hold(struct said *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void said_release(struct said *s);

/* ---- reading ---- */

struct backlog_reader {
    const struct rookery_namespace *nsp;
    struct span sid;
    const struct rookery_str *rooms;
    const uint8_t *tags; /* of each room; NULL: all 0 */
    size_t room_count;
    const uint64_t *got; /* by loop */
    unsigned from;       /* a loop on which something was got */
    unsigned to;         /* the loop that it comes back to */
};

struct missed {
    struct said *said; /* held */
    uint64_t place;    /* on the new loop */
    uint32_t tags;     /* those of the reader, for its forms */
};

enum backlog_end {
    BACKLOG_READ,
    BACKLOG_EARLY, /* something has yet to pass that decides: to be read again in a later turn */
    BACKLOG_GAP,   /* something that may be missed is not there any more */
};

/* Fills list[*count] with what the reader has missed and has passed on the new loop, in the order
 * of that loop. The list is the caller's in any case, for backlog_forget. */
enum backlog_end backlog_read(struct backlog *b, const struct backlog_reader *reader,
                              struct missed **list, size_t *count);

void backlog_forget(struct missed *list, size_t count);

#endif
