/* Clients on their way back to another node: what comes meanwhile, who decides on them, and what
 * breaks. */
// SPDX-License-Identifier: MIT
#include "src/cluster/recovery.h"

#include <stdlib.h>

#include "tests/unit/cluster/recovery_bed.h"

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
    check_str(strchr(answer, '}') + 1, "|42[\"after\",\"@\"]");
    *answer = '\0';
    check_str(v.got, "|42[\"before\",\"@\"]|42[\"meanwhile\",\"@\"]|42[\"here\",\"@\"]");
    cluster_bed_end();
}

static void is_over_when_a_middleware_refuses(void)
{
    start();
    leave(&v);
    decides_later = true;
    come(&v, 1, 0);
    cluster_bed_enter(1);
    rookery_next_refuse(deciding, str("no"), str(""));
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
    decides_later = false;
    knock(&v, 1, 0);
    peer_vanish(v.peer); /* while it is looked for */
    cluster_bed_advance(50);
    come(&v, 0, 0);
    check(welcomed(&v));
    check_str(v.got, "|42[\"missed\",\"@\"]");
    cluster_bed_end();
}

static void gives_way_to_a_second_connect(void)
{
    start();
    leave(&v);
    knock(&v, 1, 0);
    peer_send(v.peer, "0");
    cluster_bed_advance(50);
    check(!welcomed(&v));
    say(0, "", "e");
    check_got(&v, "|42[\"e\",\"@\"]");
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
    knock(&v, 1, 0);
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
        const struct rookery_args args = {.json = str(json)};
        cluster_bed_enter(0); /* of one node, so that there is an order */
        check(rookery_broadcast(cluster_bed_nsp(0), NULL, str("n"), &args, NULL) == 0);
        cluster_bed_enter(1 + i % 2);
        check(rookery_broadcast(cluster_bed_nsp(1 + i % 2), NULL, str("noise"), NULL, NULL) == 0);
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
    RUN(misses_nothing_while_middlewares_decide);
    RUN(is_over_when_a_middleware_refuses);
    RUN(asks_no_middlewares_if_they_are_to_be_skipped);
    RUN(is_kept_for_a_client_that_goes_before_it_has_joined);
    RUN(gives_way_to_a_second_connect);
    RUN(lets_in_a_client_when_the_bus_is_away);
    RUN(ends_while_clients_are_on_their_way_back);
    RUN(misses_nothing_and_gets_nothing_twice_under_load);
    return tap_done();
}
