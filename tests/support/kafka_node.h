/* Kafka node: a journal in Kafka with a loop of its own and with members who note what they are
 * told; and letters that are appended to it.
 *
 * Threads: a test's own, but for what says otherwise. */
#ifndef TESTS_SUPPORT_KAFKA_NODE_H
#define TESTS_SUPPORT_KAFKA_NODE_H

#include <semaphore.h>

#include "src/journal/journal_kafka.h"
#include "tests/support/thread_executor.h"

enum { TOLD_MAX = 20000, WAIT_MS = 20000 };

struct told {
    uint64_t place;
    char id[40];
};

struct node {
    struct thread_executor loop;
    struct journal *journal;
    bool is_wrong;        /* something was told on another thread, or with places that differ */
    pthread_mutex_t lock; /* for what follows */
    struct told told[TOLD_MAX]; /* in the order in which members were told */
    size_t count, gaps, by_log;
    int ups, downs, too_large; /* lines; of those the ones about a message that is too large */
};

struct letter {
    struct journal_append op;
    struct node *node;
    int64_t timestamp_ms;
    char id[40];
    sem_t done;
};

/* Where the places of partitions begin: so far apart that a place tells its partition. */
extern const uint64_t node_bases[JOURNAL_KAFKA_PARTITIONS_MAX];

/* messages_max: of its queue, 0: the default. before: between opening and beginning, or NULL.
 * False: it cannot be opened, and why is printed. */
bool node_open(struct node *n, const struct journal_kafka_options *kafka, size_t messages_max,
               void (*before)(void));
void node_close(struct node *n);

size_t node_told(struct node *n);

/* Waits until that many were told; false: there are more, or after long less. */
bool node_await(struct node *n, size_t count);

/* The place before the first of the room's partition. */
uint64_t node_base(struct node *n, const char *room);
struct journal_figures node_figures(struct node *n);

/* Were all told in the order of places, each once, within a partition? */
bool node_is_ordered(const struct node *n);

/* Were both told the same at the same places? Sorts them. */
bool node_same(struct node *a, struct node *b);

/* Appends with the id that is in it, each letter with another time. */
int letter_append(struct letter *l, struct node *n, const char *room, uint8_t action);
/* Says it under an id that a client has given. */
int letter_post(struct letter *l, struct node *n, const char *room, const char *id);

/* The same with that JSON as its content. */
int letter_say(struct letter *l, struct node *n, const char *room, const char *id,
               struct span content);

/* Waits until it is done; its error. */
int letter_await(struct letter *l);

#endif
