// SPDX-License-Identifier: MIT
#include "src/store/sqlite_checkpoint.h"

#include <stdio.h>

enum {
    LOG_PAGES = 4000,       /* 16 MB: a page that many commits touch is written once for all */
    LOG_PAGES_MUCH = 16000, /* 64 MB */
    LOG_PAGES_MAX = 48000,  /* 192 MB */
    /* How long commits wait for reads that began before, to start anew. */
    MOMENT_MS = 3,
    READERS_MS = 200,
};

/* Called by SQLite after each commit, with the length of the WAL. */
static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_checkpoint *checkpoint = arg;

    if (pages < checkpoint->pages) {
        checkpoint->due = LOG_PAGES; /* it was started anew */
    }
    checkpoint->pages = pages;
    if (pages >= checkpoint->due) {
        checkpoint->due = pages + LOG_PAGES;
        (void)pthread_mutex_lock(&checkpoint->lock);
        checkpoint->wanted = true;
        (void)pthread_cond_signal(&checkpoint->work);
        (void)pthread_mutex_unlock(&checkpoint->lock);
    }
    return SQLITE_OK;
}

/* True if there is work, false at the end. */
static bool wait_for_work(struct sqlite_checkpoint *checkpoint)
{
    (void)pthread_mutex_lock(&checkpoint->lock);
    while (!checkpoint->wanted && !checkpoint->stopping) {
        (void)pthread_cond_wait(&checkpoint->work, &checkpoint->lock);
    }
    bool more = !checkpoint->stopping;
    checkpoint->wanted = false;
    (void)pthread_mutex_unlock(&checkpoint->lock);
    return more;
}

/* Returns the pages of the WAL. A reader in its way is no failure: the next one gets further. */
static int run(struct sqlite_checkpoint *checkpoint, int mode)
{
    const struct store_options *options = checkpoint->options;
    int pages = 0;
    int result = sqlite3_wal_checkpoint_v2(checkpoint->db, NULL, mode, &pages, NULL);

    if (result != SQLITE_OK && result != SQLITE_BUSY && options->on_problem != NULL) {
        char line[512];
        (void)snprintf(line, sizeof line, "%s: checkpoint: %s", options->path,
                       sqlite3_errmsg(checkpoint->db));
        options->on_problem(options->on_problem_arg, line, false);
    }
    return pages;
}

static void *serve(void *arg)
{
    struct sqlite_checkpoint *checkpoint = arg;

    while (wait_for_work(checkpoint)) {
        int pages = run(checkpoint, SQLITE_CHECKPOINT_PASSIVE);
        if (pages >= LOG_PAGES_MUCH) {
            (void)sqlite3_busy_timeout(checkpoint->db,
                                       pages >= LOG_PAGES_MAX ? READERS_MS : MOMENT_MS);
            (void)pthread_mutex_lock(checkpoint->writer_lock);
            (void)run(checkpoint, SQLITE_CHECKPOINT_RESTART);
            (void)pthread_mutex_unlock(checkpoint->writer_lock);
        }
    }
    return NULL;
}

int sqlite_checkpoint_start(struct sqlite_checkpoint *checkpoint, sqlite3 *writer,
                            const struct store_options *options, pthread_mutex_t *writer_lock,
                            struct bytes *why)
{
    *checkpoint = (struct sqlite_checkpoint){
        .options = options,
        .writer_lock = writer_lock,
        .db = sqlite_db_open(options->path, "PRAGMA synchronous = FULL", why),
        .due = LOG_PAGES,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .work = PTHREAD_COND_INITIALIZER,
    };
    if (checkpoint->db == NULL) {
        return -1;
    }
    if (pthread_create(&checkpoint->thread, NULL, serve, checkpoint) != 0) {
        sqlite_db_explain(why, options->path, "cannot start a thread");
        (void)sqlite3_close(checkpoint->db);
        return -1;
    }
    (void)sqlite3_wal_hook(writer, on_commit, checkpoint);
    return 0;
}

void sqlite_checkpoint_stop(struct sqlite_checkpoint *checkpoint)
{
    (void)pthread_mutex_lock(&checkpoint->lock);
    checkpoint->stopping = true;
    (void)pthread_cond_signal(&checkpoint->work);
    (void)pthread_mutex_unlock(&checkpoint->lock);
    (void)pthread_join(checkpoint->thread, NULL);
    (void)sqlite3_close(checkpoint->db);
    (void)pthread_cond_destroy(&checkpoint->work);
    (void)pthread_mutex_destroy(&checkpoint->lock);
}
