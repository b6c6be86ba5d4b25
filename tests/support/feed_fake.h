/* Fake feed: a log that a test has written, handed out as feed.h says, with faults. What is
 * borrowed until the next poll is gone then, so that a sanitizer sees who keeps it.
 *
 * The log may lie in memory that processes share: how far it is committed then outlives whoever
 * reads it.
 *
 * Threads: one uses the feed; add, the faults and what was seen, any. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_FEED_FAKE_H
#define TESTS_SUPPORT_FEED_FAKE_H

#include <pthread.h>

#include "src/journal/feed.h"

enum { FEED_FAKE_MAX = 64, FEED_FAKE_TEXT_BYTES = 128 };

/* Calls of one kind that fail: the next `count` of them. */
struct feed_fault {
    int error;
    unsigned count;
};

struct feed_rejected {
    unsigned partition;
    uint64_t position;
    char reason[FEED_FAKE_TEXT_BYTES];
};

/* What was seen of its user so far. */
struct feed_seen {
    unsigned polls, polls_paused, commits, pauses, resumes;
    struct feed_rejected rejected[FEED_FAKE_MAX];
    unsigned rejected_count;
    unsigned max; /* that the latest poll asked for */
};

struct feed_lent;

struct feed_fake {
    struct feed feed;
    struct feed_lent *lent; /* copies of what the last poll gave */
    size_t lent_count;

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t changed;
    const struct feed_entry *log; /* the test's, in the order in which they are given */
    size_t log_count;             /* may grow */
    size_t next;                  /* to be given */
    size_t own_committed, *committed;
    uint64_t missing; /* for figures, as the next */
    unsigned shorts;
    bool paused;
    struct feed_fault poll_fault, commit_fault, reject_fault;
    struct feed_seen seen;
};

/* committed: where to keep how many entries are; NULL: in itself, from none. */
void feed_fake_init(struct feed_fake *fake, const struct feed_entry *log, size_t count,
                    size_t *committed);
void feed_fake_finish(struct feed_fake *fake);

/* The log has that many entries from now on. */
void feed_fake_grow(struct feed_fake *fake, size_t count);

/* The next calls of those kinds fail. What was given and not committed then comes again after a
 * resume only. */
void feed_fake_break(struct feed_fake *fake, struct feed_fault poll, struct feed_fault commit,
                     struct feed_fault reject);

/* Waits until so many entries are committed. */
void feed_fake_wait(struct feed_fake *fake, size_t committed);

struct feed_seen feed_fake_seen(struct feed_fake *fake);

#endif
