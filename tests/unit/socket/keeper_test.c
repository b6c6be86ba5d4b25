/* Sockets that are come back to on a server that is alone. */
// SPDX-License-Identifier: MIT
#include "src/socket/keeper.h"

#include "src/socket/io.h"
#include "tests/support/returner.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { KEEP_MS = 1000 };

static struct rookery_namespace *root;
static struct rookery_socket *last, *asked;
static struct rookery_next *deciding;
static unsigned loops;

static void on_connection(struct rookery_socket *s, void *arg)
{
    last = s;
}

static void ask(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    asked = s;
    deciding = next;
}

static void start_with(size_t bytes_max)
{
    world_options.keep_ms = KEEP_MS;
    world_options.keep_bytes_max = bytes_max;
    world_options.skip_middlewares = true;
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    last = NULL;
    deciding = NULL;
}

static void start(void)
{
    start_with(1 << 20);
}

static struct keeper_figures figures(void)
{
    return keeper_figures(io_of(world)->keeper);
}

/* What it has got so far on its present connection. */
static const char *all_got(const struct returner *c)
{
    static char got[4096];

    world_settle();
    (void)snprintf(got, sizeof got, "%s", peer_got(c->peer));
    return got;
}

static const char *connect_with(struct returner *c, unsigned loop, const char *packet)
{
    c->peer = peer_open(loop);
    peer_send(c->peer, packet);
    return all_got(c);
}

static void join(struct returner *c, unsigned loop)
{
    check(returner_joined(c, connect_with(c, loop, "0")));
}

static const char *come_back(struct returner *c, unsigned loop)
{
    returner_ask(c, loop, "");
    return all_got(c);
}

static const char *read_plain(struct returner *c)
{
    return returner_plain(c, peer_got(c->peer));
}

static void say(unsigned loop, const char *room, const char *event)
{
    const struct rookery_str name = str(room);
    const struct rookery_target to = {.rooms = &name, .room_count = 1};

    world_enter((int)loop);
    check(rookery_broadcast(root, room[0] == '\0' ? NULL : &to, str(event), NULL, NULL) == 0);
    world_enter(0);
}

/* It has got something, and so an offset. */
static void join_and_hear(struct returner *c)
{
    join(c, 0);
    say(0, "", "a");
    world_settle();
    (void)read_plain(c);
}

static void join_and_go(struct returner *c)
{
    join_and_hear(c);
    peer_vanish(c->peer);
}

static void join_room(unsigned loop, const char *room, unsigned tag)
{
    world_enter((int)loop);
    check(rookery_join_as(last, str(room), tag) == 0);
    world_enter(0);
}

static bool is_new(const struct returner *c, const char *got)
{
    return strncmp(got, "|40{\"sid\":\"", 11) == 0 && strstr(got, c->pid) == NULL &&
           strstr(got, "\"pid\":\"") != NULL;
}

/* ---- */

static void says_everything_at_once_and_with_an_offset(void)
{
    const struct rookery_emit volatile_ = {.is_volatile = true};
    struct returner c;
    start();
    join(&c, 0);
    check(rookery_emit(last, ROOKERY_STR("v"), NULL, &volatile_) == 0);
    check(rookery_emit(last, ROOKERY_STR("a"), NULL, NULL) == 0);
    say(0, "", "b");
    world_turn(0);
    const char *got = peer_got(c.peer);
    check(strstr(got, "|42[\"v\"]|") != NULL);
    check_str(returner_plain(&c, got), "|42[\"v\"]|42[\"a\"]|42[\"b\"]");
    check(strlen(c.offset) > 5 && c.offset[4] == '.');
    const struct rookery_args broken = {.json = ROOKERY_STR("{")};
    check(rookery_emit(last, ROOKERY_STR("a"), &broken, NULL) == ROOKERY_EINVAL);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("a"), &broken, NULL) == ROOKERY_EINVAL);
    world_end();
}

static void is_what_it_was_with_what_it_has_missed(void)
{
    struct returner c;
    char want[512];
    start();
    join(&c, 0);
    join_room(0, "r", 0);
    rookery_socket_set_info(last, ROOKERY_STR("{\"n\":2}"));
    say(0, "r", "a");
    world_settle();
    check_str(read_plain(&c), "|42[\"a\"]");
    say(0, "r", "lost on its way");
    peer_vanish(c.peer);
    world_settle();
    say(loops - 1, "r", "b");
    say(0, "other", "x");
    world_settle();
    say(0, "", "c");
    world_settle();
    const char *got = come_back(&c, loops - 1);
    (void)snprintf(want, sizeof want,
                   "|42[\"lost on its way\"]|42[\"b\"]|42[\"c\"]|40{\"sid\":\"%s\",\"pid\":\"%s\"}",
                   c.sid, c.pid);
    check_str(returner_plain(&c, got), want);
    check(rookery_socket_recovered(last) && rookery_in_room(last, ROOKERY_STR("r")));
    check(rookery_in_room(last, rookery_socket_id(last)));
    check(memcmp(rookery_socket_id(last).data, c.sid, 20) == 0);
    say(0, "r", "d");
    world_settle();
    check_str(read_plain(&c), "|42[\"d\"]");
    check(figures().saved == 1 && figures().restored == 1 && figures().refused == 0);
    world_end();
}

