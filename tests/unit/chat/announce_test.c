/* Comings and goings, at once and gathered. */
// SPDX-License-Identifier: MIT
#include "src/chat/announce.h"

#include "src/chat/chat_loop.h"
#include "tests/support/tap.h"
#include "tests/unit/chat/chat_world.h"

enum {
    INTERVAL_MS = 540, /* and a little more, since timers are coarse */
    CROWD = PRESENCE_AT_ONCE_MAX
};

static struct peer *crowd[CROWD];

static void enter(struct peer *p)
{
    peer_send(p, "2[\"join_room\",{\"roomId\":\"busy\",\"after\":0}]");
}

static void leave(struct peer *p)
{
    peer_send(p, "2[\"leave_room\",{\"roomId\":\"busy\"}]");
}

/* As many as are still told at once; everybody has heard of everybody. */
static void begin_with_a_crowd(void)
{
    begin();
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i] = peer_join(i % LOOPS, "/");
        enter(crowd[i]);
    }
    settle();
    for (unsigned i = 0; i < CROWD; i++) {
        (void)peer_got(crowd[i]);
    }
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

/* How often the peer was told such a thing of that one, among all that it got. */
static unsigned heard(const char *got, const char *event, const struct peer *of)
{
    char text[128];
    (void)snprintf(text, sizeof text, "[\"%s\",{\"roomId\":\"busy\",\"userId\":\"%s\"", event,
                   of->id);
    return count_of(got, text);
}

static void tells_at_once_in_a_small_room(void)
{
    begin();
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    enter(a);
    settle();
    enter(b);
    settle();
    check(heard(peer_got(a), "user_joined", b) == 1);
    check(heard(peer_got(b), "user_joined", b) == 0);
    leave(b);
    settle();
    check(heard(peer_got(a), "user_left", b) == 1);
    check(heard(peer_got(b), "user_left", b) == 0);
    enter(b);
    settle();
    (void)peer_got(a);
    peer_vanish(b);
    settle();
    const char *got = peer_got(a);
    check(heard(got, "user_left", b) == 0 && heard(got, "presence_update", b) == 1);
    end();
}

static void gathers_in_a_large_room_and_tells_nobody_of_himself(void)
{
    begin_with_a_crowd();
    struct peer *b = peer_join(1, "/"), *c = peer_join(2, "/");
    enter(b);
    enter(c);
    settle();
    check(heard(peer_got(crowd[0]), "user_joined", b) == 0);
    (void)peer_got(b);
    world_advance(INTERVAL_MS);
    const char *got = peer_got(crowd[0]);
    check(heard(got, "user_joined", b) == 1 && heard(got, "user_joined", c) == 1);
    got = peer_got(b);
    check(heard(got, "user_joined", b) == 0 && heard(got, "user_joined", c) == 1);
    peer_vanish(c);
    world_advance(INTERVAL_MS);
    got = peer_got(b);
    check(heard(got, "user_left", c) == 0 && heard(got, "presence_update", c) == 1);
    end();
}

static void tells_no_other_socket_of_the_user_either(void)
{
    begin_with_a_crowd();
    struct peer *b = peer_join(1, "/"), *c = peer_join(2, "/");
    peer_send(b, "2[\"join_room\",{\"roomId\":\"busy\",\"after\":0,\"userId\":\"u1\"}]");
    peer_send(c, "2[\"join_room\",{\"roomId\":\"busy\",\"after\":0,\"userId\":\"u1\"}]");
    settle();
    world_advance(INTERVAL_MS);
    check(count_of(peer_got(crowd[1]), "\"userId\":\"u1\"") == 1);
    check(count_of(peer_got(b), "\"userId\":\"u1\"") == 0);
    check(count_of(peer_got(c), "\"userId\":\"u1\"") == 0);
    end();
}

static void does_not_mention_who_comes_back_or_goes_again_in_time(void)
{
    begin_with_a_crowd();
    struct peer *b = peer_join(1, "/"), *c = peer_join(2, "/");
    enter(b);
    enter(peer_join(0, "/"));
    settle();
    world_advance(INTERVAL_MS);
    (void)peer_got(crowd[0]);
    leave(b); /* and comes back */
    enter(c); /* and goes again */
    settle();
    enter(b);
    leave(c);
    settle();
    world_advance(INTERVAL_MS);
    check_peer(crowd[0], "");
    leave(b);
    settle();
    enter(b);
    settle();
    leave(b);
    settle();
    world_advance(INTERVAL_MS);
    check(heard(peer_got(crowd[0]), "user_left", b) == 1);
    end();
}

static void lists_who_is_there_once_per_interval(void)
{
    begin_with_a_crowd();
    struct peer *old = peer_join(0, "/");
    peer_send(old, "2[\"join_room\",{\"roomid\":\"busy\",\"username\":\"Old\"}]");
    settle();
    world_advance(INTERVAL_MS);
    (void)peer_got(old);
    for (unsigned i = 0; i < 10; i++) {
        enter(peer_join(i % LOOPS, "/"));
    }
    settle();
    check_peer(old, "");
    world_advance(INTERVAL_MS);
    check(count_of(peer_got(old), "[\"update_online_users\",") == 1);
    world_advance(INTERVAL_MS);
    check_peer(old, "");
    end();
}

static void leaves_nothing_behind_when_all_have_gone(void)
{
    begin_with_a_crowd();
    struct peer *b = peer_join(1, "/");
    enter(b);
    settle();
    for (unsigned i = 0; i < CROWD; i++) {
        peer_vanish(crowd[i]);
    }
    peer_vanish(b);
    settle();
    check(!nothing_is_left()); /* something is to be told still */
    world_advance(INTERVAL_MS);
    check(nothing_is_left());
    end();
}

static void forgets_what_is_not_told_when_the_server_stops(void)
{
    begin_with_a_crowd();
    enter(peer_join(1, "/"));
    settle();
    end(); /* ASan would tell */
    check(true);
}

int main(void)
{
    RUN(tells_at_once_in_a_small_room);
    RUN(gathers_in_a_large_room_and_tells_nobody_of_himself);
    RUN(tells_no_other_socket_of_the_user_either);
    RUN(does_not_mention_who_comes_back_or_goes_again_in_time);
    RUN(lists_who_is_there_once_per_interval);
    RUN(leaves_nothing_behind_when_all_have_gone);
    RUN(forgets_what_is_not_told_when_the_server_stops);
    return tap_done();
}
