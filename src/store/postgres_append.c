// SPDX-License-Identifier: MIT
#include "src/store/postgres_append.h"

#include "src/base/memory.h"
#include "src/store/postgres_batch.h"
#include "src/store/postgres_query.h"
#include "src/store/postgres_schema.h"
#include "src/store/store.h"

enum { TRIES_MAX = 4 };

static const char begin_sql[] = "BEGIN";
static const char commit_sql[] = "COMMIT";
static const char make_rooms_sql[] =
    "INSERT INTO rooms (name, direct) SELECT n, d <> 0"
    " FROM unnest($1::bytea[], $2::bigint[]) AS u (n, d)"
    " WHERE NOT EXISTS (SELECT 1 FROM rooms AS r WHERE r.name = u.n)"
    " ORDER BY n ON CONFLICT (name) DO NOTHING";
static const char lock_sql[] =
    "SELECT 1 FROM rooms WHERE name = ANY ($1::bytea[]) ORDER BY room_id FOR NO KEY UPDATE";
#define ROOMS(newest)                                                            \
    "SELECT u.i, r.room_id, " newest " FROM unnest($1::bytea[]) WITH ORDINALITY" \
    " AS u (n, i) JOIN rooms AS r ON r.name = u.n"
static const char rooms_sql[] = ROOMS("0");
static const char newest_sql[] = ROOMS(POSTGRES_NEWEST("r.room_id"));
static const char named_sql[] =
    "SELECT u.i, m.place, m.changed, m.deleted, m.timestamp_ms, r.name, m.user_id"
    " FROM unnest($1::bytea[]) WITH ORDINALITY AS u (id, i) JOIN messages AS m ON m.id = u.id"
    " JOIN rooms AS r ON r.room_id = m.room_id";
static const char readers_sql[] =
    "SELECT u.i, m.read FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS u (n, user_id, i)"
    " JOIN rooms AS r ON r.name = u.n"
    " JOIN room_members AS m ON m.room_id = r.room_id AND m.user_id = u.user_id";
static const char insert_sql[] =
    "INSERT INTO messages (room_id, place, timestamp_ms, dialect, id, user_id, username, content,"
    "  type, sent_at, raw, client_id, recipient, words)"
    " SELECT room_id, place, at, dialect, id, user_id, username, content, type, sent_at, raw,"
    "  client_id, recipient, words::tsvector FROM unnest($1::bigint[], $2::bigint[],"
    "  $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[],"
    "  $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[], $14::text[])"
    "  AS u (room_id, place, at, dialect, id, user_id, username, content, type, sent_at, raw,"
    "  client_id, recipient, words)";
static const char change_sql[] =
    "UPDATE messages AS m SET changed = u.changed, content = u.content, raw = u.raw,"
    "  edited_ms = CASE WHEN u.edited = 0 THEN m.edited_ms ELSE u.edited END,"
    "  deleted = u.deleted <> 0, words = u.words::tsvector"
    " FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[],"
    "  $6::bigint[], $7::text[]) AS u (id, changed, content, raw, edited, deleted, words)"
    " WHERE m.id = u.id AND m.changed < u.changed";
static const char marks_sql[] =
    "INSERT INTO room_members AS m (room_id, user_id, joined, read)"
    " SELECT room_id, user_id, false, read"
    " FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS u (room_id, user_id, read)"
    " ORDER BY room_id, user_id ON CONFLICT (room_id, user_id) DO UPDATE SET read = EXCLUDED.read"
    " WHERE m.read < EXCLUDED.read";
static const char taken_sql[] =
    "SELECT u.i FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) WITH ORDINALITY"
    " AS u (room_id, place, id, i) JOIN messages AS m ON m.room_id = u.room_id"
    " AND m.place = u.place WHERE m.id <> u.id ORDER BY u.i LIMIT 1";

enum { ARRAYS_MAX = 14 };

/* The parameters of one statement, by column. */
struct columns {
    struct postgres_array of[ARRAYS_MAX];
};

/* Sends the statement with these columns, each of the type of its letter: n bigint, b bytea, t
 * text; and empties them. */
static void put_columns(struct postgres_conn *conn, const char *sql, struct columns *c,
                        const char *types)
{
    struct postgres_params params = {0};

    for (size_t i = 0; types[i] != 0; i++) {
        postgres_add_array(&params, &c->of[i],
                           types[i] == 'n'   ? POSTGRES_BIGINT
                           : types[i] == 'b' ? POSTGRES_BYTEA
                                             : POSTGRES_TEXT);
    }
    postgres_put(conn, sql, &params);
    for (size_t i = 0; types[i] != 0; i++) {
        postgres_array_finish(&c->of[i]);
    }
}

/* ---- the first trip ---- */

/* What the results of it are; -1: it was not asked for. */
struct asked {
    int rooms, named, readers;
};

static void put_rooms(struct postgres_conn *conn, const struct postgres_batch *b,
                      struct asked *asked, int *count)
{
    struct columns made = {0}, all = {0};

