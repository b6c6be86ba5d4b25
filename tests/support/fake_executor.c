#include "tests/support/fake_executor.h"

#include <assert.h>

#include "src/base/memory.h"

static struct fake_executor *current;

static struct fake_executor *fake_of(const struct executor *ex)
{
    return container_of(ex, struct fake_executor, executor);
}

static void post(struct executor *ex, struct task *task)
{
    struct fake_executor *fe = fake_of(ex);

    task->next = NULL;
    *fe->inbox_end = task;
    fe->inbox_end = &task->next;
}

static bool inside(const struct executor *ex)
{
    return current == fake_of(ex);
}

static int64_t wall_ms(const struct executor *ex)
{
    return 1700000000000 + (int64_t)ex->now_ms;
}

/* Knuth's MMIX generator: its upper bits are good enough for ids that must not repeat. */
static void fill_random(struct executor *ex, void *out, size_t n)
{
    struct fake_executor *fe = fake_of(ex);

    for (size_t i = 0; i < n; i++) {
        fe->random = fe->random * 6364136223846793005U + 1442695040888963407U;
        ((uint8_t *)out)[i] = (uint8_t)(fe->random >> 56);
    }
}

static const struct executor_ops ops = {post, inside, wall_ms, fill_random};

void fake_executor_init(struct fake_executor *fe, unsigned index)
{
    executor_init(&fe->executor, &ops, index, 1000);
    fe->inbox = NULL;
    fe->inbox_end = &fe->inbox;
    fe->random = index + 1;
}

void fake_executor_finish(struct fake_executor *fe)
{
    assert(fe->inbox == NULL);
    timers_finish(&fe->executor.timers);
}

struct fake_executor *fake_executor_enter(struct fake_executor *fe)
{
    struct fake_executor *before = current;

    current = fe;
    return before;
}

void fake_executor_turn(struct fake_executor *fe, uint64_t now_ms)
{
    struct fake_executor *before = fake_executor_enter(fe);
    struct task *task = fe->inbox;

    fe->inbox = NULL;
    fe->inbox_end = &fe->inbox;
    while (task != NULL) {
        struct task *next = task->next;
        task->run(task);
        task = next;
    }
    executor_run_timers(&fe->executor, now_ms);
    executor_end_turn(&fe->executor);
    (void)fake_executor_enter(before);
}
