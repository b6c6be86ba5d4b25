// SPDX-License-Identifier: MIT
#include "src/cluster/catch_up.h"

#include <stdlib.h>

#include "src/cluster/incoming.h"
#include "src/cluster/spoken.h"
#include "src/socket/local.h"

/* A broadcast of somebody we are waiting for. */
struct held {
    struct list_node node;
    size_t len;
    uint8_t payload[];
};

/* Another node that numbers what it says. */
struct speaker {
    struct list_node node; /* in the queue, the one not heard for longest first */
    uint64_t seq;          /* the last that we have */
    bool waiting;          /* for it to be done */
    uint64_t again;        /* the number that comes next in it */
    bool answering;        /* what it sends again is the answer to the latest that we have asked */
    uint64_t ask;          /* the number of that */
    struct list_queue held;
    uint8_t uid_len;
    char uid[];
};

struct catch_up {
    struct cluster_nsp *n;
    struct map speakers;
    struct list_queue by_hearing; /* the speakers */
    size_t held_bytes;
    struct timer timer;      /* while something is held back */
    uint64_t since_ms;       /* what we have missed has been said after that */
    uint64_t asks;           /* of ours, so far */
    uint64_t asked_all;      /* the latest that went to everybody */
    unsigned waiting;        /* speakers that are waited for */
    uint64_t fresh_until_ms; /* whoever is met before that may have spoken in an outage of ours */
};

/* ---- speakers ---- */

static struct span key_of_speaker(const void *value)
{
    const struct speaker *s = value;
    return span_of(s->uid, s->uid_len);
}

static void let_go(struct catch_up *cu, struct speaker *s);

static void forget(struct catch_up *cu, struct speaker *s)
{
    let_go(cu, s);
    (void)map_remove(&cu->speakers, key_of_speaker(s));
    list_queue_remove(&cu->by_hearing, &s->node);
    free(s);
}

static struct speaker *meet(struct catch_up *cu, struct span uid, uint64_t seq)
{
    if (uid.len == 0 || uid.len > UINT8_MAX) {
        return NULL;
    }
    if (cu->speakers.count == CATCH_UP_SPEAKERS_MAX) {
        forget(cu, container_of(cu->by_hearing.first, struct speaker, node));
    }
    struct speaker *s = xcalloc(1, sizeof *s + uid.len);
    s->seq = seq;
    s->uid_len = (uint8_t)uid.len;
    memcpy(s->uid, uid.data, uid.len);
    map_add(&cu->speakers, s);
    list_queue_add(&cu->by_hearing, &s->node);
    if (cluster_executor(cu->n->cluster)->now_ms < cu->fresh_until_ms) {
        s->seq = 0; /* what it has said in our outage is news */
        s->ask = cu->asked_all;
        s->waiting = true;
        cu->waiting++;
    }
    return s;
}

/* ---- held back ---- */

static void hold_back(struct catch_up *cu, struct speaker *s, struct span payload)
{
    struct held *h = xmalloc(sizeof *h + payload.len);

    if (cu->held_bytes == 0) {
        executor_timer_start(cluster_executor(cu->n->cluster), &cu->timer, CATCH_UP_WAIT_MS);
    }
    h->len = payload.len;
    memcpy(h->payload, payload.data, payload.len);
    list_queue_add(&s->held, &h->node);
    cu->held_bytes += payload.len;
}

/* It has said what we have missed, or will not: delivers what it has said since. */
static void let_go(struct catch_up *cu, struct speaker *s)
{
    cu->waiting -= s->waiting;
    s->waiting = s->answering = false;
    while (s->held.first != NULL) {
        struct held *h = container_of(s->held.first, struct held, node);
        list_queue_remove(&s->held, &h->node);
        cu->held_bytes -= h->len;
        incoming_take_broadcast(cu->n, span_of(h->payload, h->len));
        free(h);
    }
    if (cu->held_bytes == 0) {
        executor_timer_stop(cluster_executor(cu->n->cluster), &cu->timer);
    }
}

static void let_go_all(struct catch_up *cu)
{
    struct speaker *s;

    for (uint32_t i = 0; (s = map_next(&cu->speakers, &i)) != NULL;) {
        let_go(cu, s);
    }
}

/* Those who speak and have not answered by now will not. */
static void on_timeout(struct timer *timer)
{
    struct catch_up *cu = container_of(timer, struct catch_up, timer);
    const struct bus *bus = cu->n->cluster->bus;
    struct speaker *s;

    if (bus == NULL || !bus->ops->up(bus)) {
        return; /* they cannot answer; catch_up_begin asks them anew */
    }
    for (uint32_t i = 0; (s = map_next(&cu->speakers, &i)) != NULL;) {
        if (s->held.first != NULL) {
            let_go(cu, s);
        }
    }
}

/* one: NULL for everybody. */
static void ask(struct catch_up *cu, struct speaker *one)
{
    struct cluster_nsp *n = cu->n;
    struct adapter_message m = cluster_message(n, ADAPTER_CATCH_UP);
    struct adapter_seen *seen = xcalloc(cu->speakers.count + 1U, sizeof *seen);
    struct speaker *s;

    m.ask = ++cu->asks;
    for (uint32_t i = 0; (s = map_next(&cu->speakers, &i)) != NULL;) {
        if (one == NULL || one == s) {
            seen[m.seen_count++] = (struct adapter_seen){key_of_speaker(s), s->seq};
            s->ask = m.ask;
            s->answering = false;
        }
    }
    m.seen = seen;
    m.seq = spoken_seq(n->spoken);
    m.lately_ms = cluster_executor(n->cluster)->now_ms - cu->since_ms;
    if (one != NULL) {
        n->cluster->wire->respond(n, &m, key_of_speaker(one));
    } else {
        cu->asked_all = m.ask;
        n->cluster->wire->publish(n, &m);
    }
    free(seen);
}

