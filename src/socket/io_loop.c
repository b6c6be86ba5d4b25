// SPDX-License-Identifier: MIT
#include "src/socket/io_loop.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/acks.h"
#include "src/socket/client.h"
#include "src/socket/io.h"
#include "src/socket/middleware.h"
#include "src/socket/rooms.h"
#include "src/socket/share.h"

static struct span key_of_share(const void *value)
{
    return namespace_name(((const struct share *)value)->nsp);
}

void io_loop_init(struct rookery_loop *loop, struct io *io, struct executor *ex)
{
    *loop = (struct rookery_loop){
        .io = io,
        .executor = ex,
        .encoder = {.msgpack = io->options.msgpack},
        .app =
            {
                .on_open = client_open,
                .on_text = client_receive_text,
                .on_binary = client_receive_binary,
                .on_close = client_closed,
                .arg = loop,
            },
        .seal_hook = {.run = rooms_seal_corked},
        .bury_hook = {.run = client_bury_closed},
    };
    executor_random(ex, loop->hash_secret, sizeof loop->hash_secret);
    map_init(&loop->shares, key_of_share, loop->hash_secret);
    acks_init(&loop->pending_acks, loop->hash_secret);
}

/* ---- deferred work ---- */

struct delayed {
    struct list_node node; /* of the loop's */
    struct rookery_loop *loop;
    struct timer timer;
    rookery_task_fn fn;
    void *arg;
};

static void drop_delayed(struct delayed *d)
{
    executor_timer_stop(d->loop->executor, &d->timer);
    list_remove(&d->node);
    free(d);
}

static void run_delayed(struct timer *timer)
{
    struct delayed *d = container_of(timer, struct delayed, timer);
    rookery_task_fn fn = d->fn;
    void *arg = d->arg;

    drop_delayed(d);
    fn(arg);
}

void rookery_loop_after(struct rookery_loop *loop, unsigned delay_ms, rookery_task_fn fn, void *arg)
{
    struct delayed *d = xmalloc(sizeof *d);

    *d = (struct delayed){
        .loop = loop,
        .timer = {.fire = run_delayed},
        .fn = fn,
        .arg = arg,
    };
    list_add(&loop->delayed, &d->node);
    executor_timer_start(loop->executor, &d->timer, delay_ms);
}

struct posted {
    struct task task;
    rookery_task_fn fn;
    void *arg;
};

static void run_posted(struct task *task)
{
    struct posted *p = container_of(task, struct posted, task);
    rookery_task_fn fn = p->fn;
    void *arg = p->arg;

    free(p);
    fn(arg);
}

void rookery_loop_post(struct rookery_loop *loop, rookery_task_fn fn, void *arg)
{
    struct posted *p = xmalloc(sizeof *p);

    *p = (struct posted){.task = {.run = run_posted}, .fn = fn, .arg = arg};
    executor_post(loop->executor, &p->task);
}

void io_loop_finish(struct rookery_loop *loop)
{
    middleware_drop_all(loop);
    while (loop->delayed.first != NULL) {
        drop_delayed(container_of(loop->delayed.first, struct delayed, node));
    }
    map_finish(&loop->shares);
    map_finish(&loop->pending_acks);
    encoder_finish(&loop->encoder);
    sio_msgpack_finish(&loop->unpacked);
    bytes_finish(&loop->event_name);
    receivers_finish(&loop->receivers);
}

/* ---- the rest of the API of loops ---- */

unsigned rookery_loop_count(const struct rookery *server)
{
    return ((const struct io *)(const void *)server)->loop_count;
}

struct rookery_loop *rookery_loop_at(const struct rookery *server, unsigned index)
{
    return &((const struct io *)(const void *)server)->loops[index];
}

unsigned rookery_loop_index(const struct rookery_loop *loop)
{
    return loop->executor->index;
}

int64_t rookery_loop_wall_ms(const struct rookery_loop *loop)
{
    return executor_wall_ms(loop->executor);
}
