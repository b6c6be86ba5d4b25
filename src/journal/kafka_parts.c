// SPDX-License-Identifier: MIT
#include "src/journal/kafka_parts.h"

#include "src/base/memory.h"
#include "src/journal/kafka_client.h"

typedef rd_kafka_topic_partition_list_t part_list; /* the name is too long for what it is */

void kafka_parts_init(struct kafka_parts *p, rd_kafka_t *handle, const char *topic, unsigned count,
                      const uint64_t *bases, const uint64_t *positions)
{
    *p = (struct kafka_parts){.handle = handle, .topic = topic, .count = count};
    p->parts = xcalloc(count, sizeof *p->parts);
    for (unsigned i = 0; i < count; i++) {
        p->parts[i] = (struct kafka_part){.base = bases[i], .stored = positions[i]};
    }
}

void kafka_parts_finish(struct kafka_parts *p)
{
    free(p->parts);
}

static part_list *list_new(const struct kafka_parts *p)
{
    return xnonnull(rd_kafka_topic_partition_list_new((int)p->count));
}

static void list_add(const struct kafka_parts *p, part_list *list, unsigned partition)
{
    rd_kafka_topic_partition_t *part =
        rd_kafka_topic_partition_list_add(list, p->topic, (int32_t)partition);
    part->offset = (int64_t)p->parts[partition].next;
}

static part_list *list_of_ours(const struct kafka_parts *p)
{
    part_list *list = list_new(p);

    for (unsigned i = 0; i < p->count; i++) {
        if (p->parts[i].ours) {
            list_add(p, list, i);
        }
    }
    return list;
}

static void assign(struct kafka_parts *p, part_list *list)
{
    rd_kafka_error_t *error = rd_kafka_incremental_assign(p->handle, list);

    if (error != NULL) { /* the group takes everything back then, and gives it anew */
        rd_kafka_error_destroy(error);
    }
}

static void unassign(struct kafka_parts *p, part_list *list)
{
    rd_kafka_error_t *error = rd_kafka_incremental_unassign(p->handle, list);

    if (error != NULL) {
        rd_kafka_error_destroy(error);
    }
}

static void set_paused(struct kafka_parts *p, part_list *list)
{
    if (p->paused) {
        (void)rd_kafka_pause_partitions(p->handle, list);
    } else {
        (void)rd_kafka_resume_partitions(p->handle, list);
    }
}

/* ---- where to begin ---- */

/* What the group has committed of each partition, -1: nothing. Returns false if it cannot be asked.
 */
static bool ask_committed(const struct kafka_parts *p, int64_t *committed)
{
    part_list *list = list_new(p);

    for (unsigned i = 0; i < p->count; i++) {
        list_add(p, list, i);
    }
    bool ok = rd_kafka_committed(p->handle, list, p->ask_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *part = &list->elems[i];
        bool is_known = part->err == RD_KAFKA_RESP_ERR_NO_ERROR && part->offset >= 0;
        committed[part->partition] = is_known ? part->offset : -1;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return ok;
}

/* Takes over what others have committed since the first look. */
static void learn_committed(struct kafka_parts *p)
{
    int64_t *committed = xcalloc(p->count, sizeof *committed);

    if (ask_committed(p, committed)) {
        for (unsigned i = 0; i < p->count; i++) {
            struct kafka_part *part = &p->parts[i];
            if (!p->has_committed) {
                part->committed_first = committed[i];
            } else if (!part->ours && committed[i] != part->committed_first &&
                       committed[i] > (int64_t)part->stored) {
                part->stored = (uint64_t)committed[i];
            }
        }
        p->has_committed = true;
    }
    free(committed);
}

/* ---- who reads what ---- */

/* The ours of them, or the others, that we know: a topic can get more partitions while we run. */
static part_list *known(const struct kafka_parts *p, const part_list *list, bool ours)
{
    part_list *out = list_new(p);

    for (int i = 0; i < list->cnt; i++) {
        int32_t partition = list->elems[i].partition;
        if (partition >= 0 && (unsigned)partition < p->count && p->parts[partition].ours == ours) {
            list_add(p, out, (unsigned)partition);
        }
    }
    return out;
}

static void on_assigned(struct kafka_parts *p, const part_list *list)
{
    part_list *mine = known(p, list, false);

    learn_committed(p);
    for (int i = 0; i < mine->cnt; i++) {
        struct kafka_part *part = &p->parts[mine->elems[i].partition];
        part->ours = part->unsure = true;
        part->uncommitted = false;
        part->astray_ms = 0;
        part->next = part->stored;
        mine->elems[i].offset = (int64_t)part->next;
    }
    atomic_fetch_add(&p->ours, (unsigned)mine->cnt);
    assign(p, mine);
    set_paused(p, mine); /* one that was paused when it was given up still is */
    rd_kafka_topic_partition_list_destroy(mine);
}

static void on_revoked(struct kafka_parts *p, const part_list *list)
{
    part_list *lost = known(p, list, true);

    for (int i = 0; i < lost->cnt; i++) {
        unsigned partition = (unsigned)lost->elems[i].partition;
        p->parts[partition].ours = false;
        p->parts[partition].astray_ms = 0;
        kafka_parts_set_short(p, partition, false);
    }
    atomic_fetch_sub(&p->ours, (unsigned)lost->cnt);
    unassign(p, lost);
    rd_kafka_topic_partition_list_destroy(lost);
}

void kafka_parts_rebalance(struct kafka_parts *p, rd_kafka_event_t *event)
{
    const part_list *list = rd_kafka_event_topic_partition_list(event);

    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assigned(p, list);
    } else {
        on_revoked(p, list);
    }
}

