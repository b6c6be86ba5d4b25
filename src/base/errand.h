/* Errand: something to be done in the loop's next turn for an owner who may be gone by then.
 * Posting it again before it has run is harmless; cancelling it takes it back.
 *
 * Ownership: struct errand is embedded in its owner, who cancels it before he goes. What lies in
 * the executor's inbox is not his. Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef BASE_ERRAND_H
#define BASE_ERRAND_H

#include "src/base/executor.h"

struct errand {
    struct executor *executor;
    void (*run)(struct errand *errand);
    struct errand_task *posted; /* NULL: none */
};

static inline void errand_init(struct errand *e, struct executor *ex, void (*run)(struct errand *e))
{
    *e = (struct errand){.executor = ex, .run = run};
}

void errand_post(struct errand *e);

/* Harmless when it is not posted. */
void errand_cancel(struct errand *e);

#endif
