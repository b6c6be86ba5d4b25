// SPDX-License-Identifier: MIT
/* Group commits into the sink, by one thread:
 *
 *   append -> queue -> take: all that is there, up to a batch -> sink.write -> complete
 *
 * While a batch is being written the next one gathers, so batches grow with the load by themselves
 * and nobody waits for a timer. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/journal/completions.h"

enum {
    QUEUE_MESSAGES_MAX_DEFAULT = 65536,
    QUEUE_BYTES_MAX_DEFAULT = 64 << 20,
    BATCH_MAX_DEFAULT = 1024,
};

struct direct {
    struct journal journal;
    struct journal_options options;
    struct message **batch; /* options.batch_max; the thread's */
    pthread_t thread;

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t work;
    struct journal_append *head, **tail; /* waiting, oldest first */
    size_t messages, bytes;              /* waiting and under way */
    bool idle, stopping;                 /* idle: the thread waits for work */
};

static struct direct *direct(struct journal *journal)
{
    return container_of(journal, struct direct, journal);
}

/* What comes without a place has no other fault than its size. */
static int error_of(const struct journal_append *op, int result)
{
    return result == 0 ? 0 : op->message.fate == MESSAGE_INVALID ? JOURNAL_ESIZE : JOURNAL_ESINK;
}

/* Hands the batch that begins with op back, in its order. */
static void complete(struct journal_append *op, int result)
{
    struct completions done = {.count = 0};

    while (op != NULL) {
        struct journal_append *next = op->next;
        op->error = error_of(op, result);
        completions_add(&done, op);
        op = next;
    }
    completions_post(&done);
}

/* Waits for work, cuts a batch off the queue and fills j->batch. Returns its messages, 0 when there
 * will be none any more. */
static size_t take(struct direct *j, struct journal_append **first, size_t *bytes)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&j->lock);
    while (j->head == NULL && !j->stopping) {
        j->idle = true;
        (void)pthread_cond_wait(&j->work, &j->lock);
    }
    j->idle = false;
    *first = j->head;
    *bytes = 0;
    struct journal_append **end = &j->head;
    while (*end != NULL && count < j->options.batch_max) {
        *bytes += message_bytes(&(*end)->message);
        j->batch[count++] = &(*end)->message;
        end = &(*end)->next;
    }
    j->head = *end;
    if (j->head == NULL) {
        j->tail = &j->head;
    }
    (void)pthread_mutex_unlock(&j->lock);
    if (count > 0) {
        *end = NULL;
    }
    return count;
}

static void release(struct direct *j, size_t messages, size_t bytes)
{
    (void)pthread_mutex_lock(&j->lock);
    assert(j->messages >= messages && j->bytes >= bytes);
    j->messages -= messages;
    j->bytes -= bytes;
    (void)pthread_mutex_unlock(&j->lock);
}

static void *write_batches(void *arg)
{
    struct direct *j = arg;
    struct journal_append *first;
    size_t count, bytes;

    while ((count = take(j, &first, &bytes)) > 0) {
        int result = j->options.sink.write(j->options.sink.arg, j->batch, count);
        release(j, count, bytes);
        complete(first, result);
    }
    return NULL;
}

static size_t or_default(size_t value, size_t fallback)
{
    return value != 0 ? value : fallback;
}

static struct journal *open_direct(const struct journal_options *options, struct bytes *why)
{
    struct direct *j = xcalloc(1, sizeof *j);

    bytes_clear(why);
    j->journal.ops = &journal_direct;
    j->options = (struct journal_options){
        .sink = options->sink,
        .queue_messages_max = or_default(options->queue_messages_max, QUEUE_MESSAGES_MAX_DEFAULT),
        .queue_bytes_max = or_default(options->queue_bytes_max, QUEUE_BYTES_MAX_DEFAULT),
        .batch_max = or_default(options->batch_max, BATCH_MAX_DEFAULT),
    };
    j->batch = xcalloc(j->options.batch_max, sizeof(struct message *));
    j->tail = &j->head;
    (void)pthread_mutex_init(&j->lock, NULL);
    (void)pthread_cond_init(&j->work, NULL);
    if (pthread_create(&j->thread, NULL, write_batches, j) != 0) {
        abort(); /* at start, when a machine without a thread to spare cannot serve either */
    }
    return &j->journal;
}

static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    struct direct *j = direct(journal);
    size_t bytes = message_bytes(message);
    int result = JOURNAL_EBUSY;

    op->message = *message;
    op->in_turn = true;
    op->executor = executor;
    op->next = NULL;
    (void)pthread_mutex_lock(&j->lock);
    if (j->messages < j->options.queue_messages_max && bytes <= j->options.queue_bytes_max &&
        j->bytes <= j->options.queue_bytes_max - bytes) {
        *j->tail = op;
        j->tail = &op->next;
        j->messages++;
        j->bytes += bytes;
        result = 0;
        if (j->idle) {
            j->idle = false; /* one signal is enough */
            (void)pthread_cond_signal(&j->work);
        }
    }
    (void)pthread_mutex_unlock(&j->lock);
    return result;
}

static void close_direct(struct journal *journal)
{
    struct direct *j = direct(journal);

    (void)pthread_mutex_lock(&j->lock);
    j->stopping = true;
    (void)pthread_cond_signal(&j->work);
    (void)pthread_mutex_unlock(&j->lock);
    (void)pthread_join(j->thread, NULL);
    assert(j->messages == 0 && j->bytes == 0);
    (void)pthread_cond_destroy(&j->work);
    (void)pthread_mutex_destroy(&j->lock);
    free(j->batch);
    free(j);
}

const struct journal_ops journal_direct = {
    .name = "direct",
    .open = open_direct,
    .append = append,
    .close = close_direct,
};
