// SPDX-License-Identifier: MIT
#include "src/base/errand.h"

#include "src/base/memory.h"
#include "tests/support/fake_executor.h"
#include "tests/support/tap.h"

struct owner {
    struct errand errand;
    unsigned runs;
    bool repeats;
};

static void run(struct errand *errand)
{
    struct owner *o = container_of(errand, struct owner, errand);

    o->runs++;
    if (o->repeats) {
        errand_post(errand);
    }
}

static void an_errand_runs_once_in_the_next_turn(void)
{
    struct fake_executor fe;
    struct owner o = {0};

    fake_executor_init(&fe, 0);
    errand_init(&o.errand, &fe.executor, run);
    errand_post(&o.errand);
    errand_post(&o.errand);
    check(o.runs == 0);
    fake_executor_turn(&fe, 1000);
    check(o.runs == 1);
    fake_executor_turn(&fe, 1001);
    check(o.runs == 1);
    o.repeats = true;
    errand_post(&o.errand);
    fake_executor_turn(&fe, 1002);
    fake_executor_turn(&fe, 1003);
    check(o.runs == 3);
    o.repeats = false;
    fake_executor_turn(&fe, 1004);
    fake_executor_finish(&fe);
}

static void an_owner_may_go_before_it_runs(void)
{
    struct fake_executor fe;
    struct owner *o = xcalloc(1, sizeof *o);

    fake_executor_init(&fe, 0);
    errand_init(&o->errand, &fe.executor, run);
    errand_cancel(&o->errand);
    errand_post(&o->errand);
    errand_cancel(&o->errand);
    free(o);
    fake_executor_turn(&fe, 1000);
    fake_executor_finish(&fe);
}

int main(void)
{
    RUN(an_errand_runs_once_in_the_next_turn);
    RUN(an_owner_may_go_before_it_runs);
    return tap_done();
}
