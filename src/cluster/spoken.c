// SPDX-License-Identifier: MIT
#include "src/cluster/spoken.h"

#include <assert.h>
#include <stdlib.h>

enum { SWEEP_MS = 1000 };

/* A broadcast, as it was published. */
struct spoken {
    struct list_node node;
    uint64_t seq;
    uint64_t at_ms; /* when it was published */
    size_t len;
    uint8_t payload[];
};

/* On its way to one who has asked. */
struct answer {
    struct list_node node;
    struct spoken_log *log;
    struct bus_call call; /* of the last of a piece */
    uint64_t ask;
    uint64_t next; /* what is to be sent next has that number, or a higher one */
    uint8_t uid_len;
    char uid[];
};

struct spoken_log {
    struct cluster_nsp *n;
    uint64_t seq;
    struct list_queue spoken;
    uint64_t forgotten_seq, forgotten_ms; /* of the latest that is not remembered any more */
    struct list answers;
    unsigned answer_count;
};

/* ---- remembering ---- */

static uint64_t now_of(const struct spoken_log *log)
{
    return cluster_executor(log->n->cluster)->now_ms;
}

static void forget(struct spoken_log *log, struct spoken *spoken)
{
    log->forgotten_seq = spoken->seq;
    log->forgotten_ms = spoken->at_ms;
    list_queue_remove(&log->spoken, &spoken->node);
    log->n->cluster->spoken_bytes -= spoken->len;
    free(spoken);
}

/* What is too old, and as much more as is too much. */
static void trim(struct spoken_log *log, size_t bytes_max)
{
    const struct cluster *c = log->n->cluster;

    while (log->spoken.first != NULL) {
        struct spoken *oldest = container_of(log->spoken.first, struct spoken, node);
        if (c->spoken_bytes <= bytes_max && now_of(log) - oldest->at_ms < c->options.catch_up_ms) {
            return;
        }
        forget(log, oldest);
    }
}

/* Namespaces in which nothing is said any more leave their place to others. */
static void trim_others(struct cluster *c)
{
    uint64_t now_ms = cluster_executor(c)->now_ms;
    struct cluster_nsp *n;

    if (now_ms < c->spoken_swept_ms + SWEEP_MS) {
        return;
    }
    c->spoken_swept_ms = now_ms;
    for (uint32_t i = 0; (n = map_next(&c->namespaces, &i)) != NULL;) {
        trim(n->spoken, SIZE_MAX);
    }
}

void spoken_number(struct spoken_log *log, struct adapter_message *m)
{
    if (!m->is_volatile) {
        m->seq = ++log->seq;
    }
}

uint64_t spoken_seq(const struct spoken_log *log)
{
    return log->seq;
}

void spoken_remember(struct spoken_log *log, const struct adapter_message *m)
{
    struct cluster *c = log->n->cluster;
    struct span payload = bytes_span(&c->payload);

    if (m->seq == 0 || !c->wire->forgets) {
        return;
    }
    struct spoken *spoken = xmalloc(sizeof *spoken + payload.len);
    spoken->seq = m->seq;
    spoken->at_ms = now_of(log);
    spoken->len = payload.len;
    memcpy(spoken->payload, payload.data, payload.len);
    list_queue_add(&log->spoken, &spoken->node);
    c->spoken_bytes += payload.len;
    if (c->spoken_bytes > c->options.catch_up_bytes_max) {
        trim_others(c);
    }
    trim(log, c->options.catch_up_bytes_max);
}

void spoken_date(struct spoken_log *log, uint64_t since_ms)
{
    for (struct list_node *node = log->spoken.first; node != NULL; node = node->next) {
        struct spoken *spoken = container_of(node, struct spoken, node);
        if (spoken->at_ms >= since_ms) {
            spoken->at_ms = now_of(log);
        }
    }
}

/* ---- telling again ---- */

static struct span uid_of(const struct answer *a)
{
    return span_of(a->uid, a->uid_len);
}

static void end_answer(struct answer *a)
{
    list_remove(&a->node);
    a->log->answer_count--;
    free(a);
}

static void frame(const struct answer *a, enum adapter_phase phase, uint64_t seq)
{
    struct cluster_nsp *n = a->log->n;
    struct adapter_message m = cluster_message(n, ADAPTER_CATCH_UP);

    m.ask = a->ask;
    m.phase = phase;
    m.seq = seq;
    n->cluster->wire->respond(n, &m, uid_of(a));
}

/* The first of that number or a higher one, or NULL. */
static struct list_node *find(const struct spoken_log *log, uint64_t seq)
{
    struct list_node *node = log->spoken.first;

