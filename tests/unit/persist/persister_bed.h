/* Persister bed: a persister between a feed that a test has written and a store that fails as it
 * is told. What is of the store and of the listener is the persister's thread's until it is
 * stopped.
 *
 *     setup(5);                                   a log of five entries, in two partitions
 *     sink.append_error = STORE_EIO;
 *     sink.append_errors = 2;
 *     start();
 *     feed_fake_wait(&feed, 5);                   until all of it is committed
 *     struct persister_figures figures = stop();
 *     check(is_stored(5) && figures.retries == 2);
 *     teardown(); */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_PERSIST_PERSISTER_BED_H
#define TESTS_UNIT_PERSIST_PERSISTER_BED_H

#include <pthread.h>
#include <semaphore.h>

#include "src/persist/persister.h"
#include "tests/support/feed_fake.h"
#include "tests/support/tap.h"

enum { ENTRIES = 40, LINES = 16 };

/* A store that knows the ids it has, keeps their order, and fails as it is told. */
struct sink {
    struct store store;
    pthread_mutex_t lock; /* for what follows */
    char ids[ENTRIES][8];
    size_t count, greatest_batch, appends;
    uint64_t marks[STORE_PARTITIONS_MAX];
    size_t mark_calls;
    int append_error, mark_error;
    unsigned append_errors, mark_errors; /* the next that many fail; ~0u: all */
    size_t most;                         /* fails with more at once; 0: any number */
    bool fails_after;                    /* although it has stored them */
    bool tells_none;                     /* of those that are invalid */
    sem_t *entered, *leave;              /* of an append; NULL: it does not wait */
};

extern struct sink sink;
extern struct feed_fake feed;
extern struct feed_entry entries[ENTRIES]; /* each of its own id, "0" and on */
extern struct persister *persister;

/* What the listener was told. */
struct told {
    pthread_mutex_t lock;
    char lines[LINES][128];
    unsigned count;
    bool early; /* progress was told of what was not marked, or was committed */
    unsigned progress;
};

extern struct told told;

/* A log of that many entries, in two partitions by turns. */
void setup(size_t count);
/* The feed, the store and the listener are the bed's. */
void start_with(struct persister_options options);
/* With places. */
void start(void);
/* The figures it ended with. */
struct persister_figures stop(void);
void teardown(void);

/* Each of the log once, in its order, but for those that are bad. */
bool is_stored(size_t count);
/* A line that holds this. */
bool was_told(const char *what);

#endif
