// SPDX-License-Identifier: MIT
#include "src/store/postgres_batch.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "src/base/memory.h"

static struct span named_id(const void *value)
{
    return ((const struct postgres_named *)value)->id;
}

static struct span room_name(const void *value)
{
    return ((const struct postgres_room *)value)->name;
}

/* ---- collecting ---- */

static void add_named(struct postgres_batch *b, struct span id)
{
    if (map_get(&b->by_id, id) == NULL) {
        struct postgres_named *named = &b->named[b->named_count++];
        named->id = id;
        map_add(&b->by_id, named);
    }
}

static struct postgres_room *add_room(struct postgres_batch *b, struct span name)
{
    struct postgres_room *room = map_get(&b->by_name, name);

    if (room == NULL) {
        room = &b->rooms[b->room_count++];
        room->name = name;
        map_add(&b->by_name, room);
    }
    return room;
}

/* Marks are few: what is said far outnumbers them. */
static struct postgres_reader *find_reader(struct postgres_batch *b, const struct message *m)
{
    for (size_t i = 0; i < b->reader_count; i++) {
        struct postgres_reader *reader = &b->readers[i];
        if (span_eq(reader->user_id, m->user_id) && span_eq(reader->room->name, m->room)) {
            return reader;
        }
    }
    return NULL;
}

static void collect(struct postgres_batch *b, const struct message *m)
{
    struct postgres_room *room = add_room(b, m->room);

    if (m->action == MESSAGE_SAY && !room->wanted) {
        room->wanted = true;
        room->direct = m->recipient.len > 0;
    }
    if (m->action != MESSAGE_MARK || m->said == 0) {
        add_named(b, m->id);
    }
    if (m->action == MESSAGE_MARK && find_reader(b, m) == NULL) {
        b->readers[b->reader_count++] =
            (struct postgres_reader){.room = room, .user_id = m->user_id};
    }
    b->unplaced |= m->placed == 0 && m->action != MESSAGE_MARK;
    b->newest |= b->unplaced || (m->action == MESSAGE_MARK && m->said != 0);
}

static bool can_be_kept(const struct message *m)
{
    return m->placed <= INT64_MAX && m->id.len < POSTGRES_KEY_BYTES_MAX &&
           m->room.len < POSTGRES_KEY_BYTES_MAX && m->user_id.len < POSTGRES_KEY_BYTES_MAX &&
           m->recipient.len < POSTGRES_KEY_BYTES_MAX;
}

bool postgres_batch_collect(struct postgres_batch *batch, struct message *const *messages,
                            size_t count)
{
    uint64_t secret[2];

    if (getentropy(secret, sizeof secret) != 0) {
        abort(); /* no kernel that runs this lacks it */
    }
    *batch = (struct postgres_batch){
        .messages = messages,
        .count = count,
        .named = xcalloc(count, sizeof *batch->named),
        .rooms = xcalloc(count, sizeof *batch->rooms),
        .readers = xcalloc(count, sizeof *batch->readers),
    };
    map_init(&batch->by_id, named_id, secret);
    map_init(&batch->by_name, room_name, secret);
    for (size_t i = 0; i < count; i++) {
        if (!can_be_kept(messages[i])) {
            messages[i]->fate = MESSAGE_INVALID;
            messages[i]->offset = 0;
            return false;
        }
        collect(batch, messages[i]);
    }
    return true;
}

void postgres_batch_finish(struct postgres_batch *batch)
{
    map_finish(&batch->by_id);
    map_finish(&batch->by_name);
    free(batch->named);
    free(batch->rooms);
    free(batch->readers);
    *batch = (struct postgres_batch){.count = 0};
}

/* ---- deciding ---- */

static void settle(struct message *m, enum message_fate fate, uint64_t offset)
{
    m->fate = (uint8_t)fate;
    m->offset = offset;
}

/* Takes the message's place in the room. */
static void settle_in(struct message *m, struct postgres_room *room)
{
    uint64_t place = m->placed != 0 ? m->placed : room->newest + 1;

    room->newest = place > room->newest ? place : room->newest;
    settle(m, MESSAGE_STORED, place);
}

static void say(struct message *m, struct postgres_room *room, struct postgres_named *named)
{
    if (named->there) {
        m->timestamp_ms = named->timestamp_ms;
        settle(m, MESSAGE_REPEATED, named->place);
        return;
    }
    settle_in(m, room);
    named->there = true;
    named->place = m->offset;
    named->timestamp_ms = m->timestamp_ms;
    named->room = m->room;
    named->user_id = m->user_id;
    named->said = m;
    named->home = room;
}

