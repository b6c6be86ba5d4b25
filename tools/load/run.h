/* Run: the phases of one measurement, from no connection to a result.
 *
 *     RAMP ──> SETTLE ──> WARMUP ──> MEASURE ──> DRAIN ──> DONE
 *      │  (connect, storm: RAMP is what is measured)        ^
 *      └────────────────────────────────────────────────────┘
 *     return: SETTLE ──> AWAY ──> RETURN ──> MEASURE ──> ..., measured from the beginning of AWAY
 *
 *   RAMP     users come up, at most `parallel` at one time, as often as `cycles` says
 *   SETTLE   nothing, so that what joining left behind is over; memory is read at its end
 *   WARMUP   traffic, not measured
 *   MEASURE  traffic (idle: none), measured; CPU is read at both ends
 *   DRAIN    no new messages; until all that is under way has come, at most drain_ns
 *
 * Everything is bounded in time; run_interrupt() ends sending early and keeps the result. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_RUN_H
#define TOOLS_LOAD_RUN_H

#include "tools/load/proc.h"
#include "tools/load/traffic.h"

enum run_phase {
    RUN_RAMP,
    RUN_SETTLE,
    RUN_AWAY,
    RUN_RETURN,
    RUN_WARMUP,
    RUN_MEASURE,
    RUN_DRAIN,
    RUN_DONE
};

/* What is read at both ends of what is measured. */
struct run_reading {
    uint64_t at_ns;
    struct proc_cpu server;
    uint64_t generator_ns;
    uint64_t softirq_ns;
    uint64_t delivered;
    uint64_t acked;
    uint64_t sent;
    uint64_t joined;
    uint64_t notices;
};

struct run {
    const struct load_options *options;
    const struct load_url *url; /* that run_init has looked up last */
    struct swarm swarm;
    struct traffic traffic;
    struct client *clients;
    enum run_phase phase;
    uint64_t phase_since_ns;
    uint64_t next_sweep_ns; /* for connections that do not come up */
    uint32_t started;       /* users of this cycle */
    uint32_t coming_up;
    uint32_t standing; /* joined now */
    uint32_t cycles_left;
    uint64_t joined; /* in all cycles */
    uint64_t losses[CLIENT_LOSSES];
    struct histogram join_ns;
    struct run_reading from;
    struct run_reading to;
    struct proc_memory memory_before;
    struct proc_memory memory_joined;
    struct proc_memory memory_end;
    bool interrupted;
    bool server_known; /* its CPU and memory could be read */
};

/* Reads the server's memory and prepares everything; 0, or -1 with errno (no epoll set, no such
 * address: then errno is 0). */
MUST_USE int run_init(struct run *r, const struct load_options *options);
void run_finish(struct run *r);

/* One turn: handles what came, moves the phases, sends what is due. Waits at most wait_ns. */
void run_turn(struct run *r, uint64_t wait_ns);
void run_interrupt(struct run *r);

/* How far it has come, 0 .. 1, for the progress bar. */
double run_progress(const struct run *r);

/* Seconds that the rates of the result are over. */
double run_measured_s(const struct run *r);

/* True when nothing went wrong: every message once and in order, no connection lost or refused. */
bool run_is_clean(const struct run *r);

#endif
