/* Joins amid messages, edits and deletions, in any order in which their steps may happen. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "tests/support/tap.h"
#include "tests/unit/chat/chat_world.h"

/* ---- cases ---- */

static void shows_what_was_said_before(void)
{
    begin();
    struct peer *a = peer_join(0, "/");
    say(a, "busy", 1);
    say(a, "busy", 2);
    settle();
    for (unsigned loop = 0; loop < LOOPS; loop++) {
        struct client *c = client(loop), *native = client(loop);
        request(c, JOIN_LATEST, 0);
        request(native, JOIN_AFTER, 0);
        settle();
        look(c);
        look(native);
        check(c->histories == 1 && c->lives == 0 && is_right(c));
        check(native->offset == 2 && native->lives == 2 && is_right(native));
    }
    check(disk.reads == 0); /* the tail had it */
    end();
}

static void leaves_out_of_the_past_what_comes_live(void)
{
    begin();
    struct peer *a = peer_join(0, "/");
    disk_say(SPAN("busy"), SPAN("old"), SPAN("\"1\""));
    struct client *c = client(1), *native = client(2);
    say(a, "busy", 2); /* will be told while the read waits */
    say(a, "busy", 3); /* will be told after it */
    request(c, JOIN_LATEST, 0);
    request(native, JOIN_AFTER, 0);
    world_settle();
    disk_write();
    disk_write();
    disk_look(0);
    disk_look(0);
    disk_tell();
    world_settle();
    look(c);
    check(!c->in && c->lives == 0); /* nothing comes before the history */
    disk_answer(0);
    disk_answer(0);
    world_settle();
    look(c);
    look(native);
    check(c->histories == 1 && c->contents[2] == 2 && c->lives == 0);
    check(native->offset == 2 && native->lives == 2);
    settle();
    look(c);
    look(native);
    check(c->lives == 1 && is_right(c));
    check(native->lives == 3 && is_right(native));
    end();
}

/* Everybody on the loop that is the room's home and on others, since the ways differ. */
static void each_loop(void (*fn)(struct client *c))
{
    for (unsigned loop = 0; loop < LOOPS; loop++) {
        begin();
        fn(client(loop));
        settle();
        end();
    }
}

static void leave_while_joining(struct client *c)
{
    struct peer *other = peer_join(0, "/");
    disk_say(SPAN("busy"), SPAN("old"), SPAN("\"1\""));
    request(c, JOIN_LATEST, 0);
    request(c, LEAVE, 0);
    settle();
    say(other, "busy", 2);
    settle();
    look(c);
    check(!c->in && c->histories == 0 && c->lives == 0);
    check(roster_is(other, &c, 1));
    request(c, JOIN_LATEST, 0);
    request(c, LEAVE, 0);
    request(c, JOIN_AFTER, 0);
    settle();
    look(c);
    check(c->in && is_right(c) && roster_is(other, &c, 1));
    peer_vanish(c->peer);
    settle();
    check(nothing_is_left());
}

static void does_not_enter_who_has_left_meanwhile(void)
{
    each_loop(leave_while_joining);
}

static void vanish_while_joining(struct client *c)
{
    struct peer *sender = peer_join(1, "/");
    say(sender, "busy", 1);
    request(c, JOIN_LATEST, 0);
    world_settle();
    peer_vanish(c->peer);
    peer_vanish(sender);
    settle();
    check(disk.all.count == 1 && nothing_is_left());
}

static void outlives_senders_and_joiners_that_go_away(void)
{
    each_loop(vanish_while_joining);
}

