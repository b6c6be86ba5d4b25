/* Fake executor: loops under a virtual clock, all in one thread. A test says which loop "is
 * running"; the code under test sees that loop as the calling thread's. */
#ifndef TESTS_SUPPORT_FAKE_EXECUTOR_H
#define TESTS_SUPPORT_FAKE_EXECUTOR_H

#include "src/base/executor.h"

struct fake_executor {
    struct executor executor;
    struct task *inbox, **inbox_end; /* oldest first */
    uint64_t random;                 /* the state of its generator: the same in every run */
};

void fake_executor_init(struct fake_executor *fe, unsigned index);
void fake_executor_finish(struct fake_executor *fe);

/* The calling thread runs this loop from now on; NULL: none. Returns the one before. */
struct fake_executor *fake_executor_enter(struct fake_executor *fe);

/* One turn at that time: tasks that are there, timers that are due, hooks. */
void fake_executor_turn(struct fake_executor *fe, uint64_t now_ms);

static inline bool fake_executor_has_tasks(const struct fake_executor *fe)
{
    return fe->inbox != NULL;
}

#endif
