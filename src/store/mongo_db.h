/* The database of store_mongo: clients from a pool, its collections, and what went wrong.
 *
 *   conn: begin ──> find, update, bulk ... ──> end       a client of one thread, for one call
 *
 * What fails leaves its cause in conn->error and returns an enum store_error. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_DB_H
#define STORE_MONGO_DB_H

#include <mongoc/mongoc.h>

#include "src/store/store.h"

enum mongo_collection {
    MONGO_USERS,
    MONGO_ROOMS,
    MONGO_MEMBERS,
    MONGO_MESSAGES,
    MONGO_LOGS,
    MONGO_COUNTERS,
    MONGO_COLLECTIONS,
};

extern const char *const mongo_collection_names[MONGO_COLLECTIONS];

struct mongo_db {
    const struct store_options *options; /* borrowed */
    unsigned timeout_ms;
    char *where; /* the URL as it may be shown */
    char *name;
    mongoc_client_pool_t *pool;
    bool transactions; /* the server has them */
    uint64_t secret[2];
};

enum { MONGO_DUPLICATE = 1 }; /* beside enum store_error: a unique index has it already */

struct mongo_conn {
    struct mongo_db *db;
    mongoc_client_t *client;
    mongoc_collection_t *collections[MONGO_COLLECTIONS]; /* those that were asked for */
    mongoc_client_session_t *session;                    /* NULL: no transaction */
    bson_error_t error;
    bool transient; /* of a transaction: it may succeed if it is tried again */
};

/* Makes the pool, without a word to the server yet. Returns 0, or -1 and one line in *why; call
 * close in either case. */
MUST_USE int mongo_db_open(struct mongo_db *db, const struct store_options *options,
                           unsigned clients, struct bytes *why);
void mongo_db_close(struct mongo_db *db);

/* Writes "where: text: cause". */
void mongo_db_explain(const struct mongo_db *db, struct bytes *why, const char *text,
                      const char *cause);

/* Tells on_problem. */
void mongo_db_tell(const struct mongo_db *db, const char *doing, const bson_error_t *error,
                   bool writing);

/* Returns 0 or STORE_EIO; call end in either case. */
MUST_USE int mongo_conn_begin(struct mongo_conn *conn, struct mongo_db *db);
void mongo_conn_end(struct mongo_conn *conn);

mongoc_collection_t *mongo_conn_get(struct mongo_conn *conn, enum mongo_collection which);

/* What the error says to the caller: STORE_EFULL, MONGO_DUPLICATE or STORE_EIO. reply may be NULL.
 */
int mongo_conn_fail(struct mongo_conn *conn, const bson_t *reply);

/* Was the last error that the server cannot be reached or does not answer? */
bool mongo_conn_is_away(const struct mongo_conn *conn);

/* Adds the transaction, if there is one, to a call's options. */
void mongo_conn_opts(const struct mongo_conn *conn, bson_t *opts);

/* Called with each document found, until it returns false. */
typedef bool (*mongo_row_fn)(void *arg, const bson_t *doc);

/* sort, limit and so on in `opts`, which is destroyed with the filter, as BCON_NEW gave them. */
MUST_USE int mongo_find(struct mongo_conn *conn, enum mongo_collection which, bson_t *filter,
                        bson_t *opts, mongo_row_fn row, void *arg);

/* Destroys filter and update. *matched, which may be NULL: the filter found a document, or one was
 * inserted. */
MUST_USE int mongo_update(struct mongo_conn *conn, enum mongo_collection which, bson_t *filter,
                          bson_t *update, bool upsert, bool *matched);

/* Upserts, and calls `row` with the document as it was before; there may have been none. Destroys
 * filter and update. */
MUST_USE int mongo_swap(struct mongo_conn *conn, enum mongo_collection which, bson_t *filter,
                        bson_t *update, mongo_row_fn row, void *arg);

/* Several updates of one document each, in any order; none is no work. */
struct mongo_bulk {
    mongoc_bulk_operation_t *bulk; /* NULL: nothing to do yet */
    uint64_t count;
    uint64_t matched; /* by run: that found a document or inserted one */
};

/* Destroys filter and update. */
void mongo_bulk_add(struct mongo_conn *conn, struct mongo_bulk *bulk, enum mongo_collection which,
                    bson_t *filter, bson_t *update, bool upsert);

/* Runs it and ends it in each case. */
MUST_USE int mongo_bulk_run(struct mongo_conn *conn, struct mongo_bulk *bulk);

/* Takes the next `count` numbers of messages and rooms (mongo_schema.h): the first of them. */
MUST_USE int mongo_arrival_take(struct mongo_conn *conn, uint64_t count, uint64_t *first);

#endif
