/* Node record: what a node says of itself in the registry (registry.h), as JSON:
 *
 *     {"id":"0198...","name":"chat-1","address":"10.0.0.1:3000","number":4711,"adapter":"classic",
 *      "started":1795237195693,"uptime":52000,"connections":12}
 *
 * Times are in milliseconds, started since the Epoch; number is 0 as long as it has none. uptime
 * makes each record of a node differ from the one before. Whoever may write into Redis may have
 * written a record, so it is read as one of a peer's; members that are not known are left alone.
 *
 * Pure. Fuzzed: tests/fuzz/fuzz_node_record.c. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_NODE_RECORD_H
#define CLUSTER_NODE_RECORD_H

#include "protocol/bytes.h"

enum { NODE_NUMBER_MAX = 65535, NODE_TEXT_BYTES_MAX = 256, NODE_RECORD_BYTES_MAX = 4096 };

struct node_record {
    struct span id, name, address, adapter; /* UTF-8, up to NODE_TEXT_BYTES_MAX */
    unsigned number;
    int64_t started_ms;
    uint64_t uptime_ms;
    uint64_t connections;
};

/* Appends it. */
void node_record_write(struct bytes *out, const struct node_record *record);

/* Returns 0, or -1 if text is none; what is missing but the id is empty, or 0. The texts of *record
 * lie in `texts`, which is cleared first. */
MUST_USE int node_record_read(struct span text, struct node_record *record, struct bytes *texts);

#endif
