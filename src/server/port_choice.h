/* Port choice: how each port is to be served, and whether the options of TLS, PROXY headers and the
 * cluster go together.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_PORT_CHOICE_H
#define SERVER_PORT_CHOICE_H

#include "src/server/options.h"

struct port_choice {
    bool tls;
    bool proxied; /* connections of trusted-proxies begin with a PROXY header */
};

/* port: one of options->ports, as it stands there. */
struct port_choice port_choose(const struct daemon_options *options, unsigned port);

/* NULL, or a line: why these options do not go together. */
const char *port_contradiction(const struct daemon_options *options);

#endif
