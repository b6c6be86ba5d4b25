// SPDX-License-Identifier: MIT
#include "src/store/mongo_batch.h"

#include "src/base/memory.h"
#include "src/store/mongo_bson.h"
#include "src/store/mongo_members.h"

static struct span id_of(const void *value)
{
    return ((const struct mongo_known *)value)->id;
}

static struct span name_of(const void *value)
{
    return ((const struct mongo_room *)value)->name;
}

static struct span key_of(const void *value)
{
    return bytes_span(&((const struct mongo_reader *)value)->key);
}

/* ---- what it speaks of ---- */

static void add_known(struct mongo_batch *b, const struct message *m)
{
    struct mongo_known *known = map_get(&b->by_id, m->id);

    if (m->id.len == 0 && m->action == MESSAGE_MARK) {
        return;
    }
    if (known == NULL) {
        known = &b->known[b->known_count++];
        known->id = m->id;
        map_add(&b->by_id, known);
    }
    if (!known->wanted && (!b->placed || m->action != MESSAGE_SAY)) {
        known->wanted = true;
        b->wanted++;
    }
}

static void add_room(struct mongo_batch *b, const struct message *m)
{
    struct mongo_room *room = map_get(&b->by_room, m->room);

    if (room == NULL) {
        room = &b->rooms[b->room_count++];
        room->name = m->room;
        room->direct = m->action == MESSAGE_SAY && m->recipient.len > 0;
        map_add(&b->by_room, room);
    }
}

static void make_key(struct bytes *key, struct span room, struct span user_id)
{
    bytes_clear(key);
    bytes_add(key, &room.len, sizeof room.len);
    bytes_add_span(key, room);
    bytes_add_span(key, user_id);
}

static struct mongo_reader *reader_of(struct mongo_batch *b, struct span room, struct span user_id)
{
    struct bytes key = {0};

    make_key(&key, room, user_id);
    struct mongo_reader *reader = map_get(&b->by_reader, bytes_span(&key));
    bytes_finish(&key);
    return reader;
}

static void add_reader(struct mongo_batch *b, const struct message *m)
{
    if (reader_of(b, m->room, m->user_id) == NULL) {
        struct mongo_reader *reader = &b->readers[b->reader_count++];
        reader->room = m->room;
        reader->user_id = m->user_id;
        make_key(&reader->key, m->room, m->user_id);
        map_add(&b->by_reader, reader);
    }
}

void mongo_batch_init(struct mongo_batch *batch, struct message *const *messages, size_t count,
                      const uint64_t secret[2])
{
    *batch = (struct mongo_batch){
        .messages = messages,
        .count = count,
        .placed = messages[0]->placed != 0,
        .known = xcalloc(count, sizeof(struct mongo_known)),
        .rooms = xcalloc(count, sizeof(struct mongo_room)),
        .readers = xcalloc(count, sizeof(struct mongo_reader)),
    };
    map_init(&batch->by_id, id_of, secret);
    map_init(&batch->by_room, name_of, secret);
    map_init(&batch->by_reader, key_of, secret);
    for (size_t i = 0; i < count; i++) {
        add_known(batch, messages[i]);
        add_room(batch, messages[i]);
        if (messages[i]->action == MESSAGE_MARK) {
            add_reader(batch, messages[i]);
        }
    }
}

void mongo_batch_finish(struct mongo_batch *batch)
{
    for (size_t i = 0; i < batch->known_count; i++) {
        bson_destroy(batch->known[i].doc);
    }
    for (size_t i = 0; i < batch->reader_count; i++) {
        bytes_finish(&batch->readers[i].key);
    }
    map_finish(&batch->by_id);
    map_finish(&batch->by_room);
    map_finish(&batch->by_reader);
    free(batch->known);
    free(batch->rooms);
    free(batch->readers);
}

/* ---- what is stored ---- */

bson_t *mongo_in_begin(bson_t *inner, bson_t *in)
{
    bson_t *filter = bson_new();

    (void)BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", inner);
    (void)BSON_APPEND_ARRAY_BEGIN(inner, "$in", in);
    return filter;
}

