// SPDX-License-Identifier: MIT
#include "protocol/msgpack_json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "protocol/iso_date.h"
#include "protocol/json.h"
#include "protocol/sio_attach.h"

/* --- JSON to MessagePack --------------------------------------------------------------------- */

#define NUM_NONE SIZE_MAX

/* What a key says about its value. */
enum member { MEMBER_OTHER, MEMBER_PLACEHOLDER, MEMBER_NUM };

/* An open container. */
struct level {
    size_t begin; /* of its head, in out */
    size_t count; /* items or pairs so far */
    bool placeholder;
    size_t num; /* the binary, or NUM_NONE */
};

struct writing {
    struct bytes *out;
    enum msgpack_flavour flavour;
    const struct span *bins;
    size_t bin_count;
};

/* The largest integers that the flavour writes as such. */
static uint64_t int_max(enum msgpack_flavour flavour)
{
    return flavour == MSGPACK_JS ? (UINT64_C(1) << 53) - 1 : UINT64_MAX;
}

static uint64_t below_zero_max(enum msgpack_flavour flavour)
{
    return flavour == MSGPACK_JS ? (UINT64_C(1) << 53) - 1 : UINT64_C(1) << 63;
}

static void write_below_zero(struct bytes *out, uint64_t magnitude)
{
    msgpack_write_i64(out, (int64_t)(0 - magnitude));
}

/* A number with a fraction, an exponent, or too many digits. */
static void write_double(const struct writing *w, struct json number)
{
    static const double two_64 = 18446744073709551616.0;
    double d;

    if (number.text.len > JSON_DOUBLE_BYTES_MAX) {
        msgpack_write_nil(w->out);
        return;
    }
    if (json_to_double(number, &d) < 0) {
        d = number.text.data[0] == '-' ? -INFINITY : INFINITY;
    }
    double magnitude = fabs(d);
    bool integral = magnitude < two_64 && magnitude == (double)(uint64_t)magnitude;
    if (integral && d >= 0 && (uint64_t)magnitude <= int_max(w->flavour)) {
        msgpack_write_u64(w->out, (uint64_t)magnitude);
    } else if (integral && d < 0 && (uint64_t)magnitude <= below_zero_max(w->flavour)) {
        write_below_zero(w->out, (uint64_t)magnitude);
    } else {
        msgpack_write_double(w->out, d);
    }
}

static void write_number(const struct writing *w, struct json number)
{
    bool negative = number.text.data[0] == '-';
    uint64_t n;

    if (!negative && json_to_u64(number, int_max(w->flavour), &n) == 0) {
        msgpack_write_u64(w->out, n);
    } else if (negative &&
               span_to_u64(span_skip(number.text, 1), below_zero_max(w->flavour), &n) == 0) {
        write_below_zero(w->out, n);
    } else {
        write_double(w, number);
    }
}

static void write_string(struct bytes *out, struct json string)
{
    struct span plain;

    if (json_string_plain(string, &plain)) {
        msgpack_write_str(out, plain);
    } else {
        size_t begin = out->len;
        json_string_decode(string, out);
        msgpack_str_end(out, begin);
    }
}

static void write_scalar(const struct writing *w, struct json token)
{
    switch (token.type) {
    case JSON_NULL:
        msgpack_write_nil(w->out);
        break;
    case JSON_BOOL:
        msgpack_write_bool(w->out, json_is_true(token));
        break;
    case JSON_NUMBER:
        write_number(w, token);
        break;
    case JSON_STRING:
        write_string(w->out, token);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        assert(!"a scalar");
    }
}

static enum member member_of(struct json key)
{
    if (json_string_eq(key, SPAN("_placeholder"))) {
        return MEMBER_PLACEHOLDER;
    }
    return json_string_eq(key, SPAN("num")) ? MEMBER_NUM : MEMBER_OTHER;
}

/* Any way to write the number will do, as in sio_attach.c. */
static size_t num_of(struct json value, size_t bin_count)
{
    uint64_t n;
    double d;

    if (json_to_u64(value, bin_count - 1, &n) == 0) {
        return n;
    }
    if (json_to_double(value, &d) != 0 || d < 0 || d >= (double)bin_count ||
        d != (double)(size_t)d) {
        return NUM_NONE;
    }
    return (size_t)d;
}

static void set_member(const struct writing *w, struct level *level, enum member member,
                       struct json value)
{
    if (member == MEMBER_PLACEHOLDER) {
        level->placeholder = json_is_true(value);
    } else if (member == MEMBER_NUM) {
        level->num = num_of(value, w->bin_count);
    }
}

static void close_container(const struct writing *w, const struct level *level, enum json_type type)
{
    if (type == JSON_ARRAY) {
        msgpack_array_end(w->out, level->begin, level->count);
    } else if (level->placeholder && level->num != NUM_NONE) {
        w->out->len = level->begin;
        msgpack_write_bin(w->out, w->bins[level->num]);
    } else {
        msgpack_map_end(w->out, level->begin, level->count);
    }
}

