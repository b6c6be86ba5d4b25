/* Io: the Socket.IO 5 layer of one server, as whoever puts the server together sees it. It sits on
 * one Engine.IO endpoint per loop and implements src/api/rookery.h, but for making, running and
 * stopping the server, which is the composer's.
 *
 *   rookery_create      io_init, then per loop engine_init(..., io_engine_app(io, i), ...)
 *   rookery_stop        engine_shutdown on every loop: sockets leave with "server shutting down"
 *   rookery_destroy     engine_drop_all and a last turn on every loop, then all tasks that the
 * loops still have (they may post others, to any loop), then io_finish
 *
 * struct io is the first member of struct rookery, which the composer completes.
 *
 * Inside, a namespace has one share per loop (share.h) with that loop's sockets and rooms, so that
 * nothing is locked but the list of namespaces: clients may make new ones (namespace.h).
 *
 * Threads: io_init, io_engine_app and io_finish while no loop runs; each engine_app on its loop. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_IO_H
#define SOCKET_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "src/api/rookery.h"
#include "src/base/executor.h"
#include "src/base/lock.h"
#include "src/base/map.h"
#include "src/engine/engine.h"

struct adapter;
struct keeper;

enum { SOCKET_PREFIX_MAX = 4 };

struct io_options {
    unsigned connect_timeout_ms; /* for the first CONNECT of a connection */
    size_t payload_bytes_max;    /* of a message; the bytes of a packet's attachments together are
                                    at most attachments_max times that */
    unsigned attachments_max;    /* of one packet that a client sends */
    unsigned json_depth_max;     /* of what a client sends */
    bool msgpack;                /* packets are those of protocol/sio_msgpack.h, else text */
    bool keep_handshake;         /* after the connection handlers have run */
    unsigned keep_ms;            /* without an adapter: how long sessions may be come back to; 0:
                                    they may not */
    size_t keep_bytes_max;       /* of those, and of what is said meanwhile */
    bool skip_middlewares;       /* of those who come back to their sessions */
    char id_prefix[SOCKET_PREFIX_MAX + 1]; /* of [A-Za-z0-9_-]: what the ids of all sockets begin
                                              with, "": nothing in particular */
};

struct io {
    struct io_options options;
    rookery_allow_fn allow; /* NULL: every handshake is let in */
    void *allow_arg;
    struct rookery_loop *loops;
    unsigned loop_count;
    struct adapter *adapter; /* NULL: this server is alone */
    struct keeper *keeper;   /* of one that is alone; NULL: sessions are not come back to */
    struct lock lock;        /* of the next four, and of who is whose child; nothing is
                                called under it but adapter->open */
    struct map namespaces;   /* struct rookery_namespace by name, parents not */
    unsigned dynamic_count;  /* of them, those that clients have made */
    unsigned parent_count;   /* so far, for their names */
    struct rookery_namespace *parents; /* in the order in which they were made */
};

/* executors[i] is that of loop i; they outlive io. */
void io_init(struct io *io, const struct io_options *options, struct executor *const executors[],
             unsigned loop_count);

/* Makes the server one of several; before it runs. The adapter outlives io, and is told at once of
 * the namespaces that there are. */
void io_set_adapter(struct io *io, struct adapter *adapter);

/* What is to sit on the engine of that loop. */
const struct engine_app *io_engine_app(const struct io *io, unsigned loop);

/* Asks the application about a handshake on one of the loops; only if io->allow is set. */
void io_ask(struct io *io, struct rookery_handshake *h);

/* All sessions must be closed, the loops stopped and their tasks run. Calls nobody back. */
void io_finish(struct io *io);

static inline struct io *io_of(struct rookery *server)
{
    return (struct io *)(void *)server;
}

/* The loop that the calling thread runs, or NULL if it is none of io's. */
struct rookery_loop *io_current(const struct io *io);

#endif
