/* What a client may rely on when it comes back to its session, whoever keeps that: the memory of a
 * server that is alone, at two loops; or the stream that two servers share. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/socket/io.h"
#include "tests/support/cluster_bed.h"
#include "tests/support/tap.h"

enum { KEPT_MS = 1000, LATER_MS = 100 };

/* There are two places that a client may come to. */
struct back_end {
    const char *label;
    void (*start)(void);
    void (*end)(void);
    void (*enter)(unsigned place);
    struct peer *(*open)(unsigned place);
    void (*advance)(unsigned ms);
    struct rookery_namespace *(*root)(unsigned place);
};

/* What a client knows of its session. */
struct visitor {
    struct peer *peer;
    char sid[21], pid[21], offset[64];
    char got[2048]; /* events at its last look, without their offsets */
    bool connected, same;
};

static const struct back_end *b;
static struct visitor v;
static struct rookery_next *deciding;
static bool decides_later;

static void set_up(unsigned node, struct rookery_namespace *root);

/* ---- alone ---- */

static void start_alone(void)
{
    world_options.keep_ms = KEPT_MS;
    world_options.keep_bytes_max = 1 << 20;
    world_start(2);
    set_up(0, rookery_of(world, ROOKERY_STR("/")));
}

static void end_alone(void)
{
    world_options.keep_ms = 0;
    world_end();
}

static void enter_loop(unsigned place)
{
    world_enter((int)place);
}

static struct rookery_namespace *root_alone(unsigned place)
{
    return rookery_of(world, ROOKERY_STR("/"));
}

/* ---- on a stream ---- */

static void start_stream(void)
{
    cluster_bed_start(&(struct cluster_bed_setup){
        .nodes = 2, .wire = WIRE_STREAMS, .recovery_ms = KEPT_MS, .set_up = set_up});
}

static struct peer *open_at_node(unsigned place)
{
    cluster_bed_enter(place);
    return peer_open(0);
}

static const struct back_end back_ends[] = {
    {"alone", start_alone, end_alone, enter_loop, peer_open, world_advance, root_alone},
    {"stream", start_stream, cluster_bed_end, cluster_bed_enter, open_at_node, cluster_bed_advance,
     cluster_bed_nsp},
};

/* ---- the application ---- */

static void ask(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    if (decides_later) {
        deciding = next;
    } else {
        rookery_next_pass(next);
    }
}

static void on_in(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_join(s, ROOKERY_STR("r"));
    rookery_socket_set_info(s, ROOKERY_STR("{\"n\":1}"));
}

static void on_quit(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_disconnect(s, false);
}

static void set_up(unsigned node, struct rookery_namespace *root)
{
    rookery_use(root, ask, NULL);
    rookery_on(root, ROOKERY_STR("in"), on_in, NULL);
    rookery_on(root, ROOKERY_STR("quit"), on_quit, NULL);
}

static void say(unsigned place, const struct rookery_target *to, const char *event)
{
    b->enter(place);
    check(rookery_broadcast(b->root(place), to, str(event), NULL, NULL) == 0);
    b->advance(LATER_MS / 2);
}

static void say_in(unsigned place, const char *room, const char *event)
{
    const struct rookery_str name = str(room);
    const struct rookery_target to = {.rooms = &name, .room_count = 1};

    say(place, &to, event);
}

/* ---- the client ---- */

static void take_answer(const char *packet)
{
    const char *sid = packet + 11, *pid = strstr(packet, "\"pid\":\"");

    v.connected = true;
    v.same = memcmp(sid, v.sid, 20) == 0 && memcmp(pid + 7, v.pid, 20) == 0;
    (void)snprintf(v.sid, sizeof v.sid, "%.20s", sid);
    (void)snprintf(v.pid, sizeof v.pid, "%.20s", pid + 7);
}

/* An event ["name","offset"]. */
static void take_event(const char *packet, const char *end)
{
    const char *comma = memchr(packet, ',', (size_t)(end - packet));

    (void)strncat(v.got, packet + 4, (size_t)((comma == NULL ? end - 1 : comma) - packet - 4));
    if (comma != NULL) {
        (void)snprintf(v.offset, sizeof v.offset, "%.*s", (int)(end - comma - 4), comma + 2);
    }
}

static const char *look(void)
{
    const char *at = peer_got(v.peer), *end;

    v.got[0] = '\0';
    for (; *at == '|'; at = end) {
        end = at + 1 + strcspn(at + 1, "|");
        if (strncmp(at, "|40{\"sid\":\"", 11) == 0) {
            take_answer(at);
            (void)strncat(v.got, "*", sizeof v.got - strlen(v.got) - 1);
        } else {
            take_event(at, end);
        }
    }
    return v.got;
}

