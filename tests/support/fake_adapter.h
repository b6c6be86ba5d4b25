/* Fake adapter: writes down what the socket layer tells it, for tests that are the other nodes.
 *
 *     fake_adapter_init(&adapter);
 *     io_set_adapter(io_of(world), &adapter.base);
 *     ...
 *     check_said(&adapter, "|order / join a,b to=r");
 *
 * Threads: any. What has come (answers, inquiry, awaiting) is read while no other thread runs. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_FAKE_ADAPTER_H
#define TESTS_SUPPORT_FAKE_ADAPTER_H

#include <stdio.h>
#include <string.h>

#include "protocol/bytes.h"
#include "src/base/lock.h"
#include "src/socket/adapter.h"

struct fake_adapter {
    struct adapter base;
    struct lock lock;
    struct bytes said;
    unsigned broadcasts, orders;
    struct gather *answers;          /* of the last broadcast that wants some */
    struct inquiry *inquiry;         /* the last; the test ends it */
    bool keeps_waiting;              /* awaited rooms do not come at once */
    struct task *awaiting;           /* the last; the test posts it */
    struct adapter_echo *echo;       /* of the last broadcast; the test ends it */
    struct restoration *restoration; /* the last; likewise */
};

void fake_adapter_init(struct fake_adapter *f);
void fake_adapter_finish(struct fake_adapter *f);

/* All that it was told since the last call, each call behind a '|'. Good until the next call. */
const char *fake_adapter_said(struct fake_adapter *f);

/* Together with tests/support/tap.h. */
#define check_said(f, want) check_str(fake_adapter_said(f), want)

#endif
