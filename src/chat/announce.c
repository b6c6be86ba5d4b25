// SPDX-License-Identifier: MIT
#include "src/chat/announce.h"

#include "src/base/memory.h"
#include "src/chat/beside.h"
#include "src/chat/chat_loop.h"
#include "src/chat/comeback.h"
#include "src/chat/note.h"
#include "src/chat/text.h"

enum { OWN_SOCKETS_MAX = 8 };

/* ---- in every form ---- */

/* Is it a message that was sent in that dialect? A plain Socket.IO socket, which has none, gets it
 * as it came. */
static bool spoken_in(const struct notice *n, enum dialect_id dialect)
{
    return n->kind == NOTICE_MESSAGE && n->messages->dialect == dialect;
}

/* What servers that are none of ours are told: the form of that dialect. */
static enum dialect_id foreign_dialect(const struct notice *n, uint32_t dialects)
{
    if (n->kind == NOTICE_MESSAGE) {
        return (enum dialect_id)n->messages->dialect;
    }
    return dialects == 1u << DIALECT_DIRECT ? DIALECT_DIRECT : DIALECT_REALTIME;
}

static struct rookery_elsewhere elsewhere_of(struct chat_loop *cl, const struct note *note,
                                             struct rookery_str event, struct rookery_args args)
{
    bytes_clear(&cl->note);
    note_write(note, &cl->note);
    return (struct rookery_elsewhere){str_of_span(bytes_span(&cl->note)), event, args};
}

static void broadcast(struct chat_loop *cl, const struct rookery_target *to,
                      const struct rookery_form *forms, size_t count, struct rookery_socket *from,
                      const struct rookery_form *foreign, const struct note *note)
{
    struct rookery_elsewhere elsewhere;

    if (foreign != NULL) {
        elsewhere = elsewhere_of(cl, note, foreign->event, foreign->args);
    }
    if (count > 0) {
        (void)rookery_broadcast_forms(cl->chat->nsp, to, forms, count, from,
                                      foreign != NULL ? &elsewhere : NULL);
    }
}

static void say(struct chat_loop *cl, const struct rookery_target *to, uint32_t dialects,
                const struct notice *n, struct rookery_socket *from, const struct note *note)
{
    bool everywhere = note != NULL && chat_is_clustered(cl->chat);
    enum dialect_id foreign = foreign_dialect(n, dialects);
    struct rookery_form forms[DIALECT_COUNT], *foreign_form = NULL;
    size_t ends[DIALECT_COUNT];
    size_t count = 0;

    dialects |= (uint32_t)everywhere << foreign;
    bytes_clear(&cl->out);
    for (unsigned d = 0; d < DIALECT_COUNT; d++) {
        if ((dialects >> d & 1) == 0) {
            continue;
        }
        forms[count].event = dialect_write(d, n, &cl->out);
        forms[count].tags = 1u << d | (spoken_in(n, d) ? 1u << DIALECT_NONE : 0);
        ends[count] = cl->out.len;
        if (everywhere && d == foreign && forms[count].event.len > 0) {
            foreign_form = &forms[count];
        }
        count += forms[count].event.len > 0;
    }
    /* Only now, since the buffer may have moved while it grew. */
    for (size_t i = 0, begin = 0; i < count; begin = ends[i++]) {
        forms[i].args = args_of_json(span_of(cl->out.data + begin, ends[i] - begin));
    }
    broadcast(cl, to, forms, count, from, foreign_form, note);
}

void announce_from(struct chat_loop *cl, struct span room, uint32_t dialects,
                   const struct notice *n, struct rookery_socket *from, const struct note *note)
{
    const struct rookery_str name = str_of_span(room);
    const struct rookery_target to = {.rooms = &name, .room_count = 1};

    say(cl, &to, dialects, n, from, note);
}

