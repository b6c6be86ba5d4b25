// SPDX-License-Identifier: MIT
#include "src/store/postgres_schema.h"

#include <inttypes.h>
#include <stdio.h>

#include "src/store/postgres_check.h"

enum { VERSION_MIN = 120000, MIGRATION_MS = 3600 * 1000 };

/* Each is applied once, in this order, in a transaction of its own; never change one that has been
 * released. */
static const char *const migrations[] = {
    "CREATE TABLE rooms (room_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    "  name bytea NOT NULL UNIQUE, title bytea NOT NULL DEFAULT '',"
    "  created_by bytea NOT NULL DEFAULT '', created_ms bigint NOT NULL DEFAULT 0,"
    "  made boolean NOT NULL DEFAULT false, direct boolean NOT NULL DEFAULT false);"
    "CREATE INDEX rooms_listed ON rooms (name) WHERE NOT direct;"
    "CREATE INDEX rooms_made ON rooms (name) WHERE NOT direct AND made;"

    "CREATE TABLE messages (message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    "  room_id bigint NOT NULL, place bigint NOT NULL, changed bigint NOT NULL DEFAULT 0,"
    "  timestamp_ms bigint NOT NULL, edited_ms bigint NOT NULL DEFAULT 0,"
    "  dialect smallint NOT NULL, state smallint NOT NULL DEFAULT 0,"
    "  deleted boolean NOT NULL DEFAULT false,"
    "  id bytea NOT NULL, user_id bytea NOT NULL, username bytea NOT NULL,"
    "  content bytea NOT NULL, type bytea NOT NULL, sent_at bytea NOT NULL, raw bytea NOT NULL,"
    "  client_id bytea NOT NULL, recipient bytea NOT NULL, words tsvector NOT NULL);"
    "CREATE UNIQUE INDEX messages_place ON messages (room_id, place);"
    "CREATE UNIQUE INDEX messages_id ON messages (id);"
    "CREATE INDEX messages_changed ON messages (room_id, changed) WHERE changed > 0;"
    "CREATE INDEX messages_undelivered ON messages (recipient, message_id)"
    "  WHERE recipient <> '' AND state = 0 AND NOT deleted;"
    "CREATE INDEX messages_words ON messages USING gin (words);"

    "CREATE TABLE room_members (room_id bigint NOT NULL, user_id bytea NOT NULL,"
    "  joined boolean NOT NULL, read bigint NOT NULL, PRIMARY KEY (room_id, user_id));"
    "CREATE INDEX room_members_joined ON room_members (user_id, room_id) WHERE joined;"

    "CREATE TABLE users (user_number bigint PRIMARY KEY, id bytea NOT NULL UNIQUE,"
    "  username bytea NOT NULL, login_name bytea UNIQUE, email bytea UNIQUE,"
    "  password_hash bytea NOT NULL, display_name bytea NOT NULL, created_ms bigint NOT NULL);"

    "CREATE TABLE journal_logs (name bytea NOT NULL, partition integer NOT NULL,"
    "  base bigint NOT NULL, position bigint NOT NULL, PRIMARY KEY (name, partition));"

    "CREATE FUNCTION rookery_text(value bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS"
    "  $$ BEGIN RETURN convert_from(value, 'UTF8');"
    "  EXCEPTION WHEN OTHERS THEN RETURN encode(value, 'escape'); END $$;"
    "CREATE FUNCTION rookery_time(ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT AS"
    "  $$ SELECT CASE WHEN ms > 0 THEN to_timestamp(ms / 1000.0) END $$;"
    "CREATE VIEW rooms_text AS SELECT room_id, rookery_text(name) AS name,"
    "  rookery_text(title) AS title, rookery_text(created_by) AS created_by,"
    "  rookery_time(created_ms) AS created_at, made, direct FROM rooms;"
    "CREATE VIEW messages_text AS SELECT m.message_id, CASE get_byte(m.id, 0)"
    "  WHEN 0 THEN encode(substr(m.id, 2), 'hex')::uuid::text"
    "  ELSE rookery_text(substr(m.id, 2)) END AS id, rookery_text(r.name) AS room, m.place,"
    "  m.changed, rookery_text(m.user_id) AS user_id, rookery_text(m.username) AS username,"
    "  rookery_text(m.content) AS content, rookery_text(m.type) AS type,"
    "  rookery_time(m.timestamp_ms) AS created_at, rookery_time(m.edited_ms) AS edited_at,"
    "  m.deleted, rookery_text(m.recipient) AS recipient, m.state, m.dialect"
    "  FROM messages AS m JOIN rooms AS r ON r.room_id = m.room_id;"
    "CREATE VIEW room_members_text AS SELECT rookery_text(r.name) AS room,"
    "  rookery_text(m.user_id) AS user_id, m.joined, m.read"
    "  FROM room_members AS m JOIN rooms AS r ON r.room_id = m.room_id;"
    "CREATE VIEW users_text AS SELECT rookery_text(id) AS id, rookery_text(username) AS username,"
    "  rookery_text(email) AS email, rookery_text(display_name) AS display_name,"
    "  rookery_time(created_ms) AS created_at FROM users;",
};
enum { MIGRATIONS = sizeof migrations / sizeof migrations[0] };

