// SPDX-License-Identifier: MIT
#include "src/chat/roster.h"

#include <stdlib.h>

#include "tests/support/tap.h"

static struct roster roster;

static const char *socket_id(unsigned i)
{
    static char id[ROSTER_SOCKET_ID_LEN + 1];
    (void)snprintf(id, sizeof id, "socket-%013u", i);
    return id;
}

static struct person *user(const char *id)
{
    return person_create(PERSON_AUTH, span_cstr(id), SPAN(""));
}

static enum roster_change come(unsigned socket, const char *id, enum dialect_id dialect)
{
    struct person *p = user(id);
    enum roster_change change = roster_add(&roster, ROSTER_HERE, socket_id(socket), p, dialect);
    person_release(p);
    return change;
}

static enum roster_change go(unsigned socket)
{
    struct roster_member gone;
    enum roster_change change = roster_remove(&roster, socket_id(socket), &gone);
    if (change != ROSTER_NONE) {
        check(memcmp(gone.socket_id, socket_id(socket), ROSTER_SOCKET_ID_LEN) == 0);
        person_release(gone.person);
    }
    return change;
}

static void has_a_user_as_long_as_one_of_his_sockets(void)
{
    check(!roster_has_user(&roster, SPAN("a")));
    check(come(1, "a", DIALECT_REALTIME) == ROSTER_USER);
    check(come(2, "a", DIALECT_NATIVE) == ROSTER_SOCKET);
    check(come(3, "b", DIALECT_NATIVE) == ROSTER_USER);
    check(go(1) == ROSTER_SOCKET && roster_has_user(&roster, SPAN("a")));
    check(go(1) == ROSTER_NONE);
    check(go(2) == ROSTER_USER && !roster_has_user(&roster, SPAN("a")));
    check(roster.count == 1 && roster_has_user(&roster, SPAN("b")));
    roster_finish(&roster);
}

static void counts_by_dialect(void)
{
    (void)come(1, "a", DIALECT_REALTIME);
    (void)come(2, "a", DIALECT_NATIVE);
    check(roster.by_dialect[DIALECT_REALTIME] == 1 && roster.by_dialect[DIALECT_NATIVE] == 1);
    struct person *p = person_create(PERSON_AUTH, SPAN("a"), SPAN("Ada"));
    roster_change(&roster, roster_find(&roster, socket_id(1)), p, DIALECT_NATIVE);
    person_release(p);
    check(roster.by_dialect[DIALECT_REALTIME] == 0 && roster.by_dialect[DIALECT_NATIVE] == 2);
    check(span_eq(person_identity(roster.members[0].person).username, SPAN("Ada")));
    (void)go(1);
    check(roster.by_dialect[DIALECT_NATIVE] == 1);
    roster_finish(&roster);
}

static void lists_each_user_once_in_the_order_of_coming(void)
{
    size_t count;
    (void)come(1, "b", DIALECT_REALTIME);
    (void)come(2, "a", DIALECT_REALTIME);
    (void)come(3, "b", DIALECT_REALTIME);
    (void)come(4, "c", DIALECT_REALTIME);
    check(roster_is_first(&roster, 0) && !roster_is_first(&roster, 2));
    struct identity *people = roster_people(&roster, 10, &count);
    check(count == 3 && span_eq(people[0].user_id, SPAN("b")));
    check(span_eq(people[1].user_id, SPAN("a")) && span_eq(people[2].user_id, SPAN("c")));
    free(people);
    people = roster_people(&roster, 2, &count);
    check(count == 2);
    free(people);
    (void)go(1);
    people = roster_people(&roster, 10, &count);
    check(count == 3 && span_eq(people[0].user_id, SPAN("a")));
    free(people);
    roster_finish(&roster);
}

/* Against a plain table of who is in by which socket. */
static void is_right_whoever_comes_and_goes(void)
{
    enum { SOCKETS = 60, USERS = 12, STEPS = 20000 };
    int user_of[SOCKETS];
    unsigned members = 0;
    bool right = true;
    for (unsigned i = 0; i < SOCKETS; i++) {
        user_of[i] = -1;
    }
    srand(1);
    for (unsigned step = 0; step < STEPS && right; step++) {
        unsigned s = (unsigned)rand() % SOCKETS;
        char name[16];
        int who = user_of[s] < 0 ? rand() % USERS : user_of[s], others = 0;
        for (unsigned i = 0; i < SOCKETS; i++) {
            others += i != s && user_of[i] == who;
        }
        enum roster_change want = others > 0 ? ROSTER_SOCKET : ROSTER_USER;
        (void)snprintf(name, sizeof name, "u%d", who);
        if (user_of[s] < 0) {
            right = come(s, name, DIALECT_NATIVE) == want;
            members++;
            user_of[s] = who;
        } else {
            right = go(s) == want;
            members--;
            user_of[s] = -1;
        }
        right = right && roster.count == members && roster.by_dialect[DIALECT_NATIVE] == members;
        right = right && (roster_find(&roster, socket_id(s)) != NULL) == (user_of[s] >= 0);
    }
    check(right);
    roster_finish(&roster);
}

static void gives_memory_back_when_most_have_gone(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        (void)come(i, "u", DIALECT_NATIVE);
    }
    for (unsigned i = 0; i < 998; i++) {
        (void)go(i);
    }
    check(roster.count == 2 && roster.cap <= 16);
    roster_finish(&roster);
    check(roster.count == 0 && roster.members == NULL);
}

int main(void)
{
    RUN(has_a_user_as_long_as_one_of_his_sockets);
    RUN(counts_by_dialect);
    RUN(lists_each_user_once_in_the_order_of_coming);
    RUN(is_right_whoever_comes_and_goes);
    RUN(gives_memory_back_when_most_have_gone);
    return tap_done();
}
