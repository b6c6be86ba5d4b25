// SPDX-License-Identifier: MIT
#include "src/chat/recent.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/tap.h"

static const uint64_t secret[2] = {1, 2};

static struct message message(unsigned i, enum message_action action)
{
    static char id[16];

    return (struct message){.id = span_of(id, (size_t)snprintf(id, sizeof id, "m%u", i)),
                            .action = (uint8_t)action};
}

static void knows_what_it_has_seen_lately(void)
{
    struct recent *recent = NULL;

    for (unsigned i = 0; i < RECENT_MAX / 4; i++) {
        struct message m = message(i, MESSAGE_SAY);
        check(!recent_add(&recent, secret, &m) && recent_add(&recent, secret, &m));
    }
    struct message first = message(0, MESSAGE_SAY);
    check(recent_add(&recent, secret, &first));
    free(recent);
}

static void forgets_the_oldest(void)
{
    struct recent *recent = NULL;
    unsigned known = 0;

    for (unsigned i = 0; i < 10 * RECENT_MAX; i++) {
        struct message m = message(i, MESSAGE_SAY);
        known += recent_add(&recent, secret, &m);
    }
    check(known == 0);
    struct message first = message(0, MESSAGE_SAY);
    check(!recent_add(&recent, secret, &first));
    free(recent);
}

static void edits_of_one_message_are_told_apart_by_their_times(void)
{
    struct recent *recent = NULL;
    struct message m = message(1, MESSAGE_EDIT);

    m.edited_ms = 1;
    check(!recent_add(&recent, secret, &m) && recent_add(&recent, secret, &m));
    m.edited_ms = 2;
    check(!recent_add(&recent, secret, &m));
    m.action = MESSAGE_DELETE;
    check(!recent_add(&recent, secret, &m));
    free(recent);
}

int main(void)
{
    RUN(knows_what_it_has_seen_lately);
    RUN(forgets_the_oldest);
    RUN(edits_of_one_message_are_told_apart_by_their_times);
    return tap_done();
}