static int refuse(struct postgres_conn *conn, const char *why)
{
    (void)snprintf(conn->why, sizeof conn->why, "%s", why);
    return -1;
}

/* The only number that a query gives. Returns 0 or -1. */
static int read_number(struct postgres_conn *conn, const char *sql, int64_t *number)
{
    struct pg_result *result = NULL;
    uint64_t value = 0;

    if (postgres_run(conn, sql, &result) != 0) {
        return -1;
    }
    bool is_one = postgres_rows(result) == 1 &&
                  span_to_u64(postgres_bytes(result, 0, 0), INT64_MAX, &value) == 0;
    postgres_drop(result);
    *number = (int64_t)value;
    return is_one ? 0 : refuse(conn, "rookery_schema does not tell the version of the schema");
}

/* Where no step was taken yet there must be nothing that the steps would make. */
static int check_free(struct postgres_conn *conn)
{
    int64_t others = 0;

    if (read_number(conn,
                    "SELECT count(to_regclass('rooms')) + count(to_regclass('messages'))"
                    " + count(to_regclass('users')) + count(to_regclass('room_members'))"
                    " + count(to_regclass('journal_logs'))",
                    &others) != 0) {
        return -1;
    }
    return others == 0 ? 0
                       : refuse(conn, "a database of another program: it has tables of these "
                                      "names already");
}

/* Under the lock. */
static int find_version(struct postgres_conn *conn, int64_t *version)
{
    int64_t known = 0;

    *version = 0;
    if (read_number(conn, "SELECT count(to_regclass('rookery_schema'))", &known) != 0 ||
        (known != 0 && read_number(conn, "SELECT version FROM rookery_schema", version) != 0) ||
        (*version == 0 && check_free(conn) != 0)) {
        return -1;
    }
    return known != 0 ? 0
                      : postgres_run(conn,
                                     "CREATE TABLE rookery_schema (version bigint NOT NULL);"
                                     "INSERT INTO rookery_schema VALUES (0)",
                                     NULL);
}

static int migrate_from(struct postgres_conn *conn, int64_t version)
{
    char text[POSTGRES_WHY_BYTES];

    if (version > MIGRATIONS) {
        (void)snprintf(text, sizeof text,
                       "written by a newer version: its schema is %" PRId64 ", known is %d",
                       version, MIGRATIONS);
        return refuse(conn, text);
    }
    for (; version < MIGRATIONS; version++) {
        (void)snprintf(text, sizeof text, "UPDATE rookery_schema SET version = %" PRId64,
                       version + 1);
        if (postgres_run(conn, migrations[version], NULL) != 0 ||
            postgres_run(conn, text, NULL) != 0) {
            return -1;
        }
    }
    return 0;
}

static int migrate_locked(struct postgres_conn *conn)
{
    int64_t version;

    if (postgres_run(conn,
                     "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                     "SET LOCAL idle_in_transaction_session_timeout = 0;"
                     "SELECT pg_advisory_xact_lock(" POSTGRES_LOCK_SCHEMA ")",
                     NULL) != 0 ||
        postgres_check_writable(conn) != 0 || find_version(conn, &version) != 0 ||
        migrate_from(conn, version) != 0 || postgres_check(conn, POSTGRES_FOR_ALL) != 0) {
        return -1;
    }
    return postgres_run(conn, "COMMIT", NULL) == 0 ? 0 : -1;
}

int postgres_migrate(struct postgres_conn *conn)
{
    if (postgres_version(conn) < VERSION_MIN) {
        return refuse(conn, "the server is older than PostgreSQL 12");
    }
    if (postgres_begin_for(conn, MIGRATION_MS) != 0) {
        return -1;
    }
    if (migrate_locked(conn) == 0) {
        return 0;
    }
    postgres_roll_back(conn);
    return -1;
}
