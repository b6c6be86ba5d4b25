// SPDX-License-Identifier: MIT
#include "src/chat/direct.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/comeback.h"
#include "src/chat/gossip.h"
#include "src/chat/note.h"
#include "src/chat/past.h"
#include "src/chat/pending.h"
#include "src/chat/permit.h"
#include "src/chat/sending.h"
#include "src/chat/stamp.h"
#include "src/chat/text.h"

enum { DIRECT_ONLY = 1u << DIALECT_DIRECT };

/* ---- delivering ---- */

struct delivery {
    struct task task;
    struct chat_loop *home; /* of the room */
    struct chat_room *room;
    unsigned pending; /* marks that the store has not answered, and one until the end */
};

/* A mark on its way. If the store does not take it the message comes again: better than never. */
struct mark {
    struct store_direct_state call;
    struct delivery *delivery;
    struct chat_loop *cl; /* that gives the message */
    uint8_t text[];       /* message id, recipient */
};

struct delivery *delivery_begin(struct chat_room *room)
{
    struct delivery *d = xcalloc(1, sizeof *d);

    d->home = room->home;
    d->room = room;
    d->pending = 1;
    room->deliveries++;
    return d;
}

static void finish_delivery(struct task *task)
{
    struct delivery *d = container_of(task, struct delivery, task);

    d->room->deliveries--;
    past_resume(d->room);
    chat_room_settle(d->room);
    free(d);
}

void delivery_end(struct delivery *d, struct chat_loop *cl)
{
    if (--d->pending == 0) {
        chat_go(cl, d->home, &d->task, finish_delivery);
    }
}

/* Other nodes may have the message as well, and must not give it to him again. */
static void tell_others(struct chat_loop *cl, const struct store_direct_state *state,
                        struct identity reader)
{
    struct user_room name;
    struct fact f = {.kind = FACT_DIRECT,
                     .room = direct_room_name(&name, state->user_id),
                     .message_id = state->id,
                     .recipient = state->user_id,
                     .author = state->page->messages[0].user_id,
                     .state = state->state,
                     .reader = reader,
                     .wall_ms = rookery_loop_wall_ms(cl->loop)};

    gossip_tell(cl, &f);
}

static void on_marked_delivered(struct store_call *call)
{
    struct store_direct_state *state = container_of(call, struct store_direct_state, call);
    struct mark *mark = container_of(state, struct mark, call);
    struct delivery *d = mark->delivery;
    struct chat_loop *cl = mark->cl;

    if (call->error == 0 && state->changed) {
        tell_others(cl, state, (struct identity){0});
    }
    free(state->page);
    free(mark);
    delivery_end(d, cl);
}

void delivery_add(struct delivery *d, struct chat_loop *cl, struct message *m)
{
    struct mark *mark;

    m->state = MESSAGE_DELIVERED;
    if (chat_store(cl->chat) == NULL) {
        return;
    }
    mark = xcalloc(1, sizeof *mark + m->id.len + m->recipient.len);
    memcpy(mark->text, m->id.data, m->id.len);
    memcpy(mark->text + m->id.len, m->recipient.data, m->recipient.len);
    mark->delivery = d;
    mark->cl = cl;
    mark->call =
        (struct store_direct_state){.call.on_done = on_marked_delivered,
                                    .id = span_of(mark->text, m->id.len),
                                    .user_id = span_of(mark->text + m->id.len, m->recipient.len),
                                    .state = MESSAGE_DELIVERED};
    if (store_direct_state(chat_store(cl->chat), cl->executor, &mark->call) == 0) {
        d->pending++;
    } else {
        free(mark);
    }
}

/* Is there nobody of his, and the message kept for whoever comes? Then who comes back to his
 * session gets it as one that was not delivered, and must not have missed it as well. */
static bool waits_in_store(const struct chat_room *room)
{
    const struct chat *chat = room->home->chat;

    return comeback_is_possible(chat) && room->roster.here == 0 && chat_store(chat) != NULL;
}

void direct_deliver(struct chat_room *room, struct message *m, const struct note *note)
{
    struct notice n = {.kind = NOTICE_DIRECT, .room = m->room, .messages = m, .message_count = 1};
    struct user_room name;
    struct rookery_str rooms[] = {str_of_span(chat_room_name(room)),
                                  str_of_span(direct_room_name(&name, m->user_id))};
    size_t first = waits_in_store(room) ? 1 : 0;
    size_t end = span_eq(m->user_id, m->recipient) ? 1 : 2;

    if (room->roster.here > 0) {
        struct delivery *d = delivery_begin(room);
        delivery_add(d, room->home, m);
        delivery_end(d, room->home);
    }
    if (first < end) { /* no room at all would mean everybody */
        announce_direct(room->home, rooms + first, end - first, &n, note);
    }
}

