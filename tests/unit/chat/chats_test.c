/* Several chats in one process, joined by a bus that brings what they say in any order between two
 * of them, twice sometimes, and not at all to or from a node that is cut off: all that is said
 * comes once, and in the end all know the same of who is where. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat.h"
#include "src/socket/adapter.h"
#include "src/socket/io.h"
#include "src/socket/local.h"
#include "tests/support/chat_limits.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { NODES = 3, PEERS = 3, ROOMS = 2, USERS = 4, LOOPS = 2, SAID_MAX = 400 };
enum { SEEDS = 100, STEPS = 300 };

/* ---- the bus ---- */

struct post {
    struct post *next;
    char *event, *json, *note; /* note NULL: from server to server */
};

struct member {
    struct peer *peer;
    bool in[ROOMS];
    unsigned since[ROOMS];       /* what is said from then on it has to get */
    unsigned char got[SAID_MAX]; /* how often */
};

static struct node {
    struct adapter adapter;
    struct world *world;
    struct rookery *io;
    struct chat *chat;
    const char *id;
    bool cut_off;
    struct post *first[NODES], **last[NODES]; /* from each of the others */
    struct member members[PEERS];
} nodes[NODES];

static unsigned random_state, said_count, said_in[SAID_MAX];
static bool lossy;

static unsigned pick(unsigned n)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % n;
}

static char *copy(struct rookery_str s)
{
    char *text = xcalloc(1, s.len + 1);

    if (s.len > 0) {
        memcpy(text, s.data, s.len);
    }
    return text;
}

static void post(const struct node *from, struct node *to, struct rookery_str event,
                 const struct rookery_args *args, const struct rookery_str *note)
{
    struct post *p = xcalloc(1, sizeof *p);

    p->event = copy(event);
    p->json = copy(args == NULL ? ROOKERY_STR("") : args->json);
    p->note = note == NULL ? NULL : copy(*note);
    *to->last[from - nodes] = p;
    to->last[from - nodes] = &p->next;
}

static void post_to_all(const struct node *from, struct rookery_str event,
                        const struct rookery_args *args, const struct rookery_str *note)
{
    for (unsigned i = 0; i < NODES; i++) {
        bool lost = from->cut_off || nodes[i].cut_off;
        for (unsigned n = 1 + (pick(8) == 0 && note != NULL); n > 0 && from != &nodes[i]; n--) {
            if (!lost) {
                post(from, &nodes[i], event, args, note);
            }
        }
    }
}

static bool deliver(struct node *to, unsigned from)
{
    const struct rookery_str room = ROOKERY_STR("not read");
    const struct rookery_target target = {.rooms = &room, .room_count = 1, .local = true};
    struct post *p = to->first[from];

    if (p == NULL) {
        return false;
    }
    to->first[from] = p->next;
    to->last[from] = p->next == NULL ? &to->first[from] : to->last[from];
    (void)world_switch(to->world);
    struct rookery_namespace *root = rookery_of(world, ROOKERY_STR("/"));
    const struct rookery_args args = {.json = {p->json, strlen(p->json)}};
    const struct rookery_str event = {p->event, strlen(p->event)};
    if (p->note == NULL) {
        local_server_event(root, event, &args, NULL, NULL);
    } else {
        local_broadcast(root, &target, event, &args, NULL,
                        (struct rookery_str){p->note, strlen(p->note)});
    }
    free(p->event);
    free(p->json);
    free(p->note);
    free(p);
    return true;
}

static void ignore_open(struct adapter *a, struct rookery_namespace *nsp)
{
    (void)a;
    (void)nsp;
}

static void broadcast(struct adapter *a, struct rookery_namespace *nsp,
                      const struct adapter_packet *packet, struct gather *answers)
{
    (void)nsp;
    check(answers == NULL && packet->note.len > 0);
    post_to_all((struct node *)a, packet->event, packet->args, &packet->note);
}

static void end_inquiry(struct task *task)
{
    struct inquiry *q = container_of(task, struct inquiry, task);
    q->on_done(q, 0);
}

static void inquire(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                    const struct rookery_target *target, struct rookery_str event,
                    const struct rookery_args *args)
{
    (void)nsp;
    (void)target;
    check(q->kind == INQUIRE_EMIT);
    post_to_all((struct node *)a, event, args, NULL);
    q->task.run = end_inquiry;
    executor_post(world_executor(0), &q->task);
}

