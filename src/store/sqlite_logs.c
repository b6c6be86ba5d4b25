// SPDX-License-Identifier: MIT
#include "src/store/sqlite_logs.h"

#include "src/base/memory.h"
#include "src/store/sqlite_schema.h"

static const char find_sql[] = "SELECT base, position FROM logs WHERE name = ?1 AND partition = ?2";
static const char put_sql[] = "INSERT INTO logs (name, partition, base, position)"
                              " VALUES (?1, ?2, ?3, ?4)"
                              " ON CONFLICT DO UPDATE SET base = ?3, position = ?4";
static const char mark_sql[] = "UPDATE logs SET position = max(position, ?3)"
                               " WHERE name = ?1 AND partition = ?2";
static const char positions_sql[] = "SELECT partition, position FROM logs WHERE name = ?1";
static const char greatest_sql[] =
    "SELECT max(newest) FROM (SELECT " SQLITE_NEWEST("rooms.room_id") " AS newest FROM rooms)";

/* ---- adopt ---- */

struct adoption {
    struct sqlite_work work;
    struct store_log *log;
    const uint64_t *ends;
    unsigned partition; /* the one that is looked at */
    bool asked;
    uint64_t greatest; /* place that any room has; asked for once, since it takes a look at each */
};

/* Sets *known if the partition is. */
static int find(struct sqlite_writer *writer, struct adoption *a, bool *known)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, find_sql);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_text(statement, 1, a->log->name);
    sqlite_bind_u64(statement, 2, a->partition);
    int result = sqlite3_step(statement);
    *known = result == SQLITE_ROW;
    if (*known) {
        a->log->bases[a->partition] = (uint64_t)sqlite3_column_int64(statement, 0);
        a->log->positions[a->partition] = (uint64_t)sqlite3_column_int64(statement, 1);
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int put(struct sqlite_writer *writer, const struct adoption *a)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, put_sql);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_text(statement, 1, a->log->name);
    sqlite_bind_u64(statement, 2, a->partition);
    sqlite_bind_u64(statement, 3, a->log->bases[a->partition]);
    sqlite_bind_u64(statement, 4, a->log->positions[a->partition]);
    return sqlite_db_step(statement);
}

static int ask_greatest(struct sqlite_writer *writer, struct adoption *a)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, greatest_sql);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    a->asked = true;
    return sqlite_db_read_number(statement, &a->greatest);
}

/* Begins the partition anew, behind all that is stored: of one that was made anew, messages may be
 * there that its position does not tell of yet. */
static int begin(struct sqlite_writer *writer, struct adoption *a, uint64_t end)
{
    int result = a->asked ? SQLITE_OK : ask_greatest(writer, a);

    a->log->bases[a->partition] = a->greatest > end ? a->greatest : end;
    a->log->positions[a->partition] = 0;
    return result == SQLITE_OK ? put(writer, a) : result;
}

static int adopt_partition(struct sqlite_writer *writer, struct adoption *a)
{
    bool known = false;
    int result = find(writer, a, &known);

    if (result != SQLITE_OK) {
        return result;
    }
    if (!known) {
        return begin(writer, a, 0);
    }
    uint64_t position = a->log->positions[a->partition];
    return a->ends[a->partition] < position
               ? begin(writer, a, a->log->bases[a->partition] + position)
               : SQLITE_OK;
}

static int write_adoption(struct sqlite_writer *writer, struct sqlite_work *work)
{
    struct adoption *a = container_of(work, struct adoption, work);
    int result = SQLITE_OK;

    for (; a->partition < a->log->partitions && result == SQLITE_OK; a->partition++) {
        result = adopt_partition(writer, a);
    }
    return result;
}

int sqlite_logs_adopt(struct sqlite_commits *commits, struct store_log *log, const uint64_t *ends)
{
    struct adoption a = {.work = {.write = write_adoption}, .log = log, .ends = ends};
    return sqlite_commits_run(commits, &a.work);
}

/* ---- mark ---- */

struct progress {
    struct sqlite_work work;
    struct span log;
    unsigned partition;
    uint64_t position;
};

static int write_progress(struct sqlite_writer *writer, struct sqlite_work *work)
{
    const struct progress *p = container_of(work, struct progress, work);
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, mark_sql);

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_text(statement, 1, p->log);
    sqlite_bind_u64(statement, 2, p->partition);
    sqlite_bind_u64(statement, 3, p->position);
    int result = sqlite_db_step(statement);
    if (result == SQLITE_OK && sqlite3_changes(writer->conn.db) == 0) {
        work->error = STORE_EMISSING;
    }
    return result;
}

int sqlite_logs_mark(struct sqlite_commits *commits, struct span log, unsigned partition,
                     uint64_t position)
{
    struct progress p = {.work = {.write = write_progress},
                         .log = log,
                         .partition = partition,
                         .position = position};
    return sqlite_commits_run(commits, &p.work);
}

/* ---- positions ---- */

int sqlite_read_positions(struct sqlite_conn *conn, struct store_call *call)
{
    struct store_positions *r = container_of(call, struct store_positions, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, positions_sql);
    int result;

    memset(r->positions, 0, sizeof r->positions);
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, r->log);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        uint64_t partition = (uint64_t)sqlite3_column_int64(statement, 0);
        if (partition < r->partitions) {
            r->positions[partition] = (uint64_t)sqlite3_column_int64(statement, 1);
        }
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}
