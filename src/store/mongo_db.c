// SPDX-License-Identifier: MIT
#include "src/store/mongo_db.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>

#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_url.h"

enum { TIMEOUT_MS_DEFAULT = 5000, OUT_OF_DISK_SPACE = 14031 };

const char *const mongo_collection_names[MONGO_COLLECTIONS] = {
    [MONGO_USERS] = "users",       [MONGO_ROOMS] = "rooms", [MONGO_MEMBERS] = "room_members",
    [MONGO_MESSAGES] = "messages", [MONGO_LOGS] = "logs",   [MONGO_COUNTERS] = "counters",
};

static pthread_once_t driver_once = PTHREAD_ONCE_INIT;

static void start_driver(void)
{
    mongoc_init();
    mongoc_log_set_handler(NULL, NULL); /* what matters comes with an error */
}

/* ---- the pool ---- */

void mongo_db_explain(const struct mongo_db *db, struct bytes *why, const char *text,
                      const char *cause)
{
    bytes_clear(why);
    bytes_add_cstr(why, db->where);
    bytes_add_cstr(why, ": ");
    bytes_add_cstr(why, text);
    bytes_add_cstr(why, cause);
    for (size_t i = 0; i < why->len; i++) {
        why->data[i] = why->data[i] < ' ' ? ' ' : why->data[i];
    }
}

void mongo_db_tell(const struct mongo_db *db, const char *doing, const bson_error_t *error,
                   bool writing)
{
    struct bytes line = {0};

    if (db->options->on_problem != NULL) {
        mongo_db_explain(db, &line, doing, error->message);
        bytes_add_byte(&line, 0);
        db->options->on_problem(db->options->on_problem_arg, (const char *)line.data, writing);
        bytes_finish(&line);
    }
}

static char *shown(const char *url)
{
    struct bytes text = {0};

    mongo_url_show(&text, url);
    bytes_add_byte(&text, 0);
    return (char *)text.data;
}

int mongo_db_open(struct mongo_db *db, const struct store_options *options, unsigned clients,
                  struct bytes *why)
{
    const char *url = options->url != NULL ? options->url : "";
    struct bytes cause = {0};
    bson_error_t error;

    (void)pthread_once(&driver_once, start_driver);
    *db = (struct mongo_db){
        .options = options,
        .timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_MS_DEFAULT,
        .where = shown(url),
    };
    if (getentropy(db->secret, sizeof db->secret) != 0) {
        abort(); /* no kernel that runs this lacks it */
    }
    mongoc_uri_t *uri = mongo_url_read(url, db->timeout_ms, clients, &cause);
    if (uri == NULL) {
        bytes_add_byte(&cause, 0);
        mongo_db_explain(db, why, (const char *)cause.data, "");
    } else {
        db->name = xnonnull(strdup(mongo_url_database(uri)));
        db->pool = mongoc_client_pool_new_with_error(uri, &error);
        if (db->pool == NULL) {
            mongo_db_explain(db, why, "", error.message);
        } else {
            (void)mongoc_client_pool_set_error_api(db->pool, MONGOC_ERROR_API_VERSION_2);
            (void)mongoc_client_pool_set_appname(db->pool, "rookery");
        }
        mongoc_uri_destroy(uri);
    }
    bytes_finish(&cause);
    return db->pool != NULL ? 0 : -1;
}

void mongo_db_close(struct mongo_db *db)
{
    if (db->pool != NULL) {
        mongoc_client_pool_destroy(db->pool);
    }
    free(db->name);
    free(db->where);
}

/* ---- a client ---- */

int mongo_conn_begin(struct mongo_conn *conn, struct mongo_db *db)
{
    *conn = (struct mongo_conn){.db = db, .client = mongoc_client_pool_pop(db->pool)};
    if (conn->client == NULL) {
        (void)snprintf(conn->error.message, sizeof conn->error.message, "no client is free");
        return STORE_EIO;
    }
    return 0;
}

void mongo_conn_end(struct mongo_conn *conn)
{
    for (int i = 0; i < MONGO_COLLECTIONS; i++) {
        if (conn->collections[i] != NULL) {
            mongoc_collection_destroy(conn->collections[i]);
        }
    }
    if (conn->client != NULL) {
        mongoc_client_pool_push(conn->db->pool, conn->client);
    }
}

mongoc_collection_t *mongo_conn_get(struct mongo_conn *conn, enum mongo_collection which)
{
    if (conn->collections[which] == NULL) {
        conn->collections[which] = mongoc_client_get_collection(conn->client, conn->db->name,
                                                                mongo_collection_names[which]);
        if (which == MONGO_COUNTERS) { /* what takes numbers is written after it, durably */
            mongoc_write_concern_t *primary = mongoc_write_concern_new();
            mongoc_write_concern_set_w(primary, 1);
            mongoc_collection_set_write_concern(conn->collections[which], primary);
            mongoc_write_concern_destroy(primary);
        }
    }
    return conn->collections[which];
}

int mongo_conn_fail(struct mongo_conn *conn, const bson_t *reply)
{
    conn->transient = reply != NULL && mongoc_error_has_label(reply, "TransientTransactionError");
    return conn->error.code == MONGOC_ERROR_DUPLICATE_KEY ? MONGO_DUPLICATE
           : conn->error.code == OUT_OF_DISK_SPACE        ? STORE_EFULL
                                                          : STORE_EIO;
}

bool mongo_conn_is_away(const struct mongo_conn *conn)
{
    return conn->error.domain == MONGOC_ERROR_STREAM ||
           conn->error.domain == MONGOC_ERROR_SERVER_SELECTION;
}

