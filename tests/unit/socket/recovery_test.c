/* Sockets that are come back to, with an adapter that the test plays. */
// SPDX-License-Identifier: MIT
#include "src/socket/recovery.h"

#include "src/socket/io.h"
#include "src/socket/local.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

#define SID "former-socket-id-000"
#define PID "former-private-id-00"

static const char comes_back[] = "0{\"pid\":\"" PID "\",\"offset\":\"1-0\",\"x\":1}";

static struct fake_adapter adapter;
static struct rookery_namespace *root;
static struct rookery_socket *last;
static struct rookery_next *deciding;
static unsigned loops;

static void on_connection(struct rookery_socket *s, void *arg)
{
    last = s;
}

static void ask(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    deciding = next;
}

static void start(bool with_middleware)
{
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    if (with_middleware) {
        rookery_use(root, ask, NULL);
    }
    fake_adapter_init(&adapter);
    adapter.base.recovers = true;
    io_set_adapter(io_of(world), &adapter.base);
    last = NULL;
    (void)fake_adapter_said(&adapter);
}

static void end(void)
{
    world_end();
    fake_adapter_finish(&adapter);
}

/* On the last loop. */
static struct peer *return_to(const char *packet)
{
    struct peer *p = peer_open(loops - 1);

    peer_send(p, packet);
    world_settle();
    return p;
}

static void find(void)
{
    const struct rookery_str rooms[] = {ROOKERY_STR("r"), ROOKERY_STR(SID)};
    const struct adapter_session session = {
        .sid = ROOKERY_STR(SID),
        .pid = ROOKERY_STR(PID),
        .rooms = rooms,
        .room_count = 2,
        .info_json = ROOKERY_STR("{\"a\":1}"),
    };

    adapter.restoration->on_session(adapter.restoration, &session);
}

static bool miss(const char *event, const char *offset)
{
    const struct adapter_packet packet = {.event = str(event)};

    return adapter.restoration->on_missed(adapter.restoration, &packet, str(offset));
}

static void finish(bool restored)
{
    adapter.restoration->on_done(adapter.restoration, restored, ROOKERY_STR("9-0"));
    world_settle();
}

static bool is_new(struct peer *p)
{
    const char *got = peer_got(p);

    return strncmp(got, "|40{\"sid\":\"", 11) == 0 && strstr(got, "\"pid\":\"") != NULL &&
           strstr(got, SID) == NULL && strstr(got, PID) == NULL;
}

/* ---- */

static void gives_events_to_the_adapter_first(void)
{
    start(false);
    struct peer *p = peer_join(0, "/"), *q = peer_join(loops - 1, "/");
    const struct rookery_str own = rookery_socket_id(last);
    const struct rookery_args args = {.json = ROOKERY_STR("1")};
    const struct rookery_args broken = {.json = ROOKERY_STR("{")};
    check(rookery_broadcast(root, NULL, ROOKERY_STR("e"), &args, NULL) == 0);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("e"), &broken, NULL) == ROOKERY_EINVAL);
    world_settle();
    check_said(&adapter, "|broadcast / e(1) echoed");
    check_peer(p, "");
    adapter.echo->deliver(adapter.echo, ROOKERY_STR("5-0"));
    world_settle();
    check_peer(p, "|42[\"e\",1,\"5-0\"]");
    check_peer(q, "|42[\"e\",1,\"5-0\"]");
    world_enter((int)loops - 1);
    check(rookery_broadcast_from(last, NULL, ROOKERY_STR("f"), NULL, NULL) == 0);
    check(strstr(fake_adapter_said(&adapter), " not=") != NULL);
    world_enter(0);
    adapter.echo->deliver(adapter.echo, (struct rookery_str){0});
    world_settle();
    check_peer(p, "|42[\"f\"]");
    check_peer(q, "");
    world_enter((int)loops - 1);
    check(rookery_emit(last, ROOKERY_STR("g"), NULL, NULL) == 0);
    const char *said = fake_adapter_said(&adapter);
    check(strstr(said, "|broadcast / g() to=") == said && strstr(said, " echoed") != NULL);
    check(memcmp(said + 20, own.data, 20) == 0);
    world_enter(0);
    adapter.echo->drop(adapter.echo);
    world_settle();
    check_peer(q, "");
    end();
}

