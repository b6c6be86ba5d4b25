// SPDX-License-Identifier: MIT
#include "src/base/digest.h"

#include "tests/support/tap.h"

#define DIGEST_OF(out, ...)                  \
    digest_128((struct span[]){__VA_ARGS__}, \
               sizeof((struct span[]){__VA_ARGS__}) / sizeof(struct span), (out))

/* python3: hashlib.blake2b(b"".join(len(p).to_bytes(8, "big") + p for p in parts),
 * digest_size=16).hexdigest() */
static void is_what_another_implementation_says(void)
{
    uint8_t out[DIGEST_BYTES];

    DIGEST_OF(out, SPAN("u1"), SPAN("general"), SPAN("c-1"));
    check_mem(out, sizeof out, "\xe0\x75\xc1\x80\x85\xd7\x39\x4d\x5c\x18\x71\x9a\xc7\x5a\xf2\xbb",
              16);
    digest_128(NULL, 0, out);
    check_mem(out, sizeof out, "\xca\xe6\x69\x41\xd9\xef\xbd\x40\x4e\x4d\x88\x75\x8e\xa6\x76\x70",
              16);
    DIGEST_OF(out, SPAN(""));
    check_mem(out, sizeof out, "\xc8\x04\xce\x19\x8e\xc3\x37\xe3\xdc\x76\x2b\xdd\x1a\x09\xae\xce",
              16);
}

static void tells_apart_where_one_part_ends(void)
{
    uint8_t a[DIGEST_BYTES], b[DIGEST_BYTES];

    DIGEST_OF(a, SPAN("ab"), SPAN("c"));
    DIGEST_OF(b, SPAN("a"), SPAN("bc"));
    check(memcmp(a, b, sizeof a) != 0);
    DIGEST_OF(b, SPAN("ab"), SPAN("c"), SPAN(""));
    check(memcmp(a, b, sizeof a) != 0);
}

static void is_the_same_each_time(void)
{
    uint8_t a[DIGEST_BYTES], b[DIGEST_BYTES];

    DIGEST_OF(a, SPAN("u1"), SPAN("general"));
    DIGEST_OF(b, SPAN("u1"), SPAN("general"));
    check_mem(a, sizeof a, b, sizeof b);
}

int main(void)
{
    RUN(is_what_another_implementation_says);
    RUN(tells_apart_where_one_part_ends);
    RUN(is_the_same_each_time);
    return tap_done();
}
