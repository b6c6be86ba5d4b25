// SPDX-License-Identifier: MIT
#include "src/server/option_values.h"

struct unit {
    const char *name;
    uint64_t factor;
};

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    UINT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)

/* The first name of each factor is the one that is written; the largest factor comes first. */
static const struct unit durations[] = {
    {"w", 7 * DAY},     {"week", 7 * DAY},   {"weeks", 7 * DAY},  {"d", DAY},      {"day", DAY},
    {"days", DAY},      {"h", HOUR},         {"hour", HOUR},      {"hours", HOUR}, {"m", MINUTE},
    {"min", MINUTE},    {"minute", MINUTE},  {"minutes", MINUTE}, {"s", SECOND},   {"sec", SECOND},
    {"second", SECOND}, {"seconds", SECOND}, {"ms", 1},           {NULL, 0},
};

static const struct unit sizes[] = {
    {"GiB", GIB}, {"gb", GIB}, {"g", GIB}, {"MiB", MIB}, {"mb", MIB}, {"m", MIB},
    {"KiB", KIB}, {"kb", KIB}, {"k", KIB}, {"b", 1},     {NULL, 0},
};

static uint64_t factor_of(const struct unit *units, struct span name)
{
    for (; units->name != NULL; units++) {
        if (span_eq_nocase(span_cstr(units->name), name)) {
            return units->factor;
        }
    }
    return 0;
}

/* Digits, a space or none, a unit or none. */
static bool read_with_unit(struct span value, const struct unit *units, uint64_t bare, uint64_t max,
                           uint64_t *out)
{
    size_t digits = 0;
    uint64_t n, factor = bare;

    while (digits < value.len && value.data[digits] >= '0' && value.data[digits] <= '9') {
        digits++;
    }
    struct span unit = span_skip(value, digits);
    if (unit.len > 1 && unit.data[0] == ' ') {
        unit = span_skip(unit, 1);
    }
    if (unit.len > 0) {
        factor = factor_of(units, unit);
    }
    if (factor == 0 || span_to_u64(span_of(value.data, digits), max / factor, &n) < 0) {
        return false;
    }
    *out = n * factor;
    return true;
}

bool value_size(struct span value, uint64_t max, uint64_t *out)
{
    return read_with_unit(value, sizes, 1, max, out);
}

bool value_duration(struct span value, uint64_t bare_ms, uint64_t max_ms, uint64_t *out_ms)
{
    return read_with_unit(value, durations, bare_ms, max_ms, out_ms);
}

bool value_boolean(struct span value, bool *out)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (span_eq_nocase(value, span_cstr(words[i]))) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

/* ---- writing ---- */

void value_write_size(struct bytes *out, uint64_t size_bytes)
{
    const struct unit *u = sizes;

    while (size_bytes == 0 ? u->factor > 1 : size_bytes % u->factor != 0) {
        u++;
    }
    bytes_add_u64(out, size_bytes / u->factor);
    if (u->factor > 1) {
        bytes_add_cstr(out, u->name);
    }
}

/* Weeks are not written: 7d is what people say. */
void value_write_duration(struct bytes *out, uint64_t duration_ms)
{
    const struct unit *u = durations;

    while (u->factor > DAY ||
           (duration_ms == 0 ? u->factor > SECOND : duration_ms % u->factor != 0)) {
        u++;
    }
    bytes_add_u64(out, duration_ms / u->factor);
    bytes_add_cstr(out, u->name);
}

/* ---- lists and names ---- */

static struct span trim(struct span s)
{
    while (s.len > 0 && s.data[0] == ' ') {
        s = span_skip(s, 1);
    }
    while (s.len > 0 && s.data[s.len - 1] == ' ') {
        s.len--;
    }
    return s;
}

bool value_next_item(struct span *rest, struct span *item)
{
    if (rest->data == NULL) {
        return false;
    }
    const uint8_t *comma = memchr(rest->data, ',', rest->len);
    size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->data);
    *item = trim(span_of(rest->data, len));
    *rest = comma == NULL ? (struct span){0} : span_skip(*rest, len + 1);
    return true;
}

static bool is_origin(struct span item)
{
    const uint8_t *colon = item.len == 0 ? NULL : memchr(item.data, ':', item.len);
    struct span host = colon == NULL ? item : span_skip(item, (size_t)(colon - item.data));

    if (!span_starts(host, SPAN("://"))) {
        return span_eq(item, SPAN("null"));
    }
    host = span_skip(host, 3);
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.data[i];
        if (c <= ' ' || (c >= 'A' && c <= 'Z') || strchr("/?#@*", c) != NULL) {
            return false;
        }
    }
    return true;
}

bool value_is_origins(struct span value)
{
    struct span rest = value, item;

    if (span_eq(value, SPAN("reflect")) || span_eq(value, SPAN("*")) ||
        span_eq(value, SPAN("none"))) {
        return true;
    }
    while (value_next_item(&rest, &item)) {
        if (!is_origin(item)) {
            return false;
        }
    }
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, row by row: the two rows above are all that a row needs. */
unsigned value_distance(struct span a, struct span b, unsigned max)
{
    enum { NAME_MAX_BYTES = 64 };
    unsigned rows[3][NAME_MAX_BYTES + 1];

    if (a.len > NAME_MAX_BYTES || b.len > NAME_MAX_BYTES) {
        return max + 1;
    }
    for (unsigned j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            bool same = a.data[i - 1] == b.data[j - 1];
            row[j] = least(least(up[j], row[j - 1]) + 1, up[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
                a.data[i - 2] == b.data[j - 1]) {
                row[j] = least(row[j], up2[j - 2] + 1);
            }
        }
    }
    return least(rows[a.len % 3][b.len], max + 1);
}