void mongo_conn_opts(const struct mongo_conn *conn, bson_t *opts)
{
    if (conn->session != NULL) { /* ours, and of this client: it cannot fail */
        (void)mongoc_client_session_append(conn->session, opts, NULL);
    }
}

/* ---- operations ---- */

int mongo_find(struct mongo_conn *conn, enum mongo_collection which, bson_t *filter, bson_t *opts,
               mongo_row_fn row, void *arg)
{
    const bson_t *doc, *reply = NULL;
    int result = 0;

    mongo_conn_opts(conn, opts);
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(mongo_conn_get(conn, which), filter, opts, NULL);
    while (mongoc_cursor_next(cursor, &doc) && row(arg, doc)) {
    }
    if (mongoc_cursor_error_document(cursor, &conn->error, &reply)) {
        result = mongo_conn_fail(conn, reply);
    }
    mongoc_cursor_destroy(cursor);
    bson_destroy(filter);
    bson_destroy(opts);
    return result;
}

int mongo_update(struct mongo_conn *conn, enum mongo_collection which, bson_t *filter,
                 bson_t *update, bool upsert, bool *matched)
{
    bson_t opts = BSON_INITIALIZER, reply;

    (void)BSON_APPEND_BOOL(&opts, "upsert", upsert);
    mongo_conn_opts(conn, &opts);
    bool done = mongoc_collection_update_one(mongo_conn_get(conn, which), filter, update, &opts,
                                             &reply, &conn->error);
    if (matched != NULL) {
        *matched =
            mongo_get_u64(&reply, "matchedCount") + mongo_get_u64(&reply, "upsertedCount") > 0;
    }
    int result = done ? 0 : mongo_conn_fail(conn, &reply);
    bson_destroy(&reply);
    bson_destroy(&opts);
    bson_destroy(filter);
    bson_destroy(update);
    return result;
}

int mongo_swap(struct mongo_conn *conn, enum mongo_collection which, bson_t *filter, bson_t *update,
               mongo_row_fn row, void *arg)
{
    mongoc_find_and_modify_opts_t *opts = mongoc_find_and_modify_opts_new();
    bson_iter_t value;
    bson_t reply, extra = BSON_INITIALIZER, doc;
    uint32_t len;
    const uint8_t *data;

    (void)mongoc_find_and_modify_opts_set_update(opts, update);
    (void)mongoc_find_and_modify_opts_set_flags(opts, MONGOC_FIND_AND_MODIFY_UPSERT);
    mongo_conn_opts(conn, &extra);
    (void)mongoc_find_and_modify_opts_append(opts, &extra);
    bool done = mongoc_collection_find_and_modify_with_opts(mongo_conn_get(conn, which), filter,
                                                            opts, &reply, &conn->error);
    if (done && bson_iter_init_find(&value, &reply, "value") && BSON_ITER_HOLDS_DOCUMENT(&value)) {
        bson_iter_document(&value, &len, &data);
        if (bson_init_static(&doc, data, len)) {
            (void)row(arg, &doc);
        }
    }
    int result = done ? 0 : mongo_conn_fail(conn, &reply);
    bson_destroy(&reply);
    bson_destroy(&extra);
    mongoc_find_and_modify_opts_destroy(opts);
    bson_destroy(filter);
    bson_destroy(update);
    return result;
}

void mongo_bulk_add(struct mongo_conn *conn, struct mongo_bulk *bulk, enum mongo_collection which,
                    bson_t *filter, bson_t *update, bool upsert)
{
    bson_t opts = BSON_INITIALIZER;

    if (bulk->bulk == NULL) {
        bson_t all = BSON_INITIALIZER;
        (void)BSON_APPEND_BOOL(&all, "ordered", false);
        mongo_conn_opts(conn, &all);
        bulk->bulk =
            mongoc_collection_create_bulk_operation_with_opts(mongo_conn_get(conn, which), &all);
        bson_destroy(&all);
    }
    (void)BSON_APPEND_BOOL(&opts, "upsert", upsert);
    (void)mongoc_bulk_operation_update_one_with_opts(bulk->bulk, filter, update, &opts, NULL);
    bulk->count++;
    bson_destroy(&opts);
    bson_destroy(filter);
    bson_destroy(update);
}

int mongo_bulk_run(struct mongo_conn *conn, struct mongo_bulk *bulk)
{
    int result = 0;
    bson_t reply;

    if (bulk->bulk == NULL) {
        return 0;
    }
    if (mongoc_bulk_operation_execute(bulk->bulk, &reply, &conn->error) == 0) {
        result = mongo_conn_fail(conn, &reply);
    }
    bulk->matched = mongo_get_u64(&reply, "nMatched") + mongo_get_u64(&reply, "nUpserted");
    bson_destroy(&reply);
    mongoc_bulk_operation_destroy(bulk->bulk);
    bulk->bulk = NULL;
    return result;
}

/* ---- numbers ---- */

static bool read_value(void *arg, const bson_t *doc)
{
    *(uint64_t *)arg = mongo_get_u64(doc, "value");
    return true;
}

int mongo_arrival_take(struct mongo_conn *conn, uint64_t count, uint64_t *first)
{
    *first = 0;
    int result = mongo_swap(conn, MONGO_COUNTERS, BCON_NEW("_id", BCON_UTF8("arrival")),
                            BCON_NEW("$inc", "{", "value", BCON_INT64((int64_t)count), "}"),
                            read_value, first);
    ++*first;
    return result;
}
