// SPDX-License-Identifier: MIT
/* Users. */
#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_calls.h"
#include "src/store/store_rows.h"

/* Names that were chosen are compared in any case of ASCII letters. */
static void put_login(bson_t *doc, struct span username)
{
    struct bytes lower = {0};

    for (size_t i = 0; i < username.len; i++) {
        uint8_t c = username.data[i];
        bytes_add_byte(&lower, c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c);
    }
    mongo_put_text(doc, "login", bytes_span(&lower));
    bytes_finish(&lower);
}

static bson_t *filter_of(enum store_user_by by, struct span key)
{
    bson_t *filter = bson_new();

    if (by == STORE_BY_USERNAME) {
        put_login(filter, key);
    } else {
        mongo_put_text(filter, by == STORE_BY_ID ? "_id" : "email", key);
    }
    return filter;
}

static bool read_user(void *arg, const bson_t *doc)
{
    static const size_t spans[] = {
        offsetof(struct store_user, id), offsetof(struct store_user, username),
        offsetof(struct store_user, email), offsetof(struct store_user, password_hash),
        offsetof(struct store_user, display_name)};
    struct store_user **out = arg;
    struct store_rows rows;

    store_rows_begin(&rows, 0, sizeof(struct store_user));
    struct store_user *user = store_rows_add(&rows);
    user->created_ms = (int64_t)mongo_get_u64(doc, "created");
    user->username_chosen = bson_has_field(doc, "login");
    store_rows_text(&rows, &user->id, mongo_get_text(doc, "_id"));
    store_rows_text(&rows, &user->username, mongo_get_text(doc, "username"));
    store_rows_text(&rows, &user->email, mongo_get_text(doc, "email"));
    store_rows_text(&rows, &user->password_hash, mongo_get_text(doc, "password_hash"));
    store_rows_text(&rows, &user->display_name, mongo_get_text(doc, "display_name"));
    *out = store_rows_end(&rows, spans, sizeof spans / sizeof spans[0]);
    return false;
}

int mongo_read_user_get(struct mongo_conn *conn, struct store_call *call)
{
    struct store_user_get *r = container_of(call, struct store_user_get, call);
    struct store_user *user = NULL;
    int result = mongo_find(conn, MONGO_USERS, filter_of(r->by, r->key),
                            BCON_NEW("limit", BCON_INT64(1)), read_user, &user);

    r->user = result == 0 ? user : NULL;
    if (result != 0) {
        free(user);
    }
    return result;
}

/* ---- user_add ---- */

static bool note_found(void *arg, const bson_t *doc)
{
    *(bool *)arg = true;
    return false;
}

static int look(struct mongo_conn *conn, enum store_user_by by, struct span key, bool *found)
{
    return mongo_find(conn, MONGO_USERS, filter_of(by, key), BCON_NEW("limit", BCON_INT64(1)),
                      note_found, found);
}

/* Why a user was not added. */
static int explain(struct mongo_conn *conn, struct store_call *call, const struct store_user_add *r)
{
    bool email = false, username = false;
    int result = r->email.len > 0 ? look(conn, STORE_BY_EMAIL, r->email, &email) : 0;

    if (result == 0 && r->username_chosen) {
        result = look(conn, STORE_BY_USERNAME, r->username, &username);
    }
    call->error = email ? STORE_EEXISTS_EMAIL : username ? STORE_EEXISTS_USERNAME : STORE_EEXISTS;
    return result;
}

static int add(struct mongo_conn *conn, const struct store_user_add *r)
{
    bson_t *doc = bson_new(), reply;

    mongo_put_text(doc, "_id", r->id);
    mongo_put_text(doc, "username", r->username);
    mongo_put_some(doc, "email", r->email);
    mongo_put_text(doc, "password_hash", r->password_hash);
    mongo_put_text(doc, "display_name", r->display_name);
    (void)BSON_APPEND_DATE_TIME(doc, "created", r->created_ms);
    if (r->username_chosen) {
        put_login(doc, r->username);
    }
    bool done = mongoc_collection_insert_one(mongo_conn_get(conn, MONGO_USERS), doc, NULL, &reply,
                                             &conn->error);
    int result = done ? 0 : mongo_conn_fail(conn, &reply);
    bson_destroy(&reply);
    bson_destroy(doc);
    return result;
}

int mongo_write_user_add(struct mongo_conn *conn, struct store_call *call)
{
    struct store_user_add *r = container_of(call, struct store_user_add, call);

    if (r->users_max > 0) { /* as the server remembers it: it need not look at them all */
        int64_t count = mongoc_collection_estimated_document_count(
            mongo_conn_get(conn, MONGO_USERS), NULL, NULL, NULL, &conn->error);
        if (count < 0) {
            return mongo_conn_fail(conn, NULL);
        }
        if ((uint64_t)count >= r->users_max) {
            call->error = STORE_ETOOMANY;
            return 0;
        }
    }
    int result = add(conn, r);
    return result == MONGO_DUPLICATE ? explain(conn, call, r) : result;
}

int mongo_write_user_password(struct mongo_conn *conn, struct store_call *call)
{
    struct store_user_password *r = container_of(call, struct store_user_password, call);
    bson_t *update = bson_new(), fields;
    bool found = false;

    (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &fields);
    mongo_put_text(&fields, "password_hash", r->password_hash);
    (void)bson_append_document_end(update, &fields);
    int result =
        mongo_update(conn, MONGO_USERS, filter_of(STORE_BY_ID, r->id), update, false, &found);
    if (result == 0 && !found) {
        call->error = STORE_EMISSING;
    }
    return result;
}