    while (node != NULL && container_of(node, struct spoken, node)->seq < seq) {
        node = node->next;
    }
    return node;
}

static void send_piece(struct answer *a)
{
    struct cluster_nsp *n = a->log->n;
    size_t bytes = 0;

    for (struct list_node *node = find(a->log, a->next); node != NULL; node = node->next) {
        const struct spoken *spoken = container_of(node, struct spoken, node);
        struct span payload = span_of(spoken->payload, spoken->len);
        bytes += spoken->len;
        a->next = spoken->seq + 1;
        cluster_count_one(&n->cluster->counts.sent_again);
        if (bytes >= SPOKEN_PIECE_BYTES) {
            n->cluster->wire->publish_again(n, payload, uid_of(a), &a->call);
            return;
        }
        n->cluster->wire->publish_again(n, payload, uid_of(a), NULL);
    }
    frame(a, ADAPTER_ENDS, a->log->seq);
    end_answer(a);
}

/* If Redis is gone, who has asked asks again when we are back. */
static void on_piece_sent(struct bus_call *call)
{
    struct answer *a = container_of(call, struct answer, call);

    if (call->error != 0 || a->log->n->cluster->bus == NULL) {
        end_answer(a);
    } else {
        send_piece(a);
    }
}

/* What m's sender has of what we have said. If he has never heard us, that is nothing of what was
 * said in his outage, and all that was said before he was there. */
static uint64_t seen_of(const struct spoken_log *log, const struct adapter_message *m)
{
    for (size_t i = 0; i < m->seen_count; i++) {
        if (span_eq(m->seen[i].uid, cluster_uid(log->n))) {
            return m->seen[i].seq;
        }
    }
    return m->lately_ms > 0 ? 0 : log->seq;
}

/* Where the answer begins; *late: there was more that is not remembered. */
static uint64_t first_missed(const struct spoken_log *log, const struct adapter_message *m,
                             bool *late)
{
    uint64_t seen = seen_of(log, m);
    uint64_t since_ms = now_of(log) > m->lately_ms ? now_of(log) - m->lately_ms : 0;
    struct list_node *node = find(log, seen + 1);

    *late = seen < log->forgotten_seq && log->forgotten_ms >= since_ms;
    while (node != NULL && container_of(node, struct spoken, node)->at_ms < since_ms) {
        node = node->next;
    }
    return node == NULL ? log->seq + 1 : container_of(node, struct spoken, node)->seq;
}

static struct answer *find_answer(const struct spoken_log *log, struct span uid)
{
    struct list_node *node = log->answers.first;

    while (node != NULL && !span_eq(uid_of(container_of(node, struct answer, node)), uid)) {
        node = node->next;
    }
    return node == NULL ? NULL : container_of(node, struct answer, node);
}

static struct answer *begin_answer(struct spoken_log *log, struct span uid)
{
    struct answer *a = xcalloc(1, sizeof *a + uid.len);

    assert(uid.len <= UINT8_MAX);
    a->log = log;
    a->call.on_done = on_piece_sent;
    a->uid_len = (uint8_t)uid.len;
    memcpy(a->uid, uid.data, uid.len);
    list_add(&log->answers, &a->node);
    log->answer_count++;
    return a;
}

void spoken_tell_again(struct spoken_log *log, const struct adapter_message *m)
{
    struct answer *a = find_answer(log, m->uid);
    bool under_way = a != NULL, late;

    if (!under_way && log->answer_count == SPOKEN_ANSWERS_MAX) {
        cluster_count_one(&log->n->cluster->counts.gaps);
        return;
    }
    trim(log, SIZE_MAX);
    a = under_way ? a : begin_answer(log, m->uid);
    a->ask = m->ask;
    a->next = first_missed(log, m, &late);
    if (late) {
        cluster_count_one(&log->n->cluster->counts.gaps);
    }
    frame(a, late ? ADAPTER_BEGINS_LATE : ADAPTER_BEGINS, a->next - 1);
    if (!under_way) { /* else the piece that is on its way leads on to it */
        send_piece(a);
    }
}

/* ---- life ---- */

struct spoken_log *spoken_create(struct cluster_nsp *n)
{
    struct spoken_log *log = xcalloc(1, sizeof *log);

    log->n = n;
    return log;
}

void spoken_destroy(struct spoken_log *log)
{
    assert(log->answers.first == NULL);
    while (log->spoken.first != NULL) {
        forget(log, container_of(log->spoken.first, struct spoken, node));
    }
    free(log);
}
