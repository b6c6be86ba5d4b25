/* Fake cluster: what a server knows of its cluster besides what its adapter tells (fake_adapter.h),
 * for tests that are the other nodes.
 *
 *     fake_cluster_begin(world, "node-1");
 *     fake_cluster_change(world, "node-2", true);
 *     fake_cluster_redis(world, true);
 *
 * Threads: that of the test. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_FAKE_CLUSTER_H
#define TESTS_SUPPORT_FAKE_CLUSTER_H

#include "src/api/rookery.h"

enum { FAKE_CLUSTER_MAX = 8 };

/* The server (see world.h) has that id. Until then, and after fake_cluster_end, all are alone. */
void fake_cluster_begin(const struct rookery *io, const char *id);
void fake_cluster_end(void);

/* It hears that another node has come, or is gone. */
void fake_cluster_change(const struct rookery *io, const char *id, bool alive);
/* It hears that Redis has come, or is gone. */
void fake_cluster_redis(const struct rookery *io, bool up);

#endif
