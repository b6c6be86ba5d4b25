/* What handlers have seen, in its order, for a test to look at.
 *
 *     see("%s(%.*s)", "event", (int)e->name.len, e->name.data);
 *     check_seen("event(hello)");                                 and it is forgotten */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_SEEN_H
#define TESTS_SUPPORT_SEEN_H

#include <stdarg.h>

#include "tests/support/tap.h"

static char seen[4096];

__attribute__((format(printf, 1, 2))) static inline void see(const char *format, ...)
{
    size_t at = strlen(seen);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(seen + at, sizeof seen - at, format, args);
    va_end(args);
}

#define check_seen(want)         \
    do {                         \
        check_str(seen, (want)); \
        seen[0] = '\0';          \
    } while (0)

#endif
