/* A folder in the build's temporary place, with files for a test, gone at its end. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_WEB_FOLDER_H
#define TESTS_UNIT_WEB_FOLDER_H

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char path[64];
};

static inline struct folder folder_make(void)
{
    struct folder f = {"/tmp/rookery-test-XXXXXX"};
    if (mkdtemp(f.path) == NULL) {
        abort();
    }
    return f;
}

/* name may be in a folder of its own, one deep. */
static inline void folder_add(const struct folder *f, const char *name, const char *content)
{
    char path[256];
    const char *slash = strchr(name, '/');

    if (slash != NULL) {
        (void)snprintf(path, sizeof path, "%s/%.*s", f->path, (int)(slash - name), name);
        (void)mkdir(path, 0700);
    }
    (void)snprintf(path, sizeof path, "%s/%s", f->path, name);
    FILE *file = fopen(path, "wbe");
    if (file == NULL || fputs(content, file) < 0 || fclose(file) != 0) {
        abort();
    }
}

static inline int folder_remove_one(const char *path, const struct stat *st, int kind,
                                    struct FTW *ftw)
{
    return remove(path);
}

static inline void folder_remove(const struct folder *f)
{
    if (nftw(f->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0) {
        abort();
    }
}

#endif
