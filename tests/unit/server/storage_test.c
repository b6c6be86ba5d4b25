// SPDX-License-Identifier: MIT
#include "src/server/storage.h"

#include <stdlib.h>

#include "tests/support/tap.h"
#include "tests/unit/server/command_line.h"
#include "tests/unit/web/folder.h"

static struct options options;
static struct vitals vitals;
static struct storage storage;
static char logged[4096];

/* What storage_open returns and logs with these words, the last of which is NULL. */
static int open_with(const char *const words[], size_t count)
{
    FILE *log = tmpfile();

    command_line_read(&options, words, count);
    storage = (struct storage){0};
    log_start(fileno(log), LOG_AS_JSON, LOG_WARN);
    int result = storage_open(&storage, &options.values, &vitals);
    log_start(STDERR_FILENO, LOG_AS_TEXT, LOG_WARN);
    rewind(log);
    logged[fread(logged, 1, sizeof logged - 1, log)] = '\0';
    (void)fclose(log);
    return result;
}

static void close_all(void)
{
    storage_close(&storage, NULL);
    options_finish(&options);
}

static bool is_one_line(void)
{
    const char *end = strchr(logged, '\n');

    return end != NULL && end[1] == '\0';
}

static void without_a_journal_nothing_is_opened(void)
{
    static const char *const words[] = {"--journal=none", "--database-url=postgres://127.0.0.1:1/d",
                                        "--kafka-brokers=127.0.0.1:1", "--data=/nowhere/at/all"};

    check(open_with(words, 4) == 0 && logged[0] == '\0');
    check(storage.base == NULL && storage_open_journal(&storage, NULL, 0) == 0);
    check(storage.journal == NULL && storage_begin(&storage) == 0 && storage.persister == NULL);
    check(!storage_is_shared(&storage));
    close_all();
}

static void sqlite_is_a_file_in_the_data_folder(void)
{
    struct folder f = folder_make();
    char data[sizeof f.path + 16], path[sizeof f.path + 32];
    const char *const words[] = {data};

    (void)snprintf(data, sizeof data, "--data=%s", f.path);
    check(open_with(words, 1) == 0 && logged[0] == '\0');
    check(storage.base != NULL && !storage_is_shared(&storage));
    (void)snprintf(path, sizeof path, "%s/rookery.sqlite", f.path);
    check(access(path, R_OK) == 0);
    close_all();
    folder_remove(&f);
}

static void going_on_without_the_log_that_the_store_has_is_warned_of(void)
{
    struct folder f = folder_make();
    char data[sizeof f.path + 16];
    const char *words[] = {data, "--kafka-brokers=127.0.0.1:1"};
    const char *const others[] = {data, "--kafka-topic=another"};
    struct store_log log = {.name = SPAN("chat-messages"), .partitions = 2};
    const uint64_t ends[2] = {0};

    (void)snprintf(data, sizeof data, "--data=%s", f.path);
    check(open_with(words, 2) == 0 && logged[0] == '\0');
    check(store_adopt(storage.base, &log, ends) == 0);
    close_all();
    check(open_with(words, 2) == 0 && logged[0] == '\0');
    close_all();
    check(open_with(words, 1) == 0 && is_one_line());
    check(strstr(logged, "\"kafka-topic\":\"chat-messages\"") != NULL);
    close_all();
    check(open_with(others, 2) == 0 && logged[0] == '\0');
    close_all();
    folder_remove(&f);
}

/* The group of Kafka that brings messages into the store; its folder and one more word, or NULL. */
static const char *group_of(const struct folder *f, const char *word)
{
    static char group[sizeof storage.group];
    char data[sizeof f->path + 16];
    const char *const words[] = {data, "--kafka-brokers=127.0.0.1:1", "--kafka-group=g", word};

    (void)snprintf(data, sizeof data, "--data=%s", f->path);
    check(open_with(words, word == NULL ? 3 : 4) == 0);
    memcpy(group, storage.group, sizeof group);
    close_all();
    return group;
}

static void each_file_is_a_group_of_its_own_with_redis_or_without(void)
{
    struct folder a = folder_make(), b = folder_make();
    char first[sizeof storage.group];

    (void)snprintf(first, sizeof first, "%s", group_of(&a, NULL));
    check(strlen(first) == strlen("g-") + 12 && strncmp(first, "g-", 2) == 0);
    check(strcmp(first, group_of(&b, NULL)) != 0);
    check(strcmp(first, group_of(&a, "--redis-url=redis://127.0.0.1:1")) == 0);
    check(strcmp(first, group_of(&a, NULL)) == 0); /* after a restart it is the same */
    folder_remove(&a);
    folder_remove(&b);
}

/* What is wrong is one line with the option, and no password. */
static void says_which_option_is_wrong(void)
{
    static const struct {
        const char *word, *option, *cause;
    } cases[] = {
        {"--data=/nowhere/at/all", "\"data\":\"/nowhere/at/all\"", "No such file"},
        {"--store=mongo", "store mongo needs mongo-uri", "do not go together"},
        {"--database-url=http://u:hunter2@h/d", "\"option\":\"database-url\"", "not the URL"},
        {"--database-url=postgres://u:hunter2@127.0.0.1:1/d", "\"option\":\"database-url\"",
         "refused"},
        {"--mongo-uri=http://u:hunter2@h/d", "\"option\":\"mongo-uri\"", "no URL of MongoDB"},
        {"--mongo-uri=mongodb://u:hunter2@127.0.0.1:1/d", "\"option\":\"mongo-uri\"",
         "127.0.0.1:1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const words[] = {cases[i].word, "--store-timeout=500ms"};
        check(open_with(words, 2) < 0);
        check(is_one_line() && strstr(logged, cases[i].option) != NULL);
        check(strstr(logged, cases[i].cause) != NULL && strstr(logged, "hunter2") == NULL);
        if (tap_case_failed) {
            printf("# %s", logged);
        }
        close_all();
    }
}

int main(void)
{
    RUN(without_a_journal_nothing_is_opened);
    RUN(sqlite_is_a_file_in_the_data_folder);
    RUN(going_on_without_the_log_that_the_store_has_is_warned_of);
    RUN(each_file_is_a_group_of_its_own_with_redis_or_without);
    RUN(says_which_option_is_wrong);
    return tap_done();
}
