// SPDX-License-Identifier: MIT
#include "src/server/places.h"

#include <errno.h>

#include "tests/support/tap.h"
#include "tests/unit/web/folder.h"

static void prefers_the_option_then_the_build_then_the_installation(void)
{
    struct folder f = folder_make();
    folder_add(&f, "index.html", "");
    check(strcmp(place_choose("/nowhere", f.path, f.path), "/nowhere") == 0);
    check(place_choose(NULL, f.path, "/nowhere") == f.path);
    check(place_choose(NULL, "/nowhere", f.path) == f.path);
    check(place_choose(NULL, "/nowhere", "/neither") == NULL);
    folder_remove(&f);
}

static void passes_over_a_folder_with_nothing_in_it(void)
{
    struct folder empty = folder_make(), full = folder_make();
    folder_add(&full, "index.html", "");
    check(place_choose(NULL, empty.path, full.path) == full.path);
    check(place_choose(NULL, empty.path, "/nowhere") == NULL);
    folder_remove(&empty);
    folder_remove(&full);
}

static void makes_a_folder_once(void)
{
    char path[128];
    struct folder f = folder_make();
    (void)snprintf(path, sizeof path, "%s/data", f.path);
    check(place_make(path) == 0);
    check(place_make(path) == 0);
    (void)snprintf(path, sizeof path, "%s/a/b", f.path);
    check(place_make(path) == -1 && errno == ENOENT);
    folder_add(&f, "file", "");
    (void)snprintf(path, sizeof path, "%s/file", f.path);
    check(place_make(path) == -1 && errno == ENOTDIR);
    folder_remove(&f);
}

int main(void)
{
    RUN(prefers_the_option_then_the_build_then_the_installation);
    RUN(passes_over_a_folder_with_nothing_in_it);
    RUN(makes_a_folder_once);
    return tap_done();
}
