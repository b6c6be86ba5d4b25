/* A journal around another that does to its callers what brokers and disks do: it refuses, answers
 * late, says that an append failed (before or after it was stored), and appends twice. What the
 * port promises must hold for whoever repeats an id after an error. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_JOURNAL_FAULTY_H
#define TESTS_SUPPORT_JOURNAL_FAULTY_H

#include "src/journal/journal.h"

/* Each counts appends: every n-th is hit; 0: none. */
struct journal_faults {
    unsigned refuse;      /* JOURNAL_EBUSY at once */
    unsigned fail_before; /* completes with an error, never passed on */
    unsigned fail_after;  /* completes with an error although it was stored */
    unsigned duplicate;   /* passed on twice, told once */
    unsigned delay_turns; /* this many turns pass before each completion */
};

/* Takes inner over and closes it with itself. */
struct journal *journal_faulty_create(struct journal *inner, const struct journal_faults *faults);

#endif
