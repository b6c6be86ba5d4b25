/* A store around another that does to its callers what disks and servers do: it refuses, answers
 * late, says that something failed (before or after it was done), is away for a while, or does not
 * go on. What the port promises must hold for whoever repeats after an error.
 *
 *     store = store_faulty_create(inner, &(struct store_faults){.fail_after = 3});
 *     store_faulty_away(store, true);        each that follows fails
 *     store_faulty_hold(store, true);        the next append waits ...
 *     store_faulty_await_held(store);        ... by now it does
 *
 * Threads: as store.h says; away, hold and await_held on any. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_STORE_FAULTY_H
#define TESTS_SUPPORT_STORE_FAULTY_H

#include "src/store/store.h"

/* Every n-th is hit, of the calls by themselves and of append, adopt and mark together; 0: none. */
struct store_faults {
    unsigned refuse;      /* a call: STORE_EBUSY at once */
    unsigned fail_before; /* STORE_EIO, never passed on */
    unsigned fail_after;  /* STORE_EIO although it was done */
    unsigned delay_turns; /* this many turns pass before each call is answered */
};

/* Takes inner over and closes it with itself. */
struct store *store_faulty_create(struct store *inner, const struct store_faults *faults);

/* While it is away everything fails with STORE_EIO, never passed on. */
void store_faulty_away(struct store *store, bool away);

/* Append, adopt and mark wait until it is let go again, which must be before it is closed. */
void store_faulty_hold(struct store *store, bool hold);
void store_faulty_await_held(struct store *store);

#endif
