// SPDX-License-Identifier: MIT
/* Users. */
#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"
#include "src/store/store_rows.h"

#define USERS                                                                          \
    "SELECT id, username, ifnull(email, ''), password_hash, display_name, created_ms," \
    " login_name IS NOT NULL FROM users"

static const char by_id_sql[] = USERS " WHERE id = ?1";
static const char by_email_sql[] = USERS " WHERE email = ?1";
static const char by_name_sql[] = USERS " WHERE login_name = ?1";
static const char add_sql[] =
    "INSERT INTO users (id, username, login_name, email, password_hash, display_name, created_ms)"
    " VALUES (?1, ?2, iif(?7, ?2, NULL), nullif(?3, ''), ?4, ?5, ?6) ON CONFLICT DO NOTHING";
/* Users are numbered without gaps, since none is ever removed. */
static const char count_sql[] = "SELECT ifnull(max(user_number), 0) FROM users";
static const char password_sql[] = "UPDATE users SET password_hash = ?2 WHERE id = ?1";

static const char *const by_sql[] = {
    [STORE_BY_ID] = by_id_sql,
    [STORE_BY_EMAIL] = by_email_sql,
    [STORE_BY_USERNAME] = by_name_sql,
};

static void add_user(struct store_rows *rows, sqlite3_stmt *statement)
{
    struct store_user *user = store_rows_add(rows);

    store_rows_text(rows, &user->id, sqlite_column(statement, 0));
    store_rows_text(rows, &user->username, sqlite_column(statement, 1));
    store_rows_text(rows, &user->email, sqlite_column(statement, 2));
    store_rows_text(rows, &user->password_hash, sqlite_column(statement, 3));
    store_rows_text(rows, &user->display_name, sqlite_column(statement, 4));
    user->created_ms = sqlite3_column_int64(statement, 5);
    user->username_chosen = sqlite3_column_int(statement, 6) != 0;
}

int sqlite_read_user_get(struct sqlite_conn *conn, struct store_call *call)
{
    static const size_t spans[] = {
        offsetof(struct store_user, id), offsetof(struct store_user, username),
        offsetof(struct store_user, email), offsetof(struct store_user, password_hash),
        offsetof(struct store_user, display_name)};
    struct store_user_get *r = container_of(call, struct store_user_get, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, by_sql[r->by]);
    struct store_rows rows;

    r->user = NULL;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, r->key);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        store_rows_begin(&rows, 0, sizeof(struct store_user));
        add_user(&rows, statement);
        r->user = store_rows_end(&rows, spans, sizeof spans / sizeof spans[0]);
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Sets *found if there is a user with that key. */
static int look(struct sqlite_writer *writer, enum store_user_by by, struct span key, bool *found)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, by_sql[by]);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_text(statement, 1, key);
    int result = sqlite3_step(statement);
    *found = result == SQLITE_ROW;
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Why a user was not added. */
static int explain(struct sqlite_writer *writer, struct store_call *call,
                   const struct store_user_add *r)
{
    bool email = false, username = false;
    int result = look(writer, STORE_BY_EMAIL, r->email, &email);

    if (result == SQLITE_OK && r->username_chosen) {
        result = look(writer, STORE_BY_USERNAME, r->username, &username);
    }
    call->error = email ? STORE_EEXISTS_EMAIL : username ? STORE_EEXISTS_USERNAME : STORE_EEXISTS;
    return result;
}

static int count(struct sqlite_writer *writer, uint64_t *users)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, count_sql);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    int result = sqlite3_step(statement);
    *users = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

static int add(struct sqlite_writer *writer, struct store_call *call,
               const struct store_user_add *r)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, add_sql);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_text(statement, 1, r->id);
    sqlite_bind_text(statement, 2, r->username);
    sqlite_bind_text(statement, 3, r->email);
    sqlite_bind_text(statement, 4, r->password_hash);
    sqlite_bind_text(statement, 5, r->display_name);
    sqlite_bind_u64(statement, 6, (uint64_t)r->created_ms);
    sqlite_bind_u64(statement, 7, r->username_chosen);
    int result = sqlite_db_step(statement);
    if (result != SQLITE_OK || sqlite3_changes(writer->conn.db) > 0) {
        return result;
    }
    return explain(writer, call, r);
}

int sqlite_write_user_add(struct sqlite_writer *writer, struct store_call *call)
{
    struct store_user_add *r = container_of(call, struct store_user_add, call);
    uint64_t users = 0;
    int result = r->users_max == 0 ? SQLITE_OK : count(writer, &users);

    if (result != SQLITE_OK) {
        return result;
    }
    if (r->users_max > 0 && users >= r->users_max) {
        call->error = STORE_ETOOMANY;
        return SQLITE_OK;
    }
    return add(writer, call, r);
}

int sqlite_write_user_password(struct sqlite_writer *writer, struct store_call *call)
{
    struct store_user_password *r = container_of(call, struct store_user_password, call);
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, password_sql);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_text(statement, 1, r->id);
    sqlite_bind_text(statement, 2, r->password_hash);
    int result = sqlite_db_step(statement);
    if (result == SQLITE_OK && sqlite3_changes(writer->conn.db) == 0) {
        call->error = STORE_EMISSING;
    }
    return result;
}
