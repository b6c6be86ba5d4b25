// SPDX-License-Identifier: MIT
#include "src/store/mongo_members.h"

#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_calls.h"
#include "src/store/store_rows.h"

static void put_id(bson_t *doc, const char *key, struct span room, struct span user_id)
{
    bson_t id;

    (void)bson_append_document_begin(doc, key, -1, &id);
    mongo_put_text(&id, "room", room);
    mongo_put_text(&id, "user", user_id);
    (void)bson_append_document_end(doc, &id);
}

bson_t *mongo_member_filter(struct span room, struct span user_id)
{
    bson_t *filter = bson_new();
    put_id(filter, "_id", room, user_id);
    return filter;
}

void mongo_put_member(bson_t *array, uint32_t *count, struct span room, struct span user_id)
{
    char buffer[16];
    const char *key;

    (void)bson_uint32_to_string((*count)++, &key, buffer, sizeof buffer);
    put_id(array, key, room, user_id);
}

/* What a member has from the first on. */
static void begin_new(bson_t *update, bson_t *fields, struct span room, struct span user_id)
{
    (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", fields);
    mongo_put_text(fields, "room", room);
    mongo_put_text(fields, "user", user_id);
    mongo_put_order(fields, "user_order", user_id);
}

bson_t *mongo_mark_update(struct span room, struct span user_id, uint64_t offset)
{
    bson_t *update = BCON_NEW("$max", "{", "read", BCON_INT64((int64_t)offset), "}"), fields;

    begin_new(update, &fields, room, user_id);
    (void)BSON_APPEND_BOOL(&fields, "joined", false);
    (void)bson_append_document_end(update, &fields);
    return update;
}

/* ---- reads ---- */

struct reads {
    struct store_rows rows;
    unsigned max;
    bool more;
};

static bool add_read(void *arg, const bson_t *doc)
{
    struct reads *reads = arg;

    if (store_rows_count(&reads->rows) == reads->max) {
        reads->more = true;
        return false;
    }
    struct store_read *read = store_rows_add(&reads->rows);
    store_rows_text(&reads->rows, &read->user_id, mongo_get_text(doc, "user"));
    read->offset = mongo_get_u64(doc, "read");
    read->joined = mongo_get_bool(doc, "joined");
    return true;
}

int mongo_read_reads(struct mongo_conn *conn, struct store_call *call)
{
    static const size_t spans[] = {offsetof(struct store_read, user_id)};
    struct store_reads *r = container_of(call, struct store_reads, call);
    struct reads reads = {.max = r->limit};
    bson_t *filter = bson_new(), after;

    mongo_put_text(filter, "room", r->room);
    if (r->after_user.data != NULL) {
        (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "user_order", &after);
        mongo_put_order(&after, "$gt", r->after_user);
        (void)bson_append_document_end(filter, &after);
    }
    BCON_APPEND(filter, "$or", "[", "{", "joined", BCON_BOOL(true), "}", "{", "read", "{", "$gt",
                BCON_INT64(0), "}", "}", "]");
    store_rows_begin(&reads.rows, sizeof *r->page, sizeof(struct store_read));
    int result = mongo_find(
        conn, MONGO_MEMBERS, filter,
        BCON_NEW("sort", "{", "user_order", BCON_INT32(1), "}", "limit", BCON_INT64(r->limit + 1)),
        add_read, &reads);
    if (result == 0) {
        size_t count = store_rows_count(&reads.rows);
        r->page = store_rows_end(&reads.rows, spans, 1);
        r->page->count = count;
        r->more = reads.more;
    }
    store_rows_drop(&reads.rows);
    return result;
}

/* ---- writes ---- */

int mongo_write_member_put(struct mongo_conn *conn, struct store_call *call)
{
    struct store_member_put *r = container_of(call, struct store_member_put, call);
    struct mongo_room_state room;
    int result = mongo_room_find(conn, r->room, &room);

    if (result != 0 || !room.there) {
        return result;
    }
    bson_t *update = BCON_NEW("$set", "{", "joined", BCON_BOOL(r->present), "}"), fields;
    if (r->present) {
        begin_new(update, &fields, r->room, r->user_id);
        mongo_put_u64(&fields, "read", 0);
        (void)bson_append_document_end(update, &fields);
    }
    return mongo_update(conn, MONGO_MEMBERS, mongo_member_filter(r->room, r->user_id), update,
                        r->present, NULL);
}

static bool read_offset(void *arg, const bson_t *doc)
{
    *(uint64_t *)arg = mongo_get_u64(doc, "offset");
    return true;
}

static bool read_read(void *arg, const bson_t *doc)
{
    *(uint64_t *)arg = mongo_get_u64(doc, "read");
    return true;
}

/* How far he has read by what he says; 0: there is no such room or message. */
static int mark_of(struct mongo_conn *conn, const struct store_read_mark *r, uint64_t *offset)
{
    struct mongo_room_state room;

    *offset = 0;
    if (r->offset == 0) {
        bson_t *filter = bson_new();
        mongo_put_text(filter, "_id", r->message_id);
        mongo_put_text(filter, "room", r->room);
        return mongo_find(conn, MONGO_MESSAGES, filter,
                          BCON_NEW("projection", "{", "offset", BCON_INT32(1), "}"), read_offset,
                          offset);
    }
    int result = mongo_room_find(conn, r->room, &room);
    *offset = r->offset < room.newest ? r->offset : room.newest;
    return result;
}

int mongo_write_read_mark(struct mongo_conn *conn, struct store_call *call)
{
    struct store_read_mark *r = container_of(call, struct store_read_mark, call);
    uint64_t offset, before = 0;
    int result = mark_of(conn, r, &offset);

    r->read = 0;
    r->changed = false;
    if (result == 0 && offset == 0) {
        call->error = STORE_EMISSING;
    }
    if (result != 0 || offset == 0) {
        return result;
    }
    result = mongo_swap(conn, MONGO_MEMBERS, mongo_member_filter(r->room, r->user_id),
                        mongo_mark_update(r->room, r->user_id, offset), read_read, &before);
    if (result == 0) {
        r->changed = offset > before;
        r->read = r->changed ? offset : before;
    }
    return result;
}
