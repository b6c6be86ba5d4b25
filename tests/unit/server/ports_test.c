// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>

#include "src/server/server.h"
#include "tests/support/tcp_client.h"
#include "tests/support/tls_client.h"

#define HANDSHAKE "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n"

static struct tls_files files;
static struct rookery *io;
static pthread_t thread;

/* What the last handshake was seen as. */
static char seen_address[64];
static bool seen_secure;

static void on_handshake(struct rookery_handshake *h, void *arg)
{
    const struct rookery_request *request = rookery_handshake_request(h);

    (void)snprintf(seen_address, sizeof seen_address, "%s", rookery_request_address(request));
    seen_secure = rookery_request_secure(request);
    rookery_handshake_accept(h);
}

static struct rookery_options options_with(bool tls, bool proxies)
{
    struct rookery_options options;

    rookery_options_init(&options);
    options.loops = 1;
    options.drain_timeout_ms = 100;
    options.tls.certificate = tls ? files.certificate : NULL;
    options.tls.key = tls ? files.key : NULL;
    options.trusted_proxies = proxies ? "127.0.0.0/8" : NULL;
    return options;
}

static void *run(void *arg)
{
    (void)rookery_run(io);
    return NULL;
}

/* Returns the port. */
static unsigned start(unsigned kind)
{
    const struct rookery_options options = options_with(true, true);

    io = rookery_create(&options);
    rookery_allow_request(io, on_handshake, NULL);
    int port = rookery_listen_as(io, "127.0.0.1", 0, kind);
    check(port > 0);
    check(pthread_create(&thread, NULL, run, NULL) == 0);
    seen_address[0] = '\0';
    seen_secure = false;
    return (unsigned)port;
}

static void finish(void)
{
    rookery_stop(io);
    (void)pthread_join(thread, NULL);
    rookery_destroy(io);
}

static void hear(struct tcp_client *c, struct tls_client *client, char *text, size_t cap)
{
    check(c->len > 0 || tcp_receive(c, TCP_PATIENCE_MS));
    size_t n = tls_client_take(client, span_of(c->in, c->len), text, cap - 1);
    text[n] = '\0';
    c->len = 0;
}

static void send_all(struct tcp_client *c, struct tls_client *client)
{
    struct span out = tls_client_output(client);
    check(tcp_send(c, (const char *)out.data, out.len));
}

/* Makes a handshake over TLS on a connection. */
static void shake_hands_secretly(struct tcp_client *c)
{
    static const char request[] = HANDSHAKE "\r\n";
    struct tls_client client;
    char text[4096] = "";

    tls_client_init(&client);
    while (SSL_do_handshake(client.ssl) != 1 && !c->closed && !c->reset) {
        send_all(c, &client);
        hear(c, &client, text, sizeof text);
    }
    check(SSL_write(client.ssl, request, sizeof request - 1) > 0);
    send_all(c, &client);
    while (strstr(text, "\"sid\"") == NULL && !c->closed && !c->reset) {
        hear(c, &client, text, sizeof text);
    }
    tls_client_finish(&client);
}

static void a_handshake_over_tls_is_secure(void)
{
    struct tcp_client c = tcp_open(start(ROOKERY_PORT_TLS));

    shake_hands_secretly(&c);
    check(seen_secure && strcmp(seen_address, "127.0.0.1") == 0);
    tcp_close(&c);
    finish();
}

static void one_behind_a_proxy_is_the_client_s(void)
{
    struct tcp_client c = tcp_open(start(ROOKERY_PORT_TLS | ROOKERY_PORT_PROXIED));

    check(tcp_say(&c, "PROXY TCP6 2001:db8::9 ::1 1 443\r\n"));
    shake_hands_secretly(&c);
    check(seen_secure && strcmp(seen_address, "2001:db8::9") == 0);
    tcp_close(&c);
    finish();
}

static void without_either_it_is_as_a_proxy_says(void)
{
    unsigned port = start(0);
    struct tcp_client c = tcp_open(port);

    check(tcp_say(&c, HANDSHAKE "\r\n"));
    check(tcp_status(&c) == 200 && !seen_secure);
    check(
        tcp_say(&c, HANDSHAKE "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n"));
    check(tcp_status(&c) == 200);
    check(seen_secure && strcmp(seen_address, "203.0.113.9") == 0);
    tcp_close(&c);
    finish();
}

