// SPDX-License-Identifier: MIT
/* The store on MongoDB, shared by all nodes. libmongoc blocks, so appends, adopt and mark run on
 * the caller's thread, and the other calls on threads of ours. */
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/mongo_append.h"
#include "src/store/mongo_logs.h"
#include "src/store/mongo_schema.h"
#include "src/store/mongo_workers.h"

enum {
    READERS_DEFAULT = 2,
    OTHER_CLIENTS = 8, /* writer, searcher, lister; who appends, adopts and marks */
};

struct mongo_store {
    struct store store;
    struct store_options options;
    struct mongo_db db;
    struct mongo_workers readers;
    struct mongo_workers searcher, lister; /* one thread each: they hold up nobody else */
    struct mongo_workers writer;           /* one, since writes keep their order */
};

static struct mongo_store *mongo_store(struct store *store)
{
    return container_of(store, struct mongo_store, store);
}

static void close_store(struct store *store)
{
    struct mongo_store *s = mongo_store(store);

    mongo_workers_stop(&s->lister);
    mongo_workers_stop(&s->searcher);
    mongo_workers_stop(&s->readers);
    mongo_workers_stop(&s->writer);
    mongo_db_close(&s->db);
    free(s);
}

static int start_threads(struct mongo_store *s, unsigned readers)
{
    unsigned reads = s->options.read_queue_max, writes = s->options.write_queue_max;

    return mongo_workers_start(&s->readers, &s->db, readers, reads) == 0 &&
                   mongo_workers_start(&s->searcher, &s->db, 1, reads) == 0 &&
                   mongo_workers_start(&s->lister, &s->db, 1, reads) == 0 &&
                   mongo_workers_start(&s->writer, &s->db, 1, writes) == 0
               ? 0
               : -1;
}

static struct store *open_store(const struct store_options *options, struct bytes *why)
{
    unsigned readers = options->readers != 0 ? options->readers : READERS_DEFAULT;
    struct mongo_store *s = xcalloc(1, sizeof *s);

    bytes_clear(why);
    s->store.ops = &store_mongo;
    s->options = *options;
    if (mongo_db_open(&s->db, &s->options, readers + OTHER_CLIENTS, why) == 0 &&
        mongo_schema_make(&s->db, why) == 0) {
        if (start_threads(s, readers) == 0) {
            return &s->store;
        }
        mongo_db_explain(&s->db, why, "cannot start a thread", "");
    }
    close_store(&s->store);
    return NULL;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    return mongo_append(&mongo_store(store)->db, messages, count);
}

static int adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    return mongo_adopt(&mongo_store(store)->db, log, ends);
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    return mongo_mark(&mongo_store(store)->db, log, partition, position);
}

static int start(struct store *store, struct store_call *call)
{
    struct mongo_store *s = mongo_store(store);

    struct mongo_workers *workers = call->op == STORE_SEARCH   ? &s->searcher
                                    : call->op == STORE_ROOMS  ? &s->lister
                                    : call->op >= STORE_WRITES ? &s->writer
                                                               : &s->readers;
    return store_queue_put(&workers->queue, call);
}

const struct store_ops store_mongo = {
    .name = "mongo",
    .open = open_store,
    .append = append,
    .adopt = adopt,
    .mark = mark,
    .start = start,
    .close = close_store,
};
