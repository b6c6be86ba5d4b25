/* Stream: a byte stream to another process, as those see it who must not know sockets: net/dialer.h
 * implements it over libevent and OpenSSL, tests fake it.
 *
 *   stream_open ──> (name lookup, connect, TLS) ──> on_open ──> on_data ... ──> on_close
 *
 * Exactly one on_close comes for every stream_open, at the latest after the open timeout, unless
 * stream_close came first; after either nothing more is called. No callback runs inside
 * stream_open, stream_send or stream_close.
 *
 * Ownership: struct stream is embedded in its owner's, and must live until on_close has run or
 * stream_close has returned. Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "protocol/bytes.h"
#include "src/base/executor.h"

struct stream;
struct dialer;

struct stream_handlers {
    void (*on_open)(struct stream *s);
    /* Whatever has come, in order; borrowed. It may close the stream. */
    void (*on_data)(struct stream *s, struct span data);
    /* why: a sentence for a log line. The stream is closed. */
    void (*on_close)(struct stream *s, const char *why);
    /* All that was queued is with the kernel. NULL: not told. */
    void (*on_sent)(struct stream *s);
};

/* Where to. Strings are copied by stream_open. */
struct stream_peer {
    const char *host; /* a name or an address */
    unsigned port;
    bool tls;
    const char *ca_file;     /* PEM; NULL: those of the system */
    const char *server_name; /* to be verified and asked for; NULL: host */
    bool verify;             /* the peer's certificate; with tls */
    unsigned open_timeout_ms;
};

struct stream {
    const struct stream_handlers *handlers; /* set by the owner */
    struct dialer *dialer;
    void *connection; /* the dialer's; NULL: not open and not opening */
};

struct dialer_ops {
    void (*open)(struct dialer *d, struct stream *s, const struct stream_peer *peer);
    /* Queues a copy, to be written in this turn's end at the latest. */
    void (*send)(struct stream *s, struct span data);
    /* Bytes queued that the kernel has not taken yet. */
    size_t (*unsent)(const struct stream *s);
    void (*close)(struct stream *s);
    void (*hold)(struct stream *s, bool held);
    void (*finish)(struct stream *s);
};

/* One per loop. */
struct dialer {
    const struct dialer_ops *ops;
    struct executor *executor;
};

static inline void stream_open(struct dialer *d, struct stream *s, const struct stream_peer *peer)
{
    s->dialer = d;
    d->ops->open(d, s, peer);
}

/* While it is open. */
static inline void stream_send(struct stream *s, struct span data)
{
    s->dialer->ops->send(s, data);
}

static inline size_t stream_unsent(const struct stream *s)
{
    return s->dialer->ops->unsent(s);
}

/* While it is held no on_data comes, and the peer has to wait before long. While it is open. */
static inline void stream_hold(struct stream *s, bool held)
{
    s->dialer->ops->hold(s, held);
}

/* Nothing will be sent any more: the peer reads what is queued, then the end. It may still answer.
 * While it is open. */
static inline void stream_finish(struct stream *s)
{
    s->dialer->ops->finish(s);
}

/* What is queued is still sent. Harmless on one that is closed, or has never been opened (zeroed).
 */
static inline void stream_close(struct stream *s)
{
    if (s->connection != NULL) {
        s->dialer->ops->close(s);
    }
}

#endif
