// SPDX-License-Identifier: MIT
#include "src/auth/duration.h"

enum { DIGITS_MAX = 15 }; /* exact in a double */

struct unit {
    const char *name; /* its plural is understood as well, if it has one */
    int64_t ms;
    bool plural;
};

static const struct unit units[] = {
    {"", 1000, false},         {"ms", 1, false},
    {"msec", 1, true},         {"millisecond", 1, true},
    {"s", 1000, false},        {"sec", 1000, true},
    {"second", 1000, true},    {"m", 60000, false},
    {"min", 60000, true},      {"minute", 60000, true},
    {"h", 3600000, false},     {"hr", 3600000, true},
    {"hour", 3600000, true},   {"d", 86400000, false},
    {"day", 86400000, true},   {"w", 604800000, false},
    {"week", 604800000, true}, {"y", 31557600000, false},
    {"yr", 31557600000, true}, {"year", 31557600000, true},
};

static bool is_digit(struct span text)
{
    return text.len > 0 && text.data[0] >= '0' && text.data[0] <= '9';
}

/* Takes digits off the front of *text and appends them to *n. Returns how many. */
static unsigned take_digits(struct span *text, double *n)
{
    unsigned count = 0;

    for (; is_digit(*text); *text = span_skip(*text, 1)) {
        *n = *n * 10 + (text->data[0] - '0');
        count++;
    }
    return count;
}

/* Digits, and a point among or before them; "7." is not a number for "ms" either. */
static int take_number(struct span *text, double *out)
{
    double n = 0;
    unsigned whole = take_digits(text, &n), fraction = 0;

    if (text->len > 0 && text->data[0] == '.') {
        *text = span_skip(*text, 1);
        fraction = take_digits(text, &n);
        if (fraction == 0) {
            return DURATION_ESYNTAX;
        }
    }
    if (whole + fraction == 0) {
        return DURATION_ESYNTAX;
    }
    if (whole + fraction > DIGITS_MAX) {
        return DURATION_ERANGE;
    }
    for (; fraction > 0; fraction--) {
        n /= 10;
    }
    *out = n;
    return 0;
}

static const struct unit *unit_of(struct span name)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct span known = span_cstr(units[i].name);
        if (span_eq_nocase(name, known)) {
            return &units[i];
        }
        if (units[i].plural && name.len == known.len + 1 && (name.data[known.len] | 0x20) == 's' &&
            span_eq_nocase(span_of(name.data, known.len), known)) {
            return &units[i];
        }
    }
    return NULL;
}

int duration_parse(struct span text, int64_t *out_ms)
{
    double n;
    int result = take_number(&text, &n);

    if (result != 0) {
        return result;
    }
    size_t digits_end = text.len;
    while (text.len > 0 && text.data[0] == ' ') {
        text = span_skip(text, 1);
    }
    const struct unit *unit = unit_of(text);
    if (unit == NULL || (text.len == 0 && digits_end != 0)) {
        return DURATION_ESYNTAX;
    }
    double ms = n * (double)unit->ms + 0.5;
    if (ms >= (double)(DURATION_MS_MAX + 1)) {
        return DURATION_ERANGE;
    }
    *out_ms = (int64_t)ms;
    return 0;
}
