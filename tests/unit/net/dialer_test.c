// SPDX-License-Identifier: MIT
#include "src/net/dialer.h"

#include "src/base/memory.h"
#include "tests/support/echo_server.h"

/* ---- the client ---- */

static struct loop loop;
static struct dialer *dialer;
static struct bytes got;
static unsigned opened, closed, sent;
static char why[400];
static size_t want; /* stops the loop when so much has come */

static void on_open(struct stream *s)
{
    opened++;
    loop_stop(&loop);
}

static void on_data(struct stream *s, struct span data)
{
    bytes_add_span(&got, data);
    if (got.len >= want) {
        loop_stop(&loop);
    }
}

static void on_close(struct stream *s, const char *reason)
{
    check(s->connection == NULL);
    closed++;
    (void)snprintf(why, sizeof why, "%s", reason);
    loop_stop(&loop);
}

static void on_sent(struct stream *s)
{
    sent++;
}

static const struct stream_handlers handlers = {on_open, on_data, on_close, on_sent};
static struct stream stream;

static void start(void)
{
    opened = closed = sent = 0;
    why[0] = '\0';
    want = SIZE_MAX;
    stream = (struct stream){.handlers = &handlers};
    check(loop_init(&loop, 0) == 0);
    dialer = net_dialer_create(&loop);
}

static void finish(void)
{
    stream_close(&stream);
    net_dialer_destroy(dialer);
    loop_finish(&loop);
    bytes_finish(&got);
}

/* Until a handler stops it. */
static void run(void)
{
    loop_run(&loop);
    atomic_store(&loop.stopping, false);
}

static void run_until_got(size_t bytes)
{
    want = bytes;
    while (got.len < bytes && closed == 0) {
        run();
    }
}

static struct stream_peer peer(const char *host)
{
    return (struct stream_peer){.host = host, .port = server.port, .open_timeout_ms = 5000};
}

static struct stream_peer tls_peer(const char *host)
{
    struct stream_peer p = peer(host);
    p.tls = true;
    p.verify = true;
    p.ca_file = ca_file;
    return p;
}

static void open_to(const struct stream_peer *p)
{
    stream_open(dialer, &stream, p);
    check(opened == 0 && closed == 0); /* no callback from inside */
    run();
}

static bool got_is(const char *text)
{
    return span_eq(bytes_span(&got), span_cstr(text));
}

/* Closes a listener's port again, so that nobody listens there. */
static unsigned unused_port(void)
{
    unsigned port = 0;
    (void)close(listen_on("127.0.0.1", &port));
    return port;
}

/* ---- plain ---- */

static void what_is_sent_in_a_turn_arrives_and_is_answered(void)
{
    struct stream_peer p = peer("127.0.0.1");

    server_start(NULL);
    p.port = server.port;
    start();
    open_to(&p);
    check(opened == 1);
    stream_send(&stream, SPAN("one "));
    stream_send(&stream, SPAN("two"));
    check(stream_unsent(&stream) == 7);
    run_until_got(7);
    check(got_is("one two") && sent == 1 && stream_unsent(&stream) == 0);
    finish();
    server_stop();
}

static void a_name_is_looked_up(void)
{
    server_start(NULL);
    start();
    struct stream_peer p = peer("localhost");
    open_to(&p);
    check(opened == 1);
    finish();
    server_stop();
}

static void the_end_of_the_other_side_is_told_once(void)
{
    server_start(NULL);
    start();
    struct stream_peer p = peer("127.0.0.1");
    open_to(&p);
    stream_send(&stream, SPAN("bye"));
    run();
    check(closed == 1 && strcmp(why, "closed by the other side") == 0);
    stream_close(&stream); /* harmless */
    stream_send(&stream, SPAN("x"));
    finish();
    server_stop();
}

