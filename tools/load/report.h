/* Report: the result of a run, for people and for programs. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_REPORT_H
#define TOOLS_LOAD_REPORT_H

#include <stdio.h>

#include "tools/load/run.h"

/* One line of JSON, newline included:
 *
 *   scenario, transport, template, users, rooms, in_flight, rate, text_bytes   what was run
 *   seconds, interrupted, clean            what was measured, and whether all went well
 *   joined, standing, lost_connections {}  connections that came up, are up, and why not
 *   count {}                               messages, over the whole run: see struct traffic_count
 *   per_s {}                               messages, deliveries, acks, joins: over `seconds`
 *   latency_ms {delivery, ack, join {}}    p50 p90 p99 p999 max count
 *   server {}, generator {}                CPU over `seconds`; memory; null without --pid
 *   softirq_s                              of the machine, charged to nobody */
void report_json(const struct run *r, FILE *out);

void report_text(const struct run *r, FILE *out);

#endif
