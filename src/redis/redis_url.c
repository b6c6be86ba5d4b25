// SPDX-License-Identifier: MIT
#include "src/redis/redis_url.h"

#include <stdlib.h>

#include "src/base/memory.h"

enum { PORT_DEFAULT = 6379, SENTINEL_PORT_DEFAULT = 26379 };

bool redis_address_eq(const struct redis_address *a, const struct redis_address *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

int redis_address_set(struct redis_address *a, struct span host, uint64_t port)
{
    if (host.len == 0 || host.len > REDIS_HOST_BYTES_MAX || port == 0 || port > 65535 ||
        memchr(host.data, 0, host.len) != NULL) {
        return -1;
    }
    memcpy(a->host, host.data, host.len);
    a->host[host.len] = '\0';
    a->port = (unsigned)port;
    return 0;
}

static int fail(struct bytes *why, const char *what)
{
    bytes_add_cstr(why, what);
    return -1;
}

/* Takes what comes before the first c off *rest, and c with it. False if there is no c: then head
 * is all of it, and nothing remains. */
static bool cut(struct span *rest, uint8_t c, struct span *head)
{
    const uint8_t *at = rest->len == 0 ? NULL : memchr(rest->data, c, rest->len);

    *head = *rest;
    if (at == NULL) {
        *rest = span_skip(*rest, rest->len);
        return false;
    }
    head->len = (size_t)(at - rest->data);
    *rest = span_skip(*rest, head->len + 1);
    return true;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode_percent(struct span text, struct bytes *out, struct bytes *why)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return fail(why, "user or password: % not followed by two hexadecimal digits");
            }
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        bytes_add_byte(out, c);
    }
    return 0;
}

struct scheme {
    const char *prefix;
    enum redis_mode mode;
    bool tls;
};

static int parse_scheme(struct redis_url *url, struct span *rest, struct bytes *why)
{
    static const struct scheme schemes[] = {
        {"redis://", REDIS_SINGLE, false},
        {"rediss://", REDIS_SINGLE, true},
        {"redis-cluster://", REDIS_CLUSTER, false},
        {"rediss-cluster://", REDIS_CLUSTER, true},
        {"redis-sentinel://", REDIS_SENTINEL, false},
        {"rediss-sentinel://", REDIS_SENTINEL, true},
    };

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct span prefix = span_cstr(schemes[i].prefix);
        if (rest->len >= prefix.len && span_eq_nocase(span_of(rest->data, prefix.len), prefix)) {
            url->mode = schemes[i].mode;
            url->tls = schemes[i].tls;
            *rest = span_skip(*rest, prefix.len);
            return 0;
        }
    }
    return fail(why, "begins with none of redis://, rediss://, redis-sentinel://, "
                     "redis-cluster://");
}

/* The credentials end at the last @ ahead of the path: passwords with an @ are often left as they
 * are. */
static int parse_credentials(struct redis_url *url, struct span *rest, struct bytes *why)
{
    struct span user, password;
    size_t at = rest->len;

    while (at > 0 && rest->data[at - 1] != '@') {
        at--;
    }
    if (at == 0) {
        return 0;
    }
    password = span_of(rest->data, at - 1);
    *rest = span_skip(*rest, at);
    if (!cut(&password, ':', &user)) {
        return fail(why, "a user without a password (user:password@, or :password@)");
    }
    if (decode_percent(user, &url->user, why) != 0 ||
        decode_percent(password, &url->password, why) != 0) {
        return -1;
    }
    return url->password.len == 0 && url->user.len != 0 ? fail(why, "the password is empty") : 0;
}

/* host, host:port, [::1], [::1]:port */
static int parse_host(struct span text, unsigned port_default, struct redis_address *a)
{
    struct span host, port = {0};
    uint64_t number = port_default;
    bool bracketed = span_starts(text, SPAN("["));
    bool has_port;

    if (bracketed) {
        text = span_skip(text, 1);
        if (!cut(&text, ']', &host) || (text.len != 0 && text.data[0] != ':')) {
            return -1;
        }
        has_port = text.len != 0;
        port = has_port ? span_skip(text, 1) : port;
    } else {
        has_port = cut(&text, ':', &host);
        port = text;
    }
    if (has_port && span_to_u64(port, 65535, &number) != 0) {
        return -1;
    }
    return redis_address_set(a, host, number);
}

static int parse_hosts(struct redis_url *url, struct span text, struct bytes *why)
{
    unsigned port = url->mode == REDIS_SENTINEL ? SENTINEL_PORT_DEFAULT : PORT_DEFAULT;
    struct span host;
    bool more;

    do {
        more = cut(&text, ',', &host);
        if (url->host_count == REDIS_HOSTS_MAX) {
            return fail(why, "more than 64 hosts");
        }
        url->hosts = xreallocarray(url->hosts, url->host_count + 1, sizeof *url->hosts);
        if (parse_host(host, port, &url->hosts[url->host_count]) != 0) {
            bytes_add_cstr(why, "not host or host:port: \"");
            bytes_add_span(why, host);
            return fail(why, "\"");
        }
        url->host_count++;
    } while (more);
    if (url->host_count > 1 && url->mode == REDIS_SINGLE) {
        url->mode = REDIS_CLUSTER;
    }
    return 0;
}

static int parse_path(struct redis_url *url, struct span path, struct bytes *why)
{
    uint64_t database = 0;

    if (url->mode == REDIS_SENTINEL) {
        struct span master;
        (void)cut(&path, '/', &master);
        if (master.len == 0) {
            return fail(why, "no name of a master (redis-sentinel://host:port/master)");
        }
        bytes_add_span(&url->master, master);
    }
    if (path.len != 0 && span_to_u64(path, REDIS_DATABASE_MAX, &database) != 0) {
        return fail(why, "the database is not a number");
    }
    if (url->mode == REDIS_CLUSTER && database != 0) {
        return fail(why, "a cluster has no database but 0");
    }
    url->database = (unsigned)database;
    return 0;
}

static int parse(struct redis_url *url, struct span rest, struct bytes *why)
{
    struct span authority;
    size_t path = 0;

    if (parse_scheme(url, &rest, why) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.data[i] <= ' ' || rest.data[i] == 0x7f) {
            return fail(why, "a space or control character");
        }
        path = rest.data[i] == '@' ? i : path; /* a slash may be in the password */
    }
    while (path < rest.len && rest.data[path] != '/') {
        path++;
    }
    authority = span_of(rest.data, path);
    rest = span_skip(rest, path < rest.len ? path + 1 : path);
    if (parse_credentials(url, &authority, why) != 0 || parse_hosts(url, authority, why) != 0) {
        return -1;
    }
    return parse_path(url, rest, why);
}

int redis_url_parse(struct redis_url *url, struct span text, struct bytes *why)
{
    *url = (struct redis_url){0};
    if (parse(url, text, why) != 0) {
        redis_url_finish(url);
        return -1;
    }
    return 0;
}

void redis_url_finish(struct redis_url *url)
{
    free(url->hosts);
    bytes_finish(&url->user);
    bytes_finish(&url->password);
    bytes_finish(&url->master);
    *url = (struct redis_url){0};
}
