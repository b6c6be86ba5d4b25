// SPDX-License-Identifier: MIT
#include "src/chat/person.h"

#include <stddef.h>

#include "src/chat/policy.h"
#include "tests/support/tap.h"

static bool is(enum person_source source, const char *user_id, const char *username,
               const char *want_name)
{
    struct person *p = person_create(source, span_cstr(user_id), span_cstr(username));
    struct identity who = person_identity(p);
    bool same = span_eq(who.user_id, span_cstr(user_id)) &&
                span_eq(who.username, span_cstr(want_name)) &&
                span_eq(person_username(p), span_cstr(username));
    person_release(p);
    return same;
}

static void is_who_he_says(void)
{
    check(is(PERSON_AUTH, "u1", "Ada", "Ada"));
    check(is(PERSON_SOCKET, "socket-id", "Ada", "Ada"));
}

static void is_called_by_the_user_id_without_a_name(void)
{
    check(is(PERSON_AUTH, "u1", "", "u1"));
    check(is(PERSON_EVENT, "u1", "", "u1"));
    check(is(PERSON_TOKEN, "u1", "", "u1"));
}

static void is_anonymous_while_nothing_is_known(void)
{
    check(is(PERSON_SOCKET, "socket-id", "", "Anonymous"));
}

static void is_another_if_an_event_names_another(void)
{
    struct person *p = person_create(PERSON_AUTH, SPAN("u1"), SPAN("Ada"));
    check(!person_differs(p, SPAN(""), SPAN("")));
    check(!person_differs(p, SPAN("u1"), SPAN("Ada")));
    check(person_differs(p, SPAN("u2"), SPAN("")));
    check(person_differs(p, SPAN("u1"), SPAN("Bob")));
    check(person_differs(p, SPAN(""), SPAN("Bob")));
    person_release(p);
}

static void lives_as_long_as_somebody_holds_him(void)
{
    struct person *p = person_create(PERSON_AUTH, SPAN("u1"), SPAN("Ada"));
    check(person_hold(p) == p);
    person_release(p);
    check(span_eq(person_identity(p).username, SPAN("Ada"))); /* ASan would tell */
    check(p->expires_ms == 0 && !p->away);
    person_release(p);
    person_release(NULL);
}

static void costs_little_more_than_his_texts(void)
{
    char name[NAME_BYTES_MAX];
    memset(name, 'x', sizeof name);
    struct person *p = person_create(PERSON_AUTH, SPAN("user-12345"), SPAN("Somebody"));
    check(offsetof(struct person, text) <= 24);
    person_release(p);
    p = person_create(PERSON_AUTH, span_of(name, sizeof name), span_of(name, sizeof name));
    check(person_identity(p).username.len == NAME_BYTES_MAX);
    check(person_identity(p).user_id.len == NAME_BYTES_MAX);
    person_release(p);
}

int main(void)
{
    RUN(is_who_he_says);
    RUN(is_called_by_the_user_id_without_a_name);
    RUN(is_anonymous_while_nothing_is_known);
    RUN(is_another_if_an_event_names_another);
    RUN(lives_as_long_as_somebody_holds_him);
    RUN(costs_little_more_than_his_texts);
    return tap_done();
}
