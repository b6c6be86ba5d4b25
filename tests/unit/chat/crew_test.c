/* Who is in a room by other nodes: what they are told, what they tell, and what becomes of both. */
// SPDX-License-Identifier: MIT
#include "src/chat/crew.h"

#include "src/chat/gossip.h"
#include "tests/support/chat_bed.h"

/* Sockets of other nodes: twenty characters. */
#define S1                   "socket-0000000000001"
#define S2                   "socket-0000000000002"
#define S3                   "socket-0000000000003"
#define JOINED(socket, user) "[\"joined\",\"r\",\"" socket "\",\"" user "\",\"" user "\",6,0,null]"
#define LEFT(socket)         "[\"left\",\"r\",\"" socket "\",null]"
#define GONE(socket)         "[\"gone\",\"r\",\"" socket "\"]"
#define HERE(part, members)  "[\"here\",\"r\",\"here\"," part ",[" members "]]"
#define MEMBER(socket, user) "[\"" socket "\",\"" user "\",\"" user "\",6,0]"

enum { A_MOMENT_MS = 100 };

static struct peer *enter(const char *user)
{
    char auth[64];

    (void)snprintf(auth, sizeof auth, "{\"userId\":\"%s\"}", user);
    struct peer *p = bed_join(0, auth);
    peer_send(p, "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    bed_settle();
    (void)peer_got(p);
    return p;
}

static void start(void)
{
    bed_start(&(struct bed_setup){.loops = 2, .clustered = true});
}

static const char *said(void)
{
    bed_advance(A_MOMENT_MS);
    return fake_adapter_said(&bed_others);
}

static bool has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        printf("# %s\n# has no %s\n", text, part);
        return false;
    }
    return true;
}

/* ---- what others are told ---- */

