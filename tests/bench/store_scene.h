/* What benches of stores share: a store with a loop to ask it from, messages to fill it with, and
 * times to print. One thread. What fails ends the program. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_BENCH_STORE_SCENE_H
#define TESTS_BENCH_STORE_SCENE_H

#include "src/store/store.h"
#include "tests/support/store_place.h"

enum { BATCH_MAX = 2000, TEXT_BYTES = 160 };

extern struct store *store; /* the bench opens it */
extern unsigned long said;  /* messages made so far */

/* The loop; close ends the store too. */
void scene_start(void);
void scene_close(void);

/* error: of store.h. */
void need(int error, const char *what);

double now_ms(void);

/* The same numbers in each run, in [0, n). */
uint64_t random_below(uint64_t n);

/* Sorts. */
void print_times(const char *what, double *ms, size_t count);

/* Ascending, for qsort. */
int by_size(const void *a, const void *b);

struct batch {
    struct message messages[BATCH_MAX];
    struct message *list[BATCH_MAX];
    char ids[BATCH_MAX][40], rooms[BATCH_MAX][16], texts[BATCH_MAX][TEXT_BYTES];
};

/* The next message, as the i-th of the batch: about 100 bytes of words of which few are frequent.
 */
void make_message(struct batch *b, size_t i, const char *room);

/* Starts it and waits. */
void run(struct store_call *call, enum store_op op);

/* Prints how many it found, in all rooms if room is empty, and how long it took. A back-end may
 * refuse a query. */
void search(const char *query, const char *room);

#endif
