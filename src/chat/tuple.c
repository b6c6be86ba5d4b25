// SPDX-License-Identifier: MIT
#include "src/chat/tuple.h"

#include <assert.h>

static const struct json no_array = {{(const uint8_t *)"[]", 2}, JSON_ARRAY};

void tuple_begin(struct tuple *t, struct json array, struct bytes *texts)
{
    t->ok = array.type == JSON_ARRAY;
    t->texts = texts;
    json_array_begin(&t->it, t->ok ? array : no_array);
}

/* What is decoded is never longer than it was, so nothing moves that has been decoded before. */
void tuple_reserve(struct bytes *texts, struct span document)
{
    bytes_clear(texts);
    (void)bytes_reserve(texts, document.len);
}

static bool next(struct tuple *t, struct json *item)
{
    t->ok = t->ok && json_array_next(&t->it, item);
    return t->ok;
}

static struct span decoded(struct tuple *t, struct json string)
{
    struct span text;
    size_t begin = t->texts->len;

    if (json_string_plain(string, &text)) {
        return text;
    }
    assert(t->texts->cap - begin >= string.text.len);
    json_string_decode(string, t->texts);
    return span_of(t->texts->data + begin, t->texts->len - begin);
}

struct span tuple_text(struct tuple *t, size_t min, size_t max)
{
    struct span text = SPAN("");
    struct json item;

    if (next(t, &item)) {
        t->ok = item.type == JSON_STRING;
        text = t->ok ? decoded(t, item) : text;
        t->ok = t->ok && text.len >= min && text.len <= max;
    }
    return t->ok ? text : SPAN("");
}

struct span tuple_json(struct tuple *t, unsigned types, size_t max)
{
    struct json item;

    if (!next(t, &item) || item.type == JSON_NULL) {
        return SPAN("");
    }
    t->ok = (types >> item.type & 1) != 0 && item.text.len <= max;
    return t->ok ? item.text : SPAN("");
}

uint64_t tuple_number(struct tuple *t, uint64_t max)
{
    uint64_t n = 0;
    struct json item;

    t->ok = next(t, &item) && json_to_u64(item, max, &n) == 0;
    return n;
}

struct json tuple_array(struct tuple *t)
{
    struct json item;

    t->ok = next(t, &item) && item.type == JSON_ARRAY;
    return t->ok ? item : no_array;
}

void tuple_add_text(struct bytes *out, struct span utf8)
{
    json_write_comma(out);
    json_write_string(out, utf8);
}

void tuple_add_json(struct bytes *out, struct span json)
{
    json_write_comma(out);
    bytes_add_span(out, json.len > 0 ? json : SPAN("null"));
}

void tuple_add_number(struct bytes *out, uint64_t n)
{
    json_write_comma(out);
    json_write_u64(out, n);
}
