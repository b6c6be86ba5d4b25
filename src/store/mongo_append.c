// SPDX-License-Identifier: MIT
#include "src/store/mongo_append.h"

#include <stdio.h>

#include "src/base/memory.h"
#include "src/store/mongo_batch.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_members.h"
#include "src/store/mongo_message.h"

enum {
    TRIES_MAX = 5, /* when another node writes to the same rooms or messages */
    AGAIN = 2,     /* beside enum store_error and MONGO_DUPLICATE */
};

/* An append under way. */
struct appending {
    struct mongo_conn *conn;
    struct mongo_batch *batch;
    uint64_t arrival; /* of the first; each message has one, and then each room */
};

static int number(struct appending *a)
{
    return mongo_arrival_take(a->conn, a->batch->count + a->batch->room_count, &a->arrival);
}

/* ---- messages ---- */

/* Documents to be inserted, and what they are. */
struct inserts {
    bson_t **docs;
    struct mongo_known **known;
    size_t count;
};

static void inserts_init(struct inserts *in, const struct appending *a)
{
    size_t max = a->batch->known_count;

    *in = (struct inserts){.docs = xcalloc(max + 1, sizeof in->docs[0]),
                           .known = xcalloc(max + 1, sizeof in->known[0])};
    for (size_t i = 0; i < max; i++) {
        struct mongo_known *known = &a->batch->known[i];
        if (known->said != NULL) {
            in->docs[in->count] =
                mongo_message_write(known->said, known->offset, a->arrival + in->count);
            in->known[in->count++] = known;
        }
    }
}

static void inserts_finish(struct inserts *in)
{
    for (size_t i = 0; i < in->count; i++) {
        bson_destroy(in->docs[i]);
    }
    free(in->docs);
    free(in->known);
}

/* Keeps those that were there in `in->known`, and only them; the others are inserted. Returns false
 * if anything else went wrong. */
static bool keep_duplicates(struct inserts *in, const bson_t *reply)
{
    size_t inserted = mongo_get_u64(reply, "insertedCount"), kept = 0;
    bson_iter_t errors, error;
    bson_t doc;

    if (!bson_iter_init_find(&errors, reply, "writeErrors") ||
        !bson_iter_recurse(&errors, &error)) {
        return false;
    }
    while (bson_iter_next(&error)) {
        uint32_t len;
        const uint8_t *data;
        if (!BSON_ITER_HOLDS_DOCUMENT(&error)) {
            return false;
        }
        bson_iter_document(&error, &len, &data);
        size_t index = SIZE_MAX;
        if (bson_init_static(&doc, data, len) &&
            mongo_get_u64(&doc, "code") == MONGOC_ERROR_DUPLICATE_KEY) {
            index = mongo_get_u64(&doc, "index");
        }
        if (index >= in->count || index < kept) { /* they come in order */
            return false;
        }
        struct mongo_known *known = in->known[index];
        in->known[index] = in->known[kept];
        in->known[kept++] = known;
    }
    bool all = inserted + kept == in->count;
    for (size_t i = kept; i < in->count; i++) {
        bson_destroy(in->docs[i]);
    }
    in->count = kept;
    return all && !bson_iter_init_find(&errors, reply, "writeConcernErrors");
}

static bool read_known(void *arg, const bson_t *doc)
{
    struct mongo_batch *batch = arg;
    struct mongo_known *known = map_get(&batch->by_id, mongo_get_text(doc, "_id"));

    if (known != NULL) {
        mongo_known_read(known, doc);
        known->said = NULL;
    }
    return true;
}

/* What could not be inserted is there, or else its place is another's: the log has been cut off and
 * written anew behind our back. */
static int resolve(struct appending *a, const struct inserts *in)
{
    bson_t inner, items, *filter = mongo_in_begin(&inner, &items);
    struct mongo_batch *b = a->batch;
    uint32_t count = 0;

    for (size_t i = 0; i < in->count; i++) {
        mongo_put_item(&items, &count, in->known[i]->id);
        in->known[i]->there = false;
    }
    mongo_in_end(filter, &inner, &items);
    int result = mongo_find(a->conn, MONGO_MESSAGES, filter,
                            BCON_NEW("batchSize", BCON_INT64(count + 1)), read_known, b);
    for (size_t i = 0; i < b->count && result == 0; i++) {
        struct message *m = b->messages[i];
        const struct mongo_known *known = map_get(&b->by_id, m->id);
        if (m->action == MESSAGE_SAY && known->said == NULL) {
            m->fate = MESSAGE_REPEATED;
            m->offset = known->offset;
            m->timestamp_ms = known->timestamp_ms;
        } else if (m->action == MESSAGE_SAY && !known->there) {
            m->fate = MESSAGE_INVALID;
            m->offset = 0;
            (void)snprintf(a->conn->error.message, sizeof a->conn->error.message,
                           "another message is at the place %llu of its room",
                           (unsigned long long)m->placed);
            result = STORE_EINVALID;
        }
    }
    mongo_batch_reach(b);
    return result;
}

