// SPDX-License-Identifier: MIT
#include "tools/load/progress.h"

#include "tests/support/tap.h"

static void check_bar(double done, const char *want)
{
    char bar[11];

    progress_bar(bar, 10, done);
    check(strcmp(bar, want) == 0);
}

static void the_bar_fills_from_the_left(void)
{
    check_bar(0, "..........");
    check_bar(0.31, "###.......");
    check_bar(1, "##########");
    check_bar(1.5, "##########");
}

static void nothing_is_drawn_where_no_terminal_is(void)
{
    struct progress p;
    FILE *file = tmpfile();

    check(file != NULL);
    progress_init(&p, file, false);
    check(p.terminal == NULL);
    progress_finish(&p);
    check(ftell(file) == 0);
    (void)fclose(file);
}

int main(void)
{
    RUN(the_bar_fills_from_the_left);
    RUN(nothing_is_drawn_where_no_terminal_is);
    return tap_done();
}
