/* Handshake: what other servers are told of the request that a connection came with. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_HANDSHAKE_H
#define SOCKET_HANDSHAKE_H

#include "protocol/http_head.h"
#include "src/engine/request.h"

/* A request's head, which points into it. */
void handshake_parse(const struct rookery_request *request, struct http_head *head);

/* Appends the JSON object that Node.js has as socket.handshake. Field names in lower case, those
 * that come several times joined as Node.js does it. Of a query's equal keys, each is there: the
 * last counts in JSON.parse. Without a request (NULL) all members are there and empty.
 * Source: socket.io 4.8 Socket#buildHandshake, Node.js 20 http.IncomingMessage#headers. */
void handshake_write_json(struct bytes *out, const struct rookery_request *request,
                          struct span auth);

/* Appends a query as an object of strings, decoded. */
void handshake_query_write(struct bytes *out, struct span query);

#endif