static void is_restored_once(void)
{
    struct returner c;
    start();
    join_and_go(&c);
    struct returner again = c;
    check(strstr(come_back(&c, 0), c.sid) != NULL);
    check(is_new(&again, come_back(&again, loops - 1)));
    check(figures().restored == 1 && figures().refused == 1);
    world_end();
}

static void is_new_after_an_end_that_was_wished_for(void)
{
    struct returner c;
    start();
    for (int by_server = 0; by_server < 2; by_server++) {
        join_and_hear(&c);
        if (by_server) {
            rookery_disconnect(last, false);
        } else {
            peer_send(c.peer, "1");
        }
        world_settle();
        check(is_new(&c, come_back(&c, 0)));
    }
    check(figures().saved == 0);
    world_end();
}

static void is_new_with_an_offset_that_is_none(void)
{
    /* '!' stands for the characters of this start. */
    static const char *const offsets[] = {
        "x",
        "AAAA.0",
        "1-0",
        "!.ff",
        "!.0x0",
        "!.0000000000000000000",
        "!.",
        "!.0 ",
        "!0.0",
        "!.-1",
        "!.10000000000000000",
    };
    struct returner c;
    char offset[64];
    start();
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        join_and_go(&c);
        const bool ours = offsets[i][0] == '!';
        (void)snprintf(offset, sizeof offset, "%.*s%s", ours ? 4 : 0, c.offset, offsets[i] + ours);
        memcpy(c.offset, offset, sizeof offset);
        check(is_new(&c, come_back(&c, 0)));
    }
    check(figures().restored == 0);
    world_end();
}

static void is_of_its_namespace(void)
{
    struct returner c;
    char packet[128];
    start();
    (void)rookery_of(world, ROOKERY_STR("/other"));
    join_and_go(&c);
    (void)snprintf(packet, sizeof packet, "0/other,{\"pid\":\"%s\",\"offset\":\"%s\"}", c.pid,
                   c.offset);
    struct returner stranger = c;
    check(strstr(connect_with(&stranger, 0, packet), c.sid) == NULL);
    check(strstr(come_back(&c, 0), c.sid) != NULL);
    world_end();
}

static void keeps_nothing_longer_than_that(void)
{
    struct returner c, d;
    start();
    join(&c, 0);
    join(&d, 0);
    say(0, "", "a");
    world_settle();
    (void)read_plain(&c);
    (void)read_plain(&d);
    world_advance(KEEP_MS / 2);
    say(0, "", "b");
    world_settle();
    (void)read_plain(&d);
    peer_vanish(c.peer);
    peer_vanish(d.peer);
    world_advance(KEEP_MS - 100);
    check(is_new(&c, come_back(&c, 0)));            /* its offset is too old */
    check(strstr(come_back(&d, 0), d.sid) != NULL); /* neither is */
    say(0, "", "c");
    world_settle();
    (void)read_plain(&d);
    peer_vanish(d.peer);
    world_advance(KEEP_MS / 2);
    say(0, "", "d");
    world_advance(KEEP_MS * 2);
    check(figures().bytes == 0);
    check(is_new(&d, come_back(&d, 0)));
    world_end();
}

static void begins_anew_when_what_was_missed_did_not_fit(void)
{
    struct returner c;
    start_with(4096);
    join_and_go(&c);
    for (int i = 0; i < 100; i++) {
        say(0, "", "many");
        world_settle();
        check(figures().bytes <= 4096);
    }
    check(figures().dropped > 0);
    check(is_new(&c, come_back(&c, 0)));
    check(!rookery_socket_recovered(last));
    world_end();
}

static void drops_the_oldest_sessions_too(void)
{
    struct returner first, c;
    start_with(4096);
    join_and_go(&first);
    for (int i = 0; i < 50; i++) {
        world_advance(10);
        join_and_go(&c);
        check(figures().bytes <= 4096);
    }
    check(is_new(&first, come_back(&first, 0)));
    check(strstr(come_back(&c, 0), c.sid) != NULL);
    world_end();
}

static void says_again_what_was_said_in_forms(void)
{
    const struct rookery_str name = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &name, .room_count = 1};
    const struct rookery_form forms[] = {
        {1 << 0, ROOKERY_STR("zero"), {.json = ROOKERY_STR("1")}},
        {1 << 3, ROOKERY_STR("three"), {.json = ROOKERY_STR("1")}}};
    struct returner c;
    start();
    join(&c, 0);
    join_room(0, "r", 3);
    say(0, "r", "a");
    world_settle();
    (void)read_plain(&c);
    peer_vanish(c.peer);
    check(rookery_broadcast_forms(root, &to, forms, 2, NULL, NULL) == 0);
    world_settle();
    const char *got = returner_plain(&c, come_back(&c, loops - 1));
    check(strncmp(got, "|42[\"three\",1]|40", 17) == 0);
    check(rookery_room_tag(last, name) == 3);
    world_end();
}