static void join_when_the_store_fails(struct client *c)
{
    struct client *native = client(c->peer->loop);
    struct client *both[] = {c, native};
    struct peer *other = peer_join(0, "/");
    for (unsigned busy = 0; busy < 2; busy++) {
        disk.start_error = busy ? STORE_EBUSY : 0;
        disk.read_error = STORE_EIO;
        request(c, JOIN_LATEST, 0);
        request(native, JOIN_AFTER, 0);
        settle();
        look(c);
        look(native);
        check(c->in && c->blind && c->histories == 0);
        check(!native->in && native->wrongs == 0);
        check(roster_is(other, both, 2));
        request(c, LEAVE, 0);
        settle();
        look(c);
        check(nothing_is_left());
    }
    disk.read_error = disk.start_error = 0;
    request(c, JOIN_LATEST, 0);
    request(native, JOIN_AFTER, 0);
    say(other, "busy", 1);
    settle();
    look(c);
    look(native);
    check(c->in && is_right(c) && native->in && is_right(native));
}

static void says_what_cannot_be_read_and_lets_in_who_can_do_without(void)
{
    each_loop(join_when_the_store_fails);
}

/* A member whose second join fails is out, and so is the join that was under way besides; both may
 * be tried again, since the store may be back. */
static void join_again_when_the_store_fails(struct client *c)
{
    struct peer *other = peer_join(0, "/");
    request(c, JOIN_AFTER, 0);
    settle();
    disk.read_error = STORE_EIO;
    request(c, JOIN_AFTER, 0);
    request(c, JOIN_AFTER, 0);
    settle();
    look(c);
    check(!c->in && roster_is(other, &c, 1) && nothing_is_left());
    check(c->refused_for_now == 2 && c->refused_for_good == 0);
}

static void is_not_in_the_room_after_a_refusal(void)
{
    each_loop(join_again_when_the_store_fails);
}

static void join_what_is_full(struct client *c)
{
    struct chat_limits limits = plain_options().limits;
    struct peer *other = peer_join(0, "/");
    struct client *second = client(1);
    struct client *both[] = {c, second};
    limits.members_per_room = 1;
    chat_set_limits(the_chat, &limits);
    settle();
    request(c, JOIN_LATEST, 0);
    settle();
    request(second, JOIN_LATEST, 0);
    request(c, JOIN_AFTER, 0); /* has his place already */
    settle();
    look(c);
    look(second);
    check(c->in && !second->in && roster_is(other, both, 2));
    request(c, LEAVE, 0);
    settle();
    request(second, JOIN_LATEST, 0);
    settle();
    look(c);
    look(second);
    check(!c->in && second->in && roster_is(other, both, 2));
}

static void lets_no_more_into_a_room_than_it_takes(void)
{
    each_loop(join_what_is_full);
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned n = 0;
    while ((text = strstr(text, part)) != NULL) {
        n++;
        text++;
    }
    return n;
}

/* The joins of one turn: those that cross loops are under way when the next ones begin. */
static void nobody_enters_more_rooms_than_allowed_however_fast(void)
{
    enum { ROOMS = 1000, TOO_MANY = 100 };

    begin();
    struct peer *a = peer_join(0, "/");
    for (unsigned i = 0; i < ROOMS + TOO_MANY; i++) {
        char packet[96];
        (void)snprintf(packet, sizeof packet, "21[\"join_room\",{\"roomId\":\"r%u\"}]", i);
        peer_send(a, packet);
    }
    settle();
    const char *got = peer_got(a);
    check(count_of(got, "|431[{\"ok\":true") == ROOMS);
    check(count_of(got, "|431[{\"ok\":false,\"code\":\"TOO_MANY_ROOMS\"") == TOO_MANY);
    check(count_of(got, "|42[\"message_history\"") == ROOMS);
    peer_vanish(a);
    settle();
    check(nothing_is_left());
    end();
}

