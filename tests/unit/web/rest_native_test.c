// SPDX-License-Identifier: MIT
#include "tests/support/tap.h"
#include "tests/unit/web/rest_world.h"

#define MESSAGE(id, offset)                                                             \
    "{\"id\":\"m" id "\",\"roomId\":\"r\",\"userId\":\"ada\",\"username\":\"ada\","     \
    "\"content\":\"x\",\"type\":\"text\",\"timestamp\":\"2023-11-14T22:13:20.00" offset \
    "Z\",\"offset\":" id "}"

static void say(struct rest_world *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        (void)rest_world_say(w, "r", "ada", "\"x\"");
    }
}

static void messages_are_read_from_any_place_in_either_direction(void)
{
    struct rest_world w = rest_world_make();

    say(&w, 3);
    rest_get(&w, "/api/rooms/r/messages?limit=2");
    check(rest_answered(&w, 200,
                        "{\"roomId\":\"r\",\"messages\":[" MESSAGE("2", "1") "," MESSAGE(
                            "3", "2") "],\"more\":true}"));
    rest_get(&w, "/api/rooms/r/messages?before=2");
    check(rest_answered(&w, 200,
                        "{\"roomId\":\"r\",\"messages\":[" MESSAGE("1", "0") "],\"more\":false}"));
    rest_get(&w, "/api/rooms/r/messages?after=2");
    check(rest_answered(&w, 200,
                        "{\"roomId\":\"r\",\"messages\":[" MESSAGE("3", "2") "],\"more\":false}"));
    rest_get(&w, "/api/rooms/r/messages?after=0&limit=1");
    check(rest_answered(&w, 200,
                        "{\"roomId\":\"r\",\"messages\":[" MESSAGE("1", "0") "],\"more\":true}"));
    rest_get(&w, "/api/rooms/r/messages?before=0");
    check(rest_answered(&w, 200, "{\"roomId\":\"r\",\"messages\":[],\"more\":false}"));
    rest_get(&w, "/api/rooms/r/messages?around=0&limit=1");
    check(rest_answered(&w, 200,
                        "{\"roomId\":\"r\",\"messages\":[" MESSAGE("1", "0") "],\"more\":true}"));
    rest_world_finish(&w);
}

static void numbers_are_checked(void)
{
    static const char *const wrong[] = {
        "limit=0",          "limit=101",        "limit=x",  "limit=-1",
        "before=-1",        "after=1e3",        "around=x", "before=18446744073709551616",
        "before=1&after=1", "after=0&around=0",
    };
    struct rest_world w = rest_world_make();
    char target[100];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(target, sizeof target, "/api/rooms/r/messages?%s", wrong[i]);
        rest_get(&w, target);
        check(rest_answered_with(&w, 400, "{\"error\":\""));
    }
    rest_get(&w, "/api/rooms?limit=1001");
    check(rest_answered(&w, 400, "{\"error\":\"limit must be a number from 1 to 1000\"}"));
    rest_world_finish(&w);
}

static void search_hands_out_where_to_go_on(void)
{
    struct rest_world w = rest_world_make();

    say(&w, 1);
    w.search_next = UINT64_MAX;
    rest_ask(&w, "GET", "/api/search?q=a+b%26&room=r%20x&before=7&limit=3",
             "Authorization: Bearer token-of-ada\n", "");
    check(rest_answered(
        &w, 200, "{\"messages\":[" MESSAGE("1", "0") "],\"before\":\"18446744073709551615\"}"));
    check(span_eq(w.searched.query, SPAN("a b&")) && span_eq(w.searched.room, SPAN("r x")));
    check(span_eq(w.searched.user_id, SPAN("ada")));
    check(w.searched.before == 7 && w.searched.limit == 3);
    w.search_next = 0;
    rest_get(&w, "/api/search?q=x&before=18446744073709551615");
    check(rest_answered(&w, 200, "{\"messages\":[" MESSAGE("1", "0") "]}"));
    check(w.searched.user_id.len == 0 && w.searched.limit == 20);
    check(w.searched.before == UINT64_MAX);
    rest_world_finish(&w);
}

static void search_needs_something_to_look_for(void)
{
    struct rest_world w = rest_world_make();
    char target[1100] = "/api/search?q=";

    rest_get(&w, "/api/search");
    check(rest_answered(&w, 400, "{\"error\":\"q must be a text of 1 to 1024 bytes\"}"));
    memset(target + strlen(target), 'x', 1025);
    rest_get(&w, target);
    check(w.status == 400);
    rest_get(&w, "/api/search?q=x&before=y");
    check(w.status == 400);
    rest_get(&w, "/api/search?q=x&limit=101");
    check(w.status == 400);
    rest_world_finish(&w);
}

