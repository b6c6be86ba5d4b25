// SPDX-License-Identifier: MIT
#include "src/chat/comeback.h"

#include "protocol/json.h"
#include "src/chat/direct.h"
#include "src/chat/join.h"
#include "src/chat/text.h"

/* Beyond the time in which a session may be come back to: what its way back may take, and what the
 * clocks of two loops may differ. */
enum { WAY_BACK_MS = 5000 };

/* ---- what is written while it is away ---- */

uint32_t comeback_dialects(const struct chat_loop *cl)
{
    uint32_t dialects = 0;

    if (!comeback_is_possible(cl->chat)) {
        return 0;
    }
    for (unsigned d = 0; d < DIALECT_COUNT; d++) {
        uint64_t until_ms = atomic_load_explicit(&cl->chat->away_until_ms[d], memory_order_relaxed);
        dialects |= (uint32_t)(until_ms > cl->executor->now_ms) << d;
    }
    return dialects;
}

struct speaker {
    const struct chat_loop *cl;
    const struct rookery_socket *socket;
};

/* Of two that go at once, on two loops, the later one may be forgotten: by as much as their clocks
 * differ. */
static void expect_dialect(struct rookery_str room, void *arg)
{
    const struct speaker *s = arg;
    struct chat *chat = s->cl->chat;
    int tag = rookery_room_tag(s->socket, room);

    if (tag > DIALECT_NONE && tag < DIALECT_COUNT) {
        uint64_t until_ms = s->cl->executor->now_ms + chat->recovery_ms + WAY_BACK_MS;
        atomic_store_explicit(&chat->away_until_ms[tag], until_ms, memory_order_relaxed);
    }
}

static void expect(const struct chat_loop *cl, const struct rookery_socket *s)
{
    struct speaker speaker = {cl, s};

    rookery_rooms(s, expect_dialect, &speaker);
}

/* ---- who it is, as its info ---- */

/* Whom the handshake has named, if events have named another since then. */
#define NAMED ROOKERY_STR("named")

struct former {
    enum person_source source;
    struct span user_id, username; /* empty: none */
    struct span named;             /* by the handshake; empty: nobody */
    int64_t expires_ms;
    char texts[3][NAME_BYTES_MAX + 1];
};

static struct span text_of(struct rookery_str info, struct rookery_str key,
                           char text[NAME_BYTES_MAX + 1])
{
    int len = rookery_json_text(rookery_json_member(info, key), text, NAME_BYTES_MAX + 1);

    return span_of(text, len < 0 ? 0 : (size_t)len);
}

static uint64_t number_of(struct rookery_str info, struct rookery_str key)
{
    uint64_t number;
    struct span text = span_of_str(rookery_json_member(info, key));

    return span_to_u64(text, INT64_MAX, &number) < 0 ? 0 : number;
}

static void read_former(const struct rookery_socket *s, struct former *f)
{
    struct rookery_str info = rookery_socket_info(s);

    f->source = (enum person_source)number_of(info, ROOKERY_STR("source"));
    f->user_id = text_of(info, ROOKERY_STR("userId"), f->texts[0]);
    f->username = text_of(info, ROOKERY_STR("username"), f->texts[1]);
    f->expires_ms = (int64_t)number_of(info, ROOKERY_STR("expires"));
    f->named = f->source >= PERSON_AUTH ? f->user_id : text_of(info, NAMED, f->texts[2]);
}

static void write_named(struct bytes *out, struct span user_id)
{
    bytes_add_byte(out, '{');
    json_member_string(out, span_of_str(NAMED), user_id);
}

static void set_info(struct chat_loop *cl, struct rookery_socket *s)
{
    bytes_add_byte(&cl->out, '}');
    rookery_socket_set_info(s, str_of_span(bytes_span(&cl->out)));
}

void comeback_renamed(struct chat_loop *cl, struct rookery_socket *s, const struct person *former)
{
    if (comeback_is_possible(cl->chat) && former->source >= PERSON_AUTH) {
        bytes_clear(&cl->out);
        write_named(&cl->out, person_identity(former).user_id);
        set_info(cl, s);
    }
}

