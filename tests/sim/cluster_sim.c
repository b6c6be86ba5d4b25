/* cluster_sim [SCHEDULES [SEED]] - whole clusters under random schedules: up to five nodes with
 * clients that join and leave rooms, speak, ask; a bus that delays, breaks, repeats and restarts;
 * nodes that die and begin anew. One thread, a virtual clock, everything from the seed: a schedule
 * that fails prints its seed, and
 *
 *     cluster_sim 1 SEED
 *
 * is that schedule again, and with a third argument it tells what happens. Without arguments 200
 * schedules from a fixed seed.
 *
 * What must hold, on each wire:
 *   once      no client gets a message twice
 *   order     what one node says reaches a client in the order in which it was said
 *   nothing lost   who was in a room when something was said there, on a node that lives on, gets
 *             it, as long as the speaker's node lives on too and nothing was dropped for lack of
 *             room (which is counted)
 *   no stranger    nobody gets what was said in a room that he has never been in
 *   answers   every question ends exactly once */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/cluster_bed.h"
#include "tests/support/tap.h"

enum {
    NODES_MAX = CLUSTER_BED_NODES_MAX,
    CLIENTS = 10,
    ROOMS = 4,
    STEPS = 300,
    SAID_MAX = STEPS,
    /* A join is in force after that; what was said before has arrived or is under way. */
    SETTLED_MS = 400,
    CALM_MS = 30000,
    PADDING_MAX = 4000, /* of a message, in some schedules: so that answers have several pieces */
};

/* ---- randomness ---- */

static uint64_t random_state;

static uint64_t below(uint64_t n)
{
    random_state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = random_state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % n;
}

/* ---- the model ---- */

static unsigned now_ms;

/* What happens, where a schedule of one is looked at. */
static bool tracing;

#define trace(...)                        \
    do {                                  \
        if (tracing) {                    \
            printf("# %6u ms: ", now_ms); \
            printf(__VA_ARGS__);          \
        }                                 \
    } while (0)

struct saying {
    unsigned node, birth; /* of the speaker */
    unsigned room;
    unsigned at_ms;
};

struct client {
    struct peer *peer;
    unsigned node;
    bool in[ROOMS];
    unsigned in_since_ms[ROOMS];
    bool ever_in[ROOMS];
    unsigned got_count;
    unsigned got[SAID_MAX * 2];
    /* which sayings it must have in the end */
    bool due[SAID_MAX];
};

static struct client clients[CLIENTS];
static struct saying said[SAID_MAX];
static unsigned said_count, node_count;
static unsigned births[NODES_MAX];
static int padding;
static unsigned asked, answered;
static enum cluster_wire wire;
static uint64_t seed;

static void fail(const char *what, const struct client *c, unsigned n)
{
    printf("# %s: client %u of node %u, saying %u of node %u in room %u at %u ms (seed %llu)\n",
           what, (unsigned)(c - clients), c->node, n, said[n].node, said[n].room, said[n].at_ms,
           (unsigned long long)seed);
    tap_case_failed = 1;
}

static void pass_time(unsigned ms)
{
    cluster_bed_advance(ms);
    now_ms += ms;
}

/* ---- what happens ---- */

static void come(struct client *c, unsigned node)
{
    struct peer *p = cluster_bed_join(node, (unsigned)below(2), "/");

    *c = (struct client){.peer = p, .node = node};
}

static void join_or_leave(struct client *c)
{
    unsigned room = (unsigned)below(ROOMS);
    char packet[64];

    (void)snprintf(packet, sizeof packet, "2[\"%s\",\"room-%u\"]", c->in[room] ? "leave" : "join",
                   room);
    trace("client %u of node %u: %s\n", (unsigned)(c - clients), c->node, packet);
    peer_send(c->peer, packet);
    c->in[room] = !c->in[room];
    c->in_since_ms[room] = now_ms;
    c->ever_in[room] |= c->in[room];
    if (!c->in[room]) { /* what is under way may still come, or not */
        for (unsigned n = 0; n < said_count; n++) {
            if (said[n].room == room) {
                c->due[n] = false;
            }
        }
    }
}

static void say(unsigned node)
{
    char room[16], json[PADDING_MAX + 32];
    struct saying *s = &said[said_count];

    *s = (struct saying){node, births[node], (unsigned)below(ROOMS), now_ms};
    (void)snprintf(room, sizeof room, "room-%u", s->room);
    (void)snprintf(json, sizeof json, "%u,\"%0*d\"", said_count, padding, 0);
    const struct rookery_str name = {room, strlen(room)};
    const struct rookery_target to = {.rooms = &name, .room_count = 1};
    const struct rookery_args args = {.json = {json, strlen(json)}};
    cluster_bed_enter(node);
    check(rookery_broadcast(cluster_bed_nsp(node), &to, ROOKERY_STR("m"), &args, NULL) == 0);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *c = &clients[i];
        c->due[said_count] = c->in[s->room] && now_ms - c->in_since_ms[s->room] >= SETTLED_MS;
    }
    trace("node %u says %u in room %u\n", node, said_count, s->room);
    said_count++;
}

static void on_sockets(int error, const struct rookery_socket_info *sockets, size_t count,
                       void *arg)
{
    (void)error, (void)sockets, (void)count, (void)arg;
    answered++;
}

static void on_acks(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    (void)error, (void)answers, (void)count, (void)arg;
    answered++;
}

static void ask(unsigned node)
{
    static const struct rookery_broadcast how = {.timeout_ms = 300, .on_acks = on_acks};

    cluster_bed_enter(node);
    asked++;
    switch (below(3)) {
    case 0:
        rookery_fetch_sockets(cluster_bed_nsp(node), NULL, on_sockets, NULL);
        break;
    case 1:
        check(rookery_server_emit(cluster_bed_nsp(node), ROOKERY_STR("x"), NULL, &how) == 0);
        break;
    default:
        check(rookery_broadcast(cluster_bed_nsp(node), NULL, ROOKERY_STR("q"), NULL, &how) == 0);
    }
}

