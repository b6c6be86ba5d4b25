// SPDX-License-Identifier: MIT
#include "src/net/http.h"

#include "tests/support/http_fixture.h"

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

/* Sends a request and checks its answer, in which must stand what is wanted. */
static void check_answer(struct tcp_client *c, const char *request, const char *want)
{
    char *answer;

    check(tcp_say(c, request));
    answer = tcp_answer(c, strncmp(request, "HEAD", 4) == 0);
    if (strstr(answer, want) == NULL) {
        printf("# %.60s...: wanted %s, got %s\n", request, want, answer);
    }
    check(strstr(answer, want) != NULL);
    free(answer);
}

static void answers_and_keeps_the_connection(void)
{
    struct tcp_client c = begin();
    check_answer(&c, "GET /echo?a=1&b=%20 HTTP/1.1\r\nHost: x\r\n\r\n",
                 "\r\n\r\nGET /echo a=1&b=%20 ");
    check_answer(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
                 "\r\n\r\nPOST /echo  hello");
    check_answer(&c, "PUT /echo/below HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
                 "\r\n\r\nPUT /echo/below  ");
    check(atomic_load(&fixture.connections) == 1);
    end(&c);
    check(fixture_stat(&fixture, STAT_CONNECTIONS_ACCEPTED) == 1);
    check(fixture_stat(&fixture, STAT_REQUESTS) == 3);
    check(fixture_stat(&fixture, STAT_REQUESTS_REFUSED) == 0);
}

static void a_route_is_its_path_or_what_lies_below_it(void)
{
    struct tcp_client c = begin();
    check_answer(&c, "GET /echo/ HTTP/1.1\r\nHost: x\r\n\r\n", " 200 ");
    check_answer(&c, "GET /echoes HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ");
    check_answer(&c, "GET /fields/ HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ");
    check_answer(&c, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ");
    check_answer(&c, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ");
    check_answer(&c, "GET http://x/echo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /echo  ");
    check_answer(&c, "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ");
    end(&c);
}

static void fields_are_read_and_written(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c, "GET /fields HTTP/1.1\r\nHost: x\r\nX-TEST:  seen \r\n\r\n"));
    char *answer = tcp_answer(&c, false);
    check(strncmp(answer, "HTTP/1.1 201 ", 13) == 0);
    check(strstr(answer, "\r\nContent-Type: text/x\r\n") != NULL);
    check(strstr(answer, "\r\nX-Seen: seen\r\n") != NULL);
    check(strstr(answer, "\r\nContent-Length: 4\r\n") != NULL);
    check(strstr(answer, "\r\n\r\nmade") != NULL);
    check(strstr(answer, "Connection:") == NULL);
    free(answer);
    end(&c);
}

