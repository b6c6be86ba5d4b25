/* Options of the daemon: one table from which the command line, the environment and --help come.
 *
 * `--name value` or `--name=value`; the command line wins over the environment, that over the
 * default. Nothing is allocated: texts are those of argv and environ.
 * Threads: any; getenv must not race with setenv. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/bytes.h"

struct daemon_options {
    unsigned port;
    unsigned loops; /* 0: one per core */
    const char *host;
    const char *data_dir;
    const char *journal;    /* "direct" or "none" */
    const char *web_dir;    /* NULL: where the page was built or installed */
    const char *client_dir; /* likewise for the bundles of socket.io-client */
};

enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_HELP,    /* --help is there: show it and leave */
    OPTIONS_VERSION, /* --version is there */
    OPTIONS_WRONG,   /* *why says what, in one line without its end */
};

/* environment(name): as getenv. */
enum options_outcome options_read(struct daemon_options *options, int argc, char *const argv[],
                                  char *(*environment)(const char *name), struct bytes *why);

/* Appends the text of --help. */
void options_help(struct bytes *out);

#endif
