/* Clients that lose their connection at one node and come back at another: two and three nodes that
 * share a stream. */
#include "src/cluster/recovery.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/support/cluster_bed.h"
#include "tests/support/tap.h"

/* A client, wherever it is connected. */
struct visitor {
    struct peer *peer;
    char sid[24], pid[24], offset[64];
    char got[8192]; /* at its last look, without CONNECT's answer */
};

static struct visitor v;
static struct rookery_next *deciding;
static bool decides_later, recovered, noted;
static char rooms[256];

#define check_text(got, want)                                                        \
    do {                                                                             \
        if (strcmp((got), (want)) != 0) {                                            \
            printf("# %s:%d: got %s\n#   want %s\n", __FILE__, __LINE__, got, want); \
            tap_case_failed = 1;                                                     \
        }                                                                            \
    } while (0)

static struct rookery_str lit(const char *text)
{
    return (struct rookery_str){text, strlen(text)};
}

static void note_room(struct rookery_str room, void *arg)
{
    (void)arg;
    (void)snprintf(rooms + strlen(rooms), sizeof rooms - strlen(rooms), "%.*s ", (int)room.len,
                   room.data);
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    (void)arg;
    recovered = rookery_socket_recovered(s);
    rooms[0] = '\0';
    rookery_rooms(s, note_room, NULL);
}

static void on_note(struct rookery_namespace *nsp, const struct rookery_noted *n, void *arg)
{
    (void)nsp, (void)n, (void)arg;
    noted = true;
}

static void ask(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    (void)arg;
    if (!decides_later) {
        rookery_next_pass(next);
        return;
    }
    recovered = rookery_socket_recovered(s);
    deciding = next;
}

static void on_tell(struct rookery_socket *s, const struct rookery_event *event, void *arg)
{
    (void)arg;
    rookery_socket_set_info(s, lit("{\"name\":\"V\"}"));
    check(rookery_emit(s, lit("told"), &event->args, NULL) == 0);
}

static void on_quit(struct rookery_socket *s, const struct rookery_event *event, void *arg)
{
    (void)arg, (void)event;
    rookery_disconnect(s, false);
}

static void set_up(unsigned node, struct rookery_namespace *root)
{
    (void)node;
    rookery_on_connection(root, on_connection, NULL);
    rookery_on(root, lit("tell"), on_tell, NULL);
    rookery_on(root, lit("quit"), on_quit, NULL);
    rookery_on_note(root, on_note, NULL);
    rookery_use(root, ask, NULL);
}

/* The member's value, which is a string, goes to out. */
static void member(const char *text, const char *key, char *out)
{
    const char *at = strstr(text, key);

    out[0] = '\0';
    if (at != NULL) {
        at += strlen(key) + 3;
        size_t len = strcspn(at, "\"");
        memcpy(out, at, len);
        out[len] = '\0';
    }
}

/* Takes the offsets out of what has come, and remembers the last. */
static void look(struct visitor *who)
{
    const char *from = peer_got(who->peer);
    char *to = who->got;

    while (*from != '\0') {
        size_t len = *from == '"' ? strspn(from + 1, "0123456789-") : 0;
        if (len > 14 && from[len + 1] == '"') {
            memcpy(who->offset, from + 1, len);
            who->offset[len] = '\0';
            from += len + 2;
            memcpy(to, "\"@\"", 3);
            to += 3;
        } else {
            *to++ = *from++;
        }
        assert((size_t)(to - who->got) < sizeof who->got - 4);
    }
    *to = '\0';
}

static void check_got(struct visitor *who, const char *want)
{
    look(who);
    if (strcmp(who->got, want) != 0) {
        printf("# got %s\n#   want %s\n", who->got, want);
        tap_case_failed = 1;
    }
}

static void come(struct visitor *who, unsigned node, unsigned loop)
{
    char packet[256] = "0";

    if (who->offset[0] != '\0') {
        (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", who->pid,
                       who->offset);
    }
    cluster_bed_enter(node);
    who->peer = peer_open(loop);
    peer_send(who->peer, packet);
    cluster_bed_advance(50);
}

/* Cuts CONNECT's answer, which is the last, off what has come; whether the session is the former.
 */
