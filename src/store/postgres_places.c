// SPDX-License-Identifier: MIT
/* Rooms, and who is in them or has read them. */
#include <assert.h>

#include "src/base/memory.h"
#include "src/store/postgres_calls.h"
#include "src/store/postgres_schema.h"
#include "src/store/store_rows.h"

/* $1 is the user. What he has not read is only counted in rooms that he has to do with, and only as
 * far as it matters: a list may have a thousand of them. */
#define ROOMS                                                                                   \
    "SELECT r.name, r.title, r.created_by, r.created_ms, r.made, " POSTGRES_NEWEST(             \
        "r.room_id") ","                                                                        \
                     " coalesce(m.joined, false), CASE WHEN m.read IS NULL THEN 0 ELSE"         \
                     " (SELECT count(*) FROM (SELECT user_id, deleted FROM messages"            \
                     "  WHERE room_id = r.room_id AND place > m.read ORDER BY place DESC LIMIT" \
                     "  100) AS n WHERE n.user_id <> $1::bytea AND NOT n.deleted) END,"         \
                     " r.room_id FROM rooms AS r LEFT JOIN room_members AS m"                   \
                     " ON m.room_id = r.room_id AND m.user_id = $1::bytea"
_Static_assert(STORE_UNREAD_MAX == 100, "as the statement has it");
#define PAGE " AND r.name >= $2::bytea ORDER BY r.name LIMIT $3::bigint"
/* A room that nobody made is there from its first message on. */
#define ALIVE " AND (r.made OR EXISTS (SELECT 1 FROM messages WHERE room_id = r.room_id))"

static const char all_sql[] = ROOMS " WHERE NOT r.direct" ALIVE PAGE;
static const char made_sql[] = ROOMS " WHERE NOT r.direct AND r.made" PAGE;
static const char joined_sql[] =
    ROOMS " WHERE NOT r.direct AND r.room_id IN"
          " (SELECT room_id FROM room_members WHERE user_id = $1::bytea AND joined)" ALIVE PAGE;
static const char one_sql[] = ROOMS " WHERE r.name = $2::bytea" ALIVE;
static const char reads_sql[] =
    "SELECT user_id, read, joined FROM room_members"
    " WHERE room_id = (SELECT room_id FROM rooms WHERE name = $1::bytea) AND user_id >= $2::bytea"
    " AND (joined OR read > 0) ORDER BY user_id LIMIT $3::bigint";

static const char begin_sql[] = "BEGIN";
static const char commit_sql[] = "COMMIT";
static const char lock_sql[] = "SELECT pg_advisory_xact_lock(" POSTGRES_LOCK_ROOMS ")";
static const char made_one_sql[] = "SELECT made FROM rooms WHERE name = $1::bytea FOR UPDATE";
static const char made_count_sql[] = "SELECT count(*) FROM rooms WHERE NOT direct AND made";
static const char put_sql[] =
    "INSERT INTO rooms (name, title, created_by, created_ms, made)"
    " VALUES ($1::bytea, $2::bytea, $3::bytea, $4::bigint, true)"
    " ON CONFLICT (name) DO UPDATE SET title = $2::bytea, created_by = $3::bytea,"
    " created_ms = $4::bigint, made = true";
static const char member_sql[] =
    "INSERT INTO room_members AS m (room_id, user_id, joined, read)"
    " SELECT room_id, $2::bytea, $3::bigint <> 0, 0 FROM rooms WHERE name = $1::bytea"
    " ON CONFLICT (room_id, user_id) DO UPDATE SET joined = EXCLUDED.joined"
    " WHERE m.joined <> EXCLUDED.joined";
/* How far he has read by what he says, up to the room's latest. */
#define MEANT                                                                          \
    "WITH meant AS (SELECT r.room_id, CASE WHEN $3::bigint > 0 THEN"                   \
    " least($3::bigint, " POSTGRES_NEWEST(                                             \
        "r.room_id") ") ELSE (SELECT m.place FROM messages AS m"                       \
                     " WHERE m.id = $4::bytea AND m.room_id = r.room_id) END AS place" \
                     " FROM rooms AS r WHERE r.name = $1::bytea)"
