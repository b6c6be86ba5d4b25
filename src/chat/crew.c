// SPDX-License-Identifier: MIT
#include "src/chat/crew.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/gossip.h"
#include "src/chat/inquest.h"
#include "src/chat/leave.h"

static_assert((int)FACT_SOCKET_ID_LEN == (int)ROSTER_SOCKET_ID_LEN, "one id");

/* Are the others told who is there? Rooms of users are the recipient's own affair. */
static bool is_shared(const struct chat_room *room)
{
    return chat_is_clustered(room->home->chat) && chat_room_kind(chat_room_name(room)) != ROOM_USER;
}

/* ---- of this node ---- */

void crew_ask(struct chat_room *room, struct span node, bool all)
{
    struct fact f = {.kind = FACT_ASK, .room = chat_room_name(room), .node = node, .all = all};

    gossip_tell(room->home, &f);
}

void crew_came(struct chat_room *room, const struct roster_member *m, struct span sent_at)
{
    if (!chat_is_clustered(room->home->chat)) {
        return;
    }
    if (room->roster.here == 1) {
        crew_ask(room, SPAN(""), false);
    }
    if (!is_shared(room)) {
        return;
    }
    struct fact f = {.kind = FACT_JOINED,
                     .room = chat_room_name(room),
                     .member = gossip_member(m),
                     .sent_at = sent_at};
    gossip_tell(room->home, &f);
}

static void forget_others(struct chat_room *room)
{
    uint32_t others = room->roster.count - room->roster.here;

    if (others > 0) {
        atomic_fetch_sub_explicit(&room->home->chat->crew->members, others, memory_order_relaxed);
        roster_forget_others(&room->roster);
    }
}

void crew_went(struct chat_room *room, const struct roster_member *gone, enum notice_kind kind,
               struct span sent_at)
{
    struct fact f = {.kind = kind == NOTICE_GONE ? FACT_GONE : FACT_LEFT,
                     .room = chat_room_name(room),
                     .member = gossip_member(gone),
                     .sent_at = sent_at};

    if (gone->node != ROSTER_HERE) {
        atomic_fetch_sub_explicit(&room->home->chat->crew->members, 1, memory_order_relaxed);
        return;
    }
    if (is_shared(room) && kind != NOTICE_COUNT) {
        gossip_tell(room->home, &f);
    }
    crew_unused(room);
}

void crew_unused(struct chat_room *room)
{
    if (room->roster.here == 0 && !inquest_is_held(room)) {
        forget_others(room);
    }
}

unsigned crew_node_count(const struct chat *chat)
{
    return atomic_load_explicit(&chat->crew->alive, memory_order_relaxed);
}

struct status {
    struct task task;
    struct chat_loop *home;
    char socket_id[ROSTER_SOCKET_ID_LEN];
    uint16_t room_len;
    uint8_t room[];
};

/* By the home, so that it comes after the fact that he has come. */
static void tell_status(struct task *task)
{
    struct status *s = container_of(task, struct status, task);
    struct chat_room *room = chat_room_find(s->home, span_of(s->room, s->room_len));
    const struct roster_member *m = room == NULL ? NULL : roster_find(&room->roster, s->socket_id);

    if (m != NULL && is_shared(room)) {
        struct fact f = {
            .kind = FACT_STATUS, .room = chat_room_name(room), .member = gossip_member(m)};
        gossip_tell(s->home, &f);
    }
    free(s);
}

void crew_status(struct chat_loop *cl, struct span room, const char *socket_id)
{
    if (!chat_is_clustered(cl->chat)) {
        return;
    }
    struct status *s = xmalloc(sizeof *s + room.len);
    s->home = chat_home_of(cl->chat, room);
    s->room_len = (uint16_t)room.len;
    memcpy(s->socket_id, socket_id, sizeof s->socket_id);
    memcpy(s->room, room.data, room.len);
    chat_go(cl, s->home, &s->task, tell_status);
}

/* ---- of others, at the home ---- */

static bool has_place(struct chat_room *room)
{
    struct crew *crew = room->home->chat->crew;
    bool place = room->roster.count - room->roster.here < CREW_ROOM_MAX &&
                 atomic_load_explicit(&crew->members, memory_order_relaxed) < CREW_MAX;

    if (!place) {
        chat_count(room->home, STAT_NOTES_CROWDED);
    }
    return place;
}

static void announce_status(struct chat_room *room, const struct roster_member *m)
{
    bool away = atomic_load_explicit(&m->person->away, memory_order_relaxed);
    struct notice n = {.kind = NOTICE_PRESENCE,
                       .room = chat_room_name(room),
                       .who = person_identity(m->person),
                       .wall_ms = rookery_loop_wall_ms(room->home->loop),
                       .status = away ? SPAN("away") : SPAN("online")};

    announce_from(room->home, n.room, DIALECTS_WITH_EDITS, &n, NULL, NULL);
}

