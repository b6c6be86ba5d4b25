// SPDX-License-Identifier: MIT
#include "tests/support/store_place.h"

#include <dirent.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/memory.h"

void store_place_make(struct store_place *place)
{
    const char *tmp = getenv("TMPDIR");

    *place = (struct store_place){.url = ""};
    (void)snprintf(place->folder, sizeof place->folder, "%s/rookery-XXXXXX",
                   tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
    if (mkdtemp(place->folder) == NULL) {
        perror(place->folder);
        abort();
    }
    (void)snprintf(place->path, sizeof place->path, "%s/store.db", place->folder);
}

void store_place_remove(struct store_place *place)
{
    DIR *folder = opendir(place->folder);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)rmdir(place->folder);
}

static const char *nothing(void)
{
    return NULL;
}

const struct store_place_kind store_place_sqlite = {
    .name = "sqlite",
    .unavailable = nothing,
    .make = store_place_make,
    .remove = store_place_remove,
};

static void tell(void *arg, const char *line, bool writing)
{
    printf("# %s\n", line);
}

struct store_options store_place_options(const struct store_place *place)
{
    return (struct store_options){
        .path = place->path,
        .url = place->url[0] != 0 ? place->url : NULL,
        .on_problem = tell,
    };
}

struct store *store_place_open(const struct store_place *place, const struct store_ops *ops)
{
    const struct store_options options = store_place_options(place);
    return store_place_open_with(ops, &options);
}

struct store *store_place_open_with(const struct store_ops *ops,
                                    const struct store_options *options)
{
    struct bytes why = {0};
    struct store *store = ops->open(options, &why);

    if (store == NULL) {
        printf("# %.*s\n", (int)why.len, (const char *)why.data);
    }
    bytes_finish(&why);
    return store;
}

struct waiting {
    struct store *store;
    struct executor *executor;
    struct store_call *call;
    enum store_op op;
};

static sem_t done; /* one call at a time */

static void call_done(struct store_call *call)
{
    (void)sem_post(&done);
}

static void call_start(void *arg)
{
    struct waiting *w = arg;
    int result = store_start(w->store, w->executor, w->call, w->op);

    if (result != 0) {
        w->call->error = result;
        (void)sem_post(&done);
    }
}

int store_place_call(struct thread_executor *executor, struct store *store, struct store_call *call,
                     enum store_op op)
{
    struct waiting waiting = {store, &executor->executor, call, op};

    call->on_done = call_done;
    (void)sem_init(&done, 0, 0);
    thread_executor_run(executor, call_start, &waiting);
    while (sem_wait(&done) != 0) {
    }
    (void)sem_destroy(&done);
    return call->error;
}

struct message_page *store_place_page(struct thread_executor *executor, struct store *store,
                                      struct span room, uint64_t before, unsigned limit,
                                      size_t bytes_max)
{
    struct store_history history = {
        .room = room, .before = before, .limit = limit, .bytes_max = bytes_max};
    int error = store_place_call(executor, store, &history.call, STORE_HISTORY);

    if (error != 0) {
        printf("# history: %s\n", store_strerror(error));
    }
    return history.page;
}
