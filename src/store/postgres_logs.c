// SPDX-License-Identifier: MIT
#include "src/store/postgres_logs.h"

#include "src/base/memory.h"
#include "src/store/postgres_calls.h"
#include "src/store/postgres_schema.h"

static const char begin_sql[] = "BEGIN";
static const char commit_sql[] = "COMMIT";
static const char lock_sql[] = "LOCK TABLE journal_logs IN SHARE ROW EXCLUSIVE MODE";
static const char find_sql[] =
    "SELECT partition, base, position FROM journal_logs WHERE name = $1::bytea";
static const char positions_sql[] =
    "SELECT partition, position FROM journal_logs WHERE name = $1::bytea";
static const char greatest_sql[] =
    "SELECT coalesce(max(" POSTGRES_NEWEST("r.room_id") "), 0) FROM rooms AS r";
static const char put_sql[] =
    "INSERT INTO journal_logs (name, partition, base, position)"
    " SELECT $1::bytea, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[])"
    " ON CONFLICT (name, partition) DO UPDATE SET base = EXCLUDED.base,"
    " position = EXCLUDED.position";
static const char mark_sql[] = "UPDATE journal_logs SET position = greatest(position, $3::bigint)"
                               " WHERE name = $1::bytea AND partition = $2::bigint";

/* ---- adopt ---- */

/* Locks, and reads what there is. Sets known of each partition. */
static int find(struct postgres_conn *conn, struct store_log *log, bool *known)
{
    struct postgres_params params = {0};
    struct postgres_results results;

    postgres_add_bytes(&params, log->name);
    postgres_put(conn, begin_sql, NULL);
    postgres_put(conn, lock_sql, NULL);
    postgres_put(conn, find_sql, &params);
    int error = postgres_exchange(conn, &results);
    if (error != 0) {
        return error;
    }
    for (int row = 0; row < postgres_rows(results.of[2]); row++) {
        uint64_t partition = (uint64_t)postgres_number(results.of[2], row, 0);
        if (partition < log->partitions) {
            known[partition] = true;
            log->bases[partition] = (uint64_t)postgres_number(results.of[2], row, 1);
            log->positions[partition] = (uint64_t)postgres_number(results.of[2], row, 2);
        }
    }
    postgres_results_drop(&results);
    return 0;
}

static int find_greatest(struct postgres_conn *conn, uint64_t *greatest)
{
    struct postgres_results results;

    postgres_put(conn, greatest_sql, NULL);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        *greatest = (uint64_t)postgres_number(results.of[0], 0, 0);
        postgres_results_drop(&results);
    }
    return error;
}

/* Those partitions begin anew, behind all that is stored: of one that was made anew, messages may
 * be there that its position does not tell of yet. */
static int begin_anew(struct postgres_conn *conn, struct store_log *log, const bool *anew)
{
    struct postgres_array partitions = {0}, bases = {0}, positions = {0};
    struct postgres_params params = {0};
    uint64_t greatest = 0;
    int error = find_greatest(conn, &greatest);

    if (error != 0) {
        return error;
    }
    for (unsigned i = 0; i < log->partitions; i++) {
        if (anew[i]) {
            uint64_t end = log->bases[i] + log->positions[i];
            log->bases[i] = greatest > end ? greatest : end;
            log->positions[i] = 0;
            postgres_array_number(&partitions, i);
            postgres_array_number(&bases, log->bases[i]);
            postgres_array_number(&positions, 0);
        }
    }
    postgres_add_bytes(&params, log->name);
    postgres_add_array(&params, &partitions, POSTGRES_BIGINT);
    postgres_add_array(&params, &bases, POSTGRES_BIGINT);
    postgres_add_array(&params, &positions, POSTGRES_BIGINT);
    postgres_put(conn, put_sql, &params);
    postgres_array_finish(&partitions);
    postgres_array_finish(&bases);
    postgres_array_finish(&positions);
    return 0;
}

int postgres_logs_adopt(struct postgres_conn *conn, struct store_log *log, const uint64_t *ends)
{
    bool known[STORE_PARTITIONS_MAX] = {false}, anew[STORE_PARTITIONS_MAX], some = false;

    memset(log->bases, 0, sizeof log->bases);
    memset(log->positions, 0, sizeof log->positions);
    int error = find(conn, log, known);
    for (unsigned i = 0; i < log->partitions; i++) {
        anew[i] = !known[i] || ends[i] < log->positions[i];
        some |= anew[i];
    }
    if (error == 0 && some) {
        error = begin_anew(conn, log, anew);
    }
    if (error != 0) {
        return error;
    }
    postgres_put(conn, commit_sql, NULL);
    return postgres_exchange_only(conn);
}

/* ---- positions ---- */

int postgres_logs_mark(struct postgres_conn *conn, struct span log, unsigned partition,
                       uint64_t position)
{
    struct postgres_params params = {0};
    struct postgres_results results;

    postgres_add_bytes(&params, log);
    postgres_add_number(&params, partition);
    postgres_add_number(&params, position);
    postgres_put(conn, mark_sql, &params);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        error = postgres_changed(results.of[0]) > 0 ? 0 : STORE_EMISSING;
        postgres_results_drop(&results);
    }
    return error;
}

int postgres_read_positions(struct postgres_conn *conn, struct store_call *call)
{
    struct store_positions *r = container_of(call, struct store_positions, call);
    struct postgres_params params = {0};
    struct postgres_results results;

    memset(r->positions, 0, sizeof r->positions);
    postgres_add_bytes(&params, r->log);
    postgres_put(conn, positions_sql, &params);
    int error = postgres_exchange(conn, &results);
    if (error != 0) {
        return error;
    }
    for (int row = 0; row < postgres_rows(results.of[0]); row++) {
        uint64_t partition = (uint64_t)postgres_number(results.of[0], row, 0);
        if (partition < r->partitions) {
            r->positions[partition] = (uint64_t)postgres_number(results.of[0], row, 1);
        }
    }
    postgres_results_drop(&results);
    return 0;
}
