// SPDX-License-Identifier: MIT
#include "src/chat/message.h"

#include <stdlib.h>
#include <time.h>

#include "tests/support/chat_bed.h"

enum { SAID = 5 };

static struct peer *ada, *bob;

/* Ada says m1 to m5 in the room r. */
static void start(void)
{
    char packet[128];

    bed_start(&(struct bed_setup){.loops = 3});
    ada = bed_join(0, "{\"userId\":\"ada\",\"username\":\"Ada\"}");
    bob = bed_join(1, "{\"userId\":\"bob\"}");
    for (unsigned i = 1; i <= SAID; i++) {
        (void)snprintf(packet, sizeof packet,
                       "2[\"send_message\",{\"roomId\":\"r\",\"content\":\"m%u cat\"}]", i);
        peer_send(ada, packet);
        bed_settle();
    }
}

static void say(const char *room, const char *content)
{
    char packet[128];

    (void)snprintf(packet, sizeof packet,
                   "2[\"send_message\",{\"roomId\":\"%s\",\"content\":\"%s\"}]", room, content);
    peer_send(ada, packet);
    bed_settle();
}

/* The id of Ada's latest message of that content in r. */
static const char *id_of(const char *content)
{
    static char id[64];
    struct store_history history = {.room = SPAN("r"), .limit = 100};

    id[0] = '\0';
    check(bed_call(&history.call, STORE_HISTORY) == 0);
    for (size_t i = 0; history.page != NULL && i < history.page->count; i++) {
        const struct message *m = &history.page->messages[i];
        if (m->content.len > 2 && strncmp((const char *)m->content.data + 1, content, 2) == 0) {
            (void)snprintf(id, sizeof id, "%.*s", (int)m->id.len, (const char *)m->id.data);
        }
    }
    free(history.page);
    return id;
}

/* ---- history ---- */

#define MESSAGE(n)                                                                              \
    "{\"id\":\"~\",\"roomId\":\"r\",\"userId\":\"ada\",\"username\":\"Ada\",\"content\":\"m" #n \
    " cat\",\"type\":\"text\",\"timestamp\":\"~\",\"offset\":" #n "}"
#define PAGE(messages, more) \
    "|431[{\"ok\":true,\"roomId\":\"r\",\"messages\":[" messages "],\"more\":" more "}]"

static void a_history_is_a_page_of_the_newest_oldest_first(void)
{
    start();
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"limit\":2}]",
                 PAGE(MESSAGE(4) "," MESSAGE(5), "true"));
    check_answer(
        bob, "21[\"history\",{\"roomId\":\"r\",\"limit\":5}]",
        PAGE(MESSAGE(1) "," MESSAGE(2) "," MESSAGE(3) "," MESSAGE(4) "," MESSAGE(5), "false"));
    check_answer(bob, "21[\"history\",{\"roomId\":\"nowhere\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"nowhere\",\"messages\":[],\"more\":false}]");
    bed_end();
}

static void a_history_goes_back_from_an_offset(void)
{
    start();
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"before\":4,\"limit\":2}]",
                 PAGE(MESSAGE(2) "," MESSAGE(3), "true"));
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"before\":2,\"limit\":2}]",
                 PAGE(MESSAGE(1), "false"));
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"before\":1}]", PAGE("", "false"));
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"before\":0}]", PAGE("", "false"));
    check_answer(bob,
                 "21[\"history\",{\"roomId\":\"r\",\"before\":18446744073709551615,\"limit\":1}]",
                 PAGE(MESSAGE(5), "true"));
    bed_end();
}

static void a_history_goes_on_from_an_offset(void)
{
    start();
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"after\":2,\"limit\":2}]",
                 PAGE(MESSAGE(3) "," MESSAGE(4), "true"));
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"after\":4}]", PAGE(MESSAGE(5), "false"));
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"after\":0,\"limit\":1}]",
                 PAGE(MESSAGE(1), "true"));
    bed_end();
}

