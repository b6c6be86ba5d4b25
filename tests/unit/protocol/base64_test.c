// SPDX-License-Identifier: MIT
#include "protocol/base64.h"
#include "tests/support/tap.h"

static bool encodes(struct span data, const char *want)
{
    struct bytes b = {0};

    base64_encode(data, &b);
    bool same = span_eq(bytes_span(&b), span_cstr(want)) && b.len == BASE64_ENCODED_LEN(data.len);
    bytes_finish(&b);
    return same;
}

static bool decodes(const char *text, struct span want)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, "<");
    bool same =
        base64_decode(span_cstr(text), &b) == 0 && span_eq(span_skip(bytes_span(&b), 1), want);
    bytes_finish(&b);
    return same;
}

static int refusal(struct span text)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, "<");
    int error = base64_decode(text, &b);
    check(span_eq(bytes_span(&b), SPAN("<")));
    bytes_finish(&b);
    return error;
}

static void encodes_the_vectors_of_rfc_4648(void)
{
    check(encodes(SPAN(""), ""));
    check(encodes(SPAN("f"), "Zg=="));
    check(encodes(SPAN("fo"), "Zm8="));
    check(encodes(SPAN("foo"), "Zm9v"));
    check(encodes(SPAN("foob"), "Zm9vYg=="));
    check(encodes(SPAN("fooba"), "Zm9vYmE="));
    check(encodes(SPAN("foobar"), "Zm9vYmFy"));
    check(encodes(SPAN("\xfb\xff\xbf\xfe"), "+/+//g=="));
}

static void decodes_with_and_without_padding(void)
{
    check(decodes("", SPAN("")));
    check(decodes("Zg==", SPAN("f")) && decodes("Zg", SPAN("f")));
    check(decodes("Zm8=", SPAN("fo")) && decodes("Zm8", SPAN("fo")));
    check(decodes("Zm9v", SPAN("foo")));
    check(decodes("Zm9vYmFy", SPAN("foobar")));
    check(decodes("+/+//g", SPAN("\xfb\xff\xbf\xfe")));
    check(decodes("Zh==", SPAN("f"))); /* bits to spare */
}

static void decodes_the_url_alphabet(void)
{
    check(decodes("-_-__g", SPAN("\xfb\xff\xbf\xfe")));
    check(decodes("+_-//g==", SPAN("\xfb\xff\xbf\xfe")));
}

static void decodes_what_stands_in_lines(void)
{
    check(decodes("Zm9v\n", SPAN("foo")) && decodes("Zg==\r\n", SPAN("f")));
    check(decodes("Zm9v\nYmFy\n", SPAN("foobar")) && decodes(" Z\tg\v=\f= ", SPAN("f")));
    check(decodes("\n", SPAN("")));
}

static void refuses_other_bytes_and_lengths(void)
{
    static const char *const alphabet[] = {
        "Zm9.", "Z m.9", "Z\n===", "====", "Zg==Zg==", "Zm9vZm9\x80", "Z=9v"};
    static const char *const length[] = {
        "Z", "Zm9vZ", "Zg=", "Zg===", "=", "==", "Zm9v=", "Zm9v=="};

    for (size_t i = 0; i < sizeof alphabet / sizeof alphabet[0]; i++) {
        check(refusal(span_cstr(alphabet[i])) == BASE64_EALPHABET);
    }
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        check(refusal(span_cstr(length[i])) == BASE64_ELENGTH);
    }
    check(refusal(SPAN("Zg\0\0")) == BASE64_EALPHABET);
}

static void takes_back_every_byte_at_every_place(void)
{
    for (unsigned value = 0; value < 256; value++) {
        for (size_t len = 1; len <= 4; len++) {
            struct bytes text = {0}, back = {0};
            uint8_t data[4];
            memset(data, (int)value, sizeof data);
            base64_encode(span_of(data, len), &text);
            check(base64_decode(bytes_span(&text), &back) == 0);
            check_mem(back.data, back.len, data, len);
            bytes_finish(&text);
            bytes_finish(&back);
        }
    }
}

static void writes_the_url_alphabet_without_padding(void)
{
    uint8_t out[BASE64URL_ENCODED_LEN(15)];

    check(sizeof out == 20);
    base64url_encode(SPAN("\xfb\xff\xbf\xfe"), out);
    check_mem(out, BASE64URL_ENCODED_LEN(4), "-_-__g", 6);
    base64url_encode(SPAN("fo"), out);
    check_mem(out, BASE64URL_ENCODED_LEN(2), "Zm8", 3);
    base64url_encode(SPAN("foobar"), out);
    check_mem(out, BASE64URL_ENCODED_LEN(6), "Zm9vYmFy", 8);
}

int main(void)
{
    RUN(encodes_the_vectors_of_rfc_4648);
    RUN(decodes_with_and_without_padding);
    RUN(decodes_the_url_alphabet);
    RUN(decodes_what_stands_in_lines);
    RUN(refuses_other_bytes_and_lengths);
    RUN(takes_back_every_byte_at_every_place);
    RUN(writes_the_url_alphabet_without_padding);
    return tap_done();
}
