// SPDX-License-Identifier: MIT
#include "src/server/places.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_filled(const char *path)
{
    bool found = false;
    struct dirent *entry;
    DIR *dir = opendir(path);

    while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
        found = entry->d_name[0] != '.';
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return found;
}

const char *place_choose(const char *option, const char *built, const char *installed)
{
    if (option != NULL) {
        return option;
    }
    return is_filled(built) ? built : is_filled(installed) ? installed : NULL;
}

int place_make(const char *folder)
{
    enum { OWNER_ONLY = 0700 };

    if (mkdir(folder, OWNER_ONLY) == 0) {
        return 0;
    }
    if (errno == EEXIST && !is_folder(folder)) {
        errno = ENOTDIR;
        return -1;
    }
    return errno == EEXIST ? 0 : -1;
}
