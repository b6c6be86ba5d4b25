// SPDX-License-Identifier: MIT
#include "src/server/own_address.h"

#include "tests/support/tap.h"

static bool is(const char *listens_on, const char *peer, const char *want)
{
    struct bytes got = {0};

    own_address_find(&got, listens_on, 3000, peer);
    bool same = span_eq(bytes_span(&got), span_cstr(want));
    if (!same) {
        printf("# %.*s\n", (int)got.len, (const char *)got.data);
    }
    bytes_finish(&got);
    return same;
}

static void it_is_the_address_to_listen_on(void)
{
    check(is("127.0.0.2", "127.0.0.1", "127.0.0.2:3000"));
    check(is("::1", "127.0.0.1", "[::1]:3000"));
}

static void or_else_the_begin_of_the_way_to_the_peer(void)
{
    check(is("0.0.0.0", "127.0.0.1", "127.0.0.1:3000"));
    check(is("::", "localhost", "127.0.0.1:3000"));
}

static void or_else_one_that_the_machine_has(void)
{
    struct bytes got = {0};

    own_address_find(&got, "0.0.0.0", 3000, "some-name.invalid");
    check(got.len > 5 && memcmp(got.data + got.len - 5, ":3000", 5) == 0);
    check(memmem(got.data, got.len, "0.0.0.0", 7) == NULL);
    bytes_finish(&got);
}

int main(void)
{
    RUN(it_is_the_address_to_listen_on);
    RUN(or_else_the_begin_of_the_way_to_the_peer);
    RUN(or_else_one_that_the_machine_has);
    return tap_done();
}
