// SPDX-License-Identifier: MIT
#include "src/base/networks.h"

#include "tests/support/tap.h"

static bool are_in(const char *list, const char *address)
{
    struct networks networks;
    struct address a;

    check(networks_read(span_cstr(list), &networks) == 0);
    check(address_read(span_cstr(address), &a));
    return networks_have(&networks, &a);
}

static void networks_hold_what_their_bits_say(void)
{
    check(are_in("127.0.0.1", "127.0.0.1") && !are_in("127.0.0.1", "127.0.0.2"));
    check(are_in("10.0.0.0/8", "10.255.1.2") && !are_in("10.0.0.0/8", "11.0.0.0"));
    check(are_in("192.168.4.0/22", "192.168.7.9") && !are_in("192.168.4.0/22", "192.168.8.0"));
    check(are_in("fd00::/8", "fdff::1") && !are_in("fd00::/8", "fe00::1"));
    check(are_in("::1", "::1") && !are_in("::1", "::2") && !are_in("::1", "127.0.0.1"));
    check(are_in("0.0.0.0/0", "203.0.113.9") && !are_in("0.0.0.0/0", "2001:db8::1"));
    check(are_in("::/0", "203.0.113.9") && are_in("::/0", "2001:db8::1"));
    check(are_in("10.0.0.0/8 , ::1, 127.0.0.1", "127.0.0.1"));
}

static void an_address_of_ipv4_is_its_mapped_one(void)
{
    struct address a;
    char text[ADDRESS_TEXT_BYTES];

    check(are_in("127.0.0.0/8", "::ffff:127.0.0.1") && are_in("::ffff:10.0.0.0/104", "10.1.2.3"));
    check(address_read(SPAN("::ffff:10.1.2.3"), &a));
    address_write(&a, text);
    check(strcmp(text, "10.1.2.3") == 0);
    check(address_read(SPAN("2001:0DB8:0:0::1"), &a));
    address_write(&a, text);
    check(strcmp(text, "2001:db8::1") == 0);
}

static void what_is_no_address_is_refused(void)
{
    static const char *const lists[] = {
        "",         ",",          "1.2.3",       "1.2.3.4,",  "1.2.3.4/",   "1.2.3.4/33",
        "::1/129",  "1.2.3.4/-1", "localhost",   "1.2.3.4/x", "01.2.3.4",   "1.2.3.4 5.6.7.8",
        "[::1]",    "1.2.3.4:80", "1.2.3.4/8/8", "::1%lo",    "1.2.3.4/+8", "10.0.0.0/ 8",
        "1.2.3.256"};
    struct networks networks;
    struct address a;
    struct bytes many = {0};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        check(networks_read(span_cstr(lists[i]), &networks) == -1);
    }
    check(!address_read(span_of("1.2.3.4\0", 8), &a));
    for (int i = 0; i < NETWORKS_MAX; i++) {
        bytes_add_cstr(&many, i == 0 ? "::1" : ",::1");
    }
    check(networks_read(bytes_span(&many), &networks) == 0 && networks.count == NETWORKS_MAX);
    bytes_add_cstr(&many, ",::1");
    check(networks_read(bytes_span(&many), &networks) == -1);
    bytes_finish(&many);
}

int main(void)
{
    RUN(networks_hold_what_their_bits_say);
    RUN(an_address_of_ipv4_is_its_mapped_one);
    RUN(what_is_no_address_is_refused);
    return tap_done();
}
