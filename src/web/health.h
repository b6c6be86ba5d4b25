/* Health: GET /health answers 200 and, as JSON,
 *
 *     {"status":"healthy","service":"healthy","connections":12,"timestamp":"2024-05-01T12:00:00.000Z"}
 *
 * Threads: set up on one, answers on all. */
// SPDX-License-Identifier: MIT
#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include "src/net/http.h"

/* Lives as long as the server that its route was added to. */
struct web_health {
    unsigned (*connections)(void *server); /* from any thread */
    void *server;
};

/* The route; its arg is health. */
struct http_route web_health_route(struct web_health *health);

/* Appends that JSON. */
void web_health_write(struct bytes *out, unsigned connections, int64_t wall_ms);

#endif
