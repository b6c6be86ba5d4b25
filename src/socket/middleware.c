// SPDX-License-Identifier: MIT
#include "src/socket/middleware.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/event.h"
#include "src/socket/recovery.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

enum verdict { VERDICT_NONE, VERDICT_PASSED, VERDICT_REFUSED };

struct rookery_next {
    struct list_node node;         /* of the loop's */
    struct rookery_socket *socket; /* held */
    const struct callbacks *chain;
    size_t position;      /* of the one that is asked next */
    enum verdict verdict; /* of the one that is being asked */
    bool asking;          /* one is being asked right now */
    bool of_event;        /* else of a CONNECT */
    struct rookery_event event;
    struct rookery_ack_slot slot;
    struct rookery_args *kept_args; /* once the event has been copied */
    struct rookery_str *kept_name;
};

/* ---- memory ---- */

static struct rookery_next *create(struct rookery_socket *s, const struct callbacks *chain)
{
    struct rookery_loop *loop = s->share->loop;
    struct rookery_next *n = loop->spare_next;

    loop->spare_next = NULL;
    if (n == NULL) {
        n = xmalloc(sizeof *n);
    }
    *n = (struct rookery_next){.socket = rookery_socket_hold(s), .chain = chain};
    list_add(&loop->nexts, &n->node);
    return n;
}

static void destroy(struct rookery_next *n)
{
    struct rookery_loop *loop = n->socket->share->loop;

    list_remove(&n->node);
    free(n->kept_args);
    free(n->kept_name);
    rookery_socket_release(n->socket);
    if (loop->spare_next == NULL) {
        loop->spare_next = n;
    } else {
        free(n);
    }
}

void middleware_drop_all(struct rookery_loop *loop)
{
    while (loop->nexts.first != NULL) {
        destroy(container_of(loop->nexts.first, struct rookery_next, node));
    }
    free(loop->spare_next);
    loop->spare_next = NULL;
}

/* The decision is still to come, and what was borrowed goes. */
static void keep_event(struct rookery_next *n)
{
    if (!n->of_event || n->kept_args != NULL) {
        return;
    }
    n->kept_args = args_copy(&n->event.args);
    n->kept_name = strs_copy(&n->event.name, 1);
    n->event.args = *n->kept_args;
    n->event.name = *n->kept_name;
}

/* ---- asking ---- */

static bool still_wanted(const struct rookery_next *n)
{
    return n->socket->state == (n->of_event ? SOCKET_CONNECTED : SOCKET_CONNECTING);
}

static void conclude(struct rookery_next *n)
{
    if (n->of_event) {
        event_handle(n->socket, &n->event);
    } else {
        recovery_connect(n->socket);
    }
}

static void ask_one(struct rookery_next *n)
{
    const struct callback *callback = &n->chain->items[n->position++];

    n->verdict = VERDICT_NONE;
    n->asking = true;
    if (n->of_event) {
        callback->fn.before_event(n->socket, &n->event, n, callback->arg);
    } else {
        callback->fn.on_connect(n->socket, n, callback->arg);
    }
    n->asking = false;
}

static void go_on(struct rookery_next *n)
{
    n->verdict = VERDICT_PASSED;
    while (n->verdict == VERDICT_PASSED && n->position < n->chain->count && still_wanted(n)) {
        ask_one(n);
    }
    if (n->verdict == VERDICT_NONE) {
        keep_event(n);
        return;
    }
    if (n->verdict == VERDICT_PASSED && still_wanted(n)) {
        conclude(n);
    }
    destroy(n);
}

void middleware_ask_connect(struct rookery_socket *s)
{
    go_on(create(s, &s->share->nsp->handlers->middlewares));
}

void middleware_ask_event(struct rookery_socket *s, const struct rookery_event *event)
{
    struct rookery_next *n = create(s, &s->share->nsp->handlers->event_middlewares);

    n->of_event = true;
    n->slot = *event->slot;
    n->event = *event;
    n->event.slot = &n->slot;
    go_on(n);
}

/* ---- deciding ---- */

void rookery_next_pass(struct rookery_next *n)
{
    if (n->asking) {
        n->verdict = VERDICT_PASSED;
    } else {
        go_on(n);
    }
}

static void refuse_connect(struct rookery_socket *s, struct rookery_str message,
                           struct rookery_str data_json)
{
    struct encoder *encoder = &s->share->loop->encoder;
    struct span nsp = namespace_name(s->share->nsp);
    struct span text = span_of_str(message), data = span_of_str(data_json);

    client_send(s->client, socket_session(s)->eio3
                               ? encoder_connect_error_eio3(encoder, nsp, text, data)
                               : encoder_connect_error(encoder, nsp, text, data));
    recovery_give_up(s);
    socket_abandon(s);
}

static void refuse_event(struct rookery_socket *s, struct rookery_str message)
{
    const struct callbacks *list = &s->share->nsp->handlers->error;

    for (size_t i = 0; i < list->count; i++) {
        list->items[i].fn.on_error(s, message, list->items[i].arg);
    }
}

void rookery_next_refuse(struct rookery_next *n, struct rookery_str message,
                         struct rookery_str data_json)
{
    if (!still_wanted(n)) {
        /* Nobody is there to be refused. */
    } else if (n->of_event) {
        refuse_event(n->socket, message);
    } else {
        refuse_connect(n->socket, message, data_json);
    }
    if (n->asking) {
        n->verdict = VERDICT_REFUSED;
    } else {
        destroy(n);
    }
}
