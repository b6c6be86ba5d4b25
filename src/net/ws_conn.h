/* WebSocket connection: a descriptor in the loop's poller, what it reads turned into messages, what
 * its owner has queued written out in one call a turn (RFC 6455, server side); with TLS, in records
 * that are as long as they may be.
 *
 *   OPEN --ws_conn_close(), protocol error, peer's Close--> CLOSING --peer's end or timeout--> gone
 *     |                                                                                          ^
 *     +--the peer's end, a broken connection, ws_conn_abort()------------------------------------+
 *
 * The owner hears of the end once, by on_gone, as soon as nothing more can come from the peer; that
 * is on entering CLOSING unless the owner asked for the close himself (then not at all). What is
 * left to do in CLOSING (the rest of the queue, the Close frame, the peer's answer) the connection
 * does alone.
 *
 * Ownership: embedded in the owner's struct as its first field, which is freed by on_free, at the
 * end of a turn. An idle connection holds no buffer: it reads into the loop's and queues frames of
 * others. Threads: one loop. */
// SPDX-License-Identifier: MIT
#ifndef NET_WS_CONN_H
#define NET_WS_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/ws_reader.h"
#include "src/base/outq.h"
#include "src/net/http.h"
#include "src/net/loop.h"

struct ws_conn;

enum ws_end {
    WS_END_CLOSED, /* by a Close frame or the end of the connection */
    WS_END_ERROR,  /* the peer broke the protocol or a limit */
};

struct ws_conn_ops {
    /* A whole message. The connection may be closed when it returns. */
    void (*on_message)(struct ws_conn *c, bool is_binary, struct span data);
    /* The queue that ws_conn_flush is called with; control frames are put on it too. NULL: none. It
     * stays where it is until the end of the turn, on_gone or not. */
    struct outq *(*queue)(struct ws_conn *c);
    /* The queue should be flushed at the end of this turn. */
    void (*flush_soon)(struct ws_conn *c);
    void (*on_gone)(struct ws_conn *c, enum ws_end end);
    void (*on_free)(struct ws_conn *c);
};

struct ws_closing;
struct ws_conn_options;

struct ws_conn {
    const struct ws_conn_ops *ops;
    struct loop *loop;
    const struct ws_conn_options *options;
    struct ssl_st *ssl; /* NULL: without TLS, or closed */
    struct watch watch;
    struct ws_reader reader;
    union {
        struct ws_closing *closing;  /* NULL unless in CLOSING */
        struct ws_conn *next_closed; /* in loop->ws_closed, once fd is closed */
    };
    int fd;               /* -1 once it is closed */
    bool blocked;         /* the kernel's buffer is full: writing goes on when the poller says so */
    bool told;            /* on_gone has been called, or need not be */
    uint8_t deflate_bits; /* of permessage-deflate's window; 0: not agreed */
};

struct ws_conn_options {
    uint32_t message_bytes_max;
    bool
        deflate; /* permessage-deflate is agreed on with who offers it; the loop has a ws_deflate */
    uint32_t deflate_threshold; /* bytes of a message; shorter ones are not compressed */
    unsigned close_timeout_ms;
    _Atomic unsigned *connections; /* one less when it is closed; NULL: not counted */
};

/* Takes over the descriptor and the SSL of an upgrade, whose answer is the first that is to be
 * sent. The options outlive the connection. */
void ws_conn_start(struct ws_conn *c, const struct ws_conn_ops *ops, const struct http_upgrade *u,
                   const struct ws_conn_options *options);

/* The handshake has agreed on permessage-deflate (see ws_accept.h); 0 bits: it has not. Follows on
 * ws_conn_start. */
void ws_conn_set_deflate(struct ws_conn *c, unsigned window_bits);

/* Takes in bytes that came before the connection was this one's: p is overwritten. */
void ws_conn_feed(struct ws_conn *c, uint8_t *p, size_t n);

/* Writes q as far as the kernel takes it; the rest stays, and ops->flush_soon is called when there
 * is room again. A broken connection is told by on_gone. */
void ws_conn_flush(struct ws_conn *c, struct outq *q);

/* Would something queued now leave at once? */
static inline bool ws_conn_writable(const struct ws_conn *c)
{
    return c->fd >= 0 && !c->blocked && c->closing == NULL;
}

/* Sends the rest of q (which it takes over), then a Close frame: with that code, or without if it
 * is 0. on_gone will not be called. */
void ws_conn_close(struct ws_conn *c, struct outq *q, unsigned code);

/* Closes the descriptor now. on_gone will not be called. */
void ws_conn_abort(struct ws_conn *c);

/* Cuts the connection as a broken network would; on_gone follows in a later turn. */
void ws_conn_cut(struct ws_conn *c);

/* For the end of a loop: drops all that are still in CLOSING. */
void ws_conn_abort_closing(struct loop *loop);

#endif
