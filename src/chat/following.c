// SPDX-License-Identifier: MIT
#include "src/chat/following.h"

#include "src/base/memory.h"
#include "src/base/sound.h"
#include "src/chat/comeback.h"
#include "src/chat/direct.h"
#include "src/chat/telling.h"

enum { KNOWN_BITS = 16, KNOWN = 1 << KNOWN_BITS };

struct following {
    struct chat *chat;
    atomic_uint known[KNOWN]; /* rooms in memory, by their hash */
};

/* Something of the log on its way to a room's home; or, without a record, that there is a gap. */
struct followed {
    struct task task;
    struct chat_loop *home;
    struct record *record;
};

static atomic_uint *place_of(struct following *f, uint64_t hash)
{
    return &f->known[hash >> (64 - KNOWN_BITS)];
}

void following_add(struct chat *chat, uint64_t hash)
{
    if (chat->following != NULL) {
        atomic_fetch_add(place_of(chat->following, hash), 1);
    }
}

void following_remove(struct chat *chat, uint64_t hash)
{
    if (chat->following != NULL) {
        atomic_fetch_sub(place_of(chat->following, hash), 1);
    }
}

static bool is_known(struct chat *chat, struct span room)
{
    return atomic_load(place_of(chat->following, map_hash(chat->hash_secret, room))) > 0;
}

/* A direct message also concerns the sender's own sockets. And anything may concern who comes back
 * to a room in which there is nobody now. */
static bool concerns_us(struct chat *chat, const struct message *m)
{
    struct user_room sender;

    return is_known(chat, m->room) || comeback_dialects(chat->loops) != 0 ||
           (m->recipient.len > 0 && is_known(chat, direct_room_name(&sender, m->user_id)));
}

/* ---- at the room's home ---- */

static int64_t time_of(const struct chat_loop *home, const struct message *m)
{
    switch ((enum message_action)m->action) {
    case MESSAGE_SAY:
        return m->timestamp_ms;
    case MESSAGE_EDIT:
        return m->edited_ms;
    case MESSAGE_DELETE:
    case MESSAGE_MARK:
        break;
    }
    return rookery_loop_wall_ms(home->loop);
}

static void tell(struct task *task)
{
    struct followed *f = container_of(task, struct followed, task);
    const struct message *m = &f->record->message;
    bool concerns_others = m->recipient.len > 0 || comeback_dialects(f->home) != 0;
    struct chat_room *room =
        concerns_others ? chat_room_get(f->home, m->room) : chat_room_find(f->home, m->room);

    if (room != NULL) {
        tell_members(room, f->record, time_of(f->home, m), TELLING_OTHERS);
        chat_room_settle(room);
    }
    record_release(f->record);
    free(f);
}

static void forget(struct task *task)
{
    struct followed *f = container_of(task, struct followed, task);

    chat_rooms_forget_tails(&f->home->rooms);
    free(f);
}

/* ---- on loop 0 ---- */

/* By a task, to this loop too: completions that are in turn come by tasks, in one order with this.
 */
static void send_home(struct chat_loop *home, struct record *record, void (*run)(struct task *task))
{
    struct followed *f = xmalloc(sizeof *f);

    *f = (struct followed){.task.run = run, .home = home, .record = record};
    executor_post(home->executor, &f->task);
}

static void on_record(void *arg, const struct message *m)
{
    struct following *f = arg;

    chat_watched(f->chat, m, message_place(m));
    if (f->chat->stopped || !concerns_us(f->chat, m)) {
        return;
    }
    if (message_is_sound(m)) {
        send_home(chat_home_of(f->chat, m->room), record_create(m), tell);
    } else {
        chat_count(f->chat->loops, STAT_NOTES_MALFORMED);
    }
}

static void on_gap(void *arg)
{
    struct following *f = arg;

    if (f->chat->watcher.on_gap != NULL) {
        f->chat->watcher.on_gap(f->chat->watcher.arg);
    }
    for (unsigned i = 0; i < f->chat->loop_count && !f->chat->stopped; i++) {
        send_home(&f->chat->loops[i], NULL, forget);
    }
}

void following_begin(struct chat *chat)
{
    if (chat->journal == NULL || !journal_follows(chat->journal)) {
        return;
    }
    chat->following = xcalloc(1, sizeof *chat->following);
    chat->following->chat = chat;
    const struct journal_listener listener = {on_record, on_gap, chat->following};
    chat->journal->ops->listen(chat->journal, &listener);
}

void following_finish(struct chat *chat)
{
    free(chat->following);
    chat->following = NULL;
}
