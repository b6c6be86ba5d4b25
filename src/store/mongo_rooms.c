// SPDX-License-Identifier: MIT
/* Rooms. What a user has to do with them is read for a whole page at once; his unread messages are
 * counted in those rooms only in which something happened after his mark. */
#include "src/base/memory.h"
#include "src/store/mongo_batch.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_calls.h"
#include "src/store/mongo_members.h"
#include "src/store/store_rows.h"

static bool read_state(void *arg, const bson_t *doc)
{
    struct mongo_room_state *room = arg;

    *room = (struct mongo_room_state){
        .there = true, .made = mongo_get_bool(doc, "made"), .newest = mongo_get_u64(doc, "newest")};
    return true;
}

int mongo_room_find(struct mongo_conn *conn, struct span name, struct mongo_room_state *room)
{
    bson_t *filter = bson_new();

    *room = (struct mongo_room_state){0};
    mongo_put_text(filter, "_id", name);
    return mongo_find(
        conn, MONGO_ROOMS, filter,
        BCON_NEW("projection", "{", "newest", BCON_INT32(1), "made", BCON_INT32(1), "}"),
        read_state, room);
}

/* ---- lists ---- */

struct listing {
    struct store_rows rows;
    struct span user_id;
    unsigned max;
    bool more;
    struct store_room_page *page;
};

static bool add_room(void *arg, const bson_t *doc)
{
    struct listing *list = arg;

    if (store_rows_count(&list->rows) == list->max) {
        list->more = true;
        return false;
    }
    struct store_room *room = store_rows_add(&list->rows);
    store_rows_text(&list->rows, &room->name, mongo_get_text(doc, "_id"));
    store_rows_text(&list->rows, &room->title, mongo_get_text(doc, "title"));
    store_rows_text(&list->rows, &room->created_by, mongo_get_text(doc, "created_by"));
    room->created_ms = (int64_t)mongo_get_u64(doc, "created");
    room->number = mongo_get_u64(doc, "number");
    room->newest = mongo_get_u64(doc, "newest");
    room->made = mongo_get_bool(doc, "made");
    return true;
}

/* The user's own: until it is counted `unread` is how far he has read. */
static bool add_member(void *arg, const bson_t *doc)
{
    struct listing *list = arg;
    struct span name = mongo_get_text(doc, "room");

    for (size_t i = 0; i < list->page->count; i++) {
        struct store_room *room = &list->page->rooms[i];
        if (span_eq(room->name, name)) {
            room->joined = mongo_get_bool(doc, "joined");
            room->unread = mongo_get_u64(doc, "read");
            if (!room->joined && room->unread == 0) {
                room->unread = UINT64_MAX;
            }
            break;
        }
    }
    return true;
}

static int read_members(struct mongo_conn *conn, struct listing *list)
{
    bson_t inner, in, *filter = mongo_in_begin(&inner, &in);
    uint32_t count = 0;

    for (size_t i = 0; i < list->page->count; i++) {
        list->page->rooms[i].unread = UINT64_MAX;
        mongo_put_member(&in, &count, list->page->rooms[i].name, list->user_id);
    }
    mongo_in_end(filter, &inner, &in);
    return mongo_find(conn, MONGO_MEMBERS, filter, BCON_NEW("batchSize", BCON_INT64(count + 1)),
                      add_member, list);
}

struct counting {
    struct span user_id;
    uint64_t unread;
};

static bool count_unread(void *arg, const bson_t *doc)
{
    struct counting *c = arg;

    c->unread +=
        !span_eq(mongo_get_text(doc, "user_id"), c->user_id) && !mongo_get_bool(doc, "deleted");
    return true;
}