static bool welcomed(struct visitor *who)
{
    char sid[24], pid[24];

    look(who);
    char *answer = strstr(who->got, "|40{");
    if (answer == NULL) {
        return false;
    }
    member(answer, "sid", sid);
    member(answer, "pid", pid);
    *answer = '\0';
    bool same = strcmp(pid, who->pid) == 0;
    check(strlen(sid) == 20 && strlen(pid) == 20);
    check(same == (strcmp(sid, who->sid) == 0));
    memcpy(who->sid, sid, sizeof sid);
    memcpy(who->pid, pid, sizeof pid);
    return same;
}

static void say_as(unsigned node, const struct rookery_target *to, const char *event,
                   const struct rookery_broadcast *how)
{
    cluster_bed_enter(node);
    check(rookery_broadcast(cluster_bed_nsp(node), to, lit(event), NULL, how) == 0);
}

static void say(unsigned node, const char *room, const char *event)
{
    const struct rookery_str name = lit(room);
    const struct rookery_target to = {.rooms = &name, .room_count = *room != '\0'};

    say_as(node, &to, event, NULL);
    cluster_bed_advance(20);
}

static void start_with(struct cluster_bed_setup setup)
{
    setup.wire = WIRE_STREAMS;
    setup.set_up = set_up;
    setup.recovery_ms = 120000;
    decides_later = recovered = noted = false;
    memset(&v, 0, sizeof v);
    cluster_bed_start(&setup);
    come(&v, 0, 0);
    check(!welcomed(&v));
    cluster_bed_enter_room(v.peer, "r");
    say(0, "", "hello");
    check_got(&v, "|42[\"hello\",\"@\"]");
}

static void start(void)
{
    start_with((struct cluster_bed_setup){.nodes = 2});
}

static void leave(struct visitor *who)
{
    peer_vanish(who->peer);
    cluster_bed_advance(20);
}

/* ---- */

static void says_an_offset_with_what_can_be_found_again(void)
{
    const struct rookery_broadcast how = {.is_volatile = true};
    const struct rookery_target local = {.local = true};
    start();
    peer_send(v.peer, "2[\"tell\",{\"a\":1}]");
    cluster_bed_advance(20);
    check_got(&v, "|42[\"told\",{\"a\":1},\"@\"]");
    say(1, "r", "x");
    say_as(0, NULL, "v", &how);
    cluster_bed_advance(20);
    say_as(1, NULL, "w", &how);
    say_as(0, &local, "l", NULL);
    cluster_bed_advance(20);
    check_got(&v, "|42[\"x\",\"@\"]|42[\"v\"]|42[\"l\"]|42[\"w\"]");
    cluster_bed_end();
}

static void leaves_its_clients_alone_without_recovery(void)
{
    cluster_bed_start(&(struct cluster_bed_setup){.nodes = 2, .wire = WIRE_STREAMS});
    cluster_bed_enter(0);
    struct peer *p = peer_open(0);
    peer_send(p, "0");
    world_turn(0);
    check(strstr(peer_got(p), "pid") == NULL);
    check(rookery_broadcast(cluster_bed_nsp(0), NULL, lit("e"), NULL, NULL) == 0);
    world_turn(0);
    check_peer(p, "|42[\"e\"]");
    cluster_bed_advance(20);
    check_peer(p, "");
    cluster_bed_end();
}

static void gives_back_at_another_node_what_was_missed(void)
{
    const struct rookery_broadcast how = {.is_volatile = true};
    start();
    peer_send(v.peer, "2[\"tell\"]");
    cluster_bed_advance(20);
    look(&v);
    leave(&v);
    const struct rookery_str in[] = {lit("q"), lit("r")}, not_me = lit(v.sid);
    const struct rookery_target both = {.rooms = in, .room_count = 2};
    const struct rookery_target without = {.except = &not_me, .except_count = 1};
    say(0, "r", "one");
    say(0, "q", "not mine");
    say(1, "", "two");
    say_as(1, &both, "three", NULL);
    say_as(0, &without, "not to me", NULL);
    say_as(0, NULL, "volatile", &how);
    cluster_bed_advance(20);
    say(1, v.sid, "four");
    cluster_bed_enter(0);
    const struct rookery_bin bin = {"xyz", 3};
    const struct rookery_args args = {lit("{\"_placeholder\":true,\"num\":0}"), &bin, 1};
    check(rookery_broadcast(cluster_bed_nsp(0), NULL, lit("five"), &args, NULL) == 0);
    come(&v, 1, 0);
    check(welcomed(&v) && recovered);
    check_text(v.got, "|42[\"one\",\"@\"]|42[\"two\",\"@\"]|42[\"three\",\"@\"]|42[\"four\",\"@\"]"
                      "|451-[\"five\",{\"_placeholder\":true,\"num\":0},\"@\"]|<xyz>");
    check(strstr(rooms, v.sid) == rooms && strstr(rooms, " r ") != NULL);
    say(0, "r", "six");
    say(1, v.sid, "seven");
    check_got(&v, "|42[\"six\",\"@\"]|42[\"seven\",\"@\"]");
    check(atomic_load(&cluster_bed_counts(0)->sessions_saved) == 1);
    check(atomic_load(&cluster_bed_counts(1)->sessions_restored) == 1);
    cluster_bed_end();
}