static void a_closed_stream_still_sends_what_it_has(void)
{
    enum { BYTES = 4 << 20 };
    unsigned port = 0;
    int listener = listen_on("127.0.0.1", &port);
    struct stream_peer p = {.host = "127.0.0.1", .port = port, .open_timeout_ms = 5000};
    char *many = xcalloc(1, BYTES), *buffer = xmalloc(65536);
    size_t total = 0;

    start();
    open_to(&p);
    int fd = accept(listener, NULL, NULL);
    stream_send(&stream, span_of(many, BYTES));
    stream_close(&stream);
    check(stream.connection == NULL);
    pthread_t thread;
    check(pthread_create(&thread, NULL, (void *(*)(void *))(void (*)(void))loop_run, &loop) == 0);
    for (ssize_t n; (n = recv(fd, buffer, 65536, 0)) > 0;) {
        total += (size_t)n;
    }
    check(total == BYTES);
    loop_stop(&loop);
    (void)pthread_join(thread, NULL);
    finish();
    (void)close(fd);
    (void)close(listener);
    free(many);
    free(buffer);
}

static void a_stream_that_has_finished_is_still_answered(void)
{
    server_start(NULL);
    start();
    struct stream_peer p = peer("127.0.0.1");
    open_to(&p);
    stream_send(&stream, SPAN("last "));
    stream_finish(&stream);
    run_until_got(8);
    check(got_is("last end"));
    finish();
    server_stop();
}

static void let_the_stream_go_on(struct timer *timer)
{
    check(got.len == 0);
    stream_hold(&stream, false);
}

static void a_stream_that_is_held_tells_nothing_until_it_may(void)
{
    server_start(NULL);
    start();
    struct stream_peer p = peer("127.0.0.1");
    struct timer timer = {.fire = let_the_stream_go_on};
    open_to(&p);
    stream_hold(&stream, true);
    stream_send(&stream, SPAN("hello"));
    executor_timer_start(&loop.executor, &timer, 50);
    run_until_got(5);
    check(got_is("hello"));
    finish();
    server_stop();
}

static void nobody_is_told_of_a_stream_that_was_closed_while_it_opened(void)
{
    server_start(NULL);
    start();
    struct stream_peer p = peer("127.0.0.1"), named = peer("localhost");
    stream_open(dialer, &stream, &p);
    stream_close(&stream);
    stream_open(dialer, &stream, &named);
    stream_close(&stream);
    open_to(&p);
    check(opened == 1 && closed == 0);
    finish();
    server_stop();
}

static void a_refused_connection_says_so(void)
{
    char text[128];

    start();
    struct stream_peer p = {.host = "127.0.0.1", .port = unused_port(), .open_timeout_ms = 5000};
    open_to(&p);
    (void)snprintf(text, sizeof text,
                   "127.0.0.1 (127.0.0.1) port %u cannot be reached: Connection refused", p.port);
    check(opened == 0 && closed == 1 && strcmp(why, text) == 0);
    finish();
}

/* A backlog that is full: further connections get no answer. */
static void a_server_that_does_not_answer_is_given_up(void)
{
    unsigned port = 0;
    int listener = listen_on("127.0.0.1", &port), full[3];

    (void)listen(listener, 0);
    for (int i = 0; i < 3; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(full[i], (const struct sockaddr *)&to, sizeof to);
    }
    start();
    struct stream_peer p = {.host = "127.0.0.1", .port = port, .open_timeout_ms = 100};
    open_to(&p);
    check(closed == 1 && strstr(why, "cannot be reached: Connection timed out") != NULL);
    finish();
    for (int i = 0; i < 3; i++) {
        (void)close(full[i]);
    }
    (void)close(listener);
}

/* ---- names, by a name server of the test's ---- */

static struct {
    int fd;
    pthread_t thread;
    char path[32];
} names;

