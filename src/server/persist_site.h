/* Persist site: how `rookery persist` is, for people, containers and Prometheus: /health and
 * /metrics (web/health.h, web/metrics.h) on one port, on a loop and a thread of its own.
 *
 *     storage_begin ──> persist_site_open ──> persist_site_close ──> storage_close
 *
 * Threads: opened and closed on one. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_PERSIST_SITE_H
#define SERVER_PERSIST_SITE_H

#include "src/server/vitals.h"

struct persist_site;

/* Listens on the port, and tells of the persister of vitals, which are borrowed. has_kafka: that is
 * what it reads. NULL with errno: it cannot listen. */
struct persist_site *persist_site_open(const char *host, unsigned port, const struct vitals *vitals,
                                       bool has_kafka);

/* NULL is harmless. */
void persist_site_close(struct persist_site *site);

#endif
