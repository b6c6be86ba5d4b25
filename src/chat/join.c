/* join_room and leave_room.
 *
 * Without a store a join is done on the spot, with an empty history. With one it passes these
 * stages, each on one loop, which owns it meanwhile:
 *
 *   begin (socket's loop) ──> watch (room's home) ──> enter (socket's) ──> read (home)
 *                                        finish (socket's) <── have (home) <──┘ store
 *
 * Nothing is missed and nothing comes twice, because:
 *  - The home broadcasts all messages of the room. From `watch` on it notes the first that it does
 *    (traffic.h).
 *  - Loops run what one loop posted to them in its order. So `enter`, posted by `watch`, comes to
 *    the socket's loop behind all messages that were broadcast before `watch`, which the socket
 *    therefore does not get, and before all that were broadcast after it, which it gets.
 *  - Messages broadcast before `watch` were durable then, so the read, which starts later, sees
 *    them: they are in the history.
 *  - Of what the read sees besides, the home knows that it is live: it was broadcast after `watch`,
 *    or is appended and will be. That is left out of the history.
 * Live messages may reach the joiner before the history, but all that is in it is older. */
// SPDX-License-Identifier: MIT
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/message.h"
#include "src/chat/text.h"

struct joining {
    struct store_history read;
    struct traffic_item traffic;
    struct task task;
    void (*stage)(struct joining *j);
    struct chat_loop *own;         /* the socket's */
    struct chat_loop *home;        /* the room's */
    struct rookery_socket *socket; /* held */
    struct rookery_ack *ack;       /* NULL when no answer is wanted, or it is given */
    struct list_node node;         /* in own->joinings */
    bool cancelled;                /* used on the socket's loop only */
    size_t left_out;               /* of the page's newest */
    uint8_t room[];
};

/* ---- what both ways of joining do ---- */

static void answer_done(struct chat_loop *cl, struct rookery_ack *ack, struct span room)
{
    if (ack != NULL) {
        bytes_clear(&cl->out);
        message_write_room_done(&cl->out, room);
        struct rookery_args args = args_of_json(bytes_span(&cl->out));
        (void)rookery_ack_send(ack, &args);
    }
}

/* Becomes a member, if that is new: then the others are told. */
static void enter_room(struct chat_loop *cl, struct rookery_socket *s, struct span room)
{
    struct rookery_str name = str_of_span(room);
    struct rookery_target to = {.rooms = &name, .room_count = 1};

    if (rookery_in_room(s, name)) {
        return;
    }
    rookery_join(s, name);
    bytes_clear(&cl->out);
    message_write_presence(&cl->out, room, chat_identity(s), rookery_loop_wall_ms(cl->loop));
    struct rookery_args args = args_of_json(bytes_span(&cl->out));
    (void)rookery_broadcast_from(s, &to, ROOKERY_STR("user_joined"), &args, NULL);
}

static void emit_history(struct chat_loop *cl, struct rookery_socket *s,
                         const struct message *messages, size_t count)
{
    bytes_clear(&cl->out);
    message_write_history(&cl->out, messages, count);
    chat_emit(cl, s, ROOKERY_STR("message_history"));
}

/* ---- the stages ---- */

static void run_stage(struct task *task)
{
    struct joining *j = container_of(task, struct joining, task);
    j->stage(j);
}

/* Goes on with the next stage on cl, which is the other of its two loops, if they are two. */
static void go_to(struct chat_loop *cl, struct joining *j, void (*stage)(struct joining *j))
{
    if (j->own == j->home) {
        stage(j);
        return;
    }
    j->stage = stage;
    j->task.run = run_stage;
    executor_post(cl->executor, &j->task);
}

static bool still_wanted(const struct joining *j)
{
    return !j->cancelled && rookery_socket_connected(j->socket);
}

static void finish(struct joining *j)
{
    struct message_page *page = j->read.page;

    if (still_wanted(j) && j->read.call.error != 0) {
        chat_refuse_later(j->own, j->socket, NULL, &refused_history);
    } else if (still_wanted(j)) {
        emit_history(j->own, j->socket, page->messages + j->left_out, page->count - j->left_out);
    }
    list_remove(&j->node);
    rookery_socket_release(j->socket);
    free(page);
    free(j);
}

static void have(struct joining *j)
{
    struct message_page *page = j->read.page;

    j->left_out =
        traffic_join_ends(&j->home->traffic, &j->traffic, page == NULL ? NULL : page->messages,
                          page == NULL ? 0 : page->count);
    go_to(j->own, j, finish);
}

static void on_history(struct store_call *call)
{
    have(container_of(call, struct joining, read.call));
}

static void read_history(struct joining *j)
{
    j->read.room = j->traffic.room;
    j->read.limit = HISTORY_MESSAGES_MAX;
    j->read.bytes_max = HISTORY_BYTES_MAX;
    j->read.call.on_done = on_history;
    int rc = store_history(j->home->chat->store, j->home->executor, &j->read);
    if (rc < 0) {
        j->read.call.error = rc;
        j->read.page = NULL;
        have(j);
    }
}

