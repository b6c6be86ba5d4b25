/* What the threads that read for store_sqlite do with a call: each runs it on a connection of its
 * own. Writes go another way (sqlite_commits.h). */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_READERS_H
#define STORE_SQLITE_READERS_H

#include "src/store/sqlite_db.h"
#include "src/store/store_crew.h"

/* The store of its workers is the struct store_options; to be started after writer and search. */
extern const struct store_crew_ops sqlite_crew;

#endif
