// SPDX-License-Identifier: MIT
#include "src/chat/person.h"

#include <malloc.h>

#include "src/chat/policy.h"
#include "tests/support/tap.h"

static bool is(const struct person *s, const char *user_id, const char *username)
{
    struct identity who = person_identity(s, SPAN("socket-id"));
    return span_eq(who.user_id, span_cstr(user_id)) && span_eq(who.username, span_cstr(username));
}

static void is_the_socket_while_nothing_is_known(void)
{
    check(is(NULL, "socket-id", "Anonymous"));
}

static void is_who_auth_says(void)
{
    struct person *s = person_create(SPAN("u1"), true, SPAN("Ada"));
    check(is(s, "u1", "Ada"));
    person_destroy(s);
}

static void is_called_by_the_user_id_without_a_name(void)
{
    struct person *s = person_create(SPAN("u1"), true, SPAN(""));
    check(is(s, "u1", "u1"));
    person_destroy(s);
}

static void keeps_a_name_without_a_user(void)
{
    struct person *s = person_create(SPAN(""), false, SPAN("Ada"));
    check(is(s, "socket-id", "Ada"));
    person_destroy(s);
}

static void takes_the_user_of_a_join_and_keeps_the_name(void)
{
    struct person *s = person_create(SPAN(""), false, SPAN("Ada"));
    struct person *joined = person_with_user(s, SPAN("u2"));
    check(joined != s && is(joined, "u2", "Ada"));
    check(person_with_user(joined, SPAN("u2")) == joined);
    struct person *again = person_with_user(joined, SPAN("u3"));
    check(is(again, "u3", "Ada"));
    person_destroy(s);
    person_destroy(joined);
    person_destroy(again);
}

static void gets_a_person_when_an_unknown_user_joins(void)
{
    struct person *s = person_with_user(NULL, SPAN("u2"));
    check(is(s, "u2", "u2"));
    person_destroy(s);
}

static void lets_no_join_change_the_user_of_auth(void)
{
    struct person *s = person_create(SPAN("u1"), true, SPAN(""));
    check(person_with_user(s, SPAN("u2")) == s && is(s, "u1", "u1"));
    person_destroy(s);
}

static void costs_little_more_than_its_texts(void)
{
    char name[NAME_BYTES_MAX];
    memset(name, 'x', sizeof name);
    struct person *s = person_create(SPAN("user-12345"), true, SPAN("Somebody"));
    check(malloc_usable_size(s) <= 32);
    person_destroy(s);
    s = person_create(span_of(name, sizeof name), true, span_of(name, sizeof name));
    check(person_identity(s, SPAN("")).username.len == NAME_BYTES_MAX);
    person_destroy(s);
}

int main(void)
{
    RUN(is_the_socket_while_nothing_is_known);
    RUN(is_who_auth_says);
    RUN(is_called_by_the_user_id_without_a_name);
    RUN(keeps_a_name_without_a_user);
    RUN(takes_the_user_of_a_join_and_keeps_the_name);
    RUN(gets_a_person_when_an_unknown_user_joins);
    RUN(lets_no_join_change_the_user_of_auth);
    RUN(costs_little_more_than_its_texts);
    return tap_done();
}
