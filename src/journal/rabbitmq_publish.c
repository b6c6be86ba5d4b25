// SPDX-License-Identifier: MIT
#include "src/journal/rabbitmq_publish.h"

#include <assert.h>

#include "protocol/json.h"
#include "src/journal/journal_value.h"

enum { SHORTSTR_MAX = 255 }; /* bytes of AMQP's short strings */

/* The value has `text` too, for consumers of dialect 1, who refuse one without it: content, which
 * they want as a string. */
static void write_value(struct bytes *out, const struct message *m)
{
    bytes_clear(out);
    journal_value_write(out, m);
    if (m->content.len == 0) {
        return;
    }
    assert(out->len > 2 && out->data[out->len - 1] == '}');
    out->len--;
    bytes_add_cstr(out, ",\"text\":");
    if (m->content.data[0] == '"') {
        bytes_add_span(out, m->content);
    } else {
        json_write_string(out, m->content);
    }
    bytes_add_byte(out, '}');
}

/* "messages.<room>", as far as it fits: the room is in the value, and the binding takes all. */
static amqp_bytes_t routing_key(const struct message *m, char key[SHORTSTR_MAX])
{
    static const char prefix[] = "messages.";
    size_t len = sizeof prefix - 1;
    size_t room = m->room.len < SHORTSTR_MAX - len ? m->room.len : SHORTSTR_MAX - len;

    while (room < m->room.len && room > 0 && (m->room.data[room] & 0xc0) == 0x80) {
        room--; /* not within a character */
    }
    memcpy(key, prefix, len);
    if (room > 0) {
        memcpy(key + len, m->room.data, room);
    }
    return (amqp_bytes_t){.len = len + room, .bytes = key};
}

int rabbitmq_publish(struct rabbitmq_link *link, struct bytes *scratch, const struct message *m)
{
    char key[SHORTSTR_MAX];
    amqp_table_entry_t dialect = {.key = amqp_cstring_bytes("dialect"),
                                  .value = {.kind = AMQP_FIELD_KIND_I32, .value.i32 = m->dialect}};
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_HEADERS_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
        .timestamp = m->timestamp_ms > 0 ? (uint64_t)m->timestamp_ms / 1000 : 0,
        .headers = {.num_entries = 1, .entries = &dialect},
    };

    if (m->id.len != 0 && m->id.len <= SHORTSTR_MAX) {
        properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
        properties.message_id = rabbitmq_bytes(m->id);
    }
    write_value(scratch, m);
    return amqp_basic_publish(link->conn, RABBITMQ_MAIN, amqp_cstring_bytes(link->exchange),
                              routing_key(m, key), true, false, &properties,
                              rabbitmq_bytes(bytes_span(scratch)));
}
