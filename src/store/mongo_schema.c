// SPDX-License-Identifier: MIT
#include "src/store/mongo_schema.h"

#include <assert.h>
#include <stdio.h>

struct index {
    enum mongo_collection of;
    const char *name;
    const char *keys;
    const char *options; /* beside the name: JSON members, each with a comma before */
};

static const struct index indexes[] = {
    {MONGO_MESSAGES, "room_offset", "{\"room\":1,\"offset\":1}", ",\"unique\":true"},
    {MONGO_MESSAGES, "room_changed", "{\"room\":1,\"changed\":1}",
     ",\"partialFilterExpression\":{\"changed\":{\"$gt\":0}}"},
    {MONGO_MESSAGES, "words_arrival", "{\"words\":1,\"arrival\":-1}", ""},
    {MONGO_MESSAGES, "undelivered", "{\"recipient\":1,\"arrival\":1}",
     ",\"partialFilterExpression\":{\"undelivered\":true}"},
    {MONGO_ROOMS, "direct_order", "{\"direct\":1,\"order\":1}", ""},
    {MONGO_ROOMS, "made_order", "{\"made\":1,\"direct\":1,\"order\":1}", ""},
    {MONGO_MEMBERS, "room_user", "{\"room\":1,\"user_order\":1}", ""},
    {MONGO_MEMBERS, "user_joined", "{\"user\":1,\"joined\":1}", ""},
    {MONGO_USERS, "email", "{\"email\":1}", ",\"unique\":true,\"sparse\":true"},
    {MONGO_USERS, "login", "{\"login\":1}", ",\"unique\":true,\"sparse\":true"},
};

/* Makes indexes[from .. to), which are of one collection, by one command. */
static bool make(struct mongo_conn *conn, size_t from, size_t to)
{
    mongoc_database_t *database = mongoc_client_get_database(conn->client, conn->db->name);
    struct bytes text = {0};
    bson_t command, reply;

    bytes_add_cstr(&text, "{\"createIndexes\":\"");
    bytes_add_cstr(&text, mongo_collection_names[indexes[from].of]);
    bytes_add_cstr(&text, "\",\"indexes\":[");
    for (size_t i = from; i < to; i++) {
        bytes_add_cstr(&text, i == from ? "{\"name\":\"" : ",{\"name\":\"");
        bytes_add_cstr(&text, indexes[i].name);
        bytes_add_cstr(&text, "\",\"key\":");
        bytes_add_cstr(&text, indexes[i].keys);
        bytes_add_cstr(&text, indexes[i].options);
        bytes_add_byte(&text, '}');
    }
    bytes_add(&text, "]}", sizeof "]}");
    bool valid = bson_init_from_json(&command, (const char *)text.data, -1, &conn->error);
    assert(valid);
    bool done =
        mongoc_database_write_command_with_opts(database, &command, NULL, &reply, &conn->error);
    bson_destroy(&command);
    bson_destroy(&reply);
    bytes_finish(&text);
    mongoc_database_destroy(database);
    return done;
}

/* Tries one after the other, to name the one that fails. */
static int find_fault(struct mongo_conn *conn, size_t from, size_t to, struct bytes *why)
{
    char text[128];

    for (size_t i = from; i < to; i++) {
        if (!make(conn, i, i + 1)) {
            (void)snprintf(text, sizeof text,
                           "cannot make the index %s of the collection %s: ", indexes[i].name,
                           mongo_collection_names[indexes[i].of]);
            mongo_db_explain(conn->db, why, text, conn->error.message);
            return -1;
        }
    }
    return 0;
}

static int make_indexes(struct mongo_conn *conn, struct bytes *why)
{
    enum { COUNT = sizeof indexes / sizeof indexes[0] };
    int result = 0;

    for (size_t from = 0, to; from < COUNT && result == 0; from = to) {
        for (to = from + 1; to < COUNT && indexes[to].of == indexes[from].of; to++) {
        }
        if (!make(conn, from, to)) {
            result = find_fault(conn, from, to, why);
        }
    }
    return result;
}

static int ping(struct mongo_conn *conn, struct bytes *why)
{
    bson_t *command = BCON_NEW("ping", BCON_INT32(1));
    bool done = mongoc_client_command_simple(conn->client, conn->db->name, command, NULL, NULL,
                                             &conn->error);

    bson_destroy(command);
    if (!done) {
        mongo_db_explain(conn->db, why, "", conn->error.message);
    }
    return done ? 0 : -1;
}

static bool ignore(void *arg, const bson_t *doc)
{
    return true;
}

/* A replica set and a sharded cluster have transactions, a single server has not: one that reads
 * nothing tells. A failure of the network is none of the server's word. */
static int try_transaction(struct mongo_conn *conn, struct bytes *why)
{
    conn->session = mongoc_client_start_session(conn->client, NULL, &conn->error);
    if (conn->session == NULL) {
        return 0;
    }
    bool done = mongoc_client_session_start_transaction(conn->session, NULL, &conn->error) &&
                mongo_find(conn, MONGO_ROOMS, BCON_NEW("_id", BCON_UTF8("")),
                           BCON_NEW("limit", BCON_INT64(1)), ignore, NULL) == 0 &&
                mongoc_client_session_commit_transaction(conn->session, NULL, &conn->error);
    mongoc_client_session_destroy(conn->session);
    conn->session = NULL;
    conn->db->transactions = done;
    if (!done && mongo_conn_is_away(conn)) {
        mongo_db_explain(conn->db, why, "", conn->error.message);
        return -1;
    }
    return 0;
}

int mongo_schema_make(struct mongo_db *db, struct bytes *why)
{
    struct mongo_conn conn;
    int result = -1;

    if (mongo_conn_begin(&conn, db) != 0) {
        mongo_db_explain(db, why, "", conn.error.message);
    } else if (ping(&conn, why) == 0 && make_indexes(&conn, why) == 0) {
        result = try_transaction(&conn, why);
    }
    mongo_conn_end(&conn);
    return result;
}
