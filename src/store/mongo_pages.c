// SPDX-License-Identifier: MIT
/* Pages of messages. What is read of a room's log ends at its `newest`, which is read first: an
 * append that is under way may have put in a later message before an earlier one (mongo_schema.h).
 */
#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_calls.h"
#include "src/store/mongo_message.h"

struct gathering {
    struct store_page *page;
    bool more;
};

static bool add_message(void *arg, const bson_t *doc)
{
    struct gathering *g = arg;
    struct message m;

    if (store_page_full(g->page)) {
        g->more = true;
        return false;
    }
    mongo_message_read(doc, &m);
    store_page_add(g->page, &m);
    return true;
}

static bson_t *sorted_opts(const char *field, int direction, size_t limit)
{
    return BCON_NEW("sort", "{", field, BCON_INT32(direction), "}", "limit",
                    BCON_INT64((int64_t)limit), "batchSize", BCON_INT64((int64_t)limit),
                    "projection", "{", "words", BCON_INT32(0), "}");
}

static int end_page(struct store_page *page, int result, struct message_page **out)
{
    if (result == 0) {
        *out = store_page_end(page);
    } else {
        store_page_drop(page);
    }
    return result;
}

/* ---- history ---- */

/* Offsets above `after` and up to `last`, from either end. */
struct range {
    uint64_t after, last;
    bool newest_first;
};

static int add(struct mongo_conn *conn, const struct store_history *r, struct range range,
               struct store_page *page, bool *more)
{
    struct gathering g = {.page = page};
    bson_t *filter = bson_new(), bounds;

    mongo_put_text(filter, "room", r->room);
    (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "offset", &bounds);
    mongo_put_u64(&bounds, "$gt", range.after);
    mongo_put_u64(&bounds, "$lte", range.last);
    (void)bson_append_document_end(filter, &bounds);
    if (!r->with_deleted) {
        (void)BSON_APPEND_BOOL(filter, "deleted", false);
    }
    int result =
        mongo_find(conn, MONGO_MESSAGES, filter,
                   sorted_opts("offset", range.newest_first ? -1 : 1, page->max - page->count + 1),
                   add_message, &g);
    *more = g.more;
    return result;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The older half takes no more than its share, and the newer one what is left. */
static int add_around(struct mongo_conn *conn, struct store_history *r, uint64_t newest,
                      struct store_page *page)
{
    size_t bytes_max = page->bytes_max;
    int result = 0;

    page->max = r->limit / 2;
    page->bytes_max = bytes_max / 2;
    struct range older = {.last = smaller(r->around - 1, newest), .newest_first = true};
    if (page->max > 0) {
        result = add(conn, r, older, page, &r->more_before);
    }
    store_page_reverse(page);
    page->max = r->limit;
    page->bytes_max = bytes_max;
    struct range newer = {.after = r->around - 1, .last = newest};
    return result != 0 ? result : add(conn, r, newer, page, &r->more);
}

int mongo_read_history(struct mongo_conn *conn, struct store_call *call)
{
    struct store_history *r = container_of(call, struct store_history, call);
    struct mongo_room_state room;
    struct store_page page;
    int result = mongo_room_find(conn, r->room, &room);

    r->more = r->more_before = false;
    store_page_begin(&page, r->limit, r->bytes_max);
    if (result == 0 && r->around != 0) {
        result = add_around(conn, r, room.newest, &page);
    } else if (result == 0) {
        struct range range = {.after = r->after,
                              .last = r->before != 0 ? smaller(r->before - 1, room.newest)
                                                     : room.newest,
                              .newest_first = r->after == 0 && !r->from_start};
        result = add(conn, r, range, &page, &r->more);
    }
    return end_page(&page, result, &r->page);
}

/* ---- changes ---- */

/* Rows of one of the two kinds, to be merged. */
struct rows {
    bson_t **docs;
    size_t count, at;
};

static bool keep(void *arg, const bson_t *doc)
{
    struct rows *rows = arg;
    rows->docs[rows->count++] = bson_copy(doc);
    return true;
}

static void rows_finish(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        bson_destroy(rows->docs[i]);
    }
    free(rows->docs);
}

/* Said after it, and not deleted by now. */
static int read_said(struct mongo_conn *conn, const struct store_changes *r, struct rows *rows)
{
    bson_t *filter = bson_new(), range;

    mongo_put_text(filter, "room", r->room);
    (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "offset", &range);
    mongo_put_u64(&range, "$gt", r->after);
    mongo_put_u64(&range, "$lte", r->newest);
    (void)bson_append_document_end(filter, &range);
    (void)BSON_APPEND_BOOL(filter, "deleted", false);
    return mongo_find(conn, MONGO_MESSAGES, filter, sorted_opts("offset", 1, r->limit + 1), keep,
                      rows);
}

