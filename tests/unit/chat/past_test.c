/* What who joins is given of the past, where the tail ends or is gone. */
// SPDX-License-Identifier: MIT
#include "src/chat/past.h"

#include "src/chat/chat_loop.h"
#include "tests/support/tap.h"
#include "tests/unit/chat/chat_world.h"

static void fill(unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        char id[16], content[16];
        (void)snprintf(id, sizeof id, "old-%u", i);
        (void)snprintf(content, sizeof content, "\"%u\"", i);
        disk_say(SPAN("busy"), span_cstr(id), span_cstr(content));
    }
}

static void gives_all_that_was_missed_up_to_1000(void)
{
    begin();
    fill(PAST_CHANGES_MAX);
    struct client *c = client(1);
    request(c, JOIN_AFTER, 0);
    settle();
    look(c);
    check(c->lives == PAST_CHANGES_MAX && c->offset == PAST_CHANGES_MAX && is_right(c));
    check(c->gap_next == 0);
    end();
}

static void gives_the_latest_and_tells_of_a_gap_above(void)
{
    begin();
    fill(PAST_CHANGES_MAX + 11);
    struct client *c = client(1);
    request(c, JOIN_AFTER, 10);
    settle();
    look(c);
    check(c->lives == PAST_AFTER_GAP && c->offset == PAST_CHANGES_MAX + 11 && c->wrongs == 0);
    check(c->gap_after == 10 && c->gap_next == c->offset - PAST_AFTER_GAP + 1);
    check(c->contents[c->gap_next] == c->gap_next && c->contents[c->gap_next - 1] == 0);
    end();
}

static void needs_no_read_to_resume_within_the_tail(void)
{
    begin();
    struct peer *a = peer_join(0, "/");
    fill(10);
    for (unsigned i = 11; i <= 10 + TAIL_RECORDS_MAX + 5; i++) {
        say(a, "busy", i);
    }
    settle();
    struct client *within = client(1), *before = client(2);
    request(within, JOIN_AFTER, 15);
    settle();
    check(disk.reads == 0);
    request(before, JOIN_AFTER, 14);
    settle();
    check(disk.reads == 1);
    look(within);
    look(before);
    check(within->lives == TAIL_RECORDS_MAX && within->wrongs == 0);
    check(before->lives == TAIL_RECORDS_MAX + 1 && before->wrongs == 0);
    end();
}

/* More is told while the read waits than a tail holds. */
static void reads_again_when_the_tail_has_wrapped(void)
{
    begin();
    struct peer *a = peer_join(0, "/");
    struct client *c = client(1), *latest = client(2);
    fill(1);
    request(c, JOIN_AFTER, 0);
    request(latest, JOIN_LATEST, 0);
    world_settle();
    disk_look(0);
    disk_look(0);
    for (unsigned i = 2; i <= 2 * TAIL_RECORDS_MAX; i++) {
        say(a, "busy", i);
    }
    world_settle();
    for (unsigned i = 2; i <= 2 * TAIL_RECORDS_MAX; i++) {
        disk_write();
        disk_tell();
    }
    world_settle();
    check(disk.reads == 2);
    settle();
    check(disk.reads == 4);
    look(c);
    look(latest);
    check(c->lives == 2 * TAIL_RECORDS_MAX && is_right(c));
    check(latest->histories == 1 && latest->lives == 0 && latest->wrongs == 0);
    check(latest->contents[2 * TAIL_RECORDS_MAX] == 2 * TAIL_RECORDS_MAX);
    check(latest->contents[2 * TAIL_RECORDS_MAX - HISTORY_MESSAGES_MAX] == 0);
    end();
}

/* As after a restart: the store has it, no tail does, and its sender sends it again. */
static void keeps_what_it_has_while_that_is_repeated(void)
{
    struct chat_options options = plain_options();
    options.tail_bytes_max = 1; /* of several rooms only the latest has a tail */
    begin_with(options);
    struct peer *a = peer_join(0, "/");
    say_named(a, 1);
    settle();
    for (unsigned i = 0; i < 30; i++) { /* some of them where `busy` is at home */
        char room[8];
        (void)snprintf(room, sizeof room, "e%u", i);
        say(a, room, 2);
    }
    settle();
    world_advance(10);
    say_named(a, 1);
    struct client *c = client(1), *native = client(2);
    request(c, JOIN_LATEST, 0);
    request(native, JOIN_AFTER, 0);
    world_settle();
    check(disk.reads == 2); /* so the tail was gone */
    disk_look(0);
    disk_look(0);
    disk_answer(0);
    disk_answer(0);
    settle();
    look(c);
    look(native);
    check(c->histories == 1 && is_right(c));
    check(native->lives == 1 && native->offset == 1 && is_right(native));
    end();
}

static void gives_no_more_than_asked_for_and_nothing_deleted(void)
{
    struct chat_options options = plain_options();
    options.limits.history_max = 3;
    begin_with(options);
    struct peer *a = peer_join(0, "/");
    for (unsigned i = 1; i <= 6; i++) {
        say(a, "busy", i);
    }
    settle();
    change(a, disk.all.messages[4]->message.id, 0);
    change(a, disk.all.messages[2]->message.id, 33);
    settle();
    struct client *c = client(1);
    request(c, JOIN_LATEST, 0);
    settle();
    look(c);
    check(c->contents[6] == 6 && c->contents[5] == 0 && c->contents[4] == 4);
    check(c->contents[3] == 33 && c->contents[2] == 0 && c->histories == 1);
    end();
}

int main(void)
{
    RUN(gives_all_that_was_missed_up_to_1000);
    RUN(gives_the_latest_and_tells_of_a_gap_above);
    RUN(needs_no_read_to_resume_within_the_tail);
    RUN(reads_again_when_the_tail_has_wrapped);
    RUN(keeps_what_it_has_while_that_is_repeated);
    RUN(gives_no_more_than_asked_for_and_nothing_deleted);
    return tap_done();
}