static int read_unread(struct mongo_conn *conn, struct store_room *room, struct span user_id)
{
    struct counting counting = {.user_id = user_id};
    bson_t *filter = bson_new();

    mongo_put_text(filter, "room", room->name);
    BCON_APPEND(filter, "offset", "{", "$gt", BCON_INT64((int64_t)room->unread), "$lte",
                BCON_INT64((int64_t)room->newest), "}");
    bson_t *opts =
        BCON_NEW("sort", "{", "offset", BCON_INT32(-1), "}", "limit", BCON_INT64(STORE_UNREAD_MAX),
                 "projection", "{", "user_id", BCON_INT32(1), "deleted", BCON_INT32(1), "}");
    int result = mongo_find(conn, MONGO_MESSAGES, filter, opts, count_unread, &counting);
    room->unread = counting.unread;
    return result;
}

static int add_own(struct mongo_conn *conn, struct listing *list)
{
    if (list->user_id.len == 0 || list->page->count == 0) {
        return 0;
    }
    int result = read_members(conn, list);
    for (size_t i = 0; i < list->page->count && result == 0; i++) {
        struct store_room *room = &list->page->rooms[i];
        if (room->unread < room->newest) {
            result = read_unread(conn, room, list->user_id);
        } else {
            room->unread = 0;
        }
    }
    return result;
}

/* Runs the query and fills list->page, or leaves it NULL. */
static int list_rooms(struct mongo_conn *conn, struct listing *list, bson_t *filter)
{
    static const size_t spans[] = {offsetof(struct store_room, name),
                                   offsetof(struct store_room, title),
                                   offsetof(struct store_room, created_by)};

    store_rows_begin(&list->rows, sizeof *list->page, sizeof(struct store_room));
    int result =
        mongo_find(conn, MONGO_ROOMS, filter,
                   BCON_NEW("sort", "{", "order", BCON_INT32(1), "}", "limit",
                            BCON_INT64(list->max + 1), "batchSize", BCON_INT64(list->max + 1)),
                   add_room, list);
    if (result == 0) {
        size_t count = store_rows_count(&list->rows);
        list->page = store_rows_end(&list->rows, spans, sizeof spans / sizeof spans[0]);
        list->page->count = count;
        result = add_own(conn, list);
    }
    if (result != 0) {
        free(list->page);
        list->page = NULL;
    }
    store_rows_drop(&list->rows);
    return result;
}

/* A room that nobody made is there from its first message on. */
static void put_alive(bson_t *filter)
{
    BCON_APPEND(filter, "$or", "[", "{", "made", BCON_BOOL(true), "}", "{", "newest", "{", "$gt",
                BCON_INT64(0), "}", "}", "]");
}

struct names {
    bson_t *in;
    uint32_t count;
};

static bool add_name(void *arg, const bson_t *doc)
{
    struct names *names = arg;
    mongo_put_item(names->in, &names->count, mongo_get_text(doc, "room"));
    return true;
}

/* Begins the filter with the rooms that the user has joined. */
static int begin_joined(struct mongo_conn *conn, struct span user_id, bson_t **out)
{
    bson_t inner, in, *own = bson_new();
    struct names names = {.in = &in};

    *out = mongo_in_begin(&inner, &in);
    mongo_put_text(own, "user", user_id);
    (void)BSON_APPEND_BOOL(own, "joined", true);
    int result =
        mongo_find(conn, MONGO_MEMBERS, own,
                   BCON_NEW("projection", "{", "room", BCON_INT32(1), "}"), add_name, &names);
    mongo_in_end(*out, &inner, &in);
    return result;
}

int mongo_read_rooms(struct mongo_conn *conn, struct store_call *call)
{
    struct store_rooms *r = container_of(call, struct store_rooms, call);
    struct listing list = {.user_id = r->user_id, .max = r->limit};
    bson_t *filter = NULL, after;
    int result = 0;

    if (r->which == STORE_ROOMS_JOINED) {
        result = begin_joined(conn, r->user_id, &filter);
    } else {
        filter = bson_new();
    }
    if (result != 0) {
        bson_destroy(filter);
        return result;
    }
    (void)BSON_APPEND_BOOL(filter, "direct", false);
    if (r->which == STORE_ROOMS_MADE) {
        (void)BSON_APPEND_BOOL(filter, "made", true);
    } else {
        put_alive(filter);
    }
    if (r->after_name.data != NULL) {
        (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "order", &after);
        mongo_put_order(&after, "$gt", r->after_name);
        (void)bson_append_document_end(filter, &after);
    }
    result = list_rooms(conn, &list, filter);
    r->page = list.page;
    r->more = list.more;
    return result;
}

