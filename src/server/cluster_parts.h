/* Cluster parts: what makes a server one of several, put together: bus, keyspace, registry, and the
 * adapter under the socket layer, all over one dialer of loop 0.
 *
 *     create ──> open (the loops are about to run) ──> leave (rookery_stop, on loop 0)
 *            ──> stop (the loops have ended, nothing is connected) ──> destroy (io is finished)
 *
 * A Redis that is away when it opens, or later, is waited for; the log says so once each time.
 *
 * Ownership: options are borrowed until destroy. Threads: as it is written there; the questions at
 * the end from any. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_CLUSTER_PARTS_H
#define SERVER_CLUSTER_PARTS_H

#include "src/api/rookery.h"
#include "src/cluster/registry.h"
#include "src/net/loop.h"
#include "src/server/server.h"
#include "src/socket/adapter.h"

enum { NODE_PREFIX_LEN = 4 }; /* of socket ids */

struct cluster_parts;

struct cluster_parts_options {
    const struct rookery_cluster *cluster;
    unsigned recovery_ms;
    struct loop *loop; /* loop 0 */
    struct executor *const *executors;
    unsigned loop_count;
    uint64_t (*connections)(void *arg); /* clients that there are */
    /* What sessions bear from now on: the number that this node has, or claims; 0: none. First
     * inside cluster_parts_create. */
    void (*on_number)(void *arg, unsigned number);
    void *arg;
};

/* Is all of it known and within its range? redis_url may be NULL. */
bool cluster_parts_usable(const struct rookery_cluster *options);

/* NULL if the URL is none, and *why is a line that says so. */
struct cluster_parts *cluster_parts_create(const struct cluster_parts_options *options,
                                           struct bytes *why);

/* For socket/io.h. */
struct adapter *cluster_parts_adapter(struct cluster_parts *p);
const char *cluster_parts_id_prefix(const struct cluster_parts *p);

/* Where the server listens first, unless the options say how others reach it; its name. Before
 * open. */
void cluster_parts_set_port(struct cluster_parts *p, const char *host, unsigned port);
void cluster_parts_set_name(struct cluster_parts *p, const char *name);

void cluster_parts_open(struct cluster_parts *p);
void cluster_parts_leave(struct cluster_parts *p);

/* NULL is taken, as below; a second time it does nothing. */
void cluster_parts_stop(struct cluster_parts *p);
void cluster_parts_destroy(struct cluster_parts *p);

/* ---- src/api/rookery.h: before rookery_run ---- */

void cluster_parts_on_node(struct cluster_parts *p, rookery_node_change_fn fn, void *arg);
void cluster_parts_on_state(struct cluster_parts *p, rookery_cluster_fn fn, void *arg);

/* ---- from any thread ---- */

const char *cluster_parts_node_id(const struct cluster_parts *p);
struct registry *cluster_parts_registry(const struct cluster_parts *p);
void cluster_parts_look(const struct cluster_parts *p, struct server_cluster *out);

/* As the API has it; borrowed from node. */
struct rookery_node cluster_parts_node(const struct registry_node *node);

/* Loop 0 only; NULL when it is stopped. */
struct keyspace *cluster_parts_keyspace(const struct cluster_parts *p);

#endif
