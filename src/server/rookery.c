// SPDX-License-Identifier: MIT
#include "src/server/rookery_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/net/tls.h"
#include "src/net/ws_deflate.h"
#include "src/server/server.h"

enum { LOOPS_MAX = 256 };

/* ---- making ---- */

static char *copy_string(const char *s)
{
    return s == NULL ? NULL : xnonnull(strdup(s));
}

/* The fields of the options that are strings, to be copied and freed alike. */
static void for_each_string(struct rookery_options *o, void (*fn)(const char **s))
{
    const char **strings[] = {&o->path,
                              &o->parser,
                              &o->cors.origin,
                              &o->cors.methods,
                              &o->cors.allowed_headers,
                              &o->cors.exposed_headers,
                              &o->cookie.name,
                              &o->cookie.path,
                              &o->cookie.same_site,
                              &o->cluster.redis_url,
                              &o->cluster.adapter,
                              &o->cluster.prefix,
                              &o->cluster.mode,
                              &o->cluster.secret,
                              &o->cluster.address,
                              &o->cluster.name,
                              &o->cluster.ca_file,
                              &o->tls.certificate,
                              &o->tls.key,
                              &o->trusted_proxies,
                              &o->client_dir};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        fn(strings[i]);
    }
}

static void own_string(const char **s)
{
    *s = copy_string(*s);
}

static void free_string(const char **s)
{
    free((void *)(uintptr_t)*s);
}

static bool speaks_msgpack(const struct rookery_options *o)
{
    return o->parser != NULL && strcmp(o->parser, "msgpack") == 0;
}

static struct endpoint_cookie cookie_of(const struct rookery_cookie *c)
{
    return (struct endpoint_cookie){
        .name = c->name,
        .path = c->path == NULL ? "/" : c->path,
        .http_only = c->http_only,
        .secure = c->secure,
        .same_site = c->same_site == NULL ? "Lax" : c->same_site,
    };
}

static bool usable(const struct rookery_options *o)
{
    const struct endpoint_cookie cookie = cookie_of(&o->cookie);
    struct networks proxies;

    return endpoint_cookie_usable(&cookie) &&
           (o->parser == NULL || speaks_msgpack(o) || strcmp(o->parser, "json") == 0) &&
           (o->trusted_proxies == NULL ||
            networks_read(span_cstr(o->trusted_proxies), &proxies) == 0) &&
           o->loops <= LOOPS_MAX && o->path != NULL && o->path[0] == '/' &&
           o->ping_interval_ms > 0 && o->ping_timeout_ms > 0 && o->payload_bytes_max > 0 &&
           cluster_parts_usable(&o->cluster) && o->payload_bytes_max <= FRAME_BYTES_MAX / 2 &&
           o->deflate.level >= 1 && o->deflate.level <= WS_DEFLATE_LEVEL_MAX &&
           (o->allow_polling || o->allow_websocket);
}

static void derive_options(struct rookery *io)
{
    const struct rookery_options *o = &io->options;

    io->engine_options = (struct engine_options){
        .ping_interval_ms = o->ping_interval_ms,
        .ping_timeout_ms = o->ping_timeout_ms,
        .upgrade_timeout_ms = o->upgrade_timeout_ms,
        .payload_bytes_max = o->payload_bytes_max,
        .queue_bytes_max = o->queue_bytes_max,
        .allow_polling = o->allow_polling,
        .allow_websocket = o->allow_websocket,
        .allow_upgrades = o->allow_upgrades,
        .allow_eio3 = o->allow_eio3,
        .undecided_max = o->handshakes_max,
        .decision_timeout_ms = o->request_timeout_ms,
    };
    io->http_limits = (struct http_limits){
        .head_bytes_max = o->head_bytes_max,
        .body_bytes_max = o->payload_bytes_max,
        .handshakes_max = o->handshakes_max,
        .connections_max = o->connections_max,
        .request_timeout_ms = o->request_timeout_ms,
        .idle_timeout_ms = o->idle_timeout_ms,
    };
    if (o->trusted_proxies != NULL) {
        int error = networks_read(span_cstr(o->trusted_proxies), &io->trusted_proxies);
        assert(error == 0);
        io->http_limits.trusted_proxies = &io->trusted_proxies;
    }
}

static unsigned count_loops(unsigned wanted)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (wanted != 0) {
        return wanted;
    }
    return cores < 1 ? 1 : cores > LOOPS_MAX ? LOOPS_MAX : (unsigned)cores;
}

