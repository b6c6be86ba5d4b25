/* Redis URLs: where a Redis is and as whom one goes there.
 *
 *   redis://[[user]:password@]host[:port][/database]     one server; rediss:// with TLS
 *   redis://...host[:port],host[:port]                   several hosts: seeds of a cluster
 *   redis-cluster://...host[:port]                       a cluster, even with one seed
 *   redis-sentinel://...host[:port],.../master[/database]
 *
 * rediss-cluster:// and rediss-sentinel:// are the last two with TLS. Ports default to 6379, of
 * Sentinels to 26379; hosts of several colons are written in brackets. User and password are
 * percent-decoded; user and password are those of Redis, Sentinels are asked without. Pure. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_URL_H
#define REDIS_REDIS_URL_H

#include "protocol/bytes.h"

enum { REDIS_HOSTS_MAX = 64, REDIS_HOST_BYTES_MAX = 255, REDIS_DATABASE_MAX = 65535 };

struct redis_address {
    char host[REDIS_HOST_BYTES_MAX + 1];
    unsigned port;
};

bool redis_address_eq(const struct redis_address *a, const struct redis_address *b);

/* host may not be empty, nor hold a NUL. Returns 0, or -1 and leaves *a undefined. */
MUST_USE int redis_address_set(struct redis_address *a, struct span host, uint64_t port);

enum redis_mode { REDIS_SINGLE, REDIS_CLUSTER, REDIS_SENTINEL };

struct redis_url {
    enum redis_mode mode;
    bool tls;
    struct redis_address *hosts;
    size_t host_count;           /* 1 to REDIS_HOSTS_MAX */
    struct bytes user, password; /* empty: none */
    struct bytes master;         /* of REDIS_SENTINEL: its name there */
    unsigned database;
};

/* Returns 0, or -1 and appends to *why what is wrong, without the password; then there is nothing
 * to finish. */
MUST_USE int redis_url_parse(struct redis_url *url, struct span text, struct bytes *why);

void redis_url_finish(struct redis_url *url);

#endif
