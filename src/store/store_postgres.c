// SPDX-License-Identifier: MIT
/* The store on PostgreSQL, shared by all nodes: libpq on threads of the store's own.
 *
 *   append, adopt, mark ──> the caller's thread, on a connection of their own
 *   start ──> readers, searcher, lister, writer (store_crew.h, postgres_workers.h)
 *
 * What may be slow has a thread of its own, and holds up neither joins nor histories. With a
 * replica histories are as old as that one is: reads see what was appended before them only where
 * somebody waits for the positions (persist/behind.h). */
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/store/postgres_append.h"
#include "src/store/postgres_check.h"
#include "src/store/postgres_logs.h"
#include "src/store/postgres_schema.h"
#include "src/store/postgres_workers.h"
#include "src/store/store.h"

enum { TIMEOUT_MS_DEFAULT = 5000, LOOK_MS = 50 };

struct postgres_store {
    struct store store;
    struct postgres_common common;
    pthread_mutex_t lock; /* for the connection; no other is taken under it */
    struct postgres_conn conn;
    struct store_crew crew;
};

static struct postgres_store *postgres_store(struct store *store)
{
    return container_of(store, struct postgres_store, store);
}

/* ---- opening ---- */

static void explain(struct bytes *why, const char *name, const char *cause)
{
    bytes_clear(why);
    bytes_add_cstr(why, name);
    bytes_add_cstr(why, ": ");
    bytes_add_cstr(why, cause);
}

/* reason: libpq's; may be empty. */
static void explain_url(struct bytes *why, const char *option, struct span reason)
{
    explain(why, option,
            "not the URL of a PostgreSQL database, as in postgresql://user@host:5432/database");
    if (reason.len > 0) {
        bytes_add_cstr(why, ": ");
        bytes_add_span(why, reason);
    }
}

/* Takes a URL apart for lines that people read. */
static int set_server(struct postgres_server *server, const char *url, const char *option,
                      struct bytes *why)
{
    struct bytes name = {0};

    if (url == NULL || url[0] == 0 || !postgres_place(&name, url)) {
        explain_url(why, option, bytes_span(&name));
        bytes_finish(&name);
        return -1;
    }
    bytes_add_byte(&name, 0);
    server->name = (char *)name.data;
    server->url = xnonnull(strdup(url));
    return 0;
}

static int open_server(struct postgres_store *s, struct bytes *why)
{
    s->conn = (struct postgres_conn){.url = s->common.server.url,
                                     .timeout_ms = s->common.options.timeout_ms};
    if (postgres_begin(&s->conn) != 0 || postgres_migrate(&s->conn) != 0) {
        explain(why, s->common.server.name, s->conn.why);
        return -1;
    }
    return 0;
}

/* Tables that were made at the server just now come to it a moment later. */
static int look_at_replica(struct postgres_conn *conn)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

    for (unsigned ms = 0; postgres_begin(conn) == 0; ms += LOOK_MS) {
        if (postgres_check(conn, POSTGRES_FOR_HISTORIES) == 0) {
            return 0;
        }
        if (ms >= conn->timeout_ms) {
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    return -1;
}

static int check_replica(const struct postgres_store *s, struct bytes *why)
{
    struct postgres_conn conn = {.url = s->common.replica.url,
                                 .timeout_ms = s->common.options.timeout_ms};
    int error = look_at_replica(&conn);

    if (error != 0) {
        explain(why, "the replica", conn.why);
    }
    postgres_disconnect(&conn);
    return error;
}

/* After the server, which it is a replica of. */
static int open_replica(struct postgres_store *s, struct bytes *why)
{
    const struct store_options *options = &s->common.options;

    if (options->replica_url == NULL ||
        (set_server(&s->common.replica, options->replica_url, "the replica", why) == 0 &&
         check_replica(s, why) == 0)) {
        return 0;
    }
    if (options->replica_fails != NULL) {
        *options->replica_fails = true;
    }
    return -1;
}

static void destroy(struct postgres_store *s)
{
    postgres_disconnect(&s->conn);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->common.server.url);
    free(s->common.server.name);
    free(s->common.replica.url);
    free(s->common.replica.name);
    free(s);
}

static struct store *open_store(const struct store_options *options, struct bytes *why)
{
    struct postgres_store *s = xcalloc(1, sizeof *s);
    struct postgres_common *common = &s->common;

    bytes_clear(why);
    s->store.ops = &store_postgres;
    common->options = *options;
    common->options.timeout_ms =
        options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_MS_DEFAULT;
    (void)pthread_mutex_init(&s->lock, NULL);
    if (set_server(&common->server, options->url, "url", why) == 0 && open_server(s, why) == 0 &&
        open_replica(s, why) == 0 &&
        store_crew_start(&s->crew, &postgres_crew, common, options, why) == 0) {
        return &s->store;
    }
    destroy(s);
    return NULL;
}

/* ---- the port ---- */

/* Ends what is done under the lock; tells what has failed. */
static int end(struct postgres_store *s, int error)
{
    postgres_roll_back(&s->conn);
    if (error == STORE_EIO || error == STORE_EFULL) {
        postgres_tell_problem(&s->common, &s->conn, true);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return error;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    struct postgres_store *s = postgres_store(store);

    (void)pthread_mutex_lock(&s->lock);
    return end(s, postgres_append(&s->conn, messages, count));
}

static int adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    struct postgres_store *s = postgres_store(store);

    (void)pthread_mutex_lock(&s->lock);
    int error = postgres_begin(&s->conn);
    return end(s, error != 0 ? error : postgres_logs_adopt(&s->conn, log, ends));
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    struct postgres_store *s = postgres_store(store);

    (void)pthread_mutex_lock(&s->lock);
    int error = postgres_begin(&s->conn);
    return end(s, error != 0 ? error : postgres_logs_mark(&s->conn, log, partition, position));
}

static int start(struct store *store, struct store_call *call)
{
    return store_crew_put(&postgres_store(store)->crew, call);
}

static void close_store(struct store *store)
{
    struct postgres_store *s = postgres_store(store);

    store_crew_stop(&s->crew);
    destroy(s);
}

const struct store_ops store_postgres = {
    .name = "postgres",
    .open = open_store,
    .append = append,
    .adopt = adopt,
    .mark = mark,
    .start = start,
    .close = close_store,
};
