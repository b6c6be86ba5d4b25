// SPDX-License-Identifier: MIT
#include "src/net/gate.h"
#include "src/net/tls.h"
#include "tests/support/http_fixture.h"
#include "tests/support/tls_client.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V1        "PROXY TCP4 203.0.113.9 198.51.100.4 56324 443\r\n"
#define LONG_LINE                                            \
    "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff " \
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 1 2 3"
#define WHO "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"

static struct fixture fixture;
static struct networks proxies;
static struct tls_files files;
static struct tls_server *server;

static struct tcp_client begin(bool tls, bool proxied)
{
    fixture_prepare(&fixture);
    fixture.limits.trusted_proxies = &proxies;
    fixture.port_kind = (struct http_port){.tls = tls ? server : NULL, .proxied = proxied};
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

    check(strstr(answer, want) != NULL);
    free(answer);
}

static void say(struct tcp_client *c, struct span bytes)
{
    check(tcp_send(c, (const char *)bytes.data, bytes.len));
}

/* ---- PROXY headers ---- */

static void a_header_says_who_asks(void)
{
    struct tcp_client c = begin(false, true);

    say(&c, SPAN(V1 WHO));
    check_next(&c, "\r\n\r\n203.0.113.9 open");
    check(tcp_say(&c, WHO)); /* so it stays */
    check_next(&c, "\r\n\r\n203.0.113.9 open");
    end(&c);
}

static void a_header_may_come_byte_by_byte(void)
{
    static const struct span headers[] = {
        {(const uint8_t *)V1, sizeof V1 - 1},
        {(const uint8_t *)SIGNATURE "\x21\x11\x00\x0c\xcb\x00\x71\x09\xc6\x33\x64\x04\xdc\x04\x01"
                                    "\xbb",
         28},
    };

    for (size_t i = 0; i < 2; i++) {
        struct tcp_client c = begin(false, true);
        for (size_t at = 0; at < headers[i].len; at++) {
            say(&c, span_of(headers[i].data + at, 1));
            (void)tcp_is_quiet(&c, 1);
        }
        check(tcp_say(&c, WHO));
        check_next(&c, "\r\n\r\n203.0.113.9 open");
        end(&c);
    }
}

static void version_2_knows_whether_the_client_came_over_tls(void)
{
    struct tcp_client c = begin(false, true);

    say(&c, SPAN(SIGNATURE "\x21\x21\x00\x2c\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\xff\xff"
                           "\x20\x00\x05\x01\0\0\0\0" WHO));
    check_next(&c, "\r\n\r\n2001:db8::9 secure");
    end(&c);
}

static void a_proxy_speaks_for_itself_with_local_and_unknown(void)
{
    struct tcp_client c = begin(false, true);

    say(&c, SPAN(SIGNATURE "\x20\x00\x00\x00" WHO));
    check_next(&c, "\r\n\r\n127.0.0.1 open");
    tcp_close(&c);
    c = tcp_open(fixture.port);
    say(&c, SPAN("PROXY UNKNOWN\r\n" WHO));
    check_next(&c, "\r\n\r\n127.0.0.1 open");
    end(&c);
}

