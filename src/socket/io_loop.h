/* Io loop: what one loop has of the Socket.IO layer, beside its shares of the namespaces. It is the
 * `struct rookery_loop` of the API.
 *
 * Threads: its loop only, but for rookery_loop_post and what never changes (io, executor). */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_IO_LOOP_H
#define SOCKET_IO_LOOP_H

#include "protocol/sio_msgpack.h"
#include "src/api/rookery.h"
#include "src/base/executor.h"
#include "src/base/list.h"
#include "src/base/map.h"
#include "src/base/stats.h"
#include "src/engine/engine.h"
#include "src/socket/encoder.h"
#include "src/socket/receivers.h"

struct rookery_loop {
    struct io *io;
    struct executor *executor;
    struct engine_app app;
    struct stats *stats;             /* those of the engine; NULL until its first session */
    uint64_t hash_secret[2];         /* of all maps of this loop */
    struct map shares;               /* struct share by the name of its namespace */
    struct map pending_acks;         /* see acks.h */
    struct encoder encoder;          /* of the call under way, as the next two */
    struct bytes event_name;         /* one that had to be decoded */
    struct receivers receivers;      /* of a broadcast */
    struct sio_msgpack unpacked;     /* of the packet that is being received */
    uint64_t mark;                   /* the last that receivers_collect has used */
    struct list corked;              /* rooms whose cork is live */
    struct turn_hook seal_hook;      /* pending while there are such */
    struct client *closed_clients;   /* to be freed at the end of the turn */
    struct turn_hook bury_hook;      /* pending while there are such */
    struct list nexts;               /* middlewares that have not decided yet */
    struct rookery_next *spare_next; /* one to use again, or NULL */
    struct list delayed;             /* of rookery_loop_after */
};

void io_loop_init(struct rookery_loop *loop, struct io *io, struct executor *ex);

void io_loop_finish(struct rookery_loop *loop);

static inline void io_loop_count(struct rookery_loop *loop, enum stat_id which, uint64_t n)
{
    stats_add(loop->stats, which, n);
}

#endif
