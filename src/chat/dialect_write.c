// SPDX-License-Identifier: MIT
#include "src/chat/dialect.h"

#include <assert.h>

#include "protocol/json.h"
#include "src/base/iso_time.h"
#include "src/chat/dialect_table.h"

/* What a form is filled with. */
struct subject {
    const struct notice *notice;
    const struct message *message; /* NULL: none */
};

/* ---- times ---- */

static void write_time(struct bytes *out, int64_t wall_ms)
{
    char text[ISO_TIME_LEN + 3];

    text[0] = '"';
    iso_time_write(wall_ms, text + 1);
    text[ISO_TIME_LEN + 1] = '"';
    bytes_add(out, text, ISO_TIME_LEN + 2);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Is it a JSON string like "2024-05-01T12:00:00", with whatever fraction and zone? */
static bool is_iso_time(struct span json)
{
    static const char pattern[] = "\"0000-00-00T00:00:00";
    enum { BEGIN = sizeof pattern - 1, REST_MAX = 17 };

    if (json.len <= BEGIN || json.len > BEGIN + REST_MAX) {
        return false;
    }
    for (size_t i = 0; i < BEGIN; i++) {
        uint8_t c = json.data[i];
        if (pattern[i] == '0' ? !is_digit(c) : c != (uint8_t)pattern[i]) {
            return false;
        }
    }
    for (size_t i = BEGIN; i < json.len - 1; i++) {
        if (!is_digit(json.data[i]) && memchr(".:+-Z", json.data[i], 5) == NULL) {
            return false;
        }
    }
    return true;
}

static void write_sent_at(struct bytes *out, const struct subject *s, bool of_message,
                          bool only_iso)
{
    struct span own = of_message ? s->message->sent_at : s->notice->sent_at;

    if (own.len > 0 && (!only_iso || is_iso_time(own))) {
        bytes_add_span(out, own);
    } else {
        write_time(out, of_message ? s->message->timestamp_ms : s->notice->wall_ms);
    }
}

/* ---- people ---- */

static struct span name_of(struct identity who)
{
    return who.username.len > 0 ? who.username : who.user_id;
}

static void write_person(struct bytes *out, struct identity who)
{
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("userId"), who.user_id);
    json_member_string(out, SPAN("username"), name_of(who));
    bytes_add_byte(out, '}');
}

static void write_people(struct bytes *out, const struct notice *n, enum form_value value)
{
    bytes_add_byte(out, '[');
    for (size_t i = 0; i < n->people_count; i++) {
        json_write_comma(out);
        if (value == AS_PEOPLE) {
            write_person(out, n->people[i]);
        } else {
            json_write_string(out, value == AS_IDS ? n->people[i].user_id : name_of(n->people[i]));
        }
    }
    bytes_add_byte(out, ']');
}

/* ---- one field ---- */

static const void *member_of(const struct subject *s, const struct form_field *f)
{
    const void *base = f->of_message ? (const void *)s->message : (const void *)s->notice;
    return (const void *)((uintptr_t)base + f->member);
}

static struct span text_of(const struct subject *s, const struct form_field *f)
{
    return *(const struct span *)member_of(s, f);
}

static uint64_t number_of(const struct subject *s, const struct form_field *f)
{
    return *(const uint64_t *)member_of(s, f);
}

static struct span subject_name(const struct subject *s, bool of_message)
{
    return name_of(of_message ? (struct identity){s->message->user_id, s->message->username}
                              : s->notice->who);
}

static struct span state_name(uint8_t state)
{
    switch ((enum message_state)state) {
    case MESSAGE_DELIVERED:
        return SPAN("\"delivered\"");
    case MESSAGE_READ:
        return SPAN("\"read\"");
    case MESSAGE_SENT:
        break;
    }
    return SPAN("\"sent\"");
}

static bool is_left_out(const struct subject *s, const struct form_field *f)
{
    if (f->value == AS_TEXT_IF_ANY) {
        return text_of(s, f).len == 0;
    }
    return (f->value == AS_TIME_IF_ANY || f->value == AS_NUMBER_IF_ANY) && number_of(s, f) == 0;
}

static void write_json(struct bytes *out, struct span json)
{
    bytes_add_span(out, json.len > 0 ? json : SPAN("\"\""));
}

