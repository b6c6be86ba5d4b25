// SPDX-License-Identifier: MIT
#include "src/cluster/echo.h"

#include <inttypes.h>
#include <stdio.h>

#include "src/cluster/cluster_internal.h"
#include "src/cluster/position.h"

struct echo {
    struct list_node node; /* while said is there */
    struct bus_call call;
    struct cluster *cluster;
    struct adapter_echo *said; /* NULL: it has been delivered */
    uint64_t number;
    uint64_t deadline_ms; /* once it is in the stream; 0: it is not yet */
    bool refused;
    bool called; /* the call is under way */
    struct position at;
};

static struct echo *first_of(const struct cluster *c)
{
    struct list_node *node = c->echoes.waiting.first;

    return node == NULL ? NULL : container_of(node, struct echo, node);
}

static struct adapter_echo *take(struct echo *e)
{
    struct adapter_echo *said = e->said;

    e->said = NULL;
    list_queue_remove(&e->cluster->echoes.waiting, &e->node);
    if (!e->called) {
        free(e);
    }
    return said;
}

static void deliver(struct echo *e, struct span id)
{
    struct adapter_echo *said = take(e);

    said->deliver(said, str_of_span(id));
}

static void deliver_late(struct echo *e)
{
    char id[POSITION_TEXT_MAX];

    deliver(e, e->deadline_ms == 0 ? span_of(NULL, 0) : position_text(e->at, id));
}

/* The first of those that wait can now be one that will not come. */
static void look_at_first(struct cluster *c)
{
    struct executor *ex = cluster_executor(c);
    struct echo *e;

    while ((e = first_of(c)) != NULL &&
           (e->refused || (e->deadline_ms != 0 && e->deadline_ms <= ex->now_ms))) {
        deliver_late(e);
    }
    if (e != NULL && e->deadline_ms != 0) {
        executor_timer_start(ex, &c->echoes.timer, e->deadline_ms - ex->now_ms);
    } else {
        executor_timer_stop(ex, &c->echoes.timer);
    }
}

static void on_late(struct timer *timer)
{
    look_at_first(container_of(timer, struct cluster, echoes.timer));
}

static void on_appended(struct bus_call *call)
{
    struct echo *e = container_of(call, struct echo, call);
    struct cluster *c = e->cluster;

    e->called = false;
    if (e->said == NULL) {
        free(e);
        return;
    }
    e->refused = call->error != 0 || !position_parse(call->id, &e->at);
    if (!e->refused) {
        e->deadline_ms = cluster_executor(c)->now_ms + ECHO_WAIT_MS;
    }
    look_at_first(c);
}

struct bus_call *echo_expect(struct cluster *c, struct adapter_echo *said,
                             char number[ECHO_NUMBER_MAX])
{
    struct echo *e = xcalloc(1, sizeof *e);

    e->call.on_done = on_appended;
    e->cluster = c;
    e->said = said;
    e->number = ++c->echoes.last;
    e->called = true;
    list_queue_add(&c->echoes.waiting, &e->node);
    (void)snprintf(number, ECHO_NUMBER_MAX, "%" PRIu64, e->number);
    return &e->call;
}

static bool number_parse(struct span text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *number = *number * 10 + (text.data[i] - '0');
    }
    return text.len > 0 && text.len < ECHO_NUMBER_MAX - 4;
}

/* Those before it are not in the stream any more, or never will be. */
void echo_came(struct cluster *c, struct span text, struct span id)
{
    struct echo *e;
    uint64_t number;

    if (!number_parse(text, &number)) {
        return;
    }
    while ((e = first_of(c)) != NULL && e->number < number) {
        deliver_late(e);
    }
    if (e != NULL && e->number == number) {
        deliver(e, id);
    }
    look_at_first(c);
}

void echoes_init(struct cluster *c)
{
    c->echoes.timer.fire = on_late;
}

void echoes_stop(struct cluster *c)
{
    struct echo *e;

    while ((e = first_of(c)) != NULL) {
        struct adapter_echo *said = take(e);
        said->drop(said);
    }
    executor_timer_stop(cluster_executor(c), &c->echoes.timer);
}
