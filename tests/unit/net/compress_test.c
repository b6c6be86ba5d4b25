// SPDX-License-Identifier: MIT
#include "src/net/compress.h"

#include <zlib.h>

#include "tests/support/tap.h"

static bool chooses(const char *accept, const char *want)
{
    const char *coding = compress_choose(span_cstr(accept));
    return want == NULL ? coding == NULL : coding != NULL && strcmp(coding, want) == 0;
}

static void prefers_gzip_unless_the_client_weighs_otherwise(void)
{
    check(chooses("gzip", "gzip"));
    check(chooses("deflate, gzip;q=1.0", "gzip"));
    check(chooses("GZIP", "gzip"));
    check(chooses("gzip;q=0.5, deflate;q=0.8", "deflate"));
    check(chooses("gzip;q=0, deflate", "deflate"));
    check(chooses("*", "gzip"));
    check(chooses("*;q=0.1, gzip;q=0", "deflate"));
}

static void chooses_none_for_who_takes_neither(void)
{
    check(chooses("", NULL));
    check(chooses("br", NULL));
    check(chooses("identity, br;q=1", NULL));
    check(chooses("gzip;q=0", NULL));
    check(chooses("gzip; q=0.000", NULL));
    check(chooses(",,;q=1;", NULL));
}

static void what_it_packs_can_be_unpacked(void)
{
    static const char *const codings[] = {"gzip", "deflate"};
    static uint8_t text[3000], back[3000];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 2; i++) {
        struct bytes packed = {0};
        z_stream z = {0};
        check(compress_body(codings[i], span_of(text, sizeof text), &packed) == 0);
        check(packed.len < 100);
        check(inflateInit2(&z, i == 0 ? 15 + 16 : 15) == Z_OK);
        z.next_in = packed.data;
        z.avail_in = (uInt)packed.len;
        z.next_out = back;
        z.avail_out = sizeof back;
        check(inflate(&z, Z_FINISH) == Z_STREAM_END);
        check(z.total_out == sizeof text && memcmp(text, back, sizeof text) == 0);
        (void)inflateEnd(&z);
        bytes_finish(&packed);
    }
}

static void brotli_packs_too_and_is_chosen_where_it_is_offered(void)
{
    static const char *const codings[] = {"br", "gzip"};
    static uint8_t text[3000];
    struct bytes packed = {0};

    memset(text, 'x', sizeof text);
    check(compress_body("br", span_of(text, sizeof text), &packed) == 0);
    check(packed.len > 0 && packed.len < 30);
    check(compress_choose_of(SPAN("gzip, deflate, br"), codings, 2) == 0);
    check(compress_choose_of(SPAN("gzip, br;q=0.9"), codings, 2) == 1);
    check(compress_choose_of(SPAN("deflate"), codings, 2) == 2);
    check(compress_choose_of(SPAN("br"), codings, 0) == 0);
    bytes_finish(&packed);
}

int main(void)
{
    RUN(prefers_gzip_unless_the_client_weighs_otherwise);
    RUN(chooses_none_for_who_takes_neither);
    RUN(what_it_packs_can_be_unpacked);
    RUN(brotli_packs_too_and_is_chosen_where_it_is_offered);
    return tap_done();
}
