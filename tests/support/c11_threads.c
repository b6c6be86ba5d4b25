// SPDX-License-Identifier: MIT
/* The threads of C11 as those of POSIX, which they are in glibc (pthread_mutex_t and mtx_t are one
 * thing there): for ThreadSanitizer, whose run-time knows nothing of the former and dies in a
 * thread that it has not seen begin. librdkafka uses them. Part of a program only where that
 * sanitizer is on. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t),
              "glibc's");

struct start {
    thrd_start_t fn;
    void *arg;
};

static void *run(void *arg)
{
    struct start start = *(struct start *)arg;
    free(arg);
    return (void *)(intptr_t)start.fn(start.arg);
}

static int result(int error)
{
    return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

__attribute__((visibility("default"))) int thrd_create(thrd_t *thread, thrd_start_t fn, void *arg)
{
    struct start *start = malloc(sizeof *start);

    if (start == NULL) {
        return thrd_nomem;
    }
    *start = (struct start){fn, arg};
    return result(pthread_create(thread, NULL, run, start));
}

__attribute__((visibility("default"))) int thrd_join(thrd_t thread, int *out)
{
    void *value = NULL;
    int error = pthread_join(thread, &value);

    if (out != NULL) {
        *out = (int)(intptr_t)value;
    }
    return result(error);
}

__attribute__((visibility("default"))) int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;

    (void)pthread_mutexattr_init(&attributes);
    if ((type & mtx_recursive) != 0) {
        (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    }
    int error = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return result(error);
}

__attribute__((visibility("default"))) int mtx_lock(mtx_t *mutex)
{
    return result(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

__attribute__((visibility("default"))) int mtx_unlock(mtx_t *mutex)
{
    return result(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

__attribute__((visibility("default"))) void mtx_destroy(mtx_t *mutex)
{
    (void)pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

__attribute__((visibility("default"))) int cnd_init(cnd_t *condition)
{
    return result(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

__attribute__((visibility("default"))) int cnd_signal(cnd_t *condition)
{
    return result(pthread_cond_signal((pthread_cond_t *)condition));
}

__attribute__((visibility("default"))) int cnd_broadcast(cnd_t *condition)
{
    return result(pthread_cond_broadcast((pthread_cond_t *)condition));
}

__attribute__((visibility("default"))) int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return result(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

__attribute__((visibility("default"))) int cnd_timedwait(cnd_t *restrict condition,
                                                         mtx_t *restrict mutex,
                                                         const struct timespec *restrict until)
{
    return result(
        pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}

__attribute__((visibility("default"))) void cnd_destroy(cnd_t *condition)
{
    (void)pthread_cond_destroy((pthread_cond_t *)condition);
}
