/* RabbitMQ bed: a broker of its own, the journal in it and its feed, and letters: messages with
 * numbers, whose completions are counted.
 *
 *     rabbitmq_raw_wipe(&options);
 *     start_journal();
 *     append_and_wait(10);
 *     start_feed();
 *     check(read_letters(10) == 10);
 *     stop_feed();
 *     stop_journal();
 *
 * There is one bed at a time. Where it cannot go on, it ends the program. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_CONTRACT_RABBITMQ_BED_H
#define TESTS_CONTRACT_RABBITMQ_BED_H

#include <semaphore.h>
#include <stdatomic.h>

#include "tests/support/rabbitmq_raw.h"
#include "tests/support/service.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { LETTERS = 3000, SOME = 100, EMPTY_MS = 300 };

extern struct service broker;
extern struct journal_rabbitmq_options options; /* a test that changes them changes them back */
extern struct thread_executor loop;
extern struct journal *journal;
extern struct feed *feed;

/* False if RabbitMQ is not installed. */
bool start_broker(void);
void stop_broker(void);

void await(sem_t *sem);

/* ---- journal ---- */

struct letter {
    struct journal_append op;
    char id[40], content[40];
    unsigned done;
};

extern struct letter letters[LETTERS];
extern unsigned order[LETTERS]; /* of their completions */
extern unsigned done_count;
extern unsigned expected;         /* completions, of those since the start of the journal */
extern sem_t some_done, all_done; /* SOME, and `expected` */

/* What the journal has said of its connection. */
struct rabbitmq_states {
    atomic_uint count[2]; /* down, up */
    bool told_password;
    char last[2][RABBITMQ_RAW_MAX];
    sem_t changed;
};

extern struct rabbitmq_states states;

/* No letter is sent yet. */
void start_journal(void);
void stop_journal(void);

/* As letter i, under that id. Returns what the journal does. */
int append(unsigned i, unsigned id, const char *room);
/* Letter i under its own id, in one of two rooms. */
int append_letter(unsigned i);
/* The first `count`, on the loop; waits until they are done. */
void append_and_wait(unsigned count);

/* ---- feed ---- */

extern struct feed_entry *entries[LETTERS]; /* of the last poll */

void start_feed(void);
void stop_feed(void);

/* Polls until something comes; 0 when nothing does. */
int poll_some(struct feed *from, unsigned max);

/* Reads and commits what is there, up to count; returns how many came, and checks that they are the
 * letters in their order. */
unsigned read_letters(unsigned count);
void check_empty(void);

/* ---- */

/* The cases of rabbitmq_outages.c. They are of the same program as rabbitmq_contract.c, because a
 * broker takes seconds to start. */
void run_outages(void);

#endif
