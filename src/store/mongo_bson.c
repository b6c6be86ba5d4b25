// SPDX-License-Identifier: MIT
#include "src/store/mongo_bson.h"

#include "protocol/utf8.h"

void mongo_put_text(bson_t *doc, const char *key, struct span text)
{
    if (utf8_valid(text)) {
        const char *data = text.len > 0 ? (const char *)text.data : "";
        (void)bson_append_utf8(doc, key, -1, data, (int)text.len);
    } else {
        (void)bson_append_binary(doc, key, -1, BSON_SUBTYPE_BINARY, text.data, (uint32_t)text.len);
    }
}

void mongo_put_some(bson_t *doc, const char *key, struct span text)
{
    if (text.len > 0) {
        mongo_put_text(doc, key, text);
    }
}

void mongo_put_order(bson_t *doc, const char *key, struct span text)
{
    struct bytes order = {0};

    for (size_t i = 0; i < text.len; i++) {
        uint8_t *at = bytes_reserve(&order, UTF8_CHAR_BYTES_MAX);
        order.len += utf8_encode(text.data[i], at);
    }
    mongo_put_text(doc, key, bytes_span(&order));
    bytes_finish(&order);
}

void mongo_put_u64(bson_t *doc, const char *key, uint64_t number)
{
    (void)bson_append_int64(doc, key, -1, number < INT64_MAX ? (int64_t)number : INT64_MAX);
}

void mongo_put_item(bson_t *array, uint32_t *count, struct span text)
{
    char buffer[16];
    const char *key;

    (void)bson_uint32_to_string((*count)++, &key, buffer, sizeof buffer);
    mongo_put_text(array, key, text);
}

struct span mongo_text(const bson_iter_t *field)
{
    uint32_t len = 0;

    if (BSON_ITER_HOLDS_UTF8(field)) {
        const char *text = bson_iter_utf8(field, &len);
        return span_of(text, len);
    }
    if (BSON_ITER_HOLDS_BINARY(field)) {
        const uint8_t *data;
        bson_iter_binary(field, NULL, &len, &data);
        return span_of(data, len);
    }
    return (struct span){0};
}

uint64_t mongo_u64(const bson_iter_t *field)
{
    int64_t number =
        BSON_ITER_HOLDS_DATE_TIME(field) ? bson_iter_date_time(field) : bson_iter_as_int64(field);
    return number > 0 ? (uint64_t)number : 0;
}

struct span mongo_get_text(const bson_t *doc, const char *key)
{
    bson_iter_t field;
    return bson_iter_init_find(&field, doc, key) ? mongo_text(&field) : (struct span){0};
}

uint64_t mongo_get_u64(const bson_t *doc, const char *key)
{
    bson_iter_t field;
    return bson_iter_init_find(&field, doc, key) ? mongo_u64(&field) : 0;
}

bool mongo_get_bool(const bson_t *doc, const char *key)
{
    bson_iter_t field;
    return bson_iter_init_find(&field, doc, key) && bson_iter_as_bool(&field);
}