static void tells_nobody_of_himself_when_his_user_changes(struct client *c)
{
    struct peer *other = peer_join(0, "/");
    peer_send(other, "2[\"join_room\",{\"roomId\":\"busy\"}]");
    settle();
    peer_send(c->peer, "2[\"join_room\",{\"roomId\":\"busy\",\"userId\":\"u1\"}]");
    settle();
    (void)peer_got(other);
    (void)peer_got(c->peer);
    peer_send(c->peer, "2[\"join_room\",{\"roomId\":\"busy\",\"userId\":\"u2\"}]");
    settle();
    check_peer(c->peer, "|42[\"message_history\",[]]");
    check_peer(other, "|42[\"user_left\",{\"roomId\":\"busy\",\"userId\":\"u1\","
                      "\"timestamp\":\"2023-11-14T22:13:21.000Z\"}]"
                      "|42[\"user_joined\",{\"roomId\":\"busy\",\"userId\":\"u2\",\"username\":"
                      "\"u2\",\"timestamp\":\"2023-11-14T22:13:21.000Z\"}]");
}

static void is_another_user_after_another_join(void)
{
    each_loop(tells_nobody_of_himself_when_his_user_changes);
}

/* ---- at random ---- */

static void random_step(struct peer *const senders[2], struct client *const *clients, size_t count,
                        unsigned *next)
{
    enum { SAID_MAX = 95 };
    struct client *c = clients[(size_t)rand() % count];
    struct peer *sender = senders[rand() % 2];

    switch (rand() % 24) {
    case 0:
    case 1:
        if (disk_newest(SPAN("busy")) < 3 || (disk.all.count < SAID_MAX && rand() % 2 == 0)) {
            say_named(sender, ++*next);
        }
        break;
    case 2: { /* perhaps not for the first time */
        char room[8];
        (void)snprintf(room, sizeof room, "e%u", (unsigned)rand() % 9);
        say(sender, room, ++*next);
        break;
    }
    case 3:
        if (rand() % 4 == 0) {
            world_advance(10); /* repeats are not sent within the same millisecond */
            say_named(sender, *next == 0 ? 1 : 1 + (unsigned)rand() % *next);
        }
        break;
    case 4:
    case 5:
    case 6:
        if (disk.all.count > 0) {
            const struct message *m = &disk.all.messages[(size_t)rand() % disk.all.count]->message;
            change(span_eq(m->user_id, span_cstr(senders[0]->id)) ? senders[0] : senders[1], m->id,
                   rand() % 5 == 0 ? 0 : ++*next);
        }
        break;
    case 7:
        if (peer_is_open(c->peer) && c->request_count < REQUESTS_MAX - 1) {
            look(c);
            request(c, rand() % 2 == 0 ? JOIN_LATEST : JOIN_AFTER, 0);
        }
        break;
    case 8:
        if (peer_is_open(c->peer) && c->request_count < REQUESTS_MAX - 1) {
            look(c);
            request(c, rand() % 3 == 0 ? LEAVE : JOIN_AFTER, c->known);
        }
        break;
    case 9:
        if (rand() % 60 == 0 && peer_is_open(c->peer)) {
            peer_vanish(c->peer);
        }
        break;
    case 10:
    case 11:
    case 12:
        disk_write();
        disk_store();
        break;
    case 13:
    case 14:
        if (rand() % 2 == 0) {
            disk_follow();
        }
        disk_tell();
        break;
    case 15:
    case 16:
        disk_look((unsigned)rand());
        break;
    case 17:
    case 18:
        disk_answer((unsigned)rand());
        break;
    default:
        world_turn((unsigned)rand() % LOOPS);
    }
}

/* What the seed is for: small tails, few places, a store that fails. */
static struct chat_options options_of(unsigned seed)
{
    struct chat_options options = plain_options();
    options.tail_bytes_max = seed % 3 == 0 ? LOOPS * 1500 : 0;
    options.limits.members_per_room = seed % 5 == 0 ? 4 : 0;
    return options;
}

static void misbehave(unsigned seed)
{
    bool fails = seed % 4 == 0 && rand() % 10 == 0;
    disk.read_error = fails ? STORE_EIO : 0;
    disk.start_error = fails && rand() % 2 == 0 ? STORE_EBUSY : 0;
}

