/* What a journal's log tells: in its order, whoever wrote it, once. The order in which things may
 * happen at random is join_test's. */
// SPDX-License-Identifier: MIT
#include "src/chat/following.h"

#include <stdlib.h>

#include "src/chat/chat_loop.h"
#include "src/socket/io.h"
#include "tests/support/returner.h"
#include "tests/support/tap.h"
#include "tests/unit/chat/chat_world.h"

enum { NATIVE = 6 };

static struct peer *writer;
static struct client *member;

/* Both are in the room; what they were told of that is forgotten. */
static void start(void)
{
    begin_log(plain_options());
    writer = peer_join(0, "/");
    peer_send(writer, "2[\"join_room\",{\"roomId\":\"busy\",\"userId\":\"w\"}]");
    settle();
    member = client(1);
    request(member, JOIN_AFTER, 0);
    settle();
    look(member);
    (void)peer_got(writer);
}

static void other_says(const char *id, const char *content)
{
    disk_write_other(SPAN("busy"), span_cstr(id), span_cstr(content));
}

static void write_all(void)
{
    world_settle();
    for (unsigned i = 0; i < 10; i++) {
        disk_write();
    }
}

static void report_all(void)
{
    for (unsigned i = 0; i < 10; i++) {
        disk_tell();
    }
    world_settle();
}

static const char *got(void)
{
    return peer_got(member->peer);
}

static bool in_order(const char *text, const char *first, const char *second)
{
    const char *a = strstr(text, first), *b = strstr(text, second);

    return a != NULL && b != NULL && a < b;
}

static void what_is_next_in_the_log_is_told_when_it_is_durable(void)
{
    start();
    say(member->peer, "busy", 1);
    write_all();
    report_all();
    check(strstr(got(), "\"content\":\"1\"") != NULL);
    disk_follow();
    settle();
    check(strstr(got(), "\"content\"") == NULL); /* and not again */
    end();
}

static void what_others_wrote_before_it_is_told_before_it(void)
{
    start();
    other_says("o1", "\"theirs\"");
    peer_send(writer, "21[\"send_message\",{\"roomId\":\"busy\",\"content\":\"ours\"}]");
    write_all();
    report_all();
    check(strstr(peer_got(writer), "{\"ok\":true") != NULL);
    check(strstr(got(), "content") == NULL);
    settle();
    check(in_order(got(), "\"theirs\"", "\"ours\""));
    end();
}

/* Which this node is not told of yet. Returns the place of the last. */
static uint64_t say_five_elsewhere(void)
{
    for (unsigned i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "o%u", i);
        other_says(id, "\"1\"");
        disk_store();
    }
    return disk_newest(SPAN("busy"));
}

static void who_knows_more_than_this_node_waits_for_it(void)
{
    start();
    other_says("first", "\"1\"");
    settle();
    uint64_t knows = say_five_elsewhere();
    struct client *c = client(2);
    request(c, JOIN_AFTER, knows);
    world_settle();
    look(c);
    check(!c->in);
    settle();
    look(c);
    check(c->in && c->lives == 0 && c->wrongs == 0 && c->offset == knows);
    end();
}

static void who_knows_more_than_this_node_for_too_long_is_to_ask_again(void)
{
    start();
    uint64_t knows = say_five_elsewhere();
    struct client *c = client(2);
    request(c, JOIN_AFTER, knows);
    world_settle();
    disk_be_late();
    world_settle();
    check(strstr(peer_got(c->peer), "HISTORY_UNAVAILABLE") != NULL);
    settle();
    check(strstr(peer_got(c->peer), "content") == NULL); /* which it knows */
    end();
}

static void is_said_to_be_no_further_than_what_was_told(void)
{
    start();
    other_says("o1", "\"1\"");
    disk_store();
    struct client *c = client(2);
    request(c, JOIN_AFTER, 0);
    world_settle();
    disk_look(0);
    disk_answer(0);
    world_settle();
    look(c);
    check(c->in && c->offset == 0 && c->lives == 0);
    settle();
    look(c);
    check(c->lives == 1 && is_right(c));
    end();
}

