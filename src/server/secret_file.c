// SPDX-License-Identifier: MIT
#include "src/server/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { RANDOM_BYTES = 32, DIGITS = 2 * RANDOM_BYTES };

/* ---- reading ---- */

static bool is_secret(const char *text, ssize_t len)
{
    return len == DIGITS + 1 && text[DIGITS] == '\n' && strspn(text, "0123456789abcdef") == DIGITS;
}

static int read_secret(int folder, struct bytes *out)
{
    char text[DIGITS + 2] = ""; /* one byte more shows that there is one too many */
    int fd = openat(folder, SECRET_FILE, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    ssize_t len = read(fd, text, sizeof text);
    int error = len < 0 ? errno : EINVAL;
    bool ok = is_secret(text, len);
    (void)close(fd);
    if (ok) {
        bytes_add(out, text, DIGITS);
    }
    explicit_bzero(text, sizeof text);
    errno = error;
    return ok ? 0 : -1;
}

/* ---- making ---- */

static int write_secret(int fd)
{
    uint8_t random[RANDOM_BYTES];
    char text[DIGITS + 2];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return -1;
    }
    for (size_t i = 0; i < sizeof random; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", random[i]);
    }
    text[DIGITS] = '\n';
    bool ok = write(fd, text, DIGITS + 1) == DIGITS + 1 && fsync(fd) == 0;
    explicit_bzero(random, sizeof random);
    explicit_bzero(text, sizeof text);
    return ok ? 0 : -1;
}

static int fill(int folder, const char *name)
{
    enum { OWNER_ONLY = 0600 };
    int fd = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, OWNER_ONLY);

    if (fd < 0) {
        return -1;
    }
    int result = write_secret(fd), error = errno;
    (void)close(fd);
    errno = error;
    return result;
}

/* Whole or not at all: it gets its name once it is on disk, and only if no other has that name. */
static int make_secret(int folder)
{
    char draft[64];

    (void)snprintf(draft, sizeof draft, SECRET_FILE ".%ld.new", (long)getpid());
    (void)unlinkat(folder, draft, 0); /* of a process with our number that has died over it */
    int result = fill(folder, draft);
    if (result == 0 && linkat(folder, draft, folder, SECRET_FILE, 0) < 0 && errno != EEXIST) {
        result = -1;
    }
    int error = errno;
    (void)unlinkat(folder, draft, 0);
    errno = error;
    return result < 0 ? -1 : fsync(folder);
}

int secret_file_get(const char *folder, struct bytes *out)
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0) {
        return -1;
    }
    int result = read_secret(dir, out);
    if (result < 0 && errno == ENOENT) {
        result = make_secret(dir) < 0 ? -1 : read_secret(dir, out);
    }
    int error = errno;
    (void)close(dir);
    errno = error;
    return result;
}
