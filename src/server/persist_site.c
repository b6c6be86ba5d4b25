// SPDX-License-Identifier: MIT
#include "src/server/persist_site.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/net/loop.h"

enum { ROUTES_MAX = 4, CONNECTIONS_MAX = 64 };

static const struct http_limits limits = {
    .head_bytes_max = 16384,
    .body_bytes_max = 1024,
    .handshakes_max = CONNECTIONS_MAX,
    .connections_max = CONNECTIONS_MAX,
    .request_timeout_ms = 10000,
    .idle_timeout_ms = 60000,
};

struct persist_site {
    struct loop loop;
    struct http_server *http;
    struct http_route routes[ROUTES_MAX];
    size_t route_count;
    _Atomic unsigned connections;
    struct web_health health;
    struct web_metrics metrics;
    const struct vitals *vitals;
    bool has_kafka;
    pthread_t thread;
};

static struct web_health_report look(void *arg)
{
    const struct persist_site *s = arg;
    struct web_health_report report = {.database = SERVICE_CONNECTED};
    struct persister_figures f;

    persister_figures(s->vitals->persister, &f);
    if (s->has_kafka) {
        report.kafka = f.feed.is_up ? SERVICE_CONNECTED : SERVICE_DISCONNECTED;
    }
    vitals_judge(&report, f.feed.is_up, &f);
    return report;
}

static void write_metrics(struct bytes *out, void *arg)
{
    const struct persist_site *s = arg;

    vitals_write_storage(out, s->vitals);
}

static void add_route(void *site, const struct http_route *route)
{
    struct persist_site *s = site;

    s->routes[s->route_count++] = *route;
}

static void set_up_routes(struct persist_site *s)
{
    s->health = (struct web_health){.look = look, .arg = s};
    s->metrics = (struct web_metrics){.write = write_metrics, .arg = s};
    const struct http_route metrics = web_metrics_route(&s->metrics);
    web_health_add_routes(&s->health, add_route, s);
    add_route(s, &metrics);
}

static void *run(void *loop)
{
    loop_run(loop);
    return NULL;
}

/* Without the thread. */
static void end(struct persist_site *s)
{
    int error = errno;

    executor_end_turn(&s->loop.executor);
    http_server_destroy(s->http);
    (void)loop_settle(&s->loop);
    loop_finish(&s->loop);
    free(s);
    errno = error;
}

static int start(struct persist_site *s, int fd)
{
    if (http_server_accept(s->http, fd) < 0) {
        (void)close(fd);
        return -1;
    }
    errno = pthread_create(&s->thread, NULL, run, &s->loop);
    return errno == 0 ? 0 : -1;
}

struct persist_site *persist_site_open(const char *host, unsigned port, const struct vitals *vitals,
                                       bool has_kafka)
{
    int fd = http_port_check(host, port) < 0 ? -1 : http_listen_socket(host, &port);
    if (fd < 0) {
        return NULL;
    }
    struct persist_site *s = xcalloc(1, sizeof *s);
    s->vitals = vitals;
    s->has_kafka = has_kafka;
    set_up_routes(s);
    if (loop_init(&s->loop, 0) < 0) {
        (void)close(fd);
        free(s);
        return NULL;
    }
    s->http = http_server_create(&s->loop, &limits, s->routes, s->route_count, &s->connections);
    if (start(s, fd) < 0) {
        end(s);
        return NULL;
    }
    return s;
}

void persist_site_close(struct persist_site *site)
{
    if (site != NULL) {
        loop_stop(&site->loop);
        (void)pthread_join(site->thread, NULL);
        end(site);
    }
}
