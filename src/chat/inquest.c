// SPDX-License-Identifier: MIT
#include "src/chat/inquest.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/crew.h"

struct inquest {
    struct timer timer;
    struct chat_room *room;
    unsigned unheard; /* nodes */
    struct inquest_wait *waiting, **last;
    struct list_node node; /* in home->inquests */
};

static struct inquest *find(const struct chat_room *room)
{
    for (struct list_node *n = room->home->inquests.first; n != NULL; n = n->next) {
        struct inquest *q = container_of(n, struct inquest, node);
        if (q->room == room) {
            return q;
        }
    }
    return NULL;
}

bool inquest_is_held(const struct chat_room *room)
{
    return find(room) != NULL;
}

/* Who is not asked for any more is forgotten. */
static void end(struct inquest *q)
{
    struct chat_room *room = q->room;
    struct inquest_wait *wait = q->waiting;

    executor_timer_stop(room->home->executor, &q->timer);
    list_remove(&q->node);
    room->home->inquest_count--;
    free(q);
    while (wait != NULL) {
        struct inquest_wait *next = wait->next;
        wait->fn(wait, room);
        wait = next;
    }
    crew_unused(room);
    room->joins--;
    chat_room_settle(room);
}

static void on_time(struct timer *timer)
{
    end(container_of(timer, struct inquest, timer));
}

static struct inquest *begin(struct chat_loop *home, struct span name, unsigned nodes)
{
    struct inquest *q = xcalloc(1, sizeof *q);

    q->room = chat_room_get(home, name);
    q->room->joins++; /* it stays */
    q->unheard = nodes;
    q->last = &q->waiting;
    q->timer.fire = on_time;
    list_add(&home->inquests, &q->node);
    home->inquest_count++;
    executor_timer_start(home->executor, &q->timer, INQUEST_MS);
    crew_ask(q->room, SPAN(""), true);
    return q;
}

void inquest_hold(struct chat_loop *home, struct span name, struct inquest_wait *wait)
{
    struct chat_room *room = chat_room_find(home, name);
    unsigned nodes = crew_node_count(home->chat);
    struct inquest *q = room == NULL ? NULL : find(room);

    if (q == NULL && (nodes == 0 || (room != NULL && room->roster.here > 0) ||
                      home->inquest_count >= INQUESTS_MAX)) {
        wait->fn(wait, room);
        return;
    }
    q = q == NULL ? begin(home, name, nodes) : q;
    wait->next = NULL;
    *q->last = wait;
    q->last = &wait->next;
}

void inquest_heard(struct chat_room *room)
{
    struct inquest *q = find(room);

    if (q != NULL && --q->unheard == 0) {
        end(q);
    }
}

struct stop {
    struct task task;
    struct chat_loop *home;
};

static void stop(struct task *task)
{
    struct stop *s = container_of(task, struct stop, task);

    while (s->home->inquests.first != NULL) {
        end(container_of(s->home->inquests.first, struct inquest, node));
    }
    free(s);
}

void inquest_stop(struct chat_loop *home)
{
    struct stop *s = xcalloc(1, sizeof *s);

    s->home = home;
    s->task.run = stop;
    executor_post(home->executor, &s->task);
}
