// SPDX-License-Identifier: MIT
#include "src/chat/telling.h"

#include <assert.h>

#include "src/base/stats.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/direct.h"
#include "src/chat/membership.h"
#include "src/chat/note.h"
#include "src/chat/recent.h"

static enum notice_kind notice_of(const struct message *m)
{
    static const enum notice_kind kinds[] = {
        [MESSAGE_SAY] = NOTICE_MESSAGE,
        [MESSAGE_EDIT] = NOTICE_EDITED,
        [MESSAGE_DELETE] = NOTICE_DELETED,
        [MESSAGE_MARK] = NOTICE_READ,
    };
    return kinds[m->action];
}

static enum stat_id said_in(unsigned dialect)
{
    static_assert(STAT_MESSAGES_NATIVE - STAT_MESSAGES_CHATROOM + 1 == DIALECT_COUNT - 1,
                  "one for each dialect");
    assert(dialect > DIALECT_NONE && dialect < DIALECT_COUNT);
    return STAT_MESSAGES_CHATROOM + dialect - DIALECT_CHATROOM;
}

static void count(const struct chat_room *room, const struct message *m, enum telling by)
{
    struct stats *stats = room->home->stats;

    if (stats == NULL || m->action == MESSAGE_MARK) {
        return;
    }
    enum stat_id which = m->action == MESSAGE_EDIT     ? STAT_MESSAGES_EDITED
                         : m->action == MESSAGE_DELETE ? STAT_MESSAGES_DELETED
                                                       : said_in(m->dialect);
    stats_add(stats, which, by == TELLING_OWN);
    stats_add(stats, STAT_DELIVERIES, room->roster.here);
}

/* A node that reads the same log has it from there, and is only kept from taking the event for one
 * of a plain Socket.IO server. */
static struct note note_of(const struct chat_room *room, const struct message *m)
{
    enum note_kind kind = chat_follows(room->home->chat) ? NOTE_LOGGED
                          : m->action == MESSAGE_MARK    ? NOTE_READ
                                                         : NOTE_MESSAGE;

    return (struct note){
        .kind = kind, .message = *m, .room = m->room, .who = {m->user_id, m->username}};
}

static struct notice notice(struct message *m, int64_t now_ms)
{
    return (struct notice){.kind = notice_of(m),
                           .room = m->room,
                           .who = {m->user_id, m->username},
                           .wall_ms = now_ms,
                           .messages = m,
                           .message_count = 1};
}

static void tell_read(struct chat_room *room, const struct notice *n, const struct note *note)
{
    struct message m = {.id = n->messages->id, .room = n->room, .offset = n->messages->said};
    struct notice read = *n;

    read.messages = &m;
    announce_from(room->home, n->room, DIALECTS_WITH_EDITS, &read, NULL, note);
}

static void tell(struct chat_room *room, struct message *m, int64_t now_ms, enum telling by)
{
    const struct notice n = notice(m, now_ms);
    const struct note note = note_of(room, m);
    const struct note *to_others = by == TELLING_OWN ? &note : NULL;

    count(room, m, by);
    if (m->action == MESSAGE_MARK) {
        tell_read(room, &n, to_others);
    } else if (chat_room_kind(m->room) == ROOM_TALK) {
        announce(room, &n, to_others);
    } else {
        direct_deliver(room, m, to_others);
    }
}

/* Is it what makes the store know the room? Without a gap in the places the first of them tells;
 * else the first that is known of here, which may not be. */
static bool makes_room(const struct chat_room *room, const struct message *m)
{
    return chat_follows(room->home->chat) ? room->tail.pushed == 1 : message_place(m) == 1;
}

/* Who changes a message has seen it in the store; it may have been deleted since then, by a record
 * that came before this one into the log. The store leaves this one out, and so does the room. */
static bool comes_too_late(const struct chat_room *room, const struct message *m)
{
    struct chat_loop *home = room->home;
    struct message deletion = {.id = m->id, .action = MESSAGE_DELETE};

    if (!chat_follows(home->chat) || m->changed == 0) {
        return false;
    }
    return m->action == MESSAGE_DELETE
               ? recent_add(&home->recent, home->chat->hash_secret, &deletion)
               : recent_has(home->recent, home->chat->hash_secret, &deletion);
}

void tell_members(struct chat_room *room, struct record *r, int64_t now_ms, enum telling by)
{
    struct message *m = &r->message;

    if (comes_too_late(room, m)) {
        return;
    }
    tell(room, m, now_ms, by);
    if (m->action != MESSAGE_MARK && message_place(m) != 0) {
        chat_room_remember(room, r);
        if (makes_room(room, m)) {
            membership_put_all(room);
        }
    }
}

void tell_elsewhere(struct chat_room *room, struct message *m, int64_t now_ms)
{
    const struct notice n = notice(m, now_ms);
    const struct note note = note_of(room, m);

    if (chat_is_clustered(room->home->chat) && chat_room_kind(m->room) == ROOM_TALK) {
        announce_elsewhere(room->home, &n, &note);
    }
}
