/* Options: what one run of the generator does, from the command line.
 *
 *     rookery-load SCENARIO [--name VALUE | --name=VALUE]... [URL]...
 *
 * A scenario is a row of defaults; every option may change one of them. One table in options.c
 * holds name, kind, range and help of each option, and drives parsing and --help. Strings are
 * borrowed from the command line. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_OPTIONS_H
#define TOOLS_LOAD_OPTIONS_H

#include <stdio.h>

#include "tools/load/template.h"

enum { TEMPLATES_MAX = 8, URLS_MAX = 8 };

/* What the scenarios differ in. */
struct scenario {
    const char *name;
    const char *help;
    uint32_t users;
    uint32_t rooms;
    uint32_t in_flight; /* closed loop; 0 with a rate */
    double rate;        /* open loop, messages per second */
    bool joins;         /* users join their room before anything is measured */
    bool sends;         /* messages flow; otherwise coming up (or being up) is what is measured */
    bool acks;          /* every send asks for an acknowledgement */
    bool holds;         /* without sending: measures standing connections, not coming up */
    bool returns;       /* users lose their connections at once and come back: that is measured */
};

/* A server of those that are one cluster. */
struct load_url {
    const char *host;
    uint32_t port;
};

struct load_options {
    const struct scenario *scenario;
    struct template templates[TEMPLATES_MAX]; /* the members of a room take turns with them */
    uint32_t template_count;
    bool rooms_are_hex;             /* one of them needs that */
    struct load_url urls[URLS_MAX]; /* rooms take turns with them, or (spread) their members */
    uint32_t url_count;
    const char *path;      /* of the Engine.IO endpoint, with its slashes */
    const char *transport; /* "websocket" or "polling" */
    uint32_t users;
    uint32_t rooms;
    uint32_t senders; /* per room; 0 all of its members */
    uint32_t in_flight;
    uint32_t parallel; /* connections that are coming up at one time */
    uint32_t cycles;   /* how often all users come up */
    uint32_t stay;     /* users who keep their connections while the others lose theirs */
    uint32_t sources;  /* loopback addresses to connect from; 0 as many as the ports need */
    uint32_t text_bytes;
    uint32_t pid;      /* of the server; 0 unknown */
    uint64_t messages; /* stop after so many; 0 no limit */
    uint64_t seconds_ns;
    uint64_t warmup_ns;
    uint64_t settle_ns;
    uint64_t drain_ns;
    uint64_t away_ns;
    uint64_t connect_timeout_ns;
    double rate;
    bool acks;
    bool no_join;
    bool deflate;
    bool spread;
    bool json;
    bool quiet;
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

/* Fills *o from argv. OPTIONS_BAD: *why says in one line what is wrong (a static buffer of the
 * caller's, why_bytes long). */
enum options_result options_parse(struct load_options *o, int argc, char **argv, char *why,
                                  size_t why_bytes);

void options_help(FILE *out);

#endif
