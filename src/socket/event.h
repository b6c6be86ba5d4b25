/* Event: what a client has sent to one socket, on its way through the middlewares to the handlers
 * of its name; and the right to answer it.
 *
 * Threads: the socket's loop only. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_EVENT_H
#define SOCKET_EVENT_H

#include "protocol/sio_packet.h"
#include "src/api/rookery.h"

struct rookery_ack_slot {
    uint64_t id;
    bool open; /* an answer is wanted and has not been given or taken yet */
};

/* Runs the handlers of every event, asks the middlewares, then runs those of its name. s is
 * CONNECTED. */
void event_receive(struct rookery_socket *s, const struct sio_packet *packet,
                   const struct rookery_args *args);

/* Runs the handlers of its name. */
void event_handle(struct rookery_socket *s, const struct rookery_event *event);

#endif
