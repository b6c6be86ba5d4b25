// SPDX-License-Identifier: MIT
#include "src/socket/share.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/io.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"

static struct span key_of_room(const void *value)
{
    return room_name(value);
}

static struct span key_of_socket(const void *value)
{
    return socket_id(value);
}

static struct share *create(struct rookery_loop *loop, struct rookery_namespace *nsp)
{
    struct share *share = xcalloc(1, sizeof *share);

    share->nsp = nsp;
    share->loop = loop;
    share->next_ack_id = loop->executor->index;
    share->everybody = room_create(share, span_of(NULL, 0));
    map_init(&share->rooms, key_of_room, loop->hash_secret);
    map_init(&share->sockets, key_of_socket, loop->hash_secret);
    nsp->shares[loop->executor->index] = share;
    return share;
}

/* Parents are not among those that clients can ask for. */
static void introduce(struct share *share)
{
    struct rookery_namespace *parent = share->nsp->parent;

    if (parent != NULL) {
        struct share *of_parent = share_get(parent, share->loop);
        share->sibling = of_parent->children;
        of_parent->children = share;
    }
    if (!namespace_is_parent(share->nsp)) {
        map_add(&share->loop->shares, share);
    }
}

struct share *share_get(struct rookery_namespace *nsp, struct rookery_loop *loop)
{
    struct share *share = share_of(nsp, loop);

    if (share == NULL) {
        share = create(loop, nsp);
        introduce(share);
    }
    return share;
}

struct share *share_open(struct rookery_loop *loop, struct span name, struct span auth)
{
    struct share *share = map_get(&loop->shares, name);

    if (share == NULL) {
        struct rookery_namespace *nsp = namespace_find(loop->io, name, auth);
        share = nsp == NULL ? NULL : share_get(nsp, loop);
    }
    return share;
}

void share_destroy(struct share *share)
{
    assert(share->rooms.count == 0 && share->sockets.count == 0);
    room_destroy(share->everybody);
    map_finish(&share->rooms);
    map_finish(&share->sockets);
    free(share);
}

uint64_t share_take_ack_id(struct share *share)
{
    uint64_t id = share->next_ack_id;

    share->next_ack_id += share->loop->io->loop_count;
    return id;
}