/* Said before it, and changed after it. */
static int read_changed(struct mongo_conn *conn, const struct store_changes *r, struct rows *rows)
{
    bson_t *filter = bson_new(), range;

    mongo_put_text(filter, "room", r->room);
    (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "changed", &range);
    mongo_put_u64(&range, "$gt", r->after);
    mongo_put_u64(&range, "$lte", r->newest);
    (void)bson_append_document_end(filter, &range);
    (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "offset", &range);
    mongo_put_u64(&range, "$lte", r->after);
    (void)bson_append_document_end(filter, &range);
    return mongo_find(conn, MONGO_MESSAGES, filter, sorted_opts("changed", 1, r->limit + 1), keep,
                      rows);
}

static bool next_of(const struct rows *rows, struct message *m)
{
    bool some = rows->at < rows->count;

    *m = (struct message){0};
    if (some) {
        mongo_message_read(rows->docs[rows->at], m);
    }
    return some;
}

/* Takes the earlier of the two next ones. */
static bool merge_next(struct rows *said, struct rows *changed, struct message *m)
{
    struct message other;
    bool one = next_of(said, m), another = next_of(changed, &other);

    if (another && (!one || other.changed < m->offset)) {
        *m = other;
        m->action = m->action == MESSAGE_DELETE ? MESSAGE_DELETE : MESSAGE_EDIT;
        changed->at++;
    } else if (one) {
        said->at++;
    }
    return one || another;
}

static void merge(struct store_changes *r, struct rows *said, struct rows *changed,
                  struct store_page *page)
{
    struct message m;

    while (!r->more && merge_next(said, changed, &m)) {
        if (store_page_full(page)) {
            r->more = true;
        } else {
            store_page_add(page, &m);
        }
    }
}

int mongo_read_changes(struct mongo_conn *conn, struct store_call *call)
{
    struct store_changes *r = container_of(call, struct store_changes, call);
    struct rows said = {.docs = xcalloc(r->limit + 1, sizeof said.docs[0])};
    struct rows changed = {.docs = xcalloc(r->limit + 1, sizeof changed.docs[0])};
    struct mongo_room_state room;
    struct store_page page;
    int result = mongo_room_find(conn, r->room, &room);

    r->newest = room.newest;
    r->more = false;
    store_page_begin(&page, r->limit, r->bytes_max);
    if (result == 0 && r->after < r->newest) {
        result = read_said(conn, r, &said);
        if (result == 0) {
            result = read_changed(conn, r, &changed);
        }
        merge(r, &said, &changed, &page);
    }
    rows_finish(&said);
    rows_finish(&changed);
    return end_page(&page, result, &r->page);
}

/* ---- single messages ---- */

/* Ends a page that was begun. */
static int read_page(struct mongo_conn *conn, bson_t *filter, bson_t *opts, struct store_page *page,
                     bool *more, struct message_page **out)
{
    struct gathering g = {.page = page};
    int result = mongo_find(conn, MONGO_MESSAGES, filter, opts, add_message, &g);

    *more = g.more;
    return end_page(page, result, out);
}

/* The one message, if any, that the filter finds. */
static int read_one(struct mongo_conn *conn, bson_t *filter, struct message_page **out)
{
    struct store_page page;
    bool more;

    store_page_begin(&page, 1, 0);
    return read_page(conn, filter, BCON_NEW("limit", BCON_INT64(1)), &page, &more, out);
}

int mongo_read_find(struct mongo_conn *conn, struct store_call *call)
{
    struct store_find *r = container_of(call, struct store_find, call);
    bson_t *filter = bson_new();

    mongo_put_text(filter, "_id", r->id);
    return read_one(conn, filter, &r->page);
}

/* ---- direct messages ---- */

int mongo_read_directs(struct mongo_conn *conn, struct store_call *call)
{
    struct store_directs *r = container_of(call, struct store_directs, call);
    bson_t *filter = bson_new();
    struct store_page page;

    mongo_put_text(filter, "recipient", r->user_id);
    (void)BSON_APPEND_BOOL(filter, "undelivered", true);
    store_page_begin(&page, r->limit, r->bytes_max);
    return read_page(conn, filter, sorted_opts("arrival", 1, r->limit + 1), &page, &r->more,
                     &r->page);
}

static bson_t *own_direct(const struct store_direct_state *r)
{
    bson_t *filter = bson_new();

    mongo_put_text(filter, "_id", r->id);
    mongo_put_text(filter, "recipient", r->user_id);
    (void)BSON_APPEND_BOOL(filter, "deleted", false);
    return filter;
}

int mongo_write_direct_state(struct mongo_conn *conn, struct store_call *call)
{
    struct store_direct_state *r = container_of(call, struct store_direct_state, call);
    bson_t *filter = own_direct(r);

    BCON_APPEND(filter, "state", "{", "$lt", BCON_INT32((int32_t)r->state), "}");
    int result = mongo_update(conn, MONGO_MESSAGES, filter,
                              BCON_NEW("$set", "{", "state", BCON_INT32((int32_t)r->state), "}",
                                       "$unset", "{", "undelivered", BCON_INT32(1), "}"),
                              false, &r->changed);
    return result != 0 ? result : read_one(conn, own_direct(r), &r->page);
}
