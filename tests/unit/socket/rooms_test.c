// SPDX-License-Identifier: MIT
#include "src/socket/rooms.h"

#include <stdlib.h>

#include "src/socket/socket.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { SOCKETS = 40, ROOMS = 30, STEPS = 20000 };

static struct rookery_socket *sockets[SOCKETS];
static unsigned socket_count;
static int model[SOCKETS][ROOMS]; /* who is where: his tag + 1, or 0 */

static void on_connection(struct rookery_socket *s, void *arg)
{
    if (socket_count < SOCKETS) {
        sockets[socket_count++] = s;
    }
}

static void start(void)
{
    socket_count = 0;
    memset(model, 0, sizeof model);
    world_start(1);
    rookery_on_connection(rookery_of(world, ROOKERY_STR("/")), on_connection, NULL);
}

static struct rookery_str name_of(unsigned room)
{
    static char name[16];
    (void)snprintf(name, sizeof name, "room %u", room);
    return str(name);
}

/* Members and memberships point at each other. */
static bool is_consistent(const struct rookery_socket *s)
{
    for (uint32_t slot = 0; slot < s->membership_count; slot++) {
        const struct membership *m = &s->memberships[slot];
        if (m->index >= m->section->count || m->section->members[m->index].socket != s ||
            m->section->members[m->index].slot != slot) {
            return false;
        }
    }
    return s->membership_count <= s->membership_cap;
}

static bool agrees_with_model(unsigned socket)
{
    for (unsigned r = 0; r < ROOMS; r++) {
        if (rookery_room_tag(sockets[socket], name_of(r)) != model[socket][r] - 1) {
            return false;
        }
    }
    return true;
}

static void knows_who_is_where_after_any_joining_and_leaving(void)
{
    uint32_t seed = 1;
    start();
    for (unsigned i = 0; i < SOCKETS; i++) {
        (void)peer_join(0, "/");
    }
    for (unsigned step = 0; step < STEPS; step++) {
        seed = seed * 1664525 + 1013904223;
        unsigned s = (seed >> 8) % SOCKETS, r = (seed >> 16) % ROOMS;
        bool join = (seed >> 24) % 100 < (step / 1000 % 2 == 0 ? 70U : 30U);
        if (join) {
            model[s][r] = 1 + (int)(seed >> 28);
            check(rookery_join_as(sockets[s], name_of(r), seed >> 28) == 0);
        } else {
            model[s][r] = 0;
            rookery_leave(sockets[s], name_of(r));
        }
        check(is_consistent(sockets[s]));
        if (step % 100 == 0) {
            check(agrees_with_model(s));
        }
    }
    for (unsigned i = 0; i < SOCKETS; i++) {
        check(is_consistent(sockets[i]) && agrees_with_model(i));
    }
    world_end(); /* asserts that no room is left */
}

static unsigned section_count(const struct room *room)
{
    unsigned n = 0;
    for (const struct section *section = &room->first; section != NULL; section = section->next) {
        n++;
    }
    return n;
}

static void has_no_more_sections_than_there_are_tags(void)
{
    enum { MEMBERS = 3 };
    start();
    for (unsigned i = 0; i < MEMBERS; i++) {
        (void)peer_join(0, "/");
        check(rookery_join_as(sockets[i], ROOKERY_STR("r"), 5) == 0);
    }
    struct room *room = rooms_find(sockets[0]->share, SPAN("r"));
    check(room->count == MEMBERS && section_count(room) == 1);
    for (unsigned tag = 0; tag < ROOKERY_TAGS_MAX; tag++) {
        check(rookery_join_as(sockets[0], ROOKERY_STR("r"), tag) == 0);
        check(section_count(room) == (tag == 5 ? 1 : 2));
    }
    check(rookery_join_as(sockets[1], ROOKERY_STR("r"), 1) == 0);
    check(rookery_join_as(sockets[2], ROOKERY_STR("r"), 2) == 0);
    rookery_leave(sockets[1], ROOKERY_STR("r")); /* tag 1 takes the first section along */
    check(room->count == 2 && section_count(room) <= 3);
    rookery_leave(sockets[0], ROOKERY_STR("r"));
    check(rookery_join_as(sockets[2], ROOKERY_STR("r"), 3) == 0);
    check(room->count == 1 && section_count(room) <= 2);
    world_end();
}

static void makes_rooms_for_their_first_member_and_drops_them_with_the_last(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    struct share *share = sockets[0]->share;
    rookery_join(sockets[0], ROOKERY_STR("a"));
    rookery_join(sockets[0], ROOKERY_STR("a"));
    rookery_join(sockets[0], ROOKERY_STR(""));
    check(share->rooms.count == 2);
    rookery_leave(sockets[0], ROOKERY_STR("a"));
    rookery_leave(sockets[0], ROOKERY_STR("a"));
    rookery_leave(sockets[0], ROOKERY_STR("never"));
    check(share->rooms.count == 1);
    peer_vanish(p);
    check(share->rooms.count == 0 && share->everybody->count == 0);
    check(world_stat(STAT_ROOMS_OPENED) == 2 && world_stat(STAT_ROOMS_CLOSED) == 2);
    world_end();
}

static void takes_no_socket_that_is_gone(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    struct rookery_socket *s = rookery_socket_hold(sockets[0]);
    rookery_join(s, ROOKERY_STR("a"));
    peer_vanish(p);
    rookery_join(s, ROOKERY_STR("a"));
    rookery_join(s, rookery_socket_id(s));
    check(!rookery_in_room(s, ROOKERY_STR("a")) && !rookery_in_room(s, rookery_socket_id(s)));
    check(s->share->rooms.count == 0);
    rookery_socket_release(s);
    world_end();
}

static void gives_memory_back_with_the_rooms(void)
{
    start();
    (void)peer_join(0, "/");
    for (unsigned r = 0; r < ROOMS; r++) {
        rookery_join(sockets[0], name_of(r));
    }
    check(sockets[0]->memberships != sockets[0]->own_memberships);
    for (unsigned r = 0; r < ROOMS; r++) {
        rookery_leave(sockets[0], name_of(r));
    }
    check(sockets[0]->memberships == sockets[0]->own_memberships);
    world_end();
}

static void note_room(struct rookery_str room, void *arg)
{
    char *list = arg;
    (void)snprintf(list + strlen(list), 200 - strlen(list), "|%.*s", (int)room.len, room.data);
}

static void lists_the_own_room_first(void)
{
    char list[200] = "", want[200];
    start();
    struct peer *p = peer_join(0, "/");
    rookery_join(sockets[0], ROOKERY_STR("b"));
    rookery_join(sockets[0], ROOKERY_STR("a"));
    rookery_rooms(sockets[0], note_room, list);
    (void)snprintf(want, sizeof want, "|%s|b|a", p->id);
    check(strcmp(list, want) == 0);
    check(rookery_in_room(sockets[0], str(p->id)));
    rookery_leave(sockets[0], str(p->id));
    check(!rookery_in_room(sockets[0], str(p->id)));
    world_end();
}

int main(void)
{
    RUN(knows_who_is_where_after_any_joining_and_leaving);
    RUN(has_no_more_sections_than_there_are_tags);
    RUN(makes_rooms_for_their_first_member_and_drops_them_with_the_last);
    RUN(takes_no_socket_that_is_gone);
    RUN(gives_memory_back_with_the_rooms);
    RUN(lists_the_own_room_first);
    return tap_done();
}
