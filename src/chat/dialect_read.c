// SPDX-License-Identifier: MIT
#include "src/chat/dialect.h"

#include <assert.h>
#include <stdio.h>

#include "src/chat/dialect_table.h"
#include "src/chat/text.h"

static const char invalid[] = "INVALID_PAYLOAD";

enum {
    QUOTES = 2,
    ESCAPE_BYTES = 6, /* the longest that JSON writes one byte of text */
    TIME_BYTES_MAX = 64,
    TEXTS_BYTES_MAX = FIELDS_MAX * (ESCAPE_BYTES * NAME_BYTES_MAX + QUOTES),
};

struct reading {
    const struct dialect_limits *limits;
    struct dialect_scratch *scratch;
    struct command *out;
    uint32_t there;               /* which keys of the event the payload has: 1 << index */
    struct json values[KEYS_MAX]; /* and their values */
};

/* ---- the payload ---- */

/* Few keys are written with escapes; their bytes are none of the keys that we know. */
static unsigned find_escaped_key(const struct event_entry *entry, struct json key)
{
    unsigned i = 0;

    while (i < entry->key_count && !json_string_eq(key, entry->keys[i])) {
        i++;
    }
    return i;
}

/* The index of the key, or key_count. */
static unsigned find_key(const struct event_entry *entry, struct json key)
{
    struct span text = span_of(key.text.data + 1, key.text.len - QUOTES);

    for (unsigned slot = event_key_hash(text), i; (i = entry->slots[slot % KEY_SLOTS]) != 0;
         slot++) {
        if (span_eq(entry->keys[i - 1], text)) {
            return i - 1;
        }
    }
    bool escaped = text.len != 0 && memchr(text.data, '\\', text.len) != NULL;
    return escaped ? find_escaped_key(entry, key) : entry->key_count;
}

static void read_members(struct reading *r, const struct event_entry *entry, struct json object)
{
    struct json_iter it;
    struct json key, value;

    json_object_begin(&it, object);
    while (json_object_next(&it, &key, &value)) {
        unsigned i = find_key(entry, key);
        if (i < entry->key_count) {
            uint32_t bit = UINT32_C(1) << i;
            r->there = value.type == JSON_NULL ? r->there & ~bit : r->there | bit;
            r->values[i] = value;
        }
    }
}

/* Of the payload only the outermost type is needed, and only which of these it is. */
static struct json payload_value(struct rookery_str payload)
{
    struct json v = {.text = span_of_str(payload), .type = JSON_NULL};

    if (payload.len == 0) {
        return v;
    }
    switch (payload.data[0]) {
    case '{':
        v.type = JSON_OBJECT;
        break;
    case '"':
        v.type = JSON_STRING;
        break;
    case '[':
        v.type = JSON_ARRAY;
        break;
    case 'n':
        v.text.len = 0;
        break;
    case 't':
    case 'f':
        v.type = JSON_BOOL;
        break;
    default:
        v.type = JSON_NUMBER;
        break;
    }
    return v;
}

/* ---- which row ---- */

static bool is_one_of(struct span text, const char *words)
{
    for (struct span rest = span_cstr(words);;) {
        const uint8_t *bar = memchr(rest.data, '|', rest.len);
        size_t len = bar != NULL ? (size_t)(bar - rest.data) : rest.len;
        if (span_eq(text, span_of(rest.data, len))) {
            return true;
        }
        if (bar == NULL) {
            return false;
        }
        rest = span_skip(rest, len + 1);
    }
}

static bool has(const struct reading *r, unsigned key)
{
    return (r->there >> key & 1) != 0;
}

/* The value of the field at i, by the first of its keys that is there; NULL if none is. */
static const struct json *field_value(const struct reading *r, const struct event_row *row,
                                      unsigned i)
{
    const struct dialect_event *e = row->event;

    while (!has(r, row->key[i])) {
        if (++i == e->field_count || (e->fields[i].flags & SYNONYM) == 0) {
            return NULL;
        }
    }
    return &r->values[row->key[i]];
}

/* A sign that wants a certain word; that it is there at all is known. */
static bool says_so(const struct reading *r, const struct event_row *row)
{
    const struct dialect_event *e = row->event;

    for (unsigned i = 0; i < e->field_count; i++) {
        if (e->fields[i].kind == FIELD_SIGN && e->fields[i].one_of != NULL) {
            return json_string_eq(r->values[row->key[i]], span_cstr(e->fields[i].one_of));
        }
    }
    return true;
}

static bool fits(const struct reading *r, const struct event_row *row)
{
    if ((r->there & row->none_of) != 0) {
        return false;
    }
    for (unsigned i = 0; i < SIGNS_MAX && row->any_of[i] != 0; i++) {
        if ((r->there & row->any_of[i]) == 0) {
            return false;
        }
    }
    return says_so(r, row);
}