static void upgrades_come_behind_a_header_as_well(void)
{
    struct tcp_client c = begin(false, true);

    say(&c, SPAN(V1 "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                    "Upgrade: websocket\r\n\r\nearly"));
    check_next(&c, "\r\n\r\nearly203.0.113.9");
    check(tcp_wait_closed(&c));
    end(&c);
}

static void what_is_no_header_is_cut_off(void)
{
    static const char *const wrong[] = {
        WHO,
        "PROXY TCP4 203.0.113.900 198.51.100.4 56324 443\r\n",
        "PROXY TCP4 203.0.113.9 198.51.100.4 56324\r\n",
        LONG_LINE,
    };
    struct tcp_client c = begin(false, true);

    for (unsigned i = 0; i < 4; i++) {
        check(tcp_say(&c, wrong[i]));
        check(!tcp_receive(&c, TCP_PATIENCE_MS) && (c.closed || c.reset));
        tcp_close(&c);
        c = tcp_open(fixture.port);
    }
    check(fixture_stat(&fixture, STAT_PROXY_HEADERS_REFUSED) == 4);
    check(tcp_say(&c, "PROXY TC"));
    (void)shutdown(c.fd, SHUT_WR);
    check(!tcp_receive(&c, TCP_PATIENCE_MS) && (c.closed || c.reset));
    check(fixture_stat(&fixture, STAT_PROXY_HEADERS_REFUSED) == 5);
    end(&c);
}

static void who_is_no_proxy_sends_none_and_is_not_believed(void)
{
    struct networks own = proxies;

    check(networks_read(SPAN("10.0.0.0/8"), &proxies) == 0);
    struct tcp_client c = begin(false, true);
    check(tcp_say(&c, WHO));
    check_next(&c, "\r\n\r\n127.0.0.1 open");
    tcp_close(&c);
    c = tcp_open(fixture.port);
    say(&c, SPAN(V1 WHO));
    check(tcp_status(&c) == 400);
    end(&c);
    proxies = own;
}

static void a_header_that_does_not_come_is_not_waited_for(void)
{
    fixture_prepare(&fixture);
    fixture.limits.trusted_proxies = &proxies;
    fixture.limits.request_timeout_ms = 100;
    fixture.port_kind = (struct http_port){.tls = server, .proxied = true};
    fixture_start(&fixture);
    struct tcp_client c = tcp_open(fixture.port);
    check(tcp_say(&c, "PROX"));
    check(tcp_wait_closed(&c) && c.len == 0);
    tcp_close(&c);
    c = tcp_open(fixture.port);
    say(&c, SPAN(V1 "\x16\x03\x01"));
    check(tcp_wait_closed(&c) && c.len == 0);
    check(fixture_stat(&fixture, STAT_REQUESTS_TIMED_OUT) == 2);
    end(&c);
}

static void those_that_dawdle_make_room(void)
{
    struct tcp_client slow[2];

    fixture_prepare(&fixture);
    fixture.limits.trusted_proxies = &proxies;
    fixture.limits.handshakes_max = 2;
    fixture.port_kind = (struct http_port){.proxied = true};
    fixture_start(&fixture);
    for (int i = 0; i < 2; i++) {
        slow[i] = tcp_open(fixture.port);
        check(tcp_say(&slow[i], "PROXY"));
        check(fixture_reaches(&fixture.connections, (unsigned)i + 1));
    }
    struct tcp_client c = tcp_open(fixture.port);
    check(tcp_say(&c, "PROXY")); /* which is not all, so somebody has to go */
    check(tcp_wait_closed(&slow[0]));
    check(fixture_stat(&fixture, STAT_REQUESTS_CROWDED_OUT) == 1);
    check(tcp_say(&c, " UNKNOWN\r\n" WHO));
    check_next(&c, "127.0.0.1 open");
    tcp_close(&slow[0]);
    tcp_close(&slow[1]);
    end(&c);
}

/* ---- TLS ---- */

static struct tls_client client;
static char text[1 << 20];
static size_t text_len;

/* Carries what the client wants to send, in pieces of that length. */
static void carry(struct tcp_client *c, size_t piece)
{
    struct span out = tls_client_output(&client);

    for (size_t n; out.len > 0; out = span_skip(out, n)) {
        n = out.len < piece ? out.len : piece;
        say(c, span_of(out.data, n));
        if (n < out.len) {
            (void)tcp_receive(c, 1);
        }
    }
}

static bool hear(struct tcp_client *c)
{
    if (c->len == 0 && !tcp_receive(c, TCP_PATIENCE_MS)) {
        return false;
    }
    text_len += tls_client_take(&client, span_of(c->in, c->len), text + text_len,
                                sizeof text - 1 - text_len);
    text[text_len] = '\0';
    c->len = 0;
    return true;
}

static void shake_hands(struct tcp_client *c, size_t piece)
{
    text_len = 0;
    tls_client_init(&client);
    while (SSL_do_handshake(client.ssl) != 1) {
        carry(c, piece);
        if (!hear(c)) {
            check(!"an answer to the handshake");
            return;
        }
    }
    carry(c, piece);
}

static void say_secretly(struct tcp_client *c, const char *what, size_t piece)
{
    check(SSL_write(client.ssl, what, (int)strlen(what)) == (int)strlen(what));
    carry(c, piece);
}

static bool hears(struct tcp_client *c, const char *want)
{
    while (strstr(text, want) == NULL && hear(c)) {
    }
    bool heard = strstr(text, want) != NULL;
    text_len = 0;
    text[0] = '\0';
    return heard;
}

static void requests_come_over_tls(void)
{
    struct tcp_client c = begin(true, false);

    shake_hands(&c, SIZE_MAX);
    for (int i = 0; i < 3; i++) {
        say_secretly(&c, WHO, SIZE_MAX);
        check(hears(&c, "127.0.0.1 secure"));
    }
    check(fixture_stat(&fixture, STAT_TLS_HANDSHAKES) == 1);
    tls_client_finish(&client);
    end(&c);
}

static void all_of_it_may_come_byte_by_byte(void)
{
    struct tcp_client c = begin(true, true);

    say(&c, SPAN(V1));
    shake_hands(&c, 1);
    say_secretly(&c, "POST /echo?q HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", 1);
    check(hears(&c, "POST /echo q body"));
    say_secretly(&c, WHO, 1);
    check(hears(&c, "203.0.113.9 secure"));
    tls_client_finish(&client);
    end(&c);
}

static void header_hello_and_request_may_come_at_once(void)
{
    struct tcp_client c = begin(true, true);
    struct bytes both = {0};

    text_len = 0;
    tls_client_init(&client);
    (void)SSL_do_handshake(client.ssl);
    bytes_add_cstr(&both, V1);
    bytes_add_span(&both, tls_client_output(&client));
    say(&c, bytes_span(&both));
    while (SSL_do_handshake(client.ssl) != 1 && hear(&c)) {
    }
    check(SSL_write(client.ssl, WHO, sizeof WHO - 1) > 0); /* with the end of the handshake */
    carry(&c, SIZE_MAX);
    check(hears(&c, "203.0.113.9 secure"));
    bytes_finish(&both);
    tls_client_finish(&client);
    end(&c);
}

static void a_long_answer_comes_whole_and_is_followed_by_a_goodbye(void)
{
    struct tcp_client c = begin(true, false);

    shake_hands(&c, SIZE_MAX);
    say_secretly(&c, "GET /big?900000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", SIZE_MAX);
    while (hear(&c)) {
    }
    check(text_len > 900000);
    check(SSL_get_shutdown(client.ssl) == SSL_RECEIVED_SHUTDOWN && c.closed);
    tls_client_finish(&client);
    end(&c);
}

/* The rest of the request and the client's end in one read: libevent tells of the end first. */
static void a_client_that_has_ended_its_side_is_answered(void)
{
    struct tcp_client c = begin(true, false);

    shake_hands(&c, SIZE_MAX);
    say_secretly(&c, "GET /who HTTP", SIZE_MAX);
    (void)tcp_is_quiet(&c, 50);
    if (c.len > 0) { /* tickets */
        (void)hear(&c);
    }
    check(SSL_write(client.ssl, &WHO[13], sizeof WHO - 14) > 0);
    (void)SSL_shutdown(client.ssl);
    carry(&c, SIZE_MAX);
    check(hears(&c, "127.0.0.1 secure"));
    tls_client_finish(&client);
    end(&c);
}

static void an_upgrade_takes_its_tls_along(void)
{
    struct tcp_client c = begin(true, false);

    shake_hands(&c, SIZE_MAX);
    say_secretly(&c,
                 "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                 "Upgrade: websocket\r\n\r\nearly",
                 SIZE_MAX);
    check(hears(&c, "\r\n\r\nearly127.0.0.1"));
    check(tcp_wait_closed(&c));
    tls_client_finish(&client);
    end(&c);
}

static void http_is_told_that_it_has_to_be_https(void)
{
    struct tcp_client c = begin(true, false);

    check(tcp_say(&c, WHO));
    check(tcp_wait_closed(&c) || c.reset);
    check(strstr(c.in, "HTTP/1.1 400 ") != NULL && strstr(c.in, "https only") != NULL);
    check(fixture_stat(&fixture, STAT_TLS_FAILED) == 1);
    end(&c);
}

static void one_too_many_is_closed_without_a_word(void)
{
    struct tcp_client c = begin(true, false);

    shake_hands(&c, SIZE_MAX);
    fixture.limits.connections_max = 1;
    struct tcp_client more = tcp_open(fixture.port);
    check(tcp_say(&more, "\x16\x03\x01"));
    check(!tcp_receive(&more, TCP_PATIENCE_MS) && (more.closed || more.reset));
    check(fixture_stat(&fixture, STAT_CONNECTIONS_REFUSED) == 1);
    tcp_close(&more);
    tls_client_finish(&client);
    end(&c);
}

static void connections_may_break_off_anywhere(void)
{
    struct tcp_client c = begin(true, true);

    for (size_t cut = 1; cut < 300; cut += 7) {
        struct bytes both = {0};
        tls_client_init(&client);
        (void)SSL_do_handshake(client.ssl);
        bytes_add_cstr(&both, V1);
        bytes_add_span(&both, tls_client_output(&client));
        say(&c, span_of(both.data, cut < both.len ? cut : both.len));
        bytes_finish(&both);
        tls_client_finish(&client);
        tcp_close(&c);
        c = tcp_open(fixture.port);
    }
    tcp_close(&c);
    check(fixture_reaches(&fixture.connections, 0));
    c = tcp_open(fixture.port);
    end(&c);
}

static void a_server_may_end_in_the_middle_of_a_handshake(void)
{
    struct tcp_client c = begin(true, false);

    tls_client_init(&client);
    (void)SSL_do_handshake(client.ssl);
    carry(&c, SIZE_MAX);
    text_len = 0;
    check(hear(&c));
    tls_client_finish(&client);
    fixture_stop(&fixture);
    tcp_close(&c);
}

int main(void)
{
    struct bytes why = {0};

    check(networks_read(SPAN("127.0.0.0/8"), &proxies) == 0);
    tls_files_make(&files, "gate");
    server = tls_server_create(files.certificate, files.key, &why);
    RUN(a_header_says_who_asks);
    RUN(a_header_may_come_byte_by_byte);
    RUN(version_2_knows_whether_the_client_came_over_tls);
    RUN(a_proxy_speaks_for_itself_with_local_and_unknown);
    RUN(upgrades_come_behind_a_header_as_well);
    RUN(what_is_no_header_is_cut_off);
    RUN(who_is_no_proxy_sends_none_and_is_not_believed);
    RUN(a_header_that_does_not_come_is_not_waited_for);
    RUN(those_that_dawdle_make_room);
    RUN(requests_come_over_tls);
    RUN(all_of_it_may_come_byte_by_byte);
    RUN(header_hello_and_request_may_come_at_once);
    RUN(a_long_answer_comes_whole_and_is_followed_by_a_goodbye);
    RUN(a_client_that_has_ended_its_side_is_answered);
    RUN(an_upgrade_takes_its_tls_along);
    RUN(http_is_told_that_it_has_to_be_https);
    RUN(one_too_many_is_closed_without_a_word);
    RUN(connections_may_break_off_anywhere);
    RUN(a_server_may_end_in_the_middle_of_a_handshake);
    tls_server_destroy(server);
    tls_files_remove(&files);
    return tap_done();
}
