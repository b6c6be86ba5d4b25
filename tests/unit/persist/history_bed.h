/* History bed: two nodes' history caches on one store, whose pages say how often it was asked, with
 * a journal and a keyspace that do as the test says. All on one thread.
 *
 *     setup_with((struct history_cache_options){.journal = &journal.journal});
 *     check(ask_room(&cache, SPAN("1")) == 1);     the first read
 *     check(ask_room(&cache, SPAN("1")) == 1);     the same page again
 *     say(SPAN("1"), 11);
 *     check(ask_room(&cache, SPAN("1")) == 2);
 *     teardown(); */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_PERSIST_HISTORY_BED_H
#define TESTS_UNIT_PERSIST_HISTORY_BED_H

#include "src/persist/history_cache.h"
#include "tests/support/fake_executor.h"
#include "tests/support/following_fake.h"
#include "tests/support/keyspace_fake.h"
#include "tests/support/tap.h"

/* Answers with one message, whose offset says the how manieth read it was. */
struct inner {
    struct store store;
    struct store_call *held; /* the latest, while is_slow */
    unsigned reads, others, appends, closes;
    int error;
    bool is_slow, is_empty, is_direct;
    size_t content_bytes; /* up to 10,000 */
};

extern struct inner inner;
extern struct following_fake journal; /* partition 1 is told up to 10 */
extern struct keyspace_fake keyspace; /* on loops[0] */
extern struct history_cache cache, other_node;
extern struct fake_executor loops[2]; /* who asks is on the second */

extern unsigned done_count;
extern uint64_t got; /* which read the last answer is of; 0: it has failed, or holds nothing */
extern int got_error;

/* The inner store and the scope of keys are the bed's. */
void setup_with(struct history_cache_options options);
void teardown(void);

/* All loops, until they have no tasks left. */
void turn(void);

/* Of a read: takes its answer into what is above. */
void on_done(struct store_call *call);
/* A read of the room's newest page. */
struct store_history newest_of(struct span room);

/* Which read the answer is of. */
uint64_t ask(struct history_cache *node, struct store_history history);
uint64_t ask_room(struct history_cache *node, struct span room);

/* A record of the room, told on all nodes. */
void say(struct span room, uint64_t place);

/* Of `cache`. */
struct history_cache_figures figures(void);

#endif
