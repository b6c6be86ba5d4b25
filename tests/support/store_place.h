/* Where a test keeps its store: empty when it begins, gone when it is over. That of store_sqlite is
 * a file in a folder of its own under $TMPDIR; a store on a server has a database of its own there,
 * on a server that is started once for the program.
 *
 * A kind of place is a struct store_place_kind; those that the contracts are asked of are listed in
 * tests/contract/store_back_ends.c. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_STORE_PLACE_H
#define TESTS_SUPPORT_STORE_PLACE_H

#include "src/store/store.h"
#include "tests/support/thread_executor.h"

struct store_place {
    char folder[64];
    char path[80]; /* the store's file in it */
    char url[256]; /* of a database on a server; empty: it is the file */
};

struct store_place_kind {
    const char *name; /* of the store_ops for it */
    bool shared;      /* it may be opened several times at once */
    bool slow;        /* what is done many times is done less often there */
    /* Can it be had here? Starts what is needed. Returns why not, or NULL. */
    const char *(*unavailable)(void);
    /* Fills the zeroed place, with nothing in it; aborts when that fails. */
    void (*make)(struct store_place *place);
    void (*remove)(struct store_place *place);
};

extern const struct store_place_kind store_place_sqlite;

/* One of store_sqlite. */
void store_place_make(struct store_place *place);
void store_place_remove(struct store_place *place);

/* Options for the store there, which tell problems as comments in the test's output. */
struct store_options store_place_options(const struct store_place *place);

/* Opens the store there, with a comment in the test's output when it cannot be. */
struct store *store_place_open(const struct store_place *place, const struct store_ops *ops);
struct store *store_place_open_with(const struct store_ops *ops,
                                    const struct store_options *options);

/* Starts a call on that executor and waits for it. Returns its error. One at a time. */
int store_place_call(struct thread_executor *executor, struct store *store, struct store_call *call,
                     enum store_op op);

/* Reads one page and waits for it. Returns NULL after a comment when that fails. */
struct message_page *store_place_page(struct thread_executor *executor, struct store *store,
                                      struct span room, uint64_t before, unsigned limit,
                                      size_t bytes_max);

#endif
