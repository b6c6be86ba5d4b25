/* Joining a room.
 *
 *   begin (socket's loop) ──> arrive (room's home) ──> [read ──> merge] ──> enter (socket's loop)
 *
 * Each stage is on one loop, which owns the joining meanwhile. What the joiner is given of the past
 * (the latest messages, or what happened after an offset) and what it gets live fit together
 * without a gap and without a repetition, because:
 *  - The home broadcasts all that happens in the room. Loops run what one loop posted to them in
 *    its order. So `enter`, posted by the home, makes a member who gets exactly what the home
 *    broadcasts after that moment.
 *  - At that moment the home knows all that was broadcast before it: what the read has seen, plus
 *    what was broadcast since the read began, which is in the tail (room.h: the tail of a room that
 *    is being joined is not dropped; should it have wrapped, the read is done again).
 *  - What the read has seen and the home has not broadcast yet is on its way through the journal.
 *    The joiner gets it live, so it is taken out. Those are the last of the log, since the journal
 *    completes in the order of offsets.
 *
 * In a log that is followed (following.h) places tell the same: the home is told first how far the
 * log has been told here (journal_fence); what the read has seen beyond that comes live. Who knows
 * more than that already waits until this node has come as far.
 *
 * In a cluster the socket is first put into the Socket.IO room, with a tag that gets nothing, until
 * what other nodes say there comes to this one; only then it arrives at the home:
 *
 *   begin ──> listen (socket's loop) ──> arrive ──> ...
 *
 * So what they say once the joiner has his answer he gets live, and what they said before comes to
 * the home before, or after it as well: the argument above holds for it as for the rest. Nothing is
 * said of what they said while nobody here was in the room: each node has the log that it has got.
 *
 * Who is refused is in no part of the room afterwards; that ends what else of the same socket is
 * under way into it. */
// SPDX-License-Identifier: MIT
#include "src/chat/join.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/crew.h"
#include "src/chat/direct.h"
#include "src/chat/leave.h"
#include "src/chat/membership.h"
#include "src/chat/message.h"
#include "src/chat/pending.h"
#include "src/chat/text.h"

enum { TAG_ENTERING = DIALECT_COUNT }; /* of no form */

struct joining {
    struct task task;
    struct chat_loop *own;  /* the socket's */
    struct chat_loop *home; /* the room's */
    struct chat_room *room; /* while it is at the home */
    struct chat_reply reply;
    struct person *person; /* held */
    struct past past;
    struct delivery *delivery; /* of direct messages; NULL: there are none */
    struct pending *pending;
    bool comes_back;      /* see struct join_request */
    struct task stepping; /* out of the room, while the store is asked; see step_out */
    bool steps_out, stepped_out;
    bool entering;         /* it is in the Socket.IO room for this one, and hears nothing */
    struct list_node node; /* in pending->joinings */
    const struct refusal *overtaken; /* by what; NULL: by nothing. On the socket's loop only */
    const struct refusal *refusal;   /* by the home; NULL: none */
    enum dialect_id as;              /* what it is a member as */
    struct span sent_at;
    struct rookery_str people_event; /* a list of who is there, for the joiner; or empty */
    struct bytes people;
    uint8_t text[]; /* room, user and sent_at */
};

static struct joining *joining_of(struct task *task)
{
    return container_of(task, struct joining, task);
}

/* A client that resumes has to know what it missed, or to ask again. */
static bool cannot_resume(const struct joining *j)
{
    return j->past.kind == PAST_CHANGES && j->past.error != 0;
}

/* ---- entering, on the socket's loop ---- */

static void destroy(struct joining *j)
{
    if (j->delivery != NULL) {
        delivery_end(j->delivery, j->own);
    }
    list_remove(&j->node);
    j->pending->entering -= j->entering;
    j->pending->joining_count--;
    pending_settle(j->own, j->pending);
    past_finish(&j->past);
    person_release(j->person);
    chat_reply_finish(&j->reply);
    bytes_finish(&j->people);
    free(j);
}

static void answer(struct joining *j)
{
    struct chat_loop *cl = j->own;

    bytes_clear(&cl->out);
    if (chat_room_kind(j->past.room) != ROOM_TALK) {
        message_write_done(&cl->out);
    } else if (j->reply.dialect == DIALECT_NATIVE && chat_store(cl->chat) != NULL) {
        message_write_resumed(&cl->out, &j->past);
    } else {
        message_write_room_done(&cl->out, j->past.room);
    }
    chat_reply_send(cl, &j->reply);
}

