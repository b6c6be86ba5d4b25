// SPDX-License-Identifier: MIT
#include "src/chat/membership.h"

#include <stdlib.h>

#include "tests/support/chat_bed.h"

static void enter(struct peer *p, const char *packet)
{
    peer_send(p, packet);
    bed_settle();
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

static void a_member_stays_one_until_he_leaves(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
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

static void who_joins_and_leaves_at_once_is_none(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
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

/* The store answers nothing meanwhile: what is over the bound is not noted, and all goes on. */
static void writes_under_way_are_bounded(void)
{
    enum { ROOMS = MEMBERSHIP_WRITES_MAX + 10 };
    char packet[128];

    bed_start(&(struct bed_setup){.limit = any_number});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    for (unsigned i = 0; i < ROOMS; i++) {
        (void)snprintf(packet, sizeof packet, "2[\"joinRoom\",\"r%u\"]", i);
        peer_send(p, packet);
    }
    bed_settle();
    struct store_rooms rooms = {
        .which = STORE_ROOMS_JOINED, .user_id = SPAN("ada"), .limit = STORE_PAGE_MAX};
    check(bed_call(&rooms.call, STORE_ROOMS) == 0);
    check(rooms.page->count == MEMBERSHIP_WRITES_MAX);
    free(rooms.page);
    enter(p, "2[\"joinRoom\",\"one more\"]");
    check(strstr(rooms_of("ada"), " one more") != NULL);
    bed_end();
}

static void a_store_that_refuses_does_not_keep_anybody_out(void)
{
    bed_start(&(struct bed_setup){.loops = 2});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    bed_busy_op = STORE_MEMBER_PUT;
    check_answer(p, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"offset\":0}]");
    check(strcmp(rooms_of("ada"), "") == 0);
    bed_end();
}

int main(void)
{
    RUN(a_member_stays_one_until_he_leaves);
    RUN(who_joins_and_leaves_at_once_is_none);
    RUN(ids_that_only_an_event_has_named_are_not_kept);
    RUN(the_chat_s_own_rooms_have_no_members);
    RUN(writes_under_way_are_bounded);
    RUN(a_store_that_refuses_does_not_keep_anybody_out);
    return tap_done();
}
