// SPDX-License-Identifier: MIT
/* jansson, set up to accept what JSON.parse accepts as far as it can: JSON_DECODE_ANY for texts
 * that are no container, JSON_ALLOW_NUL for \u0000 in values, JSON_DECODE_INT_AS_REAL because it
 * refuses integers of more than 64 bits. What remains different is LIBRARY_DIFFERS:
 *
 *   a number beyond the range of a double    JSON.parse says Infinity, and we keep the digits
 *   an escape of half a surrogate pair       JSON.parse and we accept it
 *   \u0000 in a key                          jansson cannot store it
 *   a raw NUL                                jansson skips one after a number or a literal */
#include "tests/fuzz/json_library.h"

#include <jansson.h>

static bool differs(const json_error_t *error)
{
    static const char half_a_pair[] = "invalid Unicode '"; /* of a wrong escape it says otherwise */
    enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           (code == json_error_invalid_syntax &&
            strncmp(error->text, half_a_pair, strlen(half_a_pair)) == 0);
}

static void add_value(struct bytes *b, json_t *v)
{
    const char *key;
    json_t *member;
    size_t i;

    switch (json_typeof(v)) {
    case JSON_NULL:
        bytes_add_byte(b, 'n');
        break;
    case JSON_TRUE:
        bytes_add_byte(b, 't');
        break;
    case JSON_FALSE:
        bytes_add_byte(b, 'f');
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        add_number(b, json_number_value(v));
        break;
    case JSON_STRING:
        add_string(b, span_of(json_string_value(v), json_string_length(v)));
        break;
    case JSON_ARRAY:
        bytes_add_byte(b, '[');
        json_array_foreach(v, i, member)
        {
            add_value(b, member);
        }
        bytes_add_byte(b, ']');
        break;
    case JSON_OBJECT:
        bytes_add_byte(b, '{');
        json_object_foreach(v, key, member)
        {
            add_string(b, span_cstr(key));
            add_value(b, member);
        }
        bytes_add_byte(b, '}');
        break;
    }
}

enum library_verdict library_json(struct span text, struct bytes *out)
{
    json_error_t error;

    if (text.len != 0 && memchr(text.data, '\0', text.len) != NULL) {
        return LIBRARY_DIFFERS;
    }
    json_object_seed(1); /* the same run for the same input */
    json_t *v = json_loadb((const char *)text.data, text.len,
                           JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    if (v == NULL) {
        return differs(&error) ? LIBRARY_DIFFERS : LIBRARY_REFUSES;
    }
    add_value(out, v);
    json_decref(v);
    return LIBRARY_ACCEPTS;
}