/* Answers are complete from their first number on. What is not in its place belongs to an answer to
 * an earlier question, which an outage has held up or repeated, and leaves out what came between.
 */
static bool is_next_in_answer(struct speaker *s, uint64_t seq)
{
    if (!s->answering || seq != s->again) {
        return false;
    }
    s->again++;
    return true;
}

bool catch_up_heard(struct cluster_nsp *n, const struct adapter_message *m, struct span payload,
                    bool again)
{
    struct catch_up *cu = n->catch_up;
    struct speaker *s = map_get(&cu->speakers, m->uid);

    if (s == NULL) {
        s = meet(cu, m->uid, m->seq - 1);
        if (s == NULL) {
            return true;
        }
        if (s->waiting) {
            ask(cu, s);
        }
    }
    if (again && !is_next_in_answer(s, m->seq)) {
        return false;
    }
    if (m->seq <= s->seq) {
        cluster_count_one(&n->cluster->counts.repeated);
        return false;
    }
    if (s->waiting && !again) {
        hold_back(cu, s, payload);
        if (cu->held_bytes > CATCH_UP_HELD_BYTES_MAX) {
            let_go_all(cu);
        }
        return false;
    }
    s->seq = m->seq;
    list_queue_remove(&cu->by_hearing, &s->node);
    list_queue_add(&cu->by_hearing, &s->node);
    return true;
}

/* ---- asking ---- */

static void wait_for_all(struct catch_up *cu)
{
    struct speaker *s;

    for (uint32_t i = 0; (s = map_next(&cu->speakers, &i)) != NULL;) {
        s->waiting = true;
    }
    cu->waiting = cu->speakers.count;
    if (cu->held_bytes > 0) {
        executor_timer_start(cluster_executor(cu->n->cluster), &cu->timer, CATCH_UP_WAIT_MS);
    }
}

void catch_up_interrupt(struct cluster_nsp *n, uint64_t since_ms)
{
    struct catch_up *cu = n->catch_up;
    struct speaker *s;

    if (!n->cluster->wire->forgets) {
        return;
    }
    if (cu->waiting == 0) {
        cu->since_ms = since_ms > CATCH_UP_MARGIN_MS ? since_ms - CATCH_UP_MARGIN_MS : 0;
    }
    wait_for_all(cu);
    for (uint32_t i = 0; (s = map_next(&cu->speakers, &i)) != NULL;) {
        s->ask = 0; /* of an answer that has begun a part may be lost */
        s->answering = false;
    }
    cu->fresh_until_ms = UINT64_MAX;
}

void catch_up_begin(struct cluster_nsp *n, uint64_t down_ms)
{
    struct catch_up *cu = n->catch_up;
    uint64_t now_ms = cluster_executor(n->cluster)->now_ms;

    if (!n->cluster->wire->forgets) {
        return;
    }
    uint64_t lately_ms = down_ms == 0 ? 0 : down_ms + CATCH_UP_MARGIN_MS;
    if (cu->waiting == 0) { /* else somebody still owes what was said in an outage before */
        cu->since_ms = now_ms > lately_ms ? now_ms - lately_ms : 0;
    }
    wait_for_all(cu);
    spoken_date(n->spoken, cu->since_ms);
    cu->fresh_until_ms = down_ms == 0 ? 0 : now_ms + CATCH_UP_FRESH_MS;
    ask(cu, NULL);
}

/* ---- answers ---- */

static void take_answer(struct catch_up *cu, struct speaker *s, const struct adapter_message *m)
{
    if (m->ask != s->ask) {
        s->answering = false;
    } else if (m->phase != ADAPTER_ENDS) {
        s->answering = true;
        s->again = m->seq + 1;
        if (m->phase == ADAPTER_BEGINS_LATE) {
            local_gap(cu->n->nsp);
        }
    } else {
        let_go(cu, s);
    }
}

void catch_up_asked(struct cluster_nsp *n, const struct adapter_message *m, bool to_us)
{
    struct catch_up *cu = n->catch_up;
    struct speaker *s = map_get(&cu->speakers, m->uid);

    if (s == NULL) { /* what it has said so far was not for us */
        s = meet(cu, m->uid, m->seq);
    }
    if (s == NULL) {
        return;
    }
    if (m->phase != ADAPTER_ASKS) {
        take_answer(cu, s, m);
        return;
    }
    spoken_tell_again(n->spoken, m);
    if (s->waiting && !to_us) { /* it is back only now, and has not heard us before */
        ask(cu, s);
    }
}

/* ---- life ---- */

void catch_up_init(struct cluster_nsp *n)
{
    struct catch_up *cu = xcalloc(1, sizeof *cu);

    cu->n = n;
    cu->timer.fire = on_timeout;
    map_init(&cu->speakers, key_of_speaker, n->cluster->hash_secret);
    n->catch_up = cu;
}

void catch_up_stop(struct cluster_nsp *n)
{
    executor_timer_stop(cluster_executor(n->cluster), &n->catch_up->timer);
}

void catch_up_finish(struct cluster_nsp *n)
{
    struct catch_up *cu = n->catch_up;
    struct speaker *s;

    while (cu->by_hearing.first != NULL) {
        s = container_of(cu->by_hearing.first, struct speaker, node);
        while (s->held.first != NULL) {
            struct held *h = container_of(s->held.first, struct held, node);
            list_queue_remove(&s->held, &h->node);
            free(h);
        }
        list_queue_remove(&cu->by_hearing, &s->node);
        free(s);
    }
    map_finish(&cu->speakers);
    free(cu);
}
