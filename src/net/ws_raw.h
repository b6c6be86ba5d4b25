/* Raw WebSocket: an endpoint of plain WebSocket connections, without Engine.IO.
 *
 * Ownership: a connection frees itself at the end of the turn in which on_close was called.
 * Threads: set up before the loops run; a connection belongs to its loop. */
// SPDX-License-Identifier: MIT
#ifndef NET_WS_RAW_H
#define NET_WS_RAW_H

#include "src/net/http.h"
#include "src/net/ws_conn.h"

struct ws_raw;

/* One endpoint. Its callbacks run on the connection's loop; arg is the endpoint's. */
struct ws_raw_endpoint {
    void (*on_open)(struct ws_raw *conn, void *arg);
    void (*on_message)(struct ws_raw *conn, bool is_binary, struct span data, void *arg);
    void (*on_close)(struct ws_raw *conn, bool in_error, void *arg);
    void *arg;
    struct ws_conn_options ws;
    size_t queue_bytes_max;
};

/* For struct http_route.on_upgrade: arg is the struct ws_raw_endpoint. */
void ws_raw_upgrade(struct http_upgrade *u, void *arg);

/* Queues a message, to be sent at the end of the turn. Over queue_bytes_max the connection is
 * dropped then. */
void ws_raw_send(struct ws_raw *conn, bool is_binary, struct span data);

/* Closes in good order; on_close is called before it returns. */
void ws_raw_close(struct ws_raw *conn);

/* The index of the loop that it lives on. */
unsigned ws_raw_loop_index(const struct ws_raw *conn);

/* A pointer of the application's, NULL at first. */
void *ws_raw_data(const struct ws_raw *conn);
void ws_raw_set_data(struct ws_raw *conn, void *data);

#endif
