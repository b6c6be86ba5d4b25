#include "tests/support/world.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/engine.h"
#include "src/engine/request.h"
#include "src/socket/io.h"

struct rookery {
    struct io io;
};

struct world_loop {
    struct fake_executor fake;
    struct engine engine;
    struct stats stats;
};

struct world {
    struct rookery server;
    struct world_loop loops[WORLD_LOOPS_MAX];
    unsigned loop_count;
    struct peer *peers;
    struct world *next;
};

struct rookery *world;

static struct world *present;
static struct world *worlds; /* in the order in which they were started */
static uint64_t now_ms;

struct io_options world_options = {
    .connect_timeout_ms = 1000,
    .payload_bytes_max = 100000,
    .attachments_max = 10,
    .json_depth_max = 64,
    .keep_handshake = true,
};

static const struct engine_options engine_options = {
    .ping_interval_ms = 1000000, /* no heartbeats in between */
    .ping_timeout_ms = 1000000,
    .upgrade_timeout_ms = 1000,
    .payload_bytes_max = 100000,
    .queue_bytes_max = 1 << 20,
    .undecided_max = 10,
    .decision_timeout_ms = 1000,
    .allow_polling = true,
    .allow_websocket = true,
    .allow_upgrades = true,
    .allow_eio3 = true,
};

struct world *world_switch(struct world *w)
{
    struct world *before = present;

    present = w;
    world = w == NULL ? NULL : &w->server;
    world_enter(w == NULL ? -1 : 0);
    return before;
}

/* At the end; returns how many there were. */
static unsigned add_world(struct world *w)
{
    struct world **end = &worlds;
    unsigned count = 0;

    while (*end != NULL) {
        end = &(*end)->next;
        count++;
    }
    *end = w;
    return count;
}

static void remove_world(const struct world *w)
{
    struct world **at = &worlds;

    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
}

void world_start(unsigned count)
{
    struct executor *executors[WORLD_LOOPS_MAX];
    struct world *w = xcalloc(1, sizeof *w);
    unsigned earlier = add_world(w);

    now_ms = earlier == 0 ? 1000 : now_ms;
    w->loop_count = count;
    for (unsigned i = 0; i < count; i++) {
        fake_executor_init(&w->loops[i].fake, i);
        w->loops[i].fake.random += (uint64_t)earlier * WORLD_LOOPS_MAX;
        fake_executor_turn(&w->loops[i].fake, now_ms);
        executors[i] = &w->loops[i].fake.executor;
    }
    (void)world_switch(w);
    io_init(&w->server.io, &world_options, executors, count);
    for (unsigned i = 0; i < count; i++) {
        engine_init(&w->loops[i].engine, executors[i], &engine_options,
                    io_engine_app(&w->server.io, i), &w->loops[i].stats);
    }
}

void world_enter(int loop)
{
    (void)fake_executor_enter(loop < 0 ? NULL : &present->loops[loop].fake);
}

struct executor *world_executor(unsigned loop)
{
    return &present->loops[loop].fake.executor;
}

void world_turn(unsigned loop)
{
    fake_executor_turn(&present->loops[loop].fake, now_ms);
}

static bool tasks_left(void)
{
    bool any = false;

    for (const struct world *w = worlds; w != NULL; w = w->next) {
        for (unsigned i = 0; i < w->loop_count; i++) {
            any |= fake_executor_has_tasks(&w->loops[i].fake);
        }
    }
    return any;
}

void world_settle(void)
{
    do {
        for (struct world *w = worlds; w != NULL; w = w->next) {
            for (unsigned i = 0; i < w->loop_count; i++) {
                fake_executor_turn(&w->loops[i].fake, now_ms);
            }
        }
    } while (tasks_left());
}

void world_advance(unsigned ms)
{
    enum { STEP_MS = 10 };

    for (unsigned passed = 0; passed < ms; passed += STEP_MS) {
        now_ms += STEP_MS;
        world_settle();
    }
}

uint64_t world_stat(enum stat_id which)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < present->loop_count; i++) {
        sum += stats_get(&present->loops[i].stats, which);
    }
    return sum;
}

static void drop_peers(struct world *w)
{
    while (w->peers != NULL) {
        struct peer *p = w->peers;
        w->peers = p->next;
        memory_transport_finish(&p->transport);
        free(p);
    }
}