static void ignore_room(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                        struct rookery_str room)
{
    (void)a;
    (void)nsp;
    (void)loop;
    (void)room;
}

static bool await_room(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                       struct rookery_str room, struct task *done)
{
    (void)a;
    (void)nsp;
    (void)room;
    if (pick(2) == 0) {
        return false;
    }
    executor_post(world_executor(loop), done);
    return true;
}

static const struct adapter_ops ops = {.open = ignore_open,
                                       .broadcast = broadcast,
                                       .inquire = inquire,
                                       .room_opened = ignore_room,
                                       .room_closed = ignore_room,
                                       .await_room = await_room};

/* ---- nodes ---- */

static void connect(struct node *n, struct member *m)
{
    char packet[64];

    (void)world_switch(n->world);
    *m = (struct member){.peer = peer_open(pick(LOOPS))};
    (void)snprintf(packet, sizeof packet, "0{\"userId\":\"u%u\"}", pick(USERS));
    peer_send(m->peer, packet);
    world_settle();
    (void)peer_got(m->peer);
}

static void start_node(unsigned i)
{
    static const char *const ids[NODES] = {"n0", "n1", "n2"};
    struct node *n = &nodes[i];
    struct executor *executors[LOOPS];

    *n = (struct node){.adapter.ops = &ops, .id = ids[i]};
    for (unsigned from = 0; from < NODES; from++) {
        n->last[from] = &n->first[from];
    }
    (void)world_switch(NULL);
    world_start(LOOPS);
    n->io = world;
    for (unsigned loop = 0; loop < LOOPS; loop++) {
        executors[loop] = world_executor(loop);
    }
    const struct chat_options options = {
        .executors = executors, .service_id = n->id, .limits = chat_test_limits()};
    fake_cluster_begin(world, n->id);
    n->chat = chat_create(world, &options);
    io_set_adapter(io_of(world), &n->adapter);
    n->world = world_switch(NULL);
    for (unsigned p = 0; p < PEERS; p++) {
        connect(n, &n->members[p]);
    }
}

static void end_node(struct node *n)
{
    (void)world_switch(n->world);
    world_end();
    chat_destroy(n->chat);
}

/* ---- what happens ---- */

/* Takes what it has got since the last look. */
static void look(struct member *m)
{
    const char *got = peer_got(m->peer);

    while ((got = strstr(got, "\"content\":\"m")) != NULL) {
        got += 12;
        unsigned n = (unsigned)strtoul(got, NULL, 10);
        check(n < said_count);
        m->got[n]++;
    }
}

static void settle(void)
{
    world_settle();
    for (unsigned i = 0; i < NODES * PEERS; i++) {
        look(&nodes[i / PEERS].members[i % PEERS]);
    }
}

static bool deliver_all(void)
{
    bool any = false;

    for (unsigned i = 0; i < NODES * NODES; i++) {
        while (deliver(&nodes[i / NODES], i % NODES)) {
            any = true;
            world_settle();
        }
    }
    return any;
}

/* Until nobody has anything to say any more. */
static void calm_down(void)
{
    do {
        world_advance(100);
    } while (deliver_all());
    settle();
}

static void check_member(const struct member *m, unsigned room)
{
    for (unsigned n = 0; n < said_count; n++) {
        bool wanted = said_in[n] == room && m->in[room] && n >= m->since[room] && !lossy;
        check(said_in[n] != room || m->got[n] <= 1);
        check(!wanted || m->got[n] == 1);
    }
}

static void come_or_go(struct member *m, unsigned room)
{
    char packet[100];

    (void)snprintf(packet, sizeof packet, "2[\"%s\",{\"roomId\":\"r%u\",\"after\":0}]",
                   m->in[room] ? "leave_room" : "join_room", room);
    peer_send(m->peer, packet);
    settle();
    m->in[room] = !m->in[room];
    m->since[room] = said_count;
}

