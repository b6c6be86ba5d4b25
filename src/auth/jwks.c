// SPDX-License-Identifier: MIT
#include "src/auth/jwks.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "src/auth/jwks_source.h"
#include "src/base/memory.h"

enum {
    REFRESH_MS_DEFAULT = 300000,
    FILE_CHECK_MS_DEFAULT = 5000,
    RETRY_MS_DEFAULT = 30000,
    FILE_RETRY_MS_DEFAULT = 1000,
};

struct jwks {
    struct jwks_options options; /* with the defaults filled in */
    pthread_t thread;
    atomic_bool stopping; /* read without the lock by a fetch under way */

    /* For the thread only, once it runs. */
    struct stat loaded; /* the file as it was when it was read last */
    uint64_t due_ms;    /* the next load, if nobody wants one earlier */
    uint64_t early_ms;  /* the earliest load */

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t changed;
    struct key_set *set;
    bool wanted;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const char *place_of(const struct jwks *jwks)
{
    return jwks->options.file != NULL ? jwks->options.file : jwks->options.url;
}

static void publish(struct jwks *jwks, struct key_set *set)
{
    (void)pthread_mutex_lock(&jwks->lock);
    struct key_set *old = jwks->set;
    jwks->set = set;
    (void)pthread_mutex_unlock(&jwks->lock);
    key_set_release(old);
}

/* Gets, parses and publishes the keys. Returns 0, or -1 and one line in *why. */
static int load(struct jwks *jwks, struct bytes *why)
{
    const struct jwks_options *options = &jwks->options;
    struct bytes text = {0};
    struct key_set *set = NULL;

    bytes_clear(why);
    bytes_add_cstr(why, place_of(jwks));
    bytes_add_cstr(why, ": ");
    int got = options->file != NULL ? jwks_read_file(options->file, &text, why)
                                    : jwks_fetch_url(options->url, &jwks->stopping, &text, why);
    if (got == 0) {
        set = key_set_parse(bytes_span(&text), why);
    }
    bytes_finish(&text);
    if (set == NULL) {
        return -1;
    }
    publish(jwks, set);
    return 0;
}

static void tell_problem(struct jwks *jwks, struct bytes *why)
{
    if (jwks->options.on_problem != NULL && !atomic_load(&jwks->stopping)) {
        bytes_add_byte(why, 0);
        jwks->options.on_problem(jwks->options.on_problem_arg, (const char *)why->data);
    }
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* True if the file is another one than at the last call; one that is gone is another one too. */
static bool file_changed(struct jwks *jwks)
{
    struct stat now = {0};

    (void)stat(jwks->options.file, &now);
    bool changed = !same_file(&now, &jwks->loaded);
    jwks->loaded = now;
    return changed;
}

static void set_due(struct jwks *jwks, bool failed)
{
    const struct jwks_options *options = &jwks->options;
    uint64_t now = now_ms();

    jwks->early_ms = now + options->retry_ms;
    if (options->file != NULL) {
        jwks->due_ms = now + options->file_check_ms;
    } else {
        jwks->due_ms = now + (failed ? options->retry_ms : options->refresh_ms);
    }
}

static void load_again(struct jwks *jwks)
{
    struct bytes why = {0};
    bool failed = false;

    if (jwks->options.file == NULL || file_changed(jwks)) {
        failed = load(jwks, &why) != 0;
    }
    if (failed) {
        tell_problem(jwks, &why);
    }
    set_due(jwks, failed);
    bytes_finish(&why);
}

/* Waits until a load is due; false when it is time to stop. */
static bool wait_until_due(struct jwks *jwks)
{
    (void)pthread_mutex_lock(&jwks->lock);
    for (;;) {
        uint64_t due = jwks->due_ms;
        if (jwks->wanted && jwks->early_ms < due) {
            due = jwks->early_ms;
        }
        if (atomic_load(&jwks->stopping) || now_ms() >= due) {
            break;
        }
        struct timespec until = {.tv_sec = (time_t)(due / 1000),
                                 .tv_nsec = (long)(due % 1000) * 1000000};
        (void)pthread_cond_timedwait(&jwks->changed, &jwks->lock, &until);
    }
    jwks->wanted = false;
    (void)pthread_mutex_unlock(&jwks->lock);
    return !atomic_load(&jwks->stopping);
}

static void *serve(void *arg)
{
    struct jwks *jwks = arg;

    while (wait_until_due(jwks)) {
        load_again(jwks);
    }
    return NULL;
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
    return value != 0 ? value : otherwise;
}

static struct jwks *create(const struct jwks_options *options)
{
    struct jwks *jwks = xcalloc(1, sizeof *jwks);
    pthread_condattr_t monotonic;

    jwks->options = *options;
    jwks->options.refresh_ms = or_default(options->refresh_ms, REFRESH_MS_DEFAULT);
    jwks->options.file_check_ms = or_default(options->file_check_ms, FILE_CHECK_MS_DEFAULT);
    jwks->options.retry_ms = or_default(
        options->retry_ms, options->file != NULL ? FILE_RETRY_MS_DEFAULT : RETRY_MS_DEFAULT);
    (void)pthread_mutex_init(&jwks->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&jwks->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    jwks->set = key_set_create_empty();
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    return jwks;
}

static void destroy(struct jwks *jwks)
{
    key_set_release(jwks->set);
    (void)pthread_cond_destroy(&jwks->changed);
    (void)pthread_mutex_destroy(&jwks->lock);
    curl_global_cleanup();
    free(jwks);
}

struct jwks *jwks_open(const struct jwks_options *options, struct bytes *why)
{
    assert((options->file == NULL) != (options->url == NULL));
    struct jwks *jwks = create(options);

    if (options->file != NULL) {
        (void)file_changed(jwks); /* before it is read: a change meanwhile is seen later */
    }
    bool failed = load(jwks, why) != 0;
    if (failed && options->file != NULL) {
        destroy(jwks);
        return NULL;
    }
    if (failed) {
        tell_problem(jwks, why);
    }
    set_due(jwks, failed);
    if (pthread_create(&jwks->thread, NULL, serve, jwks) != 0) {
        bytes_clear(why);
        bytes_add_cstr(why, place_of(jwks));
        bytes_add_cstr(why, ": no thread to watch it");
        destroy(jwks);
        return NULL;
    }
    bytes_clear(why);
    return jwks;
}

void jwks_close(struct jwks *jwks)
{
    if (jwks == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&jwks->lock);
    atomic_store(&jwks->stopping, true);
    (void)pthread_cond_signal(&jwks->changed);
    (void)pthread_mutex_unlock(&jwks->lock);
    (void)pthread_join(jwks->thread, NULL);
    destroy(jwks);
}

struct key_set *jwks_hold(struct jwks *jwks)
{
    (void)pthread_mutex_lock(&jwks->lock);
    struct key_set *set = key_set_hold(jwks->set);
    (void)pthread_mutex_unlock(&jwks->lock);
    return set;
}

void jwks_want(struct jwks *jwks)
{
    (void)pthread_mutex_lock(&jwks->lock);
    if (!jwks->wanted) {
        jwks->wanted = true;
        (void)pthread_cond_signal(&jwks->changed);
    }
    (void)pthread_mutex_unlock(&jwks->lock);
}
