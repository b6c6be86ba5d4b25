// SPDX-License-Identifier: MIT
#include "src/store/postgres_params.h"

#include <assert.h>
#include <limits.h>

#include "src/base/ids.h"

enum {
    ARRAY_HEAD_BYTES = 20, /* dimensions, has nulls, type, length, first index */
    ID_TAG_UUID = 0,
    ID_TAG_TEXT = 1,
};

static void add(struct postgres_params *params, const void *data, size_t len)
{
    assert(params->count < POSTGRES_PARAMS_MAX && len <= INT_MAX);
    params->values[params->count] = data;
    params->lengths[params->count++] = (int)len;
}

void postgres_add_bytes(struct postgres_params *params, struct span value)
{
    add(params, value.len == 0 ? "" : (const void *)value.data, value.len);
}

void postgres_add_number(struct postgres_params *params, uint64_t value)
{
    uint8_t *number = params->numbers[params->count];

    store_be64(number, value);
    add(params, number, sizeof value);
}

static void write_id(struct bytes *out, struct span id)
{
    uint8_t uuid[ID_BYTES];

    if (id_parse(id, uuid) == 0) {
        bytes_add_byte(out, ID_TAG_UUID);
        bytes_add(out, uuid, ID_BYTES);
    } else {
        bytes_add_byte(out, ID_TAG_TEXT);
        bytes_add_span(out, id);
    }
}

void postgres_add_id(struct postgres_params *params, struct span id, struct bytes *buffer)
{
    bytes_clear(buffer);
    write_id(buffer, id);
    postgres_add_bytes(params, bytes_span(buffer));
}

void postgres_read_id(struct bytes *out, struct span value)
{
    if (value.len == 1 + ID_BYTES && value.data[0] == ID_TAG_UUID) {
        id_format(value.data + 1, (char *)bytes_reserve(out, ID_TEXT_LEN));
        out->len += ID_TEXT_LEN;
    } else if (value.len > 0) {
        bytes_add_span(out, span_skip(value, 1));
    }
}

/* ---- arrays ---- */

static void put_be32(uint8_t *p, uint32_t n)
{
    n = __builtin_bswap32(n);
    memcpy(p, &n, sizeof n);
}

/* Begins another value; its length is filled in by end_value. */
static size_t begin_value(struct postgres_array *array)
{
    if (array->count++ == 0) {
        (void)bytes_reserve(&array->data, ARRAY_HEAD_BYTES);
        array->data.len = ARRAY_HEAD_BYTES;
    }
    (void)bytes_reserve(&array->data, 4);
    array->data.len += 4;
    return array->data.len;
}

static void end_value(struct postgres_array *array, size_t start)
{
    put_be32(array->data.data + start - 4, (uint32_t)(array->data.len - start));
}

void postgres_array_bytes(struct postgres_array *array, struct span value)
{
    size_t start = begin_value(array);

    bytes_add_span(&array->data, value);
    end_value(array, start);
}

void postgres_array_number(struct postgres_array *array, uint64_t value)
{
    size_t start = begin_value(array);

    store_be64(bytes_reserve(&array->data, sizeof value), value);
    array->data.len += sizeof value;
    end_value(array, start);
}

void postgres_array_id(struct postgres_array *array, struct span id)
{
    size_t start = begin_value(array);

    write_id(&array->data, id);
    end_value(array, start);
}

void postgres_array_finish(struct postgres_array *array)
{
    bytes_finish(&array->data);
    array->count = 0;
}

void postgres_add_array(struct postgres_params *params, struct postgres_array *array,
                        enum postgres_type type)
{
    enum { EMPTY_HEAD_BYTES = 12 };

    (void)bytes_reserve(&array->data, array->count == 0 ? ARRAY_HEAD_BYTES : 0);
    uint8_t *head = array->data.data;
    put_be32(head, array->count > 0);
    put_be32(head + 4, 0);
    put_be32(head + 8, type);
    put_be32(head + 12, array->count);
    put_be32(head + 16, 1);
    add(params, head, array->count > 0 ? array->data.len : EMPTY_HEAD_BYTES);
}