static void tell_people(struct joining *j)
{
    struct rookery_args args = args_of_json(bytes_span(&j->people));

    if (j->people_event.len > 0) {
        (void)rookery_emit(j->reply.socket, j->people_event, &args, NULL);
    }
}

static enum notice_kind notice_of(const struct past *past, const struct message *m)
{
    if (past->kind == PAST_DIRECTS) {
        return NOTICE_DIRECT;
    }
    return m->action == MESSAGE_SAY    ? NOTICE_MESSAGE
           : m->action == MESSAGE_EDIT ? NOTICE_EDITED
                                       : NOTICE_DELETED;
}

static void tell_past(struct joining *j)
{
    const struct past *past = &j->past;
    struct notice n = {.room = past->room};

    if (past->error != 0) {
        chat_reply_refuse(j->own, &j->reply, &refused_history); /* it is answered: by an event */
    } else if (past->kind == PAST_HISTORY) {
        n.kind = NOTICE_HISTORY;
        n.messages = past->messages;
        n.message_count = past->count;
        chat_tell(j->own, j->reply.socket, j->reply.dialect, &n);
    }
    for (size_t i = 0; past->kind != PAST_HISTORY && i < past->count; i++) {
        n.kind = notice_of(past, &past->messages[i]);
        if (j->delivery != NULL) {
            delivery_add(j->delivery, j->own, &past->messages[i]);
        }
        n.messages = &past->messages[i];
        n.message_count = 1;
        n.wall_ms = past->messages[i].timestamp_ms;
        chat_tell(j->own, j->reply.socket, j->reply.dialect, &n);
    }
}

/* Who is refused is not in the room, whatever was before or else is under way: so that the roster,
 * the Socket.IO room and the client agree. */
static void refuse(struct joining *j, const struct refusal *why)
{
    struct rookery_socket *s = j->reply.socket;
    bool overtaken = j->overtaken != NULL;

    if (!overtaken) {
        join_cancel(j->own, s, j->past.room, why->retryable ? &refused_together : &refused_left,
                    NULL, NULL);
        leave_begin(j->own, s, j->past.room, NOTICE_LEFT, SPAN(""), NULL);
        if (j->comes_back && chat_room_kind(j->past.room) == ROOM_LOBBY) {
            direct_stay_out(j->own, s);
        }
    }
    if (!j->comes_back || !overtaken) { /* else the client itself has left */
        chat_reply_refuse(j->own, &j->reply, why);
    }
    destroy(j);
}

static void enter(struct task *task)
{
    struct joining *j = joining_of(task);
    struct rookery_socket *s = j->reply.socket;

    if (j->refusal != NULL) {
        refuse(j, j->refusal);
        return;
    }
    if (j->overtaken != NULL || cannot_resume(j)) {
        refuse(j, j->overtaken != NULL ? j->overtaken : &refused_resume);
        return;
    }
    (void)rookery_join_as(s, str_of_span(j->past.room), j->as);
    answer(j);
    tell_people(j);
    tell_past(j);
    direct_entered(j->own, s, j->past.room);
    if (j->past.more && j->past.count > 0) {
        direct_go_on(j->own, s, &j->past);
    }
    destroy(j);
}

/* ---- at the home ---- */

static void write_people(struct joining *j)
{
    struct notice n = {.kind = NOTICE_PEOPLE,
                       .room = j->past.room,
                       .who = person_identity(j->person),
                       .service_id = span_cstr(j->home->chat->service_id)};
    enum room_kind kind = chat_room_kind(j->past.room);
    bool wanted = j->reply.dialect == DIALECT_CHATROOM || j->reply.dialect == DIALECT_GROUPS ||
                  kind == ROOM_LOBBY;

    if (wanted && !j->comes_back) {
        struct identity *people = roster_people(&j->room->roster, PEOPLE_MAX, &n.people_count);
        n.kind = kind == ROOM_LOBBY ? NOTICE_CONNECTED : NOTICE_PEOPLE;
        n.people = people;
        j->people_event = dialect_write(j->reply.dialect, &n, &j->people);
        free(people);
    }
}

/* A join of the same socket in another dialect that has begun later may be done earlier; then the
 * roster has it. */