static void gives_the_adapter_one_of_each_child(void)
{
    start(false);
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/d[0-9]$");
    struct peer *p = peer_join(0, "/d1");
    (void)fake_adapter_said(&adapter);
    check(rookery_broadcast(parent, NULL, ROOKERY_STR("e"), NULL, NULL) == 0);
    world_enter(-1);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("of no loop"), NULL, NULL) == 0);
    struct adapter_echo *first = adapter.echo;
    world_enter(0);
    world_settle();
    check_said(&adapter, "|broadcast /d1 e() echoed|broadcast / of no loop() echoed");
    check_peer(p, "");
    first->deliver(first, ROOKERY_STR("5-0"));
    adapter.echo->drop(adapter.echo);
    world_settle();
    check_peer(p, "|42/d1,[\"e\",\"5-0\"]");
    end();
}

static void makes_nobody_wait_for_what_has_no_offset(void)
{
    const struct rookery_target local = {.local = true};
    const struct rookery_emit how = {.is_volatile = true};
    const struct rookery_elsewhere far = {.event = ROOKERY_STR("far")};
    start(false);
    struct peer *p = peer_join(0, "/");
    check(rookery_emit(last, ROOKERY_STR("v"), NULL, &how) == 0);
    check(rookery_broadcast(root, &local, ROOKERY_STR("e"), NULL, NULL) == 0);
    local_broadcast_at(root, NULL, &far, NULL, ROOKERY_STR("7-0"));
    world_settle();
    check_said(&adapter, "");
    check_peer(p, "|42[\"v\"]|42[\"e\"]|42[\"far\",\"7-0\"]");
    end();
}

static void saves_what_is_cut_off(void)
{
    char want[200];
    start(false);
    struct peer *p = peer_join(0, "/");
    rookery_join(last, ROOKERY_STR("r"));
    rookery_socket_set_info(last, ROOKERY_STR("{\"n\":2}"));
    (void)snprintf(want, sizeof want, "|opened / r on 0|save / %s %.20s in %s,r {\"n\":2}", p->id,
                   last->recovery->pid, p->id);
    peer_vanish(p);
    const char *said = fake_adapter_said(&adapter);
    check(strncmp(said, want, strlen(want)) == 0);
    p = peer_join(0, "/");
    peer_send(p, "1");
    world_settle();
    check(strstr(fake_adapter_said(&adapter), "save") == NULL);
    end();
}

static void is_what_it_was_when_it_is_restored(void)
{
    start(false);
    struct peer *p = return_to(comes_back);
    check_said(&adapter, "|restore / " PID " from 1-0");
    check_peer(p, "");
    find();
    check(miss("m", "2-0") && miss("connect", "3-0") && miss("n", "4-0"));
    finish(true);
    check_peer(p,
               "|42[\"m\",\"2-0\"]|42[\"n\",\"4-0\"]|40{\"sid\":\"" SID "\",\"pid\":\"" PID "\"}");
    check(rookery_socket_recovered(last) && rookery_in_room(last, ROOKERY_STR("r")));
    check(rookery_in_room(last, ROOKERY_STR(SID)));
    check(strcmp(last->info, "{\"a\":1}") == 0);
    peer_vanish(p);
    check(strstr(fake_adapter_said(&adapter), "|save / " SID " " PID " in " SID ",r {\"a\":1}") !=
          NULL);
    end();
}

static void is_new_without_a_session_to_come_back_to(void)
{
    static const char *const packets[] = {
        "0",
        "0{\"pid\":\"" PID "\"}",
        "0{\"offset\":\"1-0\"}",
        "0{\"pid\":1,\"offset\":\"1-0\"}",
        "0{\"pid\":\"" PID "\",\"offset\":1}",
        "0{\"pid\":\"" PID "-\",\"offset\":\"1-0\"}",
        "0{\"pid\":\"" PID "\",\"offset\":\"\"}",
    };
    start(false);
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        check(is_new(return_to(packets[i])));
        check_said(&adapter, "");
    }
    struct peer *p = return_to(comes_back);
    finish(false);
    check(is_new(p) && !rookery_socket_recovered(last));
    p = return_to(comes_back);
    finish(true); /* of no session */
    check(is_new(p));
    end();
}

