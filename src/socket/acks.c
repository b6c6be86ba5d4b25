// SPDX-License-Identifier: MIT
#include "src/socket/acks.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

/* Compared as bytes, so without padding. */
struct ack_key {
    uint64_t socket; /* its address */
    uint64_t id;
};

struct pending_ack {
    struct ack_key key;
    struct rookery_socket *socket;
    struct list_node node; /* of the same socket */
    struct timer timeout;
    rookery_ack_fn fn;
    void *arg;
};

static struct ack_key key_of(const struct rookery_socket *s, uint64_t id)
{
    return (struct ack_key){(uintptr_t)s, id};
}

static struct span key_of_pending(const void *value)
{
    const struct pending_ack *p = value;
    return span_of(&p->key, sizeof p->key);
}

void acks_init(struct map *pending_acks, const uint64_t hash_secret[2])
{
    map_init(pending_acks, key_of_pending, hash_secret);
}

static void settle(struct pending_ack *p, int error, const struct rookery_args *args)
{
    struct rookery_socket *s = p->socket;
    struct rookery_loop *loop = s->share->loop;

    (void)map_remove(&loop->pending_acks, key_of_pending(p));
    executor_timer_stop(loop->executor, &p->timeout);
    list_remove(&p->node);
    (void)rookery_socket_hold(s);
    p->fn(s, error, args, p->arg);
    rookery_socket_release(s);
    free(p);
}

static void settle_without(struct pending_ack *p, int error)
{
    static const struct rookery_args none;
    settle(p, error, &none);
}

static void on_timeout(struct timer *timer)
{
    struct pending_ack *p = container_of(timer, struct pending_ack, timeout);

    io_loop_count(p->socket->share->loop, STAT_ACKS_TIMED_OUT, 1);
    settle_without(p, ROOKERY_ETIMEOUT);
}

void acks_expect(struct rookery_socket *s, uint64_t id, unsigned timeout_ms, rookery_ack_fn fn,
                 void *arg)
{
    struct pending_ack *p = xmalloc(sizeof *p);

    *p = (struct pending_ack){
        .key = key_of(s, id),
        .socket = s,
        .timeout = {.fire = on_timeout},
        .fn = fn,
        .arg = arg,
    };
    list_add(&s->pending_acks, &p->node);
    map_add(&s->share->loop->pending_acks, p);
    if (timeout_ms != 0) {
        executor_timer_start(s->share->loop->executor, &p->timeout, timeout_ms);
    }
}

void acks_receive(struct rookery_socket *s, uint64_t id, const struct rookery_args *args)
{
    struct rookery_loop *loop = s->share->loop;
    const struct ack_key key = key_of(s, id);
    struct pending_ack *p = map_get(&loop->pending_acks, span_of(&key, sizeof key));
    struct span outer = loop->encoder.trusted;

    if (p != NULL) {
        io_loop_count(loop, STAT_ACKS_RECEIVED, 1);
        loop->encoder.trusted = span_of_str(args->json);
        settle(p, 0, args);
        loop->encoder.trusted = outer;
    }
}

void acks_give_up(struct rookery_socket *s)
{
    while (s->pending_acks.first != NULL) {
        settle_without(container_of(s->pending_acks.first, struct pending_ack, node),
                       ROOKERY_EGONE);
    }
}
