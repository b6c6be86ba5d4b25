// SPDX-License-Identifier: MIT
#include "src/net/peers.h"

#include <limits.h>

#include "tests/support/two_nodes.h"

static bool address_is(const char *text, const char *host, unsigned port)
{
    struct peer_address a;

    return peer_address_read(span_cstr(text), &a) && strcmp(a.host, host) == 0 && a.port == port;
}

static void addresses_are_read_with_their_port(void)
{
    static const char *const none[] = {"", ":", ":80", "a", "a:", "a:0", "a:65536", "a:x", "[]:80"};
    struct peer_address a;
    char endless[PEER_HOST_BYTES + 8];

    check(address_is("10.0.0.7:3000", "10.0.0.7", 3000));
    check(address_is("node.example:65535", "node.example", 65535));
    check(address_is("[::1]:1", "::1", 1));
    check(address_is("::1:80", "::1", 80));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        check(!peer_address_read(span_cstr(none[i]), &a));
    }
    memset(endless, 'a', sizeof endless);
    memcpy(endless + PEER_HOST_BYTES, ":80", 4);
    check(!peer_address_read(span_cstr(endless), &a));
}

static void shut_down_here(struct task *task)
{
    peers_shutdown(nodes[OTHER].peers, &nodes[OTHER].loop);
    free(task);
}

static void shut_down_other(void)
{
    struct task *task = xcalloc(1, sizeof *task);

    task->run = shut_down_here;
    executor_post(&nodes[OTHER].loop.executor, task);
}

/* ---- polls and POSTs ---- */

static void polls_and_posts_reach_a_session_of_another_node(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(nodes[OTHER].port), post = tcp_open(nodes[OTHER].port);
    for (int i = 0; i < 3; i++) {
        ask(&poll, "GET", "polling", sid, "\r\n");
        ask(&post, "POST", "polling", sid, "Content-Length: 6\r\n\r\n4hello");
        check(answered(&post, " 200 ", "\r\n\r\nok"));
        check(answered(&poll, " 200 ", "\r\n\r\n4hello"));
    }
    ask(&post, "POST", "polling", sid, "Content-Length: 9\r\n\r\nbAAECA/8=");
    check(answered(&post, " 200 ", "\r\n\r\nok"));
    ask(&poll, "GET", "polling", sid, "\r\n");
    check(answered(&poll, " 200 ", "\r\n\r\nbAAECA/8="));
    check(stat(OTHER, STAT_PASSED_REQUESTS) == 8 && stat(OTHER, STAT_PASS_FAILED) == 0);
    /* The handshake's, one for each that is under way at a time. */
    check(stat(OWNER, STAT_CONNECTIONS_ACCEPTED) == 3);
    tcp_close(&poll);
    tcp_close(&post);
    finish();
}

static void what_is_large_goes_both_ways(void)
{
    enum { BYTES = 700000 };
    char sid[SID_LEN + 1], *body = xmalloc(BYTES + 64);

    start();
    handshake(sid);
    struct tcp_client c = tcp_open(nodes[OTHER].port);
    memset(body, 'a', BYTES);
    body[0] = '4';
    body[BYTES] = '\0';
    ask(&c, "POST", "polling", sid, "Content-Length: 700000\r\n\r\n");
    check(tcp_say(&c, body));
    check(answered(&c, " 200 ", "\r\n\r\nok"));
    ask(&c, "GET", "polling", sid, "\r\n");
    check(answered(&c, " 200 ", body));
    tcp_close(&c);
    finish();
    free(body);
}

static void a_client_that_hangs_up_has_hung_up_there(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(nodes[OTHER].port);
    ask(&poll, "GET", "polling", sid, "\r\n");
    check(stat_becomes(OWNER, STAT_REQUESTS, 2));
    tcp_close(&poll);
    check(session_ends(REASON_TRANSPORT_ERROR));
    finish();
}

static void a_session_that_is_gone_is_unknown_by_its_node_s_own_word(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    sid[SID_LEN - 1] = sid[SID_LEN - 1] == 'A' ? 'B' : 'A';
    struct tcp_client c = tcp_open(nodes[OTHER].port);
    ask(&c, "GET", "polling", sid, "\r\n");
    check(answered(&c, " 400 ", unknown));
    check(stat(OTHER, STAT_PASSED_REQUESTS) == 1);
    tcp_close(&c);
    finish();
}

static void nobody_there(void (*make_it_so)(void))
{
    char sid[SID_LEN + 1];

    handshake(sid);
    make_it_so();
    struct tcp_client c = tcp_open(nodes[OTHER].port), ws = tcp_open(nodes[OTHER].port);
    ask(&c, "GET", "polling", sid, "\r\n");
    check(answered(&c, " 400 ", unknown));
    ask(&c, "POST", "polling", sid, "Content-Length: 6\r\n\r\n4hello");
    check(answered(&c, " 400 ", unknown));
    ask(&ws, "GET", "websocket", sid, upgrade);
    check(answered(&ws, " 400 ", "Session ID unknown"));
    check(tcp_wait_closed(&ws));
    check(stat(OTHER, STAT_PASS_FAILED) == 3);
    ask(&c, "GET", "polling", "", "\r\n"); /* and it may begin anew */
    check(answered(&c, " 200 ", "}"));
    tcp_close(&c);
    tcp_close(&ws);
}

