// SPDX-License-Identifier: MIT
#include "src/net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"

enum { PRODUCERS = 4, POSTS_EACH = 20000, SOON_MS = 40, TICK_MS = 4, MUCH_LATER_MS = 2000 };

static uint64_t clock_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void *run(void *loop)
{
    loop_run(loop);
    return NULL;
}

/* Tasks of four threads. */

struct post {
    struct task task;
    struct producer *producer;
    unsigned number;
};

struct producer {
    struct loop *loop;
    pthread_t thread;
    struct post *posts;
    unsigned next;     /* the number that has to run next */
    unsigned disorder; /* how many ran when it was not their turn */
    bool elsewhere;    /* one ran on a thread that is not the loop's */
};

static void run_post(struct task *task)
{
    struct post *p = container_of(task, struct post, task);
    p->producer->disorder += p->number != p->producer->next;
    p->producer->next++;
    p->producer->elsewhere |= !executor_inside(&p->producer->loop->executor);
}

static void *produce(void *arg)
{
    struct producer *self = arg;
    for (unsigned i = 0; i < POSTS_EACH; i++) {
        self->posts[i] = (struct post){{.run = run_post}, self, i};
        executor_post(&self->loop->executor, &self->posts[i].task);
        if (i % 1000 == 0) {
            (void)usleep(100); /* the loop goes to sleep now and then, and has to be woken */
        }
    }
    return NULL;
}

static void runs_each_task_of_four_threads_once_and_in_the_order_of_its_thread(void)
{
    struct loop loop;
    struct producer producers[PRODUCERS] = {0};
    pthread_t thread;

    check(loop_init(&loop, 0) == 0);
    check(pthread_create(&thread, NULL, run, &loop) == 0);
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i].loop = &loop;
        producers[i].posts = xcalloc(POSTS_EACH, sizeof *producers[i].posts);
        check(pthread_create(&producers[i].thread, NULL, produce, &producers[i]) == 0);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        (void)pthread_join(producers[i].thread, NULL);
    }
    loop_stop(&loop);
    (void)pthread_join(thread, NULL);
    loop_finish(&loop);
    for (int i = 0; i < PRODUCERS; i++) {
        check(producers[i].next == POSTS_EACH);
        check(producers[i].disorder == 0);
        check(!producers[i].elsewhere);
        free(producers[i].posts);
    }
}

/* One loop on the test's own thread. */

struct script {
    struct loop loop;
    struct task task, again;
    struct timer timer;
    struct turn_hook seal, flush;
    uint64_t started_ms, fired_ms;
    unsigned runs;
};

static void begin(struct script *s)
{
    memset(s, 0, sizeof *s);
    check(loop_init(&s->loop, 3) == 0);
    check(s->loop.executor.index == 3);
}

static void post_self_ten_times(struct task *task)
{
    struct script *s = container_of(task, struct script, task);
    if (++s->runs < 10) {
        executor_post(&s->loop.executor, task);
    } else {
        loop_stop(&s->loop);
    }
}

static void a_task_posted_on_the_loop_runs_without_any_other_event(void)
{
    struct script s;
    begin(&s);
    s.task.run = post_self_ten_times;
    executor_post(&s.loop.executor, &s.task);
    loop_run(&s.loop);
    check(s.runs == 10);
    loop_finish(&s.loop);
}

static void stop_when_fired(struct timer *timer)
{
    struct script *s = container_of(timer, struct script, timer);
    s->fired_ms = clock_ms();
    loop_stop(&s->loop);
}

static struct script *signalled;

static uint64_t count_of(const struct histogram *h)
{
    struct histogram_copy copy = {0};
    uint64_t count = 0;
    histogram_read(h, &copy);
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        count += copy.counts[i];
    }
    return count;
}

static uint64_t sum_of(const struct histogram *h)
{
    struct histogram_copy copy = {0};
    histogram_read(h, &copy);
    return copy.sum_us;
}

/* Starts a timer and keeps the loop busy beyond its time. */
static void start_timer_and_spin(struct task *task)
{
    struct script *s = container_of(task, struct script, task);
    s->timer.fire = stop_when_fired;
    executor_timer_start(&s->loop.executor, &s->timer, SOON_MS);
    executor_post(&s->loop.executor, &s->again);
}

static void spin(struct task *task)
{
    uint64_t end_ms = clock_ms() + 2 * SOON_MS + 4 * TICK_MS;
    while (clock_ms() < end_ms) {
    }
}

