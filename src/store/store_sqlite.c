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
#include "src/store/sqlite_readers.h"
#include "src/store/sqlite_writer.h"
#include "src/store/store.h"

struct sqlite_store {
    struct store store;
    struct store_options options;
    char *path;
    int lock_fd;
    sqlite3 *db;
    struct sqlite_writer writer;
    struct sqlite_readers readers;
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

static struct store *open_store(const struct store_options *options, struct bytes *why)
{
    struct sqlite_store *s = xcalloc(1, sizeof *s);

    bytes_clear(why);
    s->store.ops = &store_sqlite;
    s->path = xnonnull(strdup(options->path));
    s->options = *options;
    s->options.path = s->path;
    s->lock_fd = take_lock(s->path, why);
    if (s->lock_fd < 0) {
        goto fail_lock;
    }
    s->db = sqlite_db_open_writer(s->path, why);
    if (s->db == NULL) {
        goto fail_db;
    }
    if (sqlite_writer_init(&s->writer, s->db) != 0) {
        bytes_add_cstr(why, s->path);
        bytes_add_cstr(why, ": unexpected schema: ");
        bytes_add_cstr(why, sqlite3_errmsg(s->db));
        goto fail_readers;
    }
    if (sqlite_readers_start(&s->readers, &s->options, why) != 0) {
        goto fail_readers;
    }
    return &s->store;

fail_readers:
    sqlite_writer_finish(&s->writer);
    (void)sqlite3_close(s->db);
fail_db:
    (void)close(s->lock_fd);
fail_lock:
    free(s->path);
    free(s);
    return NULL;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    struct sqlite_store *s = sqlite_store(store);
    char why[256], line[512];

    int result = sqlite_writer_append(&s->writer, messages, count, why, sizeof why);
    if (result == SQLITE_OK) {
        return 0;
    }
    if (s->options.on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s: storing %zu messages: %s", s->path, count, why);
        s->options.on_problem(s->options.on_problem_arg, line);
    }
    return result == SQLITE_FULL ? STORE_EFULL : STORE_EIO;
}

static int start(struct store *store, struct store_call *call)
{
    return sqlite_readers_start_call(&sqlite_store(store)->readers, call);
}

static void close_store(struct store *store)
{
    struct sqlite_store *s = sqlite_store(store);

    sqlite_readers_stop(&s->readers);
    sqlite_writer_finish(&s->writer);
    (void)sqlite3_close(s->db); /* the last connection: brings the WAL into the file */
    (void)close(s->lock_fd);
    free(s->path);
    free(s);
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .open = open_store,
    .append = append,
    .start = start,
    .close = close_store,
};