static void forget_owner(void)
{
    ports[1] = 0;
}

static void end_owner(void)
{
    stop_node(&nodes[OWNER]);
}

static int silent_fd;

static void silence_owner(void)
{
    unsigned port = 0;

    silent_fd = http_listen_socket("127.0.0.1", &port);
    ports[1] = port;
}

static void sessions_of_a_node_that_nobody_knows_are_unknown(void)
{
    start();
    nobody_there(forget_owner);
    finish();
}

static void lose_owner(void)
{
    ports[1] = 0;
    looks = 100;
}

static void sessions_of_a_node_that_is_looked_for_in_vain_are_unknown(void)
{
    start();
    nobody_there(lose_owner);
    check(looks == 100 - 3 * (1 + looks_max));
    finish();
}

static void a_node_that_has_just_begun_is_waited_for(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client c = tcp_open(nodes[OTHER].port);
    ports[1] = 0;
    looks = 1 + looks_max;
    ask(&c, "POST", "polling", sid, "Content-Length: 6\r\n\r\n4hello");
    check(answered(&c, " 200 ", "\r\n\r\nok"));
    looks = 2;
    ask(&c, "GET", "polling", sid, "\r\n");
    check(answered(&c, " 200 ", "\r\n\r\n4hello"));
    check(looks == 0 && stat(OTHER, STAT_PASSED_REQUESTS) == 2);
    tcp_close(&c);
    finish();
}

static void so_many_wait_for_a_node_and_no_more(void)
{
    struct tcp_client waiting[2], c;
    char sid[SID_LEN + 1];

    looks_max = UINT_MAX;
    start();
    handshake(sid);
    ports[1] = 0;
    looks = UINT_MAX;
    for (unsigned i = 0; i < 2; i++) {
        waiting[i] = tcp_open(nodes[OTHER].port);
        ask(&waiting[i], "POST", "polling", sid, "Content-Length: 6\r\n\r\n4hello");
        check(stat_becomes(OTHER, STAT_REQUESTS, i + 1));
    }
    c = tcp_open(nodes[OTHER].port);
    ask(&c, "GET", "polling", sid, "\r\n");
    check(answered(&c, " 400 ", unknown));
    check(stat(OTHER, STAT_PASS_FAILED) == 1);
    ports[1] = nodes[OWNER].port;
    for (unsigned i = 0; i < 2; i++) {
        check(answered(&waiting[i], " 200 ", "\r\n\r\nok"));
        tcp_close(&waiting[i]);
    }
    ports[1] = 0;
    looks = 2;
    ask(&c, "GET", "polling", sid, "\r\n"); /* there is room again */
    check(answered(&c, " 200 ", "4hello"));
    tcp_close(&c);
    finish();
    looks_max = 5;
}

/* And another who has to wait is refused when this node stops. */
static void who_waits_for_a_node_may_go_away(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client c = tcp_open(nodes[OTHER].port);
    lose_owner();
    ask(&c, "GET", "polling", sid, "\r\n");
    check(stat_becomes(OTHER, STAT_REQUESTS, 1));
    tcp_close(&c);
    c = tcp_open(nodes[OTHER].port);
    ask(&c, "GET", "polling", sid, "\r\n");
    shut_down_other();
    check(answered(&c, " 400 ", unknown));
    tcp_close(&c);
    finish();
}

static void sessions_of_a_dead_node_are_unknown(void)
{
    start();
    nobody_there(end_owner);
    finish();
}

static void sessions_of_a_silent_node_are_unknown_after_a_time(void)
{
    start_with(100, "secret", "secret");
    nobody_there(silence_owner);
    finish();
    (void)close(silent_fd);
}

/* Answers one request with that and closes. */
static void *say_once(void *text)
{
    char request[4096];
    struct pollfd p = {.fd = silent_fd, .events = POLLIN};

    check(poll(&p, 1, TCP_PATIENCE_MS) == 1);
    int fd = accept(silent_fd, NULL, NULL);

    (void)!recv(fd, request, sizeof request, 0);
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
    (void)close(fd);
    return NULL;
}