static void others_are_told_who_comes_and_goes_in_one_event(void)
{
    char want[300];

    start();
    (void)said();
    struct peer *a = enter("ada"), *b = enter("bob");
    (void)snprintf(want, sizeof want,
                   "|emit / rookery:chat(\"here\",[[\"ask\",\"r\",\"\",0],"
                   "[\"joined\",\"r\",\"%s\",\"ada\",\"ada\",6,0,null],"
                   "[\"joined\",\"r\",\"%s\",\"bob\",\"bob\",6,0,null]])",
                   a->id, b->id);
    check(has(said(), want));
    peer_send(b, "2[\"set_presence\",{\"status\":\"away\"}]");
    peer_send(b, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    peer_vanish(a);
    bed_settle();
    const char *text = said();
    (void)snprintf(want, sizeof want, "[\"left\",\"r\",\"%s\",null]", b->id);
    check(has(text, want));
    (void)snprintf(want, sizeof want, "[\"gone\",\"r\",\"%s\"]", a->id);
    check(has(text, want));
    bed_end();
}

static void others_are_told_who_is_away(void)
{
    char want[100];

    start();
    struct peer *a = enter("ada");
    (void)said();
    peer_send(a, "2[\"set_presence\",{\"status\":\"away\"}]");
    bed_settle();
    (void)snprintf(want, sizeof want, "[[\"status\",\"r\",\"%s\",1]]", a->id);
    check(has(said(), want));
    bed_end();
}

static void who_asks_is_answered_if_somebody_is_here(void)
{
    char want[200];

    start();
    struct peer *a = enter("ada");
    bed_facts("there", "[" JOINED(S1, "bob") "]");
    (void)said();
    bed_facts("there",
              "[[\"ask\",\"r\",\"\",0],[\"ask\",\"r2\",\"\",0],[\"ask\",\"r\",\"other\",1],"
              "[\"ask\",\"r3\",\"here\",1]]");
    const char *text = said();
    (void)snprintf(want, sizeof want, "[\"here\",\"r\",\"there\",3,[[\"%s\",\"ada\",\"ada\",6,0]]]",
                   a->id);
    check(has(text, want));
    check(has(text, "[\"here\",\"r3\",\"there\",3,[]]"));
    check(strstr(text, "\"r2\"") == NULL);
    bed_end();
}

static void many_are_told_in_parts(void)
{
    enum { MANY = GOSSIP_MEMBERS + 1 };

    start();
    for (unsigned i = 0; i < MANY; i++) {
        (void)enter("ada");
    }
    (void)said();
    bed_facts("there", "[[\"ask\",\"r\",\"\",0]]");
    const char *text = said();
    check(has(text, "[\"here\",\"r\",\"there\",1,[[\""));
    check(has(text, "[\"here\",\"r\",\"there\",2,[[\""));
    bed_end();
}

/* ---- what they tell ---- */

static void who_comes_and_goes_elsewhere_is_told_here(void)
{
    start();
    struct peer *a = enter("ada");
    bed_facts("there", "[" JOINED(S1, "bob") "," JOINED(S2, "eve") "]");
    check_like(a, "|42[\"user_joined\",{\"roomId\":\"r\",\"userId\":\"bob\",\"username\":\"bob\","
                  "\"timestamp\":\"~\"}]|42[\"user_joined\",{\"roomId\":\"r\",\"userId\":\"eve\","
                  "\"username\":\"eve\",\"timestamp\":\"~\"}]");
    bed_facts("there", "[[\"status\",\"r\",\"" S1 "\",1]]");
    check_like(a, "|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":\"bob\",\"status\":"
                  "\"away\"}]");
    check_answer(a, "21[\"room_members\",{\"roomId\":\"r\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"users\":["
                 "{\"userId\":\"ada\",\"username\":\"ada\",\"status\":\"online\"},"
                 "{\"userId\":\"bob\",\"username\":\"bob\",\"status\":\"away\"},"
                 "{\"userId\":\"eve\",\"username\":\"eve\",\"status\":\"online\"}]}]");
    bed_facts("there", "[" LEFT(S1) "," GONE(S2) "]");
    check_like(a, "|42[\"user_left\",{\"roomId\":\"r\",\"userId\":\"bob\",\"timestamp\":\"~\"}]"
                  "|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":\"eve\",\"status\":"
                  "\"offline\"}]");
    bed_end();
}

static void a_user_who_is_there_by_two_nodes_has_come_once(void)
{
    start();
    struct peer *a = enter("ada");
    struct peer *b = enter("bob");
    (void)peer_got(a);
    bed_facts("there", "[" JOINED(S1, "bob") "]");
    bed_facts("yonder", "[" JOINED(S2, "bob") "]");
    peer_vanish(b);
    bed_facts("there", "[" GONE(S1) "]");
    check_like(a, "");
    bed_facts("yonder", "[" GONE(S2) "]");
    check_like(a, "|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":\"bob\",\"status\":"
                  "\"offline\"}]");
    bed_end();
}

static void names_count_as_their_dialect_counts_them(void)
{
    start();
    struct peer *a = bed_join(0, "");
    peer_send(a, "2[\"join_room\",{\"roomid\":\"r\",\"username\":\"ada\"}]");
    bed_settle();
    (void)peer_got(a);
    bed_facts("there", "[[\"joined\",\"r\",\"" S1 "\",\"bob\",\"bob\",3,0,null]]");
    check_like(a, "|42[\"update_online_users\",[\"ada\",\"bob\"]]");
    bed_facts("there", "[" GONE(S1) "]");
    const char *got = peer_got(a);
    check(strstr(got, "[\"update_online_users\",[\"ada\"]]") != NULL);
    bed_end();
}

static void a_node_speaks_for_its_own_sockets_only(void)
{
    char facts[600];

    start();
    struct peer *a = enter("ada"), *b = enter("bob");
    bed_facts("there", "[" JOINED(S1, "eve") "]");
    (void)peer_got(a);
    (void)snprintf(facts, sizeof facts,
                   "[[\"gone\",\"r\",\"%s\"],[\"left\",\"r\",\"%s\",null],"
                   "[\"joined\",\"r\",\"%s\",\"x\",\"x\",6,0,null],[\"status\",\"r\",\"%s\",1]]",
                   b->id, b->id, b->id, b->id);
    bed_facts("there", facts);
    bed_facts("yonder", "[" GONE(S1) "," JOINED(S1, "mallory") "]");
    bed_facts("here", "[" JOINED(S2, "mallory") "]");
    check_like(a, "");
    bed_end();
}

static void a_room_without_anybody_here_has_nobody_elsewhere(void)
{
    start();
    struct peer *a = enter("ada");
    bed_facts("there", "[" JOINED(S1, "bob") "]");
    peer_send(a, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    bed_facts("there", "[" JOINED(S2, "eve") "]");
    (void)said();
    (void)enter("zoe");
    check(has(said(), "[[\"ask\",\"r\",\"\",0],[\"joined\",\"r\",\""));
    struct peer *c = enter("cy");
    check_answer(c, "21[\"room_members\",{\"roomId\":\"r\"}]",
                 "|431[{\"ok\":true,\"roomId\":\"r\",\"users\":["
                 "{\"userId\":\"zoe\",\"username\":\"zoe\",\"status\":\"online\"},"
                 "{\"userId\":\"cy\",\"username\":\"cy\",\"status\":\"online\"}]}]");
    bed_end();
}

static void who_is_in_a_room_of_others_is_asked_there(void)
{
    start();
    struct peer *a = bed_join(0, "");
    world_enter(0);
    fake_cluster_change(world, "there", true);
    fake_cluster_change(world, "yonder", true);
    peer_send(a, "21[\"room_members\",{\"roomId\":\"r\"}]");
    peer_send(a, "22[\"room_members\",{\"roomId\":\"r\"}]");
    bed_settle();
    check_like(a, "");
    check(has(said(), "[[\"ask\",\"r\",\"\",1]]"));
    bed_facts("there", "[" HERE("3", MEMBER(S1, "bob")) "]");
    check_like(a, "");
    bed_facts("yonder", "[" HERE("3", MEMBER(S2, "eve")) "]");
    check_like(a, "|431[{\"ok\":true,\"roomId\":\"r\",\"users\":["
                  "{\"userId\":\"bob\",\"username\":\"bob\",\"status\":\"online\"},"
                  "{\"userId\":\"eve\",\"username\":\"eve\",\"status\":\"online\"}]}]"
                  "|432[{\"ok\":true,\"roomId\":\"r\",\"users\":["
                  "{\"userId\":\"bob\",\"username\":\"bob\",\"status\":\"online\"},"
                  "{\"userId\":\"eve\",\"username\":\"eve\",\"status\":\"online\"}]}]");
    peer_send(a, "23[\"room_members\",{\"roomId\":\"r\"}]");
    bed_facts("there", "[" HERE("3", MEMBER(S1, "bob")) "]");
    bed_advance(300); /* the other one does not answer */
    check_like(a, "|433[{\"ok\":true,\"roomId\":\"r\",\"users\":["
                  "{\"userId\":\"bob\",\"username\":\"bob\",\"status\":\"online\"}]}]");
    bed_end();
}

/* ---- what is missed ---- */

static void an_answer_says_who_is_there_and_who_is_not_any_more(void)
{
    start();
    struct peer *a = enter("ada");
    bed_facts("there", "[" JOINED(S1, "bob") "," JOINED(S2, "eve") "]");
    bed_facts("yonder", "[" JOINED(S3, "cy") "]");
    (void)peer_got(a);
    bed_facts("there", "[" HERE("1", MEMBER(S2, "eve")) "]");
    check_like(a, "");
    bed_facts("there", "[" HERE("2", MEMBER("socket-0000000000004", "dan")) "]");
    check_like(a, "|42[\"user_joined\",{\"roomId\":\"r\",\"userId\":\"dan\",\"username\":\"dan\","
                  "\"timestamp\":\"~\"}]|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":"
                  "\"bob\",\"status\":\"offline\"}]");
    bed_facts("yonder", "[" HERE("3", "") "]");
    check_like(a, "|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":\"cy\",\"status\":"
                  "\"offline\"}]");
    bed_end();
}

static void when_redis_is_back_all_is_asked_anew(void)
{
    start();
    struct peer *a = enter("ada");
    bed_facts("there", "[" JOINED(S1, "bob") "]");
    (void)peer_got(a);
    (void)said();
    fake_cluster_redis(world, false);
    check(strstr(said(), "ask") == NULL);
    check_like(a, "");
    world_enter(0);
    fake_cluster_redis(world, true);
    bed_settle();
    const char *text = said();
    check(has(text, "[\"anew\"]"));
    check(has(text, "[\"ask\",\"r\",\"\",1]"));
    bed_facts("there", "[[\"anew\"]]");
    check(has(said(), "[\"ask\",\"r\",\"there\",1]"));
    bed_end();
}

static void a_node_that_dies_takes_its_members_with_it(void)
{
    start();
    struct peer *a = enter("ada");
    bed_facts("there", "[" JOINED(S1, "bob") "," JOINED(S2, "eve") "]");
    bed_facts("yonder", "[" JOINED(S3, "eve") "]");
    (void)peer_got(a);
    world_enter(0);
    fake_cluster_change(world, "there", false);
    bed_settle();
    check_like(a, "|42[\"presence_update\",{\"roomId\":\"r\",\"userId\":\"bob\",\"status\":"
                  "\"offline\"}]");
    bed_facts("there", "[" JOINED(S1, "bob") "]"); /* said before it died */
    check_like(a, "");
    (void)said();
    world_enter(0);
    fake_cluster_change(world, "there", true);
    bed_settle();
    check(has(said(), "[[\"ask\",\"r\",\"there\",1]]"));
    bed_facts("there", "[" HERE("3", MEMBER(S1, "bob")) "]");
    check(has(peer_got(a), "user_joined"));
    bed_end();
}

static void what_is_malformed_is_counted(void)
{
    start();
    (void)enter("ada");
    bed_facts("there", "{}");
    bed_facts("", "[]");
    bed_facts("there", "[1,[],[\"dance\"],[\"joined\",\"r\",\"short\",\"u\",\"\",6,0,null]]");
    bed_facts("there", "[" HERE("3", "[]") "]");
    check(bed_stat(STAT_NOTES_MALFORMED) == 7);
    bed_end();
}

static void there_is_a_bound(void)
{
    start();
    struct peer *a = enter("ada");
    static char facts[100 * 80];

    for (unsigned batch = 0; batch <= CREW_ROOM_MAX / 100; batch++) {
        size_t at = 0;
        facts[at++] = '[';
        for (unsigned i = 0; i < 100; i++) {
            at += (size_t)snprintf(facts + at, sizeof facts - at,
                                   "%s[\"joined\",\"r\",\"socket-%05u-%07u\",\"u\",\"\",6,0,null]",
                                   i == 0 ? "" : ",", batch, i);
        }
        facts[at++] = ']';
        facts[at] = '\0';
        bed_facts("there", facts);
    }
    check(bed_stat(STAT_NOTES_CROWDED) == 100);
    peer_send(a, "2[\"leave_room\",{\"roomId\":\"r\"}]");
    bed_advance(1000); /* what was to be told of so many at once is */
    a = enter("ada");
    bed_facts("there", "[" JOINED(S1, "bob") "]");
    check(bed_stat(STAT_NOTES_CROWDED) == 100 && has(peer_got(a), "bob"));
    bed_end();
}

/* ---- a model ---- */

enum { NODES = 3, SOCKETS = 4, USERS = 3, LOCALS = 3, STEPS = 400, SEEDS = 20 };

static unsigned random_state;

static unsigned pick(unsigned n)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % n;
}

static struct {
    int user[NODES][SOCKETS]; /* -1: it is not in the room */
    struct peer *local[LOCALS];
    bool local_in[LOCALS];
    bool seen[USERS]; /* by the events that the observer got */
    struct peer *observer;
} model;

static const char *const nodes[NODES] = {"n0", "n1", "n2"};

static bool is_there(int user)
{
    bool there = false;

    for (unsigned n = 0; n < NODES; n++) {
        for (unsigned s = 0; s < SOCKETS; s++) {
            there |= model.user[n][s] == user;
        }
    }
    return there || (user < LOCALS && model.local_in[user]);
}

static void look(void)
{
    const char *at = peer_got(model.observer);

    while ((at = strstr(at, "\"userId\":\"u")) != NULL) {
        unsigned user = (unsigned)(at[11] - '0');
        const char *event = at;
        while (event[0] != '[') {
            event--;
        }
        bool come = strncmp(event, "[\"user_joined\"", 14) == 0;
        at++;
        if (strncmp(at + 11, "\",\"status\":\"of", 14) != 0 && event[2] == 'p') {
            continue; /* he is away */
        }
        check(user < USERS && model.seen[user] != come);
        model.seen[user] = come;
    }
}

static void a_remote_one_comes_or_goes(void)
{
    unsigned n = pick(NODES), s = pick(SOCKETS), user = pick(USERS);
    bool goes = model.user[n][s] >= 0 && pick(3) > 0;
    char fact[200];

    (void)snprintf(fact, sizeof fact,
                   goes ? "[[\"left\",\"r\",\"socket-00000000000%u%u\",null]]"
                   : pick(2) > 0
                       ? "[[\"joined\",\"r\",\"socket-00000000000%u%u\",\"u%u\",\"\",6,0,0]]"
                       : "[[\"joined\",\"r\",\"socket-00000000000%u%u\",\"u%u\",\"n\",5,1,"
                         "null]]",
                   n, s, user);
    model.user[n][s] = goes ? -1 : (int)user;
    bed_facts(nodes[n], fact);
}

/* What it has said meanwhile has not come. */
static void a_node_answers_for_itself(void)
{
    unsigned n = pick(NODES);
    char fact[600];
    size_t at = (size_t)snprintf(fact, sizeof fact, "[[\"here\",\"r\",\"here\",3,[");
    const char *comma = "";

    for (unsigned s = 0; s < SOCKETS; s++) {
        model.user[n][s] = pick(2) > 0 ? (int)pick(USERS) : -1;
        if (model.user[n][s] >= 0) {
            at += (size_t)snprintf(fact + at, sizeof fact - at,
                                   "%s[\"socket-00000000000%u%u\",\"u%d\",\"\",6,0]", comma, n, s,
                                   model.user[n][s]);
            comma = ",";
        }
    }
    (void)snprintf(fact + at, sizeof fact - at, "]]]");
    bed_facts(nodes[n], fact);
}

static void a_node_dies_and_comes_back(void)
{
    unsigned n = pick(NODES);

    world_enter(0);
    fake_cluster_change(world, nodes[n], false);
    bed_settle();
    for (unsigned s = 0; s < SOCKETS; s++) {
        model.user[n][s] = -1;
    }
    world_enter(0);
    fake_cluster_change(world, nodes[n], true);
}

static void a_local_one_comes_or_goes(void)
{
    unsigned i = pick(LOCALS);

    peer_send(model.local[i], model.local_in[i]
                                  ? "2[\"leave_room\",{\"roomId\":\"r\"}]"
                                  : "2[\"join_room\",{\"roomId\":\"r\",\"after\":0}]");
    model.local_in[i] = !model.local_in[i];
}

static void begin_model(void)
{
    start();
    memset(&model, 0, sizeof model);
    memset(model.user, -1, sizeof model.user);
    for (unsigned i = 0; i < LOCALS; i++) {
        char auth[32];
        (void)snprintf(auth, sizeof auth, "{\"userId\":\"u%u\"}", i);
        model.local[i] = bed_join(i % 2, auth);
    }
    model.observer = enter("observer");
}

static void everybody_is_told_of_everybody_once(void)
{
    static void (*const steps[])(void) = {a_remote_one_comes_or_goes, a_remote_one_comes_or_goes,
                                          a_remote_one_comes_or_goes, a_local_one_comes_or_goes,
                                          a_local_one_comes_or_goes,  a_node_answers_for_itself,
                                          a_node_dies_and_comes_back};

    for (unsigned seed = 1; seed <= SEEDS && !tap_case_failed; seed++) {
        random_state = seed;
        begin_model();
        for (unsigned i = 0; i < STEPS && !tap_case_failed; i++) {
            steps[pick(sizeof steps / sizeof *steps)]();
            bed_settle();
            look();
            for (int user = 0; user < USERS; user++) {
                check(model.seen[user] == is_there(user));
            }
            if (tap_case_failed) {
                printf("# seed %u, step %u\n", seed, i);
            }
        }
        bed_end();
    }
}

int main(void)
{
    RUN(others_are_told_who_comes_and_goes_in_one_event);
    RUN(others_are_told_who_is_away);
    RUN(who_asks_is_answered_if_somebody_is_here);
    RUN(many_are_told_in_parts);
    RUN(who_comes_and_goes_elsewhere_is_told_here);
    RUN(a_user_who_is_there_by_two_nodes_has_come_once);
    RUN(names_count_as_their_dialect_counts_them);
    RUN(a_node_speaks_for_its_own_sockets_only);
    RUN(a_room_without_anybody_here_has_nobody_elsewhere);
    RUN(who_is_in_a_room_of_others_is_asked_there);
    RUN(an_answer_says_who_is_there_and_who_is_not_any_more);
    RUN(when_redis_is_back_all_is_asked_anew);
    RUN(a_node_that_dies_takes_its_members_with_it);
    RUN(what_is_malformed_is_counted);
    RUN(there_is_a_bound);
    RUN(everybody_is_told_of_everybody_once);
    return tap_done();
}