static void ports_need_what_their_kind_needs(void)
{
    struct rookery_options options = options_with(false, false);

    io = rookery_create(&options);
    check(rookery_listen_as(io, "127.0.0.1", 0, ROOKERY_PORT_TLS) == ROOKERY_EINVAL);
    check(rookery_listen_as(io, "127.0.0.1", 0, ROOKERY_PORT_PROXIED) == ROOKERY_EINVAL);
    check(rookery_listen_as(io, "127.0.0.1", 0, 4) == ROOKERY_EINVAL);
    check(rookery_listen_as(io, "127.0.0.1", 0, 0) > 0);
    check(rookery_reload_tls(io) == 0); /* there is nothing to do */
    rookery_destroy(io);
}

static void a_certificate_that_is_no_good_is_refused(void)
{
    struct rookery_options options = options_with(true, false);
    struct bytes why = {0};

    options.tls.key = files.certificate;
    check(rookery_create(&options) == NULL && errno == EINVAL);
    check(server_create(&options, &why) == NULL);
    bytes_add_byte(&why, '\0');
    check(strstr((const char *)why.data, "there is no private key in it") != NULL);
    bytes_finish(&why);
}

static void a_certificate_is_read_again(void)
{
    const struct rookery_options options = options_with(true, false);
    struct server_tls tls;

    io = rookery_create(&options);
    tls_files_write(&files, "another");
    check(rookery_reload_tls(io) == 0);
    check(truncate(files.key, 0) == 0);
    check(rookery_reload_tls(io) == ROOKERY_EINVAL);
    check(server_look_at_tls(io, &tls) && tls.failed_reloads == 1);
    rookery_destroy(io);
}

/* ---- a certificate that changes while clients come ---- */

enum { CLIENTS = 4, VISITS = 25 };

static unsigned tls_port;
static _Atomic unsigned clients_left;

/* Blocks. True if the certificate was one of the two, and the handshake was answered. */
static bool visit(SSL_CTX *context)
{
    static const char request[] = HANDSHAKE "Connection: close\r\n\r\n";
    char text[4096], name[64] = "";
    int fd = tcp_connect(tls_port), len = 0;
    SSL *ssl = SSL_new(context);

    (void)SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof request - 1) > 0) {
        X509 *x = SSL_get1_peer_certificate(ssl);
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name,
                                        sizeof name);
        X509_free(x);
        for (int n; (n = SSL_read(ssl, text + len, (int)sizeof text - 1 - len)) > 0;) {
            len += n;
        }
    }
    text[len] = '\0';
    SSL_free(ssl);
    (void)close(fd);
    return (strcmp(name, "one") == 0 || strcmp(name, "other") == 0) &&
           strstr(text, "\"sid\"") != NULL;
}

static void *visit_often(void *arg)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    unsigned *good = arg;

    for (int i = 0; i < VISITS; i++) {
        *good += visit(context);
    }
    SSL_CTX_free(context);
    atomic_fetch_sub(&clients_left, 1);
    return NULL;
}

static void a_certificate_is_read_again_while_clients_come_in_on_all_loops(void)
{
    struct rookery_options options = options_with(true, false);
    pthread_t threads[CLIENTS];
    unsigned good[CLIENTS] = {0};

    options.loops = 4;
    tls_files_write(&files, "one");
    io = rookery_create(&options);
    tls_port = (unsigned)rookery_listen_as(io, "127.0.0.1", 0, ROOKERY_PORT_TLS);
    check(pthread_create(&thread, NULL, run, NULL) == 0);
    atomic_store(&clients_left, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        check(pthread_create(&threads[i], NULL, visit_often, &good[i]) == 0);
    }
    for (unsigned i = 0; atomic_load(&clients_left) > 0; i++) {
        tls_files_write(&files, i % 2 == 0 ? "other" : "one");
        check(rookery_reload_tls(io) == 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        (void)pthread_join(threads[i], NULL);
        check(good[i] == VISITS);
    }
    finish();
}

int main(void)
{
    tls_files_make(&files, "ports");
    RUN(a_handshake_over_tls_is_secure);
    RUN(one_behind_a_proxy_is_the_client_s);
    RUN(without_either_it_is_as_a_proxy_says);
    RUN(ports_need_what_their_kind_needs);
    RUN(a_certificate_that_is_no_good_is_refused);
    RUN(a_certificate_is_read_again);
    RUN(a_certificate_is_read_again_while_clients_come_in_on_all_loops);
    tls_files_remove(&files);
    return tap_done();
}
