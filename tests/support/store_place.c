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

static void tell(void *arg, const char *line)
{
    printf("# %s\n", line);
}

struct store *store_place_open(const struct store_place *place, const struct store_ops *ops)
{
    struct store_options options = {.path = place->path, .on_problem = tell};
    struct bytes why = {0};
    struct store *store = ops->open(&options, &why);

    if (store == NULL) {
        printf("# %.*s\n", (int)why.len, (const char *)why.data);
    }
    bytes_finish(&why);
    return store;
}

struct page_call {
    struct store_history request;
    struct store *store;
    struct executor *executor;
    sem_t done;
};

static void page_done(struct store_call *call)
{
    (void)sem_post(&container_of(call, struct page_call, request.call)->done);
}

static void page_start(void *arg)
{
    struct page_call *call = arg;
    if (store_history(call->store, call->executor, &call->request) != 0) {
        printf("# history refused\n");
        (void)sem_post(&call->done);
    }
}

struct message_page *store_place_page(struct thread_executor *executor, struct store *store,
                                      struct span room, uint64_t before, unsigned limit,
                                      size_t bytes_max)
{
    struct page_call call = {
        .request = {.room = room,
                    .before = before,
                    .limit = limit,
                    .bytes_max = bytes_max,
                    .call = {.on_done = page_done}},
        .store = store,
        .executor = &executor->executor,
    };
    (void)sem_init(&call.done, 0, 0);
    thread_executor_run(executor, page_start, &call);
    while (sem_wait(&call.done) != 0) {
    }
    (void)sem_destroy(&call.done);
    if (call.request.call.error != 0) {
        printf("# history: %s\n", store_strerror(call.request.call.error));
    }
    return call.request.page;
}