static void write_value(struct bytes *out, const struct subject *s, const struct form_field *f)
{
    switch ((enum form_value)f->value) {
    case AS_TEXT:
    case AS_TEXT_IF_ANY:
        json_write_string(out, text_of(s, f));
        break;
    case AS_NAME:
        json_write_string(out, subject_name(s, f->of_message));
        break;
    case AS_JSON:
        write_json(out, text_of(s, f));
        break;
    case AS_TIME:
    case AS_TIME_IF_ANY:
        write_time(out, *(const int64_t *)member_of(s, f));
        break;
    case AS_SENT_AT:
    case AS_SENT_AT_ISO:
        write_sent_at(out, s, f->of_message, f->value == AS_SENT_AT_ISO);
        break;
    case AS_NUMBER:
    case AS_NUMBER_IF_ANY:
        json_write_u64(out, number_of(s, f));
        break;
    case AS_BOOL:
        json_write_bool(out, *(const bool *)member_of(s, f));
        break;
    case AS_STATE:
        bytes_add_span(out, state_name(*(const uint8_t *)member_of(s, f)));
        break;
    case AS_IDS:
    case AS_PEOPLE:
        write_people(out, s->notice, f->value);
        break;
    case AS_ZERO:
        bytes_add_byte(out, '0');
        break;
    }
}

/* ---- the whole ---- */

/* A key goes in as one piece with the comma before it; the first comma is the brace. */
static void write_object(struct bytes *out, const struct dialect_form *form,
                         const struct subject *s)
{
    size_t begin = out->len;

    for (unsigned i = 0; i < form->field_count; i++) {
        const struct form_field *f = &form->fields[i];
        if (!is_left_out(s, f)) {
            bytes_add(out, f->key, f->key_len);
            write_value(out, s, f);
        }
    }
    out->data[begin] = '{';
    bytes_add_byte(out, '}');
}

static void write_list(struct bytes *out, const struct dialect_form *form, const struct notice *n)
{
    bytes_add_byte(out, '[');
    for (size_t i = 0; i < n->message_count; i++) {
        json_write_comma(out);
        write_object(out, form, &(struct subject){n, &n->messages[i]});
    }
    bytes_add_byte(out, ']');
}

static void write_form(struct bytes *out, const struct dialect_form *form, const struct notice *n,
                       enum dialect_id dialect)
{
    struct subject subject = {n, n->message_count > 0 ? &n->messages[0] : NULL};

    switch ((enum form_shape)form->shape) {
    case FORM_RAW_OR_OBJECT:
        assert(subject.message != NULL);
        if (subject.message->dialect == dialect && subject.message->raw.len > 0) {
            bytes_add_span(out, subject.message->raw);
            break;
        }
        write_object(out, form, &subject);
        break;
    case FORM_OBJECT:
        write_object(out, form, &subject);
        break;
    case FORM_LIST:
        write_list(out, form, n);
        break;
    case FORM_NAMES:
        write_people(out, n, AS_NAME);
        break;
    case FORM_NAME:
        json_write_string(out, name_of(n->who));
        break;
    case FORM_INHERITED:
    case FORM_UNTOLD:
        break;
    }
}

static const struct dialect_form *form_of(enum dialect_id dialect, enum notice_kind kind)
{
    const struct dialect *d = dialect_table(dialect);

    while (d != NULL && d->forms[kind].shape == FORM_INHERITED) {
        d = d->like;
    }
    return d != NULL ? &d->forms[kind] : NULL;
}

struct rookery_str dialect_write(enum dialect_id dialect, const struct notice *n, struct bytes *out)
{
    const struct dialect_form *form = form_of(dialect, n->kind);

    if (form == NULL || form->shape == FORM_UNTOLD || (form->not_of & 1U << n->who_dialect) != 0) {
        return ROOKERY_STR("");
    }
    write_form(out, form, n, dialect);
    return form->event;
}

void dialect_write_view(enum dialect_view view, const struct message *m, struct bytes *out)
{
    static const struct dialect_form *const forms[] = {
        [VIEW_CHATROOM] = &view_chatroom,
        [VIEW_SCALABLE] = &view_scalable,
        [VIEW_NATIVE] = &view_native,
    };

    static const struct notice nothing;

    write_object(out, forms[view], &(struct subject){&nothing, m});
}

/* ---- refusals ---- */

static struct span sentence_of(const struct dialect *d, const struct command *c,
                               const struct refusal *why)
{
    for (unsigned i = 0; i < d->sentence_count; i++) {
        const struct refusal_sentence *s = &d->sentences[i];
        if (s->kind == c->kind && (s->code == NULL || strcmp(s->code, why->code) == 0)) {
            return span_cstr(s->message);
        }
    }
    return span_cstr(why->message);
}

struct rookery_str dialect_write_refusal(const struct command *c, const struct refusal *why,
                                         struct bytes *out)
{
    const struct dialect *d = dialect_table(c->dialect);

    if (d == NULL || d->refusal_form == REFUSAL_SILENT) {
        return ROOKERY_STR("");
    }
    bytes_add_byte(out, '{');
    if (d->refusal_form == REFUSAL_CODE_AND_MESSAGE) {
        json_member_string(out, SPAN("code"), span_cstr(why->code));
    }
    json_member_string(out, SPAN("message"), sentence_of(d, c, why));
    bytes_add_byte(out, '}');
    return ROOKERY_STR("error");
}