/* What was said and deleted is on no page, and yet it is what the store knows last. */
static void is_said_to_be_no_further_though_there_is_nothing_to_tell(void)
{
    start();
    other_says("o1", "\"1\"");
    other_says("o1", "");
    disk_store();
    disk_store();
    struct client *c = client(2);
    request(c, JOIN_AFTER, 0);
    world_settle();
    disk_look(0);
    disk_answer(0);
    world_settle();
    look(c);
    check(c->in && c->offset == 0);
    settle();
    look(c);
    check(is_right(c));
    end();
}

static void gives_the_latest_of_a_log_with_holes_above_a_gap(void)
{
    begin_log(plain_options());
    for (unsigned i = 0; i < 1010; i++) {
        char id[8], elsewhere[8];
        (void)snprintf(id, sizeof id, "o%u", i);
        (void)snprintf(elsewhere, sizeof elsewhere, "e%u", i);
        other_says(id, "\"7\"");
        if (i % 5 == 0) {
            disk_write_other(SPAN("elsewhere"), span_cstr(elsewhere), SPAN("\"8\""));
        }
    }
    settle();
    struct client *c = client(1);
    request(c, JOIN_AFTER, 5);
    settle();
    look(c);
    check(c->in && c->lives == 100 && c->wrongs == 0 && c->gap_after == 5);
    check(c->gap_next > 1000 && c->contents[c->gap_next] == 7);
    check(c->offset == disk_newest(SPAN("busy")));
    end();
}

static void an_edit_that_comes_after_the_deletion_is_not_told(void)
{
    start();
    other_says("o1", "\"1\"");
    settle();
    look(member);
    other_says("o1", ""); /* deletes it */
    other_says("o1", "\"late\"");
    other_says("o1", "");
    settle();
    const char *text = got();
    check(strstr(text, "late") == NULL);
    const char *deleted = strstr(text, "message_deleted");
    check(deleted != NULL && strstr(deleted + 1, "message_deleted") == NULL);
    end();
}

static void a_gap_ends_what_is_known_of_rooms(void)
{
    start();
    other_says("o1", "\"1\"");
    settle();
    uint64_t knows = disk_newest(SPAN("busy"));
    other_says("o2", "\"2\"");
    settle();
    size_t before = disk.reads;
    struct client *c = client(2);
    request(c, JOIN_AFTER, knows);
    settle();
    check(disk.reads == before); /* the tail has it */
    disk_lose();
    settle();
    struct client *later = client(2);
    request(later, JOIN_AFTER, knows);
    settle();
    look(later);
    check(disk.reads == before + 1 && later->lives == 1 && later->wrongs == 0);
    end();
}

static void a_read_mark_is_told_by_the_log(void)
{
    start();
    struct message mark = {.action = MESSAGE_MARK,
                           .id = SPAN("o1"),
                           .room = SPAN("busy"),
                           .user_id = SPAN("reader"),
                           .said = 1,
                           .dialect = NATIVE};

    other_says("o1", "\"1\"");
    settle();
    look(member);
    peer_send(writer, "21[\"mark_read\",{\"roomId\":\"busy\",\"messageId\":\"o1\"}]");
    peer_send(writer, "22[\"mark_read\",{\"roomId\":\"busy\",\"messageId\":\"o2\"}]");
    settle();
    const char *answers = peer_got(writer);
    check(strstr(answers, "|431[{\"ok\":true,\"roomId\":\"busy\",\"messageId\":\"o1\"}]") != NULL);
    check(strstr(answers, "|432[{\"ok\":false,\"code\":\"NOT_FOUND\"") != NULL);
    check(strstr(got(), "\"message_read\",{\"roomId\":\"busy\",\"messageId\":\"o1\",\"userId\":"
                        "\"w\",\"offset\":") != NULL);
    disk_write_as_other(&mark);
    settle();
    check(strstr(got(), "\"userId\":\"reader\",\"offset\":1}]") != NULL);
    end();
}

