// SPDX-License-Identifier: MIT
#include "src/socket/backlog.h"

#include <stdlib.h>

#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/text.h"

struct slot {
    struct said *said;
    uint64_t hash; /* of the one room that it is for; 0: it is not for one room */
};

/* ---- memory ---- */

void backlog_init(struct backlog *b, unsigned loop_count, const uint64_t secret[2])
{
    *b = (struct backlog){.loop_count = loop_count, .secret = {secret[0], secret[1]}};
    ring_init(&b->log, sizeof(struct slot));
    b->loops = xcalloc(loop_count, sizeof *b->loops);
    for (unsigned i = 0; i < loop_count; i++) {
        ring_init(&b->loops[i].order, sizeof(uint64_t));
        ring_init(&b->loops[i].to_one, sizeof(uint64_t));
        b->loops[i].to_one_passed = xcalloc(loop_count, sizeof(uint64_t));
    }
}

void backlog_finish(struct backlog *b)
{
    while (backlog_oldest(b) != NULL) {
        backlog_drop_oldest(b);
    }
    for (unsigned i = 0; i < b->loop_count; i++) {
        ring_finish(&b->loops[i].order);
        ring_finish(&b->loops[i].to_one);
        free(b->loops[i].to_one_passed);
    }
    free(b->loops);
    ring_finish(&b->log);
}

void said_release(struct said *s)
{
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    free(s->to);
    free(s->forms);
    free(s);
}

static size_t bytes_of_strs(const struct rookery_str *strs, size_t count)
{
    size_t bytes = count * sizeof *strs;

    for (size_t i = 0; i < count; i++) {
        bytes += strs[i].len;
    }
    return bytes;
}

static size_t bytes_of_target(const struct rookery_target *to)
{
    return to == NULL ? 0
                      : sizeof *to + bytes_of_strs(to->rooms, to->room_count) +
                            bytes_of_strs(to->except, to->except_count);
}

/* ---- adding ---- */

static struct slot *slot_of(const struct backlog *b, uint64_t stamp)
{
    return ring_at(&b->log, stamp);
}

static bool is_there(const struct backlog *b, uint64_t stamp)
{
    return b->log.first <= stamp && stamp < b->log.end;
}

/* Never 0. */
static uint64_t hash_of(const struct backlog *b, struct span room)
{
    return map_hash(b->secret, room) | 1ULL << 63;
}

struct said *backlog_add(struct backlog *b, const struct rookery_namespace *nsp,
                         const struct rookery_target *to, unsigned loop, uint64_t now_ms)
{
    struct said *s = xcalloc(1, sizeof *s + b->loop_count * sizeof *s->places);
    struct slot *slot = ring_add(&b->log);

    atomic_init(&s->refs, 2);
    s->nsp = nsp;
    s->loop = loop;
    s->to = target_copy(to);
    s->stamp = b->log.end - 1;
    s->said_ms = now_ms;
    s->bytes =
        sizeof *s + sizeof *slot + bytes_of_target(to) + 2 * sizeof *s->places * b->loop_count;
    b->bytes += s->bytes;
    slot->said = s;
    if (to != NULL && to->room_count == 1) {
        slot->hash = hash_of(b, span_of_str(to->rooms[0]));
    }
    return s;
}

void backlog_to_one(struct backlog *b, struct said *s, struct span id)
{
    s->to_one = true;
    memcpy(s->id, id.data, SOCKET_ID_LEN);
    if (is_there(b, s->stamp)) {
        slot_of(b, s->stamp)->hash = hash_of(b, id);
    }
}

void backlog_except(struct said *s, struct span id)
{
    memcpy(s->id, id.data, SOCKET_ID_LEN);
}

void backlog_complete(struct backlog *b, struct said *s, const struct said_form *forms,
                      size_t count)
{
    size_t bytes = count * sizeof *forms;

    for (size_t i = 0; i < count; i++) {
        bytes += forms[i].packet.len;
    }
    s->forms = xmalloc(bytes + 1);
    s->form_count = count;
    uint8_t *at = (uint8_t *)(s->forms + count);
    for (size_t i = 0; i < count; i++) {
        struct span packet = forms[i].packet;
        memcpy(at, packet.data, packet.len);
        s->forms[i] = (struct said_form){forms[i].tags, span_of(at, packet.len)};
        at += packet.len;
    }
    s->bytes += bytes;
    if (is_there(b, s->stamp)) {
        b->bytes += bytes;
    }
}

/* ---- passing ---- */

