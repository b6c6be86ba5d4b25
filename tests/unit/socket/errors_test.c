// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"
#include "tests/support/tap.h"

static void names_every_error(void)
{
    for (int error = ROOKERY_ETIMEOUT; error < 0; error++) {
        check(strcmp(rookery_strerror(error), "unknown error") != 0);
    }
    check(strcmp(rookery_strerror(0), "no error") == 0);
    check(strcmp(rookery_strerror(-99), "unknown error") == 0);
}

int main(void)
{
    RUN(names_every_error);
    return tap_done();
}
