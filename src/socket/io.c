// SPDX-License-Identifier: MIT
#include "src/socket/io.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/handshake.h"
#include "src/socket/acks.h"
#include "src/socket/client.h"
#include "src/socket/keeper.h"
#include "src/socket/middleware.h"
#include "src/socket/rooms.h"
#include "src/socket/text.h"

void io_init(struct io *io, const struct io_options *options, struct executor *const executors[],
             unsigned loop_count)
{
    *io = (struct io){.options = *options, .loop_count = loop_count};
    io->loops = xcalloc(loop_count, sizeof *io->loops);
    for (unsigned i = 0; i < loop_count; i++) {
        io_loop_init(&io->loops[i], io, executors[i]);
    }
    if (options->keep_ms != 0) {
        io->keeper = keeper_create(io, options->keep_ms, options->keep_bytes_max);
    }
    namespaces_init(io);
    (void)rookery_of((struct rookery *)(void *)io, ROOKERY_STR("/")); /* it is always there */
}

void io_set_adapter(struct io *io, struct adapter *adapter)
{
    io->adapter = adapter;
    namespaces_announce(io);
}

const struct engine_app *io_engine_app(const struct io *io, unsigned loop)
{
    return &io->loops[loop].app;
}

void io_finish(struct io *io)
{
    for (unsigned i = 0; i < io->loop_count; i++) {
        io_loop_finish(&io->loops[i]);
    }
    keeper_destroy(io->keeper);
    namespaces_finish(io);
    free(io->loops);
}

struct rookery_loop *io_current(const struct io *io)
{
    for (unsigned i = 0; i < io->loop_count; i++) {
        if (executor_inside(io->loops[i].executor)) {
            return &io->loops[i];
        }
    }
    return NULL;
}

/* ---- handshakes ---- */

void io_ask(struct io *io, struct rookery_handshake *h)
{
    h->loop = &io->loops[h->engine->executor->index];
    io->allow(h, io->allow_arg);
}

static void ask(struct rookery_handshake *h, void *arg)
{
    io_ask(((struct rookery_loop *)arg)->io, h);
}

void rookery_allow_request(struct rookery *server, rookery_allow_fn fn, void *arg)
{
    struct io *io = io_of(server);

    io->allow = fn;
    io->allow_arg = arg;
    for (unsigned i = 0; i < io->loop_count; i++) {
        io->loops[i].app.allow = fn == NULL ? NULL : ask;
    }
}

const struct rookery_request *rookery_handshake_request(const struct rookery_handshake *h)
{
    return h->request;
}

struct rookery_loop *rookery_handshake_loop(const struct rookery_handshake *h)
{
    return h->loop;
}

void rookery_handshake_accept(struct rookery_handshake *h)
{
    handshake_accept(h);
}

void rookery_handshake_refuse(struct rookery_handshake *h, struct rookery_str message)
{
    handshake_refuse(h, span_of_str(message));
}
