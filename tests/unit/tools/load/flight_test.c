// SPDX-License-Identifier: MIT
#include "tools/load/flight.h"

#include "tests/support/tap.h"

static void places_run_out_and_come_back(void)
{
    struct flights f;

    flights_init(&f, 2);
    uint32_t a = flights_take(&f);
    uint32_t b = flights_take(&f);
    check(a != b && a < 2 && b < 2);
    check(flights_take(&f) == FLIGHT_NONE);
    flights_release(&f, flights_get(&f, a));
    check(flights_get(&f, a) == NULL);
    check(flights_take(&f) == a);
    check(f.busy == 2);
    flights_finish(&f);
}

static void an_ack_finds_its_message_once(void)
{
    struct flights f;

    flights_init(&f, 4);
    struct flight *flight = flights_get(&f, flights_take(&f));
    flight->wants_ack = true;
    uint64_t id = flights_ack_id(&f, flight);
    check(flights_by_ack(&f, id) == flight);
    check(flights_by_ack(&f, id + 1) == NULL);
    flight->wants_ack = false;
    check(flights_by_ack(&f, id) == NULL);
    flights_finish(&f);
}

static void an_old_ack_does_not_hit_the_next_message(void)
{
    struct flights f;

    flights_init(&f, 1);
    struct flight *flight = flights_get(&f, flights_take(&f));
    flight->wants_ack = true;
    uint64_t old = flights_ack_id(&f, flight);
    flights_release(&f, flight);
    flight = flights_get(&f, flights_take(&f));
    flight->wants_ack = true;
    check(flights_by_ack(&f, old) == NULL);
    check(flights_by_ack(&f, flights_ack_id(&f, flight)) == flight);
    flights_finish(&f);
}

static void ack_ids_begin_above_zero(void)
{
    struct flights f; /* 0 is the id of the join */

    flights_init(&f, 3);
    check(flights_ack_id(&f, flights_get(&f, flights_take(&f))) > 0);
    check(flights_by_ack(&f, 0) == NULL);
    flights_finish(&f);
}

static void places_never_used_hold_no_message(void)
{
    struct flights f;

    flights_init(&f, 3);
    check(flights_get(&f, 0) == NULL);
    check(flights_get(&f, 3) == NULL);
    check(flights_get(&f, UINT32_MAX) == NULL);
    flights_finish(&f);
}

int main(void)
{
    RUN(places_run_out_and_come_back);
    RUN(an_ack_finds_its_message_once);
    RUN(an_old_ack_does_not_hit_the_next_message);
    RUN(ack_ids_begin_above_zero);
    RUN(places_never_used_hold_no_message);
    return tap_done();
}
