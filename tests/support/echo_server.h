/* echo_server.h - a server that gives back what it gets; "bye" it answers by closing, the client's
 * end by "end". With TLS its certificate is made on the spot, by a CA whose own is in ca_file. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_ECHO_SERVER_H
#define TESTS_SUPPORT_ECHO_SERVER_H

#include <pthread.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"
#include "tests/support/tcp_client.h"

static struct server {
    int listener;
    unsigned port;
    SSL_CTX *tls; /* NULL: none */
    pthread_t thread;
    char name[64]; /* that was asked for by SNI */
} server;

static inline int exchange_bytes(SSL *ssl, int fd, char *buffer, int size, bool writing)
{
    if (ssl != NULL) {
        return writing ? SSL_write(ssl, buffer, size) : SSL_read(ssl, buffer, size);
    }
    return (int)(writing ? send(fd, buffer, (size_t)size, MSG_NOSIGNAL)
                         : recv(fd, buffer, (size_t)size, 0));
}

static inline void echo(SSL *ssl, int fd)
{
    char buffer[65536], end[] = "end";
    int n;

    while ((n = exchange_bytes(ssl, fd, buffer, sizeof buffer, false)) > 0) {
        if (n == 3 && memcmp(buffer, "bye", 3) == 0) {
            return;
        }
        for (int at = 0, sent; at < n; at += sent) {
            sent = exchange_bytes(ssl, fd, buffer + at, n - at, true);
            if (sent <= 0) {
                return;
            }
        }
    }
    (void)exchange_bytes(ssl, fd, end, 3, true);
}

static inline void serve_tls(int fd)
{
    SSL *ssl = SSL_new(server.tls);

    (void)SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        (void)snprintf(server.name, sizeof server.name, "%s", name == NULL ? "" : name);
        echo(ssl, fd);
        (void)SSL_shutdown(ssl);
    }
    SSL_free(ssl);
}

static inline void *serve(void *arg)
{
    int fd;

    while ((fd = accept(server.listener, NULL, NULL)) >= 0) {
        if (server.tls != NULL) {
            serve_tls(fd);
        } else {
            echo(NULL, fd);
        }
        (void)close(fd);
    }
    return NULL;
}

static inline int listen_on(const char *host, unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    check(inet_pton(AF_INET, host, &at.sin_addr) == 1);
    check(bind(fd, (const struct sockaddr *)&at, len) == 0 && listen(fd, 16) == 0);
    check(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static inline void server_start(SSL_CTX *tls)
{
    server = (struct server){.tls = tls};
    server.listener = listen_on("127.0.0.1", &server.port);
    check(pthread_create(&server.thread, NULL, serve, NULL) == 0);
}

static inline void server_stop(void)
{
    (void)shutdown(server.listener, SHUT_RDWR);
    (void)pthread_join(server.thread, NULL);
    (void)close(server.listener);
    SSL_CTX_free(server.tls);
}

/* ---- certificates ---- */

static char ca_file[] = "/tmp/rookery-ca-XXXXXX", other_ca_file[] = "/tmp/rookery-ca-XXXXXX";

struct issuer {
    EVP_PKEY *key;
    X509 *certificate;
};

static inline void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    check(e != NULL && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

/* names: as in "DNS:a,IP:127.0.0.1"; NULL: it is a CA. */
static inline struct issuer certify(const struct issuer *by, const char *names)
{
    struct issuer out = {EVP_EC_gen("P-256"), X509_new()};
    const struct issuer *issuer = by == NULL ? &out : by;
    X509_NAME *name = X509_get_subject_name(out.certificate);

    (void)X509_set_version(out.certificate, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(out.certificate), by == NULL ? 1 : 2);
    (void)X509_gmtime_adj(X509_getm_notBefore(out.certificate), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(out.certificate), 3600);
    (void)X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *)(by == NULL ? "ca" : "leaf"), -1, -1, 0);
    (void)X509_set_issuer_name(out.certificate, X509_get_subject_name(issuer->certificate));
    (void)X509_set_pubkey(out.certificate, out.key);
    if (names == NULL) {
        add_extension(out.certificate, issuer->certificate, NID_basic_constraints,
                      "critical,CA:TRUE");
    } else {
        add_extension(out.certificate, issuer->certificate, NID_subject_alt_name, names);
    }
    check(X509_sign(out.certificate, issuer->key, EVP_sha256()) > 0);
    return out;
}

static inline void issuer_free(struct issuer *i)
{
    EVP_PKEY_free(i->key);
    X509_free(i->certificate);
}

static inline void write_certificate(char *path, const X509 *certificate)
{
    FILE *f = fdopen(mkstemp(path), "w");
    check(f != NULL && PEM_write_X509(f, certificate) == 1);
    (void)fclose(f);
}

static struct issuer ca;

static inline SSL_CTX *tls_with(const char *names)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    struct issuer leaf = certify(&ca, names);

    check(SSL_CTX_use_certificate(context, leaf.certificate) == 1);
    check(SSL_CTX_use_PrivateKey(context, leaf.key) == 1);
    issuer_free(&leaf);
    return context;
}

static inline void certificates_start(void)
{
    struct issuer other = certify(NULL, NULL);

    ca = certify(NULL, NULL);
    write_certificate(ca_file, ca.certificate);
    write_certificate(other_ca_file, other.certificate);
    issuer_free(&other);
}

static inline void certificates_stop(void)
{
    issuer_free(&ca);
    (void)unlink(ca_file);
    (void)unlink(other_ca_file);
}

#endif