static void say(struct member *m)
{
    unsigned room = pick(ROOMS);
    char packet[100];

    if (m->in[room] && said_count < SAID_MAX) {
        (void)snprintf(packet, sizeof packet,
                       "2[\"send_message\",{\"roomId\":\"r%u\",\"content\":\"m%u\","
                       "\"clientId\":\"c%u\"}]",
                       room, said_count, said_count);
        said_in[said_count++] = room;
        peer_send(m->peer, packet);
        settle();
    }
}

static void vanish(struct node *n, struct member *m)
{
    peer_vanish(m->peer);
    settle();
    connect(n, m);
}

static void on_all_but(const struct node *n, bool alive)
{
    for (unsigned i = 0; i < NODES; i++) {
        if (&nodes[i] != n) {
            (void)world_switch(nodes[i].world);
            fake_cluster_change(nodes[i].io, n->id, alive);
        }
    }
}

/* Whoever is away long enough is declared dead, of which he knows nothing. */
static void cut_off_or_mend(struct node *n)
{
    (void)world_switch(n->world);
    n->cut_off = !n->cut_off;
    lossy = true;
    fake_cluster_redis(n->io, !n->cut_off);
    if (n->cut_off) {
        if (pick(2) == 0) {
            on_all_but(n, false);
            on_all_but(n, true);
        }
    }
    settle();
}

static void step(bool with_outages)
{
    struct node *n = &nodes[pick(NODES)];
    struct member *m = &n->members[pick(PEERS)];

    switch (pick(with_outages ? 12 : 11)) {
    case 0:
    case 1:
    case 2:
        come_or_go(m, pick(ROOMS));
        break;
    case 3:
    case 4:
        say(m);
        break;
    case 5:
        vanish(n, m);
        break;
    case 6:
        world_advance(10);
        break;
    case 11:
        cut_off_or_mend(n);
        break;
    default:
        (void)deliver(n, pick(NODES));
        settle();
        break;
    }
}

/* ---- in the end ---- */

static bool lists(const char *answer, unsigned user)
{
    char part[32];

    (void)snprintf(part, sizeof part, "{\"userId\":\"u%u\"", user);
    return strstr(answer, part) != NULL;
}

static void all_know_the_same_of(unsigned room)
{
    char packet[64], first[2000] = "";

    (void)snprintf(packet, sizeof packet, "21[\"room_members\",{\"roomId\":\"r%u\"}]", room);
    for (unsigned i = 0; i < NODES * PEERS; i++) {
        struct member *m = &nodes[i / PEERS].members[i % PEERS];
        if (!m->in[room]) {
            continue;
        }
        peer_send(m->peer, packet);
        world_settle();
        const char *answer = peer_got(m->peer);
        if (first[0] == '\0') {
            (void)snprintf(first, sizeof first, "%s", answer);
        }
        for (unsigned user = 0; user < USERS; user++) {
            check(lists(answer, user) == lists(first, user));
        }
    }
}

static void run(unsigned seed, bool with_outages)
{
    random_state = seed;
    said_count = 0;
    lossy = false;
    for (unsigned i = 0; i < NODES; i++) {
        start_node(i);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step(with_outages);
    }
    for (unsigned i = 0; i < NODES; i++) {
        if (nodes[i].cut_off) {
            cut_off_or_mend(&nodes[i]);
        }
    }
    calm_down();
    for (unsigned room = 0; room < ROOMS; room++) {
        for (unsigned i = 0; i < NODES * PEERS; i++) {
            check_member(&nodes[i / PEERS].members[i % PEERS], room);
        }
        all_know_the_same_of(room);
    }
    if (tap_case_failed) {
        printf("# seed %u\n", seed);
    }
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i].cut_off = true; /* nobody hears of the end */
    }
    for (unsigned i = 0; i < NODES; i++) {
        end_node(&nodes[i]);
    }
    fake_cluster_end();
}

static void all_that_is_said_comes_once(void)
{
    for (unsigned seed = 1; seed <= SEEDS && !tap_case_failed; seed++) {
        run(seed, false);
    }
}

static void after_outages_all_know_the_same(void)
{
    for (unsigned seed = 1; seed <= SEEDS && !tap_case_failed; seed++) {
        run(1000 + seed, true);
    }
}

int main(void)
{
    RUN(all_that_is_said_comes_once);
    RUN(after_outages_all_know_the_same);
    return tap_done();
}