static void may_be_come_back_to_again_and_again_on_any_loop(void)
{
    start_with((struct cluster_bed_setup){.nodes = 3, .loops = 3});
    for (unsigned i = 0; i < 9; i++) {
        leave(&v);
        say(i % 2, "r", "missed");
        come(&v, i % 3, (i + i / 3) % 3);
        check(welcomed(&v));
        check_text(v.got, "|42[\"missed\",\"@\"]");
        say(i % 2, "r", "seen");
        check_got(&v, "|42[\"seen\",\"@\"]");
    }
    cluster_bed_end();
}

static void is_taken_once(void)
{
    struct visitor thief;
    start();
    leave(&v);
    thief = v;
    come(&v, 1, 0);
    check(welcomed(&v));
    come(&thief, 0, 0);
    check(!welcomed(&thief) && !recovered);
    check(atomic_load(&cluster_bed_counts(0)->sessions_lost) == 1);
    cluster_bed_end();
}

static void is_over_when_either_side_ends_it(void)
{
    static const char *const ends[] = {"1", "2[\"quit\"]"};
    for (size_t i = 0; i < 2; i++) {
        start();
        peer_send(v.peer, ends[i]);
        cluster_bed_advance(20);
        look(&v);
        leave(&v);
        come(&v, 1, 0);
        check(!welcomed(&v));
        check_text(v.got, "");
        cluster_bed_end();
    }
}

static void is_over_after_its_time(void)
{
    start();
    leave(&v);
    cluster_bed_advance(120001);
    come(&v, 1, 0);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void begins_anew_where_the_offset_is_none(void)
{
    static const char *const offsets[] = {"x", "1-1", "0-0", "99999999999999-0", "1", "-1-1"};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        start();
        leave(&v);
        (void)snprintf(v.offset, sizeof v.offset, "%s", offsets[i]);
        come(&v, 1, 0);
        cluster_bed_advance(1100);
        check(!welcomed(&v));
        check_text(v.got, "");
        cluster_bed_end();
    }
}

