// SPDX-License-Identifier: MIT
#include <pthread.h>

#include "tests/unit/store/postgres_bed.h"

static void refuses_a_schema_in_which_something_is_missing(void)
{
    static const struct {
        const char *sql, *cause, *back;
    } cases[] = {
        {"ALTER TABLE room_members RENAME TO gone", "it lacks the table room_members",
         "ALTER TABLE gone RENAME TO room_members"},
        {"ALTER TABLE users RENAME email TO gone", "the table users lacks the column email (bytea)",
         "ALTER TABLE users RENAME gone TO email"},
        {"ALTER TABLE messages ALTER dialect TYPE text",
         "the table messages lacks the column dialect (smallint)",
         "ALTER TABLE messages ALTER dialect TYPE smallint USING dialect::smallint"},
        {"DROP INDEX messages_id", "the table messages lacks a unique index on (id)",
         "CREATE UNIQUE INDEX ids ON messages (id)"},
        {"DROP INDEX messages_place", "lacks a unique index on (room_id, place)",
         "CREATE UNIQUE INDEX messages_place ON messages (room_id, place)"},
    };

    setup();
    store_close(open_here());
    check(run_sql("DROP VIEW messages_text"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(run_sql(cases[i].sql));
        check_refused((struct store_options){.url = place.url}, cases[i].cause);
        check(run_sql(cases[i].back));
        store_close(open_here());
    }
    teardown();
}

static void make_read_only(const struct store_place *of)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql, "ALTER DATABASE %s SET default_transaction_read_only = on",
                   strrchr(of->url, '/') + 1);
    check(store_place_postgres_run(of, sql, NULL));
}

static void refuses_a_database_that_it_may_not_write(void)
{
    setup();
    store_close(open_here());
    check(run_sql("DROP ROLE IF EXISTS watcher; CREATE ROLE watcher LOGIN;"
                  "GRANT SELECT ON ALL TABLES IN SCHEMA public TO watcher"));
    const struct store_options watched = {.url = url_with("watcher", NULL)};
    check_refused(watched, "the user watcher lacks INSERT on the table journal_logs");
    check(run_sql("GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO watcher"));
    store_close(open_with(watched));
    check(run_sql("REVOKE SELECT ON users FROM watcher"));
    check_refused(watched, "the user watcher lacks SELECT on the table users");
    check(run_sql("DROP OWNED BY watcher; DROP ROLE watcher"));
    make_read_only(&place);
    check_refused((struct store_options){.url = place.url}, "it is read-only for this user");
    teardown();
}

static void *open_with_replica(void *arg)
{
    struct store *store =
        open_with((struct store_options){.replica_url = arg, .timeout_ms = SHORT_MS * 50});

    store_close(store);
    return store;
}

static void refuses_a_replica_without_the_tables_of_histories(void)
{
    struct store_place other = {.url = ""};
    bool replica_fails = false;
    pthread_t thread;
    void *opened;

    setup();
    store_place_postgres.make(&other);
    const struct store_options options = {.url = place.url,
                                          .replica_url = other.url,
                                          .replica_fails = &replica_fails,
                                          .timeout_ms = SHORT_MS};
    check_refused(options, "the replica: it lacks the table journal_logs");
    check(replica_fails);
    /* They come a moment later. */
    check(pthread_create(&thread, NULL, open_with_replica, other.url) == 0);
    store_close(open_with((struct store_options){.url = other.url}));
    check(pthread_join(thread, &opened) == 0 && opened != NULL);
    /* What is not read there may be missing, and it takes no writes. */
    check(store_place_postgres_run(&other, "DROP TABLE users CASCADE", NULL));
    make_read_only(&other);
    store_close(open_with(options));
    check(store_place_postgres_run(&other,
                                   "BEGIN READ WRITE;"
                                   "ALTER TABLE messages RENAME words TO others; COMMIT",
                                   NULL));
    check_refused(options, "the replica: the table messages lacks the column words (tsvector)");
    store_place_postgres.remove(&other);
    teardown();
}

int main(void)
{
    const char *missing = store_place_postgres.unavailable();

    if (missing != NULL) {
        return tap_skip(missing);
    }
    RUN(refuses_a_schema_in_which_something_is_missing);
    RUN(refuses_a_database_that_it_may_not_write);
    RUN(refuses_a_replica_without_the_tables_of_histories);
    return tap_done();
}
