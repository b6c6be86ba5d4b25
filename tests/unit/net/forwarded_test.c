// SPDX-License-Identifier: MIT
#include "src/net/forwarded.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "tests/support/tap.h"

static const char proxies[] = "10.0.0.0/8,::1";

static struct sockaddr_in6 peer_of(const char *text)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&v6, &v4, sizeof v4);
    } else {
        check(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
    }
    return v6;
}

/* fields: whole lines of a head. */
static bool is_from(const char *trusted, const char *peer, const char *fields, const char *want)
{
    static const struct http_head_limits limits = {8192, 1024, HTTP_HEADERS_MAX};
    struct networks networks;
    struct http_head head;
    const struct sockaddr_in6 address = peer_of(peer);
    char text[1024], out[ADDRESS_TEXT_BYTES];
    int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);

    check(http_head_parse((const uint8_t *)text, (size_t)n, 0, &limits, &head) == n);
    check(trusted == NULL || networks_read(span_cstr(trusted), &networks) == 0);
    forwarded_address(trusted == NULL ? NULL : &networks,
                      (const struct sockaddr *)(const void *)&address, &head, out);
    if (strcmp(out, want) != 0) {
        printf("# %s: wanted %s, got %s\n", fields, want, out);
    }
    return strcmp(out, want) == 0;
}

static void nobody_is_believed_but_trusted_proxies(void)
{
    static const char fields[] = "X-Forwarded-For: 1.1.1.1\r\nX-Real-IP: 1.1.1.1\r\n";

    check(is_from(NULL, "10.0.0.1", fields, "10.0.0.1"));
    check(is_from(proxies, "203.0.113.9", fields, "203.0.113.9"));
    check(is_from(proxies, "10.0.0.1", fields, "1.1.1.1"));
    check(is_from(proxies, "::1", fields, "1.1.1.1"));
    check(is_from(proxies, "::ffff:10.0.0.1", fields, "1.1.1.1"));
}

static void the_last_address_that_is_no_proxy_counts(void)
{
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: 6.6.6.6, 1.1.1.1\r\n", "1.1.1.1"));
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: 6.6.6.6,1.1.1.1 ,\t10.0.0.7\r\n",
                  "1.1.1.1"));
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: 10.0.0.9, 10.0.0.7\r\n", "10.0.0.9"));
}

static void a_proxy_may_add_a_field_of_its_own(void)
{
    check(is_from(proxies, "10.0.0.1",
                  "X-Forwarded-For: 6.6.6.6\r\nA: b\r\nx-forwarded-for: 1.1.1.1\r\n", "1.1.1.1"));
    check(is_from(proxies, "10.0.0.1",
                  "X-Forwarded-For: 6.6.6.6, 1.1.1.1\r\nX-Forwarded-For: 10.0.0.7\r\n", "1.1.1.1"));
}

static void what_is_no_address_ends_the_search(void)
{
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: unknown\r\n", "10.0.0.1"));
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: 6.6.6.6, ?, 10.0.0.7\r\n", "10.0.0.7"));
    check(is_from(proxies, "10.0.0.1",
                  "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For:\r\nX-Real-IP: 6.6.6.6\r\n",
                  "10.0.0.1"));
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: 1.1.1.1,\r\n", "10.0.0.1"));
}

static void ports_do_not_matter(void)
{
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: 1.1.1.1:5000\r\n", "1.1.1.1"));
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: [2001:db8::1]:5000\r\n", "2001:db8::1"));
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"));
    check(
        is_from(proxies, "10.0.0.1", "X-Forwarded-For: 64:ff9b::1.2.3.4\r\n", "64:ff9b::102:304"));
    check(is_from(proxies, "10.0.0.1", "X-Forwarded-For: [::1\r\n", "::1"));
}

static void without_it_x_real_ip_is_taken(void)
{
    check(is_from(proxies, "10.0.0.1", "X-Real-IP: 1.1.1.1\r\n", "1.1.1.1"));
    check(is_from(proxies, "10.0.0.1", "X-Real-IP: me\r\n", "10.0.0.1"));
    check(is_from(proxies, "10.0.0.1", "", "10.0.0.1"));
}

static bool is_secure(const char *trusted, const char *peer, const char *fields, bool own)
{
    static const struct http_head_limits limits = {8192, 1024, HTTP_HEADERS_MAX};
    struct networks networks;
    struct http_head head;
    const struct sockaddr_in6 address = peer_of(peer);
    char text[1024];
    int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);

    check(http_head_parse((const uint8_t *)text, (size_t)n, 0, &limits, &head) == n);
    check(trusted == NULL || networks_read(span_cstr(trusted), &networks) == 0);
    return forwarded_secure(trusted == NULL ? NULL : &networks,
                            (const struct sockaddr *)(const void *)&address, &head, own);
}

static void a_trusted_proxy_says_whether_the_client_came_over_tls(void)
{
    check(is_secure(proxies, "10.0.0.1", "X-Forwarded-Proto: https\r\n", false));
    check(is_secure(proxies, "10.0.0.1", "x-forwarded-proto:  WSS \r\n", false));
    check(is_secure(proxies, "10.0.0.1", "X-Forwarded-Proto: https, http\r\n", false));
    check(!is_secure(proxies, "10.0.0.1", "X-Forwarded-Proto: http\r\n", true));
    check(!is_secure(proxies, "10.0.0.1", "X-Forwarded-Proto: ,https\r\n", false));
}

static void without_its_word_it_is_as_it_came_to_us(void)
{
    check(!is_secure(NULL, "10.0.0.1", "X-Forwarded-Proto: https\r\n", false));
    check(!is_secure(proxies, "203.0.113.9", "X-Forwarded-Proto: https\r\n", false));
    check(is_secure(proxies, "203.0.113.9", "X-Forwarded-Proto: http\r\n", true));
    check(is_secure(proxies, "10.0.0.1", "", true));
    check(!is_secure(proxies, "10.0.0.1", "", false));
}

int main(void)
{
    RUN(nobody_is_believed_but_trusted_proxies);
    RUN(the_last_address_that_is_no_proxy_counts);
    RUN(a_proxy_may_add_a_field_of_its_own);
    RUN(what_is_no_address_ends_the_search);
    RUN(ports_do_not_matter);
    RUN(without_it_x_real_ip_is_taken);
    RUN(a_trusted_proxy_says_whether_the_client_came_over_tls);
    RUN(without_its_word_it_is_as_it_came_to_us);
    return tap_done();
}
