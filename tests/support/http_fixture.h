/* http_fixture.h - an HTTP server on a loop and a thread of its own, with routes that say what they
 * got:
 *
 *   /echo    answers "METHOD path query body" (also below /echo/)
 *   /hold    waits; fixture_release answers, on_gone is counted
 *   /slow    waits too, but sets no on_gone
 *   /big     answers as many bytes as its query says
 *   /fields  answers with fields of its own and the request's X-Test
 *   /begun   like /echo, and counts bodies that take time (begun_count) or never come (gone_count)
 *   /abort   cuts the connection, /none has no handler
 *   /who     answers the client's address, and whether he came over TLS: " secure" or " open"
 *   /ws      upgrades: answers "HTTP/1.1 101 X\r\n\r\n", then the early bytes and the address
 *   /keep    upgrades: keeps the descriptor without a word */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_HTTP_FIXTURE_H
#define TESTS_SUPPORT_HTTP_FIXTURE_H

#include <pthread.h>
#include <semaphore.h>

#include "src/base/memory.h"
#include "src/net/http.h"
#include "src/net/loop.h"
#include "tests/support/tap.h"
#include "tests/support/tcp_client.h"

enum { FIXTURE_HELD_MAX = 64, FIXTURE_ROUTES = 11 };

struct fixture {
    struct loop loop;
    struct http_server *server;
    struct http_limits limits;
    struct http_route routes[FIXTURE_ROUTES];
    _Atomic unsigned connections;
    _Atomic unsigned held_count; /* requests that /hold and /slow have got so far */
    _Atomic unsigned gone_count;
    _Atomic unsigned begun_count;
    struct http_exchange *held[FIXTURE_HELD_MAX]; /* NULL: answered. The loop's */
    unsigned port;
    struct http_port port_kind;
    pthread_t thread;
};

/* Something to run on the fixture's loop while the test waits. */
struct fixture_call {
    struct task task;
    struct fixture *f;
    void (*run)(struct fixture *f, void *arg);
    void *arg;
    sem_t done;
};

static inline void fixture_run_call(struct task *task)
{
    struct fixture_call *call = container_of(task, struct fixture_call, task);
    call->run(call->f, call->arg);
    (void)sem_post(&call->done);
}

static inline void fixture_call(struct fixture *f, void (*run)(struct fixture *f, void *arg),
                                void *arg)
{
    struct fixture_call call = {.task.run = fixture_run_call, .f = f, .run = run, .arg = arg};
    (void)sem_init(&call.done, 0, 0);
    executor_post(&f->loop.executor, &call.task);
    (void)sem_wait(&call.done);
    (void)sem_destroy(&call.done);
}

static inline void fixture_echo(struct http_exchange *x, void *arg)
{
    struct bytes out = {0};

    bytes_add_span(&out, x->method);
    bytes_add_byte(&out, ' ');
    bytes_add_span(&out, x->path);
    bytes_add_byte(&out, ' ');
    bytes_add_span(&out, x->query);
    bytes_add_byte(&out, ' ');
    bytes_add_span(&out, x->body);
    http_respond(x, 200, NULL, 0, bytes_span(&out));
    bytes_finish(&out);
}

static inline void fixture_on_gone(struct http_exchange *x)
{
    struct fixture *f = x->data;
    atomic_fetch_add(&f->gone_count, 1);
}

static inline void fixture_hold(struct http_exchange *x, void *arg)
{
    struct fixture *f = arg;

    x->data = f;
    x->on_gone = span_eq(x->path, SPAN("/hold")) ? fixture_on_gone : NULL;
    f->held[f->held_count % FIXTURE_HELD_MAX] = x;
    atomic_fetch_add(&f->held_count, 1);
}

static inline void fixture_begin(struct http_exchange *x, void *arg)
{
    struct fixture *f = arg;

    x->data = f;
    x->on_gone = fixture_on_gone;
    atomic_fetch_add(&f->begun_count, 1);
}

static inline void fixture_big(struct http_exchange *x, void *arg)
{
    uint64_t n = 0;
    struct bytes out = {0};

    if (span_to_u64(x->query, 1 << 28, &n) == 0) {
        memset(bytes_reserve(&out, n), 'b', n);
        out.len = n;
    }
    http_respond(x, 200, NULL, 0, bytes_span(&out));
    bytes_finish(&out);
}

static inline void fixture_fields(struct http_exchange *x, void *arg)
{
    const struct http_field fields[] = {
        {"Content-Type", SPAN("text/x")},
        {"X-Seen", http_exchange_field(x, "x-test")},
    };
    http_respond(x, 201, fields, 2, SPAN("made"));
}

