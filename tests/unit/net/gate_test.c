// SPDX-License-Identifier: MIT
#include "src/net/gate.h"

#include "src/net/cors.h"
#include "tests/support/http_fixture.h"

/* What libevhtp alone gets wrong, and what it never promised: see the sentences of main(). */

static struct fixture fixture;

static struct tcp_client begin(void)
{
    fixture_prepare(&fixture);
    fixture_start(&fixture);
    return tcp_open(fixture.port);
}

static void end(struct tcp_client *c)
{
    tcp_close(c);
    fixture_stop(&fixture);
    check(atomic_load(&fixture.connections) == 0);
}

static void check_next(struct tcp_client *c, const char *want)
{
    char *answer = tcp_answer(c, false);
    if (strstr(answer, want) == NULL) {
        printf("# wanted %s, got %s\n", want, answer);
    }
    check(strstr(answer, want) != NULL);
    free(answer);
}

/* Requests in pieces. */

static void a_request_line_may_be_split_anywhere(void)
{
    static const char request[] = "GET /echo?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n";
    struct tcp_client c = begin();

    for (size_t at = 1; at < sizeof request - 1; at++) {
        check(tcp_send(&c, request, at));
        (void)tcp_is_quiet(&c, 1);
        check(tcp_say(&c, request + at));
        check_next(&c, "\r\n\r\nGET /echo EIO=4&transport=polling ");
    }
    end(&c);
}

static void a_request_may_come_byte_by_byte(void)
{
    static const char *const requests[] = {
        "POST /echo?q HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
        "POST /echo?q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1;e=x\r\nb\r\n3\r\nody\r\n0\r\nT: x\r\n\r\n",
    };
    struct tcp_client c = begin();

    for (size_t i = 0; i < 2; i++) {
        for (const char *p = requests[i]; *p != '\0'; p++) {
            check(tcp_send(&c, p, 1));
            (void)tcp_is_quiet(&c, 1);
        }
        check_next(&c, "\r\n\r\nPOST /echo q body");
    }
    end(&c);
}

