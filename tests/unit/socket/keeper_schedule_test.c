/* Connections break and come back at random, on any of several loops, while things are said on all
 * of them and are still on their way between them: what a client has got in the end is what was
 * said to its rooms and to itself, once, and in the order of each loop that has said it. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/socket/io.h"
#include "src/socket/keeper.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { CLIENTS = 5, ROOMS = 3, MESSAGES = 250, RUNS = 100, EVERYBODY = ROOMS, GOT_MAX = 1000 };

struct client_view {
    struct peer *peer; /* NULL: it is away */
    struct rookery_socket *socket;
    unsigned rooms; /* a bit for each */
    char sid[24], pid[24], offset[32];
    bool joined;
    int got[GOT_MAX];
    int got_count;
};

/* Message i was said by that loop to that room; from EVERYBODY + 1 on: to that client. */
struct message {
    unsigned loop, to;
};

static struct client_view clients[CLIENTS];
static struct message messages[MESSAGES];
static int message_count;
static struct peer *spares[WORLD_LOOPS_MAX]; /* connections that have not joined yet, or NULL */
static struct rookery_namespace *root;
static uint64_t random_state;
static unsigned loops;

static unsigned below(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state * 0x2545F4914F6CDD1DULL) >> 33) % n;
}

/* ---- the server ---- */

static struct client_view *client_of(const struct rookery_socket *s)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (memcmp(clients[i].sid, rookery_socket_id(s).data, 20) == 0) {
            return &clients[i];
        }
    }
    return NULL;
}

static struct rookery_str room_named(unsigned room)
{
    static const char *const names[ROOMS] = {"r0", "r1", "r2"};
    return str(names[room]);
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    struct client_view *c = client_of(s);

    if (c != NULL) {
        c->socket = s;
        return;
    }
    for (c = clients; c->socket != NULL; c++) {
        /* the first that has not joined */
    }
    c->socket = s;
    memcpy(c->sid, rookery_socket_id(s).data, 20);
    for (unsigned room = 0; room < ROOMS; room++) {
        if ((c->rooms >> room & 1) != 0) {
            rookery_join(s, room_named(room));
        }
    }
}

static void on_disconnect(struct rookery_socket *s, const char *reason, void *arg)
{
    struct client_view *c = client_of(s);

    if (c == NULL) {
        check(!"a client's");
        return;
    }
    c->socket = NULL;
}

static void say(unsigned loop, unsigned to)
{
    const struct rookery_str room = to < ROOMS ? room_named(to) : (struct rookery_str){0};
    const struct rookery_target target = {.rooms = &room, .room_count = to < ROOMS};
    char json[16];
    const struct rookery_args args = {.json = {json, 0}};
    struct rookery_args numbered = args;

    numbered.json.len = (size_t)snprintf(json, sizeof json, "%d", message_count);
    messages[message_count++] = (struct message){loop, to};
    world_enter((int)loop);
    if (to <= EVERYBODY) {
        check(rookery_broadcast(root, &target, ROOKERY_STR("m"), &numbered, NULL) == 0);
    } else {
        struct rookery_socket *s = clients[to - EVERYBODY - 1].socket;
        check(rookery_emit(s, ROOKERY_STR("m"), &numbered, NULL) == 0);
    }
    world_enter(0);
}

/* ---- the clients ---- */

static void take_answer(struct client_view *c, const char *packet)
{
    const char *sid = strstr(packet, "{\"sid\":\""), *pid = strstr(packet, "\"pid\":\"");

    if (c->joined) {
        check(strncmp(sid + 8, c->sid, 20) == 0); /* it is recovered */
    }
    (void)snprintf(c->pid, sizeof c->pid, "%.20s", pid + 7);
    c->joined = true;
}

/* Reads what has come, and leaves the last few packets on the wire. */
static void read_some(struct client_view *c, bool all)
{
    const char *at = peer_got(c->peer);

    for (const char *end; *at == '|' && (all || below(4) != 0); at = end) {
        end = strchr(at + 1, '|');
        end = end == NULL ? at + strlen(at) : end;
        if (strncmp(at, "|42", 3) != 0) {
            take_answer(c, at);
            continue;
        }
        const char *offset = strrchr(at, ',');
        offset = offset > end ? strchr(strchr(at, ',') + 1, ',') : offset;
        (void)snprintf(c->offset, sizeof c->offset, "%.*s", (int)(strcspn(offset + 2, "\"")),
                       offset + 2);
        check(c->got_count < GOT_MAX);
        c->got[c->got_count++ % GOT_MAX] = (int)strtol(strchr(at, ',') + 1, NULL, 10);
    }
}

