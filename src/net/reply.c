// SPDX-License-Identifier: MIT
#include "src/net/reply.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

enum { STATUS_CUT = 0 };

static void release(struct reply *r)
{
    if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1) {
        bytes_finish(&r->values);
        bytes_finish(&r->body);
        free(r);
    }
}

/* On the exchange's loop. */
static void answer(struct reply *r, struct span body)
{
    struct http_field fields[REPLY_FIELDS_MAX];

    r->exchange->on_gone = NULL;
    if (r->status == STATUS_CUT) {
        http_exchange_abort(r->exchange);
    } else {
        for (size_t i = 0; i < r->field_count; i++) {
            fields[i] = (struct http_field){
                r->fields[i].name, span_of(r->values.data + r->fields[i].at, r->fields[i].len)};
        }
        http_respond(r->exchange, r->status, fields, r->field_count, body);
    }
    release(r);
}

static void run_answer(struct task *task)
{
    struct reply *r = container_of(task, struct reply, task);
    answer(r, bytes_span(&r->body));
}

static void finish(struct reply *r, int status, struct span body)
{
    assert(!r->done);
    r->done = true;
    r->status = status;
    if (r->owner == r->home) {
        answer(r, body);
        return;
    }
    bytes_add_span(&r->body, body);
    r->task.run = run_answer;
    executor_post(r->home, &r->task);
}

void reply_send(struct reply *r, int status, struct span body)
{
    assert(status != STATUS_CUT);
    finish(r, status, body);
}

void reply_cut(struct reply *r)
{
    finish(r, STATUS_CUT, (struct span){0});
}

void reply_add_field(struct reply *r, const char *name, struct span value)
{
    assert(r->field_count < REPLY_FIELDS_MAX);
    r->fields[r->field_count++] =
        (struct reply_field){.name = name, .at = r->values.len, .len = value.len};
    bytes_add_span(&r->values, value);
}

static void tell_gone(struct reply *r)
{
    if (!r->done && r->on_gone != NULL) {
        r->on_gone(r);
    }
    release(r);
}

static void run_gone(struct task *task)
{
    tell_gone(container_of(task, struct reply, gone_task));
}

static void on_exchange_gone(struct http_exchange *x)
{
    struct reply *r = x->data;

    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    if (r->owner == r->home) {
        tell_gone(r);
    } else {
        r->gone_task.run = run_gone;
        executor_post(r->owner, &r->gone_task);
    }
}

static void run_handed_over(struct task *task)
{
    struct reply *r = container_of(task, struct reply, task);
    r->run(r);
}

void reply_hand_over(struct http_exchange *x, struct executor *owner, void (*run)(struct reply *r),
                     void *data)
{
    struct reply *r = xcalloc(1, sizeof *r);

    atomic_init(&r->refs, 1);
    r->exchange = x;
    r->home = x->executor;
    r->owner = owner;
    r->run = run;
    r->data = data;
    r->announced = x->data != NULL;
    x->data = r;
    x->on_gone = on_exchange_gone;
    if (owner == x->executor) {
        run(r);
        return;
    }
    r->task.run = run_handed_over;
    executor_post(owner, &r->task);
}