static void what_no_client_could_have_said_is_left_out(void)
{
    const struct message good = {.id = SPAN("i"),
                                 .room = SPAN("busy"),
                                 .user_id = SPAN("u"),
                                 .content = SPAN("\"x\""),
                                 .dialect = NATIVE};
    struct message bad[6];

    start();
    for (unsigned i = 0; i < 6; i++) {
        bad[i] = good;
    }
    bad[0].dialect = 99;
    bad[1].dialect = 0;
    bad[2].content = SPAN("");
    bad[3].raw = SPAN("{}");
    bad[4].recipient = SPAN("somebody");
    bad[5].user_id = SPAN("");
    for (unsigned i = 0; i < 6; i++) {
        char id[4] = {'b', (char)('0' + i)};
        bad[i].id = span_cstr(id);
        disk_write_as_other(&bad[i]);
        disk_follow();
    }
    world_settle();
    check(strstr(got(), "content") == NULL);
    disk_write_as_other(&good);
    settle();
    check(strstr(got(), "\"content\":\"x\"") != NULL);
    end();
}

static void rooms_that_are_not_here_cost_nothing(void)
{
    start();
    disk_write_other(SPAN("elsewhere"), SPAN("e1"), SPAN("\"1\""));
    settle();
    check(nothing_is_left() == false); /* busy is there, and its members */
    for (unsigned i = 0; i < LOOPS; i++) {
        check(chat_room_find(&the_chat->loops[i], SPAN("elsewhere")) == NULL);
    }
    end();
}

/* The room is not even in memory then. */
static void who_comes_back_has_missed_what_others_wrote_where_nobody_was(void)
{
    struct chat_options options = plain_options();
    struct returner c;
    options.recovery_ms = world_options.keep_ms = 1000;
    world_options.keep_bytes_max = 1 << 20;
    begin_log(options);
    world_options.keep_ms = 0;
    c.peer = peer_open(1);
    peer_send(c.peer, "0");
    world_settle();
    check(returner_joined(&c, peer_got(c.peer)));
    peer_send(c.peer, "21[\"join_room\",{\"roomId\":\"busy\"}]");
    settle();
    (void)returner_plain(&c, peer_got(c.peer));
    peer_vanish(c.peer);
    settle();
    for (unsigned i = 0; i < LOOPS; i++) {
        check(the_chat->loops[i].rooms.by_name.count == 0);
    }
    other_says("o1", "\"1\"");
    settle();
    returner_ask(&c, 2, "");
    settle();
    other_says("o2", "\"2\"");
    settle();
    const char *text = returner_plain(&c, peer_got(c.peer));
    check(in_order(text, "\"content\":\"1\"", c.sid) && in_order(text, c.sid, "\"content\":\"2\""));
    world_advance(10000);
    peer_vanish(c.peer);
    settle();
    end();
}

int main(void)
{
    RUN(what_is_next_in_the_log_is_told_when_it_is_durable);
    RUN(what_others_wrote_before_it_is_told_before_it);
    RUN(who_knows_more_than_this_node_waits_for_it);
    RUN(who_knows_more_than_this_node_for_too_long_is_to_ask_again);
    RUN(is_said_to_be_no_further_than_what_was_told);
    RUN(is_said_to_be_no_further_though_there_is_nothing_to_tell);
    RUN(gives_the_latest_of_a_log_with_holes_above_a_gap);
    RUN(an_edit_that_comes_after_the_deletion_is_not_told);
    RUN(a_gap_ends_what_is_known_of_rooms);
    RUN(a_read_mark_is_told_by_the_log);
    RUN(what_no_client_could_have_said_is_left_out);
    RUN(rooms_that_are_not_here_cost_nothing);
    RUN(who_comes_back_has_missed_what_others_wrote_where_nobody_was);
    return tap_done();
}
