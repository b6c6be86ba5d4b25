/* The chat on loops that are threads, with the journal and the store that it is run with, for TSan
 * to see what crosses them. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/chat/chat.h"
#include "src/engine/engine.h"
#include "src/engine/request.h"
#include "src/socket/io.h"
#include "tests/support/chat_limits.h"
#include "tests/support/memory_transport.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

enum { LOOPS = 3, PEERS = 6, SAID = 5, TOTAL = LOOPS * PEERS * SAID };

struct rookery {
    struct io io;
};

/* One thread's. */
struct place {
    struct thread_executor thread;
    struct engine engine;
    struct stats stats;
    struct memory_transport peers[PEERS];
    bool complete; /* each of its peers has got everything */
};

static struct rookery server;
static struct place places[LOOPS];
static struct store_place on_disk;
static struct store *store;
static struct journal *journal;
static struct chat *chat;

static const struct engine_options engine_options = {
    .ping_interval_ms = 1000, .payload_bytes_max = 10000, .queue_bytes_max = 1 << 24};

static int write_to_store(void *arg, struct message *const *messages, size_t count)
{
    return store_append(store, messages, count);
}

static void on_all(void (*fn)(void *arg))
{
    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_run(&places[i].thread, fn, &places[i]);
    }
}

static void start(void)
{
    const struct io_options options = {
        .connect_timeout_ms = 1000, .payload_bytes_max = 10000, .json_depth_max = 10};
    const struct journal_options writing = {.sink = {.write = write_to_store}};
    struct executor *executors[LOOPS];

    store_place_make(&on_disk);
    store = store_place_open(&on_disk, &store_sqlite);
    struct bytes why = {0};
    journal = journal_direct.open(&writing, &why);
    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_start(&places[i].thread, i);
        executors[i] = &places[i].thread.executor;
    }
    io_init(&server.io, &options, executors, LOOPS);
    struct chat_options chatting = {.executors = executors,
                                    .journal = journal,
                                    .store = store,
                                    .service_id = "test",
                                    .limits = chat_test_limits()};
    chat = chat_create(&server, &chatting);
    for (unsigned i = 0; i < LOOPS; i++) {
        engine_init(&places[i].engine, executors[i], &engine_options, io_engine_app(&server.io, i),
                    &places[i].stats);
    }
}

static void receive(struct memory_transport *t, const char *packet)
{
    session_receive_text(t->base.session, &t->base, span_cstr(packet));
}

static void connect_peers(void *arg)
{
    struct place *place = arg;

    for (unsigned i = 0; i < PEERS; i++) {
        struct memory_transport *t = &place->peers[i];
        struct rookery_request *request =
            request_create(SPAN("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), "::1", false, 0);
        memory_transport_init(t, &place->thread.executor);
        struct session *s = engine_handshake(&place->engine, &t->base, request, NULL);
        request_release(request);
        session_receive_text(s, &t->base, SPAN("40"));
    }
}

/* In even places as those who resume, else as those who get a history. Half of what everybody says
 * is said before he joins. */
static void talk(void *arg)
{
    struct place *place = arg;

    for (unsigned n = 0; n < SAID; n++) {
        for (unsigned i = 0; i < PEERS; i++) {
            struct memory_transport *t = &place->peers[i];
            if (n == i % SAID) {
                receive(t, i % 2 == 0 ? "42[\"join_room\",{\"roomId\":\"r\",\"after\":0}]"
                                      : "42[\"join_room\",{\"roomId\":\"r\"}]");
            }
            receive(t, "42[\"send_message\",{\"roomId\":\"r\",\"content\":\"x\"}]");
        }
    }
}

static void look(void *arg)
{
    struct place *place = arg;

    place->complete = true;
    for (unsigned i = 0; i < PEERS; i++) {
        place->complete =
            place->complete && memory_transport_count(&place->peers[i], "\"content\":") >= TOTAL;
    }
}

static bool all_complete(void)
{
    bool complete = true;

    on_all(look);
    for (unsigned i = 0; i < LOOPS; i++) {
        complete = complete && places[i].complete;
    }
    return complete;
}

static void check_order(const struct memory_transport *t)
{
    struct span rest = bytes_span(&t->sent);

    for (unsigned n = 1; n <= TOTAL; n++) {
        char part[32];
        (void)snprintf(part, sizeof part, "\"offset\":%u}", n);
        const uint8_t *at = memmem(rest.data, rest.len, part, strlen(part));
        check(at != NULL);
        rest = at == NULL ? rest : span_skip(rest, (size_t)(at - rest.data));
    }
}

static void check_peers(void *arg)
{
    struct place *place = arg;

    for (unsigned i = 0; i < PEERS; i++) {
        const struct memory_transport *t = &place->peers[i];
        check(memory_transport_count(t, "\"content\":") == TOTAL);
        check(memory_transport_count(t, "[\"message_history\",") == i % 2 &&
              memory_transport_count(t, "[\"error\",") == 0);
        if (i % 2 == 0) {
            check_order(t);
        }
    }
}

/* Some have left before, and some are joining still. */
static void leave(void *arg)
{
    struct place *place = arg;

    for (unsigned i = 0; i < PEERS; i++) {
        receive(&place->peers[i], i % 2 == 0 ? "42[\"leave_room\",{\"roomId\":\"r\"}]"
                                             : "42[\"join_room\",{\"roomId\":\"s\"}]");
    }
}

static void shut_down(void *arg)
{
    engine_shutdown(&((struct place *)arg)->engine);
}

static void finish(void)
{
    on_all(shut_down);
    journal_close(journal);
    store_close(store);
    for (unsigned depth = 0; depth < 6; depth++) {
        on_all(look); /* what was posted, and what that has posted, is run */
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_stop(&places[i].thread);
    }
    io_finish(&server.io);
    for (unsigned i = 0; i < LOOPS; i++) {
        engine_finish(&places[i].engine);
        for (unsigned p = 0; p < PEERS; p++) {
            memory_transport_finish(&places[i].peers[p]);
        }
    }
    chat_destroy(chat);
    store_place_remove(&on_disk);
}

static void tells_everybody_everything_once_whichever_thread_he_is_on(void)
{
    start();
    on_all(connect_peers);
    for (unsigned i = 0; i < LOOPS; i++) {
        rookery_loop_post(rookery_loop_at(&server, i), talk, &places[i]);
    }
    while (!all_complete()) {
    }
    on_all(check_peers);
    on_all(leave);
    finish();
}

int main(void)
{
    RUN(tells_everybody_everything_once_whichever_thread_he_is_on);
    return tap_done();
}