int mongo_read_room_get(struct mongo_conn *conn, struct store_call *call)
{
    struct store_room_get *r = container_of(call, struct store_room_get, call);
    struct listing list = {.user_id = r->user_id, .max = 1};
    bson_t *filter = bson_new();

    mongo_put_text(filter, "_id", r->room);
    put_alive(filter);
    int result = list_rooms(conn, &list, filter);
    r->page = list.page;
    return result;
}

/* ---- room_put ---- */

static int count_made(struct mongo_conn *conn, uint64_t max, bool *reached)
{
    bson_t *filter = BCON_NEW("direct", BCON_BOOL(false), "made", BCON_BOOL(true));
    bson_t *opts = BCON_NEW("limit", BCON_INT64((int64_t)(max < INT64_MAX ? max : INT64_MAX)));
    int64_t count = mongoc_collection_count_documents(mongo_conn_get(conn, MONGO_ROOMS), filter,
                                                      opts, NULL, NULL, &conn->error);

    bson_destroy(filter);
    bson_destroy(opts);
    *reached = count >= 0 && (uint64_t)count >= max;
    return count >= 0 ? 0 : mongo_conn_fail(conn, NULL);
}

/* Another node that makes it at the same time is noticed by the id. */
static int make(struct mongo_conn *conn, const struct store_room_put *r)
{
    bson_t *filter = bson_new(), *update = bson_new(), fields;
    uint64_t number;
    int result = mongo_arrival_take(conn, 1, &number);

    mongo_put_text(filter, "_id", r->room);
    if (!r->overwrite) {
        BCON_APPEND(filter, "made", "{", "$ne", BCON_BOOL(true), "}");
    }
    (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &fields);
    (void)BSON_APPEND_BOOL(&fields, "made", true);
    mongo_put_text(&fields, "title", r->title);
    mongo_put_text(&fields, "created_by", r->created_by);
    (void)BSON_APPEND_DATE_TIME(&fields, "created", r->created_ms);
    (void)bson_append_document_end(update, &fields);
    (void)BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &fields);
    mongo_put_order(&fields, "order", r->room);
    (void)BSON_APPEND_BOOL(&fields, "direct", false);
    mongo_put_u64(&fields, "newest", 0);
    mongo_put_u64(&fields, "taken", 0);
    mongo_put_u64(&fields, "number", result == 0 ? number : 0);
    (void)bson_append_document_end(update, &fields);
    if (result != 0) {
        bson_destroy(filter);
        bson_destroy(update);
        return result;
    }
    return mongo_update(conn, MONGO_ROOMS, filter, update, true, NULL);
}

int mongo_write_room_put(struct mongo_conn *conn, struct store_call *call)
{
    struct store_room_put *r = container_of(call, struct store_room_put, call);
    struct mongo_room_state room;
    bool reached = false;
    int result = mongo_room_find(conn, r->room, &room);

    if (result == 0 && room.made && !r->overwrite) {
        call->error = STORE_EEXISTS;
        return 0;
    }
    if (result == 0 && !room.made && r->rooms_max > 0) {
        result = count_made(conn, r->rooms_max, &reached);
    }
    if (result == 0 && reached) {
        call->error = STORE_ETOOMANY;
        return 0;
    }
    if (result == 0) {
        result = make(conn, r);
    }
    if (result == MONGO_DUPLICATE) {
        call->error = STORE_EEXISTS;
        return 0;
    }
    return result;
}
