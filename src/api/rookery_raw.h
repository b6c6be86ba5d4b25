/* Below Socket.IO: bare Engine.IO connections and bare WebSockets on the same ports, for
 * applications that speak a protocol of their own. Conventions of rookery.h hold.
 *
 * Everything here is registered before rookery_run. Handlers run on the loop of the connection, and
 * the connection may be used only there and only until its on_close has returned. */
// SPDX-License-Identifier: MIT
#ifndef API_ROOKERY_RAW_H
#define API_ROOKERY_RAW_H

#include "src/api/rookery.h"

struct rookery_conn;

struct rookery_conn_handlers {
    void (*on_open)(struct rookery_conn *conn, void *arg); /* may be NULL */
    void (*on_message)(struct rookery_conn *conn, bool is_binary, struct rookery_bin data,
                       void *arg);
    void (*on_close)(struct rookery_conn *conn, const char *reason, void *arg); /* may be NULL */
    void *arg;
};

/* An Engine.IO endpoint of its own at path (with the trailing slash), with the options of io. */
ROOKERY_API int rookery_engine(struct rookery *io, const char *path,
                               const struct rookery_conn_handlers *handlers);

/* A plain WebSocket endpoint at exactly that path; messages up to message_bytes_max. With deflate
 * they are compressed for clients that offer permessage-deflate, as the options of io say. */
ROOKERY_API int rookery_websocket(struct rookery *io, const char *path, size_t message_bytes_max,
                                  bool deflate, const struct rookery_conn_handlers *handlers);

/* Text must be UTF-8. */
ROOKERY_API int rookery_conn_send(struct rookery_conn *conn, bool is_binary,
                                  struct rookery_bin data);
ROOKERY_API void rookery_conn_close(struct rookery_conn *conn);
ROOKERY_API void *rookery_conn_data(const struct rookery_conn *conn);
ROOKERY_API void rookery_conn_set_data(struct rookery_conn *conn, void *data);

#endif