static void choose_dialect(struct joining *j)
{
    bool waited = j->past.page != NULL || j->past.error != 0;
    const struct roster_member *m =
        waited ? roster_find(&j->room->roster, rookery_socket_id(j->reply.socket).data) : NULL;

    j->as = m != NULL ? (enum dialect_id)m->dialect : (enum dialect_id)j->reply.dialect;
}

/* Not of who has left again meanwhile; and the end of his connection has not ended it. */
static void note_membership(const struct joining *j)
{
    if (!j->comes_back && !cannot_resume(j) &&
        roster_find(&j->room->roster, rookery_socket_id(j->reply.socket).data) != NULL) {
        (void)membership_put(j->home, j->person, j->past.room, true);
    }
}

/* Who has the room already (he arrives again, or comes back) would get what is told during the read
 * before what it finds, and once more with it. So he is out of the Socket.IO room from the moment
 * at which it begins until he enters: the loops do what the home posts in its order. */
static void step_out(struct task *task)
{
    struct joining *j = container_of(task, struct joining, stepping);

    rookery_leave(j->reply.socket, str_of_span(j->past.room));
}

static void on_read(struct past *past)
{
    struct joining *j = container_of(past, struct joining, past);

    if (j->steps_out && !j->stepped_out) {
        j->stepped_out = true;
        chat_go(j->home, j->own, &j->stepping, step_out);
    }
}

static void on_past(struct past *past)
{
    struct joining *j = container_of(past, struct joining, past);

    choose_dialect(j);
    note_membership(j);
    write_people(j);
    if (past->kind == PAST_DIRECTS && past->count > 0) {
        j->delivery = delivery_begin(j->room);
    }
    j->room = NULL;
    chat_go(j->home, j->own, &j->task, enter);
}

static const struct refusal *check_room(const struct joining *j)
{
    const struct chat_limits *limits = &j->home->limits;
    unsigned rooms = atomic_load_explicit(&j->home->chat->rooms, memory_order_relaxed);
    bool is_new = j->room->roster.here == 0 && chat_room_kind(j->past.room) == ROOM_TALK;

    if (limits->members_per_room != 0 && j->room->roster.count >= limits->members_per_room) {
        return &refused_room_full;
    }
    return limits->rooms_max != 0 && is_new && rooms >= limits->rooms_max ? &refused_rooms : NULL;
}

/* NULL, or why there is no place. A socket that joins again is in it already, unless its user is
 * another now: then that one has left. */
static const struct refusal *add_to_roster(struct joining *j)
{
    struct roster *roster = &j->room->roster;
    const char *id = rookery_socket_id(j->reply.socket).data;
    struct roster_member *m = roster_find(roster, id);

    if (m != NULL &&
        span_eq(person_identity(m->person).user_id, person_identity(j->person).user_id)) {
        roster_change(roster, m, j->person, j->reply.dialect);
        crew_came(j->room, m, j->sent_at);
        return NULL;
    }
    if (m != NULL) {
        leave_room(j->room, id, NOTICE_LEFT, SPAN(""));
    }
    const struct refusal *refusal = check_room(j);
    if (refusal != NULL) {
        return refusal;
    }
    chat_room_enter(j->room);
    enum roster_change change = roster_add(roster, ROSTER_HERE, id, j->person, j->reply.dialect);
    struct roster_member joined = roster->members[roster->count - 1];
    if (change == ROSTER_USER) {
        announce_presence(j->room, NOTICE_JOINED, &joined, j->sent_at);
    }
    crew_came(j->room, &joined, j->sent_at);
    return NULL;
}

static void arrive(struct task *task)
{
    struct joining *j = joining_of(task);

    j->room = chat_room_get(j->home, j->past.room);
    j->refusal = add_to_roster(j);
    if (j->refusal != NULL) {
        chat_room_settle(j->room);
        chat_go(j->home, j->own, &j->task, enter);
        return;
    }
    j->past.on_ready = on_past;
    j->past.on_read = on_read;
    past_begin(&j->past, j->room);
}

/* ---- beginning, on the socket's loop ---- */

static struct span keep(struct span text, uint8_t **at)
{
    struct span kept = span_of(*at, text.len);

    if (text.len > 0) {
        memcpy(*at, text.data, text.len);
    }
    *at += text.len;
    return kept;
}

static void on_listening(struct rookery_socket *s, void *arg)
{
    struct joining *j = arg;

    (void)s;
    if (j->overtaken != NULL) {
        refuse(j, j->overtaken); /* the home has been told that it leaves */
    } else {
        chat_go(j->own, j->home, &j->task, arrive);
    }
}