#define AROUND(messages, more, before)                                              \
    "|431[{\"ok\":true,\"roomId\":\"r\",\"messages\":[" messages "],\"more\":" more \
    ",\"moreBefore\":" before "}]"

static void a_history_shows_what_is_around_an_offset(void)
{
    start();
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"around\":3,\"limit\":2}]",
                 AROUND(MESSAGE(2) "," MESSAGE(3), "true", "true"));
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"around\":0,\"limit\":2}]",
                 AROUND(MESSAGE(1) "," MESSAGE(2), "true", "false"));
    bed_end();
}

static void a_history_has_one_direction(void)
{
    static const char refused[] =
        "|431[{\"ok\":false,\"code\":\"INVALID_PAYLOAD\",\"message\":"
        "\"No more than one of before, after and around can be given.\",\"retryable\":false}]";
    start();
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"before\":4,\"after\":2}]", refused);
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"after\":0,\"around\":2}]", refused);
    check_answer(bob, "21[\"history\",{\"roomId\":\"r\",\"before\":0,\"around\":0}]", refused);
    bed_end();
}

/* ---- search ---- */

/* The index follows within about a second, and tells nobody. */
static void wait_for_index(const char *user_id, const char *word)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    size_t count = 0;

    for (unsigned i = 0; i < 2000 && count == 0; i++) {
        struct store_search search = {
            .query = span_cstr(word), .user_id = span_cstr(user_id), .limit = 1};
        check(bed_call(&search.call, STORE_SEARCH) == 0);
        count = search.page->count;
        free(search.page);
        (void)nanosleep(&moment, NULL);
    }
    check(count > 0);
}

static void a_search_finds_words_newest_first_page_by_page(void)
{
    start();
    say("s", "another cat");
    say("s", "a dog");
    wait_for_index("", "dog");
    check_answer(bob, "21[\"search\",{\"query\":\"cat m4\"}]",
                 "|431[{\"ok\":true,\"messages\":[" MESSAGE(4) "]}]");
    peer_send(bob, "21[\"search\",{\"query\":\"CAT\",\"roomId\":\"r\",\"limit\":3}]");
    bed_settle();
    const char *got = peer_got(bob);
    check(bed_like(got, "|431[{\"ok\":true,\"messages\":[" MESSAGE(5) "," MESSAGE(4) "," MESSAGE(
                            3) "],\"before\":\"~\"}]"));
    char before[32] = "", packet[128];
    const char *at = strstr(got, "\"before\":\"");
    check(at != NULL && sscanf(at, "\"before\":\"%31[0-9]", before) == 1);
    (void)snprintf(
        packet, sizeof packet,
        "21[\"search\",{\"query\":\"CAT\",\"roomId\":\"r\",\"limit\":3,\"before\":\"%s\"}]",
        before);
    check_answer(bob, packet, "|431[{\"ok\":true,\"messages\":[" MESSAGE(2) "," MESSAGE(1) "]}]");
    check_answer(bob, "21[\"search\",{\"query\":\"bird\"}]", "|431[{\"ok\":true,\"messages\":[]}]");
    bed_end();
}

static void a_search_shows_nobody_what_was_said_to_one(void)
{
    start();
    peer_send(ada, "2[\"send_message\",{\"recipientId\":\"bob\",\"content\":\"secret bird\"}]");
    bed_settle();
    wait_for_index("bob", "secret");
    struct peer *eve = bed_join(0, "{\"userId\":\"eve\"}");
    check_answer(eve, "21[\"search\",{\"query\":\"bird\"}]", "|431[{\"ok\":true,\"messages\":[]}]");
    bed_end();
}

/* ---- read marks ---- */

static void enter(struct peer *p, const char *packet)
{
    bed_say(p, packet);
    (void)peer_got(p);
}

