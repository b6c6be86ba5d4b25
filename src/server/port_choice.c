// SPDX-License-Identifier: MIT
#include "src/server/port_choice.h"

#include "src/server/option_values.h"

enum { PORT_MAX = 65535 };

static bool is(const char *list, const char *word)
{
    return strcmp(list, word) == 0;
}

static bool names(const char *list, unsigned port)
{
    struct span rest = span_cstr(list), item;
    uint64_t number;

    while (value_next_item(&rest, &item)) {
        if (span_to_u64(item, PORT_MAX, &number) == 0 && number == port) {
            return true;
        }
    }
    return false;
}

struct port_choice port_choose(const struct daemon_options *o, unsigned port)
{
    return (struct port_choice){
        .tls = o->tls_certificate != NULL && (is(o->tls_ports, "all") || names(o->tls_ports, port)),
        .proxied = is(o->proxy_protocol, "all") || names(o->proxy_protocol, port),
    };
}

static bool is_one(const struct option_ports *ports, struct span item)
{
    uint64_t number;

    if (span_to_u64(item, PORT_MAX, &number) < 0) {
        return false;
    }
    for (unsigned i = 0; i < ports->count; i++) {
        if (ports->list[i] == number) {
            return true;
        }
    }
    return false;
}

static bool all_are_ports(const struct daemon_options *o, const char *list)
{
    struct span rest = span_cstr(list), item;

    while (value_next_item(&rest, &item)) {
        if (!is_one(&o->ports, item)) {
            return false;
        }
    }
    return true;
}

static bool has_plain_port(const struct daemon_options *o)
{
    for (unsigned i = 0; i < o->ports.count; i++) {
        struct port_choice port = port_choose(o, o->ports.list[i]);
        if (!port.tls && !port.proxied) {
            return true;
        }
    }
    return false;
}

const char *port_contradiction(const struct daemon_options *o)
{
    if (o->tls_certificate == NULL && (o->tls_key != NULL || !is(o->tls_ports, "all"))) {
        return "tls-key and tls-ports need tls-certificate";
    }
    if (!is(o->tls_ports, "all") && !all_are_ports(o, o->tls_ports)) {
        return "tls-ports: all, or some of those that port names";
    }
    if (!is(o->proxy_protocol, "all") && !is(o->proxy_protocol, "none") &&
        !all_are_ports(o, o->proxy_protocol)) {
        return "proxy-protocol: none, all, or some of the ports that port names";
    }
    if (!is(o->proxy_protocol, "none") && o->trusted_proxies == NULL) {
        return "proxy-protocol needs trusted-proxies, which says whose headers count";
    }
    if (o->redis_url != NULL && o->cluster_secret != NULL && !has_plain_port(o)) {
        return "cluster-secret needs one more port without TLS and PROXY headers, where other "
               "servers pass requests on (port, tls-ports, proxy-protocol)";
    }
    return NULL;
}