/* ---- reading ---- */

struct reading {
    struct store_direct_state call;
    struct chat_loop *cl;
    struct chat_reply reply;
    struct person *reader;
    unsigned tries; /* of his addresses: which of them it was sent to is not known */
    uint8_t id_len;
    uint8_t id[];
};

static void finish_reading(struct reading *r, const struct refusal *refusal)
{
    if (refusal == NULL) {
        chat_reply_done(r->cl, &r->reply);
    } else {
        chat_reply_refuse(r->cl, &r->reply, refusal);
    }
    chat_reply_finish(&r->reply);
    person_release(r->reader);
    free(r->call.page);
    free(r);
}

static void tell_author(struct reading *r, const struct message *m)
{
    struct user_room name;
    struct notice n = {.kind = NOTICE_DIRECT_READ,
                       .who = person_identity(r->reader),
                       .wall_ms = rookery_loop_wall_ms(r->cl->loop),
                       .messages = m,
                       .message_count = 1};

    announce_from(r->cl, direct_room_name(&name, m->user_id), DIRECT_ONLY, &n, NULL, NULL);
}

static void mark(struct reading *r);

static void on_marked(struct store_call *call)
{
    struct store_direct_state *state = container_of(call, struct store_direct_state, call);
    struct reading *r = container_of(state, struct reading, call);

    if (call->error != 0) {
        finish_reading(r, chat_store_refusal(call->error));
    } else if (state->page->count > 0) {
        if (state->changed) {
            tell_author(r, &state->page->messages[0]);
            tell_others(r->cl, state, person_identity(r->reader));
        }
        finish_reading(r, NULL);
    } else {
        free(state->page);
        state->page = NULL;
        mark(r);
    }
}

static void mark(struct reading *r)
{
    struct span addresses[ADDRESSES_MAX];
    size_t count = direct_addresses(r->reader, addresses);

    if (r->tries == count) {
        finish_reading(r, &refused_missing);
        return;
    }
    r->call = (struct store_direct_state){.call.on_done = on_marked,
                                          .id = span_of(r->id, r->id_len),
                                          .user_id = addresses[r->tries++],
                                          .state = MESSAGE_READ};
    struct store *store = chat_store(r->cl->chat);
    int error = store == NULL ? STORE_EBUSY : store_direct_state(store, r->cl->executor, &r->call);
    if (error != 0) {
        finish_reading(r, chat_store_refusal(error));
    }
}

void chat_on_read_direct(const struct chat_call *call)
{
    struct span id = call->command->message_id;
    struct reading *r;

    if (chat_store(call->cl->chat) == NULL) {
        chat_refuse(call, &refused_no_store);
        return;
    }
    r = xcalloc(1, sizeof *r + id.len);
    r->cl = call->cl;
    r->reply = chat_reply_take(call);
    r->reader = person_hold(chat_person(call->socket));
    r->id_len = (uint8_t)id.len;
    memcpy(r->id, id.data, id.len);
    mark(r);
}

/* ---- to somebody ---- */

static void send_to(struct chat_loop *cl, struct rookery_socket *s, const struct command *c,
                    struct span recipient, struct chat_reply *reply)
{
    struct identity who = permit_speaker(s, c);
    struct user_room name;
    struct message m = {.room = direct_room_name(&name, recipient),
                        .user_id = who.user_id,
                        .username = who.username,
                        .content = c->content,
                        .type = c->type,
                        .client_id = c->client_id,
                        .recipient = recipient,
                        .dialect = DIALECT_DIRECT,
                        .action = MESSAGE_SAY};
    char id[ID_TEXT_LEN];

    stamp(cl, &m, id);
    sending_begin(cl, &m, m.timestamp_ms, reply);
}

static void type_to(struct chat_loop *cl, struct rookery_socket *s, const struct command *c,
                    struct span recipient, struct chat_reply *reply)
{
    struct user_room name;
    struct notice n = {
        .kind = NOTICE_DIRECT_TYPING, .who = permit_speaker(s, c), .is_on = c->is_on};
    struct note note = {.kind = NOTE_DIRECT_TYPING,
                        .room = direct_room_name(&name, recipient),
                        .who = n.who,
                        .is_on = n.is_on};

