// SPDX-License-Identifier: MIT
#include "protocol/utf8.h"
#include "tests/support/tap.h"

static bool valid(const char *s)
{
    return utf8_valid(span_cstr(s));
}

static void accepts_the_shortest_form_of_every_length(void)
{
    check(valid(""));
    check(utf8_valid(span_of(NULL, 0)));
    check(utf8_valid(span_of("a\0b", 3)));
    check(valid("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    check(valid("\xed\x9f\xbf\xee\x80\x80"));
    check(valid("twenty ASCII letters, then \xc3\xa9 and twenty more of them"));
}

static void refuses_what_rfc_3629_excludes(void)
{
    static const char *const wrong[] = {
        "\x80",             /* continuation alone */
        "\xc0\x80",         /* overlong NUL */
        "\xc1\xbf",         /* overlong 7F */
        "\xe0\x9f\xbf",     /* overlong 7FF */
        "\xf0\x8f\xbf\xbf", /* overlong FFFF */
        "\xed\xa0\x80",     /* surrogate D800 */
        "\xed\xbf\xbf",     /* surrogate DFFF */
        "\xf4\x90\x80\x80", /* 110000 */
        "\xf5\x80\x80\x80", /* beyond 13FFFF */
        "\xff",
        "\xc3",         /* cut short */
        "\xe2\x82",     /* cut short */
        "\xf0\x9f\x98", /* cut short */
        "\xc3(",
        "\xe2\x82(",
        "\xf0\x9f\x98(",
        "0123456789abcdef\xe2(\x82",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check(!valid(wrong[i]));
    }
}

static void encodes_every_scalar_value_as_it_validates_it(void)
{
    uint8_t out[UTF8_CHAR_BYTES_MAX];
    unsigned bad = 0;

    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c == 0xD800) {
            c = 0xE000;
        }
        size_t len = utf8_encode(c, out);
        bad += !utf8_valid(span_of(out, len)) || utf8_valid(span_of(out, len - 1)) != (len == 1);
    }
    check(bad == 0);
    check_mem(out, utf8_encode('A', out), "A", 1);
    check_mem(out, utf8_encode(0x20AC, out), "\xe2\x82\xac", 3);
    check_mem(out, utf8_encode(0x1F600, out), "\xf0\x9f\x98\x80", 4);
}

static void takes_text_apart_character_by_character(void)
{
    struct span text = SPAN("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff\xc3(\xe2\x82");
    static const uint32_t want[] = {'a',    0xE9, 0x20AC, 0x1F600, 0xFFFD,
                                    0xFFFD, '(',  0xFFFD, 0xFFFD};
    uint8_t out[UTF8_CHAR_BYTES_MAX];
    unsigned bad = 0;

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        check(text.len > 0 && utf8_take(&text) == want[i]);
    }
    check(text.len == 0);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c == 0xD800) {
            c = 0xE000;
        }
        struct span one = span_of(out, utf8_encode(c, out));
        bad += utf8_take(&one) != c || one.len != 0;
    }
    check(bad == 0);
}

/* Every lead byte with every second byte: what may follow is decided by these two. */
static void knows_every_pair_of_first_bytes(void)
{
    unsigned bad = 0;

    for (unsigned first = 0x80; first < 0x100; first++) {
        for (unsigned second = 0; second < 0x100; second++) {
            uint8_t text[4] = {(uint8_t)first, (uint8_t)second, 0x80, 0x80};
            size_t len = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
            unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
            unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
            bool good = first >= 0xC2 && first <= 0xF4 && second >= low && second <= high;
            bad += utf8_valid(span_of(text, len)) != good;
        }
    }
    check(bad == 0);
}

static void validates_text_cut_at_every_byte(void)
{
    struct span text =
        SPAN("k\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80 and some more ASCII \xc3\xa9");

    for (size_t cut = 0; cut <= text.len; cut++) {
        struct utf8_state s = {0};
        check(utf8_feed(&s, text.data, cut) == 0);
        check(utf8_complete(s) == utf8_valid(span_of(text.data, cut)));
        check(utf8_feed(&s, text.data + cut, text.len - cut) == 0);
        check(utf8_complete(s));
    }
    struct utf8_state s = {0};
    for (size_t i = 0; i < text.len; i++) {
        check(utf8_feed(&s, text.data + i, 1) == 0);
    }
    check(utf8_complete(s));
}

static void fails_at_the_first_byte_that_cannot_be(void)
{
    struct utf8_state s = {0}, surrogate = {0}, high = {0}, overlong = {0};

    check(utf8_feed(&s, (const uint8_t *)"caf\xc3", 4) == 0);
    check(!utf8_complete(s));
    check(utf8_feed(&s, (const uint8_t *)"x", 1) == UTF8_EINVALID);

    check(utf8_feed(&surrogate, (const uint8_t *)"\xed", 1) == 0);
    check(utf8_feed(&surrogate, (const uint8_t *)"\xa0", 1) == UTF8_EINVALID);
    check(utf8_feed(&high, (const uint8_t *)"\xf4", 1) == 0);
    check(utf8_feed(&high, (const uint8_t *)"\x90", 1) == UTF8_EINVALID);
    check(utf8_feed(&overlong, (const uint8_t *)"\xc0", 1) == UTF8_EINVALID);
}

int main(void)
{
    RUN(accepts_the_shortest_form_of_every_length);
    RUN(refuses_what_rfc_3629_excludes);
    RUN(encodes_every_scalar_value_as_it_validates_it);
    RUN(takes_text_apart_character_by_character);
    RUN(knows_every_pair_of_first_bytes);
    RUN(validates_text_cut_at_every_byte);
    RUN(fails_at_the_first_byte_that_cannot_be);
    return tap_done();
}
