// SPDX-License-Identifier: MIT
#include "src/chat/permit.h"

#include "src/chat/comeback.h"
#include "src/chat/limiter.h"
#include "src/chat/text.h"

struct person *chat_person(struct rookery_socket *s)
{
    struct person *p = rookery_socket_data(s);

    if (p == NULL) {
        p = person_create(PERSON_SOCKET, span_of_str(rookery_socket_id(s)), SPAN(""));
        rookery_socket_set_data(s, p, person_release);
    }
    return p;
}

struct identity permit_speaker(struct rookery_socket *s, const struct command *c)
{
    struct identity who = person_identity(chat_person(s));

    if (c->user_id.len > 0) {
        who.user_id = c->user_id;
        who.username = c->username.len > 0 ? c->username : c->user_id;
    } else if (c->username.len > 0) {
        who.username = c->username;
    }
    return who;
}

/* ---- as whom ---- */

/* Clients of the other dialects name the user with each event, and show that name. */
static bool names_users(enum dialect_id dialect)
{
    return dialect != DIALECT_REALTIME && dialect != DIALECT_NATIVE;
}

/* Nothing said is as good as the truth. */
static bool is_name_of(struct identity who, struct span text)
{
    return text.len == 0 || span_eq(text, who.user_id) || span_eq(text, who.username);
}

static const struct refusal *check_user(const struct chat *chat, const struct person *person,
                                        struct command *c)
{
    if (chat->auth_required) {
        struct identity who = person_identity(person);
        bool own = is_name_of(who, c->user_id) && is_name_of(who, c->username);
        /* What goes out as it came has to name him in full: other values than texts name nobody to
         * us, and somebody perhaps to who shows them. */
        if (c->user_id.len == 0 || c->username.len == 0) {
            c->raw = SPAN("");
        }
        c->user_id = c->username = SPAN("");
        return own ? NULL : &refused_user;
    }
    if (person->source >= PERSON_AUTH && !names_users(c->dialect)) {
        c->user_id = SPAN("");
    }
    return NULL;
}

static void become(struct chat_loop *cl, struct rookery_socket *s, const struct command *c)
{
    struct person *old = chat_person(s);

    if (person_differs(old, c->user_id, c->username)) {
        struct span user_id = c->user_id.len > 0 ? c->user_id : person_identity(old).user_id;
        struct span username = c->username.len > 0 ? c->username : person_username(old);
        struct person *person = person_create(
            c->user_id.len > 0 ? PERSON_EVENT : (enum person_source)old->source, user_id, username);
        person->expires_ms = old->expires_ms;
        if (person->source == PERSON_EVENT) {
            comeback_renamed(cl, s, old);
        }
        rookery_socket_set_data(s, person, person_release); /* lets the old one go */
    }
}

/* ---- how often ---- */

static enum limiter_class class_of(const struct command *c)
{
    static const uint8_t classes[COMMAND_COUNT] = {
        [COMMAND_SEND] = LIMIT_MESSAGES,      [COMMAND_EDIT] = LIMIT_MESSAGES,
        [COMMAND_SEND_DIRECT] = LIMIT_SENDS,  [COMMAND_TYPING] = LIMIT_TYPING,
        [COMMAND_TYPING_STOP] = LIMIT_TYPING, [COMMAND_TYPING_DIRECT] = LIMIT_TYPING,
        [COMMAND_JOIN] = LIMIT_JOINS,         [COMMAND_LEAVE] = LIMIT_JOINS,
        [COMMAND_ARRIVE] = LIMIT_JOINS,       [COMMAND_DELETE] = LIMIT_QUERIES,
        [COMMAND_READ] = LIMIT_QUERIES,       [COMMAND_READ_DIRECT] = LIMIT_QUERIES,
        [COMMAND_HISTORY] = LIMIT_QUERIES,    [COMMAND_SEARCH] = LIMIT_QUERIES,
        [COMMAND_LIST_ROOMS] = LIMIT_QUERIES, [COMMAND_CREATE_ROOM] = LIMIT_QUERIES,
        [COMMAND_MEMBERS] = LIMIT_QUERIES,    [COMMAND_PRESENCE] = LIMIT_PRESENCE,
    };

    return c->kind == COMMAND_SEND && names_users(c->dialect)
               ? LIMIT_SENDS
               : (enum limiter_class)classes[c->kind];
}

static unsigned rate_of(const struct chat_limits *limits, enum limiter_class class)
{
    const unsigned rates[LIMIT_CLASSES] = {
        [LIMIT_MESSAGES] = limits->messages_per_user, [LIMIT_SENDS] = limits->sends_per_user,
        [LIMIT_TYPING] = limits->typing_per_user,     [LIMIT_JOINS] = limits->joins_per_user,
        [LIMIT_QUERIES] = limits->queries_per_user,   [LIMIT_PRESENCE] = limits->presence_per_user,
    };

    return rates[class];
}

static const struct refusal *check_rate(struct chat_loop *cl, const struct person *person,
                                        const struct command *c)
{
    enum limiter_class class = class_of(c);

    if (c->kind == COMMAND_IGNORE ||
        limiter_allow(cl->chat->limiter, class, person_identity(person).user_id,
                      rate_of(&cl->limits, class), cl->executor->now_ms)) {
        return NULL;
    }
    return class == LIMIT_MESSAGES || class == LIMIT_SENDS ? &refused_rate : &refused_rate_events;
}

/* ---- all of it ---- */

/* Every socket is in the room of its own id, which is none of the chat's; a membership there would
 * not end with it. */
static const struct refusal *check_room(const struct rookery_socket *s, const struct command *c)
{
    bool moves = c->kind == COMMAND_JOIN || c->kind == COMMAND_LEAVE;
    const struct refusal *refusal = policy_room_name(c->room);

    if (refusal != NULL) {
        return refusal;
    }
    return moves && span_eq(c->room, span_of_str(rookery_socket_id(s))) ? &refused_own_room : NULL;
}

const struct refusal *permit(struct chat_loop *cl, struct rookery_socket *s, struct command *c)
{
    struct person *person = chat_person(s);
    const struct refusal *refusal = check_room(s, c);

    if (refusal == NULL) {
        refusal = check_user(cl->chat, person, c);
    }
    if (refusal == NULL) {
        refusal = check_rate(cl, person, c);
    }
    if (refusal == NULL && (c->kind == COMMAND_JOIN || c->kind == COMMAND_ARRIVE)) {
        become(cl, s, c);
    }
    return refusal;
}