static int insert(struct appending *a)
{
    struct inserts in;
    bson_t opts = BSON_INITIALIZER, reply;
    int result = 0;

    inserts_init(&in, a);
    if (in.count > 0) {
        (void)BSON_APPEND_BOOL(&opts, "ordered", false);
        mongo_conn_opts(a->conn, &opts);
        if (!mongoc_collection_insert_many(mongo_conn_get(a->conn, MONGO_MESSAGES),
                                           (const bson_t **)(void *)in.docs, in.count, &opts,
                                           &reply, &a->conn->error)) {
            result = mongo_conn_fail(a->conn, &reply);
            if (result == MONGO_DUPLICATE && a->batch->placed && keep_duplicates(&in, &reply)) {
                result = resolve(a, &in);
            }
        }
        bson_destroy(&reply);
    }
    bson_destroy(&opts);
    inserts_finish(&in);
    return result;
}

static int change(struct appending *a)
{
    struct mongo_bulk bulk = {0};

    for (size_t i = 0; i < a->batch->known_count; i++) {
        const struct mongo_known *known = &a->batch->known[i];
        if (known->change != NULL) {
            bson_t *filter = bson_new();
            mongo_put_text(filter, "_id", known->id);
            BCON_APPEND(filter, "deleted", BCON_BOOL(false), "changed", "{", "$lt",
                        BCON_INT64((int64_t)known->changed), "}");
            mongo_bulk_add(a->conn, &bulk, MONGO_MESSAGES, filter,
                           mongo_message_change(known->change, known->changed, known->edited_ms),
                           false);
        }
    }
    return mongo_bulk_run(a->conn, &bulk);
}

static int mark(struct appending *a)
{
    struct mongo_bulk bulk = {0};

    for (size_t i = 0; i < a->batch->reader_count; i++) {
        const struct mongo_reader *reader = &a->batch->readers[i];
        if (reader->moved) {
            mongo_bulk_add(a->conn, &bulk, MONGO_MEMBERS,
                           mongo_member_filter(reader->room, reader->user_id),
                           mongo_mark_update(reader->room, reader->user_id, reader->read), true);
        }
    }
    return mongo_bulk_run(a->conn, &bulk);
}

/* ---- rooms ---- */

static bson_t *room_filter(const struct mongo_room *room)
{
    bson_t *filter = bson_new();
    mongo_put_text(filter, "_id", room->name);
    return filter;
}

/* What a room that is made by its first message has, beside its places. */
static void put_new_room(bson_t *update, const struct appending *a, size_t i, bool hidden)
{
    const struct mongo_room *room = &a->batch->rooms[i];
    bson_t fields;

    (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &fields);
    mongo_put_order(&fields, "order", room->name);
    (void)BSON_APPEND_BOOL(&fields, "direct", room->direct);
    (void)BSON_APPEND_BOOL(&fields, "made", false);
    mongo_put_u64(&fields, "number", a->arrival + a->batch->count + i);
    if (hidden) {
        mongo_put_u64(&fields, "newest", 0);
    }
    (void)bson_append_document_end(update, &fields);
}

/* Gives out the places that the batch has taken, unless somebody else has meanwhile. */
static int reserve(struct appending *a)
{
    struct mongo_bulk bulk = {0};

    for (size_t i = 0; i < a->batch->room_count; i++) {
        const struct mongo_room *room = &a->batch->rooms[i];
        if (room->top > 0) {
            bson_t *filter = room_filter(room);
            mongo_put_u64(filter, "taken", room->taken);
            bson_t *update = BCON_NEW("$set", "{", "taken", BCON_INT64((int64_t)room->top), "}");
            put_new_room(update, a, i, true);
            mongo_bulk_add(a->conn, &bulk, MONGO_ROOMS, filter, update, !room->there);
        }
    }
    uint64_t count = bulk.count;
    int result = mongo_bulk_run(a->conn, &bulk);
    return result == 0 && bulk.matched != count ? AGAIN : result;
}

static int publish(struct appending *a)
{
    struct mongo_bulk bulk = {0};

    for (size_t i = 0; i < a->batch->room_count; i++) {
        const struct mongo_room *room = &a->batch->rooms[i];
        if (room->top > 0) {
            int64_t top = (int64_t)room->top;
            bson_t *update =
                BCON_NEW("$max", "{", "newest", BCON_INT64(top), "taken", BCON_INT64(top), "}");
            put_new_room(update, a, i, false);
            mongo_bulk_add(a->conn, &bulk, MONGO_ROOMS, room_filter(room), update, true);
        }
    }
    return mongo_bulk_run(a->conn, &bulk);
}

/* ---- the whole ---- */

