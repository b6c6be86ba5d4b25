/* Below Socket.IO: bare Engine.IO connections and bare WebSockets on the same ports, for
 * applications that speak a protocol of their own, and what answers to handshakes carry.
 * Conventions of rookery.h hold.
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

/* An Engine.IO endpoint of its own at path (with the trailing slash), with the options of io, whose
 * rookery_allow_request and rookery_on_handshake are asked about it, too. */
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
/* The handshake request; NULL for a plain WebSocket. */
ROOKERY_API const struct rookery_request *rookery_conn_request(const struct rookery_conn *conn);
/* In on_message: calls fn for each header of the POST that has brought the message; for none when
 * it has come by a WebSocket. */
ROOKERY_API void rookery_conn_post_headers(const struct rookery_conn *conn, rookery_pair_fn fn,
                                           void *arg);
ROOKERY_API void *rookery_conn_data(const struct rookery_conn *conn);
ROOKERY_API void rookery_conn_set_data(struct rookery_conn *conn, void *data);

/* Called for each handshake that is let in, before it is answered: fields may be added to the
 * answer (cookies, say), up to six. name: a literal, or what outlives the server; the value is
 * copied. ROOKERY_EINVAL for a control character in it, ROOKERY_ELIMIT for too many. Before
 * rookery_run. */
struct rookery_answer;
typedef void (*rookery_handshake_fn)(const struct rookery_request *request,
                                     struct rookery_answer *answer, void *arg);
ROOKERY_API void rookery_on_handshake(struct rookery *io, rookery_handshake_fn fn, void *arg);
ROOKERY_API int rookery_answer_field(struct rookery_answer *answer, const char *name,
                                     struct rookery_str value);

#endif
