/* store_bench FILE [MESSAGES [ROOMS]] - what the embedded store costs, without a server around it.
 *
 * Fills FILE, which should not exist, with MESSAGES in one room, and with a tenth as many in ROOMS;
 * then prints what appends, paced appends, pages, searches and lists take. */
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "tests/bench/store_scene.h"

enum { BATCH = 1024, PAGES = 2000, PACED_PER_S = 2000, PACED_S = 10 };

/* ---- appends ---- */

/* rooms: 0: the one big one. */
static void make(struct batch *b, size_t i, unsigned rooms)
{
    char room[16];

    (void)snprintf(room, sizeof room, rooms == 0 ? "big" : "r%05u",
                   (unsigned)random_below(rooms + 1));
    make_message(b, i, room);
}

static void append(struct batch *b, size_t count)
{
    need(store_append(store, b->list, count), "append");
}

static void fill(struct batch *b, const char *what, unsigned long messages, unsigned rooms)
{
    size_t count = messages / BATCH;
    double *ms = xcalloc(count, sizeof *ms), spent = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < BATCH; j++) {
            make(b, j, rooms);
        }
        double start = now_ms();
        append(b, BATCH);
        ms[i] = now_ms() - start;
        spent += ms[i];
    }
    printf("%s: %.0f messages/s\n", what, (double)(count * BATCH) / spent * 1000);
    print_times("  a batch of 1024", ms, count);
    free(ms);
}

/* A message each half millisecond; whatever is due goes into one commit, as in the journal. */
static void pace(struct batch *b, unsigned rooms)
{
    size_t total = (size_t)PACED_PER_S * PACED_S, done = 0;
    double *ms = xcalloc(total, sizeof *ms), start = now_ms(), step = 1000.0 / PACED_PER_S;

    while (done < total) {
        size_t count = 0;
        while (count < BATCH && done + count < total &&
               start + (double)(done + count) * step <= now_ms()) {
            make(b, count++, rooms);
        }
        if (count > 0) {
            append(b, count);
        }
        for (size_t i = 0; i < count; i++, done++) {
            ms[done] = now_ms() - (start + (double)done * step);
        }
    }
    print_times("2000 durable messages/s", ms, total);
    free(ms);
}

/* ---- reads ---- */

static void pages(unsigned long messages)
{
    static double before[PAGES], around[PAGES];

    for (size_t i = 0; i < PAGES; i++) {
        struct store_history r = {
            .room = SPAN("big"), .limit = 50, .before = 51 + random_below(messages - 100)};
        double start = now_ms();
        run(&r.call, STORE_HISTORY);
        before[i] = now_ms() - start;
        free(r.page);
        r.around = r.before;
        r.before = 0;
        start = now_ms();
        run(&r.call, STORE_HISTORY);
        around[i] = now_ms() - start;
        free(r.page);
    }
    print_times("page of 50, before", before, PAGES);
    print_times("page of 50, around", around, PAGES);
}

static void wait_for_index(struct batch *b)
{
    double start = now_ms();
    bool found = false;

    make(b, 0, 0);
    b->messages[0].content = SPAN("\"needle\"");
    append(b, 1);
    while (!found) {
        struct timespec pause = {.tv_nsec = 50000000};
        struct store_search r = {.query = SPAN("needle"), .limit = 1};
        (void)nanosleep(&pause, NULL);
        run(&r.call, STORE_SEARCH);
        found = r.page->count == 1;
        free(r.page);
    }
    printf("index complete after %.1f s more\n", (now_ms() - start) / 1000);
}

static void rooms_list(const char *user)
{
    struct store_rooms r = {.user_id = span_cstr(user), .limit = 50};
    double start = now_ms();

    run(&r.call, STORE_ROOMS);
    printf("50 rooms for %-6s %26.3f ms\n", user[0] != 0 ? user : "nobody", now_ms() - start);
    free(r.page);
}

int main(int argc, char **argv)
{
    struct batch *b = xcalloc(1, sizeof *b);
    unsigned long messages = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    unsigned rooms = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 5000;
    struct store_options options = {.path = argc > 1 ? argv[1] : ""};
    struct bytes why = {0};

    store = argc > 1 ? store_sqlite.open(&options, &why) : NULL;
    if (store == NULL) {
        (void)fprintf(stderr, "usage: store_bench FILE [MESSAGES [ROOMS]]; %.*s\n", (int)why.len,
                      (const char *)why.data);
        free(b);
        return 1;
    }
    bytes_finish(&why);
    scene_start();
    fill(b, "one room", messages, 0);
    fill(b, "many rooms", messages / 10, rooms);
    pace(b, rooms);
    wait_for_index(b);
    pace(b, rooms);
    pages(messages);
    search("word7", "");
    search("word19999", "");
    search("word7", "big");
    search("wo", "r00007");
    search("w", "");
    rooms_list("");
    rooms_list("u2");
    scene_close();
    free(b);
    return 0;
}
