/* Site: what the daemon serves over HTTP beside Socket.IO: REST, the pages and what they load,
 * health and metrics.
 *
 *     site_open ──> rookery_run, server_drop_all ──> site_stop ──> stores, rookery_destroy
 *               ──> site_close
 *
 * Threads: all of it while no loop runs, but for site_set_limits. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_SITE_H
#define SERVER_SITE_H

#include "src/auth/auth.h"
#include "src/chat/chat.h"
#include "src/server/options.h"
#include "src/server/server.h"
#include "src/server/vitals.h"
#include "src/web/rest.h"

/* A zeroed one may be stopped and closed. */
struct site {
    struct web_files *page;
    struct web_files *groups; /* what the pages of GROUPS load */
    struct rest *rest;
};

/* Everything is borrowed until site_close. */
struct site_parts {
    const struct daemon_options *options;
    struct rookery *io;
    struct store *store; /* NULL: none */
    struct auth *auth;
    struct chat *chat;
    struct vitals *vitals;
    const char *service_id; /* read when somebody asks, as the next */
    const unsigned *port;   /* the first that is listened on */
};

/* 0, or -1: it is logged what is missing. */
MUST_USE int site_open(struct site *site, const struct site_parts *parts);

/* Takes over what may change while the server runs. From any thread. */
void site_set_limits(struct site *site, const struct daemon_options *v);

/* Nothing is asked of store, auth and chat from here on. */
void site_stop(struct site *site);
void site_close(struct site *site);

#endif
