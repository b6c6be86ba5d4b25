/* Feed: what journals with a broker have taken, read from the broker for the store; one reader for
 * each record among all that read for the same store.
 *
 *   poll ──> entries ──(stored)──> commit
 *              └─(can never be)──> reject
 *
 * A back-end is a struct feed_ops:
 *   kafka      a consumer group (cooperative-sticky) over the topic; its entries have places. Where
 *              a partition begins the store says (store_log), not the group: the group's committed
 *              offsets are for those who look at lag, and for whoever takes a partition over later
 *   rabbitmq   a queue, read by one at a time; no places
 *
 * Entries of a room come in the order of the log. Those that are not committed when the process
 * dies come again, to whoever reads next.
 *
 * A record that its producer put into another partition than its room's is moved there by the feed:
 * it comes as an entry that is `moved`, of which there is nothing to store, but whose position is
 * to be marked, and again as an entry of its own from where it stands then.
 *
 * Ownership: entries and what they point to belong to the feed and live until the next poll.
 * Threads: one uses it; figures, any. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_FEED_H
#define JOURNAL_FEED_H

#include "src/base/message.h"

enum feed_error {
    FEED_EAWAY = -1, /* the broker cannot be reached: it is tried again by itself */
    FEED_ELOST = -2, /* what was given is another reader's by now: drop it, and poll again */
};

/* Of reject: it is not given up yet, but steps aside and comes again some time later. */
enum { FEED_LATER = 1 };

const char *feed_strerror(int error);

struct feed_entry {
    struct message message; /* placed is set, by feeds that have places */
    unsigned partition;
    uint64_t position;  /* its number in the partition, from 0 */
    bool moved;         /* nothing to store; message has no more than its room */
    const char *reason; /* why it is none that can be stored: to be rejected; NULL: it is one */
};

/* For metrics. */
struct feed_figures {
    uint64_t lag; /* records in the log behind those that are committed, of this reader's parts */
    uint64_t rejected;   /* since the start */
    uint64_t moved;      /* likewise, to the partition of their room */
    uint64_t missing;    /* likewise, that the broker had deleted before they were read */
    unsigned partitions; /* that it reads */
    unsigned shorts;     /* of those, that have fewer records than are stored: none is read then */
    bool is_up;
};

struct feed {
    const struct feed_ops *ops;
};

struct feed_ops {
    const char *name;
    /* Fills entries with pointers to up to max of them that come within wait_ms, of which there may
     * be none; ends earlier once they hold some megabytes. Returns how many, or an enum feed_error.
     * What was given before must be committed; else it is dropped, and comes again only to whoever
     * opens a feed later. max is the same each time. */
    int (*poll)(struct feed *feed, unsigned wait_ms, struct feed_entry **entries, size_t max);
    /* All that was given is stored or rejected. Returns 0 or an enum feed_error; then it comes
     * again to somebody, which is harmless. */
    int (*commit)(struct feed *feed);
    /* Puts the entry where what cannot be stored waits for somebody to look at it, with the reason;
     * blocks until it is there. Returns 0, FEED_LATER or an enum feed_error. */
    int (*reject)(struct feed *feed, const struct feed_entry *entry, const char *reason);
    /* The store is away: stays the reader of its parts without being given entries (poll gives none
     * and must still be called); what was given and not committed comes again after resume. */
    void (*pause)(struct feed *feed);
    void (*resume)(struct feed *feed);
    void (*figures)(struct feed *feed, struct feed_figures *figures);
    /* Leaves the group, frees the feed. */
    void (*close)(struct feed *feed);
};

#endif