void announce_direct(struct chat_loop *cl, const struct rookery_str *rooms, size_t count,
                     const struct notice *n, const struct note *note)
{
    const struct rookery_target to = {.rooms = rooms, .room_count = count, .local = true};

    bytes_clear(&cl->out);
    struct rookery_str event = dialect_write(DIALECT_DIRECT, n, &cl->out);
    struct rookery_args args = args_of_json(bytes_span(&cl->out));
    (void)rookery_broadcast(cl->chat->nsp, &to, event, &args, NULL);
    if (note == NULL || !chat_is_clustered(cl->chat)) {
        return;
    }
    struct rookery_elsewhere elsewhere = elsewhere_of(cl, note, event, args);
    for (size_t i = 0; i < count; i++) {
        const struct rookery_target there = {.rooms = &rooms[i], .room_count = 1};
        (void)rookery_broadcast_forms(cl->chat->nsp, &there, NULL, 0, NULL, &elsewhere);
    }
}

void announce_elsewhere(struct chat_loop *cl, const struct notice *n, const struct note *note)
{
    const struct rookery_str name = str_of_span(n->room);
    const struct rookery_target there = {.rooms = &name, .room_count = 1};
    uint32_t dialects = n->kind == NOTICE_DIRECT ? 1u << DIALECT_DIRECT : 0;

    bytes_clear(&cl->out);
    struct rookery_str event = dialect_write(foreign_dialect(n, dialects), n, &cl->out);
    struct rookery_args args = args_of_json(bytes_span(&cl->out));
    struct rookery_elsewhere elsewhere = elsewhere_of(cl, note, event, args);
    (void)rookery_broadcast_forms(cl->chat->nsp, &there, NULL, 0, NULL, &elsewhere);
}

/* Those of its members, and of who may come back to be one. */
static uint32_t dialects_in(const struct chat_room *room)
{
    uint32_t dialects = comeback_dialects(room->home);

    for (unsigned d = 0; d < DIALECT_COUNT; d++) {
        dialects |= (uint32_t)(room->roster.by_dialect[d] > 0) << d;
    }
    return dialects;
}

void announce(struct chat_room *room, const struct notice *n, const struct note *note)
{
    uint32_t dialects = dialects_in(room);

    if (n->kind == NOTICE_MESSAGE) {
        dialects |= 1u << n->messages->dialect;
    }
    announce_from(room->home, chat_room_name(room), dialects, n, NULL, note);
}

/* ---- comings and goings ---- */

static void tell_people(struct chat_room *room)
{
    struct notice n = {.kind = NOTICE_PEOPLE, .room = chat_room_name(room)};

    if ((dialects_in(room) >> DIALECT_GROUPS & 1) == 0) {
        return;
    }
    struct identity *people = roster_people(&room->roster, PEOPLE_MAX, &n.people_count);
    n.people = people;
    announce_from(room->home, n.room, 1u << DIALECT_GROUPS, &n, NULL, NULL);
    free(people);
}

/* To all members but those sockets. */
static void tell_others(struct chat_room *room, const struct notice *n,
                        const struct rookery_str *except, size_t count)
{
    const struct rookery_str name = str_of_span(n->room);
    const struct rookery_target to = {
        .rooms = &name, .room_count = 1, .except = except, .except_count = count};

    say(room->home, &to, dialects_in(room), n, NULL, NULL);
}

/* The sockets that somebody would hear of himself by: that which has come or gone, which may have
 * been here as another user or entered meanwhile, and those that he has come by since then. */
static size_t own_sockets(const struct roster *r, const struct roster_member *who,
                          struct rookery_str own[OWN_SOCKETS_MAX])
{
    struct span user_id = person_identity(who->person).user_id;
    size_t count = 0;

    own[count++] = (struct rookery_str){who->socket_id, ROSTER_SOCKET_ID_LEN};
    for (uint32_t i = 0; i < r->count && count < OWN_SOCKETS_MAX; i++) {
        const struct roster_member *m = &r->members[i];
        if (m->node == ROSTER_HERE && m->user_hash == who->user_hash &&
            span_eq(person_identity(m->person).user_id, user_id)) {
            own[count++] = (struct rookery_str){m->socket_id, ROSTER_SOCKET_ID_LEN};
        }
    }
    return count;
}

static void tell_one(struct chat_room *room, enum notice_kind kind, const struct roster_member *who,
                     struct span sent_at)
{
    struct rookery_str own[OWN_SOCKETS_MAX];
    size_t own_count = own_sockets(&room->roster, who, own);
    struct notice n = {
        .kind = kind,
        .who_dialect = who->dialect,
        .room = chat_room_name(room),
        .who = person_identity(who->person),
        .sent_at = sent_at,
        .wall_ms = rookery_loop_wall_ms(room->home->loop),
    };

