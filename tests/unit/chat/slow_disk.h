/* A journal and a store in memory that do each of their steps when the test says so, in any order
 * that the real ones could have: an append is written (and seen by reads from then on), and later
 * told to be; a read looks, and later tells what it saw. Appends are written and told in their
 * order, reads in any. There is one at a time, and one thread. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_CHAT_SLOW_DISK_H
#define TESTS_UNIT_CHAT_SLOW_DISK_H

#include "src/chat/record.h"
#include "src/journal/journal.h"
#include "src/store/store.h"

enum { DISK_MESSAGES_MAX = 4096, DISK_OPS_MAX = 4096 };

extern struct journal slow_journal;
extern struct store slow_store;

struct slow_disk {
    struct record *messages[DISK_MESSAGES_MAX]; /* in the order in which they were said */
    size_t count;
    int append_error; /* of what is written from now on; such is not kept */
    int read_error;   /* of what is looked for from now on */
    int start_error;  /* of reads that are started from now on */
    size_t reads;     /* that were started, all together */
};

extern struct slow_disk disk;

void disk_begin(void);
/* Nothing may be under way. */
void disk_end(void);

/* Each does the next step of that kind, if there is one; `pick` chooses among the reads. */
void disk_write(void);
void disk_tell(void);
void disk_look(unsigned pick);
void disk_answer(unsigned pick);

bool disk_is_idle(void);

/* The message of that id, or NULL. */
const struct message *disk_find(struct span id);
/* Place of the latest that happened in the room. */
uint64_t disk_newest(struct span room);

/* As if it had been said long ago. */
void disk_say(struct span room, struct span id, struct span content);

#endif
