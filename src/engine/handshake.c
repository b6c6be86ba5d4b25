// SPDX-License-Identifier: MIT
#include "src/engine/handshake.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/request.h"

static void destroy(struct rookery_handshake *h)
{
    struct engine *e = h->engine;

    assert(h->done == NULL && e->undecided > 0);
    e->undecided--;
    list_remove(&h->node);
    request_release(h->request);
    free(h);
}

static void undecided(struct engine *e, struct rookery_request *request, handshake_done_fn done,
                      void *arg)
{
    stats_add(e->stats, STAT_HANDSHAKES_UNDECIDED, 1);
    done(request, HANDSHAKE_UNDECIDED, (struct span){0}, arg);
}

void handshake_forget(struct rookery_handshake *h)
{
    h->done = NULL;
    executor_timer_stop(h->engine->executor, &h->timeout);
}

static void give_up(struct rookery_handshake *h)
{
    handshake_done_fn done = h->done;

    handshake_forget(h);
    undecided(h->engine, h->request, done, h->arg);
}

static void on_timeout(struct timer *timer)
{
    give_up(container_of(timer, struct rookery_handshake, timeout));
}

static struct rookery_handshake *create(struct engine *e, struct rookery_request *request)
{
    struct rookery_handshake *h = xcalloc(1, sizeof *h);

    h->engine = e;
    h->request = request_hold(request);
    h->timeout.fire = on_timeout;
    list_add(&e->handshakes, &h->node);
    e->undecided++;
    return h;
}

struct rookery_handshake *handshake_ask(struct engine *e, struct rookery_request *request,
                                        handshake_done_fn done, void *arg)
{
    bool decided = false;

    if (e->undecided >= e->options->undecided_max) {
        undecided(e, request, done, arg);
        return NULL;
    }
    struct rookery_handshake *h = create(e, request);
    h->done = done;
    h->arg = arg;
    h->decided = &decided;
    e->app->allow(h, e->app->arg);
    if (decided) {
        return NULL;
    }
    h->decided = NULL;
    executor_timer_start(e->executor, &h->timeout, e->options->decision_timeout_ms);
    return h;
}

static void decide(struct rookery_handshake *h, enum handshake_verdict verdict, struct span message)
{
    handshake_done_fn done = h->done;

    if (h->decided != NULL) {
        *h->decided = true;
    }
    if (done != NULL) {
        handshake_forget(h);
        done(h->request, verdict, message, h->arg);
    }
    destroy(h);
}

void handshake_accept(struct rookery_handshake *h)
{
    decide(h, HANDSHAKE_ACCEPTED, (struct span){0});
}

void handshake_refuse(struct rookery_handshake *h, struct span message)
{
    decide(h, HANDSHAKE_REFUSED,
           message.len == 0 ? span_cstr(engine_error_text(ENGINE_FORBIDDEN)) : message);
}

void handshake_end_all(struct engine *e)
{
    for (struct list_node *node = e->handshakes.first; node != NULL; node = node->next) {
        struct rookery_handshake *h = container_of(node, struct rookery_handshake, node);
        if (h->done != NULL) {
            give_up(h);
        }
    }
}

void handshake_free_all(struct engine *e)
{
    while (e->handshakes.first != NULL) {
        destroy(container_of(e->handshakes.first, struct rookery_handshake, node));
    }
}