static size_t write_values(const struct writing *w, struct span values)
{
    /* As the walk passes over separators, it passes over those between values too. */
    struct json_walk walk = {.at = values.data, .end = values.data + values.len};
    struct level levels[JSON_DEPTH_MAX + 1]; /* 0: around all */
    struct json token;
    enum member member = MEMBER_OTHER; /* what the token is the value of */

    levels[0].count = 0;
    for (enum json_step step; (step = json_walk_next(&walk, &token)) != JSON_STEP_END;) {
        if (step == JSON_STEP_CLOSE) {
            close_container(w, &levels[walk.depth + 1], token.type);
            continue;
        }
        struct level *around = &levels[walk.depth - (step == JSON_STEP_OPEN)];
        if (step == JSON_STEP_KEY) {
            member = w->bin_count == 0 ? MEMBER_OTHER : member_of(token);
            write_string(w->out, token);
            continue;
        }
        around->count++; /* a pair by its value */
        set_member(w, around, member, token);
        member = MEMBER_OTHER;
        if (step == JSON_STEP_OPEN) {
            assert(walk.depth <= JSON_DEPTH_MAX);
            levels[walk.depth] =
                (struct level){.begin = msgpack_container_begin(w->out), .num = NUM_NONE};
        } else {
            write_scalar(w, token);
        }
    }
    return levels[0].count;
}

size_t msgpack_write_json(struct bytes *out, enum msgpack_flavour flavour, struct span values,
                          const struct span *bins, size_t bin_count)
{
    struct writing w = {out, flavour, bins, bin_count};

    return values.len == 0 ? 0 : write_values(&w, values);
}

/* --- MessagePack to JSON --------------------------------------------------------------------- */

enum { EXT_NOTEPACK = 0, EXT_TIMESTAMP = -1 };

/* An array or map that is open. */
struct open {
    size_t missing; /* items, or pairs: one is missing until its value has been read */
    bool map;
    bool at_value; /* of a pair */
};

struct reading {
    struct msgpack_reader from;
    struct bytes *out;
    struct bytes *bins;
    size_t bins_max;
    bool disarm;     /* what looks like a placeholder is to be made plain data */
    bool lookalikes; /* there are such */
    bool placeholder_key;
    unsigned depth;
    struct open open[MSGPACK_DEPTH_MAX];
};

static int write_bin(struct reading *r, struct span bin)
{
    size_t num = r->bins->len / sizeof bin;

    if (num >= r->bins_max) {
        return MSGPACK_JSON_EBINS;
    }
    bytes_add(r->bins, &bin, sizeof bin);
    sio_placeholder_write(r->out, (unsigned)num);
    return 0;
}