static void tells_how_long_its_turns_take_and_how_late_it_wakes(void)
{
    struct script s;
    begin(&s);
    s.task.run = start_timer_and_spin;
    s.again.run = spin;
    executor_post(&s.loop.executor, &s.task);
    loop_run(&s.loop);
    check(count_of(&s.loop.turns) >= 3);
    check(sum_of(&s.loop.turns) >= UINT64_C(2000) * SOON_MS);
    check(count_of(&s.loop.lags) == 1);
    check(sum_of(&s.loop.lags) >= UINT64_C(1000) * (SOON_MS - 4 * TICK_MS));
    loop_finish(&s.loop);
}

static void post_to_signalled(int number)
{
    executor_post(&signalled->loop.executor, &signalled->task);
}

static void stop_in_task(struct task *task)
{
    loop_stop(&container_of(task, struct script, task)->loop);
}

static void *signal_after_a_pause(void *arg)
{
    (void)usleep(SOON_MS * 1000);
    (void)pthread_kill(*(pthread_t *)arg, SIGUSR1);
    return NULL;
}

static void a_signal_handler_that_interrupts_the_wait_can_post(void)
{
    struct script s;
    pthread_t thread, self = pthread_self();
    const struct sigaction action = {.sa_handler = post_to_signalled};

    begin(&s);
    s.task.run = stop_in_task;
    signalled = &s;
    check(sigaction(SIGUSR1, &action, NULL) == 0);
    check(pthread_create(&thread, NULL, signal_after_a_pause, &self) == 0);
    loop_run(&s.loop);
    (void)pthread_join(thread, NULL);
    (void)signal(SIGUSR1, SIG_DFL);
    loop_finish(&s.loop);
}

static void start_timer(struct task *task)
{
    struct script *s = container_of(task, struct script, task);
    s->started_ms = clock_ms();
    executor_timer_start(&s->loop.executor, &s->timer, SOON_MS);
}

static void *post_after_a_pause(void *arg)
{
    struct script *s = arg;
    (void)usleep(5 * SOON_MS * 1000);
    executor_post(&s->loop.executor, &s->task);
    return NULL;
}

static void a_timer_that_is_started_after_a_long_wait_keeps_its_delay(void)
{
    struct script s;
    pthread_t thread;

    begin(&s);
    s.task.run = start_timer;
    s.timer.fire = stop_when_fired;
    check(pthread_create(&thread, NULL, post_after_a_pause, &s) == 0);
    loop_run(&s.loop);
    (void)pthread_join(thread, NULL);
    check(s.fired_ms - s.started_ms >= SOON_MS - TICK_MS - 1);
    check(s.fired_ms - s.started_ms < MUCH_LATER_MS);
    loop_finish(&s.loop);
}

static void a_timer_fires_while_nothing_else_happens(void)
{
    struct script s;
    begin(&s);
    s.timer.fire = stop_when_fired;
    s.started_ms = clock_ms();
    executor_timer_start(&s.loop.executor, &s.timer, SOON_MS);
    loop_run(&s.loop);
    check(s.fired_ms - s.started_ms >= SOON_MS - TICK_MS - 1);
    check(s.fired_ms - s.started_ms < MUCH_LATER_MS);
    loop_finish(&s.loop);
}

static void move_timer_forward(struct task *task)
{
    struct script *s = container_of(task, struct script, task);
    executor_timer_start(&s->loop.executor, &s->timer, SOON_MS);
}

static void a_timer_that_is_moved_forward_does_not_wait_for_its_old_time(void)
{
    struct script s;
    begin(&s);
    s.timer.fire = stop_when_fired;
    s.task.run = move_timer_forward;
    executor_timer_start(&s.loop.executor, &s.timer, 60 * 1000);
    executor_post(&s.loop.executor, &s.task);
    s.started_ms = clock_ms();
    loop_run(&s.loop);
    check(s.fired_ms - s.started_ms < MUCH_LATER_MS);
    loop_finish(&s.loop);
}

static void seal(struct turn_hook *hook)
{
    struct script *s = container_of(hook, struct script, seal);
    s->runs++;
    loop_stop(&s->loop);
}

static void ask_for_seal(struct turn_hook *hook)
{
    struct script *s = container_of(hook, struct script, flush);
    executor_at_turn_end(&s->loop.executor, &s->seal, TURN_SEAL);
}

