// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/journal/kafka_journal.h"

enum { ASK_MS = 1000 };

uint64_t kafka_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void kafka_say(struct kafka_journal *j, const char *line)
{
    if (j->options.on_state == NULL || j->is_closed) {
        return;
    }
    lock_enter(&j->lock);
    bool is_up = !j->breaker.open;
    lock_leave(&j->lock);
    j->options.on_state(j->options.on_state_arg, is_up, line);
}

/* ---- whether a broker is there ---- */

/* Nothing tells that brokers are back but an answer of theirs, for which librdkafka can only be
 * waited for. */
static void *ask(void *arg)
{
    struct kafka_journal *j = arg;
    const struct kafka_reader *reader = &j->readers[KAFKA_EAGER];
    enum kafka_answer answer = KAFKA_IS_AWAY;
    const struct rd_kafka_metadata *all;

    if (rd_kafka_metadata(reader->client.handle, 0, reader->topic, &all, ASK_MS) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        answer = kafka_topic_is_in(j, all) ? KAFKA_IS_THERE : KAFKA_IS_GONE;
        rd_kafka_metadata_destroy(all);
    }
    atomic_store(&j->answer, answer);
    return NULL;
}

static void start_asking(struct kafka_journal *j)
{
    j->is_in_doubt = false;
    j->asked_ms = kafka_now_ms();
    atomic_store(&j->answer, KAFKA_NO_ANSWER_YET);
    j->is_asking = pthread_create(&j->asker, NULL, ask, j) == 0;
}

void kafka_asker_finish(struct kafka_journal *j)
{
    if (j->is_asking) {
        (void)pthread_join(j->asker, NULL);
        j->is_asking = false;
    }
}

static void take_answer(struct kafka_journal *j)
{
    enum kafka_answer answer = atomic_load(&j->answer);
    bool closed = false;

    if (!j->is_asking || answer == KAFKA_NO_ANSWER_YET) {
        return;
    }
    kafka_asker_finish(j);
    if (answer == KAFKA_IS_GONE) {
        kafka_topic_is_gone(j);
    }
    lock_enter(&j->lock);
    if (answer == KAFKA_IS_THERE && j->flights == NULL) {
        j->is_gone = false;
        closed = kafka_breaker_succeed(&j->breaker, kafka_now_ms());
    } else if (answer == KAFKA_IS_THERE) {
        j->breaker.down_ms = 0; /* whether it acknowledges is seen by those that wait */
    }
    lock_leave(&j->lock);
    if (closed) {
        kafka_say(j, "the broker answers again");
    }
}

static void look(struct kafka_journal *j)
{
    lock_enter(&j->lock);
    uint64_t oldest_ms = j->flights != NULL ? j->flights->since_ms : 0;
    bool opened = kafka_breaker_look(&j->breaker, kafka_now_ms(), oldest_ms);
    bool is_doubtful = (j->breaker.open && !j->breaker.ended) || j->breaker.down_ms != 0;
    bool answers = j->is_gone || (j->is_in_doubt && !is_doubtful); /* at once */
    bool is_due = !answers || kafka_now_ms() - j->asked_ms >= ASK_MS;
    lock_leave(&j->lock);
    if (opened) {
        kafka_say(j, "the broker has not acknowledged anything for too long: appends are refused");
    }
    if ((is_doubtful || j->is_in_doubt) && is_due && !j->is_asking) {
        start_asking(j);
    }
}

/* Appends that are in the log, at places that the log did not tell in all that time; and those that
 * it may tell a better one for. */
static void give_up(struct kafka_journal *j)
{
    uint64_t limit_ms = 2 * (uint64_t)kafka_timeout_ms(&j->kafka);
    uint64_t now_ms = kafka_now_ms();

    lock_enter(&j->lock);
    for (struct kafka_flight *f = j->flights, *next; f != NULL; f = next) {
        next = now_ms - f->since_ms < limit_ms ? NULL : f->next; /* the others are younger */
        if (f->is_unplaced && now_ms - f->since_ms >= limit_ms) {
            kafka_flight_fail(j, f, JOURNAL_ESINK, &j->done);
        }
    }
    for (unsigned i = 0; i < j->partitions && now_ms > KAFKA_HELD_MS; i++) {
        kafka_flights_release(j, &j->parts[i], 0, now_ms - KAFKA_HELD_MS);
    }
    lock_leave(&j->lock);
    completions_post(&j->done);
}

/* ---- those who ask where the log is ---- */

