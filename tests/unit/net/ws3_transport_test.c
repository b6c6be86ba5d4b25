// SPDX-License-Identifier: MIT
#include "src/net/ws3_transport.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/ws_frame.h"
#include "src/engine/engine.h"
#include "src/engine/request.h"
#include "tests/support/tap.h"

enum { SEND_BUFFER_BYTES = 4096, LARGE_BYTES = 2000, LARGE_COUNT = 300, TURNS_MAX = 5000 };

static struct loop loop;
static struct engine engine;
static struct stats stats;
static struct session *session;
static struct ws_transport *transport;
static int client = -1;     /* its end of the connection */
static struct bytes got;    /* what has come there */
static char notes[512];     /* of the application */
static struct timer a_turn; /* that is over when it fires */

static void note(const char *what, struct span detail)
{
    size_t at = strlen(notes);
    (void)snprintf(notes + at, sizeof notes - at, "%s(%.*s)", what, (int)detail.len,
                   (const char *)detail.data);
}

static void on_open(struct session *s, void *arg)
{
}

static void on_text(struct session *s, struct span text)
{
    note("text", text);
}

static void on_binary(struct session *s, struct span data)
{
    note("binary", data);
}

static void on_close(struct session *s, enum session_reason reason)
{
    note("close", span_cstr(session_reason_text(reason)));
}

static const struct engine_app app = {
    .on_open = on_open, .on_text = on_text, .on_binary = on_binary, .on_close = on_close};
static const struct engine_options engine_options = {
    .ping_interval_ms = 60000,
    .ping_timeout_ms = 60000,
    .payload_bytes_max = 100000,
    .queue_bytes_max = 1 << 24,
    .allow_websocket = true,
    .allow_eio3 = true,
};
static const struct ws_conn_options options = {.message_bytes_max = 1000,
                                               .close_timeout_ms = 60000};

static void on_turn_over(struct timer *timer)
{
    loop_stop(&loop);
}

static void turn(void)
{
    a_turn = (struct timer){.fire = on_turn_over};
    executor_timer_start(&loop.executor, &a_turn, 1);
    atomic_store(&loop.stopping, false);
    loop_run(&loop);
}