static void a_hook_that_is_added_too_late_for_its_turn_runs_in_the_next_without_an_event(void)
{
    struct script s;
    begin(&s);
    s.flush.run = ask_for_seal;
    s.seal.run = seal;
    executor_at_turn_end(&s.loop.executor, &s.flush, TURN_FLUSH);
    loop_run(&s.loop);
    check(s.runs == 1);
    loop_finish(&s.loop);
}

/* A descriptor that is ready all the time, and a task that asks for another turn. */

enum { TURNS = 10, READY_TOO_OFTEN = 1000 };

struct busy {
    struct loop loop;
    struct task task;
    struct event ready;
    unsigned calls, turns;
};

static void on_always_ready(evutil_socket_t fd, short what, void *arg)
{
    struct busy *b = arg;
    loop_tick(&b->loop);
    if (++b->calls == READY_TOO_OFTEN) {
        (void)event_del(&b->ready);
    }
}

static void ask_for_another_turn(struct task *task)
{
    struct busy *b = container_of(task, struct busy, task);
    if (++b->turns == TURNS) {
        loop_stop(&b->loop);
    } else {
        executor_post(&b->loop.executor, task);
    }
}

static void a_turn_ends_though_something_is_always_ready(void)
{
    struct busy b = {.task.run = ask_for_another_turn};
    int ends[2];

    check(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    check(loop_init(&b.loop, 0) == 0);
    check(event_assign(&b.ready, b.loop.base, ends[0], EV_READ | EV_PERSIST, on_always_ready, &b) ==
          0);
    check(event_add(&b.ready, NULL) == 0);
    executor_post(&b.loop.executor, &b.task);
    loop_run(&b.loop);
    check(b.turns == TURNS && b.calls <= TURNS);
    (void)event_del(&b.ready);
    loop_finish(&b.loop);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void count_run(struct task *task)
{
    container_of(task, struct script, task)->runs++;
}

static void finish_runs_what_was_posted_too_late(void)
{
    struct script s;
    begin(&s);
    s.task.run = count_run;
    loop_stop(&s.loop);
    loop_run(&s.loop);
    executor_post(&s.loop.executor, &s.task);
    check(s.runs == 0);
    loop_finish(&s.loop);
    check(s.runs == 1);
}

static void knows_its_own_thread_only_while_it_runs(void)
{
    struct script s;
    begin(&s);
    check(!executor_inside(&s.loop.executor));
    loop_finish(&s.loop);
}

static void random_bytes_differ_and_leave_no_trace(void)
{
    struct script s;
    uint8_t a[LOOP_RANDOM_BYTES + 100], b[sizeof a], id[16];
    const uint8_t zero[sizeof id] = {0};

    begin(&s);
    executor_random(&s.loop.executor, a, sizeof a);
    executor_random(&s.loop.executor, b, sizeof b);
    check(memcmp(a, b, sizeof a) != 0);
    check(memcmp(a, a + LOOP_RANDOM_BYTES, 100) != 0);
    executor_random(&s.loop.executor, id, sizeof id);
    check(memcmp(id, zero, sizeof id) != 0);
    check(memcmp(s.loop.random + s.loop.random_left, zero, sizeof zero) == 0);
    loop_finish(&s.loop);
}

static void tells_the_time_of_day(void)
{
    struct script s;
    begin(&s);
    int64_t off_ms = executor_wall_ms(&s.loop.executor) - (int64_t)time(NULL) * 1000;
    check(off_ms > -2000 && off_ms < 2000);
    loop_finish(&s.loop);
}

int main(void)
{
    RUN(runs_each_task_of_four_threads_once_and_in_the_order_of_its_thread);
    RUN(a_task_posted_on_the_loop_runs_without_any_other_event);
    RUN(a_signal_handler_that_interrupts_the_wait_can_post);
    RUN(a_timer_that_is_started_after_a_long_wait_keeps_its_delay);
    RUN(a_timer_fires_while_nothing_else_happens);
    RUN(a_timer_that_is_moved_forward_does_not_wait_for_its_old_time);
    RUN(tells_how_long_its_turns_take_and_how_late_it_wakes);
    RUN(a_hook_that_is_added_too_late_for_its_turn_runs_in_the_next_without_an_event);
    RUN(a_turn_ends_though_something_is_always_ready);
    RUN(finish_runs_what_was_posted_too_late);
    RUN(knows_its_own_thread_only_while_it_runs);
    RUN(random_bytes_differ_and_leave_no_trace);
    RUN(tells_the_time_of_day);
    return tap_done();
}
