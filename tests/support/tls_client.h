/* tls_client.h - certificates on the spot, and a TLS client whose bytes a test carries itself, so
 * that they can come in any pieces:
 *
 *     client.ssl <-> memory <-> whatever the test has to the server */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_TLS_CLIENT_H
#define TESTS_SUPPORT_TLS_CLIENT_H

#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "protocol/bytes.h"
#include "tests/support/tap.h"

/* ---- certificates ---- */

struct tls_files {
    char certificate[40], key[40];
};

/* Writes a certificate of that name, and its key, in place of what the files have. */
static inline void tls_files_write(const struct tls_files *files, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    FILE *f;

    (void)X509_set_version(x, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                     (const unsigned char *)name, -1, -1, 0);
    (void)X509_set_issuer_name(x, X509_get_subject_name(x));
    (void)X509_set_pubkey(x, key);
    check(X509_sign(x, key, EVP_sha256()) > 0);
    f = fopen(files->certificate, "we");
    check(f != NULL && PEM_write_X509(f, x) == 1 && fclose(f) == 0);
    f = fopen(files->key, "we");
    check(f != NULL && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 &&
          fclose(f) == 0);
    X509_free(x);
    EVP_PKEY_free(key);
}

static inline void tls_files_make(struct tls_files *files, const char *name)
{
    (void)snprintf(files->certificate, sizeof files->certificate, "/tmp/rookery-cert-XXXXXX");
    (void)snprintf(files->key, sizeof files->key, "/tmp/rookery-key-XXXXXX");
    (void)close(mkstemp(files->certificate));
    (void)close(mkstemp(files->key));
    tls_files_write(files, name);
}

static inline void tls_files_remove(const struct tls_files *files)
{
    (void)unlink(files->certificate);
    (void)unlink(files->key);
}

/* ---- a client ---- */

struct tls_client {
    SSL_CTX *context;
    SSL *ssl;
};

static inline void tls_client_init(struct tls_client *c)
{
    c->context = SSL_CTX_new(TLS_client_method());
    c->ssl = SSL_new(c->context);
    SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(c->ssl);
}

static inline void tls_client_finish(struct tls_client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
}

/* What it wants to be carried to the server; good until the next call. */
static inline struct span tls_client_output(struct tls_client *c)
{
    static uint8_t out[256 * 1024];

    int n = BIO_read(SSL_get_wbio(c->ssl), out, sizeof out);
    return span_of(out, n > 0 ? (size_t)n : 0);
}

/* What has come from the server. Returns how much of it is text for the client, in out. */
static inline size_t tls_client_take(struct tls_client *c, struct span in, char *out, size_t cap)
{
    size_t len = 0;

    (void)BIO_write(SSL_get_rbio(c->ssl), in.data, (int)in.len);
    for (int n; (n = SSL_read(c->ssl, out + len, (int)(cap - len))) > 0;) {
        len += (size_t)n;
    }
    ERR_clear_error();
    return len;
}

/* The name in the server's certificate. */
static inline const char *tls_client_sees(struct tls_client *c)
{
    static char name[64];
    X509 *x = SSL_get1_peer_certificate(c->ssl);

    name[0] = '\0';
    if (x != NULL) {
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name,
                                        sizeof name);
    }
    X509_free(x);
    return name;
}

#endif
