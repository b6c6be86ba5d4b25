// SPDX-License-Identifier: MIT
#include "src/net/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

#include "src/base/lock.h"
#include "src/base/memory.h"

struct tls_server {
    struct lock lock;
    SSL_CTX *context; /* what is in force; under lock */
    char *certificate, *key;
    _Atomic uint64_t failed_reloads;
    _Atomic int64_t expires_s;
};

/* ---- certificates ---- */

static void explain(struct bytes *why, const char *option, const char *file, const char *what)
{
    bytes_add_cstr(why, option);
    bytes_add_byte(why, ' ');
    bytes_add_cstr(why, file);
    bytes_add_cstr(why, ": ");
    bytes_add_cstr(why, what);
}

static bool readable(const char *option, const char *file, struct bytes *why)
{
    FILE *f = fopen(file, "re");

    if (f == NULL) {
        explain(why, option, file, strerror(errno));
        return false;
    }
    (void)fclose(f);
    return true;
}

/* A key that needs a password is none: there is nobody to ask. */
static int no_password(char *buffer, int cap, int writing, void *arg)
{
    return -1;
}

/* The client names what it can; h2 alone is answered with an alert. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;

    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        abort(); /* no memory */
    }
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* HTTP and WebSocket know themselves where they end. */
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

static bool load(SSL_CTX *context, const struct tls_server *t, struct bytes *why)
{
    ERR_clear_error();
    if (!readable("tls-certificate", t->certificate, why) || !readable("tls-key", t->key, why)) {
        return false;
    }
    if (SSL_CTX_use_certificate_chain_file(context, t->certificate) != 1) {
        explain(why, "tls-certificate", t->certificate, "there is no certificate in it (PEM)");
    } else if (SSL_CTX_use_PrivateKey_file(context, t->key, SSL_FILETYPE_PEM) != 1) {
        bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
        explain(why, "tls-key", t->key,
                other ? "the key is not that of the certificate"
                      : "there is no private key in it (PEM, without a password)");
    } else if (SSL_CTX_check_private_key(context) != 1) {
        explain(why, "tls-key", t->key, "the key is not that of the certificate");
    } else {
        return true;
    }
    return false;
}

