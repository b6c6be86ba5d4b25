/* Options as of a command line, without an environment. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_SERVER_COMMAND_LINE_H
#define TESTS_UNIT_SERVER_COMMAND_LINE_H

#include "src/server/options.h"
#include "tests/support/tap.h"

enum { COMMAND_LINE_WORDS_MAX = 10 };

static inline char *nothing(const char *name)
{
    return NULL;
}

/* At most that many words; a NULL ends them too. The options, which have to be sound, are the
 * caller's to finish. */
static inline void command_line_read(struct options *options, const char *const words[],
                                     size_t words_max)
{
    char given[COMMAND_LINE_WORDS_MAX + 1][160] = {"rookery"};
    char *argv[COMMAND_LINE_WORDS_MAX + 2] = {given[0]};
    struct bytes why = {0};
    int argc = 1;

    for (size_t i = 0; i < words_max && words[i] != NULL; i++, argc++) {
        (void)snprintf(given[argc], sizeof given[argc], "%s", words[i]);
        argv[argc] = given[argc];
    }
    check(options_read(options, argc, argv, nothing, NULL, &why) == OPTIONS_RUN);
    bytes_finish(&why);
}

#endif
