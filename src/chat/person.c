// SPDX-License-Identifier: MIT
#include "src/chat/person.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/chat/policy.h"

struct person {
    uint8_t user_id_len;  /* 0: not told */
    uint8_t username_len; /* likewise */
    bool by_auth;
    uint8_t text[]; /* both, one after the other */
};

static struct span user_id_of(const struct person *s)
{
    return span_of(s->text, s->user_id_len);
}

static struct span username_of(const struct person *s)
{
    return span_of(s->text + s->user_id_len, s->username_len);
}

struct person *person_create(struct span user_id, bool by_auth, struct span username)
{
    struct person *s = xmalloc(sizeof *s + user_id.len + username.len);

    assert(user_id.len <= NAME_BYTES_MAX && username.len <= NAME_BYTES_MAX);
    s->user_id_len = (uint8_t)user_id.len;
    s->username_len = (uint8_t)username.len;
    s->by_auth = by_auth;
    if (user_id.len > 0) {
        memcpy(s->text, user_id.data, user_id.len);
    }
    if (username.len > 0) {
        memcpy(s->text + user_id.len, username.data, username.len);
    }
    return s;
}

struct person *person_with_user(struct person *old, struct span user_id)
{
    if (old == NULL) {
        return person_create(user_id, false, SPAN(""));
    }
    if (old->by_auth || span_eq(user_id_of(old), user_id)) {
        return old;
    }
    return person_create(user_id, false, username_of(old));
}

void person_destroy(void *person)
{
    free(person);
}

struct identity person_identity(const struct person *person, struct span socket_id)
{
    struct identity who = {.user_id = socket_id, .username = SPAN("Anonymous")};

    if (person != NULL && person->user_id_len > 0) {
        who.user_id = who.username = user_id_of(person);
    }
    if (person != NULL && person->username_len > 0) {
        who.username = username_of(person);
    }
    return who;
}
