// SPDX-License-Identifier: MIT
#include "src/store/mongo_logs.h"

#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_calls.h"

static void put_id(bson_t *doc, struct span log, unsigned partition)
{
    bson_t id;

    (void)BSON_APPEND_DOCUMENT_BEGIN(doc, "_id", &id);
    mongo_put_text(&id, "log", log);
    (void)BSON_APPEND_INT32(&id, "partition", (int32_t)partition);
    (void)bson_append_document_end(doc, &id);
}

static bson_t *filter_of(struct span log, unsigned partition)
{
    bson_t *filter = bson_new();
    put_id(filter, log, partition);
    return filter;
}

/* ---- what is known ---- */

struct known {
    unsigned partitions;
    uint64_t *bases, *positions; /* bases may be NULL */
};

static bool read_partition(void *arg, const bson_t *doc)
{
    const struct known *known = arg;
    uint64_t partition = mongo_get_u64(doc, "partition");

    if (partition < known->partitions) {
        known->positions[partition] = mongo_get_u64(doc, "position");
        if (known->bases != NULL) {
            known->bases[partition] = mongo_get_u64(doc, "base");
        }
    }
    return true;
}

static int read_log(struct mongo_conn *conn, struct span log, struct known *known)
{
    bson_t *filter = bson_new();

    mongo_put_text(filter, "log", log);
    return mongo_find(conn, MONGO_LOGS, filter,
                      BCON_NEW("batchSize", BCON_INT64(STORE_PARTITIONS_MAX)), read_partition,
                      known);
}

int mongo_read_positions(struct mongo_conn *conn, struct store_call *call)
{
    struct store_positions *r = container_of(call, struct store_positions, call);
    struct known known = {.partitions = r->partitions, .positions = r->positions};

    memset(r->positions, 0, sizeof r->positions);
    return read_log(conn, r->log, &known);
}

/* ---- adopt ---- */

static bool read_taken(void *arg, const bson_t *doc)
{
    *(uint64_t *)arg = mongo_get_u64(doc, "taken");
    return false;
}

/* The greatest place of any room. */
static int find_greatest(struct mongo_conn *conn, uint64_t *greatest)
{
    *greatest = 0;
    return mongo_find(conn, MONGO_ROOMS, bson_new(),
                      BCON_NEW("sort", "{", "taken", BCON_INT32(-1), "}", "limit", BCON_INT64(1),
                               "projection", "{", "taken", BCON_INT32(1), "}"),
                      read_taken, greatest);
}

/* Makes the partitions that are not there; of several nodes that do, the first is right. */
static int begin_new(struct mongo_conn *conn, const struct store_log *log, uint64_t greatest)
{
    bson_t docs[STORE_PARTITIONS_MAX], opts = BSON_INITIALIZER;
    const bson_t *pointers[STORE_PARTITIONS_MAX];

    for (unsigned i = 0; i < log->partitions; i++) {
        bson_init(&docs[i]);
        put_id(&docs[i], log->name, i);
        mongo_put_text(&docs[i], "log", log->name);
        (void)BSON_APPEND_INT32(&docs[i], "partition", (int32_t)i);
        mongo_put_u64(&docs[i], "base", greatest);
        mongo_put_u64(&docs[i], "position", 0);
        pointers[i] = &docs[i];
    }
    (void)BSON_APPEND_BOOL(&opts, "ordered", false);
    bool done = mongoc_collection_insert_many(mongo_conn_get(conn, MONGO_LOGS), pointers,
                                              log->partitions, &opts, NULL, &conn->error);
    for (unsigned i = 0; i < log->partitions; i++) {
        bson_destroy(&docs[i]);
    }
    bson_destroy(&opts);
    int result = done ? 0 : mongo_conn_fail(conn, NULL);
    return result == MONGO_DUPLICATE ? 0 : result;
}

/* Begins those anew that were made anew, behind all that is stored: messages may be there that the
 * position does not tell of yet. Only the first of several nodes finds the old base. */
static int begin_again(struct mongo_conn *conn, const struct store_log *log, const uint64_t *ends,
                       uint64_t greatest)
{
    struct mongo_bulk bulk = {0};

    for (unsigned i = 0; i < log->partitions; i++) {
        if (ends[i] < log->positions[i]) {
            uint64_t end = log->bases[i] + log->positions[i];
            bson_t *filter = filter_of(log->name, i);
            mongo_put_u64(filter, "base", log->bases[i]);
            bson_t *update = BCON_NEW("$set", "{", "base",
                                      BCON_INT64((int64_t)(end > greatest ? end : greatest)),
                                      "position", BCON_INT64(0), "}");
            mongo_bulk_add(conn, &bulk, MONGO_LOGS, filter, update, false);
        }
    }
    return mongo_bulk_run(conn, &bulk);
}

/* Are all partitions known? Those that are not have no place that anything could have. */
static bool complete(const struct known *known)
{
    for (unsigned i = 0; i < known->partitions; i++) {
        if (known->bases[i] == UINT64_MAX) {
            return false;
        }
    }
    return true;
}

static int adopt(struct mongo_conn *conn, struct store_log *log, const uint64_t *ends)
{
    struct known known = {
        .partitions = log->partitions, .bases = log->bases, .positions = log->positions};
    uint64_t greatest;
    int result = find_greatest(conn, &greatest);

    memset(log->bases, 0xff, sizeof log->bases);
    if (result == 0) {
        result = read_log(conn, log->name, &known);
    }
    if (result == 0 && !complete(&known)) {
        result = begin_new(conn, log, greatest);
        result = result == 0 ? read_log(conn, log->name, &known) : result;
    }
    if (result == 0) {
        result = begin_again(conn, log, ends, greatest);
    }
    return result == 0 ? read_log(conn, log->name, &known) : result;
}

int mongo_adopt(struct mongo_db *db, struct store_log *log, const uint64_t *ends)
{
    struct mongo_conn conn;
    int result = mongo_conn_begin(&conn, db);

    if (result == 0) {
        result = adopt(&conn, log, ends);
    }
    if (result != 0) {
        mongo_db_tell(db, "adopting a log: ", &conn.error, true);
    }
    mongo_conn_end(&conn);
    return result;
}

/* ---- mark ---- */

int mongo_mark(struct mongo_db *db, struct span log, unsigned partition, uint64_t position)
{
    struct mongo_conn conn;
    bool found = false;
    int result = mongo_conn_begin(&conn, db);

    if (result == 0) {
        bson_t *update = bson_new(), fields;
        (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$max", &fields);
        mongo_put_u64(&fields, "position", position);
        (void)bson_append_document_end(update, &fields);
        result = mongo_update(&conn, MONGO_LOGS, filter_of(log, partition), update, false, &found);
    }
    if (result != 0) {
        mongo_db_tell(db, "marking a log: ", &conn.error, true);
    }
    mongo_conn_end(&conn);
    return result != 0 ? result : found ? 0 : STORE_EMISSING;
}
