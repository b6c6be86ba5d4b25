/* The other opinion for fuzz_json_library. It lives in a file of its own because the names in
 * jansson.h and in protocol/json.h are partly the same.
 *
 * Values are compared as a list of bytes that both sides write from what they read:
 *
 *     n t f            null, true, false
 *     # %a ;           a number, with the double it stands for
 *     " length : bytes a string, decoded
 *     [ values ]  { key value ... }
 *
 * The members of an object stand where their key came first, with the value that came last. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_FUZZ_JSON_LIBRARY_H
#define TESTS_FUZZ_JSON_LIBRARY_H

#include "protocol/bytes.h"

#include <stdio.h>

enum library_verdict {
    LIBRARY_ACCEPTS,
    LIBRARY_REFUSES,
    LIBRARY_DIFFERS, /* known to judge otherwise than JSON.parse */
};

/* Parses text with the library and, if it accepts, appends the values to *out. */
enum library_verdict library_json(struct span text, struct bytes *out);

static inline void add_number(struct bytes *b, double n)
{
    char text[64];

    (void)snprintf(text, sizeof text, "#%a;", n);
    bytes_add_cstr(b, text);
}

static inline void add_string(struct bytes *b, struct span utf8)
{
    bytes_add_byte(b, '"');
    bytes_add_u64(b, utf8.len);
    bytes_add_byte(b, ':');
    bytes_add_span(b, utf8);
}

#endif
