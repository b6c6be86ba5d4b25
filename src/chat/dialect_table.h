/* Dialect tables: what the files in dialects/ can say, and what dialect.c makes of it.
 *
 *   static const struct dialect_field join[] = {
 *       {"eventType", FIELD_SIGN, FITS, .one_of = "join"},     the row fits only if it says join
 *       {"userId", FIELD_ID, REQUIRED, TO(user_id)},           a name or number, must be there
 *       {"timestamp", FIELD_TIME, 0, TO(sent_at)},
 *   };
 *   static const struct dialect_event events[] = {
 *       {"chat:event", COMMAND_JOIN, FIELDS(join)},
 *       {"chat:event", COMMAND_IGNORE},                        whatever else comes by that name
 *   };
 *   static const struct form_field message[] = {
 *       {KEY("userId"), AS_TEXT, OF_MESSAGE(user_id)},
 *       {KEY("message"), AS_JSON, OF_MESSAGE(content)},
 *   };
 *   const struct dialect dialect_chatroom = {
 *       EVENTS(events),
 *       .forms = {[NOTICE_MESSAGE] = {EVENT("chat:message"), FORM_OBJECT, FORM(message)}},
 *   };
 *
 * The rows of one event, over all dialects, are tried from the one with the most signs (FITS and
 * FITS_NOT) to the one with the fewest, in the order of enum dialect_id among equals. The last one
 * takes what fits none, and so refuses what it lacks. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_DIALECT_TABLE_H
#define CHAT_DIALECT_TABLE_H

#include "protocol/json.h"
#include "src/chat/dialect.h"

/* Every dialect once: its id and the name of its file. */
#define DIALECTS(X)       \
    X(CHATROOM, chatroom) \
    X(SCALABLE, scalable) \
    X(GROUPS, groups)     \
    X(DIRECT, direct)     \
    X(REALTIME, realtime) \
    X(NATIVE, native)

/* ---- what clients send ---------------------------------------------------------------------- */

enum field_kind {
    FIELD_SIGN,    /* read for its being there only; no target */
    FIELD_TEXT,    /* a string of 1 to NAME_BYTES_MAX bytes (or max); target: struct span */
    FIELD_ID,      /* the same; or a number, which stands for its digits */
    FIELD_CONTENT, /* a string as JSON text, no longer than the limits say */
    FIELD_TIME,    /* a string or number as JSON text; anything else is as good as absent */
    FIELD_OFFSET,  /* a whole number; target: uint64_t, and a bool that says that it is there */
    FIELD_OFFSET_IN_TEXT, /* the same in a string */
    FIELD_COUNT,          /* a whole number from 1 to max; target: uint64_t */
    FIELD_BOOL,           /* target: bool; absent: true */
};

enum field_flags {
    REQUIRED = 1,  /* refused if absent; without it, what is absent leaves its target empty */
    LENIENT = 2,   /* what is unusable is as good as absent */
    SYNONYM = 4,   /* another key of the field before it: the first that is there counts */
    FITS = 8,      /* the row fits only if this field, or a synonym of it, is there */
    FITS_NOT = 16, /* the row fits only if it is not there */
    NOT_BLANK = 32 /* a text must have more than spaces, a content must not be "" */
};

struct dialect_field {
    const char *key;
    uint8_t kind;       /* enum field_kind */
    uint8_t flags;      /* enum field_flags */
    uint16_t target;    /* in struct command */
    uint16_t has;       /* likewise: of FIELD_OFFSET */
    uint16_t max;       /* 0: as the kind says */
    uint16_t otherwise; /* FIELD_COUNT: its value when absent */
    const char *one_of; /* words with | between, of which a text has to be one; a sign has one */
};

#define TO(member)        offsetof(struct command, member)
#define TO_OFFSET(member) TO(member), TO(has_##member)

enum {
    FIELDS_MAX = 16, /* of one row */
    SIGNS_MAX = 4,   /* FITS, of one row */
    KEYS_MAX = 31,   /* of all rows of an event together */
};

enum event_flags {
    PAYLOAD_IS_TEXT = 1, /* a string (or number), which is the value of the first field */
    CARRIES_RAW = 2,     /* the payload goes along as it came */
};

struct dialect_event {
    const char *name;
    enum command_kind kind;
    const struct dialect_field *fields;
    uint8_t field_count;
    uint8_t flags; /* enum event_flags */
};

#define FIELDS(array) (array), sizeof(array) / sizeof *(array)

/* ---- what clients are told ------------------------------------------------------------------ */

