// SPDX-License-Identifier: MIT
#include "src/chat/roster.h"

#include <assert.h>

#include "src/base/memory.h"

enum { MEMBERS_MIN = 2 };

static_assert(sizeof(struct roster_member) == 24 + sizeof(void *), "it is most of a membership");

/* FNV-1a: it only spares comparisons, and whoever makes it collide spares fewer. */
static uint16_t hash_of(struct span user_id)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < user_id.len; i++) {
        hash = (hash ^ user_id.data[i]) * 16777619u;
    }
    return (uint16_t)(hash ^ hash >> 16);
}

struct roster_member *roster_find(const struct roster *r, const char *socket_id)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (memcmp(r->members[i].socket_id, socket_id, ROSTER_SOCKET_ID_LEN) == 0) {
            return &r->members[i];
        }
    }
    return NULL;
}

/* The first of the first `count` members that is that user's. */
static const struct roster_member *find_user(const struct roster *r, uint32_t count,
                                             struct span user_id, uint16_t hash)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct roster_member *m = &r->members[i];
        if (!m->unlisted && m->user_hash == hash &&
            span_eq(person_identity(m->person).user_id, user_id)) {
            return m;
        }
    }
    return NULL;
}

/* Do clients of that dialect count names instead of sockets? */
static bool counts_names(uint8_t dialect)
{
    return dialect == DIALECT_CHATROOM || dialect == DIALECT_GROUPS;
}

bool roster_has_user(const struct roster *r, struct span user_id)
{
    return find_user(r, r->count, user_id, hash_of(user_id)) != NULL;
}

/* By a quarter: in small rooms it is most of what a connection costs the chat. */
static uint32_t next_cap(uint32_t cap)
{
    return cap + cap / 4 + MEMBERS_MIN;
}

static void set_cap(struct roster *r, uint32_t cap)
{
    r->members = xreallocarray(r->members, cap, sizeof *r->members);
    r->cap = cap;
}

static void count_here(struct roster *r, const struct roster_member *m, uint32_t n)
{
    if (m->node == ROSTER_HERE) {
        r->here += n;
        r->by_dialect[m->dialect] += n;
    }
}

enum roster_change roster_add(struct roster *r, uint8_t node, const char *socket_id,
                              struct person *person, enum dialect_id dialect)
{
    struct span user_id = person_identity(person).user_id;
    uint16_t hash = hash_of(user_id);
    bool known = find_user(r, r->count, user_id, hash) != NULL;

    if (r->count == r->cap) {
        set_cap(r, next_cap(r->cap));
    }
    struct roster_member *m = &r->members[r->count++];
    *m = (struct roster_member){
        .user_hash = hash, .node = node, .dialect = dialect & 63, .person = person_hold(person)};
    memcpy(m->socket_id, socket_id, ROSTER_SOCKET_ID_LEN);
    count_here(r, m, 1);
    return known && !counts_names(m->dialect) ? ROSTER_SOCKET : ROSTER_USER;
}

void roster_change(struct roster *r, struct roster_member *m, struct person *person,
                   enum dialect_id dialect)
{
    count_here(r, m, UINT32_MAX);
    (void)person_hold(person);
    person_release(m->person);
    m->person = person;
    m->dialect = dialect & 63;
    count_here(r, m, 1);
}

/* The name of a user goes with the first of those of his sockets that are counted by names. */
static void unlist(struct roster *r, const struct roster_member *gone)
{
    struct span user_id = person_identity(gone->person).user_id;

    for (uint32_t i = 0; i < r->count && counts_names(gone->dialect); i++) {
        struct roster_member *m = &r->members[i];
        if (counts_names(m->dialect) && m->user_hash == gone->user_hash &&
            span_eq(person_identity(m->person).user_id, user_id)) {
            m->unlisted = true;
        }
    }
}

enum roster_change roster_remove(struct roster *r, const char *socket_id,
                                 struct roster_member *gone)
{
    struct roster_member *m = roster_find(r, socket_id);

    if (m == NULL) {
        return ROSTER_NONE;
    }
    *gone = *m;
    count_here(r, m, UINT32_MAX);
    r->count--;
    memmove(m, m + 1, (size_t)(&r->members[r->count] - m) * sizeof *m);
    if (r->cap > MEMBERS_MIN && r->count < r->cap / 4) {
        set_cap(r, r->cap / 2);
    }
    unlist(r, gone);
    bool left = roster_has_user(r, person_identity(gone->person).user_id);
    return left ? ROSTER_SOCKET : ROSTER_USER;
}

void roster_forget_others(struct roster *r)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < r->count; i++) {
        if (r->members[i].node == ROSTER_HERE) {
            r->members[kept++] = r->members[i];
        } else {
            person_release(r->members[i].person);
        }
    }
    r->count = kept;
}

bool roster_is_first(const struct roster *r, uint32_t i)
{
    const struct roster_member *m = &r->members[i];

    return !m->unlisted &&
           find_user(r, i, person_identity(m->person).user_id, m->user_hash) == NULL;
}

struct identity *roster_people(const struct roster *r, size_t max, size_t *count)
{
    struct identity *people = xcalloc((r->count < max ? r->count : max) + 1, sizeof *people);

    *count = 0;
    for (uint32_t i = 0; i < r->count && *count < max; i++) {
        if (roster_is_first(r, i)) {
            people[(*count)++] = person_identity(r->members[i].person);
        }
    }
    return people;
}

void roster_finish(struct roster *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        person_release(r->members[i].person);
    }
    free(r->members);
    *r = (struct roster){0};
}
