// SPDX-License-Identifier: MIT
#include "src/chat/gossip.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/text.h"

struct gossip {
    struct timer timer;
    struct chat_loop *cl;
    struct bytes out; /* the arguments of the event, without the last bracket; empty: nothing */
};

static void send(struct gossip *g)
{
    executor_timer_stop(g->cl->executor, &g->timer);
    bytes_add_byte(&g->out, ']');
    struct rookery_args args = args_of_json(bytes_span(&g->out));
    (void)rookery_server_emit(g->cl->chat->nsp, ROOKERY_STR(GOSSIP_EVENT), &args, NULL);
    bytes_clear(&g->out);
}

static void on_time(struct timer *timer)
{
    send(container_of(timer, struct gossip, timer));
}

static struct bytes *begin(struct chat_loop *cl)
{
    if (cl->gossip == NULL) {
        cl->gossip = xcalloc(1, sizeof *cl->gossip);
        cl->gossip->cl = cl;
        cl->gossip->timer.fire = on_time;
    }
    struct gossip *g = cl->gossip;
    if (g->out.len == 0) {
        json_write_string(&g->out, span_of_str(rookery_node_id(cl->chat->io)));
        bytes_add_cstr(&g->out, ",[");
        executor_timer_start(cl->executor, &g->timer, GOSSIP_MS);
    }
    return &g->out;
}

static void end(struct gossip *g)
{
    if (g->out.len >= GOSSIP_BYTES) {
        send(g);
    }
}

void gossip_tell(struct chat_loop *cl, const struct fact *f)
{
    if (chat_is_clustered(cl->chat)) {
        fact_write(f, begin(cl));
        end(cl->gossip);
    }
}

struct fact_member gossip_member(const struct roster_member *m)
{
    return (struct fact_member){
        .socket_id = span_of(m->socket_id, ROSTER_SOCKET_ID_LEN),
        .who = person_identity(m->person),
        .dialect = (enum dialect_id)m->dialect,
        .away = atomic_load_explicit(&m->person->away, memory_order_relaxed),
    };
}

/* Some members from the i-th on; returns where to go on. */
static uint32_t tell_some(struct chat_loop *home, struct fact *f, const struct chat_room *room,
                          uint32_t i)
{
    uint32_t count = room == NULL ? 0 : room->roster.count;
    struct bytes *out = begin(home);
    struct bytes members = {0};

    for (unsigned told = 0; i < count && told < GOSSIP_MEMBERS; i++) {
        const struct roster_member *m = &room->roster.members[i];
        if (m->node == ROSTER_HERE) {
            struct fact_member member = gossip_member(m);
            fact_add_member(&member, &members);
            told++;
        }
    }
    f->part = (f->part == 0 ? FACT_FIRST : 0) | (i == count ? FACT_LAST : 0);
    fact_begin_here(f, out);
    bytes_add_span(out, bytes_span(&members));
    fact_end_here(out);
    bytes_finish(&members);
    end(home->gossip);
    return i;
}

void gossip_answer(struct chat_loop *home, struct span name, const struct chat_room *room,
                   struct span node)
{
    struct fact f = {.kind = FACT_HERE, .room = name, .node = node};

    for (uint32_t i = 0; (f.part & FACT_LAST) == 0;) {
        i = tell_some(home, &f, room, i);
    }
}

void gossip_finish(struct chat_loop *cl)
{
    if (cl->gossip != NULL) {
        bytes_finish(&cl->gossip->out);
        free(cl->gossip);
    }
}
