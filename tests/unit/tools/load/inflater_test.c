// SPDX-License-Identifier: MIT
#include "tools/load/inflater.h"

#include "tests/support/tap.h"

/* The examples of RFC 7692, 7.2.3: "Hello" compressed, and not compressed. */
#define PACKED SPAN("\xf2\x48\xcd\xc9\xc9\x07\x00")
#define STORED SPAN("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00")

static struct inflater in;

static bool says_hello(struct span packed)
{
    struct span plain;
    return inflater_run(&in, packed, &plain) == 0 && span_eq(plain, SPAN("Hello"));
}

static void inflates_a_message_once_whoever_gets_it(void)
{
    for (int i = 0; i < 10; i++) {
        check(says_hello(PACKED) && says_hello(STORED));
    }
    check(in.inflated == 2);
}

static void inflates_again_what_it_has_forgotten(void)
{
    char other[] = "\x00\x05\x00\xfa\xff_____\x00";
    struct span plain;

    for (int i = 0; i < INFLATER_KEPT; i++) {
        other[5] = (char)('a' + i % 26);
        other[6] = (char)('a' + i / 26);
        check(inflater_run(&in, span_of(other, sizeof other - 1), &plain) == 0);
        check(plain.len == 5 && memcmp(plain.data, other + 5, 5) == 0);
    }
    check(in.inflated == 2 + INFLATER_KEPT);
    check(says_hello(PACKED) && in.inflated == 3 + INFLATER_KEPT);
}

static void refuses_what_is_no_compressed_message(void)
{
    struct span plain;
    check(inflater_run(&in, SPAN("Hello, world"), &plain) < 0);
    check(inflater_run(&in, SPAN("Hello, world"), &plain) < 0); /* and does not keep it */
    check(says_hello(PACKED));
}

int main(void)
{
    RUN(inflates_a_message_once_whoever_gets_it);
    RUN(inflates_again_what_it_has_forgotten);
    RUN(refuses_what_is_no_compressed_message);
    inflater_finish(&in);
    return tap_done();
}
