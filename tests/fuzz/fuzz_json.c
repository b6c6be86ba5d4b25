// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "protocol/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned check_value(struct json v);

/* From `from` to `to` there are only separators. */
static void check_gap(const uint8_t *from, const uint8_t *to)
{
    assert(from <= to);
    for (; from < to; from++) {
        assert(memchr(" \t\r\n,:", *from, 6) != NULL);
    }
}

/* Any text comes back from being written as a string, if it is UTF-8, and is a string anyhow. */
static void check_write(struct span text)
{
    struct bytes written = {0}, back = {0};
    struct json v;

    json_write_string(&written, text);
    assert(json_parse(bytes_span(&written), 0, &v) == 0 && v.type == JSON_STRING);
    json_string_decode(v, &back);
    assert(utf8_valid(bytes_span(&back)));
    assert(!utf8_valid(text) || span_eq(bytes_span(&back), text));
    bytes_finish(&written);
    bytes_finish(&back);
}

static void check_string(struct json v)
{
    struct bytes text = {0};
    struct span plain;

    json_string_decode(v, &text);
    assert(utf8_valid(bytes_span(&text)));
    assert(json_string_eq(v, bytes_span(&text)));
    if (json_string_plain(v, &plain)) {
        assert(span_eq(plain, bytes_span(&text)));
    }
    check_write(bytes_span(&text));
    bytes_add_byte(&text, '!');
    assert(!json_string_eq(v, bytes_span(&text)));
    bytes_finish(&text);
}

static void check_number(struct json v)
{
    struct bytes again = {0};
    uint64_t n;
    double number;

    if (json_to_u64(v, UINT64_MAX, &n) == 0) {
        json_write_u64(&again, n);
        assert(span_eq(bytes_span(&again), v.text));
        assert(json_to_double(v, &number) == 0 && number == (double)n);
    } else {
        (void)!json_to_double(v, &number);
    }
    bytes_finish(&again);
}

/* The slices of an array, in order, with only separators between, are all that is in it. */
static unsigned check_array(struct json v)
{
    const uint8_t *at = v.text.data + 1;
    unsigned depth = 0;
    struct json_iter it;
    struct json item;

    json_array_begin(&it, v);
    while (json_array_next(&it, &item)) {
        unsigned below = check_value(item);
        depth = below > depth ? below : depth;
        check_gap(at, item.text.data);
        at = item.text.data + item.text.len;
    }
    check_gap(at, v.text.data + v.text.len - 1);
    return depth + 1;
}

static unsigned check_object(struct json v)
{
    const uint8_t *at = v.text.data + 1;
    unsigned depth = 0;
    struct json_iter it;
    struct json key, value, found;
    struct bytes name = {0};

    json_object_begin(&it, v);
    while (json_object_next(&it, &key, &value)) {
        unsigned below = check_value(value);
        depth = below > depth ? below : depth;
        check_string(key);
        check_gap(at, key.text.data);
        check_gap(key.text.data + key.text.len, value.text.data);
        at = value.text.data + value.text.len;
        bytes_clear(&name);
        json_string_decode(key, &name);
        assert(json_object_find(v, bytes_span(&name), &found));
        assert(found.text.data >= value.text.data);
    }
    check_gap(at, v.text.data + v.text.len - 1);
    bytes_finish(&name);
    return depth + 1;
}

/* Returns how many containers are inside each other. */
static unsigned check_value(struct json v)
{
    assert(v.text.len > 0);
    switch (v.type) {
    case JSON_ARRAY:
        return check_array(v);
    case JSON_OBJECT:
        return check_object(v);
    case JSON_STRING:
        check_string(v);
        return 0;
    case JSON_NUMBER:
        check_number(v);
        return 0;
    case JSON_BOOL:
        assert(span_eq(v.text, json_is_true(v) ? SPAN("true") : SPAN("false")));
        return 0;
    case JSON_NULL:
        assert(span_eq(v.text, SPAN("null")));
        return 0;
    }
    return 0;
}

/* The tokens of a walk, with only separators between, are the whole text; each scalar is a value.
 */
static void check_walk(struct json v, unsigned depth)
{
    const uint8_t *at = v.text.data;
    struct json_walk walk;
    struct json token, again;
    unsigned deepest = 0;

    json_walk_begin(&walk, v);
    for (enum json_step step; (step = json_walk_next(&walk, &token)) != JSON_STEP_END;) {
        check_gap(at, token.text.data);
        at = token.text.data + token.text.len;
        deepest = walk.depth > deepest ? walk.depth : deepest;
        if (step == JSON_STEP_OPEN || step == JSON_STEP_CLOSE) {
            assert(token.type == JSON_ARRAY || token.type == JSON_OBJECT);
            assert(token.text.len == 1);
        } else {
            assert(json_parse(token.text, 0, &again) == 0);
            assert(again.type == token.type && span_eq(again.text, token.text));
        }
    }
    assert(at == v.text.data + v.text.len);
    assert(walk.depth == 0 && deepest == depth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct json v, again;

    check_write(span_of(data, len));
    if (json_parse(span_of(data, len), JSON_DEPTH_MAX, &v) < 0) {
        return 0;
    }
    check_gap(data, v.text.data);
    check_gap(v.text.data + v.text.len, data + len);
    unsigned depth = check_value(v);
    check_walk(v, depth);
    assert(json_parse(v.text, depth, &again) == 0 && span_eq(again.text, v.text));
    assert(depth == 0 || json_parse(v.text, depth - 1, &again) == JSON_EDEPTH);
    return 0;
}