static int init_loops(struct rookery *io)
{
    io->loops = xcalloc(io->loop_count, sizeof *io->loops);
    for (unsigned i = 0; i < io->loop_count; i++) {
        io->loops[i].server = io;
        if (loop_init(&io->loops[i].loop, i) < 0) {
            io->loop_count = i;
            return -1;
        }
        struct loop *loop = &io->loops[i].loop;
        loop->ws_deflate = ws_deflate_create(io->options.deflate.level, &loop->stats);
    }
    return 0;
}

static struct executor **list_executors(struct rookery *io)
{
    struct executor **executors = xcalloc(io->loop_count, sizeof *executors);

    for (unsigned i = 0; i < io->loop_count; i++) {
        executors[i] = &io->loops[i].loop.executor;
    }
    return executors;
}

static void add_socketio(struct rookery *io)
{
    struct executor **executors = list_executors(io);
    const struct engine_app **apps = xcalloc(io->loop_count, sizeof *apps);
    struct io_options options = {
        .connect_timeout_ms = io->options.connect_timeout_ms,
        .payload_bytes_max = io->options.payload_bytes_max,
        .attachments_max = io->options.attachments_max,
        .json_depth_max = io->options.json_depth_max,
        .msgpack = speaks_msgpack(&io->options),
        .keep_handshake = io->options.keep_handshake,
        .keep_ms = io->cluster == NULL ? io->options.recovery.max_disconnection_ms : 0,
        .keep_bytes_max = io->options.recovery.bytes_max,
        .skip_middlewares = io->options.recovery.skip_middlewares,
    };

    if (io->cluster != NULL) {
        memcpy(options.id_prefix, cluster_parts_id_prefix(io->cluster), NODE_PREFIX_LEN);
    }
    io_init(&io->io, &options, executors, io->loop_count);
    if (io->cluster != NULL) {
        io_set_adapter(&io->io, cluster_parts_adapter(io->cluster));
    }
    for (unsigned i = 0; i < io->loop_count; i++) {
        apps[i] = io_engine_app(&io->io, i);
    }
    server_add_endpoint(io, io->options.path, apps);
    free(apps);
    free(executors);
}

/* Clients, that is; who asks by HTTP is none. */
static uint64_t count_clients(void *server)
{
    const struct rookery *io = server;
    uint64_t left = server_stat(io, STAT_SOCKETS_DISCONNECTED);
    uint64_t come = server_stat(io, STAT_SOCKETS_CONNECTED);

    return come > left ? come - left : 0;
}

static void on_number(void *server, unsigned number)
{
    struct rookery *io = server;

    atomic_store_explicit(&io->engine_options.node, (uint16_t)number, memory_order_relaxed);
}

static int open_cluster(struct rookery *io, struct bytes *why)
{
    if (io->options.cluster.redis_url == NULL) {
        return 0;
    }
    struct executor **executors = list_executors(io);
    const struct cluster_parts_options options = {
        .cluster = &io->options.cluster,
        .recovery_ms = io->options.recovery.max_disconnection_ms,
        .loop = &io->loops[0].loop,
        .executors = executors,
        .loop_count = io->loop_count,
        .connections = count_clients,
        .on_number = on_number,
        .arg = io,
    };
    io->cluster = cluster_parts_create(&options, why);
    free(executors);
    errno = EINVAL;
    return io->cluster == NULL ? -1 : 0;
}

static int open_bundles(struct rookery *io)
{
    if (io->options.client_dir == NULL) {
        return 0;
    }
    io->bundles = web_bundles_open(io->options.client_dir, io->options.path);
    if (io->bundles == NULL) {
        return -1;
    }
    io->bundles->cors = &io->cors;
    return 0;
}

static void free_server(struct rookery *io)
{
    peers_destroy(io->peers);
    for (unsigned i = 0; i < io->loop_count; i++) {
        loop_finish(&io->loops[i].loop);
    }
    tls_server_destroy(io->tls);
    web_files_close(io->bundles);
    cors_policy_finish(&io->cors);
    for_each_string(&io->options, free_string);
    free(io->routes);
    free(io->loops);
    free(io);
}

struct rookery *server_create(const struct rookery_options *options, struct bytes *why)
{
    if (!usable(options)) {
        errno = EINVAL;
        return NULL;
    }
    struct rookery *io = xcalloc(1, sizeof *io);
    io->options = *options;
    for_each_string(&io->options, own_string);
    io->loop_count = count_loops(options->loops);
    derive_options(io);
    server_set_cors(io, &options->cors);
    if (init_loops(io) < 0 || server_open_tls(io, why) < 0 || open_bundles(io) < 0 ||
        open_cluster(io, why) < 0) {
        int error = errno;
        free_server(io);
        errno = error;
        return NULL;
    }
    server_open_peers(io);
    add_socketio(io);
    return io;
}

