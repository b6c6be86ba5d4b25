// SPDX-License-Identifier: MIT
#include <arpa/inet.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "src/net/dialer_internal.h"

static const char *name_of(const struct dialled *d)
{
    return d->peer.server_name != NULL ? d->peer.server_name : d->peer.host;
}

static bool is_address(const char *name)
{
    uint8_t out[16];
    return inet_pton(AF_INET, name, out) == 1 || inet_pton(AF_INET6, name, out) == 1;
}

/* The CA file is read for each connection, so that one that has been replaced counts. */
static SSL_CTX *make_context(struct dialled *d)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    const char *ca_file = d->peer.ca_file;

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        dialled_fail(d, "TLS cannot be set up");
    } else if (d->peer.verify && ca_file != NULL &&
               SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1) {
        dialled_fail(d, "the CA file %s has no certificates to read", ca_file);
    } else if (d->peer.verify && ca_file == NULL &&
               SSL_CTX_set_default_verify_paths(context) != 1) {
        dialled_fail(d, "the CA certificates of the system cannot be read");
    } else {
        return context;
    }
    SSL_CTX_free(context);
    return NULL;
}

static bool expect_name(SSL *ssl, const char *name, bool verify)
{
    bool address = is_address(name);

    /* As a function, since the macro of that name casts const away. */
    if (!address && SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                             (void *)(uintptr_t)name) != 1) {
        return false;
    }
    if (!verify) {
        return true;
    }
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1
                   : SSL_set1_host(ssl, name) == 1;
}

struct bufferevent *dialled_start_tls(struct dialled *d)
{
    SSL_CTX *context = make_context(d);
    SSL *ssl = context == NULL ? NULL : SSL_new(context);
    struct bufferevent *bev = NULL;

    SSL_CTX_free(context); /* the connection holds it */
    if (ssl == NULL) {
        return NULL;
    }
    if (expect_name(ssl, name_of(d), d->peer.verify)) {
        bev = bufferevent_openssl_socket_new(d->dialer->loop->base, d->fd, ssl,
                                             BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    }
    if (bev == NULL) {
        SSL_free(ssl);
        dialled_fail(d, "TLS cannot be set up for the name %s", name_of(d));
        return NULL;
    }
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

void dialled_tls_failed(struct dialled *d)
{
    unsigned long error = bufferevent_get_openssl_error(d->bev);
    long verdict = SSL_get_verify_result(bufferevent_openssl_get_ssl(d->bev));
    const char *reason = ERR_reason_error_string(error);

    if (d->peer.verify && verdict != X509_V_OK) {
        dialled_fail(d, "the certificate of %s is not accepted: %s", name_of(d),
                     X509_verify_cert_error_string(verdict));
    } else {
        dialled_fail(d, "TLS with %s port %u has failed: %s", d->peer.host, d->peer.port,
                     reason != NULL ? reason : "the connection was closed");
    }
    ERR_clear_error();
}

void dialled_end_tls(struct dialled *d, bool both)
{
    SSL *ssl = d->peer.tls ? bufferevent_openssl_get_ssl(d->bev) : NULL;

    if (ssl != NULL) {
        if (both) {
            SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
        }
        (void)SSL_shutdown(ssl);
        ERR_clear_error();
    }
}