enum form_value {
    AS_TEXT,          /* struct span, as a string */
    AS_TEXT_IF_ANY,   /* left out if empty */
    AS_NAME,          /* the user's name, or his id if that is empty */
    AS_JSON,          /* struct span of JSON; an empty one is "" */
    AS_TIME,          /* int64_t, as an ISO time */
    AS_TIME_IF_ANY,   /* left out if 0 */
    AS_SENT_AT,       /* the sender's own time as he wrote it, else ours */
    AS_SENT_AT_ISO,   /* the same only if his is an ISO time */
    AS_NUMBER,        /* uint64_t */
    AS_NUMBER_IF_ANY, /* left out if 0 */
    AS_BOOL,          /* bool */
    AS_STATE,         /* of a direct message: sent, delivered, read */
    AS_IDS,           /* of the people */
    AS_PEOPLE,        /* [{userId, username}...] */
    AS_ZERO,          /* 0 */
};

struct form_field {
    const char *key; /* with what stands around it: ,"key": */
    uint8_t key_len;
    uint8_t value;      /* enum form_value */
    uint8_t of_message; /* the message's or the notice's */
    uint16_t member;    /* its place in there, where the value is one */
};

#define KEY(k)             ",\"" k "\":", sizeof(",\"" k "\":") - 1
#define OF_MESSAGE(member) 1, offsetof(struct message, member)
#define OF_NOTICE(member)  0, offsetof(struct notice, member)

enum form_shape {
    FORM_INHERITED, /* that of the dialect that this one is like; not told if there is none */
    FORM_UNTOLD,
    FORM_OBJECT,
    FORM_RAW_OR_OBJECT, /* what the sender sent, if he has the same dialect */
    FORM_LIST,          /* [object of each message...] */
    FORM_NAMES,         /* [name of each person...] */
    FORM_NAME,          /* the name alone, a string */
};

struct dialect_form {
    struct rookery_str event;
    uint8_t shape; /* enum form_shape */
    const struct form_field *fields;
    uint8_t field_count;
    uint8_t not_of; /* not told of somebody with these dialects: 1 << dialect_id, or-ed */
};

#define EVENT(name)                 \
    {                               \
        ("" name), sizeof(name) - 1 \
    }
#define FORM(array)          (array), sizeof(array) / sizeof *(array)
#define FORM_BUT_LAST(array) (array), sizeof(array) / sizeof *(array)-1

enum refusal_form {
    REFUSAL_SILENT,
    REFUSAL_MESSAGE,          /* error {message} */
    REFUSAL_CODE_AND_MESSAGE, /* error {code, message} */
};

/* The sentence that clients of a dialect know; the first that fits counts. */
struct refusal_sentence {
    enum command_kind kind;
    const char *code; /* NULL: any */
    const char *message;
};

struct dialect {
    const struct dialect_event *events;
    uint8_t event_count;
    uint8_t refusal_form; /* enum refusal_form */
    uint8_t sentence_count;
    const struct dialect *like; /* has the forms that this one does not say; NULL: none */
    const struct refusal_sentence *sentences;
    struct dialect_form forms[NOTICE_COUNT];
};

#define EVENTS(array)    .events = (array), .event_count = sizeof(array) / sizeof *(array)
#define SENTENCES(array) .sentences = (array), .sentence_count = sizeof(array) / sizeof *(array)

#define DECLARE_DIALECT(id, name) extern const struct dialect dialect_##name;
DIALECTS(DECLARE_DIALECT)
#undef DECLARE_DIALECT

/* The form of a message that REST shows; each is in the file of its dialect. */
extern const struct dialect_form view_chatroom, view_scalable, view_native;

/* NULL for DIALECT_NONE and for what is no dialect. */
const struct dialect *dialect_table(enum dialect_id id);

/* ---- the events of all dialects, by name ---------------------------------------------------- */

/* One row of one dialect. A set of keys has the bit 1 << index, by event_entry.keys. */
struct event_row {
    const struct dialect_event *event;
    enum dialect_id dialect;
    unsigned signs;
    uint32_t any_of[SIGNS_MAX]; /* of each of these sets of keys one is there */
    uint32_t none_of;           /* and none of this */
    uint8_t key[FIELDS_MAX];    /* of each field: the index of its key in event_entry.keys */
};

/* Keys are found by their length, first and last byte: slots has, from that hash on, 1 + the index
 * of each key that it may be, up to a 0. */
enum { KEY_SLOTS = 64 };

struct event_entry {
    struct span name;
    struct span keys[KEYS_MAX]; /* of all rows */
    uint8_t slots[KEY_SLOTS];
    unsigned key_count;
    struct event_row *rows; /* in the order in which they are tried */
    unsigned row_count;
};

static inline unsigned event_key_hash(struct span key)
{
    return key.len == 0 ? 0 : (unsigned)(key.data[0] * 5 + key.data[key.len - 1] * 3 + key.len);
}

/* NULL if no dialect has that event. */
const struct event_entry *dialect_event_find(struct rookery_str name);

#endif
