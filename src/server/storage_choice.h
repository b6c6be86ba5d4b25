/* Storage choice: which store and which journal the options mean, and whether they go together.
 *
 *   store   auto   mongo-uri, or a mongodb:// in database-url ──> mongo
 *                  database-url ──> postgres
 *                  else ──> sqlite
 *   journal auto   kafka-brokers ──> kafka, rabbitmq-url ──> rabbitmq, else ──> direct
 *
 * What is named twice over (two databases, two brokers) is for the option itself to say.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_STORAGE_CHOICE_H
#define SERVER_STORAGE_CHOICE_H

#include "src/server/options.h"

struct storage_choice {
    const char *store, *journal; /* names, as in store.h and journal.h */
    const char *url;             /* of the store's server, borrowed from the options; NULL: none */
    const char *url_option;      /* where that stands; "data" of a store that has no server */
    bool has_broker;             /* the journal is one */
    const char *contradiction;   /* NULL, or a line: why these options do not go together */
};

struct storage_choice storage_choose(const struct daemon_options *options);

#endif