static void come(unsigned place)
{
    char packet[160];

    (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", v.pid, v.offset);
    v.peer = b->open(place);
    v.connected = false;
    peer_send(v.peer, v.pid[0] == '\0' ? "0" : packet);
    b->advance(LATER_MS);
}

static void leave(void)
{
    peer_vanish(v.peer);
    b->advance(LATER_MS);
}

static void start(void)
{
    decides_later = false;
    memset(&v, 0, sizeof v);
    b->start();
    come(0);
    check(strcmp(look(), "*") == 0);
    peer_send(v.peer, "2[\"in\"]");
    say_in(0, "r", "hello");
    check(strcmp(look(), "\"hello\"") == 0 && v.offset[0] != '\0');
}

static bool is_new_at(unsigned place)
{
    come(place);
    return strcmp(look(), "*") == 0 && v.connected && !v.same;
}

/* ---- */

static void gives_back_what_it_was_and_what_was_said_in_order(void)
{
    const struct rookery_str r = ROOKERY_STR("r");
    const struct rookery_target others = {.except = &r, .except_count = 1};
    for (unsigned place = 0; place < 2; place++) {
        start();
        leave();
        say_in(0, "r", "a");
        say_in(1, "r", "b");
        say_in(0, "elsewhere", "x");
        say(1, &others, "y");
        say(0, NULL, "c");
        say_in(1, v.sid, "d");
        come(place);
        check(strcmp(look(), "\"a\"\"b\"\"c\"\"d\"*") == 0 && v.same);
        say_in(0, "r", "e");
        say_in(1, v.sid, "f");
        check(strcmp(look(), "\"e\"\"f\"") == 0);
        b->end();
    }
}

static void says_again_what_was_not_got(void)
{
    start();
    say_in(0, "r", "a");
    (void)look();
    say_in(1, "r", "lost");
    leave();
    come(1);
    check(strcmp(look(), "\"lost\"*") == 0 && v.same);
    b->end();
}

static void gives_a_session_back_once(void)
{
    start();
    leave();
    const struct visitor before = v;
    come(1);
    check(strcmp(look(), "*") == 0 && v.same);
    v = before;
    check(is_new_at(0));
    b->end();
}

static void gives_it_back_again_after_the_next_end(void)
{
    start();
    for (unsigned i = 0; i < 4; i++) {
        leave();
        say_in(i % 2, "r", "a");
        come((i + 1) % 2);
        check(strcmp(look(), "\"a\"*") == 0 && v.same);
    }
    b->end();
}

static void begins_anew_with_what_it_does_not_know(void)
{
    static const char *const offsets[] = {"x", "1-1", "0"};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        start();
        leave();
        (void)snprintf(v.offset, sizeof v.offset, "%s", offsets[i]);
        check(is_new_at(1));
        b->end();
    }
    start();
    leave();
    memset(v.pid, 'x', 20);
    check(is_new_at(1));
    b->end();
}

static void begins_anew_when_it_is_too_late(void)
{
    start();
    leave();
    b->advance(KEPT_MS + LATER_MS);
    check(is_new_at(0));
    b->end();
}

static void begins_anew_after_an_end_that_was_wished_for(void)
{
    static const char *const ends[] = {"1", "2[\"quit\"]"};
    for (int i = 0; i < 2; i++) {
        start();
        peer_send(v.peer, ends[i]);
        leave();
        check(is_new_at(0));
        b->end();
    }
}

static void asks_middlewares_and_says_what_came_meanwhile(void)
{
    start();
    leave();
    say_in(0, "r", "a");
    decides_later = true;
    come(1);
    check(strcmp(look(), "") == 0);
    say_in(0, "r", "b");
    b->enter(1);
    rookery_next_pass(deciding);
    b->advance(LATER_MS);
    check(strcmp(look(), "\"a\"\"b\"*") == 0 && v.same);
    b->end();
}

static void keeps_it_for_who_goes_before_it_is_let_in(void)
{
    start();
    leave();
    say_in(0, "r", "a");
    decides_later = true;
    come(1);
    leave();
    decides_later = false;
    come(0);
    check(strcmp(look(), "\"a\"*") == 0 && v.same);
    b->end();
}

int main(void)
{
    for (size_t i = 0; i < sizeof back_ends / sizeof *back_ends; i++) {
        b = &back_ends[i];
        printf("# %s\n", b->label);
        RUN(gives_back_what_it_was_and_what_was_said_in_order);
        RUN(says_again_what_was_not_got);
        RUN(gives_a_session_back_once);
        RUN(gives_it_back_again_after_the_next_end);
        RUN(begins_anew_with_what_it_does_not_know);
        RUN(begins_anew_when_it_is_too_late);
        RUN(begins_anew_after_an_end_that_was_wished_for);
        RUN(asks_middlewares_and_says_what_came_meanwhile);
        RUN(keeps_it_for_who_goes_before_it_is_let_in);
    }
    return tap_done();
}
