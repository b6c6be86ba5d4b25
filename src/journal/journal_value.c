// SPDX-License-Identifier: MIT
#include "src/journal/journal_value.h"

#include <assert.h>

#include "protocol/base64.h"
#include "protocol/json.h"
#include "protocol/utf8.h"
#include "src/base/digest.h"
#include "src/base/ids.h"
#include "src/base/iso_time.h"
#include "src/base/sound.h"

enum { VERSION = 1 };

#define NAME(literal)                                              \
    {                                                              \
        (const uint8_t *)("" literal), sizeof(literal) - (size_t)1 \
    }

/* In the order of the writer, which readers look for first. */
enum outer {
    ID,
    ROOM,
    CHAT_ROOM,
    USER,
    USERNAME,
    MESSAGE,
    CONTENT,
    TYPE,
    TIMESTAMP,
    ACTION,
    RAW,
    OWN,
    TEXT,
    OUTER
};

static const struct span outer_names[OUTER] = {
    NAME("id"),      NAME("roomId"),  NAME("chatRoomId"), NAME("userId"),    NAME("username"),
    NAME("message"), NAME("content"), NAME("type"),       NAME("timestamp"), NAME("action"),
    NAME("raw"),     NAME("rookery"), NAME("text"),
};

enum inner { V, DIALECT, MS, OWN_TIME, SENT_AT, CLIENT_ID, TO, EDITED_MS, SAID, BYTES, INNER };

static const struct span inner_names[INNER] = {
    NAME("v"),        NAME("dialect"), NAME("ms"),       NAME("ownTime"), NAME("sentAt"),
    NAME("clientId"), NAME("to"),      NAME("editedMs"), NAME("said"),    NAME("bytes"),
};

/* The texts that may be any bytes. */
enum { TEXTS = 7 };

static const struct span text_names[TEXTS] = {
    NAME("id"),   NAME("roomId"),   NAME("userId"), NAME("username"),
    NAME("type"), NAME("clientId"), NAME("to"),
};

static void find_texts(struct message *m, struct span *texts[TEXTS])
{
    struct span *const all[TEXTS] = {&m->id,   &m->room,      &m->user_id,  &m->username,
                                     &m->type, &m->client_id, &m->recipient};

    memcpy(texts, all, sizeof all);
}

static const struct span action_names[] = {
    [MESSAGE_SAY] = NAME(""),
    [MESSAGE_EDIT] = NAME("edit"),
    [MESSAGE_DELETE] = NAME("delete"),
    [MESSAGE_MARK] = NAME("mark"),
};

enum { ACTIONS = sizeof action_names / sizeof *action_names };

const char *journal_value_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case JOURNAL_VALUE_EMALFORMED:
        return "the value is no JSON object";
    case JOURNAL_VALUE_EUNKNOWN:
        return "the value is of no known form";
    case JOURNAL_VALUE_EINVALID:
        return "a member of the value is missing or cannot be";
    default:
        return "unknown error";
    }
}

/* ---- writing ---- */

static void add_text(struct bytes *out, struct span prefix, struct span text)
{
    bytes_add_span(out, prefix);
    json_write_string(out, text);
}

static void add_json(struct bytes *out, struct span prefix, struct span json)
{
    if (json.len > 0) {
        bytes_add_span(out, prefix);
        bytes_add_span(out, json);
    }
}

static void add_number(struct bytes *out, struct span prefix, uint64_t n)
{
    bytes_add_span(out, prefix);
    bytes_add_u64(out, n);
}

static bool is_string(struct span json)
{
    return json.len > 0 && json.data[0] == '"';
}

static void add_timestamp(struct bytes *out, const struct message *m)
{
    char iso[ISO_TIME_LEN + 1];

    if (is_string(m->sent_at)) {
        add_json(out, SPAN(",\"timestamp\":"), m->sent_at);
        return;
    }
    iso_time_write(m->timestamp_ms, iso);
    bytes_add_span(out, SPAN(",\"timestamp\":\""));
    bytes_add(out, iso, ISO_TIME_LEN);
    bytes_add_byte(out, '"');
}

static void add_bytes(struct bytes *out, const struct message *m)
{
    struct message copy = *m;
    struct span *texts[TEXTS];
    bool any = false;

    find_texts(&copy, texts);
    for (unsigned i = 0; i < TEXTS; i++) {
        if (!utf8_valid(*texts[i])) {
            bytes_add_span(out, any ? SPAN(",\"") : SPAN(",\"bytes\":{\""));
            bytes_add_span(out, text_names[i]);
            bytes_add_span(out, SPAN("\":\""));
            base64_encode(*texts[i], out);
            bytes_add_byte(out, '"');
            any = true;
        }
    }
    if (any) {
        bytes_add_byte(out, '}');
    }
}

