// SPDX-License-Identifier: MIT
#include "tests/unit/persist/history_bed.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/store_queue.h"

struct inner inner;
struct following_fake journal;
struct keyspace_fake keyspace;
struct history_cache cache, other_node;
struct fake_executor loops[2];
unsigned done_count;
uint64_t got;
int got_error;

static const uint8_t content[10000];

static struct message_page *make_page(struct span room)
{
    struct message m = {.id = SPAN("id"), .room = room, .offset = inner.reads};

    m.content = span_of(content, inner.content_bytes);
    m.recipient = inner.is_direct ? SPAN("somebody") : SPAN("");
    struct message_page *page = xcalloc(1, sizeof *page + sizeof m + message_bytes(&m));
    page->count = inner.is_empty ? 0 : 1;
    message_keep(&m, &page->messages[1]);
    page->messages[0] = m;
    return page;
}

static int inner_start(struct store *store, struct store_call *call)
{
    struct store_history *history = container_of(call, struct store_history, call);

    if (call->op != STORE_HISTORY) {
        inner.others++;
        return STORE_EBUSY;
    }
    inner.reads++;
    if (inner.error == STORE_EBUSY) {
        return STORE_EBUSY;
    }
    call->error = inner.error;
    history->page = inner.error == 0 ? make_page(history->room) : NULL;
    history->more = true;
    if (inner.is_slow) {
        inner.held = call;
    } else {
        store_queue_answer(call);
    }
    return 0;
}

static int inner_append(struct store *store, struct message *const *messages, size_t count)
{
    inner.appends += (unsigned)count;
    return 0;
}

static void inner_close(struct store *store)
{
    inner.closes++;
}

static const struct store_ops inner_ops = {
    .name = "inner", .append = inner_append, .start = inner_start, .close = inner_close};

void turn(void)
{
    bool some = true;

    while (some) {
        some = false;
        for (unsigned i = 0; i < 2; i++) {
            some |= fake_executor_has_tasks(&loops[i]);
            fake_executor_turn(&loops[i], loops[i].executor.now_ms);
        }
    }
}

void on_done(struct store_call *call)
{
    struct store_history *history = container_of(call, struct store_history, call);

    check(executor_inside(call->executor));
    done_count++;
    got_error = call->error;
    got = 0;
    if (call->error == 0 && history->page->count > 0) {
        check(history->more && span_eq(history->page->messages[0].room, history->room));
        got = history->page->messages[0].offset;
    }
    free(history->page);
    history->page = NULL;
}

void setup_with(struct history_cache_options options)
{
    memset(&inner, 0, sizeof inner);
    inner.store.ops = &inner_ops;
    done_count = 0;
    following_fake_init(&journal);
    following_fake_tell(&journal, 1, 10);
    fake_executor_init(&loops[0], 0);
    fake_executor_init(&loops[1], 1);
    keyspace_fake_init(&keyspace, &loops[0].executor);
    (void)fake_executor_enter(&loops[1]);
    options.inner = &inner.store;
    options.scope = SPAN("test");
    history_cache_init(&cache, &options);
    history_cache_init(&other_node, &options);
}

void teardown(void)
{
    store_close(&cache.store);
    store_close(&other_node.store);
    turn();
    check(inner.closes == 2);
    keyspace_fake_finish(&keyspace);
    (void)fake_executor_enter(NULL);
    fake_executor_finish(&loops[0]);
    fake_executor_finish(&loops[1]);
}

struct store_history newest_of(struct span room)
{
    return (struct store_history){.call.on_done = on_done, .room = room, .limit = 50};
}

uint64_t ask(struct history_cache *node, struct store_history history)
{
    unsigned before = done_count;

    got = 0;
    got_error = store_history(&node->store, &loops[1].executor, &history);
    check(done_count == before); /* never inside the start */
    turn();
    check(done_count == before + (got_error != STORE_EBUSY));
    return got;
}

uint64_t ask_room(struct history_cache *node, struct span room)
{
    return ask(node, newest_of(room));
}

void say(struct span room, uint64_t place)
{
    history_cache_saw(&cache, room, place);
    history_cache_saw(&other_node, room, place);
    following_fake_tell(&journal, 1, place);
}

struct history_cache_figures figures(void)
{
    struct history_cache_figures figures;

    history_cache_figures(&cache, &figures);
    return figures;
}
