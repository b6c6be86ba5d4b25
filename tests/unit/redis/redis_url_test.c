// SPDX-License-Identifier: MIT
#include "src/redis/redis_url.h"

#include "tests/support/tap.h"

static struct redis_url url;
static struct bytes why;

static bool parses(const char *text)
{
    bytes_clear(&why);
    redis_url_finish(&url);
    return redis_url_parse(&url, span_cstr(text), &why) == 0;
}

static bool fails(const char *text, const char *reason)
{
    return !parses(text) && span_eq(bytes_span(&why), span_cstr(reason));
}

static bool is_host(size_t i, const char *host, unsigned port)
{
    return i < url.host_count && strcmp(url.hosts[i].host, host) == 0 && url.hosts[i].port == port;
}

static void one_host_is_one_server(void)
{
    check(parses("redis://localhost"));
    check(url.mode == REDIS_SINGLE && !url.tls && url.host_count == 1 && url.database == 0);
    check(is_host(0, "localhost", 6379));
    check(parses("rediss://10.0.0.1:6380/3"));
    check(url.tls && url.database == 3 && is_host(0, "10.0.0.1", 6380));
    check(parses("REDIS://[::1]:7000/") && is_host(0, "::1", 7000));
    check(parses("redis://[::1]") && is_host(0, "::1", 6379));
}

static void several_hosts_are_seeds_of_a_cluster(void)
{
    check(parses("redis://a:1,b,[::2]:3"));
    check(url.mode == REDIS_CLUSTER && url.host_count == 3);
    check(is_host(0, "a", 1) && is_host(1, "b", 6379) && is_host(2, "::2", 3));
    check(parses("redis-cluster://a") && url.mode == REDIS_CLUSTER);
    check(parses("rediss-cluster://a/0") && url.mode == REDIS_CLUSTER && url.tls);
    check(fails("redis://a,b/1", "a cluster has no database but 0"));
}

static void sentinels_name_a_master(void)
{
    check(parses("redis-sentinel://:pw@a,b:1/main/2"));
    check(url.mode == REDIS_SENTINEL && is_host(0, "a", 26379) && is_host(1, "b", 1));
    check(span_eq(bytes_span(&url.master), SPAN("main")) && url.database == 2);
    check(fails("redis-sentinel://a", "no name of a master (redis-sentinel://host:port/master)"));
}

static void credentials_are_decoded(void)
{
    check(parses("redis://us%2Fer:p%40%3a@w/0@host:1/2"));
    check(span_eq(bytes_span(&url.user), SPAN("us/er")));
    check(span_eq(bytes_span(&url.password), SPAN("p@:@w/0")));
    check(is_host(0, "host", 1) && url.database == 2);
    check(parses("redis://:secret@h") && url.user.len == 0);
    check(parses("redis://:@h") && url.password.len == 0);
}

static void what_is_wrong_is_said_without_the_password(void)
{
    check(fails("http://h", "begins with none of redis://, rediss://, redis-sentinel://, "
                            "redis-cluster://"));
    check(fails("redis://", "not host or host:port: \"\""));
    check(fails("redis://a,,b", "not host or host:port: \"\""));
    check(fails("redis://:pw@h:0", "not host or host:port: \"h:0\""));
    check(fails("redis://h:65536", "not host or host:port: \"h:65536\""));
    check(fails("redis://[::1", "not host or host:port: \"[::1\""));
    check(fails("redis://[::1]x", "not host or host:port: \"[::1]x\""));
    check(fails("redis://h/x", "the database is not a number"));
    check(fails("redis://h/65536", "the database is not a number"));
    check(fails("redis://h h", "a space or control character"));
    check(fails("redis://user@h", "a user without a password (user:password@, or :password@)"));
    check(fails("redis://user:@h", "the password is empty"));
    check(fails("redis://:%4@h", "user or password: % not followed by two hexadecimal digits"));
    check(fails("redis://:%00@h", "user or password: % not followed by two hexadecimal digits"));
}

static void hosts_are_bounded(void)
{
    char text[2 * REDIS_HOSTS_MAX + 16] = "redis://a";

    for (int i = 1; i < REDIS_HOSTS_MAX; i++) {
        strcat(text, ",a");
    }
    check(parses(text));
    strcat(text, ",a");
    check(fails(text, "more than 64 hosts"));
}

int main(void)
{
    RUN(one_host_is_one_server);
    RUN(several_hosts_are_seeds_of_a_cluster);
    RUN(sentinels_name_a_master);
    RUN(credentials_are_decoded);
    RUN(what_is_wrong_is_said_without_the_password);
    RUN(hosts_are_bounded);
    redis_url_finish(&url);
    bytes_finish(&why);
    return tap_done();
}
