/* Completions: appends that are done, gathered for the loops that asked: one task a loop.
 *
 *   completions_add (op, op, op ...) ──completions_post──> one task a loop ──> op->on_done ...
 *
 * Those of one loop keep the order in which they were added. A zeroed struct is empty. One thread;
 * op->on_done runs on op->executor. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_COMPLETIONS_H
#define JOURNAL_COMPLETIONS_H

#include "src/journal/journal.h"

enum { COMPLETIONS_LOOPS = 64 }; /* with more of them some get a second task */

struct completions {
    struct completions_group {
        struct executor *executor;
        struct journal_append *first, *last;
    } groups[COMPLETIONS_LOOPS];
    size_t count; /* of groups */
};

/* The result is in the op already. It may be gone after the post. */
void completions_add(struct completions *c, struct journal_append *op);

/* Posts what has been added; empty then. */
void completions_post(struct completions *c);

#endif
