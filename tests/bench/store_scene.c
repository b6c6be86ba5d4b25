// SPDX-License-Identifier: MIT
#include "tests/bench/store_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct thread_executor loop;
static uint64_t random_state = 88172645463325252u;

struct store *store;
unsigned long said;

void scene_start(void)
{
    thread_executor_start(&loop, 0);
}

void scene_close(void)
{
    store_close(store);
    thread_executor_stop(&loop);
}

void need(int error, const char *what)
{
    if (error != 0) {
        (void)fprintf(stderr, "%s: %s\n", what, store_strerror(error));
        exit(1);
    }
}

double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

uint64_t random_below(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void print_times(const char *what, double *ms, size_t count)
{
    qsort(ms, count, sizeof *ms, by_size);
    printf("%-28s p50 %8.3f  p99 %8.3f  max %8.3f ms\n", what, ms[count / 2], ms[count * 99 / 100],
           ms[count - 1]);
}

void make_message(struct batch *b, size_t i, const char *room)
{
    char *text = b->texts[i];
    size_t len = 0;

    (void)snprintf(b->ids[i], sizeof b->ids[i], "018bcfe5-6800-7000-8000-%012lx", ++said);
    (void)snprintf(b->rooms[i], sizeof b->rooms[i], "%s", room);
    text[len++] = '"';
    while (len < 100) {
        uint64_t word = random_below(1 + random_below(20000));
        len += (size_t)snprintf(text + len, TEXT_BYTES - len, "word%lu ", (unsigned long)word);
    }
    text[len++] = '"';
    b->messages[i] = (struct message){.id = span_cstr(b->ids[i]),
                                      .room = span_cstr(b->rooms[i]),
                                      .user_id = SPAN("018bcfe5-6800-7000-8000-000000000001"),
                                      .username = SPAN("Ann"),
                                      .content = span_of(text, len),
                                      .type = SPAN("text"),
                                      .timestamp_ms = 1700000000000};
    b->list[i] = &b->messages[i];
}

void run(struct store_call *call, enum store_op op)
{
    need(store_place_call(&loop, store, call, op), "call");
}

void search(const char *query, const char *room)
{
    struct store_search r = {.query = span_cstr(query), .room = span_cstr(room), .limit = 50};
    double start = now_ms();

    int error = store_place_call(&loop, store, &r.call, STORE_SEARCH);
    printf("search %-10s in %-6s %3zu found %9.3f ms%s\n", query, room,
           error == 0 ? r.page->count : 0, now_ms() - start, error == 0 ? "" : " (failed)");
    free(r.page);
}
