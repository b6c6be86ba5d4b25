// SPDX-License-Identifier: MIT
#include "src/chat/person.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/chat/policy.h"

static struct span user_id_of(const struct person *p)
{
    return span_of(p->text, p->user_id_len);
}

struct span person_username(const struct person *p)
{
    return span_of(p->text + p->user_id_len, p->username_len);
}

struct person *person_create(enum person_source source, struct span user_id, struct span username)
{
    struct person *p = xmalloc(sizeof *p + user_id.len + username.len);

    assert(user_id.len >= 1 && user_id.len <= NAME_BYTES_MAX && username.len <= NAME_BYTES_MAX);
    p->expires_ms = 0;
    p->owner = NULL;
    atomic_init(&p->refs, 1);
    atomic_init(&p->away, false);
    p->source = (uint8_t)source;
    p->user_id_len = (uint8_t)user_id.len;
    p->username_len = (uint8_t)username.len;
    memcpy(p->text, user_id.data, user_id.len);
    if (username.len > 0) {
        memcpy(p->text + user_id.len, username.data, username.len);
    }
    return p;
}

void person_release(void *person)
{
    struct person *p = person;

    if (p != NULL && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1) {
        free(p->owner);
        free(p);
    }
}

struct identity person_identity(const struct person *p)
{
    struct identity who = {.user_id = user_id_of(p), .username = person_username(p)};

    if (who.username.len == 0) {
        who.username = p->source == PERSON_SOCKET ? SPAN("Anonymous") : who.user_id;
    }
    return who;
}

struct span person_owner(const struct person *p)
{
    return p->owner == NULL ? SPAN("") : span_of(p->owner + 1, p->owner[0]);
}

void person_set_owner(struct person *p, struct span user_id)
{
    assert(user_id.len >= 1 && user_id.len <= NAME_BYTES_MAX);
    if (p->owner == NULL) {
        p->owner = xmalloc(1 + user_id.len);
        p->owner[0] = (uint8_t)user_id.len;
        memcpy(p->owner + 1, user_id.data, user_id.len);
    }
}

bool person_differs(const struct person *p, struct span user_id, struct span username)
{
    bool other_id = user_id.len > 0 && !span_eq(user_id_of(p), user_id);
    bool other_name = username.len > 0 && !span_eq(person_username(p), username);

    return other_id || other_name;
}
