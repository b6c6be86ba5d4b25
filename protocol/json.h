/* JSON (RFC 8259): a scanner that validates once and hands out slices, and a writer. Never a tree.
 *
 *     struct json packet, name, key, value;
 *     struct json_iter it;
 *     if (json_parse(text, 64, &packet) < 0 || packet.type != JSON_ARRAY) { ... refuse ... }
 *     json_array_begin(&it, packet);
 *     if (json_array_next(&it, &name) && json_string_eq(name, SPAN("message"))) { ... }
 *
 * json_parse accepts exactly what JavaScript's JSON.parse accepts, up to a depth: no trailing
 * commas, no leading zeros, no raw control characters in strings, no byte order mark; an escape may
 * be half a surrogate pair. Raw bytes inside strings must be UTF-8. Numbers are never converted on
 * the way: a slice keeps their digits, and the escapes of strings, just as the peer sent them.
 *
 * Ownership: a struct json borrows the text it was parsed from and lives as long as that does.
 * Everything that takes a struct json wants one that came from here (json_parse and the iterators),
 * cannot fail on it, and does not look at the bytes outside of it. Only json_string_decode and the
 * writers allocate, in the caller's buffer. No recursion, no global state; any thread. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_JSON_H
#define PROTOCOL_JSON_H

#include "protocol/bytes.h"

/* The most containers inside each other that a caller may allow. */
#define JSON_DEPTH_MAX 512

/* Longer numbers are valid, but json_to_double does not convert them. */
#define JSON_DOUBLE_BYTES_MAX 400

enum json_error {
    JSON_ESYNTAX = -1, /* not one JSON value */
    JSON_EDEPTH = -2,  /* more than depth_max containers inside each other */
    JSON_EUTF8 = -3,   /* bytes in a string that are not UTF-8 */
    JSON_ENUMBER = -4, /* json_to_...: not a number that fits */
};

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* One validated value. */
struct json {
    struct span text; /* with its quotes or brackets, without white space around; never empty */
    enum json_type type;
};

/* Checks that text is one value, with white space around it or not, that nests at most depth_max
 * containers (0: no container at all; at most JSON_DEPTH_MAX). Returns 0 and fills *out, or an enum
 * json_error and leaves *out alone. One pass, about 1 ns for 1 to 2 bytes. */
MUST_USE int json_parse(struct span text, unsigned depth_max, struct json *out);

/* --- looking inside -------------------------------------------------------------------------- */

/* The place in one array or object. An iterator steps over nested values without looking into them;
 * for a whole document of any depth take json_walk, which passes over each byte once. */
struct json_iter {
    const uint8_t *at;  /* the next item, or end */
    const uint8_t *end; /* the closing bracket */
};

void json_array_begin(struct json_iter *it, struct json array);
void json_object_begin(struct json_iter *it, struct json object);

/* The next item or member; false after the last. A key is a JSON_STRING. */
bool json_array_next(struct json_iter *it, struct json *item);
bool json_object_next(struct json_iter *it, struct json *key, struct json *value);

/* Finds the member whose key, with its escapes resolved, is key. Of several the last one counts, as
 * in JSON.parse. False if there is none; *value is then left alone. */
bool json_object_find(struct json object, struct span key, struct json *value);

/* A value and all that is in it, token by token in the order of the text. */
struct json_walk {
    const uint8_t *at;
    const uint8_t *end;
    unsigned depth; /* containers open after the token last returned */
};

enum json_step {
    JSON_STEP_END,    /* nothing is left */
    JSON_STEP_OPEN,   /* [ or {: token.text is this one byte, token.type says which */
    JSON_STEP_CLOSE,  /* ] or }, likewise */
    JSON_STEP_KEY,    /* the key of a member; its value comes next */
    JSON_STEP_SCALAR, /* null, a bool, a number or a string */
};

void json_walk_begin(struct json_walk *w, struct json value);
enum json_step json_walk_next(struct json_walk *w, struct json *token);

/* --- values ---------------------------------------------------------------------------------- */

static inline bool json_is_true(struct json v)
{
    return v.type == JSON_BOOL && v.text.data[0] == 't';
}

/* True if v is a string, and the text of that string is utf8. */
bool json_string_eq(struct json v, struct span utf8);

/* The common case of a string (v.type must be JSON_STRING) without escapes: true, and *out is what
 * stands between its quotes. */
bool json_string_plain(struct json v, struct span *out);

/* Appends the text of a string (v.type must be JSON_STRING) as UTF-8. Half a surrogate pair, which
 * UTF-8 cannot say, becomes U+FFFD. */
void json_string_decode(struct json v, struct bytes *out);

/* Reads a number written with digits only ("7", not "7.0", "7e0" or "-0"). Returns 0 and sets *out,
 * or JSON_ENUMBER (another type of value or form of number, above max) and leaves *out alone. */
MUST_USE int json_to_u64(struct json v, uint64_t max, uint64_t *out);

/* Reads any number, rounded to the nearest double. Returns 0 and sets *out, or JSON_ENUMBER (no
 * number, beyond the range of a double, more than JSON_DOUBLE_BYTES_MAX bytes) and leaves *out
 * alone. */
MUST_USE int json_to_double(struct json v, double *out);

/* --- writing ---------------------------------------------------------------------------------
 *
 *     bytes_add_byte(b, '{');
 *     json_member_string(b, SPAN("id"), id);
 *     json_member_u64(b, SPAN("timestamp"), now_ms);
 *     json_write_key(b, SPAN("ids"));
 *     bytes_add_byte(b, '[');
 *     for (...) { json_write_comma(b); json_write_u64(b, ids[i]); }
 *     bytes_add_cstr(b, "]}");
 *
 * The bytes are those of JSON.stringify. A value that is JSON already goes in by bytes_add_span. */

/* Writes utf8 as a string in quotes. Escapes '"', '\\' and control characters only, as
 * JSON.stringify does; each byte that is not part of valid UTF-8 becomes U+FFFD. */
void json_write_string(struct bytes *b, struct span utf8);

void json_write_i64(struct bytes *b, int64_t n);

/* Writes digits that read as this number and no other, without fraction or exponent if it is an
 * integer of 64 bits; null if it is no number or infinite. Not always as JSON.stringify does. */
void json_write_double(struct bytes *b, double d);

static inline void json_write_u64(struct bytes *b, uint64_t n)
{
    bytes_add_u64(b, n);
}

static inline void json_write_bool(struct bytes *b, bool on)
{
    bytes_add_cstr(b, on ? "true" : "false");
}

/* Goes before every item of an array: writes a comma unless the array has just been opened. */
static inline void json_write_comma(struct bytes *b)
{
    if (b->len != 0 && b->data[b->len - 1] != '[' && b->data[b->len - 1] != '{') {
        bytes_add_byte(b, ',');
    }
}

/* Goes before every value of an object: a comma if one is due, the key, a colon. */
void json_write_key(struct bytes *b, struct span key);

static inline void json_member_string(struct bytes *b, struct span key, struct span utf8)
{
    json_write_key(b, key);
    json_write_string(b, utf8);
}

static inline void json_member_u64(struct bytes *b, struct span key, uint64_t n)
{
    json_write_key(b, key);
    json_write_u64(b, n);
}

static inline void json_member_bool(struct bytes *b, struct span key, bool on)
{
    json_write_key(b, key);
    json_write_bool(b, on);
}

/* A member whose value is JSON already, say a slice of what a client sent. */
static inline void json_member_json(struct bytes *b, struct span key, struct span json)
{
    json_write_key(b, key);
    bytes_add_span(b, json);
}

#endif
