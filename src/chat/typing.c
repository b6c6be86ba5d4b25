// SPDX-License-Identifier: MIT
#include "src/chat/typing.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/crew.h"
#include "src/chat/note.h"
#include "src/chat/text.h"

enum {
    KEY_BYTES_MAX = ROSTER_SOCKET_ID_LEN + NAME_BYTES_MAX,
};

struct typist {
    struct timer timer;
    struct chat_loop *cl;
    struct rookery_socket *socket; /* alive: forgotten when it leaves */
    uint16_t key_len;
    uint8_t key[]; /* id of the socket, room */
};

static struct span key_of(const void *value)
{
    const struct typist *t = value;
    return span_of(t->key, t->key_len);
}

static struct span room_of(const struct typist *t)
{
    return span_of(t->key + ROSTER_SOCKET_ID_LEN, t->key_len - ROSTER_SOCKET_ID_LEN);
}

void typing_init(struct chat_loop *cl)
{
    map_init(&cl->typists, key_of, cl->chat->hash_secret);
}

void typing_finish(struct chat_loop *cl)
{
    assert(cl->typists.count == 0);
    map_finish(&cl->typists);
}

static struct span key_for(const struct rookery_socket *s, struct span room,
                           uint8_t key[KEY_BYTES_MAX])
{
    memcpy(key, rookery_socket_id(s).data, ROSTER_SOCKET_ID_LEN);
    memcpy(key + ROSTER_SOCKET_ID_LEN, room.data, room.len);
    return span_of(key, ROSTER_SOCKET_ID_LEN + room.len);
}

static void tell(struct chat_loop *cl, struct rookery_socket *s, struct span room,
                 enum notice_kind kind)
{
    struct notice n = {.kind = kind, .room = room, .who = person_identity(chat_person(s))};
    struct note note = {
        .kind = kind == NOTICE_TYPING ? NOTE_TYPING : NOTE_TYPING_STOP, .room = room, .who = n.who};

    announce_from(cl, room, DIALECTS_WITH_EDITS, &n, s, &note);
}

/* ---- the end of it ---- */

static void end(struct typist *t)
{
    struct chat_loop *cl = t->cl;

    (void)map_remove(&cl->typists, key_of(t));
    executor_timer_stop(cl->executor, &t->timer);
    tell(cl, t->socket, room_of(t), NOTICE_TYPING_STOP);
    free(t);
}

static void on_timeout(struct timer *timer)
{
    end(container_of(timer, struct typist, timer));
}

static bool stop(struct chat_loop *cl, const struct rookery_socket *s, struct span room)
{
    uint8_t key[KEY_BYTES_MAX];
    struct typist *t =
        room.len > NAME_BYTES_MAX ? NULL : map_get(&cl->typists, key_for(s, room, key));

    if (t != NULL) {
        end(t);
    }
    return t != NULL;
}

struct leaver {
    struct chat_loop *cl;
    const struct rookery_socket *socket;
};

static void stop_in(struct rookery_str room, void *arg)
{
    const struct leaver *l = arg;
    (void)stop(l->cl, l->socket, span_of_str(room));
}

void typing_forget(struct chat_loop *cl, struct rookery_socket *s, struct span room)
{
    struct leaver leaver = {cl, s};

    if (cl->typists.count == 0) {
        return;
    }
    if (room.len > 0) {
        (void)stop(cl, s, room);
    } else {
        rookery_rooms(s, stop_in, &leaver);
    }
}

/* ---- the events ---- */

void chat_on_typing(const struct chat_call *call)
{
    struct chat_loop *cl = call->cl;
    struct span room = call->command->room;
    uint8_t bytes[KEY_BYTES_MAX];
    struct span key = key_for(call->socket, room, bytes);
    struct typist *t = map_get(&cl->typists, key);

    if (!rookery_in_room(call->socket, str_of_span(room))) {
        chat_refuse(call, &refused_not_in_room);
        return;
    }
    if (t == NULL) {
        t = xcalloc(1, sizeof *t + key.len);
        t->timer.fire = on_timeout;
        t->cl = cl;
        t->socket = call->socket;
        t->key_len = (uint16_t)key.len;
        memcpy(t->key, key.data, key.len);
        map_add(&cl->typists, t);
    }
    executor_timer_start(cl->executor, &t->timer, cl->limits.typing_timeout_ms);
    tell(cl, call->socket, room, NOTICE_TYPING);
    chat_answer_done(call);
}

void chat_on_typing_stop(const struct chat_call *call)
{
    struct span room = call->command->room;

    if (!rookery_in_room(call->socket, str_of_span(room))) {
        chat_refuse(call, &refused_not_in_room);
        return;
    }
    if (!stop(call->cl, call->socket, room)) {
        tell(call->cl, call->socket, room, NOTICE_TYPING_STOP);
    }
    chat_answer_done(call);
}

/* ---- away and back ---- */

struct news {
    struct chat_loop *cl;
    struct rookery_socket *socket;
    struct notice notice;
};

static void tell_status(struct rookery_str room, void *arg)
{
    struct news *news = arg;
    struct span name = span_of_str(room);

    if (chat_room_kind(name) == ROOM_TALK &&
        !span_eq(name, span_of_str(rookery_socket_id(news->socket)))) {
        news->notice.room = name;
        announce_from(news->cl, name, DIALECTS_WITH_EDITS, &news->notice, news->socket, NULL);
        crew_status(news->cl, name, rookery_socket_id(news->socket).data);
    }
}

void chat_on_presence(const struct chat_call *call)
{
    struct person *person = chat_person(call->socket);
    bool away = span_eq(call->command->status, SPAN("away"));
    struct news news = {.cl = call->cl,
                        .socket = call->socket,
                        .notice = {.kind = NOTICE_PRESENCE,
                                   .who = person_identity(person),
                                   .wall_ms = rookery_loop_wall_ms(call->cl->loop),
                                   .status = call->command->status}};

    if (atomic_exchange_explicit(&person->away, away, memory_order_relaxed) != away) {
        rookery_rooms(call->socket, tell_status, &news);
    }
    chat_answer_done(call);
}