static void add_own(struct bytes *out, const struct message *m)
{
    bytes_add_span(out, SPAN(",\"rookery\":{\"v\":1"));
    add_number(out, SPAN(",\"dialect\":"), m->dialect);
    add_number(out, SPAN(",\"ms\":"), (uint64_t)m->timestamp_ms);
    if (is_string(m->sent_at)) {
        bytes_add_span(out, SPAN(",\"ownTime\":true"));
    } else {
        add_json(out, SPAN(",\"sentAt\":"), m->sent_at);
    }
    if (m->client_id.len > 0) {
        add_text(out, SPAN(",\"clientId\":"), m->client_id);
    }
    if (m->recipient.len > 0) {
        add_text(out, SPAN(",\"to\":"), m->recipient);
    }
    if (m->edited_ms != 0) {
        add_number(out, SPAN(",\"editedMs\":"), (uint64_t)m->edited_ms);
    }
    if (m->said != 0) {
        add_number(out, SPAN(",\"said\":"), m->said);
    }
    add_bytes(out, m);
    bytes_add_byte(out, '}');
}

void journal_value_write(struct bytes *out, const struct message *m)
{
    assert(m->action < ACTIONS && m->timestamp_ms >= 0 && m->edited_ms >= 0);
    add_text(out, SPAN("{\"id\":"), m->id);
    add_text(out, SPAN(",\"roomId\":"), m->room);
    add_text(out, SPAN(",\"chatRoomId\":"), m->room);
    add_text(out, SPAN(",\"userId\":"), m->user_id);
    add_text(out, SPAN(",\"username\":"), m->username);
    add_json(out, SPAN(",\"message\":"), m->content);
    add_json(out, SPAN(",\"content\":"), m->content);
    add_text(out, SPAN(",\"type\":"), m->type);
    add_timestamp(out, m);
    if (m->action != MESSAGE_SAY) {
        add_text(out, SPAN(",\"action\":"), action_names[m->action]);
    }
    add_json(out, SPAN(",\"raw\":"), m->raw);
    add_own(out, m);
    bytes_add_byte(out, '}');
}

/* ---- reading ---- */

/* The members of an object by their names; one that is absent has an empty text. */
struct reading {
    struct bytes *scratch;
    struct span value;
    struct json outer[OUTER];
    struct json inner[INNER];
};

/* A key without escapes is mostly what it looks like. */
static bool key_is(struct json key, struct span name)
{
    const uint8_t *inside = key.text.data + 1;
    size_t len = key.text.len - 2;

    return span_eq(span_of(inside, len), name) ||
           (memchr(inside, '\\', len) != NULL && json_string_eq(key, name));
}

static void gather(struct json object, const struct span *names, unsigned count, struct json *found)
{
    struct json_iter it;
    struct json key, value;
    unsigned at = 0; /* mostly the members are in the order of the names */

    json_object_begin(&it, object);
    while (json_object_next(&it, &key, &value)) {
        for (unsigned tried = 0; tried < count; tried++) {
            at = at < count ? at : 0;
            if (key_is(key, names[at])) {
                found[at++] = value;
                break;
            }
            at++;
        }
    }
}

static bool is_there(struct json v)
{
    return v.text.len > 0 && v.type != JSON_NULL;
}

/* All of value's strings together are no longer than it is, so scratch never moves. */
static struct span text_of(struct reading *r, struct json string)
{
    struct span text;
    size_t begin = r->scratch->len;

    if (json_string_plain(string, &text)) {
        return text;
    }
    json_string_decode(string, r->scratch);
    return span_of(r->scratch->data + begin, r->scratch->len - begin);
}

/* An absent one is empty. */
static bool take_text(struct reading *r, struct json v, bool or_number, struct span *out)
{
    if (!is_there(v)) {
        return true;
    }
    if (v.type == JSON_STRING) {
        *out = text_of(r, v);
    } else if (v.type == JSON_NUMBER && or_number) {
        *out = v.text;
    } else {
        return false;
    }
    return true;
}

static bool take_number(struct json v, uint64_t max, uint64_t *out)
{
    return !is_there(v) || json_to_u64(v, max, out) == 0;
}

static bool take_ms(struct json v, int64_t *out)
{
    uint64_t ms = 0;
    bool ok = take_number(v, INT64_MAX, &ms);

    *out = (int64_t)ms;
    return ok;
}

