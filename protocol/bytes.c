// SPDX-License-Identifier: MIT
#include "protocol/bytes.h"

#include <assert.h>
#include <stdlib.h>

enum { BYTES_CAP_MIN = 64, U64_DIGITS_MAX = 20 };

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "load_be64 and store_be64 swap always");

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool span_eq_nocase(struct span a, struct span b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

int span_to_u64(struct span s, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    if (s.len == 0) {
        return -1;
    }
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)s.data[i] - '0';
        if (digit > 9 || n > (max - digit) / 10 || max < digit) {
            return -1;
        }
        n = n * 10 + digit;
    }
    *out = n;
    return 0;
}

void bytes_finish(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

void bytes_grow(struct bytes *b, size_t n)
{
    size_t cap = b->cap < BYTES_CAP_MIN ? BYTES_CAP_MIN : b->cap;

    assert(n < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
    while (cap - b->len < n) {
        cap *= 2;
    }
    b->data = realloc(b->data, cap);
    if (b->data == NULL) {
        abort();
    }
    b->cap = cap;
}

void bytes_add_u64(struct bytes *b, uint64_t n)
{
    uint8_t digits[U64_DIGITS_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (uint8_t)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    bytes_add(b, digits + at, sizeof digits - at);
}