static int64_t end_of(SSL_CTX *context)
{
    struct tm tm = {0};
    const X509 *own = SSL_CTX_get0_certificate(context);

    return ASN1_TIME_to_tm(X509_get0_notAfter(own), &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

int tls_server_reload(struct tls_server *t, struct bytes *why)
{
    SSL_CTX *context = new_context();

    if (!load(context, t, why)) {
        ERR_clear_error();
        SSL_CTX_free(context);
        atomic_fetch_add(&t->failed_reloads, 1);
        return -1;
    }
    atomic_store(&t->expires_s, end_of(context));
    lock_enter(&t->lock);
    SSL_CTX *before = t->context;
    t->context = context;
    lock_leave(&t->lock);
    SSL_CTX_free(before); /* connections that it has hold it */
    return 0;
}

struct tls_server *tls_server_create(const char *certificate, const char *key, struct bytes *why)
{
    struct tls_server *t = xcalloc(1, sizeof *t);

    lock_init(&t->lock);
    t->certificate = xnonnull(strdup(certificate));
    t->key = xnonnull(strdup(key));
    if (tls_server_reload(t, why) < 0) {
        tls_server_destroy(t);
        return NULL;
    }
    return t;
}

void tls_server_destroy(struct tls_server *t)
{
    if (t != NULL) {
        SSL_CTX_free(t->context);
        lock_finish(&t->lock);
        free(t->certificate);
        free(t->key);
        free(t);
    }
}

uint64_t tls_server_failed_reloads(const struct tls_server *t)
{
    return atomic_load(&t->failed_reloads);
}

int64_t tls_server_expires_s(const struct tls_server *t)
{
    return atomic_load(&t->expires_s);
}

/* ---- one connection ---- */

SSL *tls_accept(struct tls_server *t, int fd)
{
    lock_enter(&t->lock);
    SSL *ssl = SSL_new(t->context);
    lock_leave(&t->lock);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        abort(); /* no memory */
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

enum tls_step tls_handshake(SSL *ssl)
{
    ERR_clear_error();
    int result = SSL_do_handshake(ssl);

    if (result == 1) {
        return TLS_DONE;
    }
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TLS_READS;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WRITES;
    default:
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST ? TLS_PLAIN_HTTP : TLS_FAILED;
    }
}

/* libevent takes a partial write for a whole one, so it is not given any. */
void tls_take_over(SSL *ssl)
{
    (void)SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
}

/* Sets errno for what has not gone; only one direction is ever waited for, since nothing is
 * negotiated behind the handshake. */
static ssize_t fail(SSL *ssl, int result, int waits_for)
{
    int error = SSL_get_error(ssl, result);

    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    errno = error == waits_for ? EAGAIN : ECONNRESET;
    return -1;
}

ssize_t tls_recv(SSL *ssl, void *buffer, size_t cap)
{
    uint8_t *to = buffer;
    size_t got = 0;
    int n;

    assert(cap >= TLS_RECORD_BYTES_MAX);
    ERR_clear_error();
    do { /* a full record seldom comes alone */
        n = SSL_read(ssl, to + got, (int)(cap - got));
        got += n > 0 ? (size_t)n : 0;
    } while (n == TLS_RECORD_BYTES_MAX && cap - got >= TLS_RECORD_BYTES_MAX);
    return got > 0 ? (ssize_t)got : fail(ssl, n, SSL_ERROR_WANT_READ);
}

/* What is left of the segments. */
struct cursor {
    const struct iovec *segment, *end;
    size_t sent; /* of the first */
};

static struct span first_of(const struct cursor *c)
{
    return span_of((const uint8_t *)c->segment->iov_base + c->sent, c->segment->iov_len - c->sent);
}

static void advance(struct cursor *c, size_t n)
{
    for (c->sent += n; c->segment < c->end && c->sent >= c->segment->iov_len; c->segment++) {
        c->sent -= c->segment->iov_len;
    }
}

/* What goes into the next record: a segment that fills it, or as many as have room. */
static struct span gather(struct cursor c, uint8_t record[TLS_RECORD_BYTES_MAX])
{
    size_t len = 0;

    if (first_of(&c).len >= TLS_RECORD_BYTES_MAX || c.segment + 1 == c.end) {
        return first_of(&c);
    }
    while (c.segment < c.end && len < TLS_RECORD_BYTES_MAX) {
        struct span s = first_of(&c);
        size_t n = s.len < TLS_RECORD_BYTES_MAX - len ? s.len : (size_t)TLS_RECORD_BYTES_MAX - len;
        memcpy(record + len, s.data, n);
        len += n;
        advance(&c, n);
    }
    return span_of(record, len);
}

/* OpenSSL remembers the record that has gone in part, and wants as much offered again at least.
 * What a caller has queued does not get less at its end, so a later call gathers no less. */
ssize_t tls_send(SSL *ssl, const struct iovec *segments, int count)
{
    struct cursor c = {.segment = segments, .end = segments + count};
    uint8_t record[TLS_RECORD_BYTES_MAX];
    ssize_t sent = 0;

    ERR_clear_error();
    advance(&c, 0);
    while (c.segment < c.end) {
        struct span next = gather(c, record);
        int n = SSL_write(ssl, next.data, (int)next.len);
        if (n <= 0) {
            ssize_t result = fail(ssl, n, SSL_ERROR_WANT_WRITE);
            return sent > 0 ? sent : result == 0 ? -1 : result;
        }
        sent += n;
        advance(&c, (size_t)n);
    }
    return sent;
}

void tls_say_goodbye(SSL *ssl)
{
    if (SSL_is_init_finished(ssl) && (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) == 0) {
        ERR_clear_error();
        (void)SSL_shutdown(ssl);
        ERR_clear_error();
    }
}

void tls_free(SSL *ssl)
{
    SSL_free(ssl);
}
