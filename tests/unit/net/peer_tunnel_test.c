// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include "tests/support/two_nodes.h"

static void say_binary(struct tcp_client *c, const uint8_t *data, size_t n)
{
    uint8_t head[14] = {0x82, 0xff, 0, 0, 0, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16)};

    head[8] = (uint8_t)(n >> 8);
    head[9] = (uint8_t)n; /* and a mask of zeros */
    check(tcp_send(c, (const char *)head, sizeof head));
    check(tcp_send(c, (const char *)data, n));
}

static void a_websocket_takes_over_through_another_node(void)
{
    enum { BYTES = 300000 };
    char sid[SID_LEN + 1];
    uint8_t *data = xmalloc(BYTES);

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(nodes[OTHER].port), ws = tcp_open(nodes[OTHER].port);
    ask(&poll, "GET", "polling", sid, "\r\n");
    ask(&ws, "GET", "websocket", sid, upgrade);
    check(answered(&ws, " 101 ", "\r\n\r\n"));
    say_frame(&ws, "2probe");
    check(hears_frame(&ws, "3probe"));
    check(answered(&poll, " 200 ", "\r\n\r\n6"));
    say_frame(&ws, "5");
    say_frame(&ws, "4hello");
    check(hears_frame(&ws, "4hello"));
    for (size_t i = 0; i < BYTES; i++) {
        data[i] = (uint8_t)(i * 7 >> 3);
    }
    say_binary(&ws, data, BYTES);
    while (ws.len < BYTES + 10 && tcp_receive(&ws, TCP_PATIENCE_MS)) {
    }
    check_mem(ws.in + 10, ws.len - 10, data, BYTES);
    check(stat(OTHER, STAT_PASSED_TUNNELS) == 1);
    tcp_close(&ws);
    check(session_ends(REASON_TRANSPORT_CLOSE));
    tcp_close(&poll);
    finish();
    free(data);
}

static void bytes_behind_the_upgrade_travel_with_it(void)
{
    start();
    struct tcp_client c = tcp_open(nodes[OTHER].port);
    check(tcp_say(&c, "GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                      "Upgrade: websocket\r\n\r\nearly"));
    while (c.len < 23 && tcp_receive(&c, TCP_PATIENCE_MS)) {
    }
    check(strcmp(c.in, "HTTP/1.1 101 X\r\n\r\nearly") == 0);
    check(raw_is_taken());
    (void)close(raw_fd);
    check(tcp_wait_closed(&c));
    tcp_close(&c);
    finish();
}

/* Writes until nothing more is taken, for as long as anybody might still move something on. */
static size_t fill(int fd)
{
    static const char block[65536];
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    size_t total = 0;

    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    while (poll(&p, 1, 500) == 1 && total < (256U << 20)) {
        ssize_t n = send(fd, block, sizeof block, MSG_NOSIGNAL);
        if (n < 0) {
            break;
        }
        total += (size_t)n;
    }
    return total;
}

/* Reads to the end. */
static size_t drain(int fd)
{
    static char block[65536];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t total = 0;

    while (poll(&p, 1, TCP_PATIENCE_MS) == 1) {
        ssize_t n = recv(fd, block, sizeof block, 0);
        if (n <= 0) {
            break;
        }
        total += (size_t)n;
    }
    return total;
}

/* The kernel's buffers are all that fills up: some MB for each of two connections. */
static void both_directions_wait_for_who_does_not_read(void)
{
    enum { KERNEL_BYTES_MAX = 48 << 20 };

    start();
    struct tcp_client c = open_raw();
    size_t down = fill(raw_fd);
    check(down < KERNEL_BYTES_MAX);
    size_t up = fill(c.fd);
    check(up < KERNEL_BYTES_MAX);
    (void)shutdown(c.fd, SHUT_WR);
    check(drain(raw_fd) == up);
    (void)close(raw_fd);
    check(drain(c.fd) == down);
    tcp_close(&c);
    finish();
}

static void a_half_that_is_closed_leaves_the_other(void)
{
    start();
    struct tcp_client c = open_raw();
    check(tcp_say(&c, "last"));
    (void)shutdown(c.fd, SHUT_WR);
    check(drain(raw_fd) == 4);
    check(send(raw_fd, "answer", 6, MSG_NOSIGNAL) == 6);
    (void)close(raw_fd);
    check(tcp_wait_closed(&c) && strcmp(c.in, "answer") == 0);
    tcp_close(&c);
    finish();
}

static void a_node_that_has_just_begun_is_waited_for(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client ws = tcp_open(nodes[OTHER].port);
    ports[1] = 0;
    looks = 1 + looks_max;
    ask(&ws, "GET", "websocket", sid, upgrade);
    check(answered(&ws, " 101 ", "\r\n\r\n"));
    say_frame(&ws, "2probe");
    check(hears_frame(&ws, "3probe"));
    check(stat(OTHER, STAT_PASSED_TUNNELS) == 1);
    tcp_close(&ws);
    finish();
}

static void who_waits_for_a_node_when_this_one_ends_is_let_go(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client ws = tcp_open(nodes[OTHER].port);
    ports[1] = 0;
    looks = 100;
    ask(&ws, "GET", "websocket", sid, upgrade);
    check(stat_becomes(OTHER, STAT_REQUESTS, 1));
    finish();
    tcp_close(&ws);
}

int main(void)
{
    RUN(a_websocket_takes_over_through_another_node);
    RUN(bytes_behind_the_upgrade_travel_with_it);
    RUN(a_node_that_has_just_begun_is_waited_for);
    RUN(who_waits_for_a_node_when_this_one_ends_is_let_go);
    RUN(both_directions_wait_for_who_does_not_read);
    RUN(a_half_that_is_closed_leaves_the_other);
    return tap_done();
}