/* What it was about to say is lost with it, and so are its clients. */
static void kill_node(unsigned node)
{
    for (unsigned n = 0; n < said_count; n++) {
        for (unsigned i = 0; said[n].node == node && i < CLIENTS; i++) {
            clients[i].due[n] = false;
        }
    }
    trace("node %u is killed\n", node);
    cluster_bed_restart_node(node);
    births[node]++;
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i].node == node) {
            come(&clients[i], node);
        }
    }
}

/* ---- what clients have got ---- */

static void hear(struct client *c)
{
    const char *at = peer_got(c->peer);

    while ((at = strstr(at, "|42[\"m\",")) != NULL) {
        at += strlen("|42[\"m\",");
        assert(c->got_count < SAID_MAX * 2);
        c->got[c->got_count++] = (unsigned)strtoul(at, NULL, 10);
        trace("client %u gets %u\n", (unsigned)(c - clients), c->got[c->got_count - 1]);
    }
}

static void hear_all(void)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        hear(&clients[i]);
    }
}

/* A node that has begun anew is another one: its first words may overtake the last of before. */
static void check_once_and_in_order(const struct client *c)
{
    bool had[SAID_MAX] = {false};
    unsigned last[NODES_MAX] = {0}; /* by node, one more than the saying */

    for (unsigned i = 0; i < c->got_count; i++) {
        unsigned n = c->got[i];
        unsigned *before = &last[said[n].node];
        if (!c->ever_in[said[n].room]) {
            fail("a stranger gets it", c, n);
        }
        if (had[n]) {
            fail("it comes twice", c, n);
        } else if (*before > n + 1 && said[*before - 1].birth == said[n].birth) {
            fail("it comes late", c, n);
        }
        had[n] = true;
        *before = n + 1;
    }
}

static bool has(const struct client *c, unsigned n)
{
    for (unsigned i = 0; i < c->got_count; i++) {
        if (c->got[i] == n) {
            return true;
        }
    }
    return false;
}

static void check_all(void)
{
    uint64_t dropped = 0;

    for (unsigned i = 0; i < node_count; i++) {
        dropped += cluster_bed_counts(i)->gaps + cluster_bed_bus_counts(i)->dropped_full +
                   cluster_bed_bus_counts(i)->dropped_old;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        check_once_and_in_order(&clients[i]);
        for (unsigned n = 0; n < said_count; n++) {
            if (clients[i].due[n] && !has(&clients[i], n) && dropped == 0) {
                fail("it is lost", &clients[i], n);
            }
        }
    }
    check(asked == answered);
}

/* ---- a schedule ---- */

static void step(void)
{
    unsigned node = (unsigned)below(node_count);
    uint64_t what = below(100);

    if (what < 40) {
        say(node);
    } else if (what < 60) {
        join_or_leave(&clients[below(CLIENTS)]);
    } else if (what < 65) {
        ask(node);
    } else if (what < 67) {
        unsigned ms = (unsigned)below(3000) + 1;
        trace("node %u is cut off for %u ms\n", node, ms);
        bus_hub_break(cluster_bed_bus(node), ms);
    } else if (what < 68) {
        unsigned ms = (unsigned)below(2000) + 1;
        trace("Redis is away for %u ms\n", ms);
        bus_hub_restart(cluster_bed_hub(), ms, true);
    } else if (what < 69 && below(4) == 0) {
        kill_node(node);
    } else {
        pass_time((unsigned)below(30) * 10);
    }
    hear_all();
}

static void run_schedule(void)
{
    random_state = seed;
    node_count = 2 + (unsigned)below(NODES_MAX - 1);
    wire = (enum cluster_wire)below(3);
    padding = below(3) == 0 ? PADDING_MAX : 1;
    said_count = asked = answered = 0;
    now_ms = 0;
    memset(births, 0, sizeof births);
    memset(clients, 0, sizeof clients);
    trace("wire %u, %u nodes\n", wire, node_count);
    cluster_bed_start(&(struct cluster_bed_setup){.nodes = node_count,
                                                  .loops = 2,
                                                  .wire = wire,
                                                  .mode = (enum cluster_mode)below(3),
                                                  .common_responses = below(2) == 0,
                                                  .seed = seed});
    bus_hub_faults(cluster_bed_hub(),
                   &(struct bus_hub_faults){.delay_ms_max = (unsigned)below(60)});
    for (unsigned i = 0; i < CLIENTS; i++) {
        come(&clients[i], (unsigned)below(node_count));
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step();
    }
    bus_hub_faults(cluster_bed_hub(), NULL);
    pass_time(CALM_MS);
    hear_all();
    check_all();
    cluster_bed_end();
}

static unsigned schedules = 200;
static uint64_t first_seed = 1;

static void clusters_keep_what_they_promise(void)
{
    for (unsigned i = 0; i < schedules && tap_case_failed == 0; i++) {
        seed = first_seed + i;
        run_schedule();
    }
}

int main(int argc, char *argv[])
{
    const char *wanted = getenv("ROOKERY_SIM_SCHEDULES");

    if (wanted != NULL) {
        schedules = (unsigned)strtoul(wanted, NULL, 10);
    }
    if (argc > 1) {
        schedules = (unsigned)strtoul(argv[1], NULL, 10);
    }
    if (argc > 2) {
        first_seed = strtoull(argv[2], NULL, 10);
    }
    tracing = argc > 3;
    RUN(clusters_keep_what_they_promise);
    return tap_done();
}