static void go_away(struct client_view *c)
{
    read_some(c, false);
    peer_vanish(c->peer);
    c->peer = NULL;
}

/* A new connection costs its loop a turn, in which all comes that is on its way there. */
static struct peer *connection(unsigned loop)
{
    struct peer *p = spares[loop] != NULL ? spares[loop] : peer_open(loop);

    spares[loop] = NULL;
    return p;
}

static void come_back(struct client_view *c)
{
    char packet[128];

    (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", c->pid, c->offset);
    c->peer = connection(below(loops));
    peer_send(c->peer, packet);
}

/* ---- a run ---- */

static void begin(void)
{
    memset(clients, 0, sizeof clients);
    memset(spares, 0, sizeof spares);
    message_count = 0;
    world_options.keep_ms = 100000;
    world_options.keep_bytes_max = 1 << 24;
    world_options.skip_middlewares = true;
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    rookery_on_disconnect(root, on_disconnect, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].rooms = 1 + below(7);
        clients[i].peer = peer_open(below(loops));
        peer_send(clients[i].peer, "0");
        world_settle();
    }
    say(0, EVERYBODY);
    world_settle();
    for (int i = 0; i < CLIENTS; i++) {
        read_some(&clients[i], true);
    }
}

static void step(void)
{
    struct client_view *c = &clients[below(CLIENTS)];

    switch (below(6)) {
    case 0:
    case 1:
        say(below(loops), below(ROOMS + 1));
        break;
    case 2:
        if (c->socket != NULL) {
            say(rookery_loop_index(rookery_socket_loop(c->socket)),
                EVERYBODY + 1 + (unsigned)(c - clients));
        }
        break;
    case 3: {
        unsigned loop = below(loops);
        if (spares[loop] == NULL && below(2) == 0) {
            spares[loop] = peer_open(loop);
        } else {
            world_turn(loop);
        }
        break;
    }
    case 4:
        if (c->peer == NULL) {
            come_back(c);
        } else if (below(3) == 0) {
            go_away(c);
        }
        break;
    default:
        if (c->peer != NULL) {
            read_some(c, true);
        }
        break;
    }
}

static bool is_for(const struct client_view *c, const struct message *m)
{
    return m->to == EVERYBODY || m->to == EVERYBODY + 1 + (unsigned)(c - clients) ||
           (m->to < ROOMS && (c->rooms >> m->to & 1) != 0);
}

static void check_got(const struct client_view *c)
{
    int times[MESSAGES] = {0}, latest[WORLD_LOOPS_MAX] = {-1, -1, -1};

    for (int i = 0; i < c->got_count; i++) {
        const struct message *m = &messages[c->got[i]];
        times[c->got[i]]++;
        check(c->got[i] > latest[m->loop]);
        latest[m->loop] = c->got[i];
    }
    for (int i = 0; i < message_count; i++) {
        check(times[i] == is_for(c, &messages[i]));
    }
}

static void finish(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i].peer == NULL) {
            come_back(&clients[i]);
        }
    }
    world_settle();
    for (int i = 0; i < CLIENTS; i++) {
        read_some(&clients[i], true);
        check_got(&clients[i]);
    }
    world_end();
}

static void run(uint64_t seed)
{
    int failed_before = tap_case_failed;

    random_state = seed;
    begin();
    while (message_count < MESSAGES) {
        step();
    }
    finish();
    if (tap_case_failed && !failed_before) {
        printf("# seed %llu\n", (unsigned long long)seed);
    }
}

static void nothing_is_lost_or_comes_twice_on_one_loop(void)
{
    loops = 1;
    for (uint64_t seed = 1; seed <= RUNS / 3 && !tap_case_failed; seed++) {
        run(seed);
    }
}

static void nothing_is_lost_or_comes_twice_between_two_loops(void)
{
    loops = 2;
    for (uint64_t seed = 1; seed <= RUNS && !tap_case_failed; seed++) {
        run(seed);
    }
}

static void nothing_is_lost_or_comes_twice_among_three_loops(void)
{
    loops = 3;
    for (uint64_t seed = 1; seed <= RUNS && !tap_case_failed; seed++) {
        run(seed);
    }
}

int main(void)
{
    RUN(nothing_is_lost_or_comes_twice_on_one_loop);
    RUN(nothing_is_lost_or_comes_twice_between_two_loops);
    RUN(nothing_is_lost_or_comes_twice_among_three_loops);
    return tap_done();
}
