// SPDX-License-Identifier: MIT
#include "tests/unit/net/ws_conn_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/net/ws_deflate.h"

struct loop loop;
struct owner *owner;
int peer;
char notes[512];

static struct timer guard;
static const char *stop_at; /* the note that ends the run; NULL: none does */
static bool stop_at_flush, echoes;

static void note(const char *what, struct span data)
{
    size_t at = strlen(notes);
    (void)snprintf(notes + at, sizeof notes - at, "%s(%.*s)", what, (int)data.len,
                   (const char *)data.data);
    if (stop_at != NULL && strcmp(what, stop_at) == 0) {
        loop_stop(&loop);
    }
}

static void flush(struct turn_hook *hook)
{
    ws_conn_flush(&owner->conn, &owner->out);
    if (outq_empty(&owner->out)) {
        note("flushed", SPAN(""));
    }
    if (stop_at_flush) {
        loop_stop(&loop);
    }
}

static void flush_soon(struct ws_conn *c)
{
    executor_at_turn_end(&loop.executor, &owner->flush_hook, TURN_FLUSH);
}

static struct outq *queue(struct ws_conn *c)
{
    return &owner->out;
}

void push(struct span payload)
{
    uint8_t head[WS_HEAD_MAX];
    struct frame *f = frame_create(64);
    frame_append(f, span_of(head, ws_frame_encode_head(head, WS_TEXT, true, payload.len)));
    frame_append(f, payload);
    check(outq_push(&owner->out, f));
    frame_release(f);
    flush_soon(&owner->conn);
}

static void on_message(struct ws_conn *c, bool is_binary, struct span data)
{
    note(is_binary ? "binary" : "text", data);
    if (echoes) {
        push(data);
    }
}

static void on_gone(struct ws_conn *c, enum ws_end end)
{
    executor_cancel_hook(&loop.executor, &owner->flush_hook);
    note(end == WS_END_ERROR ? "error" : "closed", SPAN(""));
}

static void on_free(struct ws_conn *c)
{
    executor_cancel_hook(&loop.executor, &owner->flush_hook);
    outq_clear(&owner->out);
    free(owner);
    owner = NULL;
    note("freed", SPAN(""));
}

static const struct ws_conn_ops ops = {on_message, queue, flush_soon, on_gone, on_free};

static void on_guard(struct timer *t)
{
    check(!"in time");
    loop_stop(&loop);
}

void ws_bed_start(const struct ws_bed *bed)
{
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    check(loop_init(&loop, 0) == 0);
    notes[0] = '\0';
    echoes = bed->echoes;
    peer = ends[1];
    owner = xcalloc(1, sizeof *owner);
    owner->flush_hook.run = flush;
    guard = (struct timer){.fire = on_guard};
    executor_timer_start(&loop.executor, &guard, GUARD_MS);
    const struct http_upgrade u = {.executor = &loop.executor, .fd = ends[0]};
    ws_conn_start(&owner->conn, &ops, &u, bed->options);
    if (bed->deflate_bits != 0) {
        loop.ws_deflate = ws_deflate_create(3, &loop.stats);
        ws_conn_set_deflate(&owner->conn, bed->deflate_bits);
    }
}

static void run(const char *what, bool until_flush)
{
    stop_at = what;
    stop_at_flush = until_flush;
    atomic_store(&loop.stopping, false);
    loop_run(&loop);
}

void run_until(const char *what)
{
    run(what, false);
}

void run_until_flush(void)
{
    run(NULL, true);
}

void finish(void)
{
    if (owner != NULL) {
        ws_conn_abort(&owner->conn);
        stop_at = NULL;
        (void)loop_settle(&loop);
    }
    executor_timer_stop(&loop.executor, &guard);
    loop_finish(&loop);
    close(peer);
}

void client_sends(enum ws_opcode opcode, unsigned rsv, bool fin, struct span payload)
{
    uint8_t bytes[256];
    struct ws_frame_head head = {.opcode = opcode,
                                 .rsv = (uint8_t)rsv,
                                 .fin = fin,
                                 .masked = true,
                                 .payload_len = payload.len};
    size_t n = ws_frame_encode(bytes, &head);
    memcpy(bytes + n, payload.data, payload.len); /* the mask is zero */
    check(write(peer, bytes, n + payload.len) == (ssize_t)(n + payload.len));
}

void client_got(const void *want, size_t len)
{
    uint8_t got[256];
    ssize_t n = read(peer, got, sizeof got);
    check_mem(got, n < 0 ? 0 : n, want, len);
}