static bool take_action(struct reading *r, struct message *m)
{
    struct json v = r->outer[ACTION];

    if (!is_there(v)) {
        return true;
    }
    for (unsigned i = MESSAGE_SAY + 1; i < ACTIONS; i++) {
        if (json_string_eq(v, action_names[i])) {
            m->action = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool is_time(struct json v)
{
    return (v.type == JSON_STRING || v.type == JSON_NUMBER) &&
           v.text.len <= JOURNAL_VALUE_TEXT_BYTES_MAX;
}

static bool take_own_time(struct reading *r, struct message *m)
{
    struct json v = r->inner[SENT_AT];

    if (is_there(r->inner[OWN_TIME]) && json_is_true(r->inner[OWN_TIME])) {
        v = r->outer[TIMESTAMP];
        m->sent_at = v.text;
        return v.text.len > 0 && v.type == JSON_STRING && is_time(v);
    }
    m->sent_at = is_there(v) ? v.text : SPAN("");
    return !is_there(v) || (v.type == JSON_NUMBER && is_time(v));
}

static bool take_raw(struct reading *r, struct message *m)
{
    if (!is_there(r->outer[RAW])) {
        return true;
    }
    m->raw = r->outer[RAW].text;
    return r->outer[RAW].type == JSON_OBJECT;
}

static bool take_base64(struct reading *r, struct json v, struct span *out)
{
    if (v.type != JSON_STRING) {
        return false;
    }
    struct span text = text_of(r, v);
    size_t begin = r->scratch->len;
    if (base64_decode(text, r->scratch) != 0) {
        return false;
    }
    *out = span_of(r->scratch->data + begin, r->scratch->len - begin);
    return true;
}

static bool take_bytes(struct reading *r, struct message *m)
{
    struct json found[TEXTS] = {0};
    struct span *texts[TEXTS];
    bool ok = true;

    if (!is_there(r->inner[BYTES])) {
        return true;
    }
    if (r->inner[BYTES].type != JSON_OBJECT) {
        return false;
    }
    gather(r->inner[BYTES], text_names, TEXTS, found);
    find_texts(m, texts);
    for (unsigned i = 0; i < TEXTS; i++) {
        ok = ok && (!is_there(found[i]) || take_base64(r, found[i], texts[i]));
    }
    return ok;
}

/* A text that stands in `bytes` may be longer outside, where that does not matter. */
static bool fits(const struct message *m)
{
    struct message copy = *m;
    struct span *texts[TEXTS];
    bool ok = true;

    find_texts(&copy, texts);
    for (unsigned i = 0; i < TEXTS; i++) {
        ok = ok && texts[i]->len <= JOURNAL_VALUE_TEXT_BYTES_MAX;
    }
    return ok;
}

/* Does it say what its action needs? */
static bool is_whole(const struct message *m)
{
    if (m->room.len == 0) {
        return false;
    }
    switch ((enum message_action)m->action) {
    case MESSAGE_SAY:
        return m->content.len > 0 || m->raw.len > 0;
    case MESSAGE_EDIT:
        return m->id.len > 0 && m->content.len > 0;
    case MESSAGE_DELETE:
        return m->id.len > 0;
    case MESSAGE_MARK:
        return m->id.len > 0 || m->said > 0;
    }
    return false;
}

static bool take_own_texts(struct reading *r, struct message *m)
{
    return take_text(r, r->outer[ID], false, &m->id) &&
           take_text(r, r->outer[ROOM], false, &m->room) &&
           take_text(r, r->outer[USER], false, &m->user_id) &&
           take_text(r, r->outer[USERNAME], false, &m->username) &&
           take_text(r, r->outer[TYPE], false, &m->type) &&
           take_text(r, r->inner[CLIENT_ID], false, &m->client_id) &&
           take_text(r, r->inner[TO], false, &m->recipient) && take_bytes(r, m);
}

static int read_own(struct reading *r, struct message *m)
{
    uint64_t version = 0, dialect = 0;

    gather(r->outer[OWN], inner_names, INNER, r->inner);
    if (!take_number(r->inner[V], UINT64_MAX, &version) || version != VERSION) {
        return JOURNAL_VALUE_EUNKNOWN;
    }
    if (r->outer[CONTENT].text.len > 0) { /* null is a value, too */
        m->content = r->outer[CONTENT].text;
    }
    bool ok = take_own_texts(r, m) && take_action(r, m) && take_raw(r, m) && take_own_time(r, m) &&
              take_number(r->inner[DIALECT], UINT8_MAX, &dialect) &&
              take_ms(r->inner[MS], &m->timestamp_ms) &&
              take_ms(r->inner[EDITED_MS], &m->edited_ms) &&
              take_number(r->inner[SAID], INT64_MAX, &m->said);
    m->dialect = (uint8_t)dialect;
    return ok && is_whole(m) ? 0 : JOURNAL_VALUE_EINVALID;
}

/* What the three foreign forms have in common. */
static int read_foreign(struct reading *r, uint8_t dialect, enum outer room, enum outer content,
                        struct message *m)
{
    m->dialect = dialect;
    m->type = SPAN("text");
    m->content = r->outer[content].text;
    if (is_there(r->outer[TIMESTAMP]) && is_time(r->outer[TIMESTAMP])) {
        m->sent_at = r->outer[TIMESTAMP].text;
    }
    if (!take_text(r, r->outer[room], true, &m->room) ||
        !take_text(r, r->outer[USER], true, &m->user_id) || m->user_id.len == 0) {
        return JOURNAL_VALUE_EINVALID;
    }
    return is_whole(m) ? 0 : JOURNAL_VALUE_EINVALID;
}

static int read_realtime(struct reading *r, struct message *m)
{
    int rc = read_foreign(r, DIALECT_REALTIME, ROOM, CONTENT, m);

    return rc == 0 && take_text(r, r->outer[ID], true, &m->id) &&
                   take_text(r, r->outer[USERNAME], true, &m->username) &&
                   take_text(r, r->outer[TYPE], false, &m->type)
               ? 0
               : JOURNAL_VALUE_EINVALID;
}

/* All of it is to be carried in a value of ours, one level deeper. */
static int read_scalable(struct reading *r, struct message *m)
{
    struct json v;
    int rc = read_foreign(r, DIALECT_SCALABLE, ROOM, TEXT, m);

    m->raw = r->value;
    return rc == 0 && take_text(r, r->outer[USERNAME], true, &m->username) &&
                   json_parse(r->value, JSON_DEPTH_MAX - 1, &v) == 0
               ? 0
               : JOURNAL_VALUE_EINVALID;
}

static int read_chatroom(struct reading *r, struct message *m)
{
    int rc = read_foreign(r, DIALECT_CHATROOM, CHAT_ROOM, MESSAGE, m);

    m->username = m->user_id;
    return rc;
}

static bool begin(struct reading *r, struct span value)
{
    struct json object;

    if (json_parse(value, JSON_DEPTH_MAX, &object) != 0 || object.type != JSON_OBJECT) {
        return false;
    }
    r->value = object.text;
    gather(object, outer_names, OUTER, r->outer);
    return true;
}

static bool is_own(const struct reading *r)
{
    return r->outer[OWN].text.len > 0 && r->outer[OWN].type == JSON_OBJECT;
}

static int read_form(struct reading *r, struct message *m)
{
    if (is_own(r)) {
        return read_own(r, m);
    }
    if (is_there(r->outer[ROOM]) && is_there(r->outer[CONTENT])) {
        return read_realtime(r, m);
    }
    if (is_there(r->outer[ROOM]) && is_there(r->outer[TEXT])) {
        return read_scalable(r, m);
    }
    if (is_there(r->outer[CHAT_ROOM]) && is_there(r->outer[MESSAGE])) {
        return read_chatroom(r, m);
    }
    return JOURNAL_VALUE_EUNKNOWN;
}

int journal_value_read(struct span value, struct bytes *scratch, struct message *m)
{
    enum { FACTOR = 2 }; /* an escaped text is decoded, and then its Base64 */
    struct reading r = {.scratch = scratch};

    *m = (struct message){0};
    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        *message_text(m, i) = SPAN("");
    }
    if (!begin(&r, value)) {
        return JOURNAL_VALUE_EMALFORMED;
    }
    bytes_clear(scratch);
    const uint8_t *where = bytes_reserve(scratch, FACTOR * value.len);
    int rc = read_form(&r, m);
    assert(where == scratch->data);
    return rc == 0 && !fits(m) ? JOURNAL_VALUE_EINVALID : rc;
}

bool journal_value_is_ours(struct span value)
{
    struct reading r = {0};

    return begin(&r, value) && is_own(&r);
}

/* ---- ids ---- */

void journal_value_id(struct span log, unsigned partition, uint64_t position,
                      char out[JOURNAL_VALUE_ID_BYTES])
{
    enum { VERSION_BYTE = 6, VARIANT_BYTE = 8 };
    uint8_t place[2 * sizeof(uint64_t)], id[DIGEST_BYTES];

    _Static_assert((int)JOURNAL_VALUE_ID_BYTES == (int)ID_TEXT_LEN, "an id's text");
    store_be64(place, partition);
    store_be64(place + sizeof(uint64_t), position);
    digest_128((const struct span[]){log, span_of(place, sizeof place)}, 2, id);
    id[VERSION_BYTE] = (uint8_t)(0x80 | (id[VERSION_BYTE] & 0x0f));
    id[VARIANT_BYTE] = (uint8_t)(0x80 | (id[VARIANT_BYTE] & 0x3f));
    id_format(id, out);
}