    tell_others(room, &n, own, own_count);
    if (kind == NOTICE_GONE) {
        n.kind = NOTICE_PRESENCE;
        n.status = SPAN("offline");
        tell_others(room, &n, own, own_count);
    }
}

/* In the lobby of dialect 3 the notices are others. */
static enum notice_kind kind_in(const struct chat_room *room, enum notice_kind kind)
{
    if (chat_room_kind(chat_room_name(room)) == ROOM_TALK) {
        return kind;
    }
    return kind == NOTICE_JOINED ? NOTICE_ARRIVED : NOTICE_DEPARTED;
}

/* ---- gathered ---- */

struct absence {
    enum notice_kind kind;
    struct roster_member who; /* its person is held */
};

struct gathering {
    struct timer timer;
    struct chat_room *room;
    struct absence *changes;
    size_t count, cap;
};

static void forget_change(struct gathering *g, size_t i)
{
    person_release(g->changes[i].who.person);
    memmove(&g->changes[i], &g->changes[i + 1], (--g->count - i) * sizeof *g->changes);
}

void announce_forget(struct chat_room *room)
{
    struct gathering *g = room->gathering;

    if (g == NULL) {
        return;
    }
    while (g->count > 0) {
        forget_change(g, g->count - 1);
    }
    free(g->changes);
    free(g);
    room->gathering = NULL;
}

static void tell_gathered(struct timer *timer)
{
    struct gathering *g = container_of(timer, struct gathering, timer);
    struct chat_room *room = g->room;

    tell_people(room);
    for (size_t i = 0; i < g->count; i++) {
        tell_one(room, kind_in(room, g->changes[i].kind), &g->changes[i].who, SPAN(""));
    }
    announce_forget(room);
    chat_room_settle(room);
}

static struct gathering *gathering_of(struct chat_room *room)
{
    struct gathering *g = room->gathering;

    if (g == NULL) {
        g = xcalloc(1, sizeof *g);
        g->room = room;
        g->timer.fire = tell_gathered;
        room->gathering = g;
        executor_timer_start(room->home->executor, &g->timer,
                             room->home->limits.presence_interval_ms);
    }
    return g;
}

/* Does this undo a change that is not told yet? Then neither needs to be. */
static bool undoes(struct gathering *g, enum notice_kind kind, const struct roster_member *who)
{
    struct span user_id = person_identity(who->person).user_id;

    for (size_t i = g->count; i-- > 0;) {
        const struct absence *change = &g->changes[i];
        if (change->who.user_hash == who->user_hash &&
            span_eq(person_identity(change->who.person).user_id, user_id)) {
            if ((change->kind == NOTICE_JOINED) == (kind == NOTICE_JOINED)) {
                return false;
            }
            forget_change(g, i);
            return true;
        }
    }
    return false;
}

static void gather(struct chat_room *room, enum notice_kind kind, const struct roster_member *who)
{
    struct gathering *g = gathering_of(room);

    if (undoes(g, kind, who)) {
        return;
    }
    if (g->count == g->cap) {
        g->cap = g->cap == 0 ? 16 : g->cap * 2;
        g->changes = xreallocarray(g->changes, g->cap, sizeof *g->changes);
    }
    g->changes[g->count++] = (struct absence){kind, *who};
    (void)person_hold(who->person);
}

void announce_presence(struct chat_room *room, enum notice_kind kind,
                       const struct roster_member *who, struct span sent_at)
{
    if (chat_room_kind(chat_room_name(room)) == ROOM_USER) {
        return; /* the lobby has told it */
    }
    if (chat_room_kind(chat_room_name(room)) == ROOM_LOBBY) {
        beside_presence(room, kind == NOTICE_JOINED, who);
    }
    if (room->gathering != NULL || room->roster.count > PRESENCE_AT_ONCE_MAX) {
        gather(room, kind, who);
        return;
    }
    if (chat_room_kind(chat_room_name(room)) == ROOM_TALK) {
        tell_people(room);
    }
    tell_one(room, kind_in(room, kind), who, sent_at);
}
