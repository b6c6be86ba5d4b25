// SPDX-License-Identifier: MIT
#include "src/socket/rooms.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/adapter.h"
#include "src/socket/io.h"
#include "src/socket/socket.h"
#include "src/socket/text.h"

enum { MEMBERS_MIN = 2 };

/* ---- corks ---- */

static void seal(struct section *section)
{
    if (section->cork.frame == NULL) {
        return;
    }
    cork_seal(&section->cork);
    list_remove(&section->corked);
}

void rooms_seal_corked(struct turn_hook *hook)
{
    struct rookery_loop *loop = container_of(hook, struct rookery_loop, seal_hook);

    while (loop->corked.first != NULL) {
        seal(container_of(loop->corked.first, struct section, corked));
    }
}

static void open_cork(struct section *section)
{
    struct rookery_loop *loop = section->room->share->loop;

    cork_init(&section->cork);
    list_add(&loop->corked, &section->corked);
    executor_at_turn_end(loop->executor, &loop->seal_hook, TURN_SEAL);
    section->receivers = 0;
    for (uint32_t i = 0; i < section->count; i++) {
        struct rookery_socket *s = section->members[i].socket;
        if (socket_receives(s)) {
            session_send_cork(socket_session(s), &section->cork);
            section->receivers++;
        }
    }
}

static uint32_t skipped(const struct section *section, const struct room_skips *skips)
{
    uint32_t n = 0;

    for (size_t i = 0; i < skips->count; i++) {
        n += skips->sections[i] == section;
    }
    return n;
}

static void section_send(struct section *section, struct span packet,
                         const struct room_skips *skips)
{
    if (section->cork.frame == NULL) {
        open_cork(section);
    }
    cork_append(&section->cork, packet, skips->queues, skips->count, session_queue_full);
    io_loop_count(section->room->share->loop, STAT_PACKETS_SENT,
                  section->receivers - skipped(section, skips));
    if (section->cork.frame->len >= CORK_BYTES_MAX) {
        seal(section);
    }
}

void room_send(struct room *room, struct span packet, uint32_t tags, const struct room_skips *skips)
{
    for (struct section *section = &room->first; section != NULL; section = section->next) {
        if (section->count > 0 && section_tagged(section, tags)) {
            section_send(section, packet, skips);
        }
    }
}

/* ---- memory ---- */

struct room *room_create(struct share *share, struct span name)
{
    struct room *room = xcalloc(1, sizeof *room + name.len);

    room->share = share;
    room->first.room = room;
    room->name_len = (uint32_t)name.len;
    if (name.len != 0) {
        memcpy(room->name, name.data, name.len);
    }
    return room;
}

void room_destroy(struct room *room)
{
    assert(room->count == 0 && room->first.next == NULL);
    assert(room->first.cork.frame == NULL);
    free(room->first.members);
    free(room);
}

