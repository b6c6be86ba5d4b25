/* Shared keys: a keyspace (src/keyspace/keyspace.h) that joins nodes in one process, on executors
 * that one thread runs: what one puts another takes. There are put, take and close. */
#ifndef TESTS_SUPPORT_SHARED_KEYS_H
#define TESTS_SUPPORT_SHARED_KEYS_H

#include "src/keyspace/keyspace.h"

struct shared_keys;

struct shared_keys *shared_keys_create(void);

/* All nodes have been closed. */
void shared_keys_destroy(struct shared_keys *keys);

/* A node's. */
struct keyspace *shared_keys_open(struct shared_keys *keys, struct executor *executor);

#endif
