// SPDX-License-Identifier: MIT
#include "src/server/port_choice.h"

#include "tests/support/tap.h"
#include "tests/unit/server/command_line.h"

static struct options options;

/* As on a command line; the options live until the next. */
static void give(const char *const words[COMMAND_LINE_WORDS_MAX])
{
    options_finish(&options);
    command_line_read(&options, words, COMMAND_LINE_WORDS_MAX);
}

#define GIVE(...) give((const char *const[COMMAND_LINE_WORDS_MAX]){__VA_ARGS__})

static bool is_tls(unsigned port)
{
    return port_choose(&options.values, port).tls;
}

static bool is_proxied(unsigned port)
{
    return port_choose(&options.values, port).proxied;
}

static bool complains(const char *what)
{
    const char *why = port_contradiction(&options.values);

    return why != NULL && strstr(why, what) != NULL;
}

static void with_a_certificate_all_ports_are_https(void)
{
    GIVE("--port=3000,3001");
    check(!is_tls(3000) && !is_tls(3001) && port_contradiction(&options.values) == NULL);
    GIVE("--port=3000,3001", "--tls-certificate=c");
    check(is_tls(3000) && is_tls(3001) && port_contradiction(&options.values) == NULL);
}

static void or_those_that_are_named(void)
{
    GIVE("--port=3000,3001,3002", "--tls-certificate=c", "--tls-ports=3002, 3000");
    check(is_tls(3000) && !is_tls(3001) && is_tls(3002));
    check(port_contradiction(&options.values) == NULL);
    GIVE("--port=3000", "--tls-certificate=c", "--tls-ports=3001");
    check(complains("tls-ports: all, or some"));
    GIVE("--port=3000", "--tls-certificate=c", "--tls-ports=3000,all");
    check(complains("tls-ports: all, or some"));
}

static void tls_needs_a_certificate(void)
{
    GIVE("--tls-key=k");
    check(complains("need tls-certificate"));
    GIVE("--tls-ports=3000");
    check(complains("need tls-certificate"));
}

static void proxied_ports_need_to_know_the_proxies(void)
{
    GIVE("--port=3000,3001", "--trusted-proxies=10.0.0.0/8");
    check(!is_proxied(3000) && port_contradiction(&options.values) == NULL);
    GIVE("--port=3000,3001", "--trusted-proxies=10.0.0.0/8", "--proxy-protocol=all");
    check(is_proxied(3000) && is_proxied(3001) && port_contradiction(&options.values) == NULL);
    GIVE("--port=3000,3001", "--trusted-proxies=10.0.0.0/8", "--proxy-protocol=3001");
    check(!is_proxied(3000) && is_proxied(3001) && port_contradiction(&options.values) == NULL);
    GIVE("--port=3000", "--proxy-protocol=all");
    check(complains("needs trusted-proxies"));
    GIVE("--port=3000", "--trusted-proxies=::1", "--proxy-protocol=yes");
    check(complains("proxy-protocol: none, all, or some"));
}

static void nodes_that_pass_on_need_a_port_for_that(void)
{
    GIVE("--port=443", "--tls-certificate=c", "--redis-url=redis://r");
    check(port_contradiction(&options.values) == NULL);
    GIVE("--port=443", "--tls-certificate=c", "--redis-url=redis://r", "--cluster-secret=s");
    check(complains("cluster-secret needs one more port"));
    GIVE("--port=443,3000", "--tls-certificate=c", "--redis-url=redis://r", "--cluster-secret=s",
         "--trusted-proxies=::1", "--proxy-protocol=3000", "--tls-ports=443");
    check(complains("cluster-secret needs one more port"));
    GIVE("--port=443,3000", "--tls-certificate=c", "--redis-url=redis://r", "--cluster-secret=s",
         "--tls-ports=443");
    check(port_contradiction(&options.values) == NULL);
}

int main(void)
{
    RUN(with_a_certificate_all_ports_are_https);
    RUN(or_those_that_are_named);
    RUN(tls_needs_a_certificate);
    RUN(proxied_ports_need_to_know_the_proxies);
    RUN(nodes_that_pass_on_need_a_port_for_that);
    options_finish(&options);
    return tap_done();
}