static void give_place(struct backlog *b, struct said *s, unsigned loop)
{
    struct ring *order = &b->loops[loop].order;

    *(uint64_t *)ring_add(order) = s->stamp;
    s->places[loop] = order->end;
}

/* What `of` has said to one socket before that stamp has its place on that loop now. */
static void pass_to_one(struct backlog *b, unsigned of, unsigned loop, uint64_t before)
{
    const struct ring *ring = &b->loops[of].to_one;
    uint64_t *next = &b->loops[of].to_one_passed[loop];

    *next = *next < ring->first ? ring->first : *next;
    while (*next < ring->end && *(uint64_t *)ring_at(ring, *next) < before) {
        give_place(b, slot_of(b, *(uint64_t *)ring_at(ring, *next))->said, loop);
        (*next)++;
    }
}

void backlog_pass(struct backlog *b, struct said *s, unsigned loop)
{
    if (loop != s->loop) {
        pass_to_one(b, s->loop, loop, s->stamp);
    }
    give_place(b, s, loop);
    if (!is_there(b, s->stamp)) {
        b->loops[loop].lost -= !s->to_one;
    } else if (s->to_one) {
        *(uint64_t *)ring_add(&b->loops[loop].to_one) = s->stamp;
        b->loops[loop].to_one_passed[loop] = b->loops[loop].to_one.end;
    }
}

void backlog_take_back(struct backlog *b, struct said *s)
{
    bool was_dropped = !is_there(b, s->stamp);

    for (unsigned i = 0; i < b->loop_count; i++) {
        give_place(b, s, i);
        b->loops[i].lost -= was_dropped && !s->to_one;
    }
}

/* ---- dropping ---- */

struct said *backlog_oldest(const struct backlog *b)
{
    return b->log.first == b->log.end ? NULL : slot_of(b, b->log.first)->said;
}

static void trim_order(const struct backlog *b, struct ring *order)
{
    while (order->first < order->end && *(uint64_t *)ring_at(order, order->first) < b->log.first) {
        ring_drop(order);
    }
}

void backlog_drop_oldest(struct backlog *b)
{
    struct said *s = slot_of(b, b->log.first)->said;
    struct ring *to_one = &b->loops[s->loop].to_one;

    ring_drop(&b->log);
    b->bytes -= s->bytes;
    if (to_one->first < to_one->end && *(uint64_t *)ring_at(to_one, to_one->first) == s->stamp) {
        ring_drop(to_one);
    }
    for (unsigned i = 0; i < b->loop_count; i++) {
        b->loops[i].lost += s->places[i] == 0 && !s->to_one;
        trim_order(b, &b->loops[i].order);
    }
    said_release(s);
}

struct said *backlog_find(const struct backlog *b, uint64_t stamp)
{
    return is_there(b, stamp) ? slot_of(b, stamp)->said : NULL;
}

/* ---- reading ---- */

struct reading {
    struct backlog *b;
    const struct backlog_reader *reader;
    uint64_t filter; /* a bit for each room's hash */
    struct missed *list;
    size_t count, cap;
    bool early;
};

static bool is_got(const struct reading *r, const struct said *s)
{
    for (unsigned i = 0; i < r->b->loop_count; i++) {
        if (s->places[i] != 0 && s->places[i] <= r->reader->got[i]) {
            return true;
        }
    }
    return false;
}

static uint64_t bit_of(uint64_t hash)
{
    return 1ULL << (hash & 63);
}

static uint64_t filter_of(const struct backlog *b, const struct backlog_reader *reader)
{
    uint64_t filter = bit_of(hash_of(b, reader->sid));

    for (size_t i = 0; i < reader->room_count; i++) {
        filter |= bit_of(hash_of(b, span_of_str(reader->rooms[i])));
    }
    return filter;
}

/* The tags that the reader has in those rooms, as a mask. */
static uint32_t tags_in(const struct backlog_reader *reader, const struct rookery_str *rooms,
                        size_t count)
{
    uint32_t tags = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < reader->room_count; j++) {
            if (span_eq(span_of_str(rooms[i]), span_of_str(reader->rooms[j]))) {
                tags |= 1U << (reader->tags == NULL ? 0 : reader->tags[j]);
            }
        }
    }
    return tags;
}

