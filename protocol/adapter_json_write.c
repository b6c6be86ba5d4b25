// SPDX-License-Identifier: MIT
#include "protocol/adapter_json.h"

#include <assert.h>

void adapter_names_write(struct bytes *out, struct span key, const struct adapter_names *names)
{
    json_write_key(out, key);
    bytes_add_byte(out, '[');
    for (size_t i = 0; i < names->count; i++) {
        json_write_comma(out);
        json_write_string(out, names->items[i]);
    }
    bytes_add_byte(out, ']');
}

static void write_flags(struct bytes *out, const struct adapter_message *m)
{
    assert(m->seq <= ADAPTER_INTEGER_MAX && m->timeout_ms <= ADAPTER_INTEGER_MAX);

    json_write_key(out, SPAN("flags"));
    bytes_add_byte(out, '{');
    if (m->is_volatile) {
        json_member_bool(out, SPAN("volatile"), true);
    }
    if (m->no_compress) {
        json_member_bool(out, SPAN("compress"), false);
    }
    if (m->timeout_ms != 0) {
        json_member_u64(out, SPAN("timeout"), m->timeout_ms);
    }
    if (m->seq != 0 || m->note.len != 0) {
        json_write_key(out, SPAN("rookery"));
        bytes_add_byte(out, '[');
        json_write_u64(out, m->seq);
        bytes_add_byte(out, ',');
        json_write_string(out, m->note);
        bytes_add_byte(out, ']');
    }
    bytes_add_byte(out, '}');
}

void adapter_options_write(struct bytes *out, const struct adapter_message *m, bool with_flags)
{
    json_write_key(out, SPAN("opts"));
    bytes_add_byte(out, '{');
    adapter_names_write(out, SPAN("rooms"), &m->rooms);
    adapter_names_write(out, SPAN("except"), &m->except);
    if (with_flags) {
        write_flags(out, m);
    }
    bytes_add_byte(out, '}');
}

void adapter_event_write(struct bytes *out, struct span key, const struct adapter_message *m)
{
    assert(!adapter_event_reserved(m->kind, m->event));

    json_write_key(out, key);
    bytes_add_byte(out, '[');
    json_write_string(out, m->event);
    if (m->args.json.len != 0) {
        bytes_add_byte(out, ',');
        bytes_add_span(out, m->args.json);
    }
    bytes_add_byte(out, ']');
}

struct span adapter_first_of(struct span values)
{
    struct json first;

    while (values.len != 0 && values.data[0] <= ' ') { /* white space */
        values = span_skip(values, 1);
    }
    if (values.len == 0) {
        return SPAN("null");
    }
    struct json_iter it = {values.data, values.data + values.len};
    return json_array_next(&it, &first) ? first.text : SPAN("null");
}

void adapter_answer_write(struct bytes *out, struct span key, const struct adapter_message *m)
{
    if (m->args.json.len != 0) {
        json_member_json(out, key, adapter_first_of(m->args.json));
    }
}

void adapter_sockets_write(struct bytes *out, const struct adapter_message *m)
{
    json_write_key(out, SPAN("sockets"));
    bytes_add_byte(out, '[');
    for (size_t i = 0; i < m->socket_count; i++) {
        const struct adapter_socket *s = &m->sockets[i];
        json_write_comma(out);
        bytes_add_byte(out, '{');
        json_member_string(out, SPAN("id"), s->id);
        json_member_json(out, SPAN("handshake"), s->handshake.len == 0 ? SPAN("{}") : s->handshake);
        adapter_names_write(out, SPAN("rooms"), &s->rooms);
        json_member_json(out, SPAN("data"), s->data.len == 0 ? SPAN("{}") : s->data);
        bytes_add_byte(out, '}');
    }
    bytes_add_byte(out, ']');
}

void adapter_seen_write(struct bytes *out, const struct adapter_message *m)
{
    assert(m->seq <= ADAPTER_INTEGER_MAX && m->lately_ms <= ADAPTER_INTEGER_MAX);
    json_write_key(out, SPAN("seen"));
    bytes_add_byte(out, '{');
    json_member_u64(out, SPAN("seq"), m->seq);
    json_member_u64(out, SPAN("lately"), m->lately_ms);
    json_member_u64(out, SPAN("ask"), m->ask);
    json_member_u64(out, SPAN("phase"), m->phase);
    json_write_key(out, SPAN("of"));
    bytes_add_byte(out, '{');
    for (size_t i = 0; i < m->seen_count; i++) {
        assert(m->seen[i].seq <= ADAPTER_INTEGER_MAX);
        json_member_u64(out, m->seen[i].uid, m->seen[i].seq);
    }
    bytes_add_cstr(out, "}}");
}