struct rookery *rookery_create(const struct rookery_options *options)
{
    struct bytes why = {0};
    struct rookery *io = server_create(options, &why);

    if (why.len > 0) {
        log_write(LOG_ERROR, "cannot create the server",
                  LOG_FIELDS(LOG_SPAN("why", bytes_span(&why))));
    }
    bytes_finish(&why);
    return io;
}

/* ---- endpoints and routes ---- */

struct ws_conn_options server_ws_options(struct rookery *io, size_t message_bytes_max)
{
    return (struct ws_conn_options){
        .message_bytes_max = (uint32_t)message_bytes_max,
        .deflate_threshold = io->options.deflate.threshold,
        .close_timeout_ms = io->options.close_timeout_ms,
        .connections = &io->connections,
    };
}

void server_add_endpoint(struct rookery *io, const char *path,
                         const struct engine_app *const apps[])
{
    const struct rookery_options *o = &io->options;
    struct server_endpoint *se = xcalloc(1, sizeof *se);

    assert(io->loop_count > 0);
    se->path = copy_string(path);
    se->endpoint.cors = &io->cors;
    se->endpoint.peers = io->peers;
    se->endpoint.handshake_fields = server_answer_fields;
    se->endpoint.fields_arg = io;
    se->endpoint.cookie = cookie_of(&o->cookie);
    se->endpoint.poll.close_timeout_ms = o->close_timeout_ms;
    se->endpoint.poll.compression_threshold = o->compression_threshold;
    se->endpoint.ws = server_ws_options(io, o->payload_bytes_max);
    se->endpoint.ws.deflate = o->deflate.enabled;
    se->endpoint.loop_count = io->loop_count;
    se->endpoint.engines = xcalloc(io->loop_count, sizeof *se->endpoint.engines);
    for (unsigned i = 0; i < io->loop_count; i++) {
        struct loop *loop = &io->loops[i].loop;
        engine_init(&se->endpoint.engines[i], &loop->executor, &io->engine_options, apps[i],
                    &loop->stats);
    }
    endpoint_init(&se->endpoint);
    se->next = io->endpoints;
    io->endpoints = se;
}

void server_add_route(struct rookery *io, const struct http_route *route)
{
    io->routes = xreallocarray(io->routes, io->route_count + 1, sizeof *io->routes);
    io->routes[io->route_count++] = *route;
}

void server_set_last_route(struct rookery *io, const struct http_route *route)
{
    io->last_route = *route;
}

/* Without what an empty segment at the end adds. */
static struct span without_slash(const char *path)
{
    size_t len = strlen(path);
    return span_of(path, len > 0 && path[len - 1] == '/' ? len - 1 : len);
}

static bool is_below(struct span path, struct span folder)
{
    return span_starts(path, folder) && (path.len == folder.len || path.data[folder.len] == '/');
}

const char *server_path_conflict(const struct rookery *io)
{
    struct span own = without_slash(io->options.path);

    for (size_t i = 0; i < io->route_count; i++) {
        const struct http_route *route = &io->routes[i];
        struct span other = without_slash(route->path);
        if (is_below(other, own) || (route->is_prefix && is_below(own, other))) {
            return route->path;
        }
    }
    return NULL;
}

static void add_route(void *server, const struct http_route *route)
{
    server_add_route(server, route);
}

/* Behind the routes of the application; the bundles before the endpoint that they are below of. */
static void add_own_routes(struct rookery *io)
{
    if (io->bundles != NULL) {
        web_files_add_routes(io->bundles, add_route, io);
    }
    for (struct server_endpoint *se = io->endpoints; se != NULL; se = se->next) {
        server_add_route(io, &(struct http_route){
                                 .path = se->path,
                                 .is_prefix = true,
                                 .on_begin = endpoint_begin,
                                 .handler = endpoint_handle,
                                 .on_upgrade = endpoint_upgrade,
                                 .arg = &se->endpoint,
                             });
    }
    if (io->last_route.path != NULL) {
        server_add_route(io, &io->last_route);
    }
}

/* ---- running ---- */

/* 0, or -1 with errno; a socket that nobody accepts on stays with its port. */
static int start_http(struct rookery *io, unsigned i)
{
    struct server_loop *sl = &io->loops[i];

    sl->http = http_server_create(&sl->loop, &io->http_limits, io->routes, io->route_count,
                                  &io->connections);
    http_server_set_cors(sl->http, &io->cors);
    for (struct server_port *p = io->ports; p != NULL; p = p->next) {
        if (http_server_accept_as(sl->http, p->fds[i], &p->as) < 0) {
            return -1;
        }
        p->fds[i] = -1;
    }
    return 0;
}

