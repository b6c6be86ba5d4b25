/* What has passed on which of two loops, and what somebody who changes from the first to the second
 * has missed by that. */
// SPDX-License-Identifier: MIT
#include "src/socket/backlog.h"

#include <stdlib.h>

#include "src/socket/namespace.h"
#include "src/socket/rooms.h"
#include "tests/support/str.h"
#include "tests/support/tap.h"

enum { EVENTS_MAX = 16 };

static const uint64_t secret[2] = {1, 2};
static struct rookery_namespace *nsp, *other_nsp;
static struct backlog backlog;
static struct said *said[EVENTS_MAX];
static unsigned said_count;
static char result[256];

static void start(void)
{
    nsp = calloc(1, sizeof *nsp + 1);
    other_nsp = calloc(1, sizeof *other_nsp + 1);
    backlog_init(&backlog, 2, secret);
    said_count = 0;
}

static void end(void)
{
    for (unsigned i = 0; i < said_count; i++) {
        said_release(said[i]);
    }
    backlog_finish(&backlog);
    free(nsp);
    free(other_nsp);
}

static struct said *complete(struct said *s)
{
    char text[2] = {(char)('a' + said_count), '\0'};
    const struct said_form form = {TAGS_ALL, span_cstr(text)};

    backlog_complete(&backlog, s, &form, 1);
    return said[said_count++] = s;
}

/* Events are a, b, c ... in the order in which they are said. */
static struct said *say_to(const char *room, const char *except)
{
    const struct rookery_str rooms[] = {str(room), str(except)};
    const struct rookery_target to = {
        .rooms = rooms,
        .room_count = room[0] != '\0',
        .except = rooms + 1,
        .except_count = except[0] != '\0',
    };

    return complete(backlog_add(&backlog, nsp, &to, 0, 0));
}

static void pass(struct said *s, int first, int second)
{
    if (first >= 0) {
        backlog_pass(&backlog, s, (unsigned)first);
    }
    if (second >= 0) {
        backlog_pass(&backlog, s, (unsigned)second);
    }
}

/* By who is in r, and has got what has a place up to `got` on loop 0. */
static const char *missed(uint64_t got)
{
    const struct rookery_str rooms[] = {ROOKERY_STR("r")};
    const uint64_t places[2] = {got, 0};
    const struct backlog_reader reader = {
        .nsp = nsp,
        .sid = SPAN("id-id-id-id-id-id-id"),
        .rooms = rooms,
        .room_count = 1,
        .got = places,
        .from = 0,
        .to = 1,
    };
    struct missed *list;
    size_t count;
    enum backlog_end e = backlog_read(&backlog, &reader, &list, &count);

    result[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        (void)strncat(result, (const char *)list[i].said->forms[0].packet.data, 1);
    }
    backlog_forget(list, count);
    return e == BACKLOG_EARLY ? "early" : e == BACKLOG_GAP ? "gap" : result;
}

static void says_what_follows_for_the_rooms_of_who_asks(void)
{
    start();
    pass(say_to("r", ""), 0, 1); /* a, the last that was got */
    pass(say_to("r", ""), 0, 1);
    pass(say_to("other", ""), 0, 1);
    pass(say_to("", ""), 0, 1);
    pass(say_to("", "r"), 0, 1); /* e */
    pass(complete(backlog_add(&backlog, other_nsp, NULL, 0, 0)), 0, 1);
    pass(complete(backlog_add(&backlog, nsp, NULL, 0, 0)), 0, 1); /* g */
    struct said *not_me = complete(backlog_add(&backlog, nsp, NULL, 0, 0));
    backlog_except(not_me, SPAN("id-id-id-id-id-id-id"));
    pass(not_me, 0, 1);
    struct said *to_me = complete(backlog_add(&backlog, nsp, NULL, 0, 0)); /* i */
    backlog_to_one(&backlog, to_me, SPAN("id-id-id-id-id-id-id"));
    pass(to_me, 0, -1);
    struct said *to_you = complete(backlog_add(&backlog, nsp, NULL, 0, 0));
    backlog_to_one(&backlog, to_you, SPAN("di-di-di-di-di-di-di"));
    pass(to_you, 0, -1);
    check(strcmp(missed(1), "bdgi") == 0);
    check(strcmp(missed(3), "dgi") == 0);
    end();
}

