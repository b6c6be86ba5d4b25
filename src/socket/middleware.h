/* Middleware: asks the functions of rookery_use and rookery_use_event one after the other. It is
 * the `struct rookery_next` of the API.
 *
 *   ask one --pass--> ask the next one ... --pass--> done: the socket connects, or
 *      |                                                   the event's handlers run
 *      +--refuse--> CONNECT_ERROR to the client, or on_error
 *
 * One that decides while it is asked costs no copy. If it does not, the event's content is copied
 * once (what the struct rookery_event points at then is the copy), and the chain goes on when the
 * decision comes, unless the socket has gone meanwhile: then nothing is told to anybody.
 *
 * Ownership: freed by the last decision; io_loop_finish frees those that never came.
 * Threads: the socket's loop only. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_MIDDLEWARE_H
#define SOCKET_MIDDLEWARE_H

#include "src/api/rookery.h"

/* May s, which is CONNECTING, connect? */
void middleware_ask_connect(struct rookery_socket *s);

/* May the handlers of the event's name have it? */
void middleware_ask_event(struct rookery_socket *s, const struct rookery_event *event);

/* Forgets all chains of the loop that have not come to an end, and the loop's spare. */
void middleware_drop_all(struct rookery_loop *loop);

#endif
