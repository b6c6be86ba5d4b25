// SPDX-License-Identifier: MIT
/* Pages of messages, and single ones. */
#include <assert.h>

#include "src/base/memory.h"
#include "src/store/postgres_calls.h"
#include "src/store/postgres_page.h"
#include "src/store/postgres_schema.h"

/* The room's number first, and not a join: so a page is read in the order of the index. */
#define IN_ROOM " FROM messages AS m WHERE m.room_id = (SELECT room_id FROM rooms WHERE name = $1)"
#define SELECT  "SELECT " POSTGRES_PAGE_COLUMNS_OF("$1::bytea")

static const char snapshot_sql[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
static const char commit_sql[] = "COMMIT";
static const char older_sql[] =
    SELECT IN_ROOM " AND m.place < $2::bigint AND (NOT m.deleted OR $3::bigint <> 0)"
                   " ORDER BY m.place DESC LIMIT $4::bigint";
static const char newer_sql[] =
    SELECT IN_ROOM " AND m.place > $2::bigint AND (NOT m.deleted OR $3::bigint <> 0)"
                   " ORDER BY m.place LIMIT $4::bigint";
static const char changes_sql[] =
    "SELECT * FROM ((" SELECT ", m.place AS at" IN_ROOM
    " AND m.place > $2::bigint AND NOT m.deleted ORDER BY m.place LIMIT $3::bigint)"
    " UNION ALL (" SELECT ", m.changed AS at" IN_ROOM
    " AND m.changed > 0 AND m.changed > $2::bigint AND m.place <= $2::bigint"
    " ORDER BY m.changed LIMIT $3::bigint)) AS c ORDER BY at LIMIT $3::bigint";
static const char newest_sql[] =
    "SELECT " POSTGRES_NEWEST("r.room_id") " FROM rooms AS r WHERE r.name = $1::bytea";
static const char find_sql[] =
    "SELECT " POSTGRES_PAGE_COLUMNS POSTGRES_PAGE_FROM " WHERE m.id = $1::bytea";
static const char directs_sql[] =
    "SELECT " POSTGRES_PAGE_COLUMNS POSTGRES_PAGE_FROM
    " WHERE m.recipient = $1::bytea AND m.recipient <> '' AND m.state = 0 AND NOT m.deleted"
    " ORDER BY m.message_id LIMIT $2::bigint";
static const char state_sql[] =
    "UPDATE messages SET state = $3::bigint WHERE id = $1::bytea AND recipient = $2::bytea"
    " AND recipient <> '' AND NOT deleted AND state < $3::bigint";
static const char own_direct_sql[] =
    "SELECT " POSTGRES_PAGE_COLUMNS POSTGRES_PAGE_FROM
    " WHERE m.id = $1::bytea AND m.recipient = $2::bytea AND m.recipient <> '' AND NOT m.deleted";

/* Offsets are the database's bigint: above INT64_MAX there is none. */
static uint64_t within(uint64_t offset)
{
    return offset < INT64_MAX ? offset : INT64_MAX;
}

/* ---- history ---- */

static void put_history(struct postgres_conn *conn, const struct store_history *r, const char *sql,
                        uint64_t offset, uint64_t limit)
{
    struct postgres_params params = {0};

    postgres_add_bytes(&params, r->room);
    postgres_add_number(&params, offset);
    postgres_add_number(&params, r->with_deleted);
    postgres_add_number(&params, limit);
    postgres_put(conn, sql, &params);
}

/* The older half takes no more than its share, and the newer one what is left. */
static void add_around(struct store_history *r, struct store_page *page,
                       const struct postgres_results *results)
{
    size_t bytes_max = page->bytes_max;

    page->max = r->limit / 2;
    page->bytes_max = bytes_max / 2;
    (void)postgres_page_add(page, results->of[1], &r->more_before);
    r->more_before &= page->max > 0;
    store_page_reverse(page);
    page->max = r->limit;
    page->bytes_max = bytes_max;
    (void)postgres_page_add(page, results->of[2], &r->more);
}

static int read_around(struct postgres_conn *conn, struct store_history *r)
{
    struct postgres_results results;
    struct store_page page;

    postgres_put(conn, snapshot_sql, NULL);
    put_history(conn, r, older_sql, within(r->around), r->limit / 2 + 1);
    put_history(conn, r, newer_sql, within(r->around) - 1, r->limit + 1);
    postgres_put(conn, commit_sql, NULL);
    int error = postgres_exchange(conn, &results);
    if (error != 0) {
        return error;
    }
    store_page_begin(&page, r->limit, r->bytes_max);
    add_around(r, &page, &results);
    r->page = store_page_end(&page);
    postgres_results_drop(&results);
    return 0;
}

/* Of the one query that has been put. */
static int exchange_page(struct postgres_conn *conn, unsigned limit, size_t bytes_max,
                         struct message_page **out, bool *more)
{
    struct postgres_results results;
    struct store_page page;

    int error = postgres_exchange(conn, &results);
    if (error != 0) {
        return error;
    }
    store_page_begin(&page, limit, bytes_max);
    (void)postgres_page_add(&page, results.of[0], more);
    *out = store_page_end(&page);
    postgres_results_drop(&results);
    return 0;
}

static int read_one_way(struct postgres_conn *conn, struct store_history *r)
{
    if (r->after != 0 || r->from_start) {
        put_history(conn, r, newer_sql, within(r->after), r->limit + 1);
    } else {
        put_history(conn, r, older_sql, r->before != 0 ? within(r->before) : INT64_MAX,
                    r->limit + 1);
    }
    return exchange_page(conn, r->limit, r->bytes_max, &r->page, &r->more);
}

int postgres_read_history(struct postgres_conn *conn, struct store_call *call)
{
    struct store_history *r = container_of(call, struct store_history, call);

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    r->more = r->more_before = false;
    return r->around != 0 ? read_around(conn, r) : read_one_way(conn, r);
}

/* ---- changes ---- */

/* Says of each message what happened to it after that offset. */
static void tell_actions(struct message_page *page, uint64_t after)
{
    for (size_t i = 0; i < page->count; i++) {
        struct message *m = &page->messages[i];
        if (m->offset <= after && m->action != MESSAGE_DELETE) {
            m->action = MESSAGE_EDIT;
        }
    }
}

static void put_changes(struct postgres_conn *conn, const struct store_changes *r, uint64_t after)
{
    struct postgres_params room = {0}, params = {0};

    postgres_add_bytes(&room, r->room);
    postgres_add_bytes(&params, r->room);
    postgres_add_number(&params, after);
    postgres_add_number(&params, r->limit + 1);
    postgres_put(conn, snapshot_sql, NULL);
    postgres_put(conn, newest_sql, &room);
    postgres_put(conn, changes_sql, &params);
    postgres_put(conn, commit_sql, NULL);
}

int postgres_read_changes(struct postgres_conn *conn, struct store_call *call)
{
    struct store_changes *r = container_of(call, struct store_changes, call);
    uint64_t after = within(r->after);
    struct postgres_results results;
    struct store_page page;

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    r->more = false;
    r->newest = 0;
    put_changes(conn, r, after);
    int error = postgres_exchange(conn, &results);
    if (error != 0) {
        return error;
    }
    if (postgres_rows(results.of[1]) > 0) {
        r->newest = (uint64_t)postgres_number(results.of[1], 0, 0);
    }
    store_page_begin(&page, r->limit, r->bytes_max);
    (void)postgres_page_add(&page, results.of[2], &r->more);
    r->page = store_page_end(&page);
    postgres_results_drop(&results);
    tell_actions(r->page, after);
    return 0;
}

/* ---- one message ---- */

int postgres_read_find(struct postgres_conn *conn, struct store_call *call)
{
    struct store_find *r = container_of(call, struct store_find, call);
    struct postgres_params params = {0};
    struct postgres_results results;
    struct bytes id = {0};

    r->page = NULL;
    postgres_add_id(&params, r->id, &id);
    postgres_put(conn, find_sql, &params);
    bytes_finish(&id);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        r->page = postgres_page_of(results.of[0], 1);
        postgres_results_drop(&results);
    }
    return error;
}

/* ---- direct messages ---- */

int postgres_read_directs(struct postgres_conn *conn, struct store_call *call)
{
    struct store_directs *r = container_of(call, struct store_directs, call);
    struct postgres_params params = {0};

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    r->more = false;
    postgres_add_bytes(&params, r->user_id);
    postgres_add_number(&params, r->limit + 1);
    postgres_put(conn, directs_sql, &params);
    return exchange_page(conn, r->limit, r->bytes_max, &r->page, &r->more);
}

int postgres_write_direct_state(struct postgres_conn *conn, struct store_call *call)
{
    struct store_direct_state *r = container_of(call, struct store_direct_state, call);
    struct postgres_params params = {0};
    struct postgres_results results;
    struct bytes id = {0};

    r->page = NULL;
    postgres_add_id(&params, r->id, &id);
    postgres_add_bytes(&params, r->user_id);
    postgres_add_number(&params, r->state);
    postgres_put(conn, state_sql, &params);
    params.count = 2;
    postgres_put(conn, own_direct_sql, &params);
    bytes_finish(&id);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        r->changed = postgres_changed(results.of[0]) > 0;
        r->page = postgres_page_of(results.of[1], 1);
        postgres_results_drop(&results);
    }
    return error;
}
