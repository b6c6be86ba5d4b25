/* What store_sqlite has of the logs of journals, as store_ops in store.h says. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_LOGS_H
#define STORE_SQLITE_LOGS_H

#include "src/store/sqlite_commits.h"

MUST_USE int sqlite_logs_adopt(struct sqlite_commits *commits, struct store_log *log,
                               const uint64_t *ends);
MUST_USE int sqlite_logs_mark(struct sqlite_commits *commits, struct span log, unsigned partition,
                              uint64_t position);

#endif