/* ---- how far ---- */

void kafka_parts_begin_again(struct kafka_parts *p, unsigned partition)
{
    part_list *list = list_new(p);

    list_add(p, list, partition);
    unassign(p, list);
    assign(p, list);
    set_paused(p, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void kafka_parts_set_short(struct kafka_parts *p, unsigned partition, bool is_short)
{
    struct kafka_part *part = &p->parts[partition];

    if (part->is_short != is_short) {
        part->is_short = is_short;
        atomic_fetch_add(&p->shorts, is_short ? 1U : -1U);
    }
}

/* A hole before the first record after a beginning may be of our own making, and is looked at
 * again. Later ones are the log's: what was never there, as the ends of transactions, or has been
 * compacted. */
static bool is_next(struct kafka_parts *p, unsigned partition, uint64_t offset)
{
    struct kafka_part *part = &p->parts[partition];
    bool unsure = part->unsure;

    part->unsure = false;
    if (offset > part->next && unsure) {
        kafka_parts_begin_again(p, partition);
        return false;
    }
    return offset >= part->next;
}

bool kafka_parts_take(struct kafka_parts *p, int32_t partition, int64_t offset)
{
    if (partition < 0 || (unsigned)partition >= p->count || offset < 0 ||
        !p->parts[partition].ours) {
        return false; /* of a time before it was revoked */
    }
    struct kafka_part *part = &p->parts[partition];
    if (p->paused) {
        part->unsure = true;
        kafka_parts_begin_again(p, (unsigned)partition);
        return false;
    }
    if (!is_next(p, (unsigned)partition, (uint64_t)offset)) {
        return false;
    }
    part->next = (uint64_t)offset + 1;
    return true;
}

void kafka_parts_stored(struct kafka_parts *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        struct kafka_part *part = &p->parts[i];
        if (part->ours && part->stored != part->next) {
            part->stored = part->next;
            part->uncommitted = true;
        }
    }
}

rd_kafka_topic_partition_list_t *kafka_parts_to_commit(struct kafka_parts *p)
{
    part_list *list = NULL;

    for (unsigned i = 0; i < p->count; i++) {
        struct kafka_part *part = &p->parts[i];
        if (part->ours && part->uncommitted) {
            list = list != NULL ? list : list_new(p);
            rd_kafka_topic_partition_list_add(list, p->topic, (int32_t)i)->offset =
                (int64_t)part->stored;
            part->uncommitted = false;
        }
    }
    return list;
}

void kafka_parts_not_committed(struct kafka_parts *p, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        struct kafka_part *part = &p->parts[list->elems[i].partition];
        part->uncommitted = part->ours;
    }
}

void kafka_parts_pause(struct kafka_parts *p, bool paused)
{
    part_list *ours = list_of_ours(p);

    p->paused = paused;
    set_paused(p, ours);
    for (int i = 0; i < ours->cnt; i++) {
        p->parts[ours->elems[i].partition].unsure = true;
    }
    rd_kafka_topic_partition_list_destroy(ours);
}

static uint64_t behind_stored(const struct kafka_parts *p, unsigned partition, int64_t end)
{
    const struct kafka_part *part = &p->parts[partition];

    return part->ours && end > (int64_t)part->stored ? (uint64_t)end - part->stored : 0;
}

/* By what came with the latest records. */
static uint64_t guess_lag(const struct kafka_parts *p)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < p->count; i++) {
        int64_t low = 0, high = 0;
        if (p->parts[i].ours &&
            rd_kafka_get_watermark_offsets(p->handle, p->topic, (int32_t)i, &low, &high) ==
                RD_KAFKA_RESP_ERR_NO_ERROR) {
            sum += behind_stored(p, i, high);
        }
    }
    return sum;
}

/* Returns false if nobody answers. */
static bool ask_lag(const struct kafka_parts *p, int wait_ms, uint64_t *sum)
{
    part_list *list = list_of_ours(p);

    if (list->cnt == 0) {
        list_add(p, list, 0);
    }
    bool ok = kafka_offsets_ask(p->handle, list, RD_KAFKA_OFFSET_END, wait_ms) ==
              RD_KAFKA_RESP_ERR_NO_ERROR;
    *sum = 0;
    for (int i = 0; ok && i < list->cnt; i++) {
        *sum += behind_stored(p, (unsigned)list->elems[i].partition, list->elems[i].offset);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return ok;
}

bool kafka_parts_measure(struct kafka_parts *p, bool ask, int wait_ms)
{
    uint64_t sum;

    if (!ask) {
        sum = guess_lag(p);
    } else if (!ask_lag(p, wait_ms, &sum)) {
        return false;
    }
    atomic_store(&p->lag, sum);
    return true;
}