/* With which tags the reader is meant, as a mask; 0: it is not. */
static uint32_t meant(const struct backlog_reader *reader, const struct said *s)
{
    bool is_id = span_eq(span_of(s->id, SOCKET_ID_LEN), reader->sid);

    if (s->to_one) {
        return is_id;
    }
    if (is_id || s->nsp != reader->nsp) {
        return 0;
    }
    if (s->to == NULL) {
        return 1;
    }
    if (tags_in(reader, s->to->except, s->to->except_count) != 0) {
        return 0;
    }
    return s->to->room_count == 0 ? 1 : tags_in(reader, s->to->rooms, s->to->room_count);
}

static void consider(struct reading *r, const struct slot *slot)
{
    struct said *s = slot->said;

    if ((slot->hash != 0 && (r->filter & bit_of(slot->hash)) == 0) || is_got(r, s)) {
        return;
    }
    uint32_t tags = meant(r->reader, s);
    bool has_passed = s->places[r->reader->to] != 0;
    r->early |= tags != 0 && s->to_one && !has_passed;
    if (tags == 0 || !has_passed) {
        return;
    }
    if (r->count == r->cap) {
        r->cap = r->cap == 0 ? 16 : r->cap * 2;
        r->list = xreallocarray(r->list, r->cap, sizeof *r->list);
    }
    r->list[r->count++] = (struct missed){said_hold(s), s->places[r->reader->to], tags};
}

/* The first event that has yet to pass there, from that stamp on; or the end. */
static uint64_t next_to_pass(const struct backlog *b, uint64_t stamp, unsigned loop)
{
    if (stamp < b->log.first) {
        stamp = b->log.first;
    }
    while (stamp < b->log.end && slot_of(b, stamp)->said->places[loop] != 0) {
        stamp++;
    }
    return stamp;
}

static uint64_t first_to_pass(struct backlog *b, unsigned loop)
{
    return b->loops[loop].cursor = next_to_pass(b, b->loops[loop].cursor, loop);
}

/* What was said to one socket has its place, but for what is behind something that has yet to pass
 * here. */
static void place_to_one(struct backlog *b, unsigned loop)
{
    for (unsigned of = 0; of < b->loop_count; of++) {
        uint64_t n = first_to_pass(b, loop);
        while (n < b->log.end && (slot_of(b, n)->said->loop != of || slot_of(b, n)->said->to_one)) {
            n = next_to_pass(b, n + 1, loop);
        }
        pass_to_one(b, of, loop, n);
    }
}

static bool is_early(const struct reading *r)
{
    struct backlog *b = r->b;
    unsigned to = r->reader->to;

    if (b->loops[to].lost != 0 || b->loops[r->reader->from].lost != 0) {
        return true;
    }
    for (uint64_t n = first_to_pass(b, to); n < b->log.end; n = next_to_pass(b, n + 1, to)) {
        const struct said *s = slot_of(b, n)->said;
        if (!s->to_one && is_got(r, s)) {
            return true;
        }
    }
    return false;
}

/* What has passed on the former loop since, false if it is not all there; and what has yet to. */
static bool consider_all(struct reading *r)
{
    struct backlog *b = r->b;
    unsigned from = r->reader->from;
    const struct ring *order = &b->loops[from].order;

    for (uint64_t n = r->reader->got[from]; n < order->end; n++) {
        uint64_t stamp = n < order->first ? 0 : *(uint64_t *)ring_at(order, n);
        if (n < order->first || stamp < b->log.first) {
            return false;
        }
        consider(r, slot_of(b, stamp));
    }
    for (uint64_t n = first_to_pass(b, from); n < b->log.end; n = next_to_pass(b, n + 1, from)) {
        consider(r, slot_of(b, n));
    }
    return true;
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = ((const struct missed *)a)->place, y = ((const struct missed *)b)->place;

    return x < y ? -1 : x > y;
}

enum backlog_end backlog_read(struct backlog *b, const struct backlog_reader *reader,
                              struct missed **list, size_t *count)
{
    struct reading r = {.b = b, .reader = reader, .filter = filter_of(b, reader)};
    enum backlog_end end = BACKLOG_EARLY;

    place_to_one(b, reader->from);
    place_to_one(b, reader->to);
    if (!is_early(&r)) {
        bool whole = consider_all(&r);
        end = !whole ? BACKLOG_GAP : r.early ? BACKLOG_EARLY : BACKLOG_READ;
    }
    if (r.count > 1) {
        qsort(r.list, r.count, sizeof *r.list, by_place);
    }
    *list = r.list;
    *count = r.count;
    return end;
}

void backlog_forget(struct missed *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        said_release(list[i].said);
    }
    free(list);
}