static void receive(void)
{
    uint8_t bytes[4096];
    ssize_t n;

    while ((n = recv(client, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        bytes_add(&got, bytes, (size_t)n);
    }
}

/* Opens a session; forgets what it was greeted with. */
static void start(void)
{
    static const char response[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    const int size = SEND_BUFFER_BYTES;
    int ends[2];
    const struct ws_answer answer = {.response = frame_copy(span_cstr(response))};
    struct rookery_request *r =
        request_create(SPAN("GET /?EIO=3 HTTP/1.1\r\n\r\n"), "127.0.0.1", false, 0);

    notes[0] = '\0';
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    check(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0);
    client = ends[1];
    check(loop_init(&loop, 0) == 0);
    engine_init(&engine, &loop.executor, &engine_options, &app, &stats);
    const struct http_upgrade u = {.executor = &loop.executor, .fd = ends[0]};
    transport = ws3_transport_create(&u, &options, &answer);
    session = engine_handshake(&engine, ws_transport_base(transport), r, NULL);
    request_release(r);
    frame_release(answer.response);
    turn();
    receive();
    check(span_starts(bytes_span(&got), span_cstr(response)));
    bytes_clear(&got);
}

static void finish(void)
{
    engine_drop_all(&engine);
    executor_end_turn(&loop.executor);
    ws_conn_abort_closing(&loop);
    executor_end_turn(&loop.executor);
    engine_finish(&engine);
    loop_finish(&loop);
    close(client);
    bytes_finish(&got);
}

static void send_frame(enum ws_opcode opcode, struct span payload)
{
    uint8_t head[WS_HEAD_MAX];
    struct frame *f = frame_create((uint32_t)(sizeof head + payload.len));

    frame_append(f, span_of(head, ws_frame_encode_head(head, opcode, true, payload.len)));
    frame_append(f, payload);
    session_send(session, f);
    frame_release(f);
}

/* The client sends a message. */
static void feed(enum ws_opcode opcode, struct span payload)
{
    struct ws_frame_head head = {
        .opcode = opcode, .fin = true, .masked = true, .payload_len = payload.len};
    struct bytes frame = {0};

    bytes_reserve(&frame, WS_HEAD_MAX);
    frame.len = ws_frame_encode(frame.data, &head);
    bytes_add_span(&frame, payload); /* the mask is zero */
    ws_transport_feed(transport, frame.data, frame.len);
    bytes_finish(&frame);
}

static void gives_binary_messages_their_type_and_shares_the_rest(void)
{
    start();
    struct frame *shared = frame_copy(SPAN("\x81\x02"
                                           "4a"));
    send_frame(WS_BINARY, SPAN("\1\2"));
    session_send(session, shared);
    send_frame(WS_BINARY, SPAN(""));
    check(atomic_load(&shared->refs) == 2);
    turn();
    receive();
    check(span_eq(bytes_span(&got), SPAN("\x82\x03\x04\x01\x02\x81\x02"
                                         "4a\x82\x01\x04")));
    check(atomic_load(&shared->refs) == 1);
    frame_release(shared);
    finish();
}

/* The payload of message i, of which every third is binary. */
static struct span large(unsigned i)
{
    static uint8_t payload[LARGE_BYTES];

    memset(payload, 'a' + (int)(i % 26), sizeof payload);
    payload[0] = '4';
    return span_of(payload, sizeof payload);
}

static void check_all_large(struct span frames)
{
    for (unsigned i = 0; i < LARGE_COUNT; i++) {
        bool is_binary;
        struct span message = ws_frames_take(&frames, &is_binary);
        check(is_binary == (i % 3 == 0));
        check(!is_binary || message.data[0] == 4);
        check(span_eq(is_binary ? span_skip(message, 1) : message, large(i)));
    }
    check(frames.len == 0);
}

static void a_slow_client_gets_everything_in_order_and_the_session_keeps_the_rest(void)
{
    start();
    for (unsigned i = 0; i < LARGE_COUNT; i++) {
        send_frame(i % 3 == 0 ? WS_BINARY : WS_TEXT, large(i));
    }
    turn();
    check(outq_bytes(&session->queue) > (size_t)LARGE_BYTES * LARGE_COUNT / 2);
    check(!session_writable(session));
    size_t wanted = (size_t)LARGE_COUNT * (LARGE_BYTES + 4) + LARGE_COUNT / 3;
    for (unsigned i = 0; i < TURNS_MAX && got.len < wanted; i++) {
        receive();
        turn();
    }
    receive();
    check(got.len == wanted);
    check_all_large(bytes_span(&got));
    check(session_writable(session));
    finish();
}

static void takes_the_type_off_what_comes(void)
{
    start();
    feed(WS_BINARY, SPAN("\4xy"));
    feed(WS_TEXT, SPAN("b4eHk="));
    feed(WS_TEXT, SPAN("4z"));
    check(strcmp(notes, "binary(xy)binary(xy)text(z)") == 0);
    finish();
}

static void ends_on_binary_messages_that_are_none(void)
{
    const struct span messages[] = {SPAN("\5x"), SPAN(""), SPAN("4x")};

    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        start();
        feed(WS_BINARY, messages[i]);
        check(strcmp(notes, "close(parse error)") == 0);
        finish();
    }
    start();
    feed(WS_TEXT, SPAN("b2eHk="));
    check(strcmp(notes, "close(parse error)") == 0);
    finish();
}

static void what_is_queued_goes_before_the_close_frame(void)
{
    start();
    send_frame(WS_BINARY, SPAN("x"));
    session_close(session, REASON_FORCED_CLOSE);
    turn();
    receive();
    check(span_eq(bytes_span(&got), SPAN("\x82\x02\x04x\x88\0")));
    finish();
    start();
    send_frame(WS_BINARY, SPAN("x"));
    feed(WS_CLOSE, SPAN("\x03\xe8"));
    check(strcmp(notes, "close(transport close)") == 0);
    turn();
    receive();
    check(span_eq(bytes_span(&got), SPAN("\x82\x02\x04x\x88\x02\x03\xe8")));
    finish();
}

static void answers_pings_of_the_websocket(void)
{
    start();
    feed(WS_PING, SPAN("p"));
    turn();
    receive();
    check(span_eq(bytes_span(&got), SPAN("\x8a\x01p")));
    finish();
}

int main(void)
{
    RUN(gives_binary_messages_their_type_and_shares_the_rest);
    RUN(a_slow_client_gets_everything_in_order_and_the_session_keeps_the_rest);
    RUN(takes_the_type_off_what_comes);
    RUN(ends_on_binary_messages_that_are_none);
    RUN(what_is_queued_goes_before_the_close_frame);
    RUN(answers_pings_of_the_websocket);
    return tap_done();
}
