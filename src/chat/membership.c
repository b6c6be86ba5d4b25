// SPDX-License-Identifier: MIT
#include "src/chat/membership.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

/* In the map as long as it waits or is under way. */
struct membership {
    struct store_member_put call;
    struct chat_loop *home;
    struct membership *next; /* of those that wait */
    bool present;            /* what is wanted by now */
    bool under_way;
    uint16_t room_len, user_len;
    uint8_t key[]; /* the room's length and name, the user's id */
};

struct memberships {
    struct map by_key;
    struct membership *waiting, **end;
    unsigned waiting_count, under_way;
    struct timer retry;
    struct chat_loop *home;
};

enum { KEY_BYTES_MAX = 1 + 2 * NAME_BYTES_MAX };

static struct span key_of(const void *value)
{
    const struct membership *m = value;
    return span_of(m->key, (size_t)1 + m->room_len + m->user_len);
}

static struct span key_for(struct span room, struct span user, uint8_t key[KEY_BYTES_MAX])
{
    assert(room.len <= NAME_BYTES_MAX && user.len <= NAME_BYTES_MAX);
    key[0] = (uint8_t)room.len;
    memcpy(key + 1, room.data, room.len);
    memcpy(key + 1 + room.len, user.data, user.len);
    return span_of(key, 1 + room.len + user.len);
}

static void destroy(struct membership *m)
{
    (void)map_remove(&m->home->memberships->by_key, key_of(m));
    free(m);
}

/* ---- what waits ---- */

static void wait_last(struct memberships *all, struct membership *m)
{
    m->next = NULL;
    *all->end = m;
    all->end = &m->next;
    all->waiting_count++;
}

static void wait_first(struct memberships *all, struct membership *m)
{
    m->next = all->waiting;
    all->end = m->next == NULL ? &m->next : all->end;
    all->waiting = m;
    all->waiting_count++;
}

static struct membership *take_first(struct memberships *all)
{
    struct membership *m = all->waiting;

    all->waiting = m->next;
    all->end = m->next == NULL ? &all->waiting : all->end;
    all->waiting_count--;
    return m;
}

/* ---- writing ---- */

static void write_some(struct memberships *all);

static void retry_later(struct memberships *all)
{
    struct executor *executor = all->home->executor;

    executor_timer_stop(executor, &all->retry);
    executor_timer_start(executor, &all->retry, MEMBERSHIP_RETRY_MS);
}

static void on_retry(struct timer *timer)
{
    write_some(container_of(timer, struct memberships, retry));
}

static void on_done(struct store_call *call)
{
    struct store_member_put *put = container_of(call, struct store_member_put, call);
    struct membership *m = container_of(put, struct membership, call);
    struct memberships *all = m->home->memberships;
    bool failed = call->error != 0;

    all->under_way--;
    m->under_way = false;
    if (chat_store(m->home->chat) == NULL) {
        destroy(m);
        return;
    }
    if (m->present != put->present || (failed && !m->present)) {
        wait_last(all, m);
    } else {
        destroy(m);
    }
    if (failed) {
        retry_later(all);
    } else {
        write_some(all);
    }
}

static int start(struct membership *m)
{
    const uint8_t *user = m->key + 1 + m->room_len;

    m->call = (struct store_member_put){.call.on_done = on_done,
                                        .room = span_of(m->key + 1, m->room_len),
                                        .user_id = span_of(user, m->user_len),
                                        .present = m->present};
    return store_member_put(chat_store(m->home->chat), m->home->executor, &m->call);
}

static void write_some(struct memberships *all)
{
    if (chat_store(all->home->chat) == NULL) {
        return;
    }
    while (all->waiting != NULL && all->under_way < MEMBERSHIP_WRITES_MAX) {
        struct membership *m = take_first(all);
        m->under_way = true;
        all->under_way++;
        if (start(m) == 0) {
            continue;
        }
        m->under_way = false;
        all->under_way--;
        if (m->present) {
            destroy(m);
        } else {
            wait_first(all, m);
            retry_later(all);
            return;
        }
    }
}

/* ---- what is wanted ---- */

static void add(struct memberships *all, struct span room, struct span user, bool present)
{
    struct membership *m = xcalloc(1, sizeof *m + 1 + room.len + user.len);

    m->home = all->home;
    m->present = present;
    m->room_len = (uint16_t)room.len;
    m->user_len = (uint16_t)user.len;
    (void)key_for(room, user, m->key);
    map_add(&all->by_key, m);
    wait_last(all, m);
}

bool membership_put(struct chat_loop *home, struct person *person, struct span room, bool present)
{
    struct memberships *all = home->memberships;
    struct span user = person_identity(person).user_id;
    uint8_t key[KEY_BYTES_MAX];

    if (chat_store(home->chat) == NULL || person->source < PERSON_AUTH ||
        chat_room_kind(room) != ROOM_TALK) {
        return true;
    }
    struct membership *m = map_get(&all->by_key, key_for(room, user, key));
    if (m != NULL) {
        m->present = present;
        return true;
    }
    if (all->waiting_count >= (present ? MEMBERSHIP_JOINS_MAX : MEMBERSHIP_WAITING_MAX)) {
        return present;
    }
    add(all, room, user, present);
    if (!timer_running(&all->retry)) {
        write_some(all);
    }
    return true;
}

void membership_put_all(struct chat_room *room)
{
    for (uint32_t i = 0; i < room->roster.count; i++) {
        const struct roster_member *m = &room->roster.members[i];
        if (m->node == ROSTER_HERE) {
            (void)membership_put(room->home, m->person, chat_room_name(room), true);
        }
    }
}

/* ---- of a loop ---- */

void membership_init(struct chat_loop *home)
{
    struct memberships *all = xcalloc(1, sizeof *all);

    all->home = home;
    all->end = &all->waiting;
    all->retry.fire = on_retry;
    map_init(&all->by_key, key_of, home->chat->hash_secret);
    home->memberships = all;
}

void membership_finish(struct chat_loop *home)
{
    struct memberships *all = home->memberships;

    assert(all->under_way == 0);
    while (all->waiting != NULL) {
        destroy(take_first(all));
    }
    map_finish(&all->by_key);
    free(all);
}
