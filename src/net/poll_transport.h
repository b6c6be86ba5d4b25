/* The polling transport of an Engine.IO session: a GET waits until there is something to send, a
 * POST brings packets (engine.io-protocol v4, "HTTP long-polling").
 *
 *   GET  waits    --queue gets something-->  answered with the whole queue as one payload
 *                 --release_poll-->          answered with a noop
 *   second GET    400; the first one gets a close packet; session over
 *   POST          handled in order, answered "ok"
 *   second POST while the body of one is on the way, or one whose body never comes: session over
 *
 * How packets stand in bodies is settled by the handshake (poll_payload.h). Its own answer to a
 * client of revision 3 holds the open packet alone, as the reference has it: what is queued with
 * that comes with the next poll.
 *
 * Threads: the session's loop; requests come here through reply.h from wherever they arrived. */
// SPDX-License-Identifier: MIT
#ifndef NET_POLL_TRANSPORT_H
#define NET_POLL_TRANSPORT_H

#include "src/engine/transport.h"
#include "src/net/reply.h"

struct poll_transport;

struct poll_options {
    unsigned close_timeout_ms;      /* how long a close packet waits to be fetched */
    unsigned compression_threshold; /* bytes; 0: never */
    /* Adds what every answer of the endpoint carries (CORS, cache-control). */
    void (*add_fields)(struct reply *r, const void *arg);
    const void *arg;
};

/* The options outlive it. query: of the handshake; eio3: it speaks that revision. */
struct poll_transport *poll_transport_create(struct executor *ex,
                                             const struct poll_options *options, struct span query,
                                             bool eio3);

struct transport *poll_transport_base(struct poll_transport *t);

/* The polling transport that base is of. */
struct poll_transport *poll_transport_of(struct transport *base);

/* A request for the session that t belongs to; owns r. announced: poll_transport_post_begun has
 * told of that POST. */
void poll_transport_get(struct poll_transport *t, struct reply *r);
void poll_transport_post(struct poll_transport *t, struct reply *r, bool announced);

/* A POST has begun whose body takes time; and it will never be whole. */
void poll_transport_post_begun(struct poll_transport *t);
void poll_transport_post_dropped(struct poll_transport *t);

#endif