static const struct event_row *choose(const struct reading *r, const struct event_entry *entry,
                                      bool is_text)
{
    unsigned last = entry->row_count - 1;

    for (unsigned i = 0; i < last; i++) {
        const struct event_row *row = &entry->rows[i];
        bool wants_text = (row->event->flags & PAYLOAD_IS_TEXT) != 0;
        if (wants_text == is_text && fits(r, row)) {
            return row;
        }
    }
    return &entry->rows[last];
}

/* ---- refusing ---- */

static const struct refusal *refuse(struct dialect_scratch *s, const char *code)
{
    s->refusal = (struct refusal){.code = code, .message = s->sentence};
    return &s->refusal;
}

static unsigned bytes_max(const struct dialect_field *field)
{
    return field->max != 0 ? field->max : NAME_BYTES_MAX;
}

static const struct refusal *refuse_text(struct reading *r, const struct dialect_field *field)
{
    struct dialect_scratch *s = r->scratch;

    (void)snprintf(s->sentence, sizeof s->sentence,
                   "%s must be a string of 1 to %u bytes of UTF-8.", field->key, bytes_max(field));
    return refuse(s, invalid);
}

static const struct refusal *refuse_as(struct reading *r, const struct dialect_field *field,
                                       const char *what)
{
    struct dialect_scratch *s = r->scratch;

    (void)snprintf(s->sentence, sizeof s->sentence, "%s must be %s.", field->key, what);
    return refuse(s, invalid);
}

static const struct refusal *refuse_length(struct reading *r, const char *what, size_t max,
                                           const char *unit)
{
    struct dialect_scratch *s = r->scratch;

    (void)snprintf(s->sentence, sizeof s->sentence, "%s must have no more than %zu %s.", what, max,
                   unit);
    return refuse(s, "MESSAGE_TOO_LONG");
}

/* ---- one field ---- */

static void *target_of(struct reading *r, size_t member)
{
    return (void *)((uintptr_t)r->out + member);
}

/* The spans of earlier texts point into the scratch, so it must not move: it has room for all. */
static struct span decode(struct dialect_scratch *s, struct json v)
{
    size_t from = s->texts.len;

    if (from == 0) {
        (void)bytes_reserve(&s->texts, TEXTS_BYTES_MAX);
    }
    json_string_decode(v, &s->texts);
    assert(s->texts.len <= TEXTS_BYTES_MAX);
    return span_of(s->texts.data + from, s->texts.len - from);
}

static bool text_of(struct reading *r, struct json v, size_t max, struct span *text)
{
    if (v.type != JSON_STRING || v.text.len > ESCAPE_BYTES * max + QUOTES) {
        return false;
    }
    if (!json_string_plain(v, text)) {
        *text = decode(r->scratch, v);
    }
    return text->len >= 1 && text->len <= max;
}

static bool is_blank(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] > ' ') {
            return false;
        }
    }
    return true;
}

static const struct refusal *read_text(struct reading *r, const struct dialect_field *field,
                                       struct json v)
{
    struct span *target = target_of(r, field->target);
    struct span text = v.text;
    bool is_digits = field->kind == FIELD_ID && v.type == JSON_NUMBER;

    if (is_digits ? text.len > bytes_max(field) : !text_of(r, v, bytes_max(field), &text)) {
        return refuse_text(r, field);
    }
    if ((field->flags & NOT_BLANK) != 0 && is_blank(text)) {
        return refuse_as(r, field, "more than spaces");
    }
    if (field->one_of != NULL && !is_one_of(text, field->one_of)) {
        return refuse_as(r, field, field->one_of);
    }
    *target = text;
    return NULL;
}

static const struct refusal *read_content(struct reading *r, const struct dialect_field *field,
                                          struct json v)
{
    size_t max = r->limits->content_units_max;

    if (v.type != JSON_STRING) {
        return refuse_as(r, field, "a string");
    }
    if ((field->flags & NOT_BLANK) != 0 && v.text.len == QUOTES) {
        return refuse_as(r, field, "a string that is not empty");
    }
    /* No unit takes less than a byte, so what is short in bytes need not be counted. */
    if (v.text.len > max + QUOTES && policy_utf16_units(v) > max) {
        return refuse_length(r, field->key, max, "characters");
    }
    r->out->content = v.text;
    return NULL;
}

static void read_time(struct reading *r, const struct dialect_field *field, struct json v)
{
    if ((v.type == JSON_STRING || v.type == JSON_NUMBER) && v.text.len <= TIME_BYTES_MAX) {
        *(struct span *)target_of(r, field->target) = v.text;
    }
}

static const struct refusal *read_offset(struct reading *r, const struct dialect_field *field,
                                         struct json v)
{
    struct span digits;

