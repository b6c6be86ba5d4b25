// SPDX-License-Identifier: MIT
#include "src/cluster/question.h"

#include <assert.h>
#include <stdlib.h>

#include "src/cluster/borrowed.h"

enum { SERVERS_UNKNOWN = -1, QUESTIONS_MAX = 100000 };

struct question {
    struct cluster_nsp *n;
    struct bus_call counting;
    struct timer timer;
    struct inquiry *inquiry; /* or answers */
    struct gather *answers;
    int64_t servers; /* that are asked, or SERVERS_UNKNOWN */
    int64_t heard;   /* of them, those that have answered, or said how many sockets are asked */
    uint64_t sockets, acks;
    bool counted; /* the bus has said how many there are */
    bool over;    /* freed as soon as it has */
    unsigned id_len;
    char id[CLUSTER_UID_MAX];
};

static struct span key_of_question(const void *value)
{
    const struct question *q = value;
    return span_of(q->id, q->id_len);
}

void questions_init(struct cluster_nsp *n)
{
    map_init(&n->questions, key_of_question, n->cluster->hash_secret);
}

void questions_finish(struct cluster_nsp *n)
{
    assert(n->questions.count == 0);
    map_finish(&n->questions);
}

bool question_is_own(const struct cluster_nsp *n, struct span request_id)
{
    return request_id.len != 0 && map_get(&n->questions, request_id) != NULL;
}

/* ---- the end ---- */

static void free_if_done(struct question *q)
{
    if (q->over && q->counted) {
        free(q);
    }
}

static void end(struct question *q, int error)
{
    struct cluster *c = q->n->cluster;

    (void)map_remove(&q->n->questions, span_of(q->id, q->id_len));
    executor_timer_stop(cluster_executor(c), &q->timer);
    q->over = true;
    if (error == ROOKERY_ETIMEOUT) {
        cluster_count_one(&c->counts.requests_timed_out);
    }
    if (q->answers != NULL) {
        gather_remote_over(q->answers, error == 0);
    } else {
        q->inquiry->on_done(q->inquiry, error);
    }
}

static void end_if_answered(struct question *q)
{
    if (!q->over && q->servers != SERVERS_UNKNOWN && q->heard >= q->servers &&
        q->acks >= q->sockets) {
        end(q, 0);
    }
}

static void on_timeout(struct timer *timer)
{
    struct question *q = container_of(timer, struct question, timer);

    end(q, ROOKERY_ETIMEOUT);
    free_if_done(q);
}

void questions_give_up(struct cluster_nsp *n)
{
    struct question *q;
    uint32_t at = 0;

    while ((q = map_next(&n->questions, &at)) != NULL) {
        end(q, ROOKERY_EGONE);
        free_if_done(q);
        at = 0; /* the map has changed */
    }
}

/* ---- asking ---- */

static void on_counted(struct bus_call *call)
{
    struct question *q = container_of(call, struct question, counting);

    q->counted = true;
    if (!q->over && call->error != 0) {
        end(q, ROOKERY_EGONE);
    } else if (!q->over) {
        q->servers = call->count == 0 ? 0 : (int64_t)call->count - 1;
        if (q->inquiry != NULL && q->inquiry->kind == INQUIRE_SERVERS) {
            q->inquiry->on_count(q->inquiry, call->count);
            q->servers = 0;
        }
        end_if_answered(q);
    }
    free_if_done(q);
}

static struct question *create(struct cluster_nsp *n, struct adapter_message *m)
{
    struct cluster *c = n->cluster;
    struct question *q = xcalloc(1, sizeof *q);

    q->n = n;
    q->servers = SERVERS_UNKNOWN;
    q->id_len = c->wire->request_id_len;
    m->request_id = cluster_make_id(c, q->id_len, q->id);
    q->counting.on_done = on_counted;
    q->timer.fire = on_timeout;
    map_add(&n->questions, q);
    return q;
}

/* The message goes first: what is said has its place among what else is said. */
static void ask(struct question *q, const struct adapter_message *m, unsigned timeout_ms)
{
    struct cluster *c = q->n->cluster;

    if (m != NULL) {
        c->wire->publish(q->n, m);
        cluster_count_one(&c->counts.requests_sent);
    }
    executor_timer_start(cluster_executor(c), &q->timer,
                         timeout_ms == 0 ? c->options.request_timeout_ms : timeout_ms);
    c->wire->count(q->n, &q->counting);
}

static void run_refused(struct task *task)
{
    struct inquiry *q = container_of(task, struct inquiry, task);
    q->on_done(q, ROOKERY_EGONE);
}

void question_refuse(struct cluster *c, struct inquiry *q)
{
    q->task.run = run_refused;
    executor_post(cluster_executor(c), &q->task);
}