static void is_new_when_its_id_is_in_use(void)
{
    start(false);
    struct peer *p = return_to(comes_back);
    find();
    finish(true);
    (void)peer_got(p);
    p = return_to(comes_back);
    find();
    finish(true);
    check(is_new(p));
    end();
}

static void is_new_when_it_has_missed_too_much(void)
{
    static char json[RECOVERY_MISSED_BYTES_MAX / 4];
    memset(json, '1', sizeof json);
    start(false);
    struct peer *p = return_to(comes_back);
    const struct rookery_args args = {.json = {json, sizeof json}};
    const struct adapter_packet packet = {.event = ROOKERY_STR("e"), .args = &args};
    find();
    for (int i = 0; i < 4; i++) {
        check(adapter.restoration->on_missed(adapter.restoration, &packet, ROOKERY_STR("2-0")) ==
              (i < 3));
    }
    finish(false);
    check(is_new(p));
    end();
}

static void reads_on_after_middlewares_that_take_their_time(void)
{
    start(true);
    struct peer *p = return_to(comes_back);
    find();
    check(miss("m", "2-0"));
    finish(true);
    check_peer(p, "");
    (void)fake_adapter_said(&adapter);
    world_enter((int)loops - 1);
    rookery_next_pass(deciding);
    world_enter(0);
    world_settle();
    check_said(&adapter, "|read on / " PID " from 9-0");
    check(miss("n", "10-0"));
    finish(true);
    check_peer(p,
               "|42[\"m\",\"2-0\"]|42[\"n\",\"10-0\"]|40{\"sid\":\"" SID "\",\"pid\":\"" PID "\"}");
    end();
}

static void ends_the_connection_when_the_rest_cannot_be_read(void)
{
    start(true);
    struct peer *p = return_to(comes_back);
    find();
    finish(true);
    world_enter((int)loops - 1);
    rookery_next_pass(deciding);
    world_enter(0);
    (void)fake_adapter_said(&adapter);
    finish(false);
    check(!peer_is_open(p) && last == NULL);
    check(strstr(fake_adapter_said(&adapter), "|save / " SID " " PID " in r," SID " {\"a\":1}") !=
          NULL);
    end();
}

static void saves_again_what_its_client_has_left_before_it_joined(void)
{
    start(true);
    struct peer *p = return_to(comes_back);
    peer_vanish(p);
    find();
    finish(true);
    check(strstr(fake_adapter_said(&adapter), "|save / " SID) != NULL);
    p = return_to(comes_back);
    find();
    finish(true);
    peer_vanish(p);
    check(strstr(fake_adapter_said(&adapter), "|save / " SID) != NULL);
    p = return_to(comes_back);
    find();
    finish(true);
    world_enter((int)loops - 1);
    rookery_next_refuse(deciding, ROOKERY_STR("no"), ROOKERY_STR(""));
    world_enter(0);
    world_settle();
    check(strstr(fake_adapter_said(&adapter), "|save") == NULL);
    check_peer(p, "|44{\"message\":\"no\"}");
    end();
}

static void on(unsigned count)
{
    loops = count;
    RUN(gives_events_to_the_adapter_first);
    RUN(gives_the_adapter_one_of_each_child);
    RUN(makes_nobody_wait_for_what_has_no_offset);
    RUN(saves_what_is_cut_off);
    RUN(is_what_it_was_when_it_is_restored);
    RUN(is_new_without_a_session_to_come_back_to);
    RUN(is_new_when_its_id_is_in_use);
    RUN(is_new_when_it_has_missed_too_much);
    RUN(reads_on_after_middlewares_that_take_their_time);
    RUN(ends_the_connection_when_the_rest_cannot_be_read);
    RUN(saves_again_what_its_client_has_left_before_it_joined);
}

int main(void)
{
    on(1);
    on(2);
    return tap_done();
}