static const char mark_sql[] =
    MEANT " INSERT INTO room_members AS m (room_id, user_id, joined, read)"
          " SELECT room_id, $2::bytea, false, place FROM meant WHERE place > 0"
          " ON CONFLICT (room_id, user_id) DO UPDATE SET read = EXCLUDED.read"
          " WHERE m.read < EXCLUDED.read";
static const char marked_sql[] =
    MEANT " SELECT m.read FROM meant JOIN room_members AS m ON m.room_id = meant.room_id"
          " AND m.user_id = $2::bytea WHERE meant.place > 0";

/* ---- lists ---- */

/* Adds the smallest name that is greater than `after`, which is `after` and a NUL; it lies in
 * `buffer` until the statement is sent. Without one: the smallest of all. */
static void add_after(struct postgres_params *params, struct span after, struct bytes *buffer)
{
    if (after.data != NULL) {
        bytes_add_span(buffer, after);
        bytes_add_byte(buffer, 0);
    }
    postgres_add_bytes(params, bytes_span(buffer));
}

static void add_room(struct store_rows *rows, const struct pg_result *result, int row)
{
    struct store_room *room = store_rows_add(rows);

    store_rows_text(rows, &room->name, postgres_bytes(result, row, 0));
    store_rows_text(rows, &room->title, postgres_bytes(result, row, 1));
    store_rows_text(rows, &room->created_by, postgres_bytes(result, row, 2));
    room->created_ms = postgres_number(result, row, 3);
    room->made = postgres_number(result, row, 4) != 0;
    room->newest = (uint64_t)postgres_number(result, row, 5);
    room->joined = postgres_number(result, row, 6) != 0;
    room->unread = (uint64_t)postgres_number(result, row, 7);
    room->number = (uint64_t)postgres_number(result, row, 8);
}

/* Up to max of the result's rows. */
static struct store_room_page *room_page(const struct pg_result *result, size_t max, bool *more)
{
    static const size_t spans[] = {offsetof(struct store_room, name),
                                   offsetof(struct store_room, title),
                                   offsetof(struct store_room, created_by)};
    size_t count = (size_t)postgres_rows(result);
    struct store_room_page *page;
    struct store_rows rows;

    *more = count > max;
    count = count < max ? count : max;
    store_rows_begin(&rows, sizeof *page, sizeof(struct store_room));
    for (size_t i = 0; i < count; i++) {
        add_room(&rows, result, (int)i);
    }
    page = store_rows_end(&rows, spans, sizeof spans / sizeof spans[0]);
    page->count = count;
    return page;
}

int postgres_read_rooms(struct postgres_conn *conn, struct store_call *call)
{
    static const char *const sql[] = {all_sql, made_sql, joined_sql};
    struct store_rooms *r = container_of(call, struct store_rooms, call);
    struct postgres_params params = {0};
    struct postgres_results results;
    struct bytes after = {0};

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    postgres_add_bytes(&params, r->user_id);
    add_after(&params, r->after_name, &after);
    postgres_add_number(&params, r->limit + 1);
    postgres_put(conn, sql[r->which], &params);
    bytes_finish(&after);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        r->page = room_page(results.of[0], r->limit, &r->more);
        postgres_results_drop(&results);
    }
    return error;
}

int postgres_read_room_get(struct postgres_conn *conn, struct store_call *call)
{
    struct store_room_get *r = container_of(call, struct store_room_get, call);
    struct postgres_params params = {0};
    struct postgres_results results;
    bool more;

    r->page = NULL;
    postgres_add_bytes(&params, r->user_id);
    postgres_add_bytes(&params, r->room);
    postgres_put(conn, one_sql, &params);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        r->page = room_page(results.of[0], 1, &more);
        postgres_results_drop(&results);
    }
    return error;
}

static void add_read(struct store_rows *rows, const struct pg_result *result, int row)
{
    struct store_read *read = store_rows_add(rows);

    store_rows_text(rows, &read->user_id, postgres_bytes(result, row, 0));
    read->offset = (uint64_t)postgres_number(result, row, 1);
    read->joined = postgres_number(result, row, 2) != 0;
}

static struct store_read_page *read_page(const struct pg_result *result, size_t max, bool *more)
{
    static const size_t spans[] = {offsetof(struct store_read, user_id)};
    size_t count = (size_t)postgres_rows(result);
    struct store_read_page *page;
    struct store_rows rows;

