// SPDX-License-Identifier: MIT
#include "tests/support/feed_fake.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"

/* An entry of the log, copied, with memory of its own for its texts. */
struct feed_lent {
    struct feed_entry entry;
    void *texts;
};

static struct feed_fake *fake_of(struct feed *feed)
{
    return container_of(feed, struct feed_fake, feed);
}

static void enter(struct feed_fake *f)
{
    (void)pthread_mutex_lock(&f->lock);
}

static void leave(struct feed_fake *f)
{
    (void)pthread_mutex_unlock(&f->lock);
}

/* Under the lock: 0, or the error of a call that fails. */
static int take_fault(struct feed_fault *fault)
{
    if (fault->count == 0) {
        return 0;
    }
    fault->count--;
    return fault->error;
}

static void take_back(struct feed_fake *f)
{
    for (size_t i = 0; i < f->lent_count; i++) {
        free(f->lent[i].texts);
    }
    free(f->lent);
    f->lent = NULL;
    f->lent_count = 0;
}

static void lend(struct feed_fake *f, struct feed_entry **entries, size_t count)
{
    f->lent = xcalloc(count + 1, sizeof *f->lent);
    f->lent_count = count;
    for (size_t i = 0; i < count; i++) {
        struct feed_lent *lent = &f->lent[i];
        lent->entry = f->log[f->next + i];
        lent->texts = xmalloc(message_bytes(&lent->entry.message) + 1);
        message_keep(&lent->entry.message, lent->texts);
        entries[i] = &lent->entry;
    }
    f->next += count;
}

static bool has_less_than(const struct feed_fake *f, size_t max)
{
    return f->paused || f->log_count - f->next < max;
}

/* Under the lock. */
static void await(struct feed_fake *f, unsigned wait_ms, size_t max)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(wait_ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (has_less_than(f, max) && pthread_cond_timedwait(&f->changed, &f->lock, &until) == 0) {
    }
}

static int poll_feed(struct feed *feed, unsigned wait_ms, struct feed_entry **entries, size_t max)
{
    struct feed_fake *f = fake_of(feed);
    size_t count = 0;

    take_back(f);
    enter(f);
    f->seen.polls++;
    f->seen.polls_paused += f->paused;
    f->seen.max = (unsigned)max;
    int error = take_fault(&f->poll_fault);
    if (error == 0) {
        await(f, wait_ms, max);
        if (!f->paused) {
            count = f->log_count - f->next;
            count = count < max ? count : max;
        }
        lend(f, entries, count);
    }
    leave(f);
    return error < 0 ? error : (int)count;
}

static int commit(struct feed *feed)
{
    struct feed_fake *f = fake_of(feed);

    enter(f);
    f->seen.commits++;
    int error = take_fault(&f->commit_fault);
    if (error == 0) {
        *f->committed = f->next;
        (void)pthread_cond_broadcast(&f->changed);
    }
    leave(f);
    return error;
}

static int reject(struct feed *feed, const struct feed_entry *entry, const char *reason)
{
    struct feed_fake *f = fake_of(feed);

    enter(f);
    int error = take_fault(&f->reject_fault);
    if (error == 0) {
        assert(f->seen.rejected_count < FEED_FAKE_MAX);
        struct feed_rejected *r = &f->seen.rejected[f->seen.rejected_count++];
        r->partition = entry->partition;
        r->position = entry->position;
        (void)snprintf(r->reason, sizeof r->reason, "%s", reason);
    }
    leave(f);
    return error;
}

static void pause_feed(struct feed *feed)
{
    struct feed_fake *f = fake_of(feed);

    enter(f);
    assert(!f->paused);
    f->paused = true;
    f->seen.pauses++;
    leave(f);
}

static void resume(struct feed *feed)
{
    struct feed_fake *f = fake_of(feed);

    enter(f);
    assert(f->paused);
    f->paused = false;
    f->next = *f->committed;
    f->seen.resumes++;
    leave(f);
}

static void figures(struct feed *feed, struct feed_figures *figures)
{
    struct feed_fake *f = fake_of(feed);

    enter(f);
    *figures = (struct feed_figures){.lag = f->log_count - *f->committed,
                                     .rejected = f->seen.rejected_count,
                                     .missing = f->missing,
                                     .partitions = 1,
                                     .shorts = f->shorts,
                                     .is_up = f->poll_fault.count == 0};
    leave(f);
}

static void close_feed(struct feed *feed)
{
    feed_fake_finish(fake_of(feed));
}

static const struct feed_ops ops = {
    .name = "fake",
    .poll = poll_feed,
    .commit = commit,
    .reject = reject,
    .pause = pause_feed,
    .resume = resume,
    .figures = figures,
    .close = close_feed,
};

void feed_fake_init(struct feed_fake *f, const struct feed_entry *log, size_t count,
                    size_t *committed)
{
    *f = (struct feed_fake){.feed.ops = &ops, .log = log, .log_count = count};
    f->committed = committed != NULL ? committed : &f->own_committed;
    f->next = *f->committed;
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->changed, NULL);
}

void feed_fake_finish(struct feed_fake *f)
{
    take_back(f);
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->lock);
}

void feed_fake_grow(struct feed_fake *f, size_t count)
{
    enter(f);
    f->log_count = count;
    (void)pthread_cond_broadcast(&f->changed);
    leave(f);
}

void feed_fake_break(struct feed_fake *f, struct feed_fault poll, struct feed_fault commit,
                     struct feed_fault reject)
{
    enter(f);
    f->poll_fault = poll;
    f->commit_fault = commit;
    f->reject_fault = reject;
    leave(f);
}

void feed_fake_wait(struct feed_fake *f, size_t committed)
{
    enter(f);
    while (*f->committed < committed) {
        (void)pthread_cond_wait(&f->changed, &f->lock);
    }
    leave(f);
}

struct feed_seen feed_fake_seen(struct feed_fake *f)
{
    enter(f);
    struct feed_seen seen = f->seen;
    leave(f);
    return seen;
}
