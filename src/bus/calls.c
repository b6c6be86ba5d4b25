// SPDX-License-Identifier: MIT
#include "src/bus/calls.h"

#include "src/base/memory.h"

static void do_all(struct bus_calls *c)
{
    struct bus_call *call = c->first;

    c->first = NULL;
    c->end = &c->first;
    while (call != NULL) {
        struct bus_call *next = call->next;
        call->on_done(call);
        call = next;
    }
}

static void next_turn(struct errand *errand)
{
    do_all(container_of(errand, struct bus_calls, errand));
}

void bus_calls_init(struct bus_calls *c, struct executor *executor)
{
    *c = (struct bus_calls){.end = &c->first};
    errand_init(&c->errand, executor, next_turn);
}

void bus_calls_add(struct bus_calls *c, struct bus_call *call, int error)
{
    if (call == NULL) {
        return;
    }
    call->error = error;
    call->next = NULL;
    *c->end = call;
    c->end = &call->next;
    errand_post(&c->errand);
}

void bus_calls_finish(struct bus_calls *c)
{
    do_all(c);
    errand_cancel(&c->errand);
}