static void listen_first(struct joining *j)
{
    struct rookery_socket *s = j->reply.socket;
    struct rookery_str room = str_of_span(j->past.room);

    if (!rookery_in_room(s, room)) {
        j->entering = rookery_join_as(s, room, TAG_ENTERING) == 0;
        j->pending->entering += j->entering;
    }
    if (rookery_in_room(s, room)) {
        rookery_when_joined(s, room, on_listening, j);
    } else {
        chat_go(j->own, j->home, &j->task, arrive);
    }
}

/* Is the socket in the room already, and hears what is said there? */
static bool is_member(const struct chat_reply *reply, struct span room)
{
    return rookery_room_tag(reply->socket, str_of_span(room)) == reply->dialect;
}

void join_begin(struct chat_loop *cl, const struct join_request *request, struct chat_reply *reply)
{
    struct joining *j =
        xmalloc(sizeof *j + request->room.len + request->user.len + request->sent_at.len);
    uint8_t *at = j->text;

    *j = (struct joining){
        .own = cl,
        .home = chat_home_of(cl->chat, request->room),
        .reply = *reply,
        .pending = pending_get(cl, reply->socket),
        .person = person_hold(chat_person(reply->socket)),
        .comes_back = request->comes_back,
        .past = {.kind = request->past, .after = request->after, .limit = cl->limits.history_max}};
    j->steps_out = request->past == PAST_DIRECTS && request->after == 0 &&
                   is_member(reply, request->room) && !chat_is_clustered(cl->chat);
    j->past.room = keep(request->room, &at);
    j->past.user = keep(request->user, &at);
    j->sent_at = keep(request->sent_at, &at);
    list_add(&j->pending->joinings, &j->node);
    j->pending->joining_count++;
    if (chat_is_clustered(cl->chat)) {
        listen_first(j);
    } else {
        chat_go(cl, j->home, &j->task, arrive);
    }
}

void join_cancel(struct chat_loop *cl, const struct rookery_socket *s, struct span room,
                 const struct refusal *why, void (*fn)(struct span room, void *arg), void *arg)
{
    const struct pending *p = pending_find(cl, s);

    for (struct list_node *n = p == NULL ? NULL : p->joinings.first; n != NULL; n = n->next) {
        struct joining *j = container_of(n, struct joining, node);
        bool meant = room.len == 0 || span_eq(j->past.room, room);
        if (meant && j->overtaken == NULL) {
            j->overtaken = why;
            if (fn != NULL) {
                fn(j->past.room, arg);
            }
        }
    }
}

unsigned join_count(const struct chat_loop *cl, const struct rookery_socket *s)
{
    const struct pending *p = pending_find(cl, s);

    return p == NULL ? 0 : p->joining_count - p->entering;
}

/* ---- the event ---- */

static void count_room(struct rookery_str room, void *arg)
{
    (*(unsigned *)arg)++;
}

static bool too_many_rooms(struct chat_loop *cl, struct rookery_socket *s, struct span room)
{
    unsigned rooms = 0; /* its own among them */

    rookery_rooms(s, count_room, &rooms);
    return rooms + join_count(cl, s) > cl->limits.rooms_per_socket &&
           !rookery_in_room(s, str_of_span(room));
}

void join_refuse_count(const struct chat_call *call)
{
    char sentence[80];
    const struct refusal refusal = {"TOO_MANY_ROOMS", sentence, false};

    (void)snprintf(sentence, sizeof sentence, "A connection can be in no more than %u rooms.",
                   call->cl->limits.rooms_per_socket);
    chat_refuse(call, &refusal);
}

static enum past_kind past_of(const struct command *c)
{
    return c->dialect == DIALECT_NATIVE     ? PAST_CHANGES
           : c->dialect == DIALECT_REALTIME ? PAST_HISTORY
                                            : PAST_NONE;
}

void chat_on_join(const struct chat_call *call)
{
    const struct command *c = call->command;
    struct join_request request = {
        .room = c->room, .past = past_of(c), .after = c->after, .sent_at = c->sent_at};
    struct chat_reply reply;

    if (too_many_rooms(call->cl, call->socket, c->room)) {
        join_refuse_count(call);
        return;
    }
    reply = chat_reply_take(call);
    join_begin(call->cl, &request, &reply);
}
