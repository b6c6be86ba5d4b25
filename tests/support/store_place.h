/* Where a test keeps its store: a folder of its own under $TMPDIR, gone when the test is over. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_STORE_PLACE_H
#define TESTS_SUPPORT_STORE_PLACE_H

#include "src/store/store.h"
#include "tests/support/thread_executor.h"

struct store_place {
    char folder[64];
    char path[80]; /* the store's file in it */
};

void store_place_make(struct store_place *place);
void store_place_remove(struct store_place *place);

/* Opens the store there, with a comment in the test's output when it cannot be. */
struct store *store_place_open(const struct store_place *place, const struct store_ops *ops);

/* Starts a call on that executor and waits for it. Returns its error. One at a time. */
int store_place_call(struct thread_executor *executor, struct store *store, struct store_call *call,
                     enum store_op op);

/* Reads one page and waits for it. Returns NULL after a comment when that fails. */
struct message_page *store_place_page(struct thread_executor *executor, struct store *store,
                                      struct span room, uint64_t before, unsigned limit,
                                      size_t bytes_max);

#endif
