// SPDX-License-Identifier: MIT
#include "src/chat/room.h"

#include "src/chat/chat_loop.h"
#include "src/chat/direct.h"
#include "tests/support/tap.h"
#include "tests/unit/chat/chat_world.h"

static size_t room_count(void)
{
    size_t count = 0;
    for (unsigned i = 0; i < LOOPS; i++) {
        count += the_chat->loops[i].rooms.by_name.count;
    }
    return count;
}

static size_t tail_bytes(void)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < LOOPS; i++) {
        bytes += the_chat->loops[i].rooms.tail_bytes;
    }
    return bytes;
}

static struct chat_room *find(const char *name)
{
    return chat_room_find(chat_home_of(the_chat, span_cstr(name)), span_cstr(name));
}

static void join(struct peer *p, const char *room)
{
    char packet[96];
    (void)snprintf(packet, sizeof packet, "2[\"join_room\",{\"roomId\":\"%s\"}]", room);
    peer_send(p, packet);
}

static void lives_while_somebody_is_in_it(void)
{
    begin();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    join(a, "busy");
    join(b, "busy");
    settle();
    check(room_count() == 1 && find("busy") != NULL && find("busy")->roster.count == 2);
    peer_vanish(a);
    settle();
    check(find("busy") != NULL);
    peer_send(b, "2[\"leave_room\",{\"roomId\":\"busy\"}]");
    settle();
    check(room_count() == 0 && nothing_is_left());
    end();
}

static void lives_while_something_is_under_way(void)
{
    begin();
    struct peer *a = peer_join(0, "/");
    disk.append_error = JOURNAL_ESINK;
    say(a, "busy", 1);
    world_settle();
    check(room_count() == 1);
    settle();
    check(room_count() == 0); /* it was not stored, so there is no tail */
    end();
}

static void is_not_made_by_leaving(void)
{
    begin();
    struct peer *a = peer_join(0, "/");
    peer_send(a, "2[\"leave_room\",{\"roomId\":\"busy\"}]");
    settle();
    check(room_count() == 0);
    end();
}

static void keeps_tails_within_their_budget_the_latest_first(void)
{
    enum { BUDGET = 4000, ROOMS = 100 };
    struct chat_options options = plain_options();
    options.tail_bytes_max = BUDGET * LOOPS;
    begin_with(options);
    struct peer *a = peer_join(0, "/");
    for (unsigned i = 0; i < ROOMS; i++) {
        char room[8];
        (void)snprintf(room, sizeof room, "r%u", i);
        say(a, room, i);
        settle();
    }
    check(tail_bytes() <= BUDGET * LOOPS && tail_bytes() > BUDGET);
    check(room_count() < ROOMS && nothing_is_left());
    check(find("r0") == NULL && find("r99") != NULL && find("r98") != NULL);
    end();
}

static void keeps_the_tail_of_a_room_that_is_being_joined(void)
{
    struct chat_options options = plain_options();
    options.tail_bytes_max = 1; /* of each loop only the latest has a tail */
    begin_with(options);
    struct peer *a = peer_join(0, "/");
    disk_say(SPAN("busy"), SPAN("old"), SPAN("\"1\""));
    struct client *c = client(1);
    request(c, JOIN_LATEST, 0);
    say(a, "busy", 2);
    world_settle();
    disk_look(0);
    disk_write();
    disk_tell();
    world_settle();
    for (unsigned i = 0; i < 30; i++) {
        char room[8];
        (void)snprintf(room, sizeof room, "e%u", i);
        say(a, room, 2);
        world_settle();
        disk_write();
        disk_tell();
        world_settle();
    }
    check(find("busy")->tail.count == 1);
    settle();
    look(c);
    check(c->histories == 1 && is_right(c));
    say(a, "e0", 3); /* one of those is at home where `busy` is */
    for (unsigned i = 0; i < 30; i++) {
        char room[8];
        (void)snprintf(room, sizeof room, "f%u", i);
        say(a, room, 2);
    }
    settle();
    check(find("busy")->tail.count == 0);
    end();
}

static void knows_the_kinds_of_rooms_by_their_names(void)
{
    check(chat_room_kind(SPAN("busy")) == ROOM_TALK);
    check(chat_room_kind(DIRECT_LOBBY) == ROOM_LOBBY);
    check(chat_room_kind(SPAN("\001x")) == ROOM_USER);
}

int main(void)
{
    RUN(lives_while_somebody_is_in_it);
    RUN(lives_while_something_is_under_way);
    RUN(is_not_made_by_leaving);
    RUN(keeps_tails_within_their_budget_the_latest_first);
    RUN(keeps_the_tail_of_a_room_that_is_being_joined);
    RUN(knows_the_kinds_of_rooms_by_their_names);
    return tap_done();
}
