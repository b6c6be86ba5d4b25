/* A journal and a store in memory that do each of their steps when the test says so, in any order
 * that the real ones could have: an append is written (and seen by reads from then on), and later
 * told to be; a read looks, and later tells what it saw. Appends are written and told in their
 * order, reads in any. There is one at a time, and one thread.
 *
 * As a log (disk_begin_log) it is what a node has of a journal that follows: what is written stands
 * in a log at a place with holes before it, where others write too; it is told by reports of what
 * is our own and by following, and put onto the disk, which reads see, later still. Reads wait
 * until what was told before them is there. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_CHAT_SLOW_DISK_H
#define TESTS_UNIT_CHAT_SLOW_DISK_H

#include "src/chat/record.h"
#include "src/journal/journal.h"
#include "src/store/store.h"

enum { DISK_MESSAGES_MAX = 4096, DISK_OPS_MAX = 4096 };

extern struct journal slow_journal;
extern struct store slow_store;

/* Messages in the order in which they were said. */
struct shelf {
    struct record *messages[DISK_MESSAGES_MAX];
    size_t count;
};

struct slow_disk {
    struct shelf all;  /* as it is, and comes to be on the disk */
    struct shelf seen; /* as reads see it */
    int append_error;  /* of what is written from now on; such is not kept */
    int read_error;    /* of what is looked for from now on */
    int start_error;   /* of reads that are started from now on */
    size_t reads;      /* that were started, all together */
};

extern struct slow_disk disk;

void disk_begin(void);
struct executor;
void disk_begin_log(struct executor *executor); /* where the log is followed */
/* Nothing may be under way. */
void disk_end(void);

/* Each does the next step of that kind, if there is one; `pick` chooses among the reads. */
void disk_write(void);
void disk_tell(void);
void disk_look(unsigned pick);
void disk_answer(unsigned pick);

/* Likewise of a log: another node writes (an edit, or with content empty a deletion, if there is a
 * message of that id, else it says it); the next record is followed; the next is put onto the disk.
 */
void disk_write_other(struct span room, struct span id, struct span content);
void disk_write_as_other(const struct message *m); /* whatever it is */
void disk_follow(void);
void disk_store(void);
void disk_lose(void);    /* the log has a gap */
void disk_be_late(void); /* it does not come here for so long that who waits for that is told so */

bool disk_is_idle(void);

/* The message of that id, or NULL. */
const struct message *disk_find(struct span id);
/* Place of the latest that happened in the room. */
uint64_t disk_newest(struct span room);

/* As if it had been said long ago. */
void disk_say(struct span room, struct span id, struct span content);

#endif
