// SPDX-License-Identifier: MIT
#include "src/net/ws_conn.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/net/ws_conn_bed.h"

enum { CLOSE_TIMEOUT_MS = 40 };

static const struct ws_conn_options options = {.message_bytes_max = 1000,
                                               .close_timeout_ms = CLOSE_TIMEOUT_MS};

static void start(void)
{
    ws_bed_start(&(struct ws_bed){.options = &options, .echoes = true});
}

static void client_says(enum ws_opcode opcode, const char *payload)
{
    client_sends(opcode, 0, true, span_cstr(payload));
}

static void echoes_a_message_in_one_turn(void)
{
    start();
    client_says(WS_TEXT, "hi");
    client_says(WS_TEXT, "ho");
    run_until("flushed");
    check(strcmp(notes, "text(hi)text(ho)flushed()") == 0);
    client_got("\x81\x02hi\x81\x02ho", 8);
    finish();
}

static void answers_pings_in_their_place(void)
{
    start();
    client_says(WS_TEXT, "a");
    client_says(WS_PING, "p");
    run_until("flushed");
    client_got("\x81\x01"
               "a\x8a\x01p",
               6);
    finish();
}

static void answers_a_close_with_its_code_and_tells_once(void)
{
    start();
    client_says(WS_CLOSE, "\x0f\xa0");
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
    client_says(WS_TEXT, "late");    /* and no message is handed up any more */
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
