// SPDX-License-Identifier: MIT
#include "protocol/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EXPONENT_MAX = 9999, /* beyond what JSON_DOUBLE_BYTES_MAX digits can outweigh */
    EXPONENT_BYTES = 24,
};

int json_to_u64(struct json v, uint64_t max, uint64_t *out)
{
    if (v.type != JSON_NUMBER || span_to_u64(v.text, max, out) < 0) {
        return JSON_ENUMBER;
    }
    return 0;
}

/* The number after the 'e' at p, at most EXPONENT_MAX away from zero. */
static long exponent_at(const char *p)
{
    long n = strtol(p + 1, NULL, 10);

    return n > EXPONENT_MAX ? EXPONENT_MAX : n < -EXPONENT_MAX ? -EXPONENT_MAX : n;
}

int json_to_double(struct json v, double *out)
{
    char text[JSON_DOUBLE_BYTES_MAX + EXPONENT_BYTES];
    size_t len = 0, at = 0;
    long exponent = 0;

    if (v.type != JSON_NUMBER || v.text.len > JSON_DOUBLE_BYTES_MAX) {
        return JSON_ENUMBER;
    }
    /* strtod wants the locale's decimal point, so it gets none: 1.25e3 is read as 125e1. */
    for (bool fraction = false; at < v.text.len && (v.text.data[at] | 0x20) != 'e'; at++) {
        if (v.text.data[at] == '.') {
            fraction = true;
        } else {
            text[len++] = (char)v.text.data[at];
            exponent -= fraction;
        }
    }
    if (at < v.text.len) {
        size_t digits = v.text.len - at;
        memcpy(text + len, v.text.data + at, digits);
        text[len + digits] = '\0';
        exponent += exponent_at(text + len);
    }
    (void)snprintf(text + len, EXPONENT_BYTES, "e%ld", exponent);
    double number = strtod(text, NULL);
    if (!isfinite(number)) {
        return JSON_ENUMBER;
    }
    *out = number;
    return 0;
}
