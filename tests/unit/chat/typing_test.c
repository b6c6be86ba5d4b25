// SPDX-License-Identifier: MIT
#include "src/chat/typing.h"

#include "tests/support/chat_bed.h"

#define TYPING      "|42[\"typing\",{\"roomId\":\"r\",\"userId\":\"ada\",\"username\":\"Ada\"}]"
#define TYPING_STOP "|42[\"typing_stop\",{\"roomId\":\"r\",\"userId\":\"ada\"}]"

static struct peer *ada, *native, *old, *group;

/* Ada, one of the native dialect, one of dialect 4, one of dialect 2; each on another loop. */
static void start(void)
{
    bed_start(&(struct bed_setup){.loops = 3});
    ada = bed_join(0, "{\"userId\":\"ada\",\"username\":\"Ada\"}");
    native = bed_join(1, "{\"userId\":\"n\"}");
    old = bed_join(2, "{\"userId\":\"o\"}");
    group = bed_join(0, "{\"userId\":\"g\"}");
    bed_say(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    bed_say(native, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    bed_say(old, "2[\"join_room\",{\"roomId\":\"r\"}]");
    bed_say(group, "2[\"join_room\",{\"roomid\":\"r\",\"username\":\"g\"}]");
    (void)peer_got(ada);
    (void)peer_got(native);
    (void)peer_got(old);
    (void)peer_got(group);
}

static void check_told(const char *want)
{
    check_like(native, want);
    check_like(old, want);
    check_like(group, "");
}

static void those_of_dialect_4_and_the_native_one_see_who_types(void)
{
    start();
    check_answer(ada, "21[\"typing_start\",{\"roomId\":\"r\"}]", "|431[{\"ok\":true}]");
    check_told(TYPING);
    check_answer(ada, "22[\"typing_stop\",{\"roomId\":\"r\"}]", "|432[{\"ok\":true}]");
    check_told(TYPING_STOP);
    bed_advance(6000);
    check_told("");
    bed_end();
}

static void typing_ends_by_itself_when_nothing_more_is_heard(void)
{
    start();
    bed_say(ada, "2[\"typing_start\",{\"roomId\":\"r\"}]");
    check_told(TYPING);
    bed_advance(4900);
    check_told("");
    bed_say(ada, "2[\"typing_start\",{\"roomId\":\"r\"}]");
    check_told(TYPING);
    bed_advance(4900);
    check_told("");
    bed_advance(200);
    check_told(TYPING_STOP);
    bed_advance(10000);
    check_told("");
    bed_end();
}

static void who_leaves_types_no_longer(void)
{
    start();
    bed_say(ada, "2[\"typing_start\",{\"roomId\":\"r\"}]");
    (void)peer_got(native);
    bed_say(ada, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    check_like(native, TYPING_STOP
               "|42[\"user_left\",{\"roomId\":\"r\",\"userId\":\"ada\",\"timestamp\":\"~\"}]");
    bed_advance(6000);
    check_like(native, "");
    bed_end();
}

static void who_vanishes_types_no_longer(void)
{
    start();
    bed_say(ada, "2[\"typing_start\",{\"roomId\":\"r\"}]");
    (void)peer_got(native);
    peer_vanish(ada);
    bed_settle();
    check_like(native, TYPING_STOP "|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":\"ada\","
                                   "\"status\":\"offline\"}]");
    bed_advance(6000);
    check_like(native, "");
    bed_end();
}

/* What was missed cannot be read, so the socket is out of the room in which it was typing. */
static void who_is_put_out_of_a_room_types_no_longer(void)
{
    start();
    bed_say(ada, "2[\"typing_start\",{\"roomId\":\"r\"}]");
    (void)peer_got(native);
    bed_busy_op = STORE_CHANGES;
    check_answer(ada, "21[\"join_room\",{\"roomId\":\"r\",\"after\":0}]",
                 "|431[{\"ok\":false,\"code\":\"HISTORY_UNAVAILABLE\",\"message\":\"~\","
                 "\"retryable\":true}]");
    check(strstr(peer_got(native), "typing_stop") != NULL);
    peer_vanish(ada);
    bed_settle();
    bed_advance(6000);
    bed_end();
}

static void who_is_not_in_a_room_cannot_type_there(void)
{
    static const char refused[] = "|431[{\"ok\":false,\"code\":\"NOT_IN_ROOM\",\"message\":"
                                  "\"roomId is no room that you are in.\",\"retryable\":false}]";
    start();
    check_answer(ada, "21[\"typing_start\",{\"roomId\":\"s\"}]", refused);
    check_answer(ada, "21[\"typing_stop\",{\"roomId\":\"s\"}]", refused);
    check_told("");
    bed_end();
}

static void away_and_back_are_told_once_to_the_rooms_of_the_socket(void)
{
    static const char members[] =
        "|432[{\"ok\":true,\"roomId\":\"r\",\"users\":[{\"userId\":\"ada\",\"username\":\"Ada\","
        "\"status\":\"away\"},{\"userId\":\"n\",\"username\":\"n\",\"status\":\"online\"},{"
        "\"userId\":"
        "\"o\",\"username\":\"o\",\"status\":\"online\"},{\"userId\":\"g\",\"username\":\"g\","
        "\"status\":\"online\"}]}]";

    start();
    check_answer(ada, "21[\"set_presence\",{\"status\":\"away\"}]", "|431[{\"ok\":true}]");
    check_like(
        native,
        "|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":\"ada\",\"status\":\"away\"}]");
    check_like(old, "|42[\"presence_update\",{\"userId\":\"ada\",\"status\":\"away\"}]");
    check_like(group, "");
    bed_say(ada, "2[\"set_presence\",{\"status\":\"away\"}]");
    check_told("");
    check_answer(native, "22[\"room_members\",{\"roomId\":\"r\"}]", members);
    bed_say(ada, "2[\"set_presence\",{\"status\":\"online\"}]");
    check_like(old, "|42[\"presence_update\",{\"userId\":\"ada\",\"status\":\"online\"}]");
    bed_end();
}

int main(void)
{
    RUN(those_of_dialect_4_and_the_native_one_see_who_types);
    RUN(typing_ends_by_itself_when_nothing_more_is_heard);
    RUN(who_leaves_types_no_longer);
    RUN(who_vanishes_types_no_longer);
    RUN(who_is_put_out_of_a_room_types_no_longer);
    RUN(who_is_not_in_a_room_cannot_type_there);
    RUN(away_and_back_are_told_once_to_the_rooms_of_the_socket);
    return tap_done();
}