static void what_is_no_answer_counts_as_none(void)
{
    static const char *const answers[] = {
        "", /* it dies */
        "junk\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 101 X\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n",
    };

    start();
    struct tcp_client c = tcp_open(nodes[OTHER].port);
    silence_owner();
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        pthread_t thread;
        check(pthread_create(&thread, NULL, say_once, (void *)(uintptr_t)answers[i]) == 0);
        check(tcp_say(&c, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
        check(answered(&c, " 404 ", "nobody"));
        (void)pthread_join(thread, NULL);
    }
    tcp_close(&c);
    finish();
    (void)close(silent_fd);
}

/* ---- the hop ---- */

static void the_node_takes_the_client_for_who_it_is(void)
{
    start();
    struct tcp_client c = tcp_open(nodes[OTHER].port), d = tcp_open(nodes[OWNER].port);
    check(tcp_say(&c, "POST /who HTTP/1.1\r\nHost: x\r\nX-Test: t \r\nConnection: x\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"));
    char *answer = tcp_answer(&c, false);
    check(strstr(answer, "HTTP/1.1 201 ") == answer && strstr(answer, "X-Answer: 42") != NULL);
    check(strstr(answer, "\r\n\r\n127.0.0.1 passed on tbody") != NULL);
    free(answer);
    check(tcp_say(&d, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(answered(&d, " 201 ", "127.0.0.1 direct "));
    tcp_close(&c);
    tcp_close(&d);
    finish();
}

static void a_forged_hop_counts_for_nothing_and_goes_nowhere(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client c = tcp_open(nodes[OTHER].port), d = tcp_open(nodes[OWNER].port);
    const char *forged = "Rookery-Hop: 1700000000 AAAA s 6.6.6.6 AAAAAAAA\r\n\r\n";
    ask(&c, "GET", "polling", sid, forged);
    check(answered(&c, " 400 ", unknown));
    check(stat(OTHER, STAT_HOPS_FORGED) == 1 && stat(OTHER, STAT_PASSED_REQUESTS) == 0);
    check(tcp_say(&d, "GET /who HTTP/1.1\r\nHost: x\r\nRookery-Hop: 1 A s 6.6.6.6 A\r\n\r\n"));
    check(answered(&d, " 201 ", "127.0.0.1 passed on "));
    check(stat(OWNER, STAT_HOPS_FORGED) == 1);
    tcp_close(&c);
    tcp_close(&d);
    finish();
}

static void nodes_with_different_secrets_do_not_pass_requests_round(void)
{
    char sid[SID_LEN + 1];

    start_with(60000, "secret", "another");
    handshake(sid);
    ports[1] = nodes[OTHER].port; /* the registry is wrong: each points at the other */
    ports[7] = nodes[OWNER].port;
    atomic_store(&nodes[OWNER].engine_options.node, 7);
    struct tcp_client c = tcp_open(nodes[OWNER].port);
    ask(&c, "GET", "polling", sid, "\r\n");
    check(answered(&c, " 400 ", unknown));
    check(stat(OWNER, STAT_PASSED_REQUESTS) == 1 && stat(OTHER, STAT_HOPS_FORGED) == 1);
    check(stat(OTHER, STAT_PASSED_REQUESTS) + stat(OTHER, STAT_PASS_FAILED) == 0);
    tcp_close(&c);
    finish();
}

/* ---- the end of a node ---- */

static void a_node_that_stops_lets_go_of_what_waits_for_others(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(nodes[OTHER].port), c = open_raw();
    ask(&poll, "GET", "polling", sid, "\r\n");
    check(stat_becomes(OWNER, STAT_REQUESTS, 3));
    shut_down_other();
    check(answered(&poll, " 400 ", unknown));
    check(tcp_wait_closed(&c));
    ask(&poll, "GET", "polling", sid, "\r\n"); /* nothing new either */
    check(answered(&poll, " 400 ", unknown));
    (void)close(raw_fd);
    tcp_close(&poll);
    tcp_close(&c);
    finish();
}

static void what_is_under_way_at_the_end_is_freed(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(nodes[OTHER].port), c = open_raw();
    struct tcp_client ws = tcp_open(nodes[OTHER].port);
    ask(&poll, "GET", "polling", sid, "\r\n");
    check(stat_becomes(OWNER, STAT_REQUESTS, 3));
    silence_owner();
    ask(&ws, "GET", "websocket", sid, upgrade);
    check(stat_becomes(OTHER, STAT_REQUESTS, 3));
    finish();
    (void)close(silent_fd);
    (void)close(raw_fd);
    tcp_close(&poll);
    tcp_close(&ws);
    tcp_close(&c);
}

int main(void)
{
    RUN(addresses_are_read_with_their_port);
    RUN(polls_and_posts_reach_a_session_of_another_node);
    RUN(what_is_large_goes_both_ways);
    RUN(a_client_that_hangs_up_has_hung_up_there);
    RUN(a_session_that_is_gone_is_unknown_by_its_node_s_own_word);
    RUN(sessions_of_a_node_that_nobody_knows_are_unknown);
    RUN(sessions_of_a_node_that_is_looked_for_in_vain_are_unknown);
    RUN(a_node_that_has_just_begun_is_waited_for);
    RUN(so_many_wait_for_a_node_and_no_more);
    RUN(who_waits_for_a_node_may_go_away);
    RUN(sessions_of_a_dead_node_are_unknown);
    RUN(sessions_of_a_silent_node_are_unknown_after_a_time);
    RUN(what_is_no_answer_counts_as_none);
    RUN(the_node_takes_the_client_for_who_it_is);
    RUN(a_forged_hop_counts_for_nothing_and_goes_nowhere);
    RUN(nodes_with_different_secrets_do_not_pass_requests_round);
    RUN(a_node_that_stops_lets_go_of_what_waits_for_others);
    RUN(what_is_under_way_at_the_end_is_freed);
    return tap_done();
}
