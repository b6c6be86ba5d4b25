// SPDX-License-Identifier: MIT
#include "src/net/ws_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/ws_frame.h"
#include "src/base/memory.h"
#include "tests/support/tap.h"

enum { GUARD_MS = 5000, CLOSE_TIMEOUT_MS = 40 };

/* A connection that notes what happens to it and echoes what comes. */
struct owner {
    struct ws_conn conn;
    struct outq out;
    struct turn_hook flush_hook;
};

static struct loop loop;
static struct owner *owner;
static char notes[512];
static int peer; /* the client's end */
static struct timer guard;
static const char *stop_at; /* the note that ends the run */

static const struct ws_conn_options options = {.message_bytes_max = 1000,
                                               .close_timeout_ms = CLOSE_TIMEOUT_MS};

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
}

static void flush_soon(struct ws_conn *c)
{
    executor_at_turn_end(&loop.executor, &owner->flush_hook, TURN_FLUSH);
}

static struct outq *queue(struct ws_conn *c)
{
    return &owner->out;
}

static void push(struct span payload)
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
    push(data);
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

static void start(void)
{
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    check(loop_init(&loop, 0) == 0);
    notes[0] = '\0';
    peer = ends[1];
    owner = xcalloc(1, sizeof *owner);
    owner->flush_hook.run = flush;
    guard = (struct timer){.fire = on_guard};
    executor_timer_start(&loop.executor, &guard, GUARD_MS);
    const struct http_upgrade u = {.executor = &loop.executor, .fd = ends[0]};
    ws_conn_start(&owner->conn, &ops, &u, &options);
}

static void run_until(const char *what)
{
    stop_at = what;
    atomic_store(&loop.stopping, false);
    loop_run(&loop);
}

static void finish(void)
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

static void client_sends(enum ws_opcode opcode, const char *payload)
{
    uint8_t bytes[256];
    size_t len = strlen(payload);
    struct ws_frame_head head = {.opcode = opcode, .fin = true, .masked = true, .payload_len = len};
    size_t n = ws_frame_encode(bytes, &head);
    memcpy(bytes + n, payload, len); /* the mask is zero */
    check(write(peer, bytes, n + len) == (ssize_t)(n + len));
}

static void client_got(const void *want, size_t len)
{
    uint8_t got[256];
    ssize_t n = read(peer, got, sizeof got);
    check_mem(got, n < 0 ? 0 : n, want, len);
}

static void echoes_a_message_in_one_turn(void)
{
    start();
    client_sends(WS_TEXT, "hi");
    client_sends(WS_TEXT, "ho");
    run_until("flushed");
    check(strcmp(notes, "text(hi)text(ho)flushed()") == 0);
    client_got("\x81\x02hi\x81\x02ho", 8);
    finish();
}

static void answers_pings_in_their_place(void)
{
    start();
    client_sends(WS_TEXT, "a");
    client_sends(WS_PING, "p");
    run_until("flushed");
    client_got("\x81\x01"
               "a\x8a\x01p",
               6);
    finish();
}

static void answers_a_close_with_its_code_and_tells_once(void)
{
    start();
    client_sends(WS_CLOSE, "\x0f\xa0");
    run_until("closed");
    client_got("\x88\x02\x0f\xa0", 4);
    close(peer);
    peer = -1;
    run_until("freed");
    check(strcmp(notes, "closed()freed()") == 0);
    finish();
}

static void closes_with_1002_on_a_protocol_error(void)
{
    start();
    check(write(peer, "\x81\x02hi", 4) == 4); /* a client that does not mask */
    run_until("error");
    client_got("\x88\x02\x03\xea", 4);
    run_until("freed"); /* though the peer never closes: the timeout does it */
    check(strcmp(notes, "error()freed()") == 0);
    finish();
}

static void closes_with_1009_above_its_limit(void)
{
    static const uint8_t head[] = {0x82, 0xfe, 0x03, 0xe9, 0, 0, 0, 0}; /* announces 1001 bytes */
    start();
    check(write(peer, head, sizeof head) == sizeof head);
    run_until("error");
    client_got("\x88\x02\x03\xf1", 4);
    finish();
}

static void an_orderly_close_sends_the_queue_and_waits_for_the_peers_end(void)
{
    char end;
    start();
    push(SPAN("x"));
    ws_conn_close(&owner->conn, &owner->out, 0);
    executor_cancel_hook(&loop.executor, &owner->flush_hook);
    client_got("\x81\x01x\x88\x00", 5);
    check(read(peer, &end, 1) == 0); /* its direction is shut */
    client_sends(WS_TEXT, "late");   /* and no message is handed up any more */
    check(shutdown(peer, SHUT_WR) == 0);
    run_until("freed");
    check(strcmp(notes, "freed()") == 0);
    finish();
}

static void tells_when_the_peer_is_just_gone(void)
{
    start();
    close(peer);
    peer = -1;
    run_until("freed");
    check(strcmp(notes, "closed()freed()") == 0);
    finish();
}

static void goes_on_when_a_full_socket_has_room_again(void)
{
    static uint8_t big[200], sink[65536];
    size_t expected = 0, got = 0;
    ssize_t n;
    start();
    while (!owner->conn.blocked) {
        struct frame *f = frame_copy(span_of(big, sizeof big));
        for (int i = 0; i < 100; i++) {
            check(outq_push(&owner->out, f));
            expected += sizeof big;
        }
        frame_release(f);
        ws_conn_flush(&owner->conn, &owner->out);
    }
    check(!ws_conn_writable(&owner->conn));
    size_t left = outq_bytes(&owner->out);
    check(left > 0 && left < expected);
    ws_conn_flush(&owner->conn, &owner->out); /* while blocked it does not even try */
    check(outq_bytes(&owner->out) == left);
    while (got < expected) {
        while ((n = read(peer, sink, sizeof sink)) > 0) {
            got += (size_t)n;
        }
        if (!outq_empty(&owner->out)) {
            run_until("flushed");
        }
    }
    check(got == expected && ws_conn_writable(&owner->conn));
    finish();
}

static void a_loops_end_drops_those_that_say_goodbye(void)
{
    start();
    ws_conn_close(&owner->conn, &owner->out, 0);
    check(loop.ws_closing.first != NULL);
    ws_conn_abort_closing(&loop);
    check(loop.ws_closing.first == NULL);
    stop_at = NULL;
    (void)loop_settle(&loop);
    check(strcmp(notes, "freed()") == 0);
    finish();
}

int main(void)
{
    RUN(echoes_a_message_in_one_turn);
    RUN(answers_pings_in_their_place);
    RUN(answers_a_close_with_its_code_and_tells_once);
    RUN(closes_with_1002_on_a_protocol_error);
    RUN(closes_with_1009_above_its_limit);
    RUN(an_orderly_close_sends_the_queue_and_waits_for_the_peers_end);
    RUN(tells_when_the_peer_is_just_gone);
    RUN(goes_on_when_a_full_socket_has_room_again);
    RUN(a_loops_end_drops_those_that_say_goodbye);
    return tap_done();
}