static unsigned failed, histories, lives, reads;

/* What happens at other nodes, in a log. */
static void other_step(unsigned *next)
{
    char id[16], content[16];
    unsigned which = (unsigned)rand() % 20;

    (void)snprintf(id, sizeof id, "other%u", (unsigned)rand() % 30);
    (void)snprintf(content, sizeof content, "\"%u\"", ++*next);
    switch (which) {
    case 0:
        disk_write_other(SPAN("busy"), span_cstr(id), span_cstr(content));
        break;
    case 1:
        disk_write_other(SPAN("elsewhere"), span_of(id + 1, strlen(id) - 1), span_cstr(content));
        break;
    case 2:
        disk_follow();
        break;
    case 3:
        disk_store();
        break;
    default:
        break;
    }
}

static void run_schedule(unsigned seed, bool log)
{
    enum { STEPS = 800, CLIENTS = 6 };
    struct client *clients[CLIENTS];
    struct peer *senders[2];
    unsigned next = 0, failed_before = failed;

    srand(seed);
    (log ? begin_log : begin_with)(options_of(seed));
    for (unsigned i = 0; i < 2; i++) {
        senders[i] = peer_join((unsigned)rand() % LOOPS, "/");
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = client(i % LOOPS);
    }
    for (unsigned step = 0; step < STEPS; step++) {
        misbehave(seed);
        random_step(senders, clients, CLIENTS, &next);
        if (log) {
            other_step(&next);
        }
    }
    disk.read_error = disk.start_error = 0;
    settle();
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *c = clients[i];
        look(c);
        c->in = c->in && peer_is_open(c->peer);
        failed += c->wrongs > 0 || (c->in && !c->blind && !is_right(c));
        histories += c->histories;
        lives += c->lives;
    }
    failed += !roster_is(senders[0], clients, CLIENTS);
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (peer_is_open(clients[i]->peer)) {
            peer_vanish(clients[i]->peer);
        }
    }
    settle();
    failed += !nothing_is_left();
    reads += (unsigned)disk.reads;
    if (failed > failed_before) {
        printf("# that was seed %u\n", seed);
    }
    end();
}

static void run_schedules(bool log)
{
    enum { RUNS = 120 };

    failed = histories = lives = reads = 0;
    for (unsigned seed = 1; seed <= RUNS && failed < 5; seed++) {
        run_schedule(seed, log);
    }
    check(failed == 0);
    printf("# %u histories, %u messages, %u reads\n", histories, lives, reads);
    check(histories > RUNS && lives > 20 * RUNS && reads > 5 * RUNS); /* else it proves little */
}

static void joins_without_a_gap_or_a_repetition_whatever_happens_when(void)
{
    run_schedules(false);
}

static void follows_a_log_without_a_gap_or_a_repetition_whatever_happens_when(void)
{
    run_schedules(true);
}

int main(int argc, char **argv)
{
    if (argc > 1) { /* to look at one schedule; with a second argument of a log */
        run_schedule((unsigned)strtoul(argv[1], NULL, 10), argc > 2);
        return failed != 0;
    }
    RUN(shows_what_was_said_before);
    RUN(leaves_out_of_the_past_what_comes_live);
    RUN(does_not_enter_who_has_left_meanwhile);
    RUN(outlives_senders_and_joiners_that_go_away);
    RUN(says_what_cannot_be_read_and_lets_in_who_can_do_without);
    RUN(is_not_in_the_room_after_a_refusal);
    RUN(lets_no_more_into_a_room_than_it_takes);
    RUN(nobody_enters_more_rooms_than_allowed_however_fast);
    RUN(is_another_user_after_another_join);
    RUN(joins_without_a_gap_or_a_repetition_whatever_happens_when);
    RUN(follows_a_log_without_a_gap_or_a_repetition_whatever_happens_when);
    return tap_done();
}
