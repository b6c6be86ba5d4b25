// SPDX-License-Identifier: MIT
#include "tests/support/store_place_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/store/postgres_conn.h"

enum { TIMEOUT_MS = 60000 };

static struct service service;
static char server_url[128]; /* without a database; empty: it has not been asked for */

static void stop_server(void)
{
    service_finish(&service);
}

struct service *store_place_postgres_service(void)
{
    return service.holder != 0 ? &service : NULL;
}

/* "postgresql://user@host:port" of a URL that may name a database. */
static void set_server(const char *url)
{
    const char *authority = strstr(url, "://");
    size_t len = authority != NULL ? strcspn(authority + 3, "/") + (size_t)(authority + 3 - url)
                                   : strlen(url);

    (void)snprintf(server_url, sizeof server_url, "%.*s", (int)len, url);
}

static const char *unavailable(void)
{
    const char *url = getenv("ROOKERY_TEST_POSTGRES_URL");

    if (server_url[0] != 0) {
        return NULL;
    }
    if (url != NULL && url[0] != 0) {
        set_server(url);
        return NULL;
    }
    if (!service_begin(&service, "postgres")) {
        return "PostgreSQL is not there (tools/services missing postgres)";
    }
    (void)atexit(stop_server);
    set_server(service.url);
    return NULL;
}

static bool run_at(const char *url, const char *sql, long *number)
{
    struct postgres_conn conn = {.url = url, .timeout_ms = TIMEOUT_MS};
    struct pg_result *result = NULL;
    bool done = postgres_begin(&conn) == 0 && postgres_run(&conn, sql, &result) == 0;

    if (!done) {
        printf("# %s\n", conn.why);
    } else if (number != NULL) {
        *number = postgres_rows(result) == 1
                      ? strtol((const char *)postgres_bytes(result, 0, 0).data, NULL, 10)
                      : -1;
    }
    postgres_drop(result);
    postgres_disconnect(&conn);
    return done;
}

bool store_place_postgres_run(const struct store_place *place, const char *sql, long *number)
{
    return run_at(place->url, sql, number);
}

static void run_at_server(const char *sql)
{
    char url[sizeof server_url + 16];

    (void)snprintf(url, sizeof url, "%s/postgres", server_url);
    if (!run_at(url, sql, NULL)) {
        abort();
    }
}

static const char *database_of(const struct store_place *place)
{
    return place->url + strlen(server_url) + 1;
}

static void make(struct store_place *place)
{
    static unsigned made;
    char sql[128];

    (void)snprintf(place->url, sizeof place->url, "%s/rookery_test_%d_%u", server_url,
                   (int)getpid(), made++);
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0", database_of(place));
    run_at_server(sql);
}

static void drop(struct store_place *place)
{
    char sql[128];

    (void)snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", database_of(place));
    run_at_server(sql);
}

const struct store_place_kind store_place_postgres = {
    .name = "postgres",
    .shared = true,
    .unavailable = unavailable,
    .make = make,
    .remove = drop,
};