/* Nobody's answer is wanted. */
static void run_said(struct task *task)
{
    struct inquiry *q = container_of(task, struct inquiry, task);
    q->on_done(q, 0);
}

static void say(struct cluster_nsp *n, const struct adapter_message *m, struct inquiry *q)
{
    n->cluster->wire->publish(n, m);
    cluster_count_one(&n->cluster->counts.requests_sent);
    q->task.run = run_said;
    executor_post(cluster_executor(n->cluster), &q->task);
}

void question_inquire(struct cluster_nsp *n, struct adapter_message *m, struct inquiry *inquiry)
{
    struct cluster *c = n->cluster;

    if (inquiry->kind == INQUIRE_EMIT && !inquiry->wants_answers) {
        say(n, m, inquiry);
        return;
    }
    if (n->questions.count >= QUESTIONS_MAX || !c->bus->ops->up(c->bus)) {
        question_refuse(c, inquiry);
        return;
    }
    struct question *q = create(n, m);
    q->inquiry = inquiry;
    if (inquiry->kind == INQUIRE_ROOMS && c->wire->asks_for_rooms) {
        m->kind = ADAPTER_ROOMS;
    }
    ask(q, inquiry->kind == INQUIRE_SERVERS ? NULL : m, inquiry->timeout_ms);
}

void question_ask_sockets(struct cluster_nsp *n, struct adapter_message *m, struct gather *answers)
{
    struct cluster *c = n->cluster;

    if (n->questions.count >= QUESTIONS_MAX || !c->bus->ops->up(c->bus)) {
        gather_remote_over(answers, false);
        return;
    }
    struct question *q = create(n, m);
    q->answers = answers;
    ask(q, m, (unsigned)m->timeout_ms);
}

/* ---- answers ---- */

static void hand_over_sockets(struct question *q, const struct adapter_message *m)
{
    struct borrowed b = {0};
    struct rookery_socket_info *infos = borrow_sockets(&b, m);

    if (q->inquiry->kind == INQUIRE_SOCKETS) {
        q->inquiry->on_sockets(q->inquiry, infos, m->socket_count);
    } else if (q->inquiry->kind == INQUIRE_ROOMS) {
        for (size_t i = 0; i < m->socket_count; i++) {
            q->inquiry->on_rooms(q->inquiry, infos[i].rooms, infos[i].room_count);
        }
    }
    borrowed_finish(&b);
}

static void hand_over_rooms(struct question *q, const struct adapter_message *m)
{
    struct borrowed b = {0};

    if (q->inquiry->kind == INQUIRE_ROOMS) {
        q->inquiry->on_rooms(q->inquiry, borrow_names(&b, m->operands), m->operands.count);
    }
    borrowed_finish(&b);
}

static void hand_over_answer(struct question *q, const struct adapter_message *m)
{
    struct borrowed b = {0};
    const struct rookery_args args = borrow_args(&b, &m->args);

    if (q->answers != NULL) {
        gather_remote_answer(q->answers, &args);
    } else if (q->inquiry->kind == INQUIRE_EMIT) {
        q->inquiry->on_answer(q->inquiry, &args);
    }
    borrowed_finish(&b);
}

static void take_count(struct question *q, uint64_t sockets)
{
    q->heard++;
    q->sockets += sockets;
    gather_remote_count(q->answers, sockets);
}

/* Is that an answer to such a question? */
static bool fits(const struct question *q, enum adapter_kind kind)
{
    if (q->answers != NULL) {
        return kind == ADAPTER_COUNT || kind == ADAPTER_ACK;
    }
    return q->inquiry->kind == INQUIRE_EMIT
               ? kind == ADAPTER_EMIT_ANSWER
               : q->inquiry->kind != INQUIRE_SERVERS &&
                     (kind == ADAPTER_SOCKETS || kind == ADAPTER_ROOM_NAMES);
}

static void take(struct question *q, const struct adapter_message *m)
{
    if (m->kind == ADAPTER_COUNT) {
        take_count(q, m->count);
    } else if (m->kind == ADAPTER_ACK) {
        q->acks++;
        hand_over_answer(q, m);
    } else {
        q->heard++;
        if (m->kind == ADAPTER_SOCKETS) {
            hand_over_sockets(q, m);
        } else if (m->kind == ADAPTER_ROOM_NAMES) {
            hand_over_rooms(q, m);
        } else {
            hand_over_answer(q, m);
        }
    }
}

void question_answered(struct cluster_nsp *n, const struct adapter_message *m)
{
    struct question *q = map_get(&n->questions, m->request_id);

    if (q == NULL || !fits(q, m->kind)) {
        return;
    }
    take(q, m);
    end_if_answered(q);
    free_if_done(q);
}
