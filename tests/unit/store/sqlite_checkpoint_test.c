// SPDX-License-Identifier: MIT
#include "src/store/sqlite_checkpoint.h"

#include <stdio.h>

#include "tests/support/store_place.h"
#include "tests/support/tap.h"

static struct store_place place;

/* The WAL's header counts how often it was started anew (sqlite.org/fileformat2.html, 4.1). */
static uint32_t generation(void)
{
    char path[100];
    uint8_t header[16] = {0};

    (void)snprintf(path, sizeof path, "%s-wal", place.path);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return 0;
    }
    check(fread(header, 1, sizeof header, f) == sizeof header);
    (void)fclose(f);
    return (uint32_t)header[12] << 24 | (uint32_t)header[13] << 16 | (uint32_t)header[14] << 8 |
           header[15];
}

static void starts_the_log_anew_while_messages_come_in_without_a_break(void)
{
    static uint8_t content[64 << 10];
    char id[16];
    int count = 0;

    store_place_make(&place);
    struct store *store = store_place_open(&place, &store_sqlite);
    memset(content, '1', sizeof content);
    uint32_t first = 0;
    for (; count < 10000; count++) {
        (void)snprintf(id, sizeof id, "m%d", count);
        struct message m = {
            .id = span_cstr(id), .room = SPAN("one"), .content = span_of(content, sizeof content)};
        struct message *batch[] = {&m};
        check(store_append(store, batch, 1) == 0);
        if (count == 0) {
            first = generation();
        } else if (generation() != first) {
            break;
        }
    }
    printf("# after %d messages of 64 KiB\n", count);
    check(count > 100 && count < 10000);
    store_close(store);
    store_place_remove(&place);
}

static void brings_all_into_the_file_when_the_store_closes(void)
{
    char path[100];

    store_place_make(&place);
    struct store *store = store_place_open(&place, &store_sqlite);
    struct message m = {.id = SPAN("a"), .room = SPAN("one"), .content = SPAN("1")};
    struct message *batch[] = {&m};
    check(store_append(store, batch, 1) == 0);
    store_close(store);
    (void)snprintf(path, sizeof path, "%s-wal", place.path);
    FILE *f = fopen(path, "r");
    check(f == NULL);
    if (f != NULL) {
        (void)fclose(f);
    }
    store_place_remove(&place);
}

int main(void)
{
    RUN(starts_the_log_anew_while_messages_come_in_without_a_break);
    RUN(brings_all_into_the_file_when_the_store_closes);
    return tap_done();
}
