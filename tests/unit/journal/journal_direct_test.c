// SPDX-License-Identifier: MIT
/* Batches, bounds and failures of the direct journal, with a sink that waits to be told. */
#include <pthread.h>
#include <semaphore.h>

#include "src/base/memory.h"
#include "src/journal/journal.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { OPS = 40 };

static struct {
    sem_t entered, leave;
    size_t batches[OPS], count; /* written by the journal's thread, read when it has ended */
    int fail;                   /* the first that many batches */
    size_t invalid;             /* the message of that place in its batch never fits; 0: none */
    uint64_t offset;
} sink;

static struct thread_executor loops[2];
static struct journal *journal;
static struct journal_append ops[OPS];
static struct journal_append *done[OPS];
static int done_count[2], done_total; /* under done_lock */
static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;

static int slow_write(void *arg, struct message *const *messages, size_t count)
{
    (void)sem_post(&sink.entered);
    while (sem_wait(&sink.leave) != 0) {
    }
    sink.batches[sink.count++] = count;
    for (size_t i = 0; i < count; i++) {
        messages[i]->offset = ++sink.offset;
    }
    if (sink.invalid > 0 && sink.invalid <= count) {
        messages[sink.invalid - 1]->fate = MESSAGE_INVALID;
        return -5;
    }
    return sink.fail-- > 0 ? -5 : 0;
}

static void on_done(struct journal_append *op)
{
    (void)pthread_mutex_lock(&done_lock);
    done_count[executor_inside(&loops[1].executor)]++;
    done[done_total++] = op;
    (void)pthread_mutex_unlock(&done_lock);
}

static void start(struct journal_options options)
{
    memset(&sink, 0, sizeof sink);
    memset(ops, 0, sizeof ops);
    done_count[0] = done_count[1] = done_total = 0;
    (void)sem_init(&sink.entered, 0, 0);
    (void)sem_init(&sink.leave, 0, 0);
    options.sink = (struct journal_sink){slow_write, NULL};
    struct bytes why = {0};
    journal = journal_direct.open(&options, &why);
    for (unsigned i = 0; i < 2; i++) {
        thread_executor_start(&loops[i], i);
    }
}

/* Lets the sink write whatever comes and closes. */
static void stop(void)
{
    for (int i = 0; i < OPS; i++) {
        (void)sem_post(&sink.leave);
    }
    journal_close(journal);
    for (int i = 0; i < 2; i++) {
        thread_executor_stop(&loops[i]);
    }
    (void)sem_destroy(&sink.entered);
    (void)sem_destroy(&sink.leave);
}

static int append(int i, int loop, size_t content_bytes)
{
    static const uint8_t content[1000];
    struct message m = {.id = SPAN("id"), .content = span_of(content, content_bytes)};
    ops[i].on_done = on_done;
    return journal_append(journal, &m, &loops[loop].executor, &ops[i]);
}

/* One batch with a single message is in the sink's hands. */
static void fill_the_sink(void)
{
    check(append(0, 0, 0) == 0);
    while (sem_wait(&sink.entered) != 0) {
    }
}

static void writes_all_that_came_during_a_write_in_one_batch(void)
{
    start((struct journal_options){0});
    fill_the_sink();
    for (int i = 1; i < 30; i++) {
        check(append(i, 0, 10) == 0);
    }
    stop();
    check(sink.count == 2 && sink.batches[0] == 1 && sink.batches[1] == 29);
    check(done_total == 30);
}

static void cuts_batches_at_their_limit(void)
{
    start((struct journal_options){.batch_max = 10});
    fill_the_sink();
    for (int i = 1; i < 26; i++) {
        check(append(i, 0, 10) == 0);
    }
    stop();
    check(sink.count == 4 && sink.batches[1] == 10 && sink.batches[2] == 10);
    check(sink.batches[3] == 5 && done_total == 26);
}

static struct task *posted[OPS];
static int posts;

static void count_post(struct executor *ex, struct task *task)
{
    posted[posts++] = task;
}

