// SPDX-License-Identifier: MIT
#include "src/server/own_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

union any_address {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

static void add_host_port(struct bytes *out, const char *host, unsigned port)
{
    bool is_v6 = strchr(host, ':') != NULL;

    bytes_add_cstr(out, is_v6 ? "[" : "");
    bytes_add_cstr(out, host);
    bytes_add_cstr(out, is_v6 ? "]:" : ":");
    bytes_add_u64(out, port);
}

static bool write_address(const struct sockaddr *sa, char text[INET6_ADDRSTRLEN])
{
    const union any_address *a = (const union any_address *)(const void *)sa;
    const void *raw =
        sa->sa_family == AF_INET6 ? (const void *)&a->in6.sin6_addr : (const void *)&a->in.sin_addr;

    return inet_ntop(sa->sa_family, raw, text, INET6_ADDRSTRLEN) != NULL;
}

static socklen_t read_address(const char *text, union any_address *out)
{
    const char *host = strcmp(text, "localhost") == 0 ? "127.0.0.1" : text;

    *out = (union any_address){0};
    if (inet_pton(AF_INET, host, &out->in.sin_addr) == 1) {
        out->in.sin_family = AF_INET;
        out->in.sin_port = htons(1);
        return sizeof out->in;
    }
    if (inet_pton(AF_INET6, host, &out->in6.sin6_addr) == 1) {
        out->in6.sin6_family = AF_INET6;
        out->in6.sin6_port = htons(1);
        return sizeof out->in6;
    }
    return 0;
}

/* A datagram socket that is connected knows its own end, and has sent nothing. */
static bool find_way(const char *peer, char text[INET6_ADDRSTRLEN])
{
    union any_address to, own = {0};
    socklen_t len = read_address(peer, &to), own_len = sizeof own;
    int fd = len == 0 ? -1 : socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool found = fd >= 0 && connect(fd, &to.sa, len) == 0 &&
                 getsockname(fd, &own.sa, &own_len) == 0 && write_address(&own.sa, text);

    if (fd >= 0) {
        (void)close(fd);
    }
    return found;
}

/* The first IPv4 address that others may know. */
static bool find_any(char text[INET6_ADDRSTRLEN])
{
    struct ifaddrs *all = NULL;
    bool found = false;

    if (getifaddrs(&all) < 0) {
        return false;
    }
    for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next) {
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
            (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_LOOPBACK) == 0) {
            found = write_address(i->ifa_addr, text);
        }
    }
    freeifaddrs(all);
    return found;
}

void own_address_find(struct bytes *out, const char *listens_on, unsigned port, const char *peer)
{
    bool everywhere = strcmp(listens_on, "0.0.0.0") == 0 || strcmp(listens_on, "::") == 0;
    char text[INET6_ADDRSTRLEN];

    if (!everywhere) {
        add_host_port(out, listens_on, port);
    } else if (find_way(peer, text) || find_any(text)) {
        add_host_port(out, text, port);
    } else {
        add_host_port(out, "127.0.0.1", port);
    }
}
