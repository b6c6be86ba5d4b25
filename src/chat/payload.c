// SPDX-License-Identifier: MIT
#include "src/chat/payload.h"

#include "src/base/memory.h"
#include "src/chat/text.h"

static const struct {
    struct span key;
    size_t offset;
} fields[] = {
    {{(const uint8_t *)"userId", 6}, offsetof(struct payload, user_id)},
    {{(const uint8_t *)"username", 8}, offsetof(struct payload, username)},
    {{(const uint8_t *)"token", 5}, offsetof(struct payload, token)},
};

static void take(struct payload *out, struct json key, struct json value)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (json_string_eq(key, fields[i].key)) {
            struct json *field = (struct json *)(void *)((char *)out + fields[i].offset);
            *field = value.type == JSON_NULL ? (struct json){0} : value;
            return;
        }
    }
}

bool payload_read(struct rookery_str value, struct payload *out)
{
    /* The library parsed the event that this is a slice of: what begins with a brace is an object.
     */
    struct json object = {.text = span_of_str(value), .type = JSON_OBJECT};
    struct json_iter it;
    struct json key, member;

    *out = (struct payload){0};
    if (value.len == 0 || value.data[0] != '{') {
        return false;
    }
    json_object_begin(&it, object);
    while (json_object_next(&it, &key, &member)) {
        take(out, key, member);
    }
    return true;
}