static void posts_one_task_a_batch_to_each_loop_in_the_order_of_offsets(void)
{
    static const struct executor_ops counting = {.post = count_post};
    const struct executor_ops *real[2];

    start((struct journal_options){0});
    posts = 0;
    for (int i = 0; i < 2; i++) {
        real[i] = loops[i].executor.ops;
        loops[i].executor.ops = &counting;
    }
    fill_the_sink();
    for (int i = 1; i < 21; i++) {
        check(append(i, i % 2, 10) == 0);
    }
    for (int i = 0; i < OPS; i++) {
        (void)sem_post(&sink.leave);
    }
    journal_close(journal);
    journal = NULL;
    check(posts == 3);
    for (int i = 0; i < 2; i++) {
        loops[i].executor.ops = real[i];
    }
    for (int i = 0; i < posts; i++) {
        posted[i]->run(posted[i]);
    }
    check(done_total == 21);
    for (int i = 2; i < 21; i++) {
        check(i == 11 || done[i]->message.offset == done[i - 1]->message.offset + 2);
    }
    stop();
}

static void completes_each_on_the_loop_that_asked(void)
{
    start((struct journal_options){0});
    fill_the_sink();
    for (int i = 1; i < 31; i++) {
        check(append(i, i % 3 == 0, 10) == 0);
    }
    stop();
    check(done_count[0] == 21 && done_count[1] == 10);
}

static void refuses_messages_above_the_limit_and_counts_those_being_written(void)
{
    start((struct journal_options){.queue_messages_max = 3});
    fill_the_sink();
    check(append(1, 0, 0) == 0);
    check(append(2, 0, 0) == 0);
    check(append(3, 0, 0) == JOURNAL_EBUSY);
    stop();
    check(done_total == 3 && sink.offset == 3);
}

static void refuses_bytes_above_the_limit(void)
{
    start((struct journal_options){.queue_bytes_max = 1000});
    check(append(5, 0, 1000) == JOURNAL_EBUSY);
    fill_the_sink();
    check(append(1, 0, 500) == 0);
    check(append(2, 0, 500) == JOURNAL_EBUSY);
    check(append(3, 0, 400) == 0);
    stop();
    check(done_total == 3);
}

static void takes_messages_again_when_the_queue_has_drained(void)
{
    start((struct journal_options){.queue_messages_max = 1});
    fill_the_sink();
    check(append(1, 0, 0) == JOURNAL_EBUSY);
    (void)sem_post(&sink.leave);
    while (append(1, 0, 0) == JOURNAL_EBUSY) {
    }
    stop();
    check(done_total == 2);
}

static void tells_a_failure_to_all_of_the_batch_and_goes_on(void)
{
    start((struct journal_options){.batch_max = 4});
    sink.fail = 2;
    fill_the_sink();
    for (int i = 1; i < 9; i++) {
        check(append(i, 0, 0) == 0);
    }
    stop();
    check(done_total == 9);
    for (int i = 0; i < 9; i++) {
        check(done[i]->error == (i < 5 ? JOURNAL_ESINK : 0));
    }
}

static void tells_what_never_fits_apart_from_what_may_be_tried_again(void)
{
    start((struct journal_options){.batch_max = 4});
    sink.invalid = 3;
    fill_the_sink();
    for (int i = 1; i < 6; i++) {
        check(append(i, 0, 0) == 0);
    }
    stop();
    check(done_total == 6);
    for (int i = 0; i < 6; i++) { /* batches of one, four and one */
        check(done[i]->error == (i == 3 ? JOURNAL_ESIZE : i == 0 || i == 5 ? 0 : JOURNAL_ESINK));
    }
}

int main(void)
{
    RUN(writes_all_that_came_during_a_write_in_one_batch);
    RUN(cuts_batches_at_their_limit);
    RUN(posts_one_task_a_batch_to_each_loop_in_the_order_of_offsets);
    RUN(completes_each_on_the_loop_that_asked);
    RUN(refuses_messages_above_the_limit_and_counts_those_being_written);
    RUN(refuses_bytes_above_the_limit);
    RUN(takes_messages_again_when_the_queue_has_drained);
    RUN(tells_a_failure_to_all_of_the_batch_and_goes_on);
    RUN(tells_what_never_fits_apart_from_what_may_be_tried_again);
    return tap_done();
}
