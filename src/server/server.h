/* Server: what the composition root offers beside src/api/rookery.h to those who build a daemon on
 * it: HTTP routes of their own, and the counters.
 *
 * struct rookery is put together here: loops and HTTP from net, an Engine.IO endpoint on its path,
 * the Socket.IO layer on that. Two servers in one process do not know of each other. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "src/api/rookery.h"
#include "src/base/histogram.h"
#include "src/base/stats.h"
#include "src/cluster/registry.h"
#include "src/net/cors.h"
#include "src/net/http.h"
#include "src/socket/keeper.h"

/* As rookery_create; *why is a line that names the option and its cause, where errno does not say
 * it. */
struct rookery *server_create(const struct rookery_options *options, struct bytes *why);

/* Would a server take that certificate and key? 0, or -1 with a line about what is wrong. */
MUST_USE int server_check_tls(const struct rookery_tls *tls, struct bytes *why);

/* As rookery_reload_tls, with a line about what is wrong. Without TLS there is nothing to do. */
MUST_USE int server_reload_tls(struct rookery *io, struct bytes *why);

/* How its TLS does. */
struct server_tls {
    uint64_t failed_reloads;
    int64_t expires_s; /* the certificate, in seconds of the Epoch */
};

/* False: there is none. From any thread. */
bool server_look_at_tls(const struct rookery *io, struct server_tls *out);

/* False: nobody comes back to a session of this server's own. From any thread. */
bool server_look_at_recovery(const struct rookery *io, struct keeper_figures *out);

/* Serves route beside Engine.IO; the first that was added and matches counts, before the endpoints.
 * The route is copied, its strings and arg must outlive the server. Before rookery_run. */
void server_add_route(struct rookery *io, const struct http_route *route);

/* The path of a route that the path of Socket.IO would hide, or be hidden by; NULL: there is none.
 * The last route does not count. */
const char *server_path_conflict(const struct rookery *io);

/* Serves with this route what nobody else does, endpoints neither: one at "/" that is a prefix. As
 * above. */
void server_set_last_route(struct rookery *io, const struct http_route *route);

/* The counter added up over all loops; from any thread. */
uint64_t server_stat(const struct rookery *io, enum stat_id which);

/* Where that loop counts, for who counts on it as well. */
struct stats *server_loop_stats(struct rookery *io, unsigned loop);

/* Connections that are open now; from any thread. */
unsigned server_connections(const struct rookery *io);

/* How long a loop's turns take, and how late it wakes for its timers; from any thread. */
const struct histogram *server_turns(const struct rookery *io, unsigned loop);
const struct histogram *server_lags(const struct rookery *io, unsigned loop);

struct bus_counts;
struct cluster_counts;

/* How the server does as one of a cluster. */
struct server_cluster {
    bool up; /* Redis is there */
    const struct bus_counts *bus;
    const struct cluster_counts *counts;
    size_t nodes;     /* this one included; those of Node.js are not known */
    uint64_t ignored; /* records of nodes that were none */
};

/* False: the server is alone. From any thread, as the next. */
bool server_look_at_cluster(const struct rookery *io, struct server_cluster *out);

/* Calls fn for each node, this one first; for none when it is alone. */
void server_each_node(const struct rookery *io, registry_node_fn fn, void *arg);

/* The name that other nodes see; before rookery_run. */
void server_set_node_name(struct rookery *io, const char *name);

/* What the nodes share; on loop 0, until server_drop_all. NULL: the server is alone. */
struct keyspace *server_keyspace(const struct rookery *io);

/* Has rookery_stop been called? From any thread. */
bool server_stopping(const struct rookery *io);

/* The executor of that loop, for back-ends that complete on it. */
struct executor *server_executor(const struct rookery *io, unsigned loop);

/* Replaces the CORS policy that came with the options; from any one thread at a time, also while
 * loops run. *cors is copied. */
void server_set_cors(struct rookery *io, const struct rookery_cors *cors);

/* The policy, for routes that follow it too; lives as long as io. */
const struct cors_policy *server_cors(const struct rookery *io);

/* Drops what rookery_run has left: connections, and the tasks that loops have posted to one
 * another. Afterwards no handler runs any more, so nothing asks back-ends for anything: they may be
 * closed, and what they still complete runs within rookery_destroy. After rookery_run, or instead
 * of it. */
void server_drop_all(struct rookery *io);

#endif
