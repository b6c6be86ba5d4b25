/* Dialer, inside: its connections, for dialer.c (their life), dialer_lookup.c (names) and
 * dialer_tls.c. See dialer.h for the diagram. */
// SPDX-License-Identifier: MIT
#ifndef NET_DIALER_INTERNAL_H
#define NET_DIALER_INTERNAL_H

#include <event2/bufferevent.h>
#include <event2/util.h>

#include "src/base/list.h"
#include "src/base/networks.h"
#include "src/net/dialer.h"

struct evdns_base;

struct net_dialer {
    struct dialer base; /* first */
    struct loop *loop;
    struct list dialled;     /* struct dialled */
    struct evdns_base *dns;  /* NULL until the first name */
    unsigned lookups;        /* under way */
    const char *resolv_conf; /* ours */
};

enum dial_phase { DIAL_LOOKUP, DIAL_CONNECT, DIAL_TLS, DIAL_OPEN, DIAL_LINGER, DIAL_FAILED };

struct lookup;

/* A connection, or what is to become one. */
struct dialled {
    struct list_node node;
    struct net_dialer *dialer;
    struct stream *stream; /* NULL: closed by its owner */
    struct lookup *lookup; /* in DIAL_LOOKUP */
    struct evutil_addrinfo *addresses;
    const struct evutil_addrinfo *next_address;
    struct event connecting;
    int fd;                  /* in DIAL_CONNECT */
    struct bufferevent *bev; /* from DIAL_TLS or DIAL_OPEN on */
    struct bytes out;        /* of this turn */
    struct turn_hook flush;
    struct turn_hook resume; /* hands on what came while it was held */
    struct timer timer;      /* of the attempt, of lingering, or of telling a failure */
    uint64_t deadline_ms;
    struct stream_peer peer; /* strings are ours */
    enum dial_phase phase;
    bool calling; /* a handler is on the stack */
    bool held;
    bool finishing; /* the writing side is closed when all is sent */
    char why[320];
};

/* It is over: on_close follows in a later turn. */
void dialled_fail(struct dialled *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Looks the peer's name up. Ends in dialled_found or dialled_fail, at once or later. */
void dialled_lookup(struct dialled *d);
void dialled_cancel_lookup(struct dialled *d);

/* Takes over the addresses, at least one. */
void dialled_found(struct dialled *d, struct evutil_addrinfo *addresses);

/* Ends lookups that are still under way. */
void net_dialer_end_lookups(struct net_dialer *n);

/* A TLS client on d->fd; NULL with the failure told. */
struct bufferevent *dialled_start_tls(struct dialled *d);

/* The handshake, or the connection behind it, has failed. */
void dialled_tls_failed(struct dialled *d);

/* Says goodbye; with both, for both sides. Harmless without TLS. */
void dialled_end_tls(struct dialled *d, bool both);

#endif