static void *run_thread(void *arg)
{
    loop_run(&((struct server_loop *)arg)->loop);
    return NULL;
}

int rookery_run(struct rookery *io)
{
    raw_prepare(io);
    add_own_routes(io);
    for (unsigned i = 0; i < io->loop_count; i++) {
        if (start_http(io, i) < 0) {
            return ROOKERY_ESYSTEM;
        }
    }
    if (io->cluster != NULL) {
        cluster_parts_open(io->cluster);
    }
    for (unsigned i = 1; i < io->loop_count; i++) {
        int error = pthread_create(&io->loops[i].thread, NULL, run_thread, &io->loops[i]);
        assert(error == 0);
    }
    loop_run(&io->loops[0].loop);
    for (unsigned i = 1; i < io->loop_count; i++) {
        pthread_join(io->loops[i].thread, NULL);
    }
    return 0;
}

/* ---- taking down ---- */

static void finish_endpoints(struct rookery *io)
{
    struct server_endpoint *next;

    for (struct server_endpoint *se = io->endpoints; se != NULL; se = next) {
        next = se->next;
        for (unsigned i = 0; i < io->loop_count; i++) {
            engine_finish(&se->endpoint.engines[i]);
        }
        free(se->endpoint.engines);
        free(se->path);
        free(se);
    }
}

/* What the drain did not get out is dropped: sessions first, then the connections under them. */
static void drop_connections(struct rookery *io, unsigned i)
{
    struct loop *loop = &io->loops[i].loop;

    for (struct server_endpoint *se = io->endpoints; se != NULL; se = se->next) {
        engine_drop_all(&se->endpoint.engines[i]);
    }
    raw_shutdown(io, i);
    executor_end_turn(&loop->executor);
    ws_conn_abort_closing(loop);
    if (io->loops[i].http != NULL) {
        http_server_destroy(io->loops[i].http);
        io->loops[i].http = NULL;
    }
    executor_end_turn(&loop->executor);
}

/* Until no task is left that one of them has posted to another. */
static void settle_loops(struct rookery *io)
{
    bool again = true;

    while (again) {
        again = false;
        for (unsigned i = 0; i < io->loop_count; i++) {
            again |= loop_settle(&io->loops[i].loop);
        }
    }
}

void server_drop_all(struct rookery *io)
{
    for (unsigned i = 0; i < io->loop_count; i++) {
        drop_connections(io, i);
    }
    settle_loops(io);
    cluster_parts_stop(io->cluster);
    settle_loops(io);
}

void rookery_destroy(struct rookery *io)
{
    if (io == NULL) {
        return;
    }
    server_drop_all(io);
    io_finish(&io->io);
    cluster_parts_destroy(io->cluster);
    finish_endpoints(io);
    raw_finish(io);
    server_close_ports(io);
    free_server(io);
}

/* ---- server.h ---- */

uint64_t server_stat(const struct rookery *io, enum stat_id which)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < io->loop_count; i++) {
        sum += stats_get(&io->loops[i].loop.stats, which);
    }
    return sum;
}

bool server_look_at_recovery(const struct rookery *io, struct keeper_figures *out)
{
    if (io->io.keeper == NULL) {
        return false;
    }
    *out = keeper_figures(io->io.keeper);
    return true;
}

struct stats *server_loop_stats(struct rookery *io, unsigned loop)
{
    return &io->loops[loop].loop.stats;
}

unsigned server_connections(const struct rookery *io)
{
    return atomic_load_explicit(&io->connections, memory_order_relaxed);
}

const struct histogram *server_turns(const struct rookery *io, unsigned loop)
{
    return &io->loops[loop].loop.turns;
}

const struct histogram *server_lags(const struct rookery *io, unsigned loop)
{
    return &io->loops[loop].loop.lags;
}

bool server_stopping(const struct rookery *io)
{
    return atomic_load_explicit(&io->stop_requested, memory_order_relaxed);
}

void server_set_cors(struct rookery *io, const struct rookery_cors *cors)
{
    cors_policy_set(&io->cors, &(struct cors_options){
                                   .origin = cors->origin,
                                   .methods = cors->methods,
                                   .allowed_headers = cors->allowed_headers,
                                   .exposed_headers = cors->exposed_headers,
                                   .credentials = cors->credentials,
                                   .max_age_s = cors->max_age_s,
                               });
}

const struct cors_policy *server_cors(const struct rookery *io)
{
    return &io->cors;
}

struct executor *server_executor(const struct rookery *io, unsigned loop)
{
    return &io->loops[loop].loop.executor;
}
