/* What the WebSocket transports of both revisions share. */
// SPDX-License-Identifier: MIT
#ifndef NET_WS_TRANSPORT_INTERNAL_H
#define NET_WS_TRANSPORT_INTERNAL_H

#include "src/base/memory.h"
#include "src/net/ws_transport.h"

struct ws_transport {
    struct ws_conn conn;
    struct transport base;
};

static inline struct ws_transport *ws_transport_of_conn(struct ws_conn *c)
{
    return container_of(c, struct ws_transport, conn);
}

static inline struct ws_transport *ws_transport_of_base(const struct transport *t)
{
    return container_of(t, struct ws_transport, base);
}

/* Of struct ws_conn_ops. */
void ws_transport_flush_soon(struct ws_conn *c);
void ws_transport_on_gone(struct ws_conn *c, enum ws_end end);

/* Of struct transport_ops. */
bool ws_transport_writable(const struct transport *t);
void ws_transport_abort(struct transport *t);
bool ws_transport_cut(struct transport *t);

/* The queue q goes out before a Close frame, and the session is told. */
void ws_transport_close_with(struct transport *t, struct outq *q);

#endif
