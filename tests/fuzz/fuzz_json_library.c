// SPDX-License-Identifier: MIT
/* The scanner against a library: both accept the same texts and find the same values in them. Left
 * out is what the library judges otherwise (json_library.c lists it), what nests deeper than
 * JSON_DEPTH_MAX (its limit is higher), and the values of texts with a number of more than
 * JSON_DOUBLE_BYTES_MAX bytes (accepted, but not converted). */
#include "protocol/json.h"
#include "tests/fuzz/json_library.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool add_value(struct bytes *b, struct json v);

static void add_json_string(struct bytes *b, struct json v)
{
    struct bytes text = {0};

    json_string_decode(v, &text);
    add_string(b, bytes_span(&text));
    bytes_finish(&text);
}

/* True if no member of object before the one with this key has the same. */
static bool is_first(struct json object, struct json key)
{
    struct json_iter it;
    struct json earlier, value;
    struct bytes text = {0};
    bool first = true;

    json_string_decode(key, &text);
    json_object_begin(&it, object);
    while (first && json_object_next(&it, &earlier, &value) && earlier.text.data != key.text.data) {
        first = !json_string_eq(earlier, bytes_span(&text));
    }
    bytes_finish(&text);
    return first;
}

static bool add_member(struct bytes *b, struct json object, struct json key)
{
    struct bytes text = {0};
    struct json last;
    bool good = true;

    if (is_first(object, key)) {
        json_string_decode(key, &text);
        assert(json_object_find(object, bytes_span(&text), &last));
        add_string(b, bytes_span(&text));
        good = add_value(b, last);
        bytes_finish(&text);
    }
    return good;
}

static bool add_container(struct bytes *b, struct json v)
{
    struct json_iter it;
    struct json key, value;
    bool good = true;

    if (v.type == JSON_ARRAY) {
        bytes_add_byte(b, '[');
        json_array_begin(&it, v);
        while (good && json_array_next(&it, &value)) {
            good = add_value(b, value);
        }
        bytes_add_byte(b, ']');
    } else {
        bytes_add_byte(b, '{');
        json_object_begin(&it, v);
        while (good && json_object_next(&it, &key, &value)) {
            good = add_member(b, v, key);
        }
        bytes_add_byte(b, '}');
    }
    return good;
}

/* False if there is a number that json_to_double does not convert. */
static bool add_value(struct bytes *b, struct json v)
{
    double n;

    switch (v.type) {
    case JSON_NULL:
        bytes_add_byte(b, 'n');
        return true;
    case JSON_BOOL:
        bytes_add_byte(b, json_is_true(v) ? 't' : 'f');
        return true;
    case JSON_NUMBER:
        if (json_to_double(v, &n) < 0) {
            assert(v.text.len > JSON_DOUBLE_BYTES_MAX); /* the library took it, so it is finite */
            return false;
        }
        add_number(b, n);
        return true;
    case JSON_STRING:
        add_json_string(b, v);
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return add_container(b, v);
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = span_of(data, len);
    struct bytes ours = {0}, theirs = {0};
    struct json v;
    int result = json_parse(text, JSON_DEPTH_MAX, &v);
    enum library_verdict verdict = library_json(text, &theirs);

    if (result != JSON_EDEPTH && verdict != LIBRARY_DIFFERS) {
        assert((result == 0) == (verdict == LIBRARY_ACCEPTS));
        if (result == 0 && add_value(&ours, v)) {
            assert(span_eq(bytes_span(&ours), bytes_span(&theirs)));
        }
    }
    bytes_finish(&ours);
    bytes_finish(&theirs);
    return 0;
}