static void pipelined_requests_are_answered_in_their_order(void)
{
    struct tcp_client c = begin();
    char text[128], want[64];

    for (int i = 0; i < 500; i++) {
        (void)snprintf(text, sizeof text, "GET /echo?%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
        check(tcp_say(&c, text));
    }
    for (int i = 0; i < 500; i++) {
        (void)snprintf(want, sizeof want, "GET /echo %d ", i);
        check_next(&c, want);
    }
    end(&c);
}

static void requests_behind_one_that_is_held_wait_and_are_bounded(void)
{
    enum { FAR_TOO_MUCH = 64 << 20 };
    static char junk[100 * 1024];
    struct tcp_client c = begin();
    struct timeval give_up = {.tv_usec = 200 * 1000};
    size_t sent = 0;

    memset(junk, 'j', sizeof junk);
    check(tcp_say(&c, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.held_count, 1));
    check(tcp_say(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"));
    /* The client gets no further than the kernel's buffers once the gate has stopped reading. */
    (void)setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &give_up, sizeof give_up);
    for (ssize_t n = 0; n >= 0 && sent<FAR_TOO_MUCH; sent += n> 0 ? (size_t)n : 0) {
        n = send(c.fd, junk, sizeof junk, MSG_NOSIGNAL);
    }
    check(sent > 100000 && sent < FAR_TOO_MUCH);
    fixture_release(&fixture);
    check_next(&c, "released");
    check_next(&c, "POST /echo  jjj");
    check_next(&c, " 414 "); /* for what is left */
    end(&c);
}

static void an_answer_given_later_lets_the_next_request_in(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
                      "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.held_count, 1));
    check(tcp_is_quiet(&c, 20));
    check(atomic_load(&fixture.held_count) == 1);
    fixture_release(&fixture);
    check_next(&c, "released");
    check(fixture_reaches(&fixture.held_count, 2));
    fixture_release(&fixture);
    check_next(&c, "released");
    check_next(&c, "GET /echo");
    end(&c);
}

/* Requests that mean two things, and others that are refused. */

static void check_refused(const char *request, const char *want)
{
    struct tcp_client c = tcp_open(fixture.port);
    check(tcp_say(&c, request));
    check(tcp_say(&c, "GET /echo?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(tcp_wait_closed(&c));
    if (strstr(c.in, want) == NULL || strstr(c.in, "smuggled") != NULL) {
        printf("# %s: wanted %s, got %s\n", request, want, c.in);
    }
    check(strstr(c.in, want) != NULL);
    check(strstr(c.in, "\r\nConnection: close\r\n") != NULL);
    check(strstr(c.in, "smuggled") == NULL);
    tcp_close(&c);
}

static void requests_that_can_be_read_in_two_ways_are_refused(void)
{
    static const char *const fields[] = {
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4\r\nContent-Length: 4",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length:",
        "Content-Length: +4",
        "Content-Length: 4, 4",
        "Content-Length: 99999999999999999999999",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "X: a\r\n folded",
        "X: a\rb",
        "X: \x01",
        "Host: y",
        ": empty",
    };
    struct tcp_client c = begin();
    char request[512];

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        (void)snprintf(request, sizeof request, "POST /echo HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n",
                       fields[i]);
        check_refused(request, "HTTP/1.1 400 ");
    }
    check_refused("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                  "HTTP/1.1 501 ");
    check_refused("GET /echo HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ");
    check_refused("GET  /echo HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 ");
    check_refused("GET /echo HTTP/3.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505 ");
    check_refused("\x16\x03\x01 not for us \r\n\r\n", "HTTP/1.1 400 ");
    end(&c);
    check(fixture_stat(&fixture, STAT_REQUESTS_REFUSED) == 21);
}

static void chunks_that_are_none_are_refused(void)
{
    static const char *const bodies[] = {
        "FFFFFFFFFFFFFFFFF\r\nx", "-1\r\nx",     "1 \r\nx\r\n0\r\n\r\n",
        "1\nx\r\n0\r\n\r\n",      "1\r\nxx\r\n",
    };
    struct tcp_client c = begin();
    char request[512];

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        (void)snprintf(request, sizeof request,
                       "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%s",
                       bodies[i]);
        check_refused(request, i == 0 ? "HTTP/1.1 4" : "HTTP/1.1 400 ");
    }
    end(&c);
}

static void a_chunked_body_is_read_in_any_case_of_letters(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c,
                  "POST /echo HTTP/1.1\r\nHost: x\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n"
                  "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    check_next(&c, "POST /echo  hello world");
    check_next(&c, "GET /echo");
    end(&c);
}

/* Limits. */

static void a_head_above_its_limit_is_431(void)
{
    struct tcp_client c = begin();

    check(tcp_say(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n"));
    for (int i = 0; i < 90; i++) {
        (void)tcp_say(&c, "X-A: 3456789012345678901234567890123456789012345678901234567890"
                          "1234567890123456789012345678901234567890123456789012345678901234567890"
                          "1234567890123456789012345678901234567890123456789012345678901234\r\n");
    }
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 431 ") == c.in);
    end(&c);
}

static void more_fields_than_allowed_are_431(void)
{
    struct tcp_client c = begin();

    check(tcp_say(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n"));
    for (int i = 0; i < 5000; i++) {
        (void)tcp_say(&c, "a: b\r\n");
    }
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 431 ") == c.in);
    end(&c);
}

/* The client has megabytes on their way when it is refused; a reset would discard the answer. */
static void check_too_big(const char *head, const char *piece, size_t piece_len)
{
    struct tcp_client c = tcp_open(fixture.port);

    check(tcp_say(&c, head));
    for (int i = 0; i < 40; i++) {
        check(tcp_send(&c, piece, piece_len));
    }
    (void)shutdown(c.fd, SHUT_WR);
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 413 ") == c.in);
    tcp_close(&c);
}

static void a_body_above_its_limit_is_413_and_the_answer_is_readable(void)
{
    static char piece[64 * 1024 + 10];
    struct tcp_client c = begin();

    memset(piece, 'x', sizeof piece);
    check_too_big("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 102401\r\n\r\n", piece,
                  sizeof piece);
    memcpy(piece, "10000\r\n", 7);
    memcpy(piece + 7 + 0x10000, "\r\n", 2);
    check_too_big("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", piece,
                  7 + 0x10000 + 2);
    end(&c);
}

static void follow_policy(struct fixture *f, void *policy)
{
    http_server_set_cors(f->server, policy);
}

static void check_refusal_shown(const char *request, const char *status)
{
    struct tcp_client c = tcp_open(fixture.port);

    check(tcp_say(&c, request));
    (void)shutdown(c.fd, SHUT_WR);
    check(tcp_wait_closed(&c));
    check(strstr(c.in, status) == c.in);
    check(strstr(c.in, "\r\nAccess-Control-Allow-Origin: http://a\r\n") != NULL);
    tcp_close(&c);
}

static void a_refusal_can_be_read_by_the_origin_that_asks(void)
{
    static struct cors_policy policy;
    struct tcp_client c = begin();

    cors_policy_set(&policy, &(struct cors_options){.origin = "reflect", .max_age_s = -1});
    fixture_call(&fixture, follow_policy, &policy);
    check_refusal_shown("POST /echo HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n"
                        "Content-Length: 102401\r\n\r\n",
                        "HTTP/1.1 413 ");
    check_refusal_shown("POST /echo HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n10000000\r\n",
                        "HTTP/1.1 413 ");
    cors_policy_set(&policy, &(struct cors_options){.origin = "http://a", .max_age_s = -1});
    check_refusal_shown("nonsense\r\n\r\n", "HTTP/1.1 400 ");
    end(&c);
    cors_policy_finish(&policy);
}

static void a_body_at_its_limit_is_taken(void)
{
    enum { MOST = 100 * 1024 };
    static char body[MOST];
    struct tcp_client c = begin();

    memset(body, 'x', sizeof body);
    check(tcp_say(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 102400\r\n\r\n"));
    check(tcp_send(&c, body, sizeof body));
    char *answer = tcp_answer(&c, false);
    check(strstr(answer, "\r\nContent-Length: 102412\r\n") != NULL);
    free(answer);
    end(&c);
}

static void a_client_that_expects_100_gets_it_before_it_sends(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                      "Content-Length: 4\r\n\r\n"));
    check_next(&c, "HTTP/1.1 100 Continue\r\n\r\n");
    check(tcp_say(&c, "body"));
    check_next(&c, "POST /echo  body");
    end(&c);
}

static void a_client_that_expects_100_for_too_much_gets_413_instead(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                      "Content-Length: 102401\r\n\r\n"));
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 413 ") == c.in);
    end(&c);
}

/* Deadlines. */

static struct tcp_client begin_with_deadlines(unsigned request_ms, unsigned idle_ms)
{
    fixture_prepare(&fixture);
    fixture.limits.request_timeout_ms = request_ms;
    fixture.limits.idle_timeout_ms = idle_ms;
    fixture_start(&fixture);
    return tcp_open(fixture.port);
}

static struct tcp_client begin_in_a_hurry(void)
{
    return begin_with_deadlines(300, 600);
}

/* Sends the text over and over, a byte every 20 ms, until the server has enough of it. Returns how
 * long that took. */
static uint64_t trickle(struct tcp_client *c, const char *text)
{
    uint64_t began_ms = tcp_clock_ms();

    for (size_t i = 0; !tcp_receive(c, 20) && tcp_clock_ms() - began_ms < TCP_PATIENCE_MS; i++) {
        (void)tcp_send(c, text + i % strlen(text), 1);
    }
    return tcp_clock_ms() - began_ms;
}

static void a_head_that_trickles_in_is_408_at_its_deadline(void)
{
    struct tcp_client c = begin_in_a_hurry();
    check(tcp_say(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n"));
    uint64_t took_ms = trickle(&c, "X-A: b\r\n");
    check(took_ms >= 250 && took_ms < 5000);
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 408 ") == c.in);
    end(&c);
    check(fixture_stat(&fixture, STAT_REQUESTS_TIMED_OUT) == 1);
}

static void a_body_that_trickles_in_is_408_at_the_same_deadline(void)
{
    struct tcp_client c = begin_in_a_hurry();
    check(tcp_say(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"));
    uint64_t took_ms = trickle(&c, "x");
    check(took_ms >= 250 && took_ms < 5000);
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 408 ") == c.in);
    end(&c);
}

static void a_later_request_has_a_deadline_of_its_own(void)
{
    struct tcp_client c = begin_in_a_hurry();
    fixture.limits.idle_timeout_ms = 60 * 1000;
    for (int i = 0; i < 4; i++) {
        check(tcp_say(&c, "GET /echo HT"));
        (void)tcp_is_quiet(&c, 150);
        check(tcp_say(&c, "TP/1.1\r\nHost: x\r\n\r\n"));
        check_next(&c, "GET /echo");
    }
    check(tcp_say(&c, "GET /echo HT"));
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 408 ") == c.in);
    end(&c);
}

static void an_idle_connection_is_closed_without_a_word(void)
{
    struct tcp_client c = begin_in_a_hurry();
    check(tcp_say(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    check_next(&c, "GET /echo");
    uint64_t began_ms = tcp_clock_ms();
    check(tcp_wait_closed(&c));
    check(tcp_clock_ms() - began_ms >= 550);
    check(c.len == 0);
    end(&c);
    check(fixture_stat(&fixture, STAT_REQUESTS_TIMED_OUT) == 0);
}

static void a_connection_that_never_asks_is_closed_without_a_word(void)
{
    struct tcp_client c = begin_in_a_hurry();
    check(tcp_wait_closed(&c));
    check(c.len == 0);
    end(&c);
}

static void a_held_request_has_no_deadline(void)
{
    struct tcp_client c = begin_in_a_hurry();
    check(tcp_say(&c, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(tcp_is_quiet(&c, 1000));
    fixture_release(&fixture);
    check_next(&c, "released");
    end(&c);
}

static void a_client_that_does_not_read_its_answer_is_cut_off(void)
{
    struct tcp_client c = begin_in_a_hurry();
    check(tcp_say(&c, "GET /big?64000000 HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.connections, 1));
    check(fixture_reaches(&fixture.connections, 0));
    end(&c);
}

/* All of it takes longer than the deadline, but no part of it does, even on a busy machine. */
static void a_client_that_reads_slowly_but_surely_gets_all_of_its_answer(void)
{
    enum {
        ANSWER = 20 * 1000 * 1000, /* more than the kernel's buffers */
        DEADLINE_MS = 2000,
        TAKES_MS = 3000,
    };
    static char drop[64 * 1024];
    struct tcp_client c = begin_with_deadlines(DEADLINE_MS, DEADLINE_MS);
    uint64_t began_ms = tcp_clock_ms();
    size_t got = 0;
    ssize_t n = 1;

    const int small = 64 * 1024;
    (void)setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    check(tcp_say(&c, "GET /big?20000000 HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (got < ANSWER && n > 0) {
        if (got > (tcp_clock_ms() - began_ms) * (ANSWER / TAKES_MS)) {
            (void)usleep(1000); /* slow is what this client is */
            continue;
        }
        n = recv(c.fd, drop, sizeof drop, 0);
        got += n > 0 ? (size_t)n : 0;
    }
    check(got >= ANSWER);
    end(&c);
}

static void a_client_that_does_not_close_after_its_last_answer_is_closed(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c, "nonsense\r\n\r\n"));
    check(tcp_wait_closed(&c));
    check(strstr(c.in, "HTTP/1.1 400 ") == c.in);
    uint64_t began_ms = tcp_clock_ms();
    check(fixture_reaches(&fixture.connections, 0));
    check(tcp_clock_ms() - began_ms < LINGER_MS + 5000);
    end(&c);
}

int main(void)
{
    RUN(a_request_line_may_be_split_anywhere);
    RUN(a_request_may_come_byte_by_byte);
    RUN(pipelined_requests_are_answered_in_their_order);
    RUN(requests_behind_one_that_is_held_wait_and_are_bounded);
    RUN(an_answer_given_later_lets_the_next_request_in);
    RUN(requests_that_can_be_read_in_two_ways_are_refused);
    RUN(chunks_that_are_none_are_refused);
    RUN(a_chunked_body_is_read_in_any_case_of_letters);
    RUN(a_head_above_its_limit_is_431);
    RUN(more_fields_than_allowed_are_431);
    RUN(a_body_above_its_limit_is_413_and_the_answer_is_readable);
    RUN(a_refusal_can_be_read_by_the_origin_that_asks);
    RUN(a_body_at_its_limit_is_taken);
    RUN(a_client_that_expects_100_gets_it_before_it_sends);
    RUN(a_client_that_expects_100_for_too_much_gets_413_instead);
    RUN(a_head_that_trickles_in_is_408_at_its_deadline);
    RUN(a_body_that_trickles_in_is_408_at_the_same_deadline);
    RUN(a_later_request_has_a_deadline_of_its_own);
    RUN(an_idle_connection_is_closed_without_a_word);
    RUN(a_connection_that_never_asks_is_closed_without_a_word);
    RUN(a_held_request_has_no_deadline);
    RUN(a_client_that_does_not_read_its_answer_is_cut_off);
    RUN(a_client_that_reads_slowly_but_surely_gets_all_of_its_answer);
    RUN(a_client_that_does_not_close_after_its_last_answer_is_closed);
    return tap_done();
}
