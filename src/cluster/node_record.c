// SPDX-License-Identifier: MIT
#include "src/cluster/node_record.h"

#include "protocol/json.h"

enum { RECORD_DEPTH_MAX = 8, TEXTS = 4 };

/* 2^53 - 1: what a double holds exactly. */
static const uint64_t number_max = ((uint64_t)1 << 53) - 1;

void node_record_write(struct bytes *out, const struct node_record *record)
{
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("id"), record->id);
    json_member_string(out, SPAN("name"), record->name);
    json_member_string(out, SPAN("address"), record->address);
    json_member_u64(out, SPAN("number"), record->number);
    json_member_string(out, SPAN("adapter"), record->adapter);
    json_member_u64(out, SPAN("started"), (uint64_t)record->started_ms);
    json_member_u64(out, SPAN("uptime"), record->uptime_ms);
    json_member_u64(out, SPAN("connections"), record->connections);
    bytes_add_byte(out, '}');
}

/* 0 too if it is not there. */
static int read_number(struct json object, struct span key, uint64_t max, uint64_t *out)
{
    struct json value;

    *out = 0;
    return json_object_find(object, key, &value) ? json_to_u64(value, max, out) : 0;
}

/* Appends the text; *len is its length. */
static int read_text(struct json object, struct span key, struct bytes *texts, size_t *len)
{
    struct json value;
    size_t before = texts->len;

    *len = 0;
    if (!json_object_find(object, key, &value)) {
        return 0;
    }
    if (value.type != JSON_STRING) {
        return -1;
    }
    json_string_decode(value, texts);
    *len = texts->len - before;
    return *len <= NODE_TEXT_BYTES_MAX ? 0 : -1;
}

static int read_texts(struct json object, struct node_record *record, struct bytes *texts)
{
    static const char *const keys[TEXTS] = {"id", "name", "address", "adapter"};
    struct span *const places[TEXTS] = {&record->id, &record->name, &record->address,
                                        &record->adapter};
    size_t lens[TEXTS], at = 0;

    bytes_clear(texts);
    for (size_t i = 0; i < TEXTS; i++) {
        if (read_text(object, span_cstr(keys[i]), texts, &lens[i]) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < TEXTS; i++) {
        *places[i] = lens[i] == 0 ? SPAN("") : span_of(texts->data + at, lens[i]);
        at += lens[i];
    }
    return record->id.len > 0 ? 0 : -1;
}

int node_record_read(struct span text, struct node_record *record, struct bytes *texts)
{
    struct json object;
    uint64_t number, started_ms;

    if (text.len > NODE_RECORD_BYTES_MAX || json_parse(text, RECORD_DEPTH_MAX, &object) < 0 ||
        object.type != JSON_OBJECT || read_texts(object, record, texts) < 0 ||
        read_number(object, SPAN("number"), NODE_NUMBER_MAX, &number) < 0 ||
        read_number(object, SPAN("started"), number_max, &started_ms) < 0 ||
        read_number(object, SPAN("uptime"), number_max, &record->uptime_ms) < 0 ||
        read_number(object, SPAN("connections"), number_max, &record->connections) < 0) {
        return -1;
    }
    record->number = (unsigned)number;
    record->started_ms = (int64_t)started_ms;
    return 0;
}
