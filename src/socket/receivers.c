// SPDX-License-Identifier: MIT
#include "src/socket/receivers.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/rooms.h"
#include "src/socket/share.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

struct rookery_socket *receivers_by_id(const struct share *share, struct rookery_str room)
{
    struct rookery_socket *s =
        socket_id_fits(room) ? map_get(&share->sockets, span_of_str(room)) : NULL;

    return s != NULL && socket_in_own_room(s) ? s : NULL;
}

static void add(struct receivers *r, struct rookery_socket *s, uint64_t mark)
{
    if (!socket_receives(s) || s->mark == mark) {
        return;
    }
    s->mark = mark;
    if (r->count == r->cap) {
        r->cap = r->cap == 0 ? 16 : r->cap * 2;
        r->sockets = xreallocarray(r->sockets, r->cap, sizeof(struct rookery_socket *));
    }
    r->sockets[r->count++] = s;
}

static void add_members(struct receivers *r, const struct room *room, uint32_t tags, uint64_t mark)
{
    for (const struct section *in = &room->first; in != NULL; in = in->next) {
        for (uint32_t i = 0; i < in->count && section_tagged(in, tags); i++) {
            add(r, in->members[i].socket, mark);
        }
    }
}

static void add_room(struct receivers *r, const struct share *share, struct rookery_str name,
                     uint32_t tags, uint64_t mark)
{
    const struct room *room = rooms_find(share, span_of_str(name));
    struct rookery_socket *own = receivers_by_id(share, name);

    if (room != NULL) {
        add_members(r, room, tags, mark);
    }
    if (own != NULL && (tags & 1) != 0) {
        add(r, own, mark);
    }
}

static void mark_members(const struct room *room, uint64_t mark)
{
    for (const struct section *in = &room->first; in != NULL; in = in->next) {
        for (uint32_t i = 0; i < in->count; i++) {
            in->members[i].socket->mark = mark;
        }
    }
}

/* Whoever is met here looks as if he had been added already. */
static void mark_room(const struct share *share, struct rookery_str name, uint64_t mark)
{
    const struct room *room = rooms_find(share, span_of_str(name));
    struct rookery_socket *own = receivers_by_id(share, name);

    if (room != NULL) {
        mark_members(room, mark);
    }
    if (own != NULL) {
        own->mark = mark;
    }
}

void receivers_collect(struct receivers *r, struct share *share, const struct rookery_target *to,
                       uint32_t tags, struct rookery_socket *from)
{
    static const struct rookery_target everybody;
    const struct rookery_target *target = to == NULL ? &everybody : to;
    uint64_t mark = ++share->loop->mark;

    r->count = 0;
    if (from != NULL) {
        from->mark = mark;
    }
    for (size_t i = 0; i < target->except_count; i++) {
        mark_room(share, target->except[i], mark);
    }
    if (target->room_count == 0) {
        add_members(r, share->everybody, tags, mark);
    }
    for (size_t i = 0; i < target->room_count; i++) {
        add_room(r, share, target->rooms[i], tags, mark);
    }
}

void receivers_finish(struct receivers *r)
{
    free(r->sockets);
    *r = (struct receivers){0};
}
