// SPDX-License-Identifier: MIT
/* The embedded store: one SQLite file in WAL mode. It is ours alone while it is open, since the
 * writer remembers offsets: a lock file beside it says so, and dies with the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/store/sqlite_checkpoint.h"
#include "src/store/sqlite_commits.h"
#include "src/store/sqlite_logs.h"
#include "src/store/sqlite_readers.h"
#include "src/store/sqlite_search.h"
#include "src/store/store.h"

struct sqlite_store {
    struct store store;
    struct store_options options;
    char *path;
    int lock_fd;
    struct sqlite_writer writer;
    pthread_mutex_t writer_lock;
    struct sqlite_checkpoint checkpoint;
    struct sqlite_search search;
    struct sqlite_commits commits;
    struct store_crew readers;
};

static struct sqlite_store *sqlite_store(struct store *store)
{
    return container_of(store, struct sqlite_store, store);
}

/* Not the database itself: closing any descriptor of that would drop SQLite's own locks. */
static int take_lock(const char *path, struct bytes *why)
{
    struct bytes name = {0};
    bytes_add_cstr(&name, path);
    bytes_add(&name, "-lock", sizeof "-lock");
    int fd = open((const char *)name.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bytes_finish(&name);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return fd;
    }
    bytes_clear(why);
    bytes_add_cstr(why, path);
    if (fd < 0) {
        bytes_add_cstr(why, ": cannot create its lock file: ");
        bytes_add_cstr(why, strerrordesc_np(errno));
        return -1;
    }
    bytes_add_cstr(why, ": locked by another process");
    (void)close(fd);
    return -1;
}

/* Starts the threads in this order, since each may use those before it. */
static int start_threads(struct sqlite_store *s, struct bytes *why)
{
    if (sqlite_checkpoint_start(&s->checkpoint, s->writer.conn.db, &s->options, &s->writer_lock,
                                why) != 0) {
        return -1;
    }
    if (sqlite_search_start(&s->search, &s->options, why) != 0) {
        goto fail_search;
    }
    s->commits = (struct sqlite_commits){.options = &s->options,
                                         .writer = &s->writer,
                                         .lock = &s->writer_lock,
                                         .search = &s->search};
    if (sqlite_commits_start(&s->commits) != 0) {
        sqlite_db_explain(why, s->path, "cannot start a thread");
        goto fail_commits;
    }
    if (store_crew_start(&s->readers, &sqlite_crew, &s->options, &s->options, why) == 0) {
        return 0;
    }
    sqlite_commits_stop(&s->commits);
fail_commits:
    sqlite_search_stop(&s->search);
fail_search:
    sqlite_checkpoint_stop(&s->checkpoint);
    return -1;
}

static struct store *open_store(const struct store_options *options, struct bytes *why)
{
    struct sqlite_store *s = xcalloc(1, sizeof *s);

    bytes_clear(why);
    s->store.ops = &store_sqlite;
    s->path = xnonnull(strdup(options->path));
    s->options = *options;
    s->options.path = s->path;
    (void)pthread_mutex_init(&s->writer_lock, NULL);
    s->lock_fd = take_lock(s->path, why);
    if (s->lock_fd < 0) {
        goto fail_lock;
    }
    if (sqlite_writer_open(&s->writer, s->path, why) != 0) {
        goto fail_writer;
    }
    if (start_threads(s, why) == 0) {
        return &s->store;
    }
    sqlite_writer_close(&s->writer);
fail_writer:
    (void)close(s->lock_fd);
fail_lock:
    (void)pthread_mutex_destroy(&s->writer_lock);
    free(s->path);
    free(s);
    return NULL;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    return sqlite_commits_append(&sqlite_store(store)->commits, messages, count);
}

static int adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    return sqlite_logs_adopt(&sqlite_store(store)->commits, log, ends);
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    return sqlite_logs_mark(&sqlite_store(store)->commits, log, partition, position);
}

static int start(struct store *store, struct store_call *call)
{
    struct sqlite_store *s = sqlite_store(store);

    return call->op >= STORE_WRITES ? store_queue_put(&s->commits.queue, call)
                                    : store_crew_put(&s->readers, call);
}

static void close_store(struct store *store)
{
    struct sqlite_store *s = sqlite_store(store);

    store_crew_stop(&s->readers);
    sqlite_commits_stop(&s->commits);
    sqlite_search_stop(&s->search);
    sqlite_checkpoint_stop(&s->checkpoint);
    sqlite_writer_close(&s->writer);
    (void)close(s->lock_fd);
    (void)pthread_mutex_destroy(&s->writer_lock);
    free(s->path);
    free(s);
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .open = open_store,
    .append = append,
    .adopt = adopt,
    .mark = mark,
    .start = start,
    .close = close_store,
};
