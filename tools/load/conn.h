/* Conn: the generator's TCP connections, and the loop that turns for them.
 *
 * One epoll set, edge-triggered, so that a connection costs one epoll_ctl in its life. A turn reads
 * every ready connection (into one big buffer that all share), lets its owner have the bytes, and
 * writes what has been queued meanwhile, once per connection at the end of the turn: the generator
 * must cost less per message than the servers it measures.
 *
 *   bytes in:  on_bytes gets everything not yet used; what it leaves is kept and comes again with
 *              the next bytes. An idle connection holds no buffer.
 *   bytes out: conn_out() is where the owner writes; it goes out at the end of the turn.
 *
 * Ownership: a conn is embedded in its owner's memory, which stays where it is while the loop runs.
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_CONN_H
#define TOOLS_LOAD_CONN_H

#include <netinet/in.h>

#include "protocol/bytes.h"

struct conn;

enum conn_loss {
    CONN_REFUSED,  /* the connection could not be made */
    CONN_CLOSED,   /* the peer closed */
    CONN_RESET,    /* it broke */
    CONN_PROTOCOL, /* on_bytes returned -1 */
};

struct conn_ops {
    /* Uses up bytes from the front; returns how many, or -1 when they are no protocol. May close
     * the connection. */
    ssize_t (*on_bytes)(struct conn *c, struct span in);
    /* The connection is gone (closed already). Not called for conn_close(). */
    void (*on_lost)(struct conn *c, enum conn_loss why);
    /* The turn ends and this connection is about to be written: last chance to add. May be NULL. */
    void (*on_flush)(struct conn *c);
};

struct loop;

struct conn {
    const struct conn_ops *ops;
    struct loop *loop;
    struct conn *next_dirty;
    struct bytes in;  /* what came and could not be used yet */
    struct bytes out; /* what has not been written yet */
    size_t out_at;    /* of it, already written */
    int fd;           /* -1 when closed */
    bool connected;
    bool dirty;   /* on the list of those to write at the end of the turn */
    bool blocked; /* the socket is full: an edge will tell */
};

struct loop {
    int epoll_fd;
    uint64_t origin_ns; /* monotonic time at which the run began */
    uint64_t now_ns;    /* since then; renewed before each conn's bytes are handed over */
    uint8_t *scratch;   /* shared read buffer; holds the longest packet and one read more */
    struct conn *dirty;
    uint32_t sources; /* loopback addresses to connect from; 0 the kernel's choice */
    uint32_t next_source;
};

/* 0, or -1 with errno. */
MUST_USE int loop_init(struct loop *loop, uint32_t sources);
void loop_finish(struct loop *loop);

/* Renews loop->now_ns and returns it. */
uint64_t loop_clock(struct loop *loop);

/* Waits for events until `until_ns` at the latest and hands the bytes over; loop_flush() ends the
 * turn. Returns the number of events (0 also when a signal came). */
int loop_turn(struct loop *loop, uint64_t until_ns);
void loop_flush(struct loop *loop);

/* Starts to connect. What is put into conn_out() now goes out when the connection is there. Returns
 * 0, or -1 with errno: no descriptor, no port. The conn's memory may be reused after a close. */
MUST_USE int conn_open(struct conn *c, struct loop *loop, const struct sockaddr_in *to,
                       const struct conn_ops *ops);

/* Where the owner appends what is to be written at the end of this turn. */
struct bytes *conn_out(struct conn *c);

/* Closes and frees what it holds; harmless when closed already. Writes what is queued if the socket
 * takes it now. */
void conn_close(struct conn *c);

static inline bool conn_is_open(const struct conn *c)
{
    return c->loop != NULL && c->fd >= 0;
}

#endif
