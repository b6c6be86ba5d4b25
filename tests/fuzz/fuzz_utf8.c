// SPDX-License-Identifier: MIT
#include "protocol/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_BYTES_MAX = 256 }; /* the checks below are quadratic */

/* A second, plain reading of RFC 3629: the code point at p and its bytes in *used; *used is 0 if
 * there is none. */
static uint32_t reference_char(const uint8_t *p, size_t left, size_t *used)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80             ? 1
                 : (p[0] & 0xE0) == 0xC0 ? 2
                 : (p[0] & 0xF0) == 0xE0 ? 3
                 : (p[0] & 0xF8) == 0xF0 ? 4
                                         : 0;
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7Fu >> len);

    *used = 0;
    if (len == 0 || len > left) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c >= smallest[len] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF)) {
        *used = len;
    }
    return c;
}

/* The bytes of s that are whole characters from its beginning; each of them is encoded again. */
static size_t reference_len(struct span s)
{
    size_t at = 0, used;

    while (at < s.len) {
        uint8_t again[UTF8_CHAR_BYTES_MAX];
        uint32_t c = reference_char(s.data + at, s.len - at, &used);
        if (used == 0) {
            break;
        }
        assert(span_eq(span_of(again, utf8_encode(c, again)), span_of(s.data + at, used)));
        at += used;
    }
    return at;
}

/* True if some bytes after s make it valid. */
static bool can_go_on(struct span s)
{
    static const uint8_t second[] = {0x80, 0x90, 0xA0};
    size_t whole = reference_len(s), tail = s.len - whole, used;

    if (tail == 0) {
        return true;
    }
    for (size_t i = 0; tail < UTF8_CHAR_BYTES_MAX && i < sizeof second; i++) {
        uint8_t completed[2 * UTF8_CHAR_BYTES_MAX];
        memset(completed, 0x80, sizeof completed);
        memcpy(completed, s.data + whole, tail);
        completed[tail] = second[i];
        (void)reference_char(completed, sizeof completed, &used);
        if (used > tail) {
            return true;
        }
    }
    return false;
}

/* Fed byte by byte, an error comes exactly with the byte after which nothing helps. */
static void check_fails_at_once(struct span s)
{
    struct utf8_state state = {0};

    for (size_t i = 0; i < s.len; i++) {
        struct span prefix = span_of(s.data, i + 1);
        int result = utf8_feed(&state, s.data + i, 1);
        assert((result == 0) == can_go_on(prefix));
        if (result < 0) {
            return;
        }
        assert(utf8_complete(state) == utf8_valid(prefix));
    }
}

/* Fed in two pieces, the text is what it is in one. */
static void check_cuts(struct span s, bool valid)
{
    for (size_t cut = 0; cut <= s.len; cut++) {
        struct utf8_state state = {0};
        bool good = utf8_feed(&state, s.data, cut) == 0 &&
                    utf8_feed(&state, s.data + cut, s.len - cut) == 0 && utf8_complete(state);
        assert(good == valid);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span s = span_of(data, len < INPUT_BYTES_MAX ? len : INPUT_BYTES_MAX);
    bool valid = utf8_valid(s);

    assert(valid == (reference_len(s) == s.len));
    check_fails_at_once(s);
    check_cuts(s, valid);
    return 0;
}
