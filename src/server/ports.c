// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/net/tls.h"
#include "src/server/rookery_internal.h"
#include "src/server/server.h"

/* ---- listening ---- */

static bool possible(const struct rookery *io, unsigned kind)
{
    return (kind & ~(unsigned)(ROOKERY_PORT_TLS | ROOKERY_PORT_PROXIED)) == 0 &&
           ((kind & ROOKERY_PORT_TLS) == 0 || io->tls != NULL) &&
           ((kind & ROOKERY_PORT_PROXIED) == 0 || io->http_limits.trusted_proxies != NULL);
}

/* A listening socket for each loop; or none, with errno. */
static int open_sockets(const struct rookery *io, int *fds, const char *host, unsigned *port)
{
    for (unsigned i = 0; i < io->loop_count; i++) {
        fds[i] = http_listen_socket(host, port);
        if (fds[i] < 0) {
            while (i > 0) {
                close(fds[--i]);
            }
            return -1;
        }
    }
    return 0;
}

/* Other nodes come without TLS and without a PROXY header: to the first port that takes that. */
static void tell_cluster(struct rookery *io, const char *host, unsigned port, unsigned kind)
{
    bool is_first = io->ports->next == NULL;

    if (io->cluster != NULL && (is_first || (kind == 0 && !io->has_plain_port))) {
        cluster_parts_set_port(io->cluster, host, port);
    }
    io->has_plain_port |= kind == 0;
}

int rookery_listen_as(struct rookery *io, const char *host, unsigned port, unsigned kind)
{
    if (!possible(io, kind)) {
        return ROOKERY_EINVAL;
    }
    if (port != 0 && http_port_check(host, port) < 0) {
        return ROOKERY_ESYSTEM;
    }
    struct server_port *p = xcalloc(1, sizeof *p);
    p->fds = xcalloc(io->loop_count, sizeof *p->fds);
    if (open_sockets(io, p->fds, host, &port) < 0) {
        free(p->fds);
        free(p);
        return ROOKERY_ESYSTEM;
    }
    p->as.tls = (kind & ROOKERY_PORT_TLS) != 0 ? io->tls : NULL;
    p->as.proxied = (kind & ROOKERY_PORT_PROXIED) != 0;
    p->next = io->ports;
    io->ports = p;
    tell_cluster(io, host, port, kind);
    return (int)port;
}

int rookery_listen(struct rookery *io, const char *host, unsigned port)
{
    return rookery_listen_as(io, host, port, 0);
}

void server_close_ports(struct rookery *io)
{
    struct server_port *next;

    for (struct server_port *p = io->ports; p != NULL; p = next) {
        next = p->next;
        for (unsigned i = 0; i < io->loop_count; i++) {
            if (p->fds[i] >= 0) {
                close(p->fds[i]);
            }
        }
        free(p->fds);
        free(p);
    }
}

/* ---- TLS ---- */

static struct tls_server *create_tls(const struct rookery_tls *tls, struct bytes *why)
{
    return tls_server_create(tls->certificate, tls->key == NULL ? tls->certificate : tls->key, why);
}

int server_check_tls(const struct rookery_tls *tls, struct bytes *why)
{
    if (tls->certificate == NULL) {
        return 0;
    }
    struct tls_server *t = create_tls(tls, why);
    bool usable = t != NULL;
    tls_server_destroy(t);
    return usable ? 0 : -1;
}

int server_open_tls(struct rookery *io, struct bytes *why)
{
    const struct rookery_tls *tls = &io->options.tls;

    if (tls->certificate == NULL) {
        return 0;
    }
    io->tls = create_tls(tls, why);
    errno = EINVAL;
    return io->tls == NULL ? -1 : 0;
}

int server_reload_tls(struct rookery *io, struct bytes *why)
{
    if (io->tls == NULL) {
        return 0;
    }
    return tls_server_reload(io->tls, why) < 0 ? ROOKERY_EINVAL : 0;
}

int rookery_reload_tls(struct rookery *io)
{
    struct bytes why = {0};
    int error = server_reload_tls(io, &why);

    bytes_finish(&why);
    return error;
}

bool server_look_at_tls(const struct rookery *io, struct server_tls *out)
{
    if (io->tls == NULL) {
        return false;
    }
    out->failed_reloads = tls_server_failed_reloads(io->tls);
    out->expires_s = tls_server_expires_s(io->tls);
    return true;
}