void mongo_in_end(bson_t *filter, bson_t *inner, bson_t *in)
{
    (void)bson_append_array_end(inner, in);
    (void)bson_append_document_end(filter, inner);
}

void mongo_known_read(struct mongo_known *known, const bson_t *doc)
{
    bson_destroy(known->doc);
    known->doc = bson_copy(doc);
    known->room = mongo_get_text(known->doc, "room");
    known->user_id = mongo_get_text(known->doc, "user_id");
    known->offset = mongo_get_u64(known->doc, "offset");
    known->changed = mongo_get_u64(known->doc, "changed");
    known->timestamp_ms = (int64_t)mongo_get_u64(known->doc, "timestamp");
    known->deleted = mongo_get_bool(known->doc, "deleted");
    known->there = true;
}

static bool read_known(void *arg, const bson_t *doc)
{
    struct mongo_batch *batch = arg;
    struct mongo_known *known = map_get(&batch->by_id, mongo_get_text(doc, "_id"));

    if (known != NULL) {
        mongo_known_read(known, doc);
    }
    return true;
}

static int load_known(struct mongo_conn *conn, struct mongo_batch *b)
{
    bson_t inner, in, *filter = mongo_in_begin(&inner, &in);
    uint32_t count = 0;

    for (size_t i = 0; i < b->known_count; i++) {
        if (b->known[i].wanted) {
            mongo_put_item(&in, &count, b->known[i].id);
        }
    }
    mongo_in_end(filter, &inner, &in);
    bson_t *opts =
        BCON_NEW("batchSize", BCON_INT64(count + 1), "projection", "{", "room", BCON_INT32(1),
                 "user_id", BCON_INT32(1), "offset", BCON_INT32(1), "changed", BCON_INT32(1),
                 "timestamp", BCON_INT32(1), "deleted", BCON_INT32(1), "}");
    return mongo_find(conn, MONGO_MESSAGES, filter, opts, read_known, b);
}

static bool read_room(void *arg, const bson_t *doc)
{
    struct mongo_batch *batch = arg;
    struct mongo_room *room = map_get(&batch->by_room, mongo_get_text(doc, "_id"));

    if (room != NULL) {
        room->there = true;
        room->newest = mongo_get_u64(doc, "newest");
        room->taken = mongo_get_u64(doc, "taken");
        room->last = batch->placed ? room->newest : room->taken;
    }
    return true;
}

static int load_rooms(struct mongo_conn *conn, struct mongo_batch *b)
{
    bson_t inner, in, *filter = mongo_in_begin(&inner, &in);
    uint32_t count = 0;

    for (size_t i = 0; i < b->room_count; i++) {
        mongo_put_item(&in, &count, b->rooms[i].name);
    }
    mongo_in_end(filter, &inner, &in);
    return mongo_find(conn, MONGO_ROOMS, filter, BCON_NEW("batchSize", BCON_INT64(count + 1)),
                      read_room, b);
}

static bool read_reader(void *arg, const bson_t *doc)
{
    struct mongo_reader *reader =
        reader_of(arg, mongo_get_text(doc, "room"), mongo_get_text(doc, "user"));

    if (reader != NULL) {
        reader->read = mongo_get_u64(doc, "read");
    }
    return true;
}

static int load_readers(struct mongo_conn *conn, struct mongo_batch *b)
{
    bson_t inner, in, *filter = mongo_in_begin(&inner, &in);
    uint32_t count = 0;

    for (size_t i = 0; i < b->reader_count; i++) {
        mongo_put_member(&in, &count, b->readers[i].room, b->readers[i].user_id);
    }
    mongo_in_end(filter, &inner, &in);
    return mongo_find(conn, MONGO_MEMBERS, filter, BCON_NEW("batchSize", BCON_INT64(count + 1)),
                      read_reader, b);
}

int mongo_batch_load(struct mongo_conn *conn, struct mongo_batch *batch)
{
    int result = 0;

    if (batch->wanted > 0) {
        result = load_known(conn, batch);
    }
    if (result == 0 && (!batch->placed || batch->reader_count > 0)) {
        result = load_rooms(conn, batch);
    }
    return result == 0 && batch->reader_count > 0 ? load_readers(conn, batch) : result;
}