    for (size_t i = 0; i < b->room_count; i++) {
        postgres_array_bytes(&all.of[0], b->rooms[i].name);
        if (b->rooms[i].wanted) {
            postgres_array_bytes(&made.of[0], b->rooms[i].name);
            postgres_array_number(&made.of[1], b->rooms[i].direct);
        }
    }
    if (made.of[0].count > 0) {
        put_columns(conn, make_rooms_sql, &made, "bn");
        ++*count;
    }
    struct postgres_params params = {0};
    postgres_add_array(&params, &all.of[0], POSTGRES_BYTEA);
    if (b->unplaced) {
        postgres_put(conn, lock_sql, &params);
        ++*count;
    }
    asked->rooms = (*count)++;
    postgres_put(conn, b->newest ? newest_sql : rooms_sql, &params);
    postgres_array_finish(&all.of[0]);
}

static struct asked put_questions(struct postgres_conn *conn, const struct postgres_batch *b)
{
    struct asked asked = {-1, -1, -1};
    struct columns columns = {0};
    int count = 1;

    postgres_put(conn, begin_sql, NULL);
    put_rooms(conn, b, &asked, &count);
    for (size_t i = 0; i < b->named_count; i++) {
        postgres_array_id(&columns.of[0], b->named[i].id);
    }
    if (b->named_count > 0) {
        asked.named = count++;
        put_columns(conn, named_sql, &columns, "b");
    }
    for (size_t i = 0; i < b->reader_count; i++) {
        postgres_array_bytes(&columns.of[0], b->readers[i].room->name);
        postgres_array_bytes(&columns.of[1], b->readers[i].user_id);
    }
    if (b->reader_count > 0) {
        asked.readers = count++;
        put_columns(conn, readers_sql, &columns, "bb");
    }
    return asked;
}

static void take_rooms(struct postgres_batch *b, const struct pg_result *result)
{
    for (int row = 0; row < postgres_rows(result); row++) {
        struct postgres_room *room = &b->rooms[postgres_number(result, row, 0) - 1];
        room->number = (uint64_t)postgres_number(result, row, 1);
        room->newest = (uint64_t)postgres_number(result, row, 2);
    }
}

static void take_named(struct postgres_batch *b, const struct pg_result *result)
{
    for (int row = 0; row < postgres_rows(result); row++) {
        struct postgres_named *named = &b->named[postgres_number(result, row, 0) - 1];
        named->there = true;
        named->place = (uint64_t)postgres_number(result, row, 1);
        named->changed = (uint64_t)postgres_number(result, row, 2);
        named->deleted = postgres_number(result, row, 3) != 0;
        named->timestamp_ms = postgres_number(result, row, 4);
        named->room = postgres_bytes(result, row, 5);
        named->user_id = postgres_bytes(result, row, 6);
    }
}

static void take_readers(struct postgres_batch *b, const struct pg_result *result)
{
    for (int row = 0; row < postgres_rows(result); row++) {
        b->readers[postgres_number(result, row, 0) - 1].read =
            (uint64_t)postgres_number(result, row, 1);
    }
}

/* Ends with the batch decided; the results are to be dropped after it. */
static int ask(struct postgres_conn *conn, struct postgres_batch *b,
               struct postgres_results *results)
{
    struct asked asked = put_questions(conn, b);
    int error = postgres_exchange(conn, results);

    if (error != 0) {
        return error;
    }
    take_rooms(b, results->of[asked.rooms]);
    if (asked.named >= 0) {
        take_named(b, results->of[asked.named]);
    }
    if (asked.readers >= 0) {
        take_readers(b, results->of[asked.readers]);
    }
    postgres_batch_decide(b);
    return 0;
}

/* ---- the second trip ---- */

static void add_words(struct postgres_array *array, struct span content, struct bytes *buffer)
{
    bytes_clear(buffer);
    postgres_words_write(buffer, content);
    postgres_array_bytes(array, bytes_span(buffer));
}

static void put_new(struct postgres_conn *conn, const struct postgres_batch *b)
{
    struct bytes words = {0};
    struct columns c = {0};

    for (size_t i = 0; i < b->named_count; i++) {
        const struct message *m = b->named[i].said;
        if (m == NULL) {
            continue;
        }
        postgres_array_number(&c.of[0], b->named[i].home->number);
        postgres_array_number(&c.of[1], m->offset);
        postgres_array_number(&c.of[2], (uint64_t)m->timestamp_ms);
        postgres_array_number(&c.of[3], m->dialect);
        postgres_array_id(&c.of[4], m->id);
        postgres_array_bytes(&c.of[5], m->user_id);
        postgres_array_bytes(&c.of[6], m->username);
        postgres_array_bytes(&c.of[7], m->content);
        postgres_array_bytes(&c.of[8], m->type);
        postgres_array_bytes(&c.of[9], m->sent_at);
        postgres_array_bytes(&c.of[10], m->raw);
        postgres_array_bytes(&c.of[11], m->client_id);
        postgres_array_bytes(&c.of[12], m->recipient);
        add_words(&c.of[13], m->content, &words);
    }
    if (c.of[0].count > 0) {
        put_columns(conn, insert_sql, &c, "nnnnbbbbbbbbbt");
    }
    bytes_finish(&words);
}

