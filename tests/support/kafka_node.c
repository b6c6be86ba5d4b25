// SPDX-License-Identifier: MIT
#include "tests/support/kafka_node.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/memory.h"

const uint64_t node_bases[JOURNAL_KAFKA_PARTITIONS_MAX] = {
    1000000, 2000000, 3000000, 4000000, 5000000, 6000000, 7000000, 8000000, 9000000, 10000000};

static void note(struct node *n, struct span id, uint64_t place, bool by_log)
{
    (void)pthread_mutex_lock(&n->lock);
    struct told *t = &n->told[n->count++];
    t->place = place;
    n->by_log += by_log;
    (void)snprintf(t->id, sizeof t->id, "%.*s", (int)id.len, (const char *)id.data);
    (void)pthread_mutex_unlock(&n->lock);
}

static void on_record(void *arg, const struct message *m)
{
    struct node *n = arg;

    n->is_wrong |= !executor_inside(&n->loop.executor) ||
                   m->placed != (m->action == MESSAGE_SAY ? m->offset : m->changed);
    note(n, m->id, m->placed, true);
}

static void on_gap(void *arg)
{
    struct node *n = arg;
    n->gaps++;
}

static void on_state(void *arg, bool is_up, const char *line)
{
    struct node *n = arg;

    (void)pthread_mutex_lock(&n->lock);
    n->ups += is_up;
    n->downs += !is_up;
    n->too_large += strstr(line, "larger than") != NULL;
    (void)pthread_mutex_unlock(&n->lock);
}

bool node_open(struct node *n, const struct journal_kafka_options *kafka, size_t messages_max,
               void (*before)(void))
{
    struct journal_options options = {.executor = &n->loop.executor,
                                      .kafka = kafka,
                                      .queue_messages_max = messages_max,
                                      .on_state = on_state,
                                      .on_state_arg = n};
    const struct journal_listener listener = {on_record, on_gap, n};
    struct bytes why = {0};

    memset(n, 0, sizeof *n);
    (void)pthread_mutex_init(&n->lock, NULL);
    thread_executor_start(&n->loop, 0);
    n->journal = journal_kafka.open(&options, &why);
    if (n->journal == NULL) {
        printf("# %.*s\n", (int)why.len, (const char *)why.data);
        return false;
    }
    if (before != NULL) {
        before();
    }
    n->journal->ops->listen(n->journal, &listener);
    journal_kafka_begin(n->journal, node_bases);
    bytes_finish(&why);
    return true;
}

void node_close(struct node *n)
{
    journal_close(n->journal);
    thread_executor_stop(&n->loop);
    (void)pthread_mutex_destroy(&n->lock);
}

size_t node_told(struct node *n)
{
    (void)pthread_mutex_lock(&n->lock);
    size_t count = n->count;
    (void)pthread_mutex_unlock(&n->lock);
    return count;
}

bool node_await(struct node *n, size_t count)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    for (int i = 0; i < WAIT_MS / 2 && node_told(n) < count; i++) {
        (void)nanosleep(&pause, NULL);
    }
    return node_told(n) == count;
}

/* ---- a letter ---- */

static void on_done(struct journal_append *op)
{
    struct letter *l = container_of(op, struct letter, op);
    struct journal *journal = l->node->journal;
    unsigned partition;

    l->node->is_wrong |= !executor_inside(&l->node->loop.executor);
    if (op->error == 0) { /* who is told where he is may ask for it */
        l->node->is_wrong |=
            op->message.offset > journal->ops->place(journal, op->message.room, &partition);
    }
    if (op->error == 0 && op->in_turn) {
        note(l->node, op->message.id, op->message.offset, false);
    }
    (void)sem_post(&l->done);
}

static int append(struct letter *l, struct node *n, const char *room, uint8_t action,
                  struct span client_id, struct span content)
{
    static atomic_int_fast64_t time = 1700000000000;
    struct message m = {.id = span_cstr(l->id),
                        .room = span_cstr(room),
                        .user_id = SPAN("u1"),
                        .username = SPAN("Ann"),
                        .content = content,
                        .type = SPAN("text"),
                        .client_id = client_id,
                        .timestamp_ms = atomic_fetch_add(&time, 1),
                        .action = action,
                        .said = action == MESSAGE_SAY ? 0 : 7,
                        .edited_ms = action == MESSAGE_EDIT ? 5 : 0};

    l->timestamp_ms = m.timestamp_ms;
    l->node = n;
    l->op.on_done = on_done;
    (void)sem_init(&l->done, 0, 0);
    return journal_append(n->journal, &m, &n->loop.executor, &l->op);
}

int letter_append(struct letter *l, struct node *n, const char *room, uint8_t action)
{
    return append(l, n, room, action, SPAN(""), SPAN("\"hello\""));
}

int letter_post(struct letter *l, struct node *n, const char *room, const char *id)
{
    return letter_say(l, n, room, id, SPAN("\"hello\""));
}

int letter_say(struct letter *l, struct node *n, const char *room, const char *id,
               struct span content)
{
    (void)snprintf(l->id, sizeof l->id, "%s", id);
    return append(l, n, room, MESSAGE_SAY, span_cstr(l->id), content);
}

int letter_await(struct letter *l)
{
    while (sem_wait(&l->done) != 0) {
    }
    (void)sem_destroy(&l->done);
    return l->op.error;
}

uint64_t node_base(struct node *n, const char *room)
{
    unsigned partition;
    (void)n->journal->ops->place(n->journal, span_cstr(room), &partition);
    return node_bases[partition];
}

struct journal_figures node_figures(struct node *n)
{
    struct journal_figures f;
    n->journal->ops->figures(n->journal, &f);
    return f;
}

static int by_place(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return x->place > y->place ? 1 : -1;
}

/* Within each partition; between them there is no order. */
bool node_is_ordered(const struct node *n)
{
    uint64_t newest[JOURNAL_KAFKA_PARTITIONS_MAX] = {0};

    for (size_t i = 0; i < n->count; i++) {
        uint64_t *last = &newest[n->told[i].place / 1000000];
        if (n->told[i].place <= *last) {
            return false;
        }
        *last = n->told[i].place;
    }
    return true;
}

bool node_same(struct node *a, struct node *b)
{
    size_t same = 0;

    qsort(a->told, a->count, sizeof a->told[0], by_place);
    qsort(b->told, b->count, sizeof b->told[0], by_place);
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        same += a->told[i].place == b->told[i].place && strcmp(a->told[i].id, b->told[i].id) == 0;
    }
    return same == a->count && same == b->count;
}
