/* What the Socket.IO layer does for clients of Engine.IO 3, which are those of socket.io-client 2.
 * Their packets are those of everybody, but for what has to do with joining:
 *
 *                         everybody                            they
 *   CONNECT to /          0{auth} -> 0{"sid":...}              the server begins: 0
 *   to /chat              0/chat,{auth} -> 0/chat,{"sid":...}  0/chat?token=a -> 0/chat,
 *   refused               4/chat,{"message":m,"data":d}        4/chat,d, or 4/chat,"m"
 *   the id of a socket    random                               the session's: sid, /chat#sid
 *
 * The query is what they have for auth (handshake_query_write). They never come back to a session
 * (recovery.h).
 *
 * Pure; any thread. Source: socket.io 4.8 (Client, Socket, Namespace), for protocol 3. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_EIO3_H
#define SOCKET_EIO3_H

#include "protocol/bytes.h"

/* The namespace in what they call one, which may have a query; *query is that, or empty. */
struct span eio3_namespace(struct span nsp, struct span *query);

/* Appends the value that tells of a refusal: data, if it is anything that counts in JavaScript, or
 * the message. data: JSON, or empty. */
void eio3_refusal_write(struct bytes *out, struct span message, struct span data);

#endif
