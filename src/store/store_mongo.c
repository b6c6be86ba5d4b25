// SPDX-License-Identifier: MIT
/* The store on MongoDB, shared by all nodes. libmongoc blocks, so appends, adopt and mark run on
 * the caller's thread, and the other calls on threads of ours. */
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/mongo_append.h"
#include "src/store/mongo_logs.h"
#include "src/store/mongo_schema.h"
#include "src/store/mongo_workers.h"

enum { OTHER_CLIENTS = 8 }; /* writer, searcher, lister; who appends, adopts and marks */

struct mongo_store {
    struct store store;
    struct store_options options;
    struct mongo_db db;
    struct store_crew crew;
};

static struct mongo_store *mongo_store(struct store *store)
{
    return container_of(store, struct mongo_store, store);
}

static void close_store(struct store *store)
{
    struct mongo_store *s = mongo_store(store);

    store_crew_stop(&s->crew);
    mongo_db_close(&s->db);
    free(s);
}

static struct store *open_store(const struct store_options *options, struct bytes *why)
{
    struct mongo_store *s = xcalloc(1, sizeof *s);

    bytes_clear(why);
    s->store.ops = &store_mongo;
    s->options = *options;
    if (mongo_db_open(&s->db, &s->options, store_crew_readers(options) + OTHER_CLIENTS, why) == 0 &&
        mongo_schema_make(&s->db, why) == 0 &&
        store_crew_start(&s->crew, &mongo_crew, &s->db, options, why) == 0) {
        return &s->store;
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
    return store_crew_put(&mongo_store(store)->crew, call);
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