static void answer(struct task *task)
{
    struct journal_fence *fence = container_of(task, struct journal_fence, task);
    fence->on_done(fence);
}

/* Behind all that was posted before. */
static void post_answer(struct kafka_journal *j, struct journal_fence *fence, bool is_late)
{
    const struct kafka_part *part = &j->parts[kafka_partition_of(fence->room, j->partitions)];

    fence->late = is_late;
    fence->place = part->base + part->sequence.next;
    fence->task.run = answer;
    executor_post(fence->executor, &fence->task);
}

static bool is_there(const struct kafka_journal *j, const struct journal_fence *fence)
{
    const struct kafka_part *part = &j->parts[kafka_partition_of(fence->room, j->partitions)];
    return fence->until <= part->base + part->sequence.next;
}

static void answer_waiting(struct kafka_journal *j, uint64_t now_ms)
{
    struct kafka_fence **at = &j->waiting;

    while (*at != NULL) {
        struct kafka_fence *w = *at;
        bool is_late = now_ms >= w->until_ms;
        if (is_late || is_there(j, w->fence)) {
            *at = w->next;
            post_answer(j, w->fence, !is_there(j, w->fence));
            free(w);
        } else {
            at = &w->next;
        }
    }
}

static void take_asked(struct kafka_journal *j, uint64_t now_ms)
{
    lock_enter(&j->lock);
    struct journal_fence *fence = j->asked;
    j->asked = NULL;
    j->asked_end = &j->asked;
    lock_leave(&j->lock);
    while (fence != NULL) {
        struct journal_fence *next = fence->next;
        if (is_there(j, fence)) {
            post_answer(j, fence, false);
        } else {
            struct kafka_fence *w = xmalloc(sizeof *w);
            *w = (struct kafka_fence){j->waiting, fence, now_ms + KAFKA_FENCE_MS};
            j->waiting = w;
        }
        fence = next;
    }
}

void kafka_fences_finish(struct kafka_journal *j)
{
    take_asked(j, 0);
    answer_waiting(j, UINT64_MAX);
}

/* ---- a turn ---- */

/* Own records first: those that are told by their reports are not read from the log. What the log
 * brings follows in a task behind their completions, so that one who gets both on this executor
 * gets them in order, too. */
static void serve(struct kafka_journal *j)
{
    if (j->is_following) {
        j->is_behind = true; /* completions that are posted now would run behind it */
        return;
    }
    kafka_producer_serve(j);
    j->is_following = true;
    executor_post(j->executor, &j->follow_task);
}

static void follow(struct task *task)
{
    struct kafka_journal *j = container_of(task, struct kafka_journal, follow_task);

    lock_enter(&j->turn);
    j->is_following = false;
    if (!j->is_closed) {
        kafka_follower_serve(j);
        take_asked(j, kafka_now_ms());
        answer_waiting(j, kafka_now_ms());
    }
    if (!j->is_closed && j->is_behind) {
        j->is_behind = false;
        kafka_turn_wake(j);
    }
    lock_leave(&j->turn);
}

static void on_tick(struct timer *timer)
{
    struct kafka_journal *j = container_of(timer, struct kafka_journal, tick);

    lock_enter(&j->turn);
    if (!j->is_closed) {
        if (j->is_broken) {
            kafka_producer_replace(j);
        }
        kafka_follower_ask_again(j);
        kafka_reader_pace(j);
        serve(j);
        take_answer(j);
        look(j);
        give_up(j);
        executor_timer_start(j->executor, &j->tick, KAFKA_TICK_MS);
    }
    lock_leave(&j->turn);
}

/* What comes from here on posts again. */
static void run_turn(struct task *task)
{
    struct kafka_journal *j = container_of(task, struct kafka_journal, turn_task);

    lock_enter(&j->turn);
    atomic_store(&j->is_posted, false);
    if (!j->is_closed) {
        if (!timer_running(&j->tick)) {
            executor_timer_start(j->executor, &j->tick, KAFKA_TICK_MS);
        }
        serve(j);
    }
    lock_leave(&j->turn);
}

void kafka_turn_wake(struct kafka_journal *j)
{
    if (!atomic_exchange(&j->is_posted, true)) {
        executor_post(j->executor, &j->turn_task);
    }
}

void kafka_turn_begin(struct kafka_journal *j)
{
    j->turn_task.run = run_turn;
    j->follow_task.run = follow;
    j->tick.fire = on_tick;
}