void world_end(void)
{
    struct world *w = present;

    for (unsigned i = 0; i < w->loop_count; i++) {
        world_enter((int)i);
        engine_shutdown(&w->loops[i].engine);
    }
    world_settle();
    (void)world_switch(NULL);
    remove_world(w);
    io_finish(&w->server.io);
    for (unsigned i = 0; i < w->loop_count; i++) {
        engine_finish(&w->loops[i].engine);
        fake_executor_finish(&w->loops[i].fake);
    }
    drop_peers(w);
    free(w);
}

/* ---- peers ---- */

static void forget_sent(struct peer *p)
{
    bytes_clear(&p->transport.sent);
}

/* Calls into the layer under test as the peer's loop. */
static struct fake_executor *enter_loop_of(const struct peer *p)
{
    return fake_executor_enter(&p->world->loops[p->loop].fake);
}

static struct peer *open_by(unsigned loop, unsigned revision, const char *fields,
                            const char *address)
{
    struct peer *p = xcalloc(1, sizeof *p);
    char head[2048];
    int len = snprintf(head, sizeof head,
                       "GET /socket.io/?EIO=%u&token=a%%20b HTTP/1.1\r\nHost: h\r\n%s\r\n",
                       revision, fields);
    assert(len > 0 && (size_t)len < sizeof head);
    struct rookery_request *request =
        request_create(span_of(head, (size_t)len), address, false, 1234);

    p->world = present;
    p->loop = loop;
    p->next = present->peers;
    present->peers = p;
    memory_transport_init(&p->transport, &present->loops[loop].fake.executor);
    struct fake_executor *before = enter_loop_of(p);
    (void)engine_handshake(&present->loops[loop].engine, &p->transport.base, request, NULL);
    request_release(request);
    world_turn(loop);
    (void)fake_executor_enter(before);
    return p;
}

struct peer *peer_open(unsigned loop)
{
    return peer_open_as(loop, "", "127.0.0.1");
}

struct peer *peer_open_as(unsigned loop, const char *fields, const char *address)
{
    struct peer *p = open_by(loop, 4, fields, address);

    forget_sent(p);
    return p;
}

struct peer *peer_open_eio3(unsigned loop)
{
    return open_by(loop, 3, "", "127.0.0.1");
}
static void note_id(struct peer *p)
{
    const char *sid = strstr(peer_got(p), "{\"sid\":\"");

    assert(sid != NULL);
    memcpy(p->id, sid + 8, 20);
    p->id[20] = '\0';
}

void peer_join_more(struct peer *p, const char *nsp)
{
    char packet[128];

    (void)snprintf(packet, sizeof packet, "0%s", strcmp(nsp, "/") == 0 ? "" : nsp);
    peer_send(p, packet);
    fake_executor_turn(&p->world->loops[p->loop].fake, now_ms);
    note_id(p);
}

struct peer *peer_join(unsigned loop, const char *nsp)
{
    struct peer *p = peer_open(loop);

    peer_join_more(p, nsp);
    return p;
}

bool peer_is_open(const struct peer *p)
{
    return p->transport.base.session != NULL && p->transport.ending == MEMORY_OPEN;
}

void peer_send(struct peer *p, const char *packet)
{
    struct bytes text = {0};
    struct fake_executor *before = enter_loop_of(p);

    bytes_add_byte(&text, '4');
    bytes_add_cstr(&text, packet);
    if (peer_is_open(p)) {
        session_receive_text(p->transport.base.session, &p->transport.base, bytes_span(&text));
    }
    bytes_finish(&text);
    (void)fake_executor_enter(before);
}

void peer_send_binary(struct peer *p, const char *data)
{
    struct fake_executor *before = enter_loop_of(p);

    if (peer_is_open(p)) {
        session_receive_binary(p->transport.base.session, &p->transport.base, span_cstr(data));
    }
    (void)fake_executor_enter(before);
}

void peer_vanish(struct peer *p)
{
    struct session *s = p->transport.base.session;
    struct fake_executor *before = enter_loop_of(p);

    p->transport.base.session = NULL;
    session_transport_gone(s, &p->transport.base, REASON_TRANSPORT_CLOSE);
    (void)fake_executor_enter(before);
}

const char *peer_got(struct peer *p)
{
    static struct bytes last; /* one more than what is sent, for the NUL */
    static char empty[] = "";

    bytes_clear(&last);
    bytes_add_span(&last, bytes_span(&p->transport.sent));
    bytes_add_byte(&last, '\0');
    forget_sent(p);
    return last.len == 1 ? empty : (const char *)last.data;
}
