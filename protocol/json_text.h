/* What the files of the JSON codec share; nobody else includes it. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_JSON_TEXT_H
#define PROTOCOL_JSON_TEXT_H

#include "protocol/json.h"

/* A byte in all eight places of a word. */
#define JSON_EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline bool json_is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const uint8_t *json_skip_space(const uint8_t *p, const uint8_t *end)
{
    while (p < end && json_is_space(*p)) {
        p++;
    }
    return p;
}

static inline enum json_type json_type_at(const uint8_t *p)
{
    switch (*p) {
    case '"':
        return JSON_STRING;
    case '[':
        return JSON_ARRAY;
    case '{':
        return JSON_OBJECT;
    case 'n':
        return JSON_NULL;
    case 't':
    case 'f':
        return JSON_BOOL;
    default:
        return JSON_NUMBER;
    }
}

static inline struct json json_between(const uint8_t *begin, const uint8_t *end)
{
    return (struct json){span_of(begin, (size_t)(end - begin)), json_type_at(begin)};
}

/* Passes over the bytes that mean themselves in a string: returns the first that is '"', '\\', a
 * control character or not ASCII, or end. Eight at a time: subtracting sets the top bit of a byte
 * that is too small, and the lowest byte marked is never marked by a borrow. */
static inline const uint8_t *json_skip_plain(const uint8_t *p, const uint8_t *end)
{
    for (uint64_t word; end - p >= 8; p += 8) {
        memcpy(&word, p, sizeof word);
        uint64_t quote = (word ^ JSON_EIGHT('"')) - JSON_EIGHT(1);
        uint64_t backslash = (word ^ JSON_EIGHT('\\')) - JSON_EIGHT(1);
        uint64_t control = word - JSON_EIGHT(' ');
        uint64_t marks = (quote | backslash | control | word) & JSON_EIGHT(0x80);
        if (marks != 0) {
            return p + __builtin_ctzll(marks) / 8;
        }
    }
    while (p < end && *p != '"' && *p != '\\' && *p >= ' ' && *p < 0x80) {
        p++;
    }
    return p;
}

#endif