    announce_from(cl, note.room, DIRECT_ONLY, &n, s, &note);
    chat_reply_done(cl, reply);
    chat_reply_finish(reply);
}

typedef void (*to_somebody_fn)(struct chat_loop *cl, struct rookery_socket *s,
                               const struct command *c, struct span recipient,
                               struct chat_reply *reply);

/* A command that waits for the id of the user that it names. Those of a socket go on in the order
 * in which they came, whichever the store answers first. */
struct addressing {
    struct store_user_get call;
    struct addressing *next;
    struct pending *pending;
    struct chat_loop *cl;
    struct chat_reply reply;
    struct command command; /* its texts lie behind */
    to_somebody_fn then;
    bool answered;
    uint8_t texts[];
};

static void go_on(struct addressing *a)
{
    struct span recipient = a->call.user != NULL ? a->call.user->id : a->command.recipient;

    if (a->call.call.error != 0) {
        chat_reply_refuse(a->cl, &a->reply, chat_store_refusal(a->call.call.error));
        chat_reply_finish(&a->reply);
    } else {
        a->then(a->cl, a->reply.socket, &a->command, recipient, &a->reply);
    }
    free(a->call.user);
    free(a);
}

/* Its user is known, or there is none. */
static void answer(struct addressing *answered)
{
    struct chat_loop *cl = answered->cl;
    struct pending *p = answered->pending;

    answered->answered = true;
    while (p->first != NULL && p->first->answered) {
        struct addressing *a = p->first;
        p->first = a->next;
        p->last = p->first == NULL ? &p->first : p->last;
        go_on(a);
    }
    pending_settle(cl, p);
}

static int look_up(struct addressing *a, enum store_user_by by);

static void on_user(struct store_call *call)
{
    struct store_user_get *get = container_of(call, struct store_user_get, call);
    struct addressing *a = container_of(get, struct addressing, call);

    if (call->error == 0 && get->user == NULL && get->by == STORE_BY_ID) {
        call->error = look_up(a, STORE_BY_USERNAME);
        if (call->error == 0) {
            return;
        }
    }
    answer(a);
}

static int look_up(struct addressing *a, enum store_user_by by)
{
    a->call =
        (struct store_user_get){.call.on_done = on_user, .by = by, .key = a->command.recipient};
    struct store *store = chat_store(a->cl->chat);
    return store == NULL ? STORE_EBUSY : store_user_get(store, a->cl->executor, &a->call);
}

static struct addressing *addressing_create(const struct chat_call *call, to_somebody_fn then)
{
    const struct command *c = call->command;
    struct span const texts[] = {c->recipient, c->content, c->type, c->client_id};
    struct addressing *a =
        xcalloc(1, sizeof *a + texts[0].len + texts[1].len + texts[2].len + texts[3].len);
    struct span *const kept[] = {&a->command.recipient, &a->command.content, &a->command.type,
                                 &a->command.client_id};
    uint8_t *at = a->texts;

    a->cl = call->cl;
    a->then = then;
    a->command.kind = c->kind;
    a->command.dialect = c->dialect;
    a->command.is_on = c->is_on;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].len > 0) {
            memcpy(at, texts[i].data, texts[i].len);
        }
        *kept[i] = span_of(at, texts[i].len);
        at += texts[i].len;
    }
    return a;
}

static void to_somebody(const struct chat_call *call, to_somebody_fn then)
{
    struct chat_loop *cl = call->cl;

    if (chat_store(cl->chat) == NULL) {
        struct chat_reply reply = chat_reply_take(call);
        then(cl, call->socket, call->command, call->command->recipient, &reply);
        return;
    }
    struct addressing *a = addressing_create(call, then);
    /* Where ids are worth something they come first: a name that somebody has chosen may be the id
     * of another. */
    int error = look_up(a, cl->chat->auth_required ? STORE_BY_ID : STORE_BY_USERNAME);
    if (error != 0) {
        chat_refuse(call, chat_store_refusal(error));
        free(a);
        return;
    }
    a->reply = chat_reply_take(call);
    a->pending = pending_get(cl, call->socket);
    *a->pending->last = a;
    a->pending->last = &a->next;
}

void chat_on_send_direct(const struct chat_call *call)
{
    to_somebody(call, send_to);
}

void chat_on_typing_direct(const struct chat_call *call)
{
    to_somebody(call, type_to);
}
