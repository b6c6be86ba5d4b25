// SPDX-License-Identifier: MIT
#include "src/chat/beside.h"

#include "protocol/json.h"
#include "src/base/iso_time.h"
#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/direct.h"

/* A direct message on its way to the lobby's home, which knows who is there. */
struct push {
    struct task task;
    struct chat_loop *lobby;
    struct record *record;
};

static bool is_wanted(const struct chat *chat)
{
    return !chat->stopped && chat->journal != NULL && chat->journal->ops->tell != NULL;
}

static void tell(struct chat *chat, enum journal_side side, struct span user,
                 const struct bytes *value)
{
    chat->journal->ops->tell(chat->journal, side, user, bytes_span(value));
}

static void add_time(struct bytes *out, int64_t wall_ms)
{
    char text[ISO_TIME_LEN + 1];

    iso_time_write(wall_ms, text);
    json_member_string(out, SPAN("timestamp"), span_cstr(text));
    bytes_add_byte(out, '}');
}

void beside_presence(struct chat_room *lobby, bool is_here, const struct roster_member *who)
{
    struct chat_loop *home = lobby->home;
    struct identity user = person_identity(who->person);

    if (!is_wanted(home->chat) || who->node != ROSTER_HERE) {
        return;
    }
    struct bytes *out = &home->note;
    bytes_clear(out);
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("userId"), user.user_id);
    json_member_string(out, SPAN("username"), user.username);
    json_member_string(out, SPAN("status"), is_here ? SPAN("online") : SPAN("offline"));
    json_member_string(out, SPAN("serviceId"), span_cstr(home->chat->service_id));
    add_time(out, rookery_loop_wall_ms(home->loop));
    tell(home->chat, JOURNAL_PRESENCE, user.user_id, out);
}

/* By his id, or by the name that he is addressed by. */
static bool is_here(const struct chat_room *lobby, struct span recipient)
{
    for (uint32_t i = 0; lobby != NULL && i < lobby->roster.count; i++) {
        struct identity user = person_identity(lobby->roster.members[i].person);
        if (span_eq(user.user_id, recipient) || span_eq(user.username, recipient)) {
            return true;
        }
    }
    return false;
}

static void write_push(struct bytes *out, const struct message *m)
{
    bytes_clear(out);
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("messageId"), m->id);
    json_member_string(out, SPAN("recipientId"), m->recipient);
    json_member_string(out, SPAN("senderId"), m->user_id);
    json_member_string(out, SPAN("senderUsername"), m->username);
    json_member_json(out, SPAN("content"), m->content);
    json_member_string(out, SPAN("messageType"), m->type);
    add_time(out, m->timestamp_ms);
}

static void look(struct task *task)
{
    struct push *push = container_of(task, struct push, task);
    struct chat_loop *cl = push->lobby;
    const struct message *m = &push->record->message;

    if (is_wanted(cl->chat) && !is_here(chat_room_find(cl, DIRECT_LOBBY), m->recipient)) {
        write_push(&cl->note, m);
        tell(cl->chat, JOURNAL_PUSH, m->recipient, &cl->note);
    }
    record_release(push->record);
    free(push);
}

void beside_push(struct chat_loop *cl, struct record *r)
{
    const struct message *m = &r->message;

    if (!is_wanted(cl->chat) || m->recipient.len == 0 || m->action != MESSAGE_SAY) {
        return;
    }
    struct push *push = xmalloc(sizeof *push);
    *push = (struct push){.lobby = chat_home_of(cl->chat, DIRECT_LOBBY), .record = record_hold(r)};
    chat_go(cl, push->lobby, &push->task, look);
}
