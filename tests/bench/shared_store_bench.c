/* shared_store_bench BACK_END URL [MESSAGES [ROOMS]] - what a store that all nodes share costs,
 * without a server around it.
 *
 * Appends MESSAGES to ROOMS as a persister does: batches of 2000 that have their places, each
 * followed by its position; then reads pages of 50 and searches. URL: of an empty database; with 0
 * MESSAGES of one that is full, and it is only read. */
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/store/store.h"
#include "tests/support/store_place.h"

enum { BATCH = 2000, PAGES = 2000, TEXT = 160, SLICES_MAX = 1000, SLICE = 50 };

static struct store *store;
static struct thread_executor loop;
static uint64_t random_state = 88172645463325252u;
static unsigned long said;
static unsigned rooms;

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint64_t random_below(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, double *ms, size_t count)
{
    qsort(ms, count, sizeof *ms, by_size);
    printf("%-24s p50 %8.3f  p99 %8.3f  max %8.3f ms\n", what, ms[count / 2], ms[count * 99 / 100],
           ms[count - 1]);
}

static void need(int error, const char *what)
{
    if (error != 0) {
        (void)fprintf(stderr, "%s: %s\n", what, store_strerror(error));
        exit(1);
    }
}

/* ---- appends ---- */

struct batch {
    struct message messages[BATCH];
    struct message *list[BATCH];
    char ids[BATCH][40], rooms[BATCH][16], texts[BATCH][TEXT];
};

static void make(struct batch *b, size_t i)
{
    char *text = b->texts[i];
    size_t len = 0;

    (void)snprintf(b->ids[i], sizeof b->ids[i], "018bcfe5-6800-7000-8000-%012lx", ++said);
    (void)snprintf(b->rooms[i], sizeof b->rooms[i], "r%05u", (unsigned)random_below(rooms));
    text[len++] = '"';
    while (len < 100) { /* words of which few are frequent */
        uint64_t word = random_below(1 + random_below(20000));
        len += (size_t)snprintf(text + len, TEXT - len, "word%lu ", (unsigned long)word);
    }
    text[len++] = '"';
    b->messages[i] = (struct message){.id = span_cstr(b->ids[i]),
                                      .room = span_cstr(b->rooms[i]),
                                      .placed = said,
                                      .user_id = SPAN("018bcfe5-6800-7000-8000-000000000001"),
                                      .username = SPAN("Ann"),
                                      .content = span_of(text, len),
                                      .type = SPAN("text"),
                                      .timestamp_ms = 1700000000000};
    b->list[i] = &b->messages[i];
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

static void run(struct store_call *call, enum store_op op)
{
    need(store_place_call(&loop, store, call, op), "call");
}

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

static void search(const char *query, const char *room)
{
    struct store_search r = {.query = span_cstr(query), .room = span_cstr(room), .limit = 50};
    double start = now_ms();

    int error = store_place_call(&loop, store, &r.call, STORE_SEARCH);
    printf("search %-10s in %-6s %3zu found %9.3f ms%s\n", query, room,
           error == 0 ? r.page->count : 0, now_ms() - start, error == 0 ? "" : " (failed)");
    free(r.page);
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
    thread_executor_start(&loop, 0);
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
    store_close(store);
    thread_executor_stop(&loop);
    free(b);
    return 0;
}
