/* TLS, the server's side: which certificate is in force, and the bytes of one connection.
 *
 *     tls_server ── tls_accept() ──> SSL on a descriptor ── tls_handshake() ──> tls_recv, tls_send
 *         ^
 *     tls_server_reload(): connections that are there keep the certificate that they began with
 *
 * TLS 1.2 and 1.3, HTTP/1.1 by ALPN, tickets instead of a session cache, no renegotiation. Buffers
 * are released while nothing is under way (SSL_MODE_RELEASE_BUFFERS): an idle connection takes what
 * OpenSSL's structs take. tls_recv and tls_send stand where recv and sendmsg do without TLS.
 *
 * Ownership: the descriptor is never the SSL's. Sources: RFC 8446, RFC 7301.
 * Threads: tls_accept on any, tls_server_reload on one at a time; an SSL belongs to one loop, and
 * may be handed to another. */
// SPDX-License-Identifier: MIT
#ifndef NET_TLS_H
#define NET_TLS_H

#include <sys/types.h>
#include <sys/uio.h>

#include "protocol/bytes.h"

struct ssl_st;
struct tls_server;

/* Reads a chain of certificates and its key, as PEM. NULL: *why says in a line what is wrong. */
struct tls_server *tls_server_create(const char *certificate, const char *key, struct bytes *why);

/* When no SSL of it is left. NULL is harmless. */
void tls_server_destroy(struct tls_server *t);

/* Reads the files again. 0, or -1 with *why: then what was in force stays so. */
MUST_USE int tls_server_reload(struct tls_server *t, struct bytes *why);

/* From any thread: reloads that have failed; and when the certificate ends, as seconds of the
 * Epoch. */
uint64_t tls_server_failed_reloads(const struct tls_server *t);
int64_t tls_server_expires_s(const struct tls_server *t);

/* ---- one connection ---- */

/* An SSL that waits for a client on fd, which is non-blocking. */
struct ssl_st *tls_accept(struct tls_server *t, int fd);

enum tls_step {
    TLS_DONE,
    TLS_READS,      /* goes on when fd is readable */
    TLS_WRITES,     /* ... writable */
    TLS_FAILED,     /* the client has been told by an alert */
    TLS_PLAIN_HTTP, /* who speaks HTTP here waits for an answer without TLS */
};

/* Goes on with the handshake as far as it can. */
enum tls_step tls_handshake(struct ssl_st *ssl);

/* For an SSL whose handshake libevent's bufferevent had, or that it has been taken from: from here
 * on it is read and written by tls_recv and tls_send only. */
void tls_take_over(struct ssl_st *ssl);

enum { TLS_RECORD_BYTES_MAX = 16 * 1024 };

/* As recv: bytes, 0 at the end, or -1 with errno: EAGAIN, or that the connection is broken. cap is
 * TLS_RECORD_BYTES_MAX at least, so nothing stays inside that the poller could not tell of. */
ssize_t tls_recv(struct ssl_st *ssl, void *buffer, size_t cap);

/* As sendmsg: fewer than all bytes when the kernel takes no more now, or -1 with errno as above.
 * Segments go out together, in records as long as they may be. What is not taken has to be offered
 * again first, with or without more behind it. */
ssize_t tls_send(struct ssl_st *ssl, const struct iovec *segments, int count);

/* Tells the client that nothing follows (close_notify); what it sends can be read still. */
void tls_say_goodbye(struct ssl_st *ssl);

void tls_free(struct ssl_st *ssl);

#endif
