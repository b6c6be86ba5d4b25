/* Storage: what the options name to keep messages with, put together and taken apart again.
 *
 *   direct     chat ──> journal direct ──> store
 *              chat ──────── reads ──────> store
 *   broker     chat ──> journal kafka, rabbitmq ──> broker ──> feed ──> persister ──> store
 *              chat ──────── reads ──────> history cache ──> behind ────────────────> store
 *   none       nothing
 *
 * storage_open ──> storage_open_journal ──> storage_begin ... journal_close by storage_close
 *
 * What is wrong is one line of the log that names the option, and -1.
 *
 * Threads: one; figures, any. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_STORAGE_H
#define SERVER_STORAGE_H

#include "src/base/log.h"
#include "src/chat/chat.h"
#include "src/journal/journal.h"
#include "src/persist/behind.h"
#include "src/persist/history_cache.h"
#include "src/persist/persister.h"
#include "src/server/storage_choice.h"
#include "src/server/vitals.h"

enum { STORAGE_GROUP_MAX = 320 };

struct storage {
    const struct daemon_options *options; /* borrowed, as the next */
    struct vitals *vitals;
    struct storage_choice choice;
    struct log_limit store_problems, broker_problems, persist_problems, late_reads;

    struct store *base;      /* the back-end; NULL: nothing is kept */
    struct store *store;     /* what is to be asked instead */
    struct journal *journal; /* NULL: likewise */
    struct feed *feed;       /* NULL: this process brings nothing into the store */
    struct persister *persister;
    struct behind behind;
    struct history_cache cache;
    struct store_log log;          /* of the journal, where that has places */
    char group[STORAGE_GROUP_MAX]; /* of Kafka, that brings messages into this store */
};

/* Opens the store. */
MUST_USE int storage_open(struct storage *s, const struct daemon_options *options,
                          struct vitals *vitals);

/* Opens the journal, whose events come in on executors[0]. After storage_open. */
MUST_USE int storage_open_journal(struct storage *s, struct executor *const *executors,
                                  unsigned count);

/* Keeps pages of histories, where that can be: in memory, and in the keyspace (NULL: there is none)
 * that lives on executor. After storage_open_journal. */
void storage_begin_cache(struct storage *s, struct keyspace *keyspace, struct executor *executor);

/* What the chat has to tell of the log. */
struct chat_watcher storage_watcher(struct storage *s);

/* What is in the broker, if there is one, comes into the store from here on. After
 * storage_open_journal; in a process that does nothing else, after storage_open. */
MUST_USE int storage_begin(struct storage *s);

/* Does what other nodes say come into the store by itself: since they use it too, or since each
 * brings all of Kafka's log into its own? After storage_open_journal. */
bool storage_is_shared(const struct storage *s);

/* The keyspace is about to be closed. While no loop runs. */
void storage_leave_keyspace(struct storage *s);

/* The journal first, then what brings it into the store, then the store: what completes in them
 * still runs its callbacks. store: what s->store has been wrapped in by now. */
void storage_close(struct storage *s, struct store *store);

#endif