static void count_room(struct rookery_str room, void *arg)
{
    (*(unsigned *)arg)++;
}

static bool too_many_rooms(struct rookery_socket *s, struct span room)
{
    unsigned rooms = 0; /* its own among them */

    rookery_rooms(s, count_room, &rooms);
    return rooms > ROOMS_PER_SOCKET_MAX && !rookery_in_room(s, str_of_span(room));
}

static void enter(struct joining *j)
{
    if (still_wanted(j) && too_many_rooms(j->socket, j->traffic.room)) {
        chat_refuse_later(j->own, j->socket, j->ack, &refused_room_count); /* since it began */
        j->ack = NULL;
        j->cancelled = true;
    }
    if (!still_wanted(j)) {
        if (j->ack != NULL) {
            chat_refuse_later(j->own, j->socket, j->ack, &refused_left);
        }
        go_to(j->home, j, have);
        return;
    }
    enter_room(j->own, j->socket, j->traffic.room);
    answer_done(j->own, j->ack, j->traffic.room);
    go_to(j->home, j, read_history);
}

static void watch(struct joining *j)
{
    traffic_join_begins(&j->home->traffic, &j->traffic);
    go_to(j->own, j, enter);
}

static void begin(struct chat_loop *cl, struct rookery_socket *s, const struct rookery_event *e,
                  struct span room)
{
    struct joining *j = xmalloc(sizeof *j + room.len);

    *j = (struct joining){.own = cl, .socket = rookery_socket_hold(s)};
    memcpy(j->room, room.data, room.len);
    j->traffic.room = span_of(j->room, room.len);
    j->traffic.room_hash = map_hash(cl->chat->hash_secret, room);
    j->home = chat_home_of(cl->chat, j->traffic.room_hash);
    j->ack = rookery_ack_take(s, e);
    list_add(&cl->joinings, &j->node);
    go_to(j->home, j, watch);
}

/* ---- the events ---- */

static const struct refusal *read_user(struct chat_loop *cl, struct rookery_socket *s,
                                       const struct payload *p)
{
    struct person *old = rookery_socket_data(s);
    struct span user_id;

    if (!payload_has(p->user_id)) {
        return NULL;
    }
    if (!policy_text(p->user_id, NAME_BYTES_MAX, &cl->user_id, &user_id)) {
        return &refused_user_id;
    }
    struct person *person = person_with_user(old, user_id);
    if (person != old) {
        rookery_socket_set_data(s, person, person_destroy); /* frees the old one */
    }
    return NULL;
}

static const struct refusal *read_join(struct chat_loop *cl, struct rookery_socket *s,
                                       const struct rookery_event *e, struct span *room)
{
    const struct refusal *refusal;
    struct payload p;

    if (!payload_read(rookery_arg(&e->args, 0), &p)) {
        return &refused_payload;
    }
    refusal = chat_read_room(cl, &p, room);
    if (refusal != NULL) {
        return refusal;
    }
    if (too_many_rooms(s, *room)) {
        return &refused_room_count;
    }
    return read_user(cl, s, &p);
}

void chat_on_join(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    struct chat *chat = arg;
    struct chat_loop *cl = chat_loop_of(chat, s);
    struct span room;
    const struct refusal *refusal = read_join(cl, s, e, &room);

    if (refusal != NULL) {
        chat_refuse(cl, s, e, refusal);
    } else if (chat->store != NULL) {
        begin(cl, s, e, room);
    } else {
        enter_room(cl, s, room);
        answer_done(cl, rookery_ack_take(s, e), room);
        emit_history(cl, s, NULL, 0);
    }
}

static void cancel_joins(struct chat_loop *cl, struct rookery_socket *s, struct span room)
{
    for (struct list_node *n = cl->joinings.first; n != NULL; n = n->next) {
        struct joining *j = container_of(n, struct joining, node);
        if (j->socket == s && span_eq(j->traffic.room, room)) {
            j->cancelled = true;
        }
    }
}

static void leave_room(struct chat_loop *cl, struct rookery_socket *s, struct span room)
{
    struct identity who = {.user_id = chat_identity(s).user_id};

    cancel_joins(cl, s, room);
    if (!rookery_in_room(s, str_of_span(room))) {
        return;
    }
    rookery_leave(s, str_of_span(room));
    bytes_clear(&cl->out);
    message_write_presence(&cl->out, room, who, rookery_loop_wall_ms(cl->loop));
    chat_broadcast(cl, ROOKERY_STR("user_left"), room);
}

void chat_on_leave(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    struct chat_loop *cl = chat_loop_of(arg, s);
    struct payload p;
    struct span room;
    const struct refusal *refusal = payload_read(rookery_arg(&e->args, 0), &p)
                                        ? chat_read_room(cl, &p, &room)
                                        : &refused_payload;

    if (refusal != NULL) {
        chat_refuse(cl, s, e, refusal);
        return;
    }
    leave_room(cl, s, room);
    answer_done(cl, rookery_ack_take(s, e), room);
}
