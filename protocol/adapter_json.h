/* What all wires of adapter messages have in common once they are JSON; only their codecs include
 * it.
 *
 *     {"rooms":["r1"],"except":[],"flags":{}}        the options of a message: its target, flags
 *     ["message",{"n":1}]                            an event
 *     {"id":..,"handshake":{},"rooms":[],"data":{}}  a socket
 *
 * Readers return 0 or an enum adapter_error, and take JSON that has passed json_parse. Before the
 * first of them there must be room in d->text for all strings of it once more: what they hand out
 * points there, so it must not move. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_ADAPTER_JSON_H
#define PROTOCOL_ADAPTER_JSON_H

#include "protocol/adapter_message.h"
#include "protocol/json.h"

/* The largest number that is an integer without doubt in JavaScript: 2^53 - 1. */
#define ADAPTER_INTEGER_MAX ((UINT64_C(1) << 53) - 1)

/* --- reading --------------------------------------------------------------------------------- */

/* Is it one value of MessagePack, and not too deep? */
MUST_USE int adapter_check_msgpack(struct span value);

/* Appends a checked value to d->text as JSON, and its binaries to d->spans. */
MUST_USE int adapter_append_json(struct adapter_decoder *d, struct span value);

/* A member that is looked for. */
struct adapter_member {
    struct span key;
    struct json value; /* of empty text: it is not there */
};

/* Fills in the values of those members that the object has; of several with one key, the last. */
void adapter_members_find(struct json object, struct adapter_member *members, size_t count);

/* Neither undefined (which some wires turn into null) nor null. */
static inline bool adapter_is_there(struct json v)
{
    return v.text.len != 0 && v.type != JSON_NULL;
}

/* Is it an object that is there? */
static inline bool adapter_is_object(struct json v)
{
    return v.text.len != 0 && v.type == JSON_OBJECT;
}

/* The text of a string. */
MUST_USE int adapter_text_read(struct adapter_decoder *d, struct json v, struct span *out);

/* The same, or nothing if it is not there. */
MUST_USE int adapter_text_read_opt(struct adapter_decoder *d, struct json v, struct span *out);

struct adapter_list {
    struct json json; /* not there: an empty list */
    struct adapter_names *out;
};

/* All lists of names that a message has, in one call: what they point to must not move. A number
 * stands for its digits. */
MUST_USE int adapter_names_read(struct adapter_decoder *d, const struct adapter_list *lists,
                                size_t count);

/* The options: m->rooms, except and what flags say, and `operands` as another list of names. */
MUST_USE int adapter_options_read(struct adapter_decoder *d, struct json options,
                                  struct json operands, struct adapter_message *m);

/* [name, ...]: m->event and m->args.json; m->kind must be set. A reserved name is an error. */
MUST_USE int adapter_event_read(struct adapter_decoder *d, struct json array,
                                struct adapter_message *m);

/* Its text, or {} where it is no object. */
static inline struct span adapter_object_of(struct json v)
{
    return adapter_is_object(v) ? v.text : SPAN("{}");
}

/* [{id, handshake, rooms, data}, ...]. What is no object where one belongs becomes {}. */
MUST_USE int adapter_sockets_read(struct adapter_decoder *d, struct json array,
                                  struct adapter_message *m);

/* {seq, lately, ask, phase, of: {uid: seq, ...}} of a CATCH_UP. */
MUST_USE int adapter_seen_read(struct adapter_decoder *d, struct json object,
                               struct adapter_message *m);

/* --- writing: each a member, key and value --------------------------------------------------- */

void adapter_names_write(struct bytes *out, struct span key, const struct adapter_names *names);

/* "opts":{rooms, except} and, if with_flags, the flags. */
void adapter_options_write(struct bytes *out, const struct adapter_message *m, bool with_flags);

/* [name, ...] */
void adapter_event_write(struct bytes *out, struct span key, const struct adapter_message *m);

/* Of values between commas, the first (of none, null): of an answer no more travels, as with Node.
 */
struct span adapter_first_of(struct span values);

/* The value of an answer, if it has one. */
void adapter_answer_write(struct bytes *out, struct span key, const struct adapter_message *m);

/* "sockets":[...] */
void adapter_sockets_write(struct bytes *out, const struct adapter_message *m);

/* "seen":{...} */
void adapter_seen_write(struct bytes *out, const struct adapter_message *m);

#endif