/* "two.test" has 127.0.0.2 and 127.0.0.1; there are no others, and no IPv6. Resolvers vary case. */
static void answer_query(uint8_t *q, size_t n, const struct sockaddr_in *from)
{
    enum { QUESTION_END = 26 };
    bool known = n >= QUESTION_END && strncasecmp((const char *)q + 12, "\3two\4test", 10) == 0;
    bool wants_a = known && q[23] == 1;

    q[2] = 0x85;
    q[3] = known ? 0x80 : 0x83;
    q[7] = wants_a ? 2 : 0;
    q[11] = 0; /* no additional record */
    n = known ? QUESTION_END : n;
    for (uint8_t last = 2; wants_a && last >= 1; last--) {
        const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, last};
        memcpy(q + n, record, sizeof record);
        n += sizeof record;
    }
    (void)!sendto(names.fd, q, n, 0, (const struct sockaddr *)from, sizeof *from);
}

static void *serve_names(void *arg)
{
    uint8_t q[512];
    struct sockaddr_in from;
    socklen_t len = sizeof from;

    for (ssize_t n; (n = recvfrom(names.fd, q, 256, 0, (struct sockaddr *)&from, &len)) > 12;) {
        answer_query(q, (size_t)n, &from);
    }
    return NULL;
}

static void names_start(bool answering)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    FILE *f;

    names.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(bind(names.fd, (const struct sockaddr *)&at, len) == 0);
    check(getsockname(names.fd, (struct sockaddr *)&at, &len) == 0);
    (void)strcpy(names.path, "/tmp/rookery-dns-XXXXXX");
    f = fdopen(mkstemp(names.path), "w");
    (void)fprintf(f, "nameserver 127.0.0.1:%u\n", ntohs(at.sin_port));
    (void)fclose(f);
    if (answering) {
        check(pthread_create(&names.thread, NULL, serve_names, NULL) == 0);
    }
    net_dialer_set_resolver(dialer, names.path);
}

static void names_stop(bool answering)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;

    if (answering) {
        check(getsockname(names.fd, (struct sockaddr *)&at, &len) == 0);
        (void)!sendto(names.fd, "x", 1, 0, (const struct sockaddr *)&at, len);
        (void)pthread_join(names.thread, NULL);
    }
    (void)close(names.fd);
    (void)unlink(names.path);
}

static void all_addresses_of_a_name_are_tried(void)
{
    server_start(NULL);
    start();
    names_start(true);
    struct stream_peer p = peer("two.test");
    open_to(&p);
    check(opened == 1);
    finish();
    names_stop(true);
    server_stop();
}

static void an_unknown_name_says_so(void)
{
    start();
    names_start(true);
    struct stream_peer p = {.host = "no.test", .port = 1, .open_timeout_ms = 5000};
    open_to(&p);
    check(closed == 1 && strncmp(why, "no.test is not known: ", 22) == 0);
    finish();
    names_stop(true);
}

static void a_lookup_that_nobody_answers_ends_in_time(void)
{
    start();
    names_start(false);
    struct stream_peer p = {.host = "two.test", .port = 1, .open_timeout_ms = 100};
    open_to(&p);
    check(closed == 1 && strcmp(why, "two.test is not known: no name server has answered within "
                                     "100 ms") == 0);
    stream_open(dialer, &stream, &p);
    finish(); /* with a lookup under way */
    names_stop(false);
}

/* ---- TLS ---- */

static void tls_reaches_a_server_by_its_address(void)
{
    server_start(tls_with("IP:127.0.0.1"));
    start();
    struct stream_peer p = tls_peer("127.0.0.1");
    open_to(&p);
    check(opened == 1);
    stream_send(&stream, SPAN("one "));
    stream_send(&stream, SPAN("two"));
    run_until_got(7);
    check(got_is("one two") && server.name[0] == '\0');
    stream_send(&stream, SPAN("bye"));
    run();
    check(closed == 1 && strcmp(why, "closed by the other side") == 0);
    finish();
    server_stop();
}

static void tls_asks_for_the_name_and_checks_it(void)
{
    server_start(tls_with("DNS:redis.example"));
    start();
    struct stream_peer p = tls_peer("127.0.0.1");
    p.server_name = "redis.example";
    open_to(&p);
    check(opened == 1);
    stream_send(&stream, SPAN("x"));
    run_until_got(1);
    check(strcmp(server.name, "redis.example") == 0);
    finish();
    server_stop();
}

