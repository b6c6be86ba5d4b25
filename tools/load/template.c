// SPDX-License-Identifier: MIT
#include "tools/load/template.h"

#include "protocol/json.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

static const struct template known[] = {
    {.name = "chat",
     .join = "join_room",
     .join_args = "{\"roomId\":\"{room}\",\"userId\":\"{user}\"}",
     .join_reply = "ack",
     .send = "send_message",
     .send_args = "{\"roomId\":\"{room}\",\"content\":\"{text}\",\"type\":\"text\"}",
     .deliver = "message",
     .to = "room"},
    {.name = "echo", .send = "echo", .send_args = "\"{text}\"", .to = "nobody"},
    {.name = "chatroom",
     .join = "chat:event",
     .join_args = "{\"eventType\":\"join\",\"userId\":\"{user}\",\"chatRoomId\":\"{room}\","
                  "\"timestamp\":\"{now}\"}",
     .join_reply = "room:active-users",
     .send = "chat:event",
     .send_args = "{\"eventType\":\"message\",\"userId\":\"{user}\",\"chatRoomId\":\"{room}\","
                  "\"message\":\"{text}\",\"timestamp\":\"{now}\"}",
     .deliver = "chat:message",
     .to = "room"},
    {.name = "scalable",
     .join = "joinRoom",
     .join_args = "\"{room}\"",
     .join_reply = "ack",
     .send = "sendMessage",
     .send_args = "{\"roomId\":\"{room}\",\"userId\":\"{user}\",\"username\":\"{user}\","
                  "\"text\":\"{text}\",\"timestamp\":\"{now}\"}",
     .deliver = "receiveMessage",
     .to = "room"},
    {.name = "groups",
     .join = "join_room",
     .join_args = "{\"roomid\":\"{room_hex}\",\"username\":\"{user}\"}",
     .join_reply = "update_online_users",
     .send = "new_msg",
     .send_args = "{\"message\":\"{text}\",\"roomid\":\"{room_hex}\",\"sender\":\"{user}\"}",
     .deliver = "msg_rcvd",
     .to = "room"},
    {.name = "direct", /* one to one: take rooms of two */
     .join = "join",
     .join_args = "{\"username\":\"{user}\"}",
     .join_reply = "connected",
     .send = "send_message",
     .send_args = "{\"recipientId\":\"{peer}\",\"content\":\"{text}\",\"messageType\":\"text\"}",
     .deliver = "new_message",
     .to = "room"},
    {.name = "realtime",
     .join = "join_room",
     .join_args = "{\"roomId\":\"{room}\",\"userId\":\"{user}\"}",
     .join_reply = "message_history",
     .send = "send_message",
     .send_args = "{\"roomId\":\"{room}\",\"content\":\"{text}\",\"type\":\"text\"}",
     .deliver = "message",
     .to = "room"},
    {.name = "native",
     .join = "join_room",
     .join_args = "{\"roomId\":\"{room}\",\"userId\":\"{user}\",\"after\":0}",
     .join_reply = "ack",
     .send = "send_message",
     .send_args = "{\"roomId\":\"{room}\",\"content\":\"{text}\",\"type\":\"text\"}",
     .deliver = "message",
     .to = "room"},
};

static const struct {
    const char *key;
    size_t offset;
} keys[] = {
    {"nsp", offsetof(struct template, nsp)},
    {"auth", offsetof(struct template, auth)},
    {"join", offsetof(struct template, join)},
    {"join_args", offsetof(struct template, join_args)},
    {"join_reply", offsetof(struct template, join_reply)},
    {"send", offsetof(struct template, send)},
    {"send_args", offsetof(struct template, send_args)},
    {"deliver", offsetof(struct template, deliver)},
    {"to", offsetof(struct template, to)},
};

enum { RANDOM_MAX = 1000000 };
enum { KNOWN = sizeof known / sizeof known[0], KEYS = sizeof keys / sizeof keys[0] };

static void set_key(struct template *t, size_t offset, const char *value)
{
    memcpy((char *)t + offset, &value, sizeof value);
}

static const char *get_key(const struct template *t, size_t offset)
{
    const char *value;

    memcpy(&value, (const char *)t + offset, sizeof value);
    return value;
}

int template_find(const char *name, struct template *out)
{
    for (unsigned i = 0; i < KNOWN; i++) {
        if (strcmp(known[i].name, name) == 0) {
            *out = known[i];
            for (unsigned k = 0; k < KEYS; k++) {
                if (get_key(out, keys[k].offset) == NULL) {
                    set_key(out, keys[k].offset, "");
                }
            }
            return 0;
        }
    }
    return -1;
}

const char *template_name(unsigned i)
{
    return i < KNOWN ? known[i].name : NULL;
}