static void says_it_to_the_children_of_a_parent(void)
{
    struct returner c;
    char packet[128];
    start();
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/d[0-9]$");
    check(returner_joined(&c, connect_with(&c, 0, "0/d1")));
    check(rookery_broadcast(parent, NULL, ROOKERY_STR("a"), NULL, NULL) == 0);
    world_settle();
    check_str(read_plain(&c), "|42/d1,[\"a\"]");
    peer_vanish(c.peer);
    world_enter(-1);
    check(rookery_broadcast(parent, NULL, ROOKERY_STR("b"), NULL, NULL) == 0);
    world_enter(0);
    world_settle();
    (void)snprintf(packet, sizeof packet, "0/d1,{\"pid\":\"%s\",\"offset\":\"%s\"}", c.pid,
                   c.offset);
    const char *got = returner_plain(&c, connect_with(&c, loops - 1, packet));
    got = strncmp(got, "|42/d1,[\"b\"]|40/d1,{", 20) == 0 ? "" : got;
    check_str(got, "");
    world_end();
}

static void asks_middlewares_and_says_what_came_meanwhile(void)
{
    struct returner c;
    start();
    memset(io_of(world)->keeper->epoch, '1',
           KEEPER_EPOCH_LEN); /* where the place is written over */
    join_and_go(&c);
    say(0, "", "b");
    world_settle();
    io_of(world)->options.skip_middlewares = false;
    rookery_use(root, ask, NULL);
    check_str(come_back(&c, loops - 1), "");
    say(0, "", "c");
    world_settle();
    world_enter((int)loops - 1);
    rookery_next_pass(deciding);
    world_enter(0);
    world_settle();
    const char *got = returner_plain(&c, peer_got(c.peer));
    check(strncmp(got, "|42[\"b\"]|42[\"c\"]|40{", 20) == 0 && strstr(got, c.sid) != NULL);
    world_end();
}

static void may_come_back_again_when_it_goes_before_it_is_let_in(void)
{
    struct returner c;
    start();
    join_and_go(&c);
    say(0, "", "b");
    world_settle();
    io_of(world)->options.skip_middlewares = false;
    rookery_use(root, ask, NULL);
    check_str(come_back(&c, loops - 1), "");
    peer_vanish(c.peer);
    io_of(world)->options.skip_middlewares = true;
    const char *got = returner_plain(&c, come_back(&c, 0));
    check(strncmp(got, "|42[\"b\"]|40{", 11) == 0 && strstr(got, c.sid) != NULL);
    world_end();
}

static void begins_anew_when_a_middleware_says_so(void)
{
    struct returner c;
    start();
    join(&c, 0);
    join_room(0, "r", 0);
    rookery_socket_set_info(last, ROOKERY_STR("{\"n\":1}"));
    say(0, "", "a");
    world_settle();
    (void)read_plain(&c);
    rookery_begin_anew(last); /* nobody asks about it any more */
    check(rookery_in_room(last, ROOKERY_STR("r")));
    peer_vanish(c.peer);
    say(0, "r", "b");
    world_settle();
    io_of(world)->options.skip_middlewares = false;
    rookery_use(root, ask, NULL);
    check_str(come_back(&c, loops - 1), "");
    check(rookery_socket_recovered(asked) && str_is(rookery_socket_info(asked), "{\"n\":1}"));
    world_enter((int)loops - 1);
    rookery_begin_anew(asked);
    rookery_begin_anew(asked);
    check(!rookery_socket_recovered(asked) && str_is(rookery_socket_info(asked), "{}"));
    rookery_next_pass(deciding);
    world_enter(0);
    world_settle();
    check(is_new(&c, peer_got(c.peer)) && last == asked);
    check(!rookery_in_room(last, ROOKERY_STR("r")) &&
          rookery_in_room(last, rookery_socket_id(last)));
    check_str(come_back(&c, 0), "");
    check(!rookery_socket_recovered(asked));
    rookery_next_pass(deciding);
    world_end();
}

static void on(unsigned count)
{
    loops = count;
    RUN(says_everything_at_once_and_with_an_offset);
    RUN(is_what_it_was_with_what_it_has_missed);
    RUN(is_restored_once);
    RUN(is_new_after_an_end_that_was_wished_for);
    RUN(is_new_with_an_offset_that_is_none);
    RUN(is_of_its_namespace);
    RUN(keeps_nothing_longer_than_that);
    RUN(begins_anew_when_what_was_missed_did_not_fit);
    RUN(drops_the_oldest_sessions_too);
    RUN(says_again_what_was_said_in_forms);
    RUN(says_it_to_the_children_of_a_parent);
    RUN(asks_middlewares_and_says_what_came_meanwhile);
    RUN(may_come_back_again_when_it_goes_before_it_is_let_in);
    RUN(begins_anew_when_a_middleware_says_so);
}

int main(void)
{
    on(1);
    on(3);
    return tap_done();
}