    if (field->kind == FIELD_OFFSET_IN_TEXT) {
        if (v.type != JSON_STRING || !json_string_plain(v, &digits)) {
            return refuse_as(r, field, "the string that came with the page before");
        }
        v = (struct json){.text = digits, .type = JSON_NUMBER};
    }
    if (v.type != JSON_NUMBER || span_to_u64(v.text, UINT64_MAX, target_of(r, field->target)) < 0) {
        return refuse_as(r, field,
                         field->kind == FIELD_OFFSET ? "a whole number"
                                                     : "the string that came with the page before");
    }
    *(bool *)target_of(r, field->has) = true;
    return NULL;
}

static const struct refusal *read_count(struct reading *r, const struct dialect_field *field,
                                        struct json v)
{
    uint64_t *target = target_of(r, field->target);
    char range[48];

    if (json_to_u64(v, field->max, target) < 0 || *target == 0) {
        (void)snprintf(range, sizeof range, "a whole number from 1 to %u", (unsigned)field->max);
        return refuse_as(r, field, range);
    }
    return NULL;
}

static const struct refusal *read_bool(struct reading *r, const struct dialect_field *field,
                                       struct json v)
{
    if (v.type != JSON_BOOL) {
        return refuse_as(r, field, "true or false");
    }
    *(bool *)target_of(r, field->target) = json_is_true(v);
    return NULL;
}

static const struct refusal *read_absent(struct reading *r, const struct dialect_field *field)
{
    if (field->kind == FIELD_COUNT) {
        *(uint64_t *)target_of(r, field->target) = field->otherwise;
    } else if (field->kind == FIELD_BOOL) {
        *(bool *)target_of(r, field->target) = true;
    }
    if ((field->flags & REQUIRED) == 0) {
        return NULL;
    }
    return field->kind == FIELD_CONTENT ? refuse_as(r, field, "a string") : refuse_text(r, field);
}

static const struct refusal *read_present(struct reading *r, const struct dialect_field *field,
                                          struct json v)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_SIGN:
        return NULL;
    case FIELD_TEXT:
    case FIELD_ID:
        return read_text(r, field, v);
    case FIELD_CONTENT:
        return read_content(r, field, v);
    case FIELD_TIME:
        read_time(r, field, v);
        return NULL;
    case FIELD_OFFSET:
    case FIELD_OFFSET_IN_TEXT:
        return read_offset(r, field, v);
    case FIELD_COUNT:
        return read_count(r, field, v);
    case FIELD_BOOL:
        return read_bool(r, field, v);
    }
    return NULL;
}

/* What a lenient field does not forgive is length: it would have to be carried. */
static bool forgives(const struct dialect_field *field, const struct refusal *why)
{
    return (field->flags & LENIENT) != 0 && why->code == invalid;
}

/* v: NULL if it is absent. */
static const struct refusal *read_field(struct reading *r, const struct dialect_field *field,
                                        const struct json *v)
{
    if (v == NULL) {
        return read_absent(r, field);
    }
    const struct refusal *why = read_present(r, field, *v);
    return why != NULL && forgives(field, why) ? NULL : why;
}

/* ---- the command ---- */

static const struct refusal *read_fields(struct reading *r, const struct event_row *row)
{
    const struct dialect_event *e = row->event;

    for (unsigned i = 0; i < e->field_count; i++) {
        if ((e->fields[i].flags & SYNONYM) != 0) {
            continue;
        }
        const struct refusal *why = read_field(r, &e->fields[i], field_value(r, row, i));
        if (why != NULL) {
            return why;
        }
    }
    return NULL;
}

static const struct refusal *read_row(struct reading *r, const struct event_row *row,
                                      struct json payload)
{
    const struct dialect_event *e = row->event;

    r->out->kind = e->kind;
    r->out->dialect = row->dialect;
    if ((e->flags & PAYLOAD_IS_TEXT) != 0) {
        return read_field(r, &e->fields[0], payload.text.len != 0 ? &payload : NULL);
    }
    if (payload.type != JSON_OBJECT && e->field_count > 0) {
        return &refused_payload;
    }
    if ((e->flags & CARRIES_RAW) != 0) {
        if (payload.text.len > r->limits->raw_bytes_max) {
            return refuse_length(r, "The payload", r->limits->raw_bytes_max, "bytes");
        }
        r->out->raw = payload.text;
    }
    return read_fields(r, row);
}

const struct refusal *dialect_read(struct rookery_str event, struct rookery_str payload,
                                   const struct dialect_limits *limits,
                                   struct dialect_scratch *scratch, struct command *out)
{
    const struct event_entry *entry = dialect_event_find(event);
    struct json value = payload_value(payload);
    struct reading r;

    *out = (struct command){.type = SPAN("text"), .content = SPAN("\"\"")};
    if (entry == NULL) {
        return NULL;
    }
    r.limits = limits;
    r.scratch = scratch;
    r.out = out;
    r.there = 0;
    bytes_clear(&scratch->texts);
    if (value.type == JSON_OBJECT) {
        read_members(&r, entry, value);
    }
    bool is_text = value.type == JSON_STRING || value.type == JSON_NUMBER;
    return read_row(&r, choose(&r, entry, is_text), value);
}