int template_set(struct template *t, const char *assignment)
{
    size_t key_len = strcspn(assignment, "=");

    if (assignment[key_len] != '=') {
        return -1;
    }
    for (unsigned i = 0; i < KEYS; i++) {
        if (strlen(keys[i].key) == key_len && memcmp(keys[i].key, assignment, key_len) == 0) {
            set_key(t, keys[i].offset, assignment + key_len + 1);
            return 0;
        }
    }
    return -1;
}

bool template_has_hex_rooms(const struct template *t)
{
    return strstr(t->join_args, "{room_hex}") != NULL || strstr(t->send_args, "{room_hex}") != NULL;
}

uint32_t template_receivers(const struct template *t, uint32_t members)
{
    if (strcmp(t->to, "nobody") == 0 || members == 0) {
        return 0;
    }
    return strcmp(t->to, "others") == 0 ? members - 1 : members;
}

static void write_now(struct bytes *out)
{
    char text[40];
    struct timespec now;
    struct tm tm;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    bytes_add(out, text, n);
    (void)snprintf(text, sizeof text, ".%03ldZ", now.tv_nsec / 1000000);
    bytes_add_cstr(out, text);
}

static void write_named(struct bytes *out, const char *prefix, uint32_t n)
{
    bytes_add_cstr(out, prefix);
    bytes_add_u64(out, n);
}

static void write_hex24(struct bytes *out, uint32_t n)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%024x", n);
    bytes_add_cstr(out, text);
}

/* Knuth's multiplicative hash: the same numbers in every run. */
static uint32_t scatter(const struct template_fill *fill)
{
    return (fill->seq + 1 + fill->user * 7919) * 2654435761u >> 8;
}

/* Writes what `name` stands for; false when it is no placeholder. */
static bool write_placeholder(struct span name, const struct template_fill *fill, struct bytes *out)
{
    if (span_eq(name, SPAN("text"))) {
        bytes_add_span(out, fill->text);
    } else if (span_eq(name, SPAN("room_hex")) ||
               (span_eq(name, SPAN("room")) && fill->rooms_are_hex)) {
        write_hex24(out, fill->room);
    } else if (span_eq(name, SPAN("room"))) {
        write_named(out, "room-", fill->room);
    } else if (span_eq(name, SPAN("user"))) {
        write_named(out, "user-", fill->user);
    } else if (span_eq(name, SPAN("peer"))) {
        write_named(out, "user-", fill->peer);
    } else if (span_eq(name, SPAN("seq"))) {
        bytes_add_u64(out, fill->seq);
    } else if (span_eq(name, SPAN("random"))) {
        bytes_add_u64(out, 1 + scatter(fill) % RANDOM_MAX);
    } else if (span_eq(name, SPAN("now"))) {
        write_now(out);
    } else {
        return false;
    }
    return true;
}

static size_t name_len(struct span s)
{
    size_t n = 0;

    while (n < s.len && (s.data[n] == '_' || (s.data[n] >= 'a' && s.data[n] <= 'z'))) {
        n++;
    }
    return n;
}

static void write_args(struct span args, const struct template_fill *fill, struct bytes *out)
{
    while (args.len > 0) {
        const uint8_t *brace = memchr(args.data, '{', args.len);
        size_t literal = brace != NULL ? (size_t)(brace - args.data) : args.len;
        bytes_add(out, args.data, literal);
        args = span_skip(args, literal);
        if (args.len == 0) {
            return;
        }
        size_t n = name_len(span_skip(args, 1));
        bool closed = n + 1 < args.len && args.data[n + 1] == '}';
        if (closed && write_placeholder(span_of(args.data + 1, n), fill, out)) {
            args = span_skip(args, n + 2);
        } else {
            bytes_add_byte(out, '{');
            args = span_skip(args, 1);
        }
    }
}

static void write_type(const struct template *t, const char *type, struct bytes *out)
{
    bytes_add_cstr(out, type);
    if (t->nsp[0] != '\0' && strcmp(t->nsp, "/") != 0) {
        bytes_add_cstr(out, t->nsp);
        bytes_add_byte(out, ',');
    }
}

void template_write_prefix(const struct template *t, const char *type, const char *event,
                           struct bytes *out)
{
    write_type(t, type, out);
    if (event != NULL) {
        bytes_add_byte(out, '[');
        json_write_string(out, span_cstr(event));
    }
}

void template_write_connect(const struct template *t, struct bytes *out)
{
    write_type(t, "40", out);
    bytes_add_cstr(out, t->auth);
}

void template_write_event(const struct template *t, const char *event, const char *args,
                          const struct template_fill *fill, uint64_t ack_id, struct bytes *out)
{
    write_type(t, "42", out);
    if (ack_id != TEMPLATE_NO_ACK) {
        bytes_add_u64(out, ack_id);
    }
    bytes_add_byte(out, '[');
    json_write_string(out, span_cstr(event));
    if (args[0] != '\0') {
        bytes_add_byte(out, ',');
        write_args(span_cstr(args), fill, out);
    }
    bytes_add_byte(out, ']');
}