    *more = count > max;
    count = count < max ? count : max;
    store_rows_begin(&rows, sizeof *page, sizeof(struct store_read));
    for (size_t i = 0; i < count; i++) {
        add_read(&rows, result, (int)i);
    }
    page = store_rows_end(&rows, spans, 1);
    page->count = count;
    return page;
}

int postgres_read_reads(struct postgres_conn *conn, struct store_call *call)
{
    struct store_reads *r = container_of(call, struct store_reads, call);
    struct postgres_params params = {0};
    struct postgres_results results;
    struct bytes after = {0};

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    postgres_add_bytes(&params, r->room);
    add_after(&params, r->after_user, &after);
    postgres_add_number(&params, r->limit + 1);
    postgres_put(conn, reads_sql, &params);
    bytes_finish(&after);
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        r->page = read_page(results.of[0], r->limit, &r->more);
        postgres_results_drop(&results);
    }
    return error;
}

/* ---- writes ---- */

/* Locks, and looks whether that room was made and how many were. */
static int look_at_made(struct postgres_conn *conn, const struct store_room_put *r, bool *made,
                        uint64_t *count)
{
    struct postgres_params params = {0};
    struct postgres_results results;

    postgres_add_bytes(&params, r->room);
    postgres_put(conn, begin_sql, NULL);
    postgres_put(conn, lock_sql, NULL);
    postgres_put(conn, made_one_sql, &params);
    if (r->rooms_max > 0) {
        postgres_put(conn, made_count_sql, NULL);
    }
    int error = postgres_exchange(conn, &results);
    if (error == 0) {
        *made = postgres_rows(results.of[2]) > 0 && postgres_number(results.of[2], 0, 0) != 0;
        *count = r->rooms_max > 0 ? (uint64_t)postgres_number(results.of[3], 0, 0) : 0;
        postgres_results_drop(&results);
    }
    return error;
}

int postgres_write_room_put(struct postgres_conn *conn, struct store_call *call)
{
    struct store_room_put *r = container_of(call, struct store_room_put, call);
    struct postgres_params params = {0};
    uint64_t count = 0;
    bool made = false;
    int error = look_at_made(conn, r, &made, &count);

    if (error != 0) {
        return error;
    }
    call->error = made && !r->overwrite                                ? STORE_EEXISTS
                  : !made && r->rooms_max > 0 && count >= r->rooms_max ? STORE_ETOOMANY
                                                                       : 0;
    if (call->error != 0) {
        return 0;
    }
    postgres_add_bytes(&params, r->room);
    postgres_add_bytes(&params, r->title);
    postgres_add_bytes(&params, r->created_by);
    postgres_add_number(&params, (uint64_t)r->created_ms);
    postgres_put(conn, put_sql, &params);
    postgres_put(conn, commit_sql, NULL);
    return postgres_exchange_only(conn);
}

int postgres_write_member_put(struct postgres_conn *conn, struct store_call *call)
{
    struct store_member_put *r = container_of(call, struct store_member_put, call);
    struct postgres_params params = {0};

    postgres_add_bytes(&params, r->room);
    postgres_add_bytes(&params, r->user_id);
    postgres_add_number(&params, r->present);
    postgres_put(conn, member_sql, &params);
    return postgres_exchange_only(conn);
}

static uint64_t within(uint64_t offset)
{
    return offset < INT64_MAX ? offset : INT64_MAX;
}

int postgres_write_read_mark(struct postgres_conn *conn, struct store_call *call)
{
    struct store_read_mark *r = container_of(call, struct store_read_mark, call);
    struct postgres_params params = {0};
    struct postgres_results results;
    struct bytes id = {0};

    r->read = 0;
    r->changed = false;
    postgres_add_bytes(&params, r->room);
    postgres_add_bytes(&params, r->user_id);
    postgres_add_number(&params, within(r->offset));
    postgres_add_id(&params, r->message_id, &id);
    postgres_put(conn, mark_sql, &params);
    postgres_put(conn, marked_sql, &params);
    bytes_finish(&id);
    int error = postgres_exchange(conn, &results);
    if (error != 0) {
        return error;
    }
    r->changed = postgres_changed(results.of[0]) > 0;
    if (postgres_rows(results.of[1]) > 0) {
        r->read = (uint64_t)postgres_number(results.of[1], 0, 0);
    } else {
        call->error = STORE_EMISSING;
    }
    postgres_results_drop(&results);
    return 0;
}
