/* Fake keyspace: one in memory under a virtual clock, whose back-end can be away, or forget all. As
 * many nodes as a test likes share it; they all run on one fake executor.
 *
 * Ownership: embedded in the test; a zeroed one with ex is ready. */
#ifndef TESTS_SUPPORT_KEYSPACE_FAKE_H
#define TESTS_SUPPORT_KEYSPACE_FAKE_H

#include "src/keyspace/keyspace.h"

enum { FAKE_KEYS_MAX = 64 };

struct fake_key {
    bool used;
    struct bytes group, key, value; /* group is empty for keys of their own */
    uint64_t until_ms;
};

struct keyspace_fake {
    struct keyspace keyspace;
    struct executor *ex;
    struct fake_key keys[FAKE_KEYS_MAX];
    bool down; /* calls fail */
    bool hung; /* the next call is not answered before keyspace_fake_wake */
    struct keyspace_call *held;
};

void keyspace_fake_init(struct keyspace_fake *f, struct executor *ex);
void keyspace_fake_finish(struct keyspace_fake *f);

/* Redis has started again, empty. */
void keyspace_fake_forget(struct keyspace_fake *f);

void keyspace_fake_wake(struct keyspace_fake *f);

/* For tests that write what no node would. */
void keyspace_fake_set(struct keyspace_fake *f, struct span group, struct span key,
                       struct span value, uint64_t ttl_ms);

/* The value, or one without data. */
struct span keyspace_fake_get(const struct keyspace_fake *f, struct span group, struct span key);

#endif
