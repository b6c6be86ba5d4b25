// SPDX-License-Identifier: MIT
#include "src/chat/membership.h"

#include <stdlib.h>

#include "tests/support/chat_bed.h"

static void enter(struct peer *p, const char *packet)
{
    bed_say(p, packet);
    (void)peer_got(p);
}

/* The rooms that the user is a member of, one behind the other. */
static const char *rooms_of(const char *user_id)
{
    static char text[256];
    struct store_rooms rooms = {
        .which = STORE_ROOMS_JOINED, .user_id = span_cstr(user_id), .limit = 100};

    text[0] = '\0';
    check(bed_call(&rooms.call, STORE_ROOMS) == 0);
    for (size_t i = 0; rooms.page != NULL && i < rooms.page->count; i++) {
        struct span name = rooms.page->rooms[i].name;
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, " %.*s", (int)name.len,
                       (const char *)name.data);
    }
    free(rooms.page);
    return text;
}

static void make_room(const char *name)
{
    struct store_room_put put = {.room = span_cstr(name), .title = SPAN("t")};

    check(bed_call(&put.call, STORE_ROOM_PUT) == 0);
}

static void a_member_stays_one_until_he_leaves(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    make_room("r");
    make_room("s");
    struct peer *p = bed_join(1, "{\"userId\":\"ada\"}");
    enter(p, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    enter(p, "2[\"join_room\",{\"roomId\":\"s\"}]");
    check(strcmp(rooms_of("ada"), " r s") == 0);
    enter(p, "2[\"leave_room\",{\"roomId\":\"s\"}]");
    check(strcmp(rooms_of("ada"), " r") == 0);
    peer_vanish(p);
    bed_settle();
    check(strcmp(rooms_of("ada"), " r") == 0);
    p = bed_join(2, "{\"userId\":\"ada\"}");
    enter(p, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    check(strcmp(rooms_of("ada"), "") == 0);
    bed_end();
}

static unsigned rooms_count(void)
{
    struct store_rooms rooms = {.limit = STORE_PAGE_MAX};

    check(bed_call(&rooms.call, STORE_ROOMS) == 0);
    unsigned count = rooms.page == NULL ? 0 : (unsigned)rooms.page->count;
    free(rooms.page);
    return count;
}

static void the_first_message_of_a_room_notes_who_is_there(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    struct peer *ada = bed_join(0, "{\"userId\":\"ada\"}");
    struct peer *bob = bed_join(1, "{\"userId\":\"bob\"}");
    struct peer *eve = bed_join(2, "{\"userId\":\"eve\"}");
    enter(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    enter(bob, "2[\"join_room\",{\"roomId\":\"r\"}]");
    enter(eve, "2[\"joinRoom\",\"r\"]");
    enter(eve, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    check(rooms_count() == 0 && strcmp(rooms_of("ada"), "") == 0);
    enter(bob, "2[\"send_message\",{\"roomId\":\"r\",\"content\":\"c\"}]");
    check(rooms_count() == 1);
    check(strcmp(rooms_of("ada"), " r") == 0 && strcmp(rooms_of("bob"), " r") == 0);
    check(strcmp(rooms_of("eve"), "") == 0);
    enter(eve, "2[\"joinRoom\",\"r\"]");
    check(strcmp(rooms_of("eve"), " r") == 0);
    bed_end();
}

static void who_joins_and_leaves_at_once_is_none(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    make_room("r");
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    for (unsigned i = 0; i < 3; i++) {
        peer_send(p, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
        peer_send(p, "2[\"leave_room\",{\"roomId\":\"r\"}]");
        bed_settle();
        check(strcmp(rooms_of("ada"), "") == 0);
    }
    bed_end();
}

static void ids_that_only_an_event_has_named_are_not_kept(void)
{
    bed_start(&(struct bed_setup){.loops = 2});
    make_room("r");
    struct peer *p = bed_join(0, "");
    enter(p, "2[\"join_room\",{\"roomId\":\"r\",\"userId\":\"eve\"}]");
    check(strcmp(rooms_of("eve"), "") == 0);
    p = bed_join(0, "");
    enter(p, "2[\"join_room\",{\"roomId\":\"r\"}]");
    check(strcmp(rooms_of(p->id), "") == 0);
    bed_end();
}

static void the_chat_s_own_rooms_have_no_members(void)
{
    bed_start(&(struct bed_setup){.loops = 2});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    enter(p, "2[\"join\",{\"username\":\"ada\"}]");
    check(strcmp(rooms_of("ada"), "") == 0);
    bed_end();
}

static void any_number(struct chat_limits *limits)
{
    limits->joins_per_user = 0;
}

/* The store answers nothing while they are sent. */
static void joins_beyond_those_under_way_wait(void)
{
    enum { ROOMS = MEMBERSHIP_WRITES_MAX + 10 };
    char name[16], packet[128];

    bed_start(&(struct bed_setup){.limit = any_number});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    for (unsigned i = 0; i < ROOMS; i++) {
        (void)snprintf(name, sizeof name, "r%u", i);
        make_room(name);
    }
    for (unsigned i = 0; i < ROOMS; i++) {
        (void)snprintf(packet, sizeof packet, "2[\"joinRoom\",\"r%u\"]", i);
        peer_send(p, packet);
    }
    bed_settle();
    struct store_rooms rooms = {
        .which = STORE_ROOMS_JOINED, .user_id = SPAN("ada"), .limit = STORE_PAGE_MAX};
    check(bed_call(&rooms.call, STORE_ROOMS) == 0);
    check(rooms.page->count == ROOMS);
    free(rooms.page);
    bed_end();
}

static void a_store_that_refuses_does_not_keep_anybody_out(void)
{
    bed_start(&(struct bed_setup){.loops = 2});
    make_room("r");
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    bed_busy_op = STORE_MEMBER_PUT;
    check_answer(p, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"offset\":0}]");
    check(strcmp(rooms_of("ada"), "") == 0);
    bed_end();
}

static void a_leave_is_tried_until_the_store_takes_it(void)
{
    bed_start(&(struct bed_setup){.loops = 2});
    make_room("r");
    make_room("s");
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    enter(p, "2[\"join_room\",{\"roomId\":\"r\"}]");
    enter(p, "2[\"join_room\",{\"roomId\":\"s\"}]");
    bed_busy_op = STORE_MEMBER_PUT;
    enter(p, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    enter(p, "2[\"leave_room\",{\"roomId\":\"s\"}]");
    enter(p, "2[\"join_room\",{\"roomId\":\"s\"}]"); /* what is wanted last counts */
    bed_advance(3 * MEMBERSHIP_RETRY_MS);
    check(strcmp(rooms_of("ada"), " r s") == 0);
    bed_busy_op = -1;
    bed_advance(2 * MEMBERSHIP_RETRY_MS);
    check(strcmp(rooms_of("ada"), " s") == 0);
    bed_end();
}

static void a_leave_that_cannot_wait_is_refused(void)
{
    char packet[128];

    bed_start(&(struct bed_setup){.limit = any_number});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    bed_busy_op = STORE_MEMBER_PUT;
    for (unsigned i = 0; i < MEMBERSHIP_WAITING_MAX; i++) {
        (void)snprintf(packet, sizeof packet, "2[\"leave_room\",{\"roomId\":\"r%u\"}]", i);
        enter(p, packet);
    }
    peer_send(p, "21[\"leave_room\",{\"roomId\":\"r\"}]");
    bed_settle();
    check(strstr(peer_got(p), "\"code\":\"BUSY\"") != NULL);
    check_answer(p, "22[\"leave_room\",{\"roomId\":\"r0\"}]", /* it waits already */
                 "|432[{\"ok\":true,\"roomId\":\"r0\"}]");
    bed_end();
}

int main(void)
{
    RUN(a_member_stays_one_until_he_leaves);
    RUN(the_first_message_of_a_room_notes_who_is_there);
    RUN(who_joins_and_leaves_at_once_is_none);
    RUN(ids_that_only_an_event_has_named_are_not_kept);
    RUN(the_chat_s_own_rooms_have_no_members);
    RUN(joins_beyond_those_under_way_wait);
    RUN(a_store_that_refuses_does_not_keep_anybody_out);
    RUN(a_leave_is_tried_until_the_store_takes_it);
    RUN(a_leave_that_cannot_wait_is_refused);
    return tap_done();
}
