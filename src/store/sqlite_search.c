// SPDX-License-Identifier: MIT
#include "src/store/sqlite_search.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "src/store/store_words.h"

static const int64_t NS_PER_S = 1000000000, NS_PER_MS = 1000000;

enum {
    VERSION = 2,             /* of the tables below */
    BATCH = 1000,            /* messages in one transaction: while it lasts, */
    BATCH_BYTES = 512 << 10, /* the log of the store cannot start anew */
    BOOT_LEN = 36,           /* of the id of a boot */
    GATHER_MS = 500,         /* between what is new and its indexing */
    NICENESS = 10,           /* who sends does not wait for who searches: */
    PAUSE_TIMES = 3,         /* while somebody does, it pauses for so many times what it worked */
};

static const char create_sql[] =
    "BEGIN; CREATE VIRTUAL TABLE words USING fts5 (room, text, columnsize = 0,"
    "  tokenize = 'unicode61 remove_diacritics 2');"
    "CREATE TABLE progress (messages INTEGER NOT NULL, changes INTEGER NOT NULL,"
    "  boot TEXT NOT NULL) STRICT;"
    "INSERT INTO progress VALUES (0, 0, ''); PRAGMA user_version = 2; COMMIT";
static const char begin_sql[] = "BEGIN"; /* immediate would lock the store as well */
static const char commit_sql[] = "COMMIT";
static const char messages_sql[] = "SELECT message_id, message_id, room_id, content"
                                   " FROM store.messages WHERE message_id > ?1"
                                   " ORDER BY message_id LIMIT ?2";
static const char changes_sql[] =
    "SELECT c.change_id, m.message_id, m.room_id, m.content FROM store.changes AS c"
    " CROSS JOIN store.messages AS m ON m.message_id = c.message_id WHERE c.change_id > ?1"
    " ORDER BY c.change_id LIMIT ?2";
static const char put_sql[] = "REPLACE INTO words (rowid, room, text) VALUES (?1, ?2, ?3)";
static const char drop_sql[] = "DELETE FROM words WHERE rowid = ?1";
static const char progress_sql[] = "UPDATE progress SET messages = ?1, changes = ?2";

static const char *const needed[] = {begin_sql, commit_sql, messages_sql, changes_sql,
                                     put_sql,   drop_sql,   progress_sql};

/* ---- what is indexed ---- */

/* Brings the message that `row` stands on into the index, or out of it. */
static int put(struct sqlite_search *s, sqlite3_stmt *row)
{
    struct span content = sqlite_column(row, 3);
    sqlite3_stmt *statement = sqlite_conn_get(&s->conn, content.len > 0 ? put_sql : drop_sql);

    sqlite_bind_u64(statement, 1, (uint64_t)sqlite3_column_int64(row, 1));
    if (content.len > 0) {
        bytes_clear(&s->text);
        store_words_text(&s->text, content);
        sqlite_bind_u64(statement, 2, (uint64_t)sqlite3_column_int64(row, 2));
        sqlite_bind_text(statement, 3, bytes_span(&s->text));
    }
    return sqlite_db_step(statement);
}

/* Indexes what `sql` gives after *progress, and moves that on. Sets *more if there may be more. */
static int follow(struct sqlite_search *s, const char *sql, uint64_t *progress, bool *more)
{
    sqlite3_stmt *rows = sqlite_conn_get(&s->conn, sql);
    size_t bytes = 0;
    int count = 0, result = SQLITE_DONE, put_result = SQLITE_OK;

    sqlite_bind_u64(rows, 1, *progress);
    sqlite_bind_u64(rows, 2, BATCH);
    while (put_result == SQLITE_OK && bytes < BATCH_BYTES &&
           (result = sqlite3_step(rows)) == SQLITE_ROW) {
        bytes += sqlite_column(rows, 3).len;
        *progress = (uint64_t)sqlite3_column_int64(rows, 0);
        put_result = put(s, rows);
        count++;
    }
    (void)sqlite3_reset(rows);
    *more |= count == BATCH || bytes >= BATCH_BYTES;
    if (put_result != SQLITE_OK) {
        return put_result;
    }
    return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

static int index_batch(struct sqlite_search *s, bool *more)
{
    sqlite3_stmt *progress = sqlite_conn_get(&s->conn, progress_sql);
    uint64_t messages = s->messages, changes = s->changes;
    int result = sqlite_db_step(sqlite_conn_get(&s->conn, begin_sql));

    *more = false;
    if (result == SQLITE_OK) {
        result = follow(s, messages_sql, &messages, more);
    }
    if (result == SQLITE_OK) {
        result = follow(s, changes_sql, &changes, more);
    }
    if (result == SQLITE_OK && (messages != s->messages || changes != s->changes)) {
        sqlite_bind_u64(progress, 1, messages);
        sqlite_bind_u64(progress, 2, changes);
        result = sqlite_db_step(progress);
    }
    if (result == SQLITE_OK) {
        result = sqlite_db_step(sqlite_conn_get(&s->conn, commit_sql));
    }
    if (result == SQLITE_OK) {
        s->messages = messages;
        s->changes = changes;
    }
    return result;
}

/* ---- the thread ---- */

void sqlite_search_wake(struct sqlite_search *search)
{
    if (atomic_exchange(&search->wanted, true)) {
        return; /* and does not wait for a thread of low priority that may hold the lock */
    }
    (void)pthread_mutex_lock(&search->lock);
    (void)pthread_cond_signal(&search->work);
    (void)pthread_mutex_unlock(&search->lock);
}

static int64_t clock_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Under the lock; ends early when the store closes. */
static void sleep_for(struct sqlite_search *s, int64_t ns)
{
    int64_t end_ns = clock_ns() + ns;
    struct timespec until = {.tv_sec = end_ns / NS_PER_S, .tv_nsec = end_ns % NS_PER_S};

    while (!s->stopping && pthread_cond_timedwait(&s->work, &s->lock, &until) == 0) {
    }
}

/* If there is more to do it only pauses, if anything was stored since it last looked; else it waits
 * for something new and then for some more of it. False at the end. */
static bool wait_for_work(struct sqlite_search *s, bool more)
{
    (void)pthread_mutex_lock(&s->lock);
    if (more && atomic_load(&s->wanted)) {
        sleep_for(s, s->pause_ns);
    }
    while (!more && !atomic_load(&s->wanted) && !s->stopping) {
        (void)pthread_cond_wait(&s->work, &s->lock);
    }
    if (!more) {
        sleep_for(s, GATHER_MS * NS_PER_MS);
    }
    bool goes_on = !s->stopping;
    atomic_store(&s->wanted, false);
    (void)pthread_mutex_unlock(&s->lock);
    return goes_on;
}

static void tell_problem(const struct sqlite_search *s)
{
    char line[512];

    if (s->options->on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s-search: indexing: %s", s->options->path,
                       sqlite3_errmsg(s->conn.db));
        s->options->on_problem(s->options->on_problem_arg, line, false);
    }
}