static void a_certificate_with_another_name_is_not_accepted(void)
{
    server_start(tls_with("DNS:redis.example"));
    start();
    struct stream_peer p = tls_peer("localhost");
    open_to(&p);
    check(opened == 0 && closed == 1);
    check(strcmp(why, "the certificate of localhost is not accepted: hostname mismatch") == 0);
    finish();
    server_stop();
}

static void a_certificate_of_a_stranger_is_not_accepted(void)
{
    server_start(tls_with("IP:127.0.0.1"));
    start();
    struct stream_peer p = tls_peer("127.0.0.1");
    p.ca_file = other_ca_file;
    open_to(&p);
    check(opened == 0 && closed == 1);
    check(strncmp(why, "the certificate of 127.0.0.1 is not accepted: ", 46) == 0);
    p.ca_file = NULL; /* the system does not know it either */
    stream_open(dialer, &stream, &p);
    run();
    check(opened == 0 && closed == 2);
    finish();
    server_stop();
}

static void a_certificate_that_need_not_be_verified_is_accepted(void)
{
    server_start(tls_with("DNS:elsewhere"));
    start();
    struct stream_peer p = tls_peer("127.0.0.1");
    p.verify = false;
    p.ca_file = NULL;
    open_to(&p);
    check(opened == 1);
    finish();
    server_stop();
}

static void a_server_without_tls_or_a_ca_file_that_is_none_says_so(void)
{
    server_start(NULL);
    start();
    struct stream_peer p = tls_peer("127.0.0.1");
    open_to(&p); /* its hello comes back as it was */
    check(opened == 0 && closed == 1 && strncmp(why, "TLS with 127.0.0.1 port ", 24) == 0);
    p.ca_file = "/nonexistent";
    stream_open(dialer, &stream, &p);
    run();
    check(closed == 2);
    check(strcmp(why, "the CA file /nonexistent has no certificates to read") == 0);
    finish();
    server_stop();
}

static void much_goes_through_tls_in_pieces(void)
{
    enum { BYTES = 3 << 20 };
    char *many = xcalloc(1, BYTES);

    for (size_t i = 0; i < BYTES; i++) {
        many[i] = (char)(i * 31 >> 8);
    }
    server_start(tls_with("IP:127.0.0.1"));
    start();
    struct stream_peer p = tls_peer("127.0.0.1");
    open_to(&p);
    stream_send(&stream, span_of(many, BYTES));
    run_until_got(BYTES);
    check_mem(got.data, got.len, many, BYTES);
    finish();
    server_stop();
    free(many);
}

int main(void)
{
    certificates_start();
    RUN(what_is_sent_in_a_turn_arrives_and_is_answered);
    RUN(a_name_is_looked_up);
    RUN(the_end_of_the_other_side_is_told_once);
    RUN(a_closed_stream_still_sends_what_it_has);
    RUN(a_stream_that_has_finished_is_still_answered);
    RUN(a_stream_that_is_held_tells_nothing_until_it_may);
    RUN(nobody_is_told_of_a_stream_that_was_closed_while_it_opened);
    RUN(a_refused_connection_says_so);
    RUN(a_server_that_does_not_answer_is_given_up);
    RUN(all_addresses_of_a_name_are_tried);
    RUN(an_unknown_name_says_so);
    RUN(a_lookup_that_nobody_answers_ends_in_time);
    RUN(tls_reaches_a_server_by_its_address);
    RUN(tls_asks_for_the_name_and_checks_it);
    RUN(a_certificate_with_another_name_is_not_accepted);
    RUN(a_certificate_of_a_stranger_is_not_accepted);
    RUN(a_certificate_that_need_not_be_verified_is_accepted);
    RUN(a_server_without_tls_or_a_ca_file_that_is_none_says_so);
    RUN(much_goes_through_tls_in_pieces);
    certificates_stop();
    return tap_done();
}