static int write_all(struct appending *a)
{
    int result = insert(a);

    if (result == 0) {
        result = change(a);
    }
    if (result == 0) {
        result = mark(a);
    }
    return result == 0 ? publish(a) : result;
}

static int look(struct appending *a)
{
    int result = mongo_batch_load(a->conn, a->batch);

    if (result == 0) {
        mongo_batch_settle(a->batch);
    }
    return result;
}

static int append_placed(struct appending *a)
{
    int result = look(a);
    return result == 0 ? write_all(a) : result;
}

static int commit(struct mongo_conn *conn)
{
    bson_t reply;
    bool done = mongoc_client_session_commit_transaction(conn->session, &reply, &conn->error);
    int result = done ? 0 : mongo_conn_fail(conn, &reply);

    bson_destroy(&reply);
    return result;
}

static int append_in_transaction(struct appending *a)
{
    struct mongo_conn *conn = a->conn;
    int result = STORE_EIO;

    conn->session = mongoc_client_start_session(conn->client, NULL, &conn->error);
    if (conn->session == NULL) {
        return STORE_EIO;
    }
    if (mongoc_client_session_start_transaction(conn->session, NULL, &conn->error)) {
        result = look(a);
        if (result == 0) {
            result = write_all(a);
        }
        if (result == 0) {
            result = commit(conn);
        } else {
            (void)mongoc_client_session_abort_transaction(conn->session, NULL);
        }
    }
    mongoc_client_session_destroy(conn->session);
    conn->session = NULL;
    return result;
}

/* Takes out what was inserted, if the server still answers: nobody waits for it twice. */
static void take_out(struct appending *a)
{
    if (mongo_conn_is_away(a->conn)) {
        return;
    }
    bson_t inner, in, *filter = mongo_in_begin(&inner, &in);
    const struct mongo_batch *b = a->batch;
    uint32_t count = 0;

    for (size_t i = 0; i < b->known_count; i++) {
        if (b->known[i].said != NULL) {
            mongo_put_item(&in, &count, b->known[i].id);
        }
    }
    mongo_in_end(filter, &inner, &in);
    BCON_APPEND(filter, "arrival", "{", "$gte", BCON_INT64((int64_t)a->arrival), "$lt",
                BCON_INT64((int64_t)(a->arrival + b->count)), "}");
    (void)mongoc_collection_delete_many(mongo_conn_get(a->conn, MONGO_MESSAGES), filter, NULL, NULL,
                                        NULL);
    bson_destroy(filter);
}

static int append_in_steps(struct appending *a)
{
    int result = look(a);

    if (result == 0) {
        result = reserve(a);
    }
    if (result == 0) {
        result = write_all(a);
        if (result != 0) {
            take_out(a);
        }
    }
    return result;
}

static int try_once(struct mongo_conn *conn, struct message *const *messages, size_t count)
{
    struct mongo_batch batch;
    struct appending a = {.conn = conn, .batch = &batch};

    conn->transient = false;
    mongo_batch_init(&batch, messages, count, conn->db->secret);
    int result = number(&a);
    if (result == 0) {
        result = batch.placed             ? append_placed(&a)
                 : conn->db->transactions ? append_in_transaction(&a)
                                          : append_in_steps(&a);
    }
    mongo_batch_finish(&batch);
    if (mongo_conn_is_away(conn)) { /* whether it may be tried again or not: it has waited */
        return result;
    }
    return result == MONGO_DUPLICATE || conn->transient ? AGAIN : result;
}

/* Refuses the whole batch for what can never be stored. */
static int check(struct message *const *messages, size_t count, bson_error_t *error)
{
    int result = 0;

    for (size_t i = 0; i < count; i++) {
        if (messages[i]->placed > INT64_MAX || !mongo_message_fits(messages[i])) {
            messages[i]->fate = MESSAGE_INVALID;
            messages[i]->offset = 0;
            (void)snprintf(error->message, sizeof error->message, "a message is too big");
            result = STORE_EINVALID;
        }
    }
    return result;
}

int mongo_append(struct mongo_db *db, struct message *const *messages, size_t count)
{
    struct mongo_conn conn;
    char doing[64];

    if (count == 0) {
        return 0;
    }
    int result = mongo_conn_begin(&conn, db);
    if (result == 0) {
        result = check(messages, count, &conn.error);
    }
    for (int i = 0; result == 0 && i < TRIES_MAX; i++) {
        result = try_once(&conn, messages, count);
        if (result != AGAIN) {
            break;
        }
        result = i + 1 < TRIES_MAX ? 0 : STORE_EIO;
    }
    if (result != 0 && result != STORE_EINVALID) {
        (void)snprintf(doing, sizeof doing, "writing %zu messages: ", count);
        mongo_db_tell(db, doing, &conn.error, true);
    }
    mongo_conn_end(&conn);
    return result;
}
