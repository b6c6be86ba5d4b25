// SPDX-License-Identifier: MIT
#include "src/store/store_crew.h"

#include <stdlib.h>

#include "src/base/memory.h"

struct store_thread {
    struct store_lane *lane;
    void *worker;
    pthread_t id;
    bool failed; /* with the latest call */
};

/* A store that is away would take its time limit for each of what may be thousands. */
static bool is_given_up(const struct store_thread *thread)
{
    return thread->failed && store_queue_is_stopping(&thread->lane->queue);
}

static void *serve(void *arg)
{
    struct store_thread *thread = arg;
    struct store_lane *lane = thread->lane;
    struct store_call *call;

    while ((call = store_queue_take(&lane->queue)) != NULL) {
        if (!store_call_is_in_range(call)) {
            call->error = STORE_ERANGE;
        } else if (is_given_up(thread)) {
            call->error = STORE_EIO;
        } else {
            lane->ops->serve(thread->worker, call);
            thread->failed = call->error == STORE_EIO;
        }
        store_queue_answer(call);
    }
    return NULL;
}

static int add_thread(struct store_lane *lane, void *store, struct bytes *why)
{
    struct store_thread *thread = &lane->threads[lane->count];

    *thread = (struct store_thread){.lane = lane, .worker = lane->ops->hire(store, why)};
    if (thread->worker == NULL) {
        return -1;
    }
    if (pthread_create(&thread->id, NULL, serve, thread) != 0) {
        bytes_clear(why);
        bytes_add_cstr(why, "a thread of the store cannot be started");
        lane->ops->dismiss(thread->worker);
        return -1;
    }
    lane->count++;
    return 0;
}

static int lane_start(struct store_lane *lane, const struct store_crew_ops *ops, void *store,
                      unsigned count, unsigned queue_max, struct bytes *why)
{
    *lane = (struct store_lane){.ops = ops, .threads = xcalloc(count, sizeof *lane->threads)};
    store_queue_init(&lane->queue, queue_max);
    while (lane->count < count) {
        if (add_thread(lane, store, why) != 0) {
            return -1;
        }
    }
    return 0;
}

static void lane_stop(struct store_lane *lane)
{
    if (lane->threads == NULL) {
        return;
    }
    store_queue_stop(&lane->queue);
    for (unsigned i = 0; i < lane->count; i++) {
        (void)pthread_join(lane->threads[i].id, NULL);
        lane->ops->dismiss(lane->threads[i].worker);
    }
    free(lane->threads);
    lane->threads = NULL;
    store_queue_finish(&lane->queue);
}

int store_crew_start(struct store_crew *crew, const struct store_crew_ops *ops, void *store,
                     const struct store_options *options, struct bytes *why)
{
    unsigned readers = store_crew_readers(options);
    unsigned reads = options->read_queue_max, writes = options->write_queue_max;

    *crew = (struct store_crew){0};
    if (lane_start(&crew->readers, ops, store, readers, reads, why) == 0 &&
        lane_start(&crew->searcher, ops, store, 1, reads, why) == 0 &&
        lane_start(&crew->lister, ops, store, 1, reads, why) == 0 &&
        (!ops->writes || lane_start(&crew->writer, ops, store, 1, writes, why) == 0)) {
        return 0;
    }
    store_crew_stop(crew);
    return -1;
}

int store_crew_put(struct store_crew *crew, struct store_call *call)
{
    struct store_lane *lane = call->op == STORE_SEARCH   ? &crew->searcher
                              : call->op == STORE_ROOMS  ? &crew->lister
                              : call->op >= STORE_WRITES ? &crew->writer
                                                         : &crew->readers;
    return store_queue_put(&lane->queue, call);
}

void store_crew_stop(struct store_crew *crew)
{
    lane_stop(&crew->lister);
    lane_stop(&crew->searcher);
    lane_stop(&crew->readers);
    lane_stop(&crew->writer);
}
