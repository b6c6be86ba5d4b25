// SPDX-License-Identifier: MIT
#include <event2/dns.h>

#include "src/base/memory.h"
#include "src/net/dialer_internal.h"

/* Outlives a connection that is closed meanwhile: a lookup that is cancelled is still reported. */
struct lookup {
    struct net_dialer *dialer;
    struct dialled *dialled; /* NULL: cancelled */
    struct evdns_getaddrinfo_request *request;
};

static const struct evutil_addrinfo hints = {
    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};

static void on_found(int error, struct evutil_addrinfo *addresses, void *arg)
{
    struct lookup *l = arg;
    struct dialled *d = l->dialled;

    loop_tick(l->dialer->loop);
    l->dialer->lookups--;
    free(l);
    if (d == NULL) {
        if (addresses != NULL) {
            evutil_freeaddrinfo(addresses);
        }
        return;
    }
    d->lookup = NULL;
    if (error != 0 || addresses == NULL) {
        dialled_fail(d, "%s is not known: %s", d->peer.host, evutil_gai_strerror(error));
    } else {
        dialled_found(d, addresses);
    }
}

/* The files are read again whenever no lookup is under way: what they say changes. A machine
 * without name servers still has its hosts. */
static struct evdns_base *resolver(struct net_dialer *n)
{
    if (n->dns != NULL && n->lookups == 0) {
        evdns_base_free(n->dns, 0);
        n->dns = NULL;
    }
    if (n->dns == NULL) {
        n->dns = xnonnull(evdns_base_new(n->loop->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE));
        (void)evdns_base_resolv_conf_parse(n->dns, DNS_OPTIONS_ALL, n->resolv_conf);
    }
    return n->dns;
}

static void look_up_name(struct dialled *d, const char *port)
{
    struct lookup *l = xcalloc(1, sizeof *l);
    struct evdns_base *dns = resolver(d->dialer);

    l->dialer = d->dialer;
    l->dialled = d;
    d->lookup = l;
    d->dialer->lookups++;
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(dns, d->peer.host, port, &hints, on_found, l);
    if (request != NULL) { /* else it has been reported already, and l is gone */
        l->request = request;
    }
}

void dialled_lookup(struct dialled *d)
{
    struct evutil_addrinfo numeric = hints, *addresses = NULL;
    char port[8];

    (void)snprintf(port, sizeof port, "%u", d->peer.port);
    numeric.ai_flags = EVUTIL_AI_NUMERICHOST | EVUTIL_AI_NUMERICSERV;
    if (evutil_getaddrinfo(d->peer.host, port, &numeric, &addresses) == 0) {
        dialled_found(d, addresses);
    } else {
        look_up_name(d, port);
    }
}

void dialled_cancel_lookup(struct dialled *d)
{
    struct lookup *l = d->lookup;

    if (l != NULL) {
        d->lookup = NULL;
        l->dialled = NULL;
        evdns_getaddrinfo_cancel(l->request);
    }
}

/* Those that have been cancelled are reported by the event base. */
void net_dialer_end_lookups(struct net_dialer *n)
{
    if (n->dns != NULL) {
        evdns_base_free(n->dns, 1);
        n->dns = NULL;
    }
    for (unsigned i = 0; n->lookups > 0 && i < 8; i++) {
        (void)event_base_loop(n->loop->base, EVLOOP_NONBLOCK);
    }
}