static void says_it_in_the_order_of_the_new_loop(void)
{
    start();
    struct said *a = say_to("r", ""), *b = say_to("r", ""), *c = say_to("r", "");
    pass(c, 1, 0); /* c a b there, a c b here: a was got */
    pass(a, 0, 1);
    pass(b, 1, 0);
    check(a->places[0] == 2);
    check(strcmp(missed(2), "b") == 0); /* c was before it */
    check(strcmp(missed(1), "ab") == 0);
    end();
}

static void leaves_to_the_new_loop_what_has_yet_to_pass_there(void)
{
    start();
    struct said *a = say_to("r", ""), *b = say_to("r", ""), *c = say_to("r", "");
    pass(a, 0, 1);
    pass(b, 0, -1);
    pass(c, 1, -1);
    check(strcmp(missed(1), "c") == 0); /* b comes to loop 1; c, not to loop 0 yet, is there */
    pass(b, 1, -1);
    check(strcmp(missed(1), "cb") == 0);
    end();
}

static void waits_for_what_was_got_to_pass_on_the_new_loop(void)
{
    start();
    struct said *a = say_to("r", "");
    pass(a, 0, -1);
    check(strcmp(missed(1), "early") == 0);
    pass(a, 1, -1);
    check(strcmp(missed(1), "") == 0);
    end();
}

static void keeps_what_was_said_to_one_behind_what_was_said_before(void)
{
    start();
    pass(say_to("r", ""), 0, 1); /* a, got */
    struct said *b = say_to("r", "");
    pass(b, 0, -1);
    struct said *to_me = complete(backlog_add(&backlog, nsp, NULL, 0, 0)); /* c */
    backlog_to_one(&backlog, to_me, SPAN("id-id-id-id-id-id-id"));
    pass(to_me, 0, -1);
    pass(say_to("r", ""), 0, -1); /* d */
    check(strcmp(missed(1), "early") == 0);
    pass(b, 1, -1);
    check(strcmp(missed(1), "bc") == 0);
    end();
}

static void knows_of_a_gap(void)
{
    start();
    for (int i = 0; i < 4; i++) {
        pass(say_to("r", ""), 0, 1);
    }
    check(backlog_oldest(&backlog) == said[0]);
    backlog_drop_oldest(&backlog);
    check(strcmp(missed(1), "bcd") == 0);
    backlog_drop_oldest(&backlog);
    check(strcmp(missed(1), "gap") == 0);
    check(strcmp(missed(2), "cd") == 0);
    check(backlog_find(&backlog, said[1]->stamp) == NULL);
    check(backlog_find(&backlog, said[2]->stamp) == said[2]);
    end();
}

static void knows_of_what_was_dropped_on_its_way(void)
{
    start();
    struct said *a = say_to("r", ""), *b = say_to("r", "");
    pass(b, 0, 1); /* got */
    pass(a, 1, -1);
    backlog_drop_oldest(&backlog);
    check(strcmp(missed(1), "early") == 0);
    pass(a, 0, -1);
    check(strcmp(missed(1), "gap") == 0);
    end();
}

static void counts_its_bytes(void)
{
    start();
    check(backlog.bytes == 0);
    pass(say_to("r", ""), 0, 1);
    size_t one = backlog.bytes;
    check(one > sizeof(struct said) && one < 1000);
    pass(say_to("r", ""), 0, 1);
    check(backlog.bytes == 2 * one);
    backlog_drop_oldest(&backlog);
    backlog_drop_oldest(&backlog);
    check(backlog.bytes == 0 && backlog_oldest(&backlog) == NULL);
    end();
}

int main(void)
{
    RUN(says_what_follows_for_the_rooms_of_who_asks);
    RUN(says_it_in_the_order_of_the_new_loop);
    RUN(leaves_to_the_new_loop_what_has_yet_to_pass_there);
    RUN(waits_for_what_was_got_to_pass_on_the_new_loop);
    RUN(keeps_what_was_said_to_one_behind_what_was_said_before);
    RUN(knows_of_a_gap);
    RUN(knows_of_what_was_dropped_on_its_way);
    RUN(counts_its_bytes);
    return tap_done();
}
