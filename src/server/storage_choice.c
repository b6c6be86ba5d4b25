// SPDX-License-Identifier: MIT
#include "src/server/storage_choice.h"

#include <string.h>
#include <strings.h>

static bool is(const char *name, const char *other)
{
    return strcmp(name, other) == 0;
}

/* There are environments whose DB_URL is that of MongoDB. */
static bool is_of_mongo(const char *url)
{
    return strncasecmp(url, "mongodb://", 10) == 0 || strncasecmp(url, "mongodb+srv://", 14) == 0;
}

static const char *store_name(const struct daemon_options *o)
{
    if (!is(o->store, "auto")) {
        return o->store;
    }
    if (o->mongo_uri != NULL) {
        return "mongo";
    }
    return o->database_url == NULL ? "sqlite" : is_of_mongo(o->database_url) ? "mongo" : "postgres";
}

static const char *journal_name(const struct daemon_options *o)
{
    return !is(o->journal, "auto")    ? o->journal
           : o->kafka_brokers != NULL ? "kafka"
           : o->rabbitmq_url != NULL  ? "rabbitmq"
                                      : "direct";
}

static void choose_url(struct storage_choice *choice, const struct daemon_options *o)
{
    bool elsewhere = o->mongo_uri == NULL && o->database_url != NULL;

    if (is(choice->store, "sqlite")) {
        choice->url_option = "data";
    } else if (is(choice->store, "postgres") || (elsewhere && is_of_mongo(o->database_url))) {
        choice->url = o->database_url;
        choice->url_option = "database-url";
    } else {
        choice->url = o->mongo_uri;
        choice->url_option = "mongo-uri";
    }
}

static const char *ambiguous(const struct daemon_options *o)
{
    if (is(o->store, "auto") && o->mongo_uri != NULL && o->database_url != NULL) {
        return "mongo-uri and database-url are both set: the option store has to say which it is";
    }
    if (is(o->journal, "auto") && o->kafka_brokers != NULL && o->rabbitmq_url != NULL) {
        return "kafka-brokers and rabbitmq-url are both set: the option journal has to say which "
               "it is";
    }
    return NULL;
}

static const char *missing(const struct storage_choice *choice, const struct daemon_options *o)
{
    if (is(choice->store, "mongo") && choice->url == NULL) {
        return "store mongo needs mongo-uri";
    }
    if (is(choice->store, "postgres") && choice->url == NULL) {
        return "store postgres needs database-url";
    }
    if (is(o->store, "auto") && !is(choice->store, "postgres") && o->database_replica_url != NULL) {
        return "database-replica-url needs the PostgreSQL of which it names a replica: "
               "database-url";
    }
    if (is(choice->journal, "kafka") && o->kafka_brokers == NULL) {
        return "journal kafka needs kafka-brokers";
    }
    if (is(choice->journal, "rabbitmq") && o->rabbitmq_url == NULL) {
        return "journal rabbitmq needs rabbitmq-url";
    }
    return NULL;
}

/* What is rejected to the topic of messages would be read there, and rejected, for ever. */
static const char *same_topic(const struct storage_choice *choice, const struct daemon_options *o)
{
    if (!is(choice->journal, "kafka")) {
        return NULL;
    }
    if (is(o->kafka_reject_topic, o->kafka_topic)) {
        return "kafka-reject-topic is kafka-topic: dead letters need a topic of their own";
    }
    if (is(o->kafka_presence_topic, o->kafka_topic)) {
        return "kafka-presence-topic is kafka-topic: it needs a topic of its own";
    }
    if (is(o->kafka_push_topic, o->kafka_topic)) {
        return "kafka-push-topic is kafka-topic: it needs a topic of its own";
    }
    return NULL;
}

/* What nodes that share a Redis need besides. What is in Kafka each can bring into a store of its
 * own; what is in a queue, one of them. */
static const char *not_for_a_cluster(const struct storage_choice *choice)
{
    bool shared = !is(choice->store, "sqlite");

    if (is(choice->journal, "rabbitmq") && !shared) {
        return "the servers of a cluster (redis-url) with RabbitMQ need one database: mongo-uri or "
               "database-url";
    }
    if (is(choice->journal, "direct") && shared) {
        return "the servers of a cluster (redis-url) with one database need kafka-brokers or "
               "rabbitmq-url: what one writes the others have to hear of in its order";
    }
    return NULL;
}

struct storage_choice storage_choose(const struct daemon_options *o)
{
    struct storage_choice choice = {.store = store_name(o), .journal = journal_name(o)};

    choice.has_broker = is(choice.journal, "kafka") || is(choice.journal, "rabbitmq");
    choose_url(&choice, o);
    if (is(choice.journal, "none")) {
        return choice; /* nothing is kept, whatever is there to keep it */
    }
    choice.contradiction = ambiguous(o);
    if (choice.contradiction == NULL) {
        choice.contradiction = missing(&choice, o);
    }
    if (choice.contradiction == NULL) {
        choice.contradiction = same_topic(&choice, o);
    }
    if (choice.contradiction == NULL && o->redis_url != NULL) {
        choice.contradiction = not_for_a_cluster(&choice);
    }
    return choice;
}
