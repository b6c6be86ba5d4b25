// SPDX-License-Identifier: MIT
#include "src/store/postgres_check.h"

#include <stdio.h>

/* What statements name: columns and their types; unique indexes, without which an id would be
 * stored twice; and whether histories need it. */
#define TABLES                                                                                \
    "WITH tables (name, columns, keys, histories) AS (VALUES"                                 \
    " ('rooms', 'room_id bigint,name bytea,title bytea,created_by bytea,created_ms bigint,"   \
    "made boolean,direct boolean', 'room_id,name', true),"                                    \
    " ('messages', 'message_id bigint,room_id bigint,place bigint,changed bigint,"            \
    "timestamp_ms bigint,edited_ms bigint,dialect smallint,state smallint,deleted boolean,"   \
    "id bytea,user_id bytea,username bytea,content bytea,type bytea,sent_at bytea,raw bytea," \
    "client_id bytea,recipient bytea,words tsvector', 'room_id place,id', true),"             \
    " ('room_members', 'room_id bigint,user_id bytea,joined boolean,read bigint',"            \
    "  'room_id user_id', false),"                                                            \
    " ('users', 'user_number bigint,id bytea,username bytea,login_name bytea,email bytea,"    \
    "password_hash bytea,display_name bytea,created_ms bigint',"                              \
    "  'user_number,id,login_name,email', false),"                                            \
    " ('journal_logs', 'name bytea,partition integer,base bigint,position bigint',"           \
    "  'name partition', true)),"                                                             \
    "found AS (SELECT *, to_regclass(name) AS r FROM tables"

#define NO_TABLE \
    " SELECT 'it lacks the table ' || name AS why, 1 AS rank FROM found WHERE r IS NULL"

#define NO_COLUMN                                                                            \
    " SELECT format('the table %s lacks the column %s (%s)', name, split_part(c, ' ', 1),"   \
    "  split_part(c, ' ', 2)), 2"                                                            \
    " FROM found, unnest(string_to_array(columns, ',')) AS c WHERE r IS NOT NULL"            \
    " AND NOT EXISTS (SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = r AND a.attnum > 0" \
    "  AND NOT a.attisdropped AND a.attname || ' ' || format_type(a.atttypid, NULL) = c)"

#define NO_KEY                                                                            \
    " SELECT format('the table %s lacks a unique index on (%s)', name,"                   \
    "  replace(k, ' ', ', ')), 3"                                                         \
    " FROM found, unnest(string_to_array(keys, ',')) AS k WHERE r IS NOT NULL"            \
    " AND NOT EXISTS (SELECT 1 FROM pg_index AS i WHERE i.indrelid = r AND i.indisunique" \
    "  AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL"                     \
    "  AND k = (SELECT string_agg(a.attname, ' ' ORDER BY u.n)"                           \
    "   FROM unnest(i.indkey) WITH ORDINALITY AS u (number, n) JOIN pg_attribute AS a"    \
    "   ON a.attrelid = r AND a.attnum = u.number WHERE u.n <= i.indnkeyatts))"

#define NO_RIGHT(right)                                                                    \
    " SELECT format('the user %s lacks " right " on the table %s', current_user, name), 4" \
    " FROM found WHERE r IS NOT NULL AND NOT has_table_privilege(r, '" right "')"

#define OR     " UNION ALL"
#define FIRST  " ORDER BY rank, why LIMIT 1"
#define SCHEMA NO_TABLE OR NO_COLUMN
#define RIGHTS NO_RIGHT("SELECT") OR NO_RIGHT("INSERT") OR NO_RIGHT("UPDATE")

static const char all_sql[] = TABLES ")" SCHEMA OR NO_KEY OR RIGHTS FIRST;
static const char histories_sql[] = TABLES " WHERE histories)" SCHEMA OR NO_RIGHT("SELECT") FIRST;
static const char writable_sql[] =
    "SELECT CASE WHEN pg_is_in_recovery() THEN 'it is a replica, which takes no writes'"
    " ELSE 'it is read-only for this user (default_transaction_read_only)' END"
    " WHERE current_setting('transaction_read_only') = 'on'";

/* A query that gives a line if something is wrong. */
static int ask(struct postgres_conn *conn, const char *sql)
{
    struct pg_result *result = NULL;

    if (postgres_run(conn, sql, &result) != 0) {
        return -1;
    }
    bool is_wrong = postgres_rows(result) > 0;
    if (is_wrong) {
        (void)snprintf(conn->why, sizeof conn->why, "%s",
                       (const char *)postgres_bytes(result, 0, 0).data);
        conn->state[0] = 0;
    }
    postgres_drop(result);
    return is_wrong ? -1 : 0;
}

int postgres_check(struct postgres_conn *conn, enum postgres_purpose purpose)
{
    return ask(conn, purpose == POSTGRES_FOR_ALL ? all_sql : histories_sql);
}

int postgres_check_writable(struct postgres_conn *conn)
{
    return ask(conn, writable_sql);
}
