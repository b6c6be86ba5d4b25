// SPDX-License-Identifier: MIT
#include "src/socket/rooms.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/socket.h"

enum { MEMBERS_MIN = 2 };

/* ---- corks ---- */

static void seal(struct room *room)
{
    if (room->cork.frame == NULL) {
        return;
    }
    cork_seal(&room->cork);
    list_remove(&room->corked);
}

void rooms_seal_corked(struct turn_hook *hook)
{
    struct rookery_loop *loop = container_of(hook, struct rookery_loop, seal_hook);

    while (loop->corked.first != NULL) {
        seal(container_of(loop->corked.first, struct room, corked));
    }
}

static void open_cork(struct room *room)
{
    struct rookery_loop *loop = room->share->loop;

    cork_init(&room->cork);
    list_add(&loop->corked, &room->corked);
    executor_at_turn_end(loop->executor, &loop->seal_hook, TURN_SEAL);
    room->receivers = 0;
    for (uint32_t i = 0; i < room->count; i++) {
        struct rookery_socket *s = room->members[i].socket;
        if (socket_receives(s)) {
            session_send_cork(socket_session(s), &room->cork);
            room->receivers++;
        }
    }
}

void room_send(struct room *room, struct span packet, const struct room_skips *skips)
{
    if (room->cork.frame == NULL) {
        open_cork(room);
    }
    cork_append(&room->cork, packet, skips->queues, skips->count, session_queue_full);
    io_loop_count(room->share->loop, STAT_PACKETS_SENT, room->receivers - skips->count);
    if (room->cork.frame->len >= CORK_BYTES_MAX) {
        seal(room);
    }
}

/* ---- memory ---- */

struct room *room_create(struct share *share, struct span name)
{
    struct room *room = xcalloc(1, sizeof *room + name.len);

    room->share = share;
    room->name_len = name.len;
    if (name.len != 0) {
        memcpy(room->name, name.data, name.len);
    }
    return room;
}

void room_destroy(struct room *room)
{
    assert(room->count == 0 && room->cork.frame == NULL);
    free(room->members);
    free(room);
}

static void set_members_cap(struct room *room, uint32_t cap)
{
    room->members = xreallocarray(room->members, cap, sizeof *room->members);
    room->cap = cap;
}

static void grow_memberships(struct rookery_socket *s)
{
    struct membership *own = s->memberships == s->own_memberships ? s->memberships : NULL;

    s->membership_cap *= 2;
    s->memberships =
        xreallocarray(own != NULL ? NULL : s->memberships, s->membership_cap, sizeof *own);
    if (own != NULL) {
        memcpy(s->memberships, own, sizeof s->own_memberships);
    }
}

static void shrink_memberships(struct rookery_socket *s)
{
    if (s->memberships != s->own_memberships && s->membership_count <= SOCKET_MEMBERSHIPS_OWN) {
        memcpy(s->own_memberships, s->memberships, s->membership_count * sizeof *s->memberships);
        free(s->memberships);
        s->memberships = s->own_memberships;
        s->membership_cap = SOCKET_MEMBERSHIPS_OWN;
    }
}

/* ---- joining and leaving ---- */

struct room *rooms_find(const struct share *share, struct span name)
{
    return map_get(&share->rooms, name);
}

void room_add(struct room *room, struct rookery_socket *s)
{
    seal(room);
    if (room->count == room->cap) {
        set_members_cap(room, room->cap == 0 ? MEMBERS_MIN : room->cap * 2);
    }
    if (s->membership_count == s->membership_cap) {
        grow_memberships(s);
    }
    room->members[room->count] = (struct member){s, s->membership_count};
    s->memberships[s->membership_count++] = (struct membership){room, room->count++};
}

static void forget_member(struct room *room, uint32_t index)
{
    struct member last = room->members[--room->count];

    if (index != room->count) {
        room->members[index] = last;
        last.socket->memberships[last.slot].index = index;
    }
    if (room->cap > MEMBERS_MIN && room->count < room->cap / 4) {
        set_members_cap(room, room->cap / 2);
    }
}

static void forget_membership(struct rookery_socket *s, uint32_t slot)
{
    struct membership last = s->memberships[--s->membership_count];

    if (slot != s->membership_count) {
        s->memberships[slot] = last;
        last.room->members[last.index].slot = slot;
    }
    shrink_memberships(s);
}

static void leave_slot(struct rookery_socket *s, uint32_t slot)
{
    struct room *room = s->memberships[slot].room;

    seal(room);
    forget_member(room, s->memberships[slot].index);
    forget_membership(s, slot);
    if (room->count == 0 && room != s->share->everybody) {
        (void)map_remove(&s->share->rooms, room_name(room));
        room_destroy(room);
    }
}

/* Through whichever of the two lists is shorter. */
int64_t room_slot(const struct room *room, const struct rookery_socket *s)
{
    if (room->count < s->membership_count) {
        for (uint32_t i = 0; i < room->count; i++) {
            if (room->members[i].socket == s) {
                return room->members[i].slot;
            }
        }
        return -1;
    }
    for (uint32_t i = 0; i < s->membership_count; i++) {
        if (s->memberships[i].room == room) {
            return i;
        }
    }
    return -1;
}

void rooms_join(struct rookery_socket *s, struct span name)
{
    struct room *room = rooms_find(s->share, name);

    if (room == NULL) {
        room = room_create(s->share, name);
        map_add(&s->share->rooms, room);
    } else if (room_slot(room, s) >= 0) {
        return;
    }
    room_add(room, s);
}

void rooms_leave(struct rookery_socket *s, struct span name)
{
    struct room *room = rooms_find(s->share, name);
    int64_t slot = room == NULL ? -1 : room_slot(room, s);

    if (slot >= 0) {
        leave_slot(s, (uint32_t)slot);
    }
}

void rooms_leave_all(struct rookery_socket *s)
{
    while (s->membership_count > 0) {
        leave_slot(s, s->membership_count - 1);
    }
}

void rooms_seal(struct rookery_socket *s)
{
    for (uint32_t i = 0; i < s->membership_count; i++) {
        seal(s->memberships[i].room);
    }
}