static void set_away(struct chat_room *room, const struct roster_member *m, bool away)
{
    if (atomic_exchange_explicit(&m->person->away, away, memory_order_relaxed) != away) {
        announce_status(room, m);
    }
}

static struct person *person_of(const struct fact_member *m)
{
    struct person *person = person_create(PERSON_EVENT, m->who.user_id, m->who.username);

    atomic_store_explicit(&person->away, m->away, memory_order_relaxed);
    return person;
}

static void add(struct chat_room *room, uint8_t node, const struct fact_member *who,
                struct span sent_at)
{
    struct roster *roster = &room->roster;

    if (!has_place(room)) {
        return;
    }
    struct person *person = person_of(who);
    enum roster_change change =
        roster_add(roster, node, (const char *)who->socket_id.data, person, who->dialect);
    person_release(person);
    atomic_fetch_add_explicit(&room->home->chat->crew->members, 1, memory_order_relaxed);
    if (change == ROSTER_USER) {
        struct roster_member joined = roster->members[roster->count - 1];
        announce_presence(room, NOTICE_JOINED, &joined, sent_at);
    }
}

/* That node has this member, whether it has just come or has been there. */
static void put(struct chat_room *room, uint8_t node, const struct fact_member *who,
                struct span sent_at)
{
    const char *id = (const char *)who->socket_id.data;
    struct roster_member *m = roster_find(&room->roster, id);

    if (m != NULL && m->node != node) {
        return; /* it is not that node's to say */
    }
    if (m != NULL && span_eq(person_identity(m->person).user_id, who->who.user_id)) {
        struct person *person = person_of(who);
        atomic_store_explicit(&person->away, m->person->away, memory_order_relaxed);
        roster_change(&room->roster, m, person, who->dialect);
        person_release(person);
        m->doubted = false;
        set_away(room, m, who->away);
        return;
    }
    if (m != NULL) {
        leave_room(room, id, NOTICE_LEFT, SPAN(""));
    }
    add(room, node, who, sent_at);
}

static void take_out(struct chat_room *room, uint8_t node, struct span socket_id,
                     enum notice_kind kind, struct span sent_at)
{
    const struct roster_member *m = roster_find(&room->roster, (const char *)socket_id.data);

    if (m != NULL && m->node == node) {
        leave_room(room, (const char *)socket_id.data, kind, sent_at);
    }
}

/* All of that node, or those that it has not named again. From the end, which is the shorter way
 * when many go. */
static void take_out_all(struct chat_room *room, uint8_t node, bool doubted_only)
{
    for (uint32_t i = room->roster.count; i-- > 0;) {
        const struct roster_member *m = &room->roster.members[i];
        char id[ROSTER_SOCKET_ID_LEN];
        if (m->node == node && (m->doubted || !doubted_only)) {
            memcpy(id, m->socket_id, sizeof id);
            leave_room(room, id, NOTICE_GONE, SPAN(""));
        }
    }
}

static void take_answer(struct chat_room *room, uint8_t node, const struct fact *f,
                        struct bytes *texts)
{
    struct json_iter it;
    struct fact_member who;
    bool ok = true;

    for (uint32_t i = 0; (f->part & FACT_FIRST) != 0 && i < room->roster.count; i++) {
        struct roster_member *m = &room->roster.members[i];
        m->doubted = m->node == node;
    }
    json_array_begin(&it, f->members);
    while (fact_next_member(&it, texts, &who, &ok)) {
        put(room, node, &who, SPAN(""));
    }
    if (!ok) {
        chat_count(room->home, STAT_NOTES_MALFORMED);
    }
    if ((f->part & FACT_LAST) != 0) {
        take_out_all(room, node, true);
        inquest_heard(room);
    }
}

static void take_status(struct chat_room *room, uint8_t node, const struct fact_member *who)
{
    const struct roster_member *m = roster_find(&room->roster, (const char *)who->socket_id.data);

    if (m != NULL && m->node == node) {
        set_away(room, m, who->away);
    }
}

void crew_take(struct chat_room *room, uint8_t node, const struct fact *f, struct bytes *texts)
{
    if (f->kind == FACT_JOINED) {
        put(room, node, &f->member, f->sent_at);
    } else if (f->kind == FACT_LEFT) {
        take_out(room, node, f->member.socket_id, NOTICE_LEFT, f->sent_at);
    } else if (f->kind == FACT_GONE) {
        take_out(room, node, f->member.socket_id, NOTICE_GONE, SPAN(""));
    } else if (f->kind == FACT_STATUS) {
        take_status(room, node, &f->member);
    } else if (f->kind == FACT_HERE) {
        take_answer(room, node, f, texts);
    }
}

void crew_lose(struct chat_room *room, uint8_t node)
{
    take_out_all(room, node, false);
}

bool crew_is_of(const struct chat_room *room)
{
    return room->roster.here > 0 && is_shared(room);
}

void crew_init(struct chat *chat)
{
    chat->crew = xcalloc(1, sizeof *chat->crew);
}

void crew_finish(struct chat *chat)
{
    free(chat->crew);
}