/* Indexes a batch. False: it failed, and is tried again when there is something new. */
static bool try_batch(struct sqlite_search *s, bool *more)
{
    if (index_batch(s, more) == SQLITE_OK) {
        return true;
    }
    tell_problem(s);
    (void)sqlite_db_run(s->conn.db, "ROLLBACK");
    return false;
}

static void *serve(void *arg)
{
    struct sqlite_search *s = arg;
    bool more = false;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* of this thread; never fails up */
    while (wait_for_work(s, more)) {
        int64_t began_ns = clock_ns();
        more = try_batch(s, &more) && more;
        s->pause_ns = PAUSE_TIMES * (clock_ns() - began_ns);
    }
    return NULL;
}

/* ---- files ---- */

static void add_path(struct bytes *out, const char *path, const char *suffix)
{
    bytes_add_cstr(out, path);
    bytes_add_cstr(out, "-search");
    bytes_add(out, suffix, strlen(suffix) + 1);
}

static int attach(sqlite3 *db, const char *sql, const char *path)
{
    sqlite3_stmt *statement = sqlite_db_prepare(db, sql);

    if (statement == NULL) {
        return sqlite3_errcode(db);
    }
    sqlite_bind_text(statement, 1, span_cstr(path));
    int result = sqlite_db_step(statement);
    (void)sqlite3_finalize(statement);
    return result;
}

int sqlite_search_attach(const char *path, sqlite3 *db)
{
    struct bytes name = {0};

    add_path(&name, path, "");
    int result = attach(db, "ATTACH ?1 AS search", (const char *)name.data);
    bytes_finish(&name);
    return result;
}

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        struct bytes name = {0};
        add_path(&name, path, suffixes[i]);
        (void)unlink((const char *)name.data);
        bytes_finish(&name);
    }
}

/* ---- what a crash of the machine leaves ---- */

