// SPDX-License-Identifier: MIT
#include "src/web/form.h"

#include "protocol/http_query.h"

static bool has_type(struct span field, struct span type)
{
    const uint8_t *end = field.len == 0 ? NULL : memchr(field.data, ';', field.len);
    struct span own = {field.data, end == NULL ? field.len : (size_t)(end - field.data)};

    while (own.len > 0 && (own.data[own.len - 1] == ' ' || own.data[own.len - 1] == '\t')) {
        own.len--;
    }
    return span_eq_nocase(own, type);
}

int form_read(struct span type, struct span body, struct form *out)
{
    *out = (struct form){.kind = FORM_EMPTY};
    if (body.len == 0) {
        return 0;
    }
    if (has_type(type, SPAN("application/x-www-form-urlencoded"))) {
        out->kind = FORM_URLENCODED;
        out->encoded = body;
        return 0;
    }
    if (!has_type(type, SPAN("application/json"))) {
        return 0;
    }
    int rc = json_parse(body, FORM_DEPTH_MAX, &out->object);
    if (rc < 0) {
        return rc;
    }
    if (out->object.type == JSON_OBJECT) {
        out->kind = FORM_JSON;
        return 0;
    }
    return out->object.type == JSON_ARRAY ? 0 : JSON_ESYNTAX;
}

void form_text(const struct form *form, struct span key, struct bytes *out)
{
    struct json value;

    if (form->kind == FORM_URLENCODED) {
        http_query_decode(http_query_get(form->encoded, key), out);
        return;
    }
    if (form->kind != FORM_JSON || !json_object_find(form->object, key, &value)) {
        return;
    }
    if (value.type == JSON_STRING) {
        json_string_decode(value, out);
    } else if (value.type == JSON_NUMBER && !span_eq(value.text, SPAN("0"))) {
        bytes_add_span(out, value.text);
    }
}