static void set_members_cap(struct section *section, uint32_t cap)
{
    section->members = xreallocarray(section->members, cap, sizeof *section->members);
    section->cap = cap;
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

/* ---- sections ---- */

static struct section *add_section(struct room *room)
{
    struct section *section = xcalloc(1, sizeof *section);

    section->room = room;
    section->next = room->first.next;
    room->first.next = section;
    return section;
}

/* That of the tag, made if there is none. */
static struct section *section_of(struct room *room, unsigned tag)
{
    struct section *section = &room->first;

    while (section != NULL && (section->count == 0 || section->tag != tag)) {
        section = section->next;
    }
    if (section == NULL) {
        section = room->first.count == 0 ? &room->first : add_section(room);
        section->tag = tag;
    }
    return section;
}

static void drop_section(struct section *section)
{
    struct section **link = &section->room->first.next;

    while (*link != section) {
        link = &(*link)->next;
    }
    *link = section->next;
    free(section->members);
    free(section);
}

/* s is in that section from now on, by its membership of that slot. */
static void enter_section(struct section *section, struct rookery_socket *s, uint32_t slot)
{
    seal(section);
    if (section->count == section->cap) {
        set_members_cap(section, section->cap == 0 ? MEMBERS_MIN : section->cap * 2);
    }
    section->members[section->count] = (struct member){s, slot};
    s->memberships[slot] = (struct membership){section, section->count++};
}

static void leave_section(struct section *section, uint32_t index)
{
    seal(section);
    struct member last = section->members[--section->count];

    if (index != section->count) {
        section->members[index] = last;
        last.socket->memberships[last.slot].index = index;
    }
    if (section->count == 0 && section != &section->room->first) {
        drop_section(section);
    } else if (section->cap > MEMBERS_MIN && section->count < section->cap / 4) {
        set_members_cap(section, section->cap / 2);
    }
}

/* ---- memberships ---- */

struct room *rooms_find(const struct share *share, struct span name)
{
    return map_get(&share->rooms, name);
}

void room_add(struct room *room, struct rookery_socket *s, unsigned tag)
{
    if (s->membership_count == s->membership_cap) {
        grow_memberships(s);
    }
    enter_section(section_of(room, tag), s, s->membership_count++);
    room->count++;
}

static void set_tag(struct room *room, struct rookery_socket *s, uint32_t slot, unsigned tag)
{
    struct membership m = s->memberships[slot];

    if (m.section->tag != tag) {
        leave_section(m.section, m.index);
        enter_section(section_of(room, tag), s, slot);
    }
}

static void forget_membership(struct rookery_socket *s, uint32_t slot)
{
    struct membership last = s->memberships[--s->membership_count];

    if (slot != s->membership_count) {
        s->memberships[slot] = last;
        last.section->members[last.index].slot = slot;
    }
    shrink_memberships(s);
}

/* ---- what the adapter hears ---- */

static void tell_opened(const struct share *share, struct span name)
{
    struct adapter *a = share->loop->io->adapter;

    a->ops->room_opened(a, share->nsp, share->loop->executor->index, str_of_span(name));
}

static void tell_closed(const struct share *share, struct span name)
{
    struct adapter *a = share->loop->io->adapter;

    a->ops->room_closed(a, share->nsp, share->loop->executor->index, str_of_span(name));
}

/* Are the own rooms of such sockets told of? Those of Engine.IO 3 have to be: their ids do not
 * begin as those of this node do. */
static bool own_rooms_told(const struct share *share, const struct rookery_socket *s)
{
    return share->loop->io->adapter->own_rooms || socket_session(s)->eio3;
}

/* Is it open for the adapter whether or not there is a struct room? */
static bool is_own_room(const struct share *share, struct span name)
{
    const struct rookery_socket *s = receivers_by_id(share, str_of_span(name));

    return s != NULL && own_rooms_told(share, s);
}

static void open_room(struct room *room)
{
    struct share *share = room->share;

    map_add(&share->rooms, room);
    io_loop_count(share->loop, STAT_ROOMS_OPENED, 1);
    if (share->loop->io->adapter != NULL && !is_own_room(share, room_name(room))) {
        tell_opened(share, room_name(room));
    }
}

static void close_room(struct room *room)
{
    struct share *share = room->share;

    (void)map_remove(&share->rooms, room_name(room));
    io_loop_count(share->loop, STAT_ROOMS_CLOSED, 1);
    if (share->loop->io->adapter != NULL && !is_own_room(share, room_name(room))) {
        tell_closed(share, room_name(room));
    }
    room_destroy(room);
}

/* Does what becomes of a socket's own room make a difference to the adapter? */
static bool own_room_matters(const struct rookery_socket *s)
{
    const struct share *share = s->share;

    return share->loop->io->adapter != NULL && own_rooms_told(share, s) &&
           rooms_find(share, socket_id(s)) == NULL;
}

void rooms_own_opened(const struct rookery_socket *s)
{
    if (own_room_matters(s)) {
        tell_opened(s->share, socket_id(s));
    }
}

void rooms_own_closed(const struct rookery_socket *s)
{
    if (own_room_matters(s)) {
        tell_closed(s->share, socket_id(s));
    }
}

/* ---- joining and leaving ---- */

static void leave_slot(struct rookery_socket *s, uint32_t slot)
{
    struct membership m = s->memberships[slot];
    struct room *room = m.section->room;

    leave_section(m.section, m.index);
    forget_membership(s, slot);
    if (--room->count == 0 && room != s->share->everybody) {
        close_room(room);
    }
}

static int64_t slot_by_members(const struct room *room, const struct rookery_socket *s)
{
    for (const struct section *in = &room->first; in != NULL; in = in->next) {
        for (uint32_t i = 0; i < in->count; i++) {
            if (in->members[i].socket == s) {
                return in->members[i].slot;
            }
        }
    }
    return -1;
}

/* Through whichever of the two lists is shorter. */
int64_t room_slot(const struct room *room, const struct rookery_socket *s)
{
    if (room->count < s->membership_count) {
        return slot_by_members(room, s);
    }
    for (uint32_t i = 0; i < s->membership_count; i++) {
        if (s->memberships[i].section->room == room) {
            return i;
        }
    }
    return -1;
}

static struct room *find_or_create(struct share *share, struct span name)
{
    struct room *room = rooms_find(share, name);

    if (room == NULL) {
        room = room_create(share, name);
        open_room(room);
    }
    return room;
}

void rooms_join(struct rookery_socket *s, struct span name)
{
    struct room *room = find_or_create(s->share, name);

    if (room_slot(room, s) < 0) {
        room_add(room, s, 0);
    }
}

void rooms_join_as(struct rookery_socket *s, struct span name, unsigned tag)
{
    struct room *room = find_or_create(s->share, name);
    int64_t slot = room_slot(room, s);

    if (slot < 0) {
        room_add(room, s, tag);
    } else {
        set_tag(room, s, (uint32_t)slot, tag);
    }
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
        seal(s->memberships[i].section);
    }
}
