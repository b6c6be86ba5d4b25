/* Arriving in dialect 3: how many may, and who is not let in. */
// SPDX-License-Identifier: MIT
#include "tests/support/chat_bed.h"

static void few_rooms(struct chat_limits *limits)
{
    limits->rooms_per_socket = 5;
    limits->joins_per_user = 0;
}

static void arrivals_without_end_leave_nothing_behind(void)
{
    char packet[128];

    bed_start(&(struct bed_setup){.loops = 2, .limit = few_rooms});
    struct peer *p = bed_join(0, "");
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(packet, sizeof packet,
                       "2[\"join\",{\"username\":\"n%u\",\"userId\":\"u%u\"}]", i, i);
        bed_say(p, packet);
        check(strstr(peer_got(p), "connected") != NULL);
    }
    for (unsigned i = 0; i < 20; i++) {
        peer_send(p, "27[\"join\",{\"username\":\"n\"}]");
    }
    bed_settle();
    check(strstr(peer_got(p), "\"code\":\"TOO_MANY_ROOMS\",\"message\":"
                              "\"A connection can be in no more than 5 rooms.\"") != NULL);
    check_answer(p, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"offset\":0}]");
    bed_end();
}

static void two_rooms(struct chat_limits *limits)
{
    limits->rooms_max = 2;
}

static void the_rooms_of_users_are_none_of_those_that_are_limited(void)
{
    static const char join[] = "21[\"join_room\",{\"roomId\":\"%s\",\"after\":0}]";
    char packet[80];

    bed_start(&(struct bed_setup){.loops = 2, .limit = two_rooms});
    struct peer *a = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    (void)bed_arrive(1, "{\"userId\":\"b1\"}", "bob");
    (void)peer_got(a);
    for (unsigned i = 0; i < 3; i++) {
        (void)snprintf(packet, sizeof packet, join, (const char *[]){"r", "s", "t"}[i]);
        bed_say(a, packet);
        check((strstr(peer_got(a), "\"ok\":true") != NULL) == (i < 2));
    }
    bed_say(a, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    (void)peer_got(a);
    bed_say(a, packet);
    check(strstr(peer_got(a), "\"ok\":true") != NULL);
    bed_end();
}

static void who_is_gone_while_his_name_is_looked_up_has_not_arrived(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    struct peer *ada = bed_arrive(0, "{\"userId\":\"a1\"}", "ada");
    (void)peer_got(ada);
    struct peer *p = bed_join(1, "");
    peer_send(p, "2[\"join\",{\"username\":\"bob\"}]");
    peer_vanish(p);
    bed_settle();
    check_like(ada, "");
    struct peer *late = bed_arrive(2, "", "carl");
    check_like(late,
               "|42[\"connected\",{\"userId\":\"~\",\"username\":\"carl\",\"serviceId\":\"node-1\","
               "\"onlineUsers\":[{\"userId\":\"a1\",\"username\":\"ada\"},"
               "{\"userId\":\"~\",\"username\":\"carl\"}]}]");
    bed_end();
}

static void who_cannot_be_looked_up_is_told_so(void)
{
    bed_start(&(struct bed_setup){.loops = 1});
    struct peer *p = bed_join(0, "");
    bed_busy_op = STORE_USER_GET;
    check_answer(p, "21[\"join\",{\"username\":\"bob\"}]",
                 "|431[{\"ok\":false,\"code\":\"BUSY\",\"message\":\"~\",\"retryable\":true}]");
    bed_busy_op = -1;
    peer_send(p, "21[\"join\",{\"username\":\"bob\"}]");
    bed_settle();
    check(strstr(peer_got(p), "connected") != NULL);
    bed_end();
}

int main(void)
{
    RUN(arrivals_without_end_leave_nothing_behind);
    RUN(the_rooms_of_users_are_none_of_those_that_are_limited);
    RUN(who_is_gone_while_his_name_is_looked_up_has_not_arrived);
    RUN(who_cannot_be_looked_up_is_told_so);
    return tap_done();
}