/* As Date.prototype.toJSON, with what the constructor does to a fraction. */
static void write_date(struct bytes *out, double wall_ms)
{
    enum { TEXT_BYTES = 48 };
    char text[TEXT_BYTES];

    if (!(fabs(wall_ms) <= (double)ISO_DATE_MS_MAX)) {
        bytes_add_cstr(out, "null");
        return;
    }
    struct iso_date date = iso_date_of((int64_t)wall_ms);
    bool plain = date.year >= 0 && date.year <= 9999;
    int year_len = snprintf(text, sizeof text, plain ? "\"%04d" : "\"%+07d", date.year);
    int len = year_len + snprintf(text + year_len, sizeof text - (size_t)year_len,
                                  "-%02u-%02uT%02u:%02u:%02u.%03uZ\"", date.month, date.day,
                                  date.ms / 3600000, date.ms / 60000 % 60, date.ms / 1000 % 60,
                                  date.ms % 1000);
    assert(len > 0 && len < TEXT_BYTES);
    bytes_add(out, text, (size_t)len);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

/* Ext -1: seconds in 32 bits, 34 after 30 of nanoseconds, or 64 after 32. */
static double timestamp_ms(struct span body)
{
    if (body.len == 4) {
        return be32(body.data) * 1e3;
    }
    if (body.len == 8) {
        uint64_t bits = load_be64(body.data);
        return (double)(bits & ((UINT64_C(1) << 34) - 1)) * 1e3 + (double)(bits >> 34) / 1e6;
    }
    return (double)(int64_t)load_be64(body.data + 4) * 1e3 + be32(body.data) / 1e6;
}

static int write_ext(struct reading *r, const struct msgpack *token)
{
    struct span body = token->body;

    if (token->ext == EXT_TIMESTAMP && (body.len == 4 || body.len == 8 || body.len == 12)) {
        write_date(r->out, timestamp_ms(body));
        return 0;
    }
    if (token->ext == EXT_NOTEPACK && token->ext_form) {
        return write_bin(r, body);
    }
    if (token->ext == EXT_NOTEPACK && body.len == 1) {
        bytes_add_cstr(r->out, "null");
        return 0;
    }
    if (token->ext == EXT_NOTEPACK && body.len == 8) {
        write_date(r->out, (double)(int64_t)load_be64(body.data));
        return 0;
    }
    bytes_add_byte(r->out, '[');
    json_write_i64(r->out, token->ext);
    bytes_add_byte(r->out, ',');
    int error = write_bin(r, body);
    bytes_add_byte(r->out, ']');
    return error;
}

static void write_truth(struct reading *r, bool truth)
{
    if (truth && r->placeholder_key) {
        r->lookalikes = true;
        truth = !r->disarm;
    }
    json_write_bool(r->out, truth);
}

static void write_open(struct reading *r, bool map, size_t count)
{
    assert(r->depth < MSGPACK_DEPTH_MAX);
    bytes_add_byte(r->out, map ? '{' : '[');
    r->open[r->depth++] = (struct open){.missing = count, .map = map};
}

static int write_value(struct reading *r, const struct msgpack *token)
{
    switch (token->type) {
    case MSGPACK_NIL:
        bytes_add_cstr(r->out, "null");
        break;
    case MSGPACK_BOOL:
        write_truth(r, token->truth);
        break;
    case MSGPACK_UINT:
        json_write_u64(r->out, token->uint);
        break;
    case MSGPACK_NEGATIVE:
        json_write_i64(r->out, token->negative);
        break;
    case MSGPACK_DOUBLE:
        json_write_double(r->out, token->number);
        break;
    case MSGPACK_STR:
        json_write_string(r->out, token->body);
        break;
    case MSGPACK_BIN:
        return write_bin(r, token->body);
    case MSGPACK_ARRAY:
        write_open(r, false, token->item_count);
        break;
    case MSGPACK_MAP:
        write_open(r, true, token->pair_count);
        break;
    case MSGPACK_EXT:
        return write_ext(r, token);
    }
    return 0;
}

/* JavaScript makes a string of any key; of what no encoder writes we do not. */
static int write_key(struct reading *r, const struct msgpack *token)
{
    r->placeholder_key = false;
    switch (token->type) {
    case MSGPACK_STR:
        r->placeholder_key = span_eq(token->body, SPAN("_placeholder"));
        json_write_string(r->out, token->body);
        break;
    case MSGPACK_UINT:
    case MSGPACK_NEGATIVE:
        bytes_add_byte(r->out, '"');
        (void)write_value(r, token);
        bytes_add_byte(r->out, '"');
        break;
    case MSGPACK_NIL:
    case MSGPACK_BOOL:
    case MSGPACK_DOUBLE:
    case MSGPACK_BIN:
    case MSGPACK_ARRAY:
    case MSGPACK_MAP:
    case MSGPACK_EXT:
        return MSGPACK_JSON_EKEY;
    }
    bytes_add_byte(r->out, ':');
    return 0;
}

/* Closes what is complete, and writes the comma before what comes next. */
static void write_between(struct reading *r)
{
    while (r->depth > 0 && r->open[r->depth - 1].missing == 0) {
        bytes_add_byte(r->out, r->open[--r->depth].map ? '}' : ']');
    }
    if (r->depth > 0 && !r->open[r->depth - 1].at_value) {
        json_write_comma(r->out);
    }
}

/* A key, or a value, which makes an item or the second half of a pair. */
static int write_token(struct reading *r, const struct msgpack *token)
{
    struct open *around = r->depth == 0 ? NULL : &r->open[r->depth - 1];

    if (around != NULL && around->map && !around->at_value) {
        around->at_value = true;
        return write_key(r, token);
    }
    if (around != NULL) {
        around->missing--;
        around->at_value = false;
    }
    int error = write_value(r, token);
    r->placeholder_key = false;
    return error;
}

static int write_all(struct reading *r, struct span value)
{
    struct msgpack token;

    msgpack_begin(&r->from, value);
    r->lookalikes = false;
    r->placeholder_key = false;
    r->depth = 0;
    while (msgpack_next(&r->from, &token) > 0) {
        int error = write_token(r, &token);
        if (error < 0) {
            return error;
        }
        write_between(r);
    }
    assert(r->depth == 0);
    return 0;
}

int msgpack_to_json(struct span value, size_t bins_max, struct bytes *out, struct bytes *bins)
{
    size_t out_len = out->len, bins_len = bins->len;
    struct reading r; /* not all of it: clearing the stack would cost more than a short value */

    r.out = out;
    r.bins = bins;
    r.bins_max = bins_max;
    r.disarm = false;
    int error = write_all(&r, value);
    if (error == 0 && r.lookalikes && bins->len != 0) {
        r.disarm = true;
        out->len = out_len;
        bins->len = bins_len;
        error = write_all(&r, value);
    }
    if (error < 0) {
        out->len = out_len;
        bins->len = bins_len;
    }
    return error;
}