/* ---- what becomes of each ---- */

static void settle(struct message *m, enum message_fate fate, uint64_t offset)
{
    m->fate = (uint8_t)fate;
    m->offset = offset;
}

/* What has a place is the room's latest then, also if it has been so before. */
static void reach(struct mongo_room *room, uint64_t place)
{
    room->last = place > room->last ? place : room->last;
    room->top = place > room->top ? place : room->top;
}

static void say(struct mongo_batch *b, struct mongo_room *room, struct message *m)
{
    struct mongo_known *known = map_get(&b->by_id, m->id);

    if (known->there) {
        m->timestamp_ms = known->timestamp_ms;
        settle(m, MESSAGE_REPEATED, known->offset);
        if (known->offset == m->placed) {
            reach(room, m->placed);
        }
        return;
    }
    known->there = true;
    known->said = m;
    known->room = m->room;
    known->user_id = m->user_id;
    known->timestamp_ms = m->timestamp_ms;
    known->offset = b->placed ? m->placed : room->last + 1;
    reach(room, known->offset);
    settle(m, MESSAGE_STORED, known->offset);
}

/* Edits or deletes. What comes again from a journal must find what it found the first time: not a
 * message that was said after it, and not its own change. */
static void change(struct mongo_batch *b, struct mongo_room *room, struct message *m)
{
    struct mongo_known *known = map_get(&b->by_id, m->id);

    if (!known->there || !span_eq(known->room, m->room) ||
        (b->placed && m->placed <= known->offset)) {
        settle(m, MESSAGE_MISSING, 0);
        return;
    }
    if (!span_eq(known->user_id, m->user_id)) {
        settle(m, MESSAGE_FORBIDDEN, 0);
        return;
    }
    m->said = known->offset;
    if (b->placed && m->placed <= known->changed) {
        reach(room, m->placed);
        settle(m, MESSAGE_REPEATED, m->placed);
    } else if (known->deleted) {
        settle(m, m->action == MESSAGE_DELETE ? MESSAGE_REPEATED : MESSAGE_MISSING,
               m->action == MESSAGE_DELETE ? known->changed : 0);
    } else {
        known->change = m;
        known->deleted = m->action == MESSAGE_DELETE;
        known->edited_ms = known->deleted ? known->edited_ms : m->timestamp_ms;
        known->changed = b->placed ? m->placed : room->last + 1;
        reach(room, known->changed);
        settle(m, MESSAGE_STORED, known->changed);
    }
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A mark that comes again must not get further by what has come to the room since. */
static void mark(struct mongo_batch *b, const struct mongo_room *room, struct message *m)
{
    struct mongo_reader *reader = reader_of(b, m->room, m->user_id);
    const struct mongo_known *known = map_get(&b->by_id, m->id);
    uint64_t last = b->placed ? m->placed : UINT64_MAX;

    if (m->said != 0) {
        m->said = smaller(smaller(m->said, room->last), last);
    } else if (known != NULL && known->there && span_eq(known->room, m->room) &&
               known->offset <= last) {
        m->said = known->offset;
    }
    if (m->said == 0) {
        settle(m, MESSAGE_MISSING, 0);
        return;
    }
    bool moved = m->said > reader->read;
    if (moved) {
        reader->read = m->said;
        reader->moved = true;
    }
    settle(m, moved ? MESSAGE_STORED : MESSAGE_REPEATED, 0);
}

void mongo_batch_settle(struct mongo_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct message *m = batch->messages[i];
        struct mongo_room *room = map_get(&batch->by_room, m->room);
        if (m->action == MESSAGE_SAY) {
            say(batch, room, m);
        } else if (m->action == MESSAGE_MARK) {
            mark(batch, room, m);
        } else {
            change(batch, room, m);
        }
    }
}

void mongo_batch_reach(struct mongo_batch *batch)
{
    for (size_t i = 0; i < batch->room_count; i++) {
        batch->rooms[i].top = 0;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct message *m = batch->messages[i];
        if (m->offset == m->placed) {
            reach(map_get(&batch->by_room, m->room), m->placed);
        }
    }
}