static inline void fixture_who(struct http_exchange *x, void *arg)
{
    struct bytes out = {0};

    bytes_add_cstr(&out, x->address);
    bytes_add_cstr(&out, x->secure ? " secure" : " open");
    http_respond(x, 200, NULL, 0, bytes_span(&out));
    bytes_finish(&out);
}

static inline void fixture_abort(struct http_exchange *x, void *arg)
{
    http_exchange_abort(x);
}

static inline void fixture_ws(struct http_upgrade *u, void *arg)
{
    struct fixture *f = arg;
    struct bytes out = {0};

    bytes_add_cstr(&out, "HTTP/1.1 101 X\r\nContent-Length: ");
    bytes_add_u64(&out, u->early.len + strlen(u->address));
    bytes_add_cstr(&out, "\r\n\r\n");
    bytes_add_span(&out, bytes_span(&u->early));
    bytes_add_cstr(&out, u->address);
    http_upgrade_end(u, bytes_span(&out));
    bytes_finish(&out);
    bytes_finish(&u->head);
    bytes_finish(&u->early);
    http_connection_closed(&f->connections);
}

static inline void fixture_keep(struct http_upgrade *u, void *arg)
{
    bytes_finish(&u->head);
    bytes_finish(&u->early);
}

static inline void *fixture_thread(void *arg)
{
    loop_run(&((struct fixture *)arg)->loop);
    return NULL;
}

static inline void fixture_create_server(struct fixture *f)
{
    f->port = 0;
    int fd = http_listen_socket("127.0.0.1", &f->port);
    check(fd >= 0);
    f->server =
        http_server_create(&f->loop, &f->limits, f->routes, FIXTURE_ROUTES, &f->connections);
    check(http_server_accept_as(f->server, fd, &f->port_kind) == 0);
}

/* With limits that no test meets by accident. */
static inline void fixture_prepare(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->limits = (struct http_limits){
        .head_bytes_max = 16 * 1024,
        .body_bytes_max = 100 * 1024,
        .handshakes_max = 64,
        .request_timeout_ms = 60 * 1000,
        .idle_timeout_ms = 60 * 1000,
    };
    const struct http_route routes[FIXTURE_ROUTES] = {
        {.path = "/echo", .is_prefix = true, .handler = fixture_echo},
        {.path = "/hold", .handler = fixture_hold, .arg = f},
        {.path = "/slow", .handler = fixture_hold, .arg = f},
        {.path = "/big", .handler = fixture_big},
        {.path = "/fields", .handler = fixture_fields},
        {.path = "/abort", .handler = fixture_abort},
        {.path = "/begun", .on_begin = fixture_begin, .handler = fixture_echo, .arg = f},
        {.path = "/none"},
        {.path = "/who", .handler = fixture_who},
        {.path = "/ws", .handler = fixture_echo, .on_upgrade = fixture_ws, .arg = f},
        {.path = "/keep", .on_upgrade = fixture_keep, .arg = f},
    };
    memcpy(f->routes, routes, sizeof routes);
}

static inline void fixture_start(struct fixture *f)
{
    check(loop_init(&f->loop, 0) == 0);
    fixture_create_server(f);
    check(pthread_create(&f->thread, NULL, fixture_thread, f) == 0);
}

static inline void fixture_answer_all(struct fixture *f, void *arg)
{
    for (unsigned i = 0; i < FIXTURE_HELD_MAX; i++) {
        if (f->held[i] != NULL) {
            http_respond(f->held[i], 200, NULL, 0, SPAN("released"));
            f->held[i] = NULL;
        }
    }
}

/* Answers what is held. */
static inline void fixture_release(struct fixture *f)
{
    fixture_call(f, fixture_answer_all, NULL);
}

static inline void fixture_stop(struct fixture *f)
{
    loop_stop(&f->loop);
    (void)pthread_join(f->thread, NULL);
    http_server_destroy(f->server);
    fixture_answer_all(f, NULL);
    loop_finish(&f->loop);
}

/* Waits until a number that the loop counts is there. */
static inline bool fixture_reaches(const _Atomic unsigned *count, unsigned want)
{
    uint64_t until_ms = tcp_clock_ms() + TCP_PATIENCE_MS;

    while (atomic_load(count) != want && tcp_clock_ms() < until_ms) {
        (void)usleep(1000);
    }
    return atomic_load(count) == want;
}

static inline uint64_t fixture_stat(struct fixture *f, enum stat_id which)
{
    return stats_get(&f->loop.stats, which);
}

#endif
