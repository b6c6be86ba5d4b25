// SPDX-License-Identifier: MIT
#include "src/net/ws_raw.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/net/loop.h"
#include "tests/support/tap.h"

enum { GUARD_MS = 5000, QUEUE_BYTES_MAX = 4 * 1024 * 1024 };

static const char head[] = "GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                           "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static struct loop loop;
static struct timer guard;
static struct ws_raw *conn;
static char notes[512];
static bool notes_wanted = true; /* of messages */
static bool unwatchable;         /* the kernel watches no more descriptors */
static unsigned flood;           /* messages to send on each that comes */
static bool alive_after_flood;
static int peer; /* the client's end */
static _Atomic unsigned connections;

static void note(const char *what, struct span data)
{
    size_t at = strlen(notes);
    (void)snprintf(notes + at, sizeof notes - at, "%s(%.*s)", what, (int)data.len,
                   (const char *)data.data);
}

static void on_open(struct ws_raw *c, void *arg)
{
    conn = c;
    note("open", SPAN(""));
}

static void on_message(struct ws_raw *c, bool is_binary, struct span data, void *arg)
{
    if (notes_wanted) {
        note(is_binary ? "binary" : "text", data);
    }
    if (span_eq(data, SPAN("bye"))) {
        ws_raw_send(c, false, SPAN("last"));
        ws_raw_close(c);
        ws_raw_send(c, false, SPAN("too late"));
        ws_raw_close(c);
    }
    if (span_eq(data, SPAN("echo"))) {
        ws_raw_send(c, is_binary, data);
    }
    for (unsigned i = 0; i < flood; i++) {
        ws_raw_send(c, true, SPAN("x"));
        alive_after_flood = conn != NULL;
    }
}

static void on_close(struct ws_raw *c, bool in_error, void *arg)
{
    check(c == conn);
    conn = NULL;
    note(in_error ? "error" : "closed", SPAN(""));
    loop_stop(&loop);
}

static struct ws_raw_endpoint endpoint = {
    .on_open = on_open,
    .on_message = on_message,
    .on_close = on_close,
    .ws = {.message_bytes_max = 1000, .close_timeout_ms = 40, .connections = &connections},
    .queue_bytes_max = QUEUE_BYTES_MAX,
};

static void on_guard(struct timer *t)
{
    check(!"in time");
    loop_stop(&loop);
}

/* A connection whose request has come with `early` behind it. */
static void start(const char *request, struct span early)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    check(loop_init(&loop, 0) == 0);
    notes[0] = '\0';
    flood = 0;
    conn = NULL;
    peer = ends[1];
    connections = 1;
    guard = (struct timer){.fire = on_guard};
    executor_timer_start(&loop.executor, &guard, GUARD_MS);

    struct http_upgrade u = {.executor = &loop.executor, .fd = ends[0], .address = "127.0.0.1"};
    bytes_add_cstr(&u.head, request);
    bytes_add_span(&u.early, early);
    int poller_fd = loop.poller.fd;
    loop.poller.fd = unwatchable ? -1 : poller_fd;
    ws_raw_upgrade(&u, &endpoint);
    loop.poller.fd = poller_fd;
}

/* A short frame with a mask of zeros. */
static void say(const char *text)
{
    uint8_t frame[64] = {0x81, (uint8_t)(0x80 | strlen(text))};

    memcpy(frame + 6, text, strlen(text));
    check(send(peer, frame, 6 + strlen(text), MSG_NOSIGNAL) > 0);
}

/* Runs until on_close, then to the end. Returns whether the client has got that text. */
static bool finish(const char *text)
{
    static char in[8192];

    loop_run(&loop);
    (void)loop_settle(&loop);
    ssize_t n = recv(peer, in, sizeof in, 0);
    bool got = n > 0 && memmem(in, (size_t)n, text, strlen(text)) != NULL;
    ws_conn_abort_closing(&loop);
    loop_finish(&loop);
    check(connections == 0);
    (void)close(peer);
    return got;
}

static void answers_in_one_write_with_what_it_sends_at_once(void)
{
    start(head, span_of((const uint8_t *)"\x81\x84\0\0\0\0echo", 10));
    check(strcmp(notes, "open()text(echo)") == 0);
    executor_end_turn(&loop.executor);
    (void)shutdown(peer, SHUT_WR);
    check(finish("\r\n\r\n\x81\x04"
                 "echo"));
    check(strcmp(notes, "open()text(echo)closed()") == 0);
}

static void refuses_what_is_no_websocket_handshake(void)
{
    char in[512] = "";

    start("GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
          (struct span){0});
    check(notes[0] == '\0' && connections == 0);
    check(recv(peer, in, sizeof in - 1, 0) > 0);
    check(strncmp(in, "HTTP/1.1 4", 10) == 0);
    (void)close(peer);
    loop_finish(&loop);
}

static void closes_in_order_and_is_deaf_and_mute_from_then_on(void)
{
    start(head, (struct span){0});
    say("bye");
    say("more");
    check(finish("last\x88"));
    check(strcmp(notes, "open()text(bye)closed()") == 0);
}

static void a_broken_frame_is_an_error(void)
{
    start(head, (struct span){0});
    check(send(peer, "\x81\x01x", 3, MSG_NOSIGNAL) == 3); /* not masked */
    check(finish("\x88\x02\x03\xea"));
    check(strcmp(notes, "open()error()") == 0);
}

static void a_full_queue_is_dropped_at_the_end_of_the_turn_not_under_its_sender(void)
{
    start(head, (struct span){0});
    flood = OUTQ_SEGMENTS_MAX + 10;
    alive_after_flood = false;
    say("go");
    check(!finish("x"));
    check(alive_after_flood);
    check(strcmp(notes, "open()text(go)error()") == 0);
    check(stats_get(&loop.stats, STAT_SLOW_CONSUMERS) == 1);
}

static void a_client_that_does_not_read_is_dropped_at_its_limit(void)
{
    start(head, (struct span){0});
    endpoint.queue_bytes_max = 100;
    notes_wanted = false;
    flood = 2000; /* more than the socket takes in one turn */
    for (int i = 0; i < 200; i++) {
        say("go");
    }
    (void)finish("x");
    check(strcmp(notes, "open()error()") == 0);
    check(stats_get(&loop.stats, STAT_SLOW_CONSUMERS) == 1);
    endpoint.queue_bytes_max = QUEUE_BYTES_MAX;
}

static void one_that_the_kernel_cannot_watch_ends_at_once(void)
{
    unwatchable = true;
    start(head, (struct span){0});
    unwatchable = false;
    executor_end_turn(&loop.executor);
    check(!finish("x"));
    check(strcmp(notes, "open()closed()") == 0);
}

int main(void)
{
    RUN(answers_in_one_write_with_what_it_sends_at_once);
    RUN(refuses_what_is_no_websocket_handshake);
    RUN(closes_in_order_and_is_deaf_and_mute_from_then_on);
    RUN(a_broken_frame_is_an_error);
    RUN(a_full_queue_is_dropped_at_the_end_of_the_turn_not_under_its_sender);
    RUN(a_client_that_does_not_read_is_dropped_at_its_limit);
    RUN(one_that_the_kernel_cannot_watch_ends_at_once);
    return tap_done();
}
