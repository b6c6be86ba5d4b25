// SPDX-License-Identifier: MIT
#include "protocol/json_text.h"

#include <assert.h>

/* All text here has passed json_parse: strings and brackets are known to close, so the skipping
 * functions look for nothing but the end of what they skip. */

/* Past a string, p being after its opening quote. */
static const uint8_t *skip_string(const uint8_t *p, const uint8_t *end)
{
    for (;;) {
        while (end - p >= 8) { /* as in json_skip_plain, but only quotes and backslashes matter */
            uint64_t word;
            memcpy(&word, p, sizeof word);
            uint64_t quote = word ^ JSON_EIGHT('"'), backslash = word ^ JSON_EIGHT('\\');
            uint64_t marks =
                (((quote - JSON_EIGHT(1)) & ~quote) | ((backslash - JSON_EIGHT(1)) & ~backslash)) &
                JSON_EIGHT(0x80);
            if (marks != 0) {
                p += __builtin_ctzll(marks) / 8;
                break;
            }
            p += 8;
        }
        while (*p != '"' && *p != '\\') {
            p++;
        }
        if (*p == '"') {
            return p + 1;
        }
        p += 2;
    }
}

/* Past an array or object, p being after its opening bracket. */
static const uint8_t *skip_container(const uint8_t *p, const uint8_t *end)
{
    for (unsigned depth = 1; depth > 0;) {
        switch (*p++) {
        case '"':
            p = skip_string(p, end);
            break;
        case '[':
        case '{':
            depth++;
            break;
        case ']':
        case '}':
            depth--;
            break;
        default:
            break;
        }
    }
    return p;
}

/* Past a number or a literal: they end where something else begins. */
static const uint8_t *skip_word(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p != ',' && *p != ']' && *p != '}' && !json_is_space(*p)) {
        p++;
    }
    return p;
}

static const uint8_t *skip_scalar(const uint8_t *p, const uint8_t *end)
{
    return *p == '"' ? skip_string(p + 1, end) : skip_word(p, end);
}

static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end)
{
    return *p == '[' || *p == '{' ? skip_container(p + 1, end) : skip_scalar(p, end);
}

static void begin(struct json_iter *it, struct json container)
{
    it->end = container.text.data + container.text.len - 1;
    it->at = json_skip_space(container.text.data + 1, it->end);
}

void json_array_begin(struct json_iter *it, struct json array)
{
    assert(array.type == JSON_ARRAY);
    begin(it, array);
}

void json_object_begin(struct json_iter *it, struct json object)
{
    assert(object.type == JSON_OBJECT);
    begin(it, object);
}

/* Cuts out the value at it->at and goes on to the next item. */
static struct json take_value(struct json_iter *it)
{
    const uint8_t *from = it->at, *to = skip_value(from, it->end);

    it->at = json_skip_space(to, it->end);
    if (it->at < it->end) { /* at a comma */
        it->at = json_skip_space(it->at + 1, it->end);
    }
    return json_between(from, to);
}

bool json_array_next(struct json_iter *it, struct json *item)
{
    if (it->at == it->end) {
        return false;
    }
    *item = take_value(it);
    return true;
}

bool json_object_next(struct json_iter *it, struct json *key, struct json *value)
{
    if (it->at == it->end) {
        return false;
    }
    const uint8_t *colon = skip_string(it->at + 1, it->end);
    *key = json_between(it->at, colon);
    colon = json_skip_space(colon, it->end);
    it->at = json_skip_space(colon + 1, it->end);
    *value = take_value(it);
    return true;
}

bool json_object_find(struct json object, struct span key, struct json *value)
{
    struct json_iter it;
    struct json name, candidate;
    bool found = false;

    json_object_begin(&it, object);
    while (json_object_next(&it, &name, &candidate)) {
        if (json_string_eq(name, key)) {
            *value = candidate;
            found = true;
        }
    }
    return found;
}

void json_walk_begin(struct json_walk *w, struct json value)
{
    *w = (struct json_walk){.at = value.text.data, .end = value.text.data + value.text.len};
}

/* Passes over what only separates tokens. */
static const uint8_t *skip_separators(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (json_is_space(*p) || *p == ',' || *p == ':')) {
        p++;
    }
    return p;
}

enum json_step json_walk_next(struct json_walk *w, struct json *token)
{
    const uint8_t *from = skip_separators(w->at, w->end);

    if (from == w->end) {
        return JSON_STEP_END;
    }
    w->at = from + 1;
    if (*from == '[' || *from == '{') {
        w->depth++;
        *token = json_between(from, w->at);
        return JSON_STEP_OPEN;
    }
    if (*from == ']' || *from == '}') {
        assert(w->depth > 0);
        w->depth--;
        *token = (struct json){span_of(from, 1), *from == ']' ? JSON_ARRAY : JSON_OBJECT};
        return JSON_STEP_CLOSE;
    }
    w->at = skip_scalar(from, w->end);
    *token = json_between(from, w->at);
    const uint8_t *next = json_skip_space(w->at, w->end);
    return next < w->end && *next == ':' ? JSON_STEP_KEY : JSON_STEP_SCALAR;
}