static void head_gets_the_head_alone(void)
{
    struct tcp_client c = begin();
    check_answer(&c, "HEAD /fields HTTP/1.1\r\nHost: x\r\n\r\n", "\r\nContent-Length: 4\r\n");
    check_answer(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nGET /echo");
    end(&c);
}

static void closes_when_the_client_asks_for_it(void)
{
    struct tcp_client c = begin();
    check_answer(&c, "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                 "\r\nConnection: close\r\n");
    check(tcp_wait_closed(&c));
    end(&c);
}

static void http_1_0_is_closed_unless_it_asks_not_to_be(void)
{
    struct tcp_client c = begin();
    check_answer(&c, "GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                 "\r\nConnection: keep-alive\r\n");
    check_answer(&c, "GET /echo HTTP/1.0\r\n\r\n", "\r\nConnection: close\r\n");
    check(tcp_wait_closed(&c));
    end(&c);
}

static void an_answer_may_come_later(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.held_count, 1));
    check(tcp_is_quiet(&c, 0));
    fixture_release(&fixture);
    check_answer(&c, "", "released");
    check_answer(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /echo");
    check(atomic_load(&fixture.gone_count) == 0);
    end(&c);
}

static void a_client_that_goes_away_is_noticed_while_its_request_is_held(void)
{
    struct tcp_client c = begin();
    check(tcp_say(&c, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.held_count, 1));
    (void)shutdown(c.fd, SHUT_WR);
    check(fixture_reaches(&fixture.gone_count, 1));
    check(tcp_wait_closed(&c));
    check(fixture_reaches(&fixture.connections, 0));
    fixture_release(&fixture); /* into the void */
    check(atomic_load(&fixture.gone_count) == 1);
    end(&c);
}

static void a_client_that_only_stops_sending_is_answered(void)
{
    struct tcp_client c = begin();
    check(
        tcp_say(&c, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)shutdown(c.fd, SHUT_WR);
    check(fixture_reaches(&fixture.held_count, 1));
    fixture_release(&fixture);
    check_answer(&c, "", "released");
    check_answer(&c, "", "GET /echo");
    check(tcp_wait_closed(&c));
    end(&c);
}

static void a_reset_is_noticed_while_a_request_is_held(void)
{
    const struct linger at_once = {.l_onoff = 1};
    struct tcp_client c = begin();
    check(tcp_say(&c, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.held_count, 1));
    (void)setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(c.fd);
    c.fd = -1;
    check(fixture_reaches(&fixture.gone_count, 1));
    end(&c);
}

static void a_route_is_told_of_a_body_that_takes_time(void)
{
    struct tcp_client c = begin();

    check_answer(&c, "POST /begun HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", "body");
    check(atomic_load(&fixture.begun_count) == 0);
    check(tcp_say(&c, "POST /begun HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nb"));
    check(fixture_reaches(&fixture.begun_count, 1));
    check(tcp_say(&c, "o"));
    (void)tcp_is_quiet(&c, 20);
    check_answer(&c, "dy", "POST /begun  body");
    check(atomic_load(&fixture.begun_count) == 1);
    check(atomic_load(&fixture.gone_count) == 0);
    end(&c);
}

static void a_route_is_told_when_the_body_never_comes(void)
{
    struct tcp_client c = begin(), bad = tcp_open(fixture.port);

    check(tcp_say(&c, "POST /begun HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nb"));
    check(fixture_reaches(&fixture.begun_count, 1));
    check(tcp_say(&bad, "POST /begun HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1"));
    check(fixture_reaches(&fixture.begun_count, 2));
    check(tcp_say(&bad, "nonsense"));
    check(tcp_status(&bad) == 400);
    check(fixture_reaches(&fixture.gone_count, 1));
    tcp_close(&bad);
    end(&c);
    check(atomic_load(&fixture.gone_count) == 2);
}

static void an_aborted_exchange_cuts_the_connection(void)
{
    struct tcp_client c = begin();
    check(
        tcp_say(&c, "GET /abort HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)tcp_wait_closed(&c);
    check(c.closed || c.reset);
    check(c.len == 0);
    end(&c);
}

static const char upgrade[] = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n"
                              "Upgrade: WebSocket\r\n\r\n";

static void an_upgrade_takes_the_connection_with_what_came_behind_it(void)
{
    struct tcp_client c = begin();
    char text[512];
    (void)snprintf(text, sizeof text, "%s%s", upgrade, "early frames ");
    check_answer(&c, text, "\r\n\r\nearly frames 127.0.0.1");
    check(tcp_wait_closed(&c));
    end(&c);
    check(fixture_stat(&fixture, STAT_REQUESTS) == 1);
}

static void an_upgrade_may_come_in_pieces(void)
{
    struct tcp_client c = begin();
    check(tcp_send(&c, upgrade, 40));
    check(tcp_is_quiet(&c, 50));
    check_answer(&c, upgrade + 40, "\r\n\r\n127.0.0.1");
    end(&c);
}

static void an_upgrade_may_follow_requests_on_the_same_connection(void)
{
    struct tcp_client c = begin();
    char text[512];
    check_answer(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /echo");
    (void)snprintf(text, sizeof text, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n%sframe ", upgrade);
    check_answer(&c, text, "GET /echo");
    check_answer(&c, "", "\r\n\r\nframe 127.0.0.1");
    end(&c);
}

static void an_upgrade_where_none_is_offered_is_not_found(void)
{
    struct tcp_client c = begin();
    check_answer(
        &c, "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        " 404 ");
    check(tcp_wait_closed(&c));
    end(&c);
}

static void other_upgrades_are_plain_requests(void)
{
    struct tcp_client c = begin();
    check_answer(&c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                 "\r\n\r\nGET /ws");
    check_answer(&c, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
                 "\r\n\r\nGET /ws");
    check_answer(&c,
                 "POST /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Content-Length: 4\r\n\r\nbody",
                 "\r\n\r\nPOST /ws  body");
    end(&c);
}

static void stop_accepting(struct fixture *f, void *arg)
{
    http_server_stop_accepting(f->server);
    *(unsigned *)arg = http_server_busy(f->server);
}

static void retire(struct fixture *f, void *arg)
{
    http_server_retire(f->server);
}

static void a_server_that_stops_serves_who_is_there_until_it_retires_them(void)
{
    struct tcp_client busy = begin(), idle = tcp_open(fixture.port);
    unsigned at_work = 0;

    check_answer(&idle, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /echo");
    check(tcp_say(&busy, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.held_count, 1));
    fixture_call(&fixture, stop_accepting, &at_work);
    check(at_work == 1);
    check(tcp_connect(fixture.port) < 0);
    check_answer(&idle, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /echo");
    fixture_call(&fixture, retire, NULL);
    check(tcp_wait_closed(&idle));
    fixture_release(&fixture);
    check_answer(&busy, "", "\r\nConnection: close\r\n");
    check(tcp_wait_closed(&busy));
    tcp_close(&idle);
    end(&busy);
}

static void destroying_a_server_closes_what_is_there(void)
{
    struct tcp_client c = begin(), held = tcp_open(fixture.port), partial = tcp_open(fixture.port);

    check_answer(&c, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /echo");
    check(tcp_say(&partial, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbody"));
    check(tcp_say(&held, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    check(fixture_reaches(&fixture.held_count, 1));
    check(fixture_reaches(&fixture.connections, 3));
    fixture_stop(&fixture);
    check(atomic_load(&fixture.connections) == 0);
    check(atomic_load(&fixture.gone_count) == 1);
    check(tcp_wait_closed(&c));
    check(tcp_wait_closed(&held));
    tcp_close(&c);
    tcp_close(&held);
    tcp_close(&partial);
}

static void listens_on_ipv6_for_both_families(void)
{
    unsigned port = 0, same;
    int fd = http_listen_socket("::", &port);

    if (fd < 0 && errno == EAFNOSUPPORT) {
        printf("# no IPv6 here\n");
        return;
    }
    check(fd >= 0 && port != 0);
    same = port;
    int second = http_listen_socket("::", &same);
    check(second >= 0 && same == port);
    int client = tcp_connect(port);
    check(client >= 0);
    (void)close(client);
    (void)close(second);
    (void)close(fd);
}

static void sees_that_a_port_is_taken(void)
{
    unsigned port = 0;
    int fd = http_listen_socket("127.0.0.1", &port);
    check(fd >= 0);
    check(http_port_check("127.0.0.1", port) < 0 && errno == EADDRINUSE);
    (void)close(fd);
    check(http_port_check("127.0.0.1", port) == 0);
}

static void says_why_it_cannot_listen(void)
{
    unsigned port = 0;
    check(http_listen_socket("192.0.2.1", &port) < 0);
    check(errno == EADDRNOTAVAIL);
    check(http_listen_socket("no such host", &port) < 0);
}

int main(void)
{
    RUN(answers_and_keeps_the_connection);
    RUN(a_route_is_its_path_or_what_lies_below_it);
    RUN(fields_are_read_and_written);
    RUN(head_gets_the_head_alone);
    RUN(closes_when_the_client_asks_for_it);
    RUN(http_1_0_is_closed_unless_it_asks_not_to_be);
    RUN(an_answer_may_come_later);
    RUN(a_client_that_goes_away_is_noticed_while_its_request_is_held);
    RUN(a_client_that_only_stops_sending_is_answered);
    RUN(a_reset_is_noticed_while_a_request_is_held);
    RUN(a_route_is_told_of_a_body_that_takes_time);
    RUN(a_route_is_told_when_the_body_never_comes);
    RUN(an_aborted_exchange_cuts_the_connection);
    RUN(an_upgrade_takes_the_connection_with_what_came_behind_it);
    RUN(an_upgrade_may_come_in_pieces);
    RUN(an_upgrade_may_follow_requests_on_the_same_connection);
    RUN(an_upgrade_where_none_is_offered_is_not_found);
    RUN(other_upgrades_are_plain_requests);
    RUN(a_server_that_stops_serves_who_is_there_until_it_retires_them);
    RUN(destroying_a_server_closes_what_is_there);
    RUN(listens_on_ipv6_for_both_families);
    RUN(sees_that_a_port_is_taken);
    RUN(says_why_it_cannot_listen);
    return tap_done();
}