static void members_are_online_or_away(void)
{
    struct rest_world w = rest_world_make();

    w.people[0] = (struct identity){SPAN("u1"), SPAN("Ada")};
    w.people[1] = (struct identity){SPAN("u2"), SPAN("Bob")};
    w.away[1] = true;
    w.people_count = 2;
    rest_get(&w, "/api/rooms/r/members");
    check(rest_answered(&w, 200,
                        "{\"roomId\":\"r\",\"users\":[{\"userId\":\"u1\",\"username\":\"Ada\","
                        "\"status\":\"online\"},{\"userId\":\"u2\",\"username\":\"Bob\","
                        "\"status\":\"away\"}]}"));
    rest_world_finish(&w);
}

static void rooms_say_how_many_are_in_them(void)
{
    static const char want[] =
        "{\"rooms\":[{\"roomId\":\"r1\",\"name\":\"First\",\"createdBy\":\"ada\",\"createdAt\":"
        "\"2023-11-14T22:13:20.000Z\",\"online\":1},{\"roomId\":\"r2\",\"name\":\"r2\","
        "\"online\":1}],"
        "\"more\":false}";
    struct rest_world w = rest_world_make();

    rest_get(&w, "/api/rooms");
    check(rest_answered(&w, 200, "{\"rooms\":[],\"more\":false}"));
    rest_world_add_room(&w, "r1", "First", true);
    rest_world_add_room(&w, "r2", "", false);
    w.people_count = 1;
    rest_get(&w, "/api/rooms");
    check(rest_answered(&w, 200, want));
    w.people_later = true;
    rest_get(&w, "/api/rooms");
    check(rest_answered(&w, 200, want));
    rest_get(&w, "/api/rooms?limit=1");
    check(rest_answered_with(&w, 200, "\"online\":1}],\"more\":true}"));
    rest_world_finish(&w);
}

static void reads_say_how_far_everybody_is(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/api/rooms/r/reads");
    check(rest_answered(&w, 200, "{\"roomId\":\"r\",\"reads\":[],\"more\":false}"));
    w.reads[0] = (struct store_read){.user_id = SPAN("a\""), .offset = 7};
    w.reads[1] = (struct store_read){.user_id = SPAN("b"), .joined = true};
    w.read_count = 2;
    rest_get(&w, "/api/rooms/r/reads");
    check(rest_answered(&w, 200,
                        "{\"roomId\":\"r\",\"reads\":[{\"userId\":\"a\\\"\",\"offset\":7},"
                        "{\"userId\":\"b\",\"offset\":0}],\"more\":false}"));
    rest_get(&w, "/api/rooms/r/reads?limit=1");
    check(rest_answered_with(&w, 200, "\"offset\":7}],\"more\":true}"));
    rest_get(&w, "/api/rooms/r/reads?after=a%22");
    check(rest_answered_with(&w, 200, "\"reads\":[{\"userId\":\"b\""));
    rest_get(&w, "/api/rooms/r/reads?limit=1001");
    check(w.status == 400);
    w.store_error = STORE_EIO;
    rest_get(&w, "/api/rooms/r/reads");
    check(w.status == 500);
    rest_world_finish(&w);
}

static void tells_what_a_client_has_to_know(void)
{
    struct rest_world w = rest_world_make();

    rest_get(&w, "/api/config");
    rest_set_limits(w.rest,
                    &(struct rest_limits){.message_units_max = 5000, .typing_timeout_ms = 4000});
    rest_get(&w, "/api/config");
    check(rest_answered(
        &w, 200,
        "{\"auth\":\"open\",\"path\":\"/sockets\",\"messageLength\":5000,\"typingTimeout\":4000}"));
    rest_world_finish(&w);
}

static void tells_whose_token_it_is_where_others_are_let_in_too(void)
{
    struct rest_world w = rest_world_make();

    rest_ask(&w, "GET", "/api/session", "Authorization: Bearer token-of-ada\n", "");
    check(rest_answered(&w, 200, "{\"userId\":\"ada\",\"username\":\"\"}"));
    rest_ask(&w, "GET", "/api/session", "Authorization: Bearer another\n", "");
    check(rest_answered(&w, 401, "{\"error\":\"Unauthorized\"}"));
    rest_get(&w, "/api/session");
    check(w.status == 401);
    rest_world_finish(&w);
}

int main(void)
{
    RUN(messages_are_read_from_any_place_in_either_direction);
    RUN(numbers_are_checked);
    RUN(search_hands_out_where_to_go_on);
    RUN(search_needs_something_to_look_for);
    RUN(members_are_online_or_away);
    RUN(rooms_say_how_many_are_in_them);
    RUN(reads_say_how_far_everybody_is);
    RUN(tells_what_a_client_has_to_know);
    RUN(tells_whose_token_it_is_where_others_are_let_in_too);
    return tap_done();
}