static void write_person(struct bytes *out, const struct person *p, struct span named)
{
    write_named(out, named);
    json_member_string(out, SPAN("userId"), person_identity(p).user_id);
    json_member_string(out, SPAN("username"), person_username(p));
    json_member_u64(out, SPAN("source"), p->source);
    json_member_u64(out, SPAN("expires"), (uint64_t)p->expires_ms);
}

void comeback_keep(struct chat_loop *cl, struct rookery_socket *s)
{
    struct former f;

    if (!comeback_is_possible(cl->chat)) {
        return;
    }
    read_former(s, &f);
    bytes_clear(&cl->out);
    write_person(&cl->out, chat_person(s), f.named);
    set_info(cl, s);
    expect(cl, s);
}

/* ---- on its way in ---- */

static void become(struct rookery_socket *s, enum person_source source, struct span user_id,
                   struct span username, int64_t expires_ms)
{
    struct person *person = person_create(source, user_id, username);

    person->expires_ms = expires_ms;
    rookery_socket_set_data(s, person, person_release);
}

void comeback_resume(struct rookery_socket *s)
{
    struct former f;

    read_former(s, &f);
    if (f.user_id.len > 0) {
        become(s, f.source, f.user_id, f.username, f.expires_ms);
    }
}

/* In an open chat events have said more than the handshake: of what it names nobody for. */
static void take_over(struct rookery_socket *s, const struct former *f)
{
    const struct person *now = chat_person(s);
    int64_t expires_ms = now->expires_ms;

    if (f->source == PERSON_EVENT) {
        become(s, f->source, f->user_id, f->username, expires_ms);
    } else if (person_username(now).len == 0 && f->username.len > 0) {
        become(s, (enum person_source)now->source, f->user_id, f->username, expires_ms);
    }
}

bool comeback_is_same(struct chat_loop *cl, struct rookery_socket *s)
{
    const struct person *now = chat_person(s);
    struct span named =
        now->source >= PERSON_AUTH ? person_identity(now).user_id : span_of(NULL, 0);
    struct former f;

    read_former(s, &f);
    if (f.user_id.len == 0 || !span_eq(f.named, named)) {
        return false;
    }
    if (!cl->chat->auth_required) {
        take_over(s, &f);
    }
    return true;
}

static void pass(void *arg)
{
    rookery_next_pass(arg);
}

void comeback_pass(struct chat_loop *cl, struct rookery_next *next)
{
    rookery_loop_post(cl->loop, pass, next);
}

/* ---- back in its rooms ---- */

/* A copy of their names, since who is refused leaves. */
struct return_to {
    const struct rookery_socket *socket;
    struct bytes names; /* each behind its dialect and its length */
    bool lobby;
};

static void note_room(struct rookery_str room, void *arg)
{
    struct return_to *to = arg;
    struct span name = span_of_str(room);
    int tag = rookery_room_tag(to->socket, room);
    enum room_kind kind = chat_room_kind(name);

    to->lobby = to->lobby || kind == ROOM_LOBBY;
    if (kind == ROOM_TALK && tag > DIALECT_NONE && tag < DIALECT_COUNT) {
        bytes_add_byte(&to->names, (uint8_t)tag);
        bytes_add_byte(&to->names, (uint8_t)name.len);
        bytes_add_span(&to->names, name);
    }
}

static void enter_room(struct chat_loop *cl, struct rookery_socket *s, struct span room,
                       enum dialect_id dialect)
{
    struct chat_reply reply = {
        .socket = rookery_socket_hold(s), .kind = COMMAND_JOIN, .dialect = (uint8_t)dialect};
    struct join_request request = {.room = room, .past = PAST_NONE, .comes_back = true};

    join_begin(cl, &request, &reply);
}

/* The rooms of the user are entered by way of the lobby. */
void comeback_enter(struct chat_loop *cl, struct rookery_socket *s)
{
    struct return_to to = {.socket = s};

    expect(cl, s);
    rookery_rooms(s, note_room, &to);
    for (struct span rest = bytes_span(&to.names); rest.len > 0;) {
        struct span room = span_of(rest.data + 2, rest.data[1]);
        enter_room(cl, s, room, (enum dialect_id)rest.data[0]);
        rest = span_skip(rest, 2 + room.len);
    }
    bytes_finish(&to.names);
    if (to.lobby) {
        direct_come_back(cl, s);
    }
}