static void mark(struct peer *p, const char *id)
{
    char packet[160];

    (void)snprintf(packet, sizeof packet,
                   "21[\"mark_read\",{\"roomId\":\"r\",\"messageId\":\"%s\"}]", id);
    peer_send(p, packet);
}

static void a_read_mark_is_told_to_the_room_and_never_goes_back(void)
{
    char id[64];

    start();
    struct peer *old = bed_join(2, "{\"userId\":\"o\"}");
    enter(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    enter(old, "2[\"join_room\",{\"roomId\":\"r\"}]");
    enter(bob, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    (void)peer_got(ada);
    (void)peer_got(old);
    (void)snprintf(id, sizeof id, "%s", id_of("m3"));
    mark(bob, id);
    bed_settle();
    const char *told = "|42[\"message_read\",{\"roomId\":\"r\",\"messageId\":\"~\","
                       "\"userId\":\"bob\",\"offset\":3}]";
    const char *got = peer_got(bob);
    check(strstr(got, "|431[{\"ok\":true,\"roomId\":\"r\",\"messageId\":\"") != NULL);
    check(strstr(got, "\"userId\":\"bob\",\"offset\":3}]") != NULL);
    check_like(ada, told);
    check_like(old,
               "|42[\"message_read\",{\"roomId\":\"r\",\"messageId\":\"~\",\"userId\":\"bob\"}]");
    mark(bob, id_of("m2"));
    bed_settle();
    check_like(bob, "|431[{\"ok\":true,\"roomId\":\"r\",\"messageId\":\"~\"}]");
    check_like(ada, "");
    mark(bob, "00000000-0000-0000-0000-000000000000");
    bed_settle();
    check_like(bob,
               "|431[{\"ok\":false,\"code\":\"NOT_FOUND\",\"message\":\"~\",\"retryable\":false}]");
    bed_end();
}

/* The store has his id while the socket becomes somebody else. */
static void a_read_mark_is_that_of_who_set_it(void)
{
    start();
    struct peer *p = bed_join(0, "");
    enter(p, "2[\"join_room\",{\"roomId\":\"r\",\"userId\":\"first\"}]");
    enter(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    mark(p, id_of("m3"));
    peer_send(p, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    peer_send(p, "2[\"join_room\",{\"roomId\":\"s\",\"userId\":\"second\"}]");
    peer_send(p, "22[\"create_room\",{\"roomId\":\"t\",\"name\":\"t\"}]");
    peer_send(p, "2[\"join_room\",{\"roomId\":\"s\",\"userId\":\"third\"}]");
    bed_settle();
    check(strstr(peer_got(ada), "\"userId\":\"first\",\"offset\":3}") != NULL);
    struct store_room_get get = {.room = SPAN("t")};
    check(bed_call(&get.call, STORE_ROOM_GET) == 0);
    check(get.page->count == 1 && span_eq(get.page->rooms[0].created_by, SPAN("second")));
    free(get.page);
    bed_end();
}

static void who_is_gone_when_the_store_answers_gets_nothing(void)
{
    start();
    mark(bob, id_of("m3"));
    peer_send(bob, "21[\"history\",{\"roomId\":\"r\"}]");
    peer_send(bob, "21[\"search\",{\"query\":\"cat\"}]");
    peer_send(bob, "21[\"list_rooms\"]");
    peer_send(bob, "21[\"room_members\",{\"roomId\":\"r\"}]");
    peer_send(bob, "21[\"create_room\",{\"name\":\"t\"}]");
    peer_vanish(bob);
    bed_settle();
    check_like(bob, "");
    bed_end();
}

/* ---- rooms ---- */

static void a_room_is_made_once(void)
{
    start();
    check_answer(bob, "21[\"create_room\",{\"roomId\":\"t\",\"name\":\"Tea\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"t\",\"name\":\"Tea\"}]");
    check_answer(bob, "21[\"create_room\",{\"roomId\":\"t\",\"name\":\"Tea\"}]",
                 "|431[{\"ok\":false,\"code\":\"EXISTS\",\"message\":"
                 "\"There is a room with that roomId already.\",\"retryable\":false}]");
    check_answer(bob, "21[\"create_room\",{\"name\":\"Tea\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"~\",\"name\":\"Tea\"}]");
    bed_end();
}

static void two_are_made(struct chat_limits *limits)
{
    limits->rooms_made_max = 2;
}

static void rooms_that_are_made_are_bounded(void)
{
    bed_start(&(struct bed_setup){.limit = two_are_made});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    enter(p, "21[\"create_room\",{\"roomId\":\"t\",\"name\":\"Tea\"}]");
    enter(p, "21[\"create_room\",{\"name\":\"Tea\"}]");
    check_answer(p, "21[\"create_room\",{\"name\":\"Tea\"}]",
                 "|431[{\"ok\":false,\"code\":\"TOO_MANY_ROOMS\",\"message\":"
                 "\"The server takes no more rooms.\",\"retryable\":true}]");
    bed_end();
}

static void the_list_counts_who_is_online_on_every_loop(void)
{
    start();
    say("s", "x");
    struct peer *third = bed_join(2, "{\"userId\":\"o\"}");
    enter(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    enter(bob, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    enter(third, "2[\"join_room\",{\"roomId\":\"r\"}]");
    enter(third, "2[\"join_room\",{\"roomId\":\"t\"}]");
    enter(bob, "21[\"create_room\",{\"roomId\":\"t\",\"name\":\"Tea\"}]");
    mark(bob, id_of("m3"));
    bed_settle();
    (void)peer_got(bob);
    check_answer(bob, "21[\"list_rooms\",{}]",
                 "|431[{\"ok\":true,\"rooms\":["
                 "{\"roomId\":\"r\",\"name\":\"r\",\"online\":3,\"unread\":2,\"offset\":5},"
                 "{\"roomId\":\"s\",\"name\":\"s\",\"online\":0,\"unread\":0,\"offset\":1},"
                 "{\"roomId\":\"t\",\"name\":\"Tea\",\"createdBy\":\"bob\",\"createdAt\":\"~\","
                 "\"online\":1,\"unread\":0,\"offset\":0}],\"more\":false}]");
    check_answer(bob, "21[\"list_rooms\",{\"after\":\"r\"}]",
                 "|431[{\"ok\":true,\"rooms\":["
                 "{\"roomId\":\"s\",\"name\":\"s\",\"online\":0,\"unread\":0,\"offset\":1},"
                 "{\"roomId\":\"t\",\"name\":\"Tea\",\"createdBy\":\"bob\",\"createdAt\":\"~\","
                 "\"online\":1,\"unread\":0,\"offset\":0}],\"more\":false}]");
    bed_end();
}

static void members_are_named_once_each_whatever_their_loops(void)
{
    start();
    struct peer *twin = bed_join(2, "{\"userId\":\"bob\"}");
    enter(bob, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    enter(twin, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    enter(ada, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    check_answer(ada, "21[\"room_members\",{\"roomId\":\"r\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"users\":["
                 "{\"userId\":\"bob\",\"username\":\"bob\",\"status\":\"online\"},"
                 "{\"userId\":\"ada\",\"username\":\"Ada\",\"status\":\"online\"}]}]");
    check_answer(ada, "21[\"room_members\",{\"roomId\":\"nowhere\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"nowhere\",\"users\":[]}]");
    bed_end();
}

static void who_is_not_in_a_room_marks_nothing_there(void)
{
    bed_start(&(struct bed_setup){.loops = 1});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    const char *mark = "21[\"mark_read\",{\"roomId\":\"r\",\"messageId\":\"x\"}]";
    check_answer(p, mark,
                 "|431[{\"ok\":false,\"code\":\"NOT_IN_ROOM\",\"message\":"
                 "\"roomId is no room that you are in.\",\"retryable\":false}]");
    bed_end();
}

/* ---- when it cannot be ---- */

static void a_store_that_is_busy_is_named_as_the_cause(void)
{
    static const struct {
        enum store_op op;
        const char *packet;
    } calls[] = {
        {STORE_HISTORY, "21[\"history\",{\"roomId\":\"r\"}]"},
        {STORE_SEARCH, "21[\"search\",{\"query\":\"cat\"}]"},
        {STORE_READ_MARK, "21[\"mark_read\",{\"roomId\":\"r\",\"messageId\":\"x\"}]"},
        {STORE_ROOM_PUT, "21[\"create_room\",{\"name\":\"t\"}]"},
        {STORE_ROOMS, "21[\"list_rooms\"]"},
        {STORE_FIND, "21[\"edit_message\",{\"messageId\":\"x\",\"content\":\"y\"}]"},
        {STORE_FIND, "21[\"delete_message\",{\"messageId\":\"x\"}]"},
        {STORE_DIRECT_STATE, "21[\"mark_read\",{\"messageId\":\"x\"}]"},
    };

    start();
    enter(bob, "2[\"join_room\",{\"roomId\":\"r\",\"after\":5}]");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        bed_busy_op = (int)calls[i].op;
        check_answer(bob, calls[i].packet,
                     "|431[{\"ok\":false,\"code\":\"BUSY\",\"message\":"
                     "\"The server has too much to do just now; try again later.\","
                     "\"retryable\":true}]");
    }
    bed_end();
}

static void without_a_store_nothing_is_kept(void)
{
    static const char *const packets[] = {
        "21[\"history\",{\"roomId\":\"r\"}]",
        "21[\"search\",{\"query\":\"cat\"}]",
        "21[\"mark_read\",{\"roomId\":\"r\",\"messageId\":\"x\"}]",
        "21[\"create_room\",{\"name\":\"t\"}]",
        "21[\"list_rooms\"]",
        "21[\"edit_message\",{\"messageId\":\"x\",\"content\":\"y\"}]",
        "21[\"delete_message\",{\"messageId\":\"x\"}]",
        "21[\"mark_read\",{\"messageId\":\"x\"}]",
    };

    bed_start(&(struct bed_setup){.without_store = true});
    struct peer *p = bed_join(0, "{\"userId\":\"ada\"}");
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        check_answer(p, packets[i],
                     "|431[{\"ok\":false,\"code\":\"NOT_KEPT\",\"message\":"
                     "\"This server keeps no messages.\",\"retryable\":false}]");
    }
    check_answer(p, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]", "");
    check_answer(p, "21[\"room_members\",{\"roomId\":\"r\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"users\":[{\"userId\":\"ada\",\"username\":"
                 "\"ada\",\"status\":\"online\"}]}]");
    bed_end();
}

int main(void)
{
    RUN(a_history_is_a_page_of_the_newest_oldest_first);
    RUN(a_history_goes_back_from_an_offset);
    RUN(a_history_goes_on_from_an_offset);
    RUN(a_history_shows_what_is_around_an_offset);
    RUN(a_search_finds_words_newest_first_page_by_page);
    RUN(a_search_shows_nobody_what_was_said_to_one);
    RUN(a_read_mark_is_told_to_the_room_and_never_goes_back);
    RUN(a_room_is_made_once);
    RUN(rooms_that_are_made_are_bounded);
    RUN(the_list_counts_who_is_online_on_every_loop);
    RUN(members_are_named_once_each_whatever_their_loops);
    RUN(who_is_not_in_a_room_marks_nothing_there);
    RUN(a_store_that_is_busy_is_named_as_the_cause);
    RUN(without_a_store_nothing_is_kept);
    RUN(a_read_mark_is_that_of_who_set_it);
    RUN(who_is_gone_when_the_store_answers_gets_nothing);
    RUN(a_history_has_one_direction);
    return tap_done();
}