static void put_changes(struct postgres_conn *conn, const struct postgres_batch *b)
{
    struct bytes words = {0};
    struct columns c = {0};

    for (size_t i = 0; i < b->named_count; i++) {
        const struct postgres_named *named = &b->named[i];
        if (!named->touched) {
            continue;
        }
        postgres_array_id(&c.of[0], named->id);
        postgres_array_number(&c.of[1], named->changed);
        postgres_array_bytes(&c.of[2], named->content);
        postgres_array_bytes(&c.of[3], named->raw);
        postgres_array_number(&c.of[4], (uint64_t)named->edited_ms);
        postgres_array_number(&c.of[5], named->deleted);
        add_words(&c.of[6], named->content, &words);
    }
    if (c.of[0].count > 0) {
        put_columns(conn, change_sql, &c, "bnbbnnt");
    }
    bytes_finish(&words);
}

static void put_marks(struct postgres_conn *conn, const struct postgres_batch *b)
{
    struct columns c = {0};

    for (size_t i = 0; i < b->reader_count; i++) {
        const struct postgres_reader *reader = &b->readers[i];
        if (reader->changed) {
            postgres_array_number(&c.of[0], reader->room->number);
            postgres_array_bytes(&c.of[1], reader->user_id);
            postgres_array_number(&c.of[2], reader->read);
        }
    }
    if (c.of[0].count > 0) {
        put_columns(conn, marks_sql, &c, "nbn");
    }
}

/* ---- the batch ---- */

/* One try. *asked: the first trip succeeded. */
static int write_batch(struct postgres_conn *conn, struct postgres_batch *b, bool *asked)
{
    struct postgres_results results = {.count = 0};
    int error = ask(conn, b, &results);

    *asked = error == 0;
    if (error == 0) {
        put_new(conn, b);
        put_changes(conn, b);
        put_marks(conn, b);
        postgres_put(conn, commit_sql, NULL);
        error = postgres_exchange_only(conn);
    }
    postgres_results_drop(&results);
    return error;
}

/* Is one of its new messages at the place of another message of the store? The log has been cut off
 * and written anew behind our back; its fate says so. */
static bool is_taken(struct postgres_conn *conn, struct postgres_batch *b)
{
    struct postgres_results results;
    struct columns c = {0};
    struct message **fresh = xcalloc(b->count, sizeof *fresh);
    size_t count = 0;

    for (size_t i = 0; i < b->count; i++) {
        struct message *m = b->messages[i];
        const struct postgres_named *named = map_get(&b->by_id, m->id);
        if (named != NULL && named->said == m) {
            postgres_array_number(&c.of[0], named->home->number);
            postgres_array_number(&c.of[1], named->place);
            postgres_array_id(&c.of[2], m->id);
            fresh[count++] = m;
        }
    }
    put_columns(conn, taken_sql, &c, "nnb");
    bool found = false;
    if (postgres_exchange(conn, &results) == 0) {
        found = postgres_rows(results.of[0]) > 0;
        if (found) {
            struct message *m = fresh[postgres_number(results.of[0], 0, 0) - 1];
            m->fate = MESSAGE_INVALID;
            m->offset = 0;
        }
        postgres_results_drop(&results);
    }
    free(fresh);
    return found;
}

/* Another one was in the way: unique_violation, serialization_failure, deadlock_detected. */
static bool is_conflict(const struct postgres_conn *conn)
{
    return strcmp(conn->state, "23505") == 0 || strcmp(conn->state, "40001") == 0 ||
           strcmp(conn->state, "40P01") == 0;
}

/* One try, with *again set if it is worth another. */
static int try_batch(struct postgres_conn *conn, struct message *const *messages, size_t count,
                     bool *again)
{
    struct postgres_batch batch;
    bool asked = false;
    int error;

    *again = false;
    if (!postgres_batch_collect(&batch, messages, count)) {
        error = STORE_EINVALID;
    } else if ((error = postgres_begin(conn)) == 0 &&
               (error = write_batch(conn, &batch, &asked)) != 0) {
        postgres_roll_back(conn);
        *again =
            conn->pg != NULL ? is_conflict(conn) : !asked && !conn->fresh && postgres_was_cut(conn);
        if (asked && conn->pg != NULL && strcmp(conn->state, "23505") == 0 &&
            (postgres_batch_collides(&batch) || is_taken(conn, &batch))) {
            *again = false;
            error = STORE_EINVALID;
        }
    }
    postgres_batch_finish(&batch);
    return error;
}

int postgres_append(struct postgres_conn *conn, struct message *const *messages, size_t count)
{
    bool again = count > 0;
    int error = 0;

    for (unsigned i = 0; again && i < TRIES_MAX; i++) {
        error = try_batch(conn, messages, count, &again);
    }
    return error;
}