static void touch(const struct message *m, struct postgres_named *named)
{
    named->touched = true;
    named->changed = m->offset;
    if (m->action == MESSAGE_EDIT) {
        named->content = m->content;
        named->raw = m->raw;
        named->edited_ms = m->timestamp_ms;
    } else {
        named->deleted = true;
        named->content = named->raw = span_of(NULL, 0);
    }
}

/* Edits or deletes. What comes again from a journal must find what it found the first time: not a
 * message that was said after it, and not its own change. */
static void change(struct message *m, struct postgres_room *room, struct postgres_named *named)
{
    if (!named->there || !span_eq(named->room, m->room) ||
        (m->placed != 0 && m->placed <= named->place)) {
        settle(m, MESSAGE_MISSING, 0);
        return;
    }
    if (!span_eq(named->user_id, m->user_id)) {
        settle(m, MESSAGE_FORBIDDEN, 0);
        return;
    }
    m->said = named->place;
    if (m->placed != 0 && m->placed <= named->changed) {
        settle(m, MESSAGE_REPEATED, m->placed);
    } else if (!named->deleted) {
        settle_in(m, room);
        touch(m, named);
    } else if (m->action == MESSAGE_DELETE) {
        settle(m, MESSAGE_REPEATED, named->changed);
    } else {
        settle(m, MESSAGE_MISSING, 0);
    }
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How far the mark means; 0: there is no such room or message. One that comes again must not get
 * further by what has come to the room since. */
static uint64_t meant_by(const struct postgres_batch *b, const struct message *m,
                         const struct postgres_room *room)
{
    uint64_t last = m->placed != 0 ? m->placed : UINT64_MAX;

    if (m->said != 0) {
        return smaller(smaller(m->said, room->newest), last);
    }
    const struct postgres_named *named = map_get(&b->by_id, m->id);
    bool counts = named != NULL && named->there && span_eq(named->room, m->room);
    return counts && named->place <= last ? named->place : 0;
}

static void mark(struct postgres_batch *b, struct message *m, const struct postgres_room *room)
{
    struct postgres_reader *reader = find_reader(b, m);
    uint64_t meant = room->number != 0 ? meant_by(b, m, room) : 0;

    assert(reader != NULL);
    m->said = meant;
    if (meant == 0) {
        settle(m, MESSAGE_MISSING, 0);
    } else if (meant <= reader->read) {
        settle(m, MESSAGE_REPEATED, 0);
    } else {
        reader->read = meant;
        reader->changed = true;
        settle(m, MESSAGE_STORED, 0);
    }
}

void postgres_batch_decide(struct postgres_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct message *m = batch->messages[i];
        struct postgres_room *room = map_get(&batch->by_name, m->room);
        if (m->action == MESSAGE_SAY) {
            say(m, room, map_get(&batch->by_id, m->id));
        } else if (m->action == MESSAGE_MARK) {
            mark(batch, m, room);
        } else {
            change(m, room, map_get(&batch->by_id, m->id));
        }
    }
}

/* ---- collisions ---- */

static int by_place(const void *a, const void *b)
{
    const struct postgres_named *x = *(const struct postgres_named *const *)a;
    const struct postgres_named *y = *(const struct postgres_named *const *)b;

    if (x->home != y->home) {
        return x->home < y->home ? -1 : 1;
    }
    if (x->place != y->place) {
        return x->place < y->place ? -1 : 1;
    }
    return x < y ? -1 : 1; /* in the order of the batch */
}

bool postgres_batch_collides(struct postgres_batch *batch)
{
    const struct postgres_named **fresh = xcalloc(batch->named_count, sizeof *fresh);
    size_t count = 0, i;

    for (i = 0; i < batch->named_count; i++) {
        if (batch->named[i].said != NULL) {
            fresh[count++] = &batch->named[i];
        }
    }
    qsort(fresh, count, sizeof *fresh, by_place);
    for (i = 1; i < count; i++) {
        if (fresh[i]->home == fresh[i - 1]->home && fresh[i]->place == fresh[i - 1]->place) {
            break;
        }
    }
    bool found = i < count;
    for (size_t j = 0; found && j < batch->count; j++) {
        if (batch->messages[j] == fresh[i]->said) {
            settle(batch->messages[j], MESSAGE_INVALID, 0);
        }
    }
    free(fresh);
    return found;
}
