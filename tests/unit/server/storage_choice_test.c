// SPDX-License-Identifier: MIT
#include "src/server/storage_choice.h"

#include <string.h>

#include "tests/support/tap.h"
#include "tests/unit/server/command_line.h"

static struct options options;

/* Chooses as on a command line; the options live until the next. */
static struct storage_choice choose(const char *const words[COMMAND_LINE_WORDS_MAX])
{
    options_finish(&options);
    command_line_read(&options, words, COMMAND_LINE_WORDS_MAX);
    return storage_choose(&options.values);
}

#define MONGO    "--mongo-uri=mongodb://h/chat"
#define POSTGRES "--database-url=postgres://h/chat"
#define KAFKA    "--kafka-brokers=h:9092"
#define RABBITMQ "--rabbitmq-url=amqp://h"
#define REDIS    "--redis-url=redis://h"
#define REPLICA  "--database-replica-url=postgres://r/chat"

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void what_is_named_is_used(void)
{
    static struct {
        const char *words[COMMAND_LINE_WORDS_MAX];
        const char *store, *journal, *url, *url_option;
    } cases[] = {
        {{NULL}, "sqlite", "direct", NULL, "data"},
        {{MONGO}, "mongo", "direct", "mongodb://h/chat", "mongo-uri"},
        {{POSTGRES}, "postgres", "direct", "postgres://h/chat", "database-url"},
        {{KAFKA}, "sqlite", "kafka", NULL, "data"},
        {{RABBITMQ}, "sqlite", "rabbitmq", NULL, "data"},
        {{KAFKA, RABBITMQ, MONGO, "--journal=kafka"},
         "mongo",
         "kafka",
         "mongodb://h/chat",
         "mongo-uri"},
        {{KAFKA, RABBITMQ, "--journal=rabbitmq"}, "sqlite", "rabbitmq", NULL, "data"},
        {{KAFKA, RABBITMQ, "--journal=direct"}, "sqlite", "direct", NULL, "data"},
        {{KAFKA, "--journal=direct"}, "sqlite", "direct", NULL, "data"},
        {{MONGO, POSTGRES, "--store=postgres"},
         "postgres",
         "direct",
         "postgres://h/chat",
         "database-url"},
        {{MONGO, POSTGRES, "--store=mongo"}, "mongo", "direct", "mongodb://h/chat", "mongo-uri"},
        {{MONGO, POSTGRES, "--store=sqlite"}, "sqlite", "direct", NULL, "data"},
        {{REDIS}, "sqlite", "direct", NULL, "data"},
        {{REDIS, KAFKA}, "sqlite", "kafka", NULL, "data"}, /* each node has all of the log */
        {{REDIS, KAFKA, MONGO}, "mongo", "kafka", "mongodb://h/chat", "mongo-uri"},
        {{REDIS, RABBITMQ, POSTGRES}, "postgres", "rabbitmq", "postgres://h/chat", "database-url"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct storage_choice got = choose(cases[i].words);
        check(got.contradiction == NULL);
        check(same(got.store, cases[i].store) && same(got.journal, cases[i].journal));
        check(same(got.url, cases[i].url) && same(got.url_option, cases[i].url_option));
    }
}

static void the_url_of_a_database_may_be_that_of_mongodb(void)
{
    static const char *const url[COMMAND_LINE_WORDS_MAX] = {"--database-url=mongodb://h/chat"};
    static const char *const srv[COMMAND_LINE_WORDS_MAX] = {"--database-url=MongoDB+srv://h/chat",
                                                            "--store=mongo"};
    struct storage_choice got = choose(url);

    check(same(got.store, "mongo") && same(got.url, "mongodb://h/chat"));
    check(same(got.url_option, "database-url") && got.contradiction == NULL);
    got = choose(srv);
    check(same(got.store, "mongo") && same(got.url, "MongoDB+srv://h/chat"));
    check(same(got.url_option, "database-url") && got.contradiction == NULL);
}

static void says_what_does_not_go_together(void)
{
    static struct {
        const char *words[COMMAND_LINE_WORDS_MAX];
        const char *part;
    } cases[] = {
        {{MONGO, POSTGRES}, "mongo-uri and database-url are both set"},
        {{KAFKA, RABBITMQ}, "kafka-brokers and rabbitmq-url are both set"},
        {{KAFKA, RABBITMQ, REDIS, POSTGRES}, "the option journal has to say which"},
        {{"--store=mongo"}, "store mongo needs mongo-uri"},
        {{"--store=mongo", POSTGRES}, "store mongo needs mongo-uri"},
        {{"--store=postgres"}, "store postgres needs database-url"},
        {{"--store=postgres", MONGO}, "store postgres needs database-url"},
        {{REPLICA}, "database-replica-url needs the PostgreSQL"},
        {{REPLICA, MONGO, KAFKA}, "replica: database-url"},
        {{"--journal=kafka"}, "journal kafka needs kafka-brokers"},
        {{"--journal=kafka", RABBITMQ}, "journal kafka needs kafka-brokers"},
        {{"--journal=rabbitmq", KAFKA}, "journal rabbitmq needs rabbitmq-url"},
        {{KAFKA, "--kafka-reject-topic=chat-messages"}, "kafka-reject-topic is kafka-topic"},
        {{KAFKA, "--kafka-topic=a", "--kafka-presence-topic=a"}, "kafka-presence-topic is"},
        {{KAFKA, "--kafka-topic=a", "--kafka-push-topic=a"}, "kafka-push-topic is kafka-topic"},
        {{REDIS, RABBITMQ}, "need one database: mongo-uri or database-url"},
        {{REDIS, RABBITMQ, MONGO, "--store=sqlite"}, "need one database"},
        {{REDIS, MONGO}, "need kafka-brokers or rabbitmq-url"},
        {{REDIS, POSTGRES, KAFKA, "--journal=direct"}, "need kafka-brokers or rabbitmq-url"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = choose(cases[i].words).contradiction;
        check(why != NULL && strstr(why, cases[i].part) != NULL && strchr(why, '\n') == NULL);
    }
}

static void where_nothing_is_kept_nothing_contradicts(void)
{
    static const char *const all[COMMAND_LINE_WORDS_MAX] = {
        "--journal=none", MONGO, POSTGRES, KAFKA, RABBITMQ, REDIS};
    static const char *const none[COMMAND_LINE_WORDS_MAX] = {"--journal=none", "--store=mongo"};

    check(same(choose(all).journal, "none") && choose(all).contradiction == NULL);
    check(choose(none).contradiction == NULL);
}

int main(void)
{
    RUN(what_is_named_is_used);
    RUN(the_url_of_a_database_may_be_that_of_mongodb);
    RUN(says_what_does_not_go_together);
    RUN(where_nothing_is_kept_nothing_contradicts);
    options_finish(&options);
    return tap_done();
}
