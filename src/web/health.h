/* Health: how the server is, for people, containers and balancers.
 *
 *     GET /health/live     200 as long as it answers at all
 *     GET /health/ready    200, or 503 {"status":"not ready","error":"..."} while no new client
 *                          should come here
 *     GET /health          the same in full, in the words of all the servers that clients know:
 *
 *     {"status":"healthy","service":"healthy","database":"connected","redis":"not configured",
 *      "kafka":"not configured","connections":12,"timestamp":"2024-05-01T12:00:00.000Z"}
 *
 * status and service are "unhealthy" when it is not ready, with "error" behind them and 503.
 * While Redis is away status is "degraded": new clients are served, but other servers do not hear
 * them. So it is while the database behind a broker is: what is said is in the broker, and
 * histories wait; and while a database, or a replica of it, takes writes and cannot be read.
 * Without a broker a server that cannot store is not ready, and so is one whose broker is away.
 *
 * All of it goes to pages of other origins too, as the CORS policy says.
 *
 * Threads: set up on one, answers on all. */
// SPDX-License-Identifier: MIT
#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include "src/net/cors.h"
#include "src/net/http.h"
#include "src/web/files.h"

enum web_service { SERVICE_NOT_CONFIGURED, SERVICE_CONNECTED, SERVICE_DISCONNECTED };

struct web_health_report {
    const char *not_ready; /* why; NULL when it is ready */
    enum web_service database, redis, kafka;
    unsigned connections;
};

/* Lives as long as the server that its routes were added to. */
struct web_health {
    const struct cors_policy *cors;              /* NULL: none */
    struct web_health_report (*look)(void *arg); /* from any thread */
    void *arg;
};

void web_health_add_routes(struct web_health *health, web_add_route_fn add, void *server);

/* Appends the JSON of /health. */
void web_health_write(struct bytes *out, const struct web_health_report *report, int64_t wall_ms);

#endif
