// SPDX-License-Identifier: MIT
#include "src/store/store_queue.h"

#include <assert.h>

#include "src/base/memory.h"

enum { WAITING_MAX_DEFAULT = 4096 };

void store_queue_init(struct store_queue *queue, unsigned max)
{
    *queue = (struct store_queue){
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .work = PTHREAD_COND_INITIALIZER,
        .tail = &queue->head,
        .max = max != 0 ? max : WAITING_MAX_DEFAULT,
    };
}

void store_queue_finish(struct store_queue *queue)
{
    assert(queue->head == NULL);
    (void)pthread_cond_destroy(&queue->work);
    (void)pthread_mutex_destroy(&queue->lock);
}

int store_queue_put(struct store_queue *queue, struct store_call *call)
{
    int result = STORE_EBUSY;

    (void)pthread_mutex_lock(&queue->lock);
    if (queue->waiting < queue->max) {
        *queue->tail = call;
        queue->tail = &call->next;
        queue->waiting++;
        (void)pthread_cond_signal(&queue->work);
        result = 0;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return result;
}

/* Under the lock. */
static void wait_for_work(struct store_queue *queue)
{
    while (queue->head == NULL && !queue->stopping) {
        (void)pthread_cond_wait(&queue->work, &queue->lock);
    }
}

/* Likewise. */
static struct store_call *cut(struct store_queue *queue, unsigned max)
{
    struct store_call *first = queue->head, **end = &queue->head;

    for (; *end != NULL && max > 0; max--) {
        end = &(*end)->next;
        queue->waiting--;
    }
    queue->head = *end;
    if (queue->head == NULL) {
        queue->tail = &queue->head;
    }
    if (end != &queue->head) {
        *end = NULL;
    }
    return first;
}

struct store_call *store_queue_take(struct store_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    wait_for_work(queue);
    struct store_call *call = cut(queue, 1);
    (void)pthread_mutex_unlock(&queue->lock);
    return call;
}

bool store_queue_wait(struct store_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    wait_for_work(queue);
    bool some = queue->head != NULL;
    (void)pthread_mutex_unlock(&queue->lock);
    return some;
}

struct store_call *store_queue_take_all(struct store_queue *queue, unsigned max)
{
    (void)pthread_mutex_lock(&queue->lock);
    struct store_call *calls = cut(queue, max);
    (void)pthread_mutex_unlock(&queue->lock);
    return calls;
}

void store_queue_stop(struct store_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    (void)pthread_cond_broadcast(&queue->work);
    (void)pthread_mutex_unlock(&queue->lock);
}

bool store_queue_is_stopping(struct store_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    bool stopping = queue->stopping;
    (void)pthread_mutex_unlock(&queue->lock);
    return stopping;
}

static void deliver(struct task *task)
{
    struct store_call *call = container_of(task, struct store_call, task);
    call->on_done(call);
}

void store_queue_answer(struct store_call *call)
{
    call->task.run = deliver;
    executor_post(call->executor, &call->task);
}
