/* shared_store_bench BACK_END URL [MESSAGES [ROOMS]] - what a store that all nodes share costs,
 * without a server around it.
 *
 * Appends MESSAGES to ROOMS as a persister does: batches of 2000 that have their places, each
 * followed by its position; then reads pages of 50 and searches. URL: of an empty database; with 0
 * MESSAGES of one that is full, and it is only read. */
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/bench/store_scene.h"

enum { BATCH = BATCH_MAX, PAGES = 2000, SLICES_MAX = 1000, SLICE = 50 };

static unsigned rooms;

/* ---- appends ---- */

static void make(struct batch *b, size_t i)
{
    char room[16];

    (void)snprintf(room, sizeof room, "r%05u", (unsigned)random_below(rooms));
    make_message(b, i, room);
    b->messages[i].placed = said;
}

/* Prints the rate of all, and of slices of 50 batches. */
static void fill(struct batch *b, unsigned long messages)
{
    static const struct span log = {(const uint8_t *)"bench", 5};
    size_t count = messages / BATCH, slices = 0;
    double *ms = xcalloc(count + 1, sizeof *ms), spent = 0, slice = 0;
    static double rates[SLICES_MAX];

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < BATCH; j++) {
            make(b, j);
        }
        double start = now_ms();
        need(store_append(store, b->list, BATCH), "append");
        need(store_mark(store, log, 0, said), "mark");
        ms[i] = now_ms() - start;
        spent += ms[i];
        slice += ms[i];
        if ((i + 1) % SLICE == 0 && slices < SLICES_MAX) {
            rates[slices++] = SLICE * BATCH / slice * 1000;
            slice = 0;
        }
    }
    printf("%zu messages: %.0f/s\n", count * BATCH, (double)(count * BATCH) / spent * 1000);
    if (slices > 0) {
        qsort(rates, slices, sizeof *rates, by_size);
        printf("by 100,000: least %.0f, median %.0f, most %.0f/s\n", rates[0], rates[slices / 2],
               rates[slices - 1]);
    }
    print_times("a batch of 2000", ms, count);
    free(ms);
}

/* ---- reads ---- */

static void pages(const char *what, bool before)
{
    static double ms[PAGES];
    char room[16];

    for (size_t i = 0; i < PAGES; i++) {
        struct store_history r = {.limit = 50};
        (void)snprintf(room, sizeof room, "r%05u", (unsigned)random_below(rooms));
        r.room = span_cstr(room);
        r.before = before ? 1 + random_below(said) : 0;
        double start = now_ms();
        run(&r.call, STORE_HISTORY);
        ms[i] = now_ms() - start;
        free(r.page);
    }
    print_times(what, ms, PAGES);
}

/* Of a store that is full already. */
static void look_for_places(void)
{
    struct store_room_get r = {.room = SPAN("r00000")};

    run(&r.call, STORE_ROOM_GET);
    said = r.page->count > 0 ? r.page->rooms[0].newest : 0;
    free(r.page);
    need(said > 0 ? 0 : STORE_EMISSING, "nothing to be read");
}

int main(int argc, char **argv)
{
    struct batch *b = xcalloc(1, sizeof *b);
    unsigned long messages = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000000;
    const struct store_ops *ops = argc > 2 ? store_ops_by_name(argv[1]) : NULL;
    static struct store_log log = {.partitions = 1};
    static const uint64_t ends[1];
    struct bytes why = {0};

    rooms = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 10000;
    struct store_options options = {.path = argc > 2 ? argv[2] : "",
                                    .url = argc > 2 ? argv[2] : ""};
    store = ops != NULL ? ops->open(&options, &why) : NULL;
    if (store == NULL || rooms == 0) {
        (void)fprintf(stderr, "usage: shared_store_bench BACK_END URL [MESSAGES [ROOMS]]; %.*s\n",
                      (int)why.len, (const char *)why.data);
        free(b);
        return 1;
    }
    bytes_finish(&why);
    scene_start();
    log.name = SPAN("bench");
    if (messages > 0) {
        need(store_adopt(store, &log, ends), "adopt");
        fill(b, messages);
    } else {
        look_for_places();
    }
    pages("newest 50 of a room", false);
    pages("50 before a place", true);
    search("word7", "");
    search("word19999", "");
    search("word7", "r00007");
    search("word77 wo", "");
    scene_close();
    free(b);
    return 0;
}