static void read_boot(char boot[BOOT_LEN + 1])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    memset(boot, 0, BOOT_LEN + 1);
    if (file == NULL || fread(boot, 1, BOOT_LEN, file) != BOOT_LEN) {
        (void)snprintf(boot, BOOT_LEN + 1, "unknown"); /* and never the same as before */
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* Nothing is lost of what has been written, unless the machine has crashed since. */
static bool is_whole(sqlite3 *db)
{
    char boot[BOOT_LEN + 1];
    sqlite3_stmt *statement = sqlite_db_prepare(db, "SELECT boot FROM progress");

    read_boot(boot);
    bool whole = statement != NULL && sqlite3_step(statement) == SQLITE_ROW;
    if (whole) {
        struct span was = sqlite_column(statement, 0);
        whole = was.len == 0 || (was.len == BOOT_LEN && span_eq(was, span_cstr(boot)));
    }
    (void)sqlite3_finalize(statement);
    return whole;
}

/* Says durably in the file itself which boot it is written in, or that all of it is on disk. */
static int mark(struct sqlite_search *s, const char *boot)
{
    static const char synced[] = "PRAGMA main.synchronous = FULL; PRAGMA main.wal_checkpoint(FULL)";
    sqlite3 *db = s->conn.db;
    int result = sqlite_db_run(db, synced);

    if (result == SQLITE_OK) {
        sqlite3_stmt *statement = sqlite_db_prepare(db, "UPDATE progress SET boot = ?1");
        if (statement == NULL) {
            return sqlite3_errcode(db);
        }
        sqlite_bind_text(statement, 1, span_cstr(boot));
        result = sqlite_db_step(statement);
        (void)sqlite3_finalize(statement);
    }
    return result == SQLITE_OK ? sqlite_db_run(db, synced) : result;
}

static int mark_open(struct sqlite_search *s)
{
    char boot[BOOT_LEN + 1];

    read_boot(boot);
    int result = mark(s, boot);
    return result == SQLITE_OK ? sqlite_db_run(s->conn.db, "PRAGMA main.synchronous = OFF")
                               : result;
}

/* ---- opening ---- */

/* True if the connection has an index of this store, as far as one can tell. */
static bool usable(struct sqlite_search *s)
{
    sqlite3 *db = s->conn.db;
    int64_t messages = sqlite_db_number(db, "SELECT messages FROM progress");
    int64_t changes = sqlite_db_number(db, "SELECT changes FROM progress");

    if (sqlite_db_number(db, "PRAGMA user_version") != VERSION || !is_whole(db) || messages < 0 ||
        changes < 0 ||
        messages > sqlite_db_number(db, "SELECT ifnull(max(message_id), 0) FROM store.messages") ||
        changes > sqlite_db_number(db, "SELECT ifnull(max(change_id), 0) FROM store.changes")) {
        return false;
    }
    s->messages = (uint64_t)messages;
    s->changes = (uint64_t)changes;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (sqlite_conn_get(&s->conn, needed[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static int open_index(struct sqlite_search *s, struct bytes *why)
{
    static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                   "PRAGMA wal_autocheckpoint = 4000;"
                                   "PRAGMA cache_size = -8192";
    struct bytes name = {0};

    add_path(&name, s->options->path, "");
    const char *path = (const char *)name.data;
    s->conn = (struct sqlite_conn){.db = sqlite_db_open(path, settings, why)};
    sqlite3 *db = s->conn.db;
    if (db != NULL && sqlite_db_number(db, "SELECT count(*) FROM sqlite_schema") == 0 &&
        sqlite_db_run(db, create_sql) != SQLITE_OK) {
        sqlite_db_explain(why, path, "no index of words (SQLite must have FTS5): %s",
                          sqlite3_errmsg(db));
        sqlite_conn_close(&s->conn);
    } else if (db != NULL && attach(db, "ATTACH ?1 AS store", s->options->path) != SQLITE_OK) {
        sqlite_db_explain_failure(why, path, db);
        sqlite_conn_close(&s->conn);
    }
    bytes_finish(&name);
    return s->conn.db != NULL ? 0 : -1;
}

/* The index there is, or a new one. */
static int open_or_renew(struct sqlite_search *s, struct bytes *why)
{
    if (open_index(s, why) == 0 && usable(s)) {
        return 0;
    }
    sqlite_conn_close(&s->conn);
    remove_files(s->options->path);
    bytes_clear(why);
    if (open_index(s, why) != 0) {
        return -1;
    }
    if (!usable(s)) {
        sqlite_db_explain_failure(why, s->options->path, s->conn.db);
        sqlite_conn_close(&s->conn);
        return -1;
    }
    return 0;
}

/* Edits and deletions that are in the index are of no more use, but for the latest: its number is
 * where the next ones go on. Only here, where nobody else writes to the store. */
static int prune(struct sqlite_search *s)
{
    return sqlite_db_run(s->conn.db, "DELETE FROM store.changes WHERE change_id < min("
                                     "  (SELECT changes FROM main.progress),"
                                     "  (SELECT ifnull(max(change_id), 0) FROM store.changes))");
}

static void init_lock(struct sqlite_search *s)
{
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->work, &attr);
    (void)pthread_condattr_destroy(&attr);
}

int sqlite_search_start(struct sqlite_search *search, const struct store_options *options,
                        struct bytes *why)
{
    *search = (struct sqlite_search){.options = options, .wanted = true};
    if (open_or_renew(search, why) != 0) {
        return -1;
    }
    if (prune(search) != SQLITE_OK || mark_open(search) != SQLITE_OK) {
        sqlite_db_explain_failure(why, options->path, search->conn.db);
        sqlite_conn_close(&search->conn);
        return -1;
    }
    init_lock(search);
    if (pthread_create(&search->thread, NULL, serve, search) != 0) {
        sqlite_db_explain(why, options->path, "cannot start a thread");
        sqlite_conn_close(&search->conn);
        return -1;
    }
    return 0;
}

void sqlite_search_stop(struct sqlite_search *search)
{
    (void)pthread_mutex_lock(&search->lock);
    search->stopping = true;
    (void)pthread_cond_signal(&search->work);
    (void)pthread_mutex_unlock(&search->lock);
    (void)pthread_join(search->thread, NULL);
    (void)mark(search, ""); /* or it is made anew after a crash */
    sqlite_conn_close(&search->conn);
    bytes_finish(&search->text);
    (void)pthread_cond_destroy(&search->work);
    (void)pthread_mutex_destroy(&search->lock);
}
