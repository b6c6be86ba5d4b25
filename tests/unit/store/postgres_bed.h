/* A bed for tests of store_postgres: a database of its own for each, and a loop that waits for
 * calls. setup ... teardown. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_STORE_POSTGRES_BED_H
#define TESTS_UNIT_STORE_POSTGRES_BED_H

#include <stdio.h>

#include "src/store/store.h"
#include "tests/support/store_place_postgres.h"
#include "tests/support/tap.h"

enum { SHORT_MS = 400 };

static struct store_place place;
static struct thread_executor loop;
static char problem[1024]; /* the last line */

static inline void setup(void)
{
    place = (struct store_place){.url = ""};
    store_place_postgres.make(&place);
    thread_executor_start(&loop, 0);
    problem[0] = 0;
}

static inline void teardown(void)
{
    thread_executor_stop(&loop);
    store_place_postgres.remove(&place);
}

static inline void keep_problem(void *arg, const char *line, bool writing)
{
    (void)snprintf(problem, sizeof problem, "%s%s", writing ? "w " : "r ", line);
}

static inline struct store *open_with(struct store_options options)
{
    options.url = options.url != NULL ? options.url : place.url;
    options.on_problem = keep_problem;
    struct store *store = store_place_open_with(&store_postgres, &options);
    check(store != NULL);
    return store;
}

static inline struct store *open_here(void)
{
    return open_with((struct store_options){.url = place.url});
}

static inline bool run_sql(const char *sql)
{
    return store_place_postgres_run(&place, sql, NULL);
}

/* "postgresql://user:secret@host:port/database" of the place's URL. */
static inline const char *url_with(const char *user, const char *database)
{
    static char url[512];
    const char *authority = strchr(place.url, '@');
    size_t server = authority != NULL ? strcspn(authority, "/") : 0;

    (void)snprintf(url, sizeof url, "postgresql://%s:s3cret%.*s/%s", user, (int)server, authority,
                   database != NULL ? database : authority + server + 1);
    return url;
}

/* Opening must fail with one line that holds the text, and no password. */
static inline void check_refused(struct store_options options, const char *text)
{
    struct bytes why = {0};

    options.timeout_ms = options.timeout_ms != 0 ? options.timeout_ms : SHORT_MS * 10;
    struct store *store = store_postgres.open(&options, &why);
    check(store == NULL);
    store_close(store);
    bytes_add_byte(&why, 0);
    const char *line = (const char *)why.data;
    bool as_said =
        strstr(line, text) != NULL && strstr(line, "s3cret") == NULL && strchr(line, '\n') == NULL;
    check(as_said);
    if (!as_said) {
        printf("# said: %s\n", line);
    }
    bytes_finish(&why);
}

#endif
