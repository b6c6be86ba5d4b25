// SPDX-License-Identifier: MIT
/* Users. */
#include "src/base/memory.h"
#include "src/store/postgres_calls.h"
#include "src/store/store_rows.h"

#define USERS                                                                            \
    "SELECT id, username, coalesce(email, ''), password_hash, display_name, created_ms," \
    " login_name IS NOT NULL FROM users"

static const char by_id_sql[] = USERS " WHERE id = $1::bytea";
static const char by_email_sql[] = USERS " WHERE email = $1::bytea";
static const char by_name_sql[] = USERS " WHERE login_name = $1::bytea";
static const char begin_sql[] = "BEGIN";
static const char commit_sql[] = "COMMIT";
static const char lock_sql[] = "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE";
/* What is in the way, and how many there are: they are numbered without gaps, since none is ever
 * removed. */
static const char look_sql[] =
    "SELECT coalesce((SELECT max(user_number) FROM users), 0),"
    " EXISTS (SELECT 1 FROM users WHERE id = $1::bytea),"
    " EXISTS (SELECT 1 FROM users WHERE email = nullif($2::bytea, '')),"
    " EXISTS (SELECT 1 FROM users WHERE login_name = $3::bytea AND $4::bigint <> 0)";
static const char add_sql[] =
    "INSERT INTO users (user_number, id, username, login_name, email, password_hash, display_name,"
    "  created_ms) SELECT coalesce(max(user_number), 0) + 1, $1::bytea, $5::bytea,"
    "  CASE WHEN $4::bigint <> 0 THEN $3::bytea END, nullif($2::bytea, ''), $6::bytea, $7::bytea,"
    "  $8::bigint FROM users";
static const char password_sql[] =
    "UPDATE users SET password_hash = $2::bytea WHERE id = $1::bytea";

static const char *const by_sql[] = {
    [STORE_BY_ID] = by_id_sql,
    [STORE_BY_EMAIL] = by_email_sql,
    [STORE_BY_USERNAME] = by_name_sql,
};

/* A user name as it is looked for: ASCII letters in lower case. */
static void write_login_name(struct bytes *out, struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bytes_add_byte(out, c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c);
    }
}

static struct store_user *read_user(const struct pg_result *result)
{
    static const size_t spans[] = {
        offsetof(struct store_user, id), offsetof(struct store_user, username),
        offsetof(struct store_user, email), offsetof(struct store_user, password_hash),
        offsetof(struct store_user, display_name)};
    struct store_rows rows;

    store_rows_begin(&rows, 0, sizeof(struct store_user));
    struct store_user *user = store_rows_add(&rows);
    store_rows_text(&rows, &user->id, postgres_bytes(result, 0, 0));
    store_rows_text(&rows, &user->username, postgres_bytes(result, 0, 1));
    store_rows_text(&rows, &user->email, postgres_bytes(result, 0, 2));
    store_rows_text(&rows, &user->password_hash, postgres_bytes(result, 0, 3));
    store_rows_text(&rows, &user->display_name, postgres_bytes(result, 0, 4));
    user->created_ms = postgres_number(result, 0, 5);
    user->username_chosen = postgres_number(result, 0, 6) != 0;
    return store_rows_end(&rows, spans, sizeof spans / sizeof spans[0]);
}

int postgres_read_user_get(struct postgres_conn *conn, struct store_call *call)
{
    struct store_user_get *r = container_of(call, struct store_user_get, call);
    struct postgres_params params = {0};
    struct postgres_results results;
    struct bytes name = {0};

    r->user = NULL;
    if (r->by == STORE_BY_USERNAME) {
        write_login_name(&name, r->key);
    }
    postgres_add_bytes(&params, r->by == STORE_BY_USERNAME ? bytes_span(&name) : r->key);
    postgres_put(conn, by_sql[r->by], &params);
    bytes_finish(&name);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        r->user = postgres_rows(results.of[0]) > 0 ? read_user(results.of[0]) : NULL;
        postgres_results_drop(&results);
    }
    return error;
}

/* ---- writes ---- */

/* Locks, and sets call->error if he is not to be added. The order is that of the other back-ends:
 * there are too many, the address, the name, the id. */
static int look(struct postgres_conn *conn, const struct postgres_params *params,
                struct store_user_add *r)
{
    struct postgres_results results;

    postgres_put(conn, begin_sql, NULL);
    postgres_put(conn, lock_sql, NULL);
    postgres_put(conn, look_sql, params);
    int error = postgres_exchange(conn, &results);
    if (error != 0) {
        return error;
    }
    const struct pg_result *found = results.of[2];
    bool full = r->users_max > 0 && (uint64_t)postgres_number(found, 0, 0) >= r->users_max;
    r->call.error = full                                ? STORE_ETOOMANY
                    : postgres_number(found, 0, 2) != 0 ? STORE_EEXISTS_EMAIL
                    : postgres_number(found, 0, 3) != 0 ? STORE_EEXISTS_USERNAME
                    : postgres_number(found, 0, 1) != 0 ? STORE_EEXISTS
                                                        : 0;
    postgres_results_drop(&results);
    return 0;
}

int postgres_write_user_add(struct postgres_conn *conn, struct store_call *call)
{
    struct store_user_add *r = container_of(call, struct store_user_add, call);
    struct postgres_params params = {0};
    struct bytes name = {0};

    write_login_name(&name, r->username);
    postgres_add_bytes(&params, r->id);
    postgres_add_bytes(&params, r->email);
    postgres_add_bytes(&params, bytes_span(&name));
    postgres_add_number(&params, r->username_chosen);
    int error = look(conn, &params, r);
    if (error == 0 && call->error == 0) {
        postgres_add_bytes(&params, r->username);
        postgres_add_bytes(&params, r->password_hash);
        postgres_add_bytes(&params, r->display_name);
        postgres_add_number(&params, (uint64_t)r->created_ms);
        postgres_put(conn, add_sql, &params);
        postgres_put(conn, commit_sql, NULL);
        error = postgres_exchange_only(conn);
    }
    bytes_finish(&name);
    return error;
}

int postgres_write_user_password(struct postgres_conn *conn, struct store_call *call)
{
    struct store_user_password *r = container_of(call, struct store_user_password, call);
    struct postgres_params params = {0};
    struct postgres_results results;

    postgres_add_bytes(&params, r->id);
    postgres_add_bytes(&params, r->password_hash);
    postgres_put(conn, password_sql, &params);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        call->error = postgres_changed(results.of[0]) == 0 ? STORE_EMISSING : 0;
        postgres_results_drop(&results);
    }
    return error;
}