static void begins_anew_where_the_stream_has_forgotten(void)
{
    start_with((struct cluster_bed_setup){.nodes = 2, .stream_entries_max = 5});
    leave(&v);
    for (int i = 0; i < 50; i++) {
        say(0, "q", "e");
    }
    come(&v, 1, 0);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void reads_page_by_page_and_no_more_than_so_many(void)
{
    const struct {
        int events;
        bool fits;
    } cases[] = {{450, true}, {10100, false}};
    for (size_t k = 0; k < 2; k++) {
        start_with((struct cluster_bed_setup){.nodes = 2, .stream_entries_max = 20000});
        leave(&v);
        for (int i = 0; i < cases[k].events; i++) {
            say_as(0, NULL, "e", NULL);
        }
        cluster_bed_advance(50);
        come(&v, 1, 0);
        check(welcomed(&v) == cases[k].fits);
        check(strlen(v.got) == (cases[k].fits ? 450 * strlen("|42[\"e\",\"@\"]") : 0));
        cluster_bed_end();
    }
}

static void comes_back_to_a_node_that_has_heard_nothing_yet(void)
{
    start();
    leave(&v);
    say(0, "r", "missed");
    cluster_bed_restart_node(1);
    cluster_bed_advance(100);
    come(&v, 1, 0);
    check(welcomed(&v));
    check_text(v.got, "|42[\"missed\",\"@\"]");
    cluster_bed_end();
}

static void misses_nothing_while_middlewares_decide(void)
{
    start();
    leave(&v);
    say(0, "r", "before");
    decides_later = true;
    come(&v, 1, 0);
    check(recovered);
    check_got(&v, "");
    say(0, "r", "meanwhile");
    say(1, "r", "here");
    cluster_bed_enter(1);
    rookery_next_pass(deciding);
    cluster_bed_advance(20);
    say(0, "r", "after");
    look(&v);
    char *answer = strstr(v.got, "|40{");
    check(answer != NULL && strstr(answer, v.pid) != NULL);
    check_text(strchr(answer, '}') + 1, "|42[\"after\",\"@\"]");
    *answer = '\0';
    check_text(v.got, "|42[\"before\",\"@\"]|42[\"meanwhile\",\"@\"]|42[\"here\",\"@\"]");
    cluster_bed_end();
}

static void is_over_when_a_middleware_refuses(void)
{
    start();
    leave(&v);
    decides_later = true;
    come(&v, 1, 0);
    cluster_bed_enter(1);
    rookery_next_refuse(deciding, lit("no"), lit(""));
    cluster_bed_advance(20);
    check_got(&v, "|44{\"message\":\"no\"}");
    decides_later = false;
    come(&v, 0, 0);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void asks_no_middlewares_if_they_are_to_be_skipped(void)
{
    start_with((struct cluster_bed_setup){.nodes = 2, .skip_middlewares = true});
    leave(&v);
    decides_later = true;
    come(&v, 1, 0);
    check(welcomed(&v));
    cluster_bed_end();
}

static void is_kept_for_a_client_that_goes_before_it_has_joined(void)
{
    start();
    leave(&v);
    say(0, "r", "missed");
    decides_later = true;
    come(&v, 1, 0);
    leave(&v); /* while middlewares decide */
    cluster_bed_enter(1);
    rookery_next_pass(deciding);
    char packet[256];
    (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", v.pid, v.offset);
    decides_later = false;
    v.peer = peer_open(0);
    peer_send(v.peer, packet);
    peer_vanish(v.peer); /* while it is looked for */
    cluster_bed_advance(50);
    come(&v, 0, 0);
    check(welcomed(&v));
    check_text(v.got, "|42[\"missed\",\"@\"]");
    cluster_bed_end();
}

static void gives_way_to_a_second_connect(void)
{
    char packet[256];
    start();
    leave(&v);
    (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", v.pid, v.offset);
    cluster_bed_enter(1);
    v.peer = peer_open(0);
    peer_send(v.peer, packet);
    peer_send(v.peer, "0");
    cluster_bed_advance(50);
    check(!welcomed(&v));
    say(0, "", "e");
    check_got(&v, "|42[\"e\",\"@\"]");
    cluster_bed_end();
}

static void begins_anew_after_forms_were_missed(void)
{
    const struct rookery_str r = lit("r");
    const struct rookery_target to = {.rooms = &r, .room_count = 1};
    const struct rookery_form forms[] = {{.tags = 1, .event = lit("plain")},
                                         {.tags = 2, .event = lit("other")}};
    const struct rookery_elsewhere elsewhere = {.note = lit("note"), .event = lit("there")};
    start();
    cluster_bed_enter(0);
    check(rookery_broadcast_forms(cluster_bed_nsp(0), &to, forms, 2, NULL, &elsewhere) == 0);
    cluster_bed_advance(20);
    check_got(&v, "|42[\"plain\",\"@\"]");
    check(noted);
    leave(&v);
    come(&v, 1, 0);
    check(welcomed(&v)); /* it had got that one */
    leave(&v);
    cluster_bed_enter(0);
    check(rookery_broadcast_forms(cluster_bed_nsp(0), &to, forms, 2, NULL, &elsewhere) == 0);
    cluster_bed_advance(20);
    come(&v, 1, 0);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void keeps_what_is_said_while_the_bus_is_away(void)
{
    start();
    bus_hub_break(cluster_bed_bus(0), 500);
    cluster_bed_advance(20);
    say(0, "r", "one");
    say(0, "r", "two");
    check_got(&v, "");
    cluster_bed_advance(1000);
    check_got(&v, "|42[\"one\",\"@\"]|42[\"two\",\"@\"]");
    cluster_bed_end();
}

static void says_without_an_offset_what_the_bus_has_given_up(void)
{
    start_with((struct cluster_bed_setup){.nodes = 2, .limits = {.keep_ms = 1000}});
    bus_hub_break(cluster_bed_bus(0), 5000);
    cluster_bed_advance(20);
    say(0, "r", "one");
    cluster_bed_advance(6000);
    say(0, "r", "two");
    check_got(&v, "|42[\"one\"]|42[\"two\",\"@\"]");
    cluster_bed_end();
}

static void lets_in_a_client_when_the_bus_is_away(void)
{
    start();
    leave(&v);
    bus_hub_break(cluster_bed_bus(1), 5000);
    cluster_bed_advance(20);
    come(&v, 1, 0);
    cluster_bed_advance(1100);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void ends_while_clients_are_on_their_way_back(void)
{
    start();
    leave(&v);
    cluster_bed_enter(1);
    struct peer *p = peer_open(0);
    char packet[256];
    (void)snprintf(packet, sizeof packet, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", v.pid, v.offset);
    peer_send(p, packet);
    world_turn(0);
    say_as(1, NULL, "e", NULL);
    cluster_bed_end();
}

/* Three nodes talk without a pause, everything takes its time, and a client wanders. */
static void misses_nothing_and_gets_nothing_twice_under_load(void)
{
    start_with((struct cluster_bed_setup){.nodes = 3, .loops = 2, .seed = 7});
    bus_hub_faults(cluster_bed_hub(), &(struct bus_hub_faults){.delay_ms_max = 15});
    unsigned next = 0, want = 0, moves = 0;
    bool away = false;
    for (unsigned i = 0; i < 3000; i++) {
        char json[16];
        (void)snprintf(json, sizeof json, "%u", next++);
        const struct rookery_args args = {.json = lit(json)};
        cluster_bed_enter(0); /* of one node, so that there is an order */
        check(rookery_broadcast(cluster_bed_nsp(0), NULL, lit("n"), &args, NULL) == 0);
        cluster_bed_enter(1 + i % 2);
        check(rookery_broadcast(cluster_bed_nsp(1 + i % 2), NULL, lit("noise"), NULL, NULL) == 0);
        cluster_bed_advance(3);
        if (i % 37 == 36) {
            leave(&v);
            away = true;
        }
        if (away && i % 37 == 5) {
            come(&v, i % 3, i % 2);
            cluster_bed_advance(100);
            away = false;
            moves++;
        }
        if (!away) {
            look(&v);
            char *answer = strstr(v.got, "|40{");
            check(answer == NULL || strstr(answer, v.pid) != NULL);
            for (const char *at = v.got; (at = strstr(at, "\"n\",")) != NULL; at += 4) {
                check(strtoul(at + 4, NULL, 10) == want);
                want++;
            }
        }
    }
    check(moves > 70 && want > 2000);
    cluster_bed_end();
}

int main(void)
{
    RUN(says_an_offset_with_what_can_be_found_again);
    RUN(leaves_its_clients_alone_without_recovery);
    RUN(gives_back_at_another_node_what_was_missed);
    RUN(may_be_come_back_to_again_and_again_on_any_loop);
    RUN(is_taken_once);
    RUN(is_over_when_either_side_ends_it);
    RUN(is_over_after_its_time);
    RUN(begins_anew_where_the_offset_is_none);
    RUN(begins_anew_where_the_stream_has_forgotten);
    RUN(reads_page_by_page_and_no_more_than_so_many);
    RUN(comes_back_to_a_node_that_has_heard_nothing_yet);
    RUN(misses_nothing_while_middlewares_decide);
    RUN(is_over_when_a_middleware_refuses);
    RUN(asks_no_middlewares_if_they_are_to_be_skipped);
    RUN(is_kept_for_a_client_that_goes_before_it_has_joined);
    RUN(gives_way_to_a_second_connect);
    RUN(begins_anew_after_forms_were_missed);
    RUN(keeps_what_is_said_while_the_bus_is_away);
    RUN(says_without_an_offset_what_the_bus_has_given_up);
    RUN(lets_in_a_client_when_the_bus_is_away);
    RUN(ends_while_clients_are_on_their_way_back);
    RUN(misses_nothing_and_gets_nothing_twice_under_load);
    return tap_done();
}
