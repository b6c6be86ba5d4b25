// SPDX-License-Identifier: MIT
/* Places of store_mongo: databases on one server, that of ROOKERY_TEST_MONGO_URL or, without it,
 * one that is started for the program. */
#include "tests/support/store_place_mongo.h"

#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/service.h"

static struct service server;
static char base[SERVICE_TEXT_MAX]; /* its URL without a database; empty: there is none yet */

static void finish_server(void)
{
    service_finish(&server);
}

static const char *start_server(void)
{
    if (!service_begin(&server, "mongo")) {
        return "MongoDB's stand-in is not installed (tools/setup)";
    }
    (void)atexit(finish_server);
    (void)snprintf(base, sizeof base, "%s", server.url);
    return NULL;
}

static const char *unavailable(void)
{
    const char *url = getenv("ROOKERY_TEST_MONGO_URL");

    if (base[0] == 0 && url != NULL) {
        (void)snprintf(base, sizeof base, "%s", url);
    }
    return base[0] != 0 ? NULL : start_server();
}

static void make(struct store_place *place)
{
    static unsigned number;

    store_place_make(place);
    (void)snprintf(place->url, sizeof place->url, "%.200s/rookery_%d_%u", base, (int)getpid(),
                   number++);
}

/* On a server that is somebody's; what is on one of ours goes with it, which is quicker. */
static void drop(const struct store_place *place)
{
    mongoc_client_t *client = mongoc_client_new(place->url);
    mongoc_database_t *database =
        client != NULL ? mongoc_client_get_default_database(client) : NULL;

    if (database == NULL || !mongoc_database_drop(database, NULL)) {
        printf("# cannot drop %s\n", place->url);
    }
    mongoc_database_destroy(database);
    mongoc_client_destroy(client);
}

static void remove_place(struct store_place *place)
{
    if (server.holder == 0) {
        drop(place);
    }
    store_place_remove(place);
}

const struct store_place_kind store_place_mongo = {
    .name = "mongo",
    .shared = true,
    .slow = true, /* the stand-in is: some milliseconds for each call */
    .unavailable = unavailable,
    .make = make,
    .remove = remove_place,
};
