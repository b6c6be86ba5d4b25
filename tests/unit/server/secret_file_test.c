// SPDX-License-Identifier: MIT
#include "src/server/secret_file.h"

#include <errno.h>

#include "tests/support/tap.h"
#include "tests/unit/web/folder.h"

static void gives_the_same_secret_for_ever(void)
{
    struct folder f = folder_make(), other = folder_make();
    struct bytes first = {0}, second = {0}, elsewhere = {0};

    check(secret_file_get(f.path, &first) == 0 && first.len == 64);
    check(secret_file_get(f.path, &second) == 0);
    check(span_eq(bytes_span(&first), bytes_span(&second)));
    check(secret_file_get(other.path, &elsewhere) == 0 && elsewhere.len == 64);
    check(!span_eq(bytes_span(&first), bytes_span(&elsewhere)));
    bytes_finish(&first);
    bytes_finish(&second);
    bytes_finish(&elsewhere);
    folder_remove(&f);
    folder_remove(&other);
}

static void leaves_one_file_that_only_its_owner_may_read(void)
{
    struct folder f = folder_make();
    struct bytes secret = {0};
    char path[128];
    struct stat st;

    check(secret_file_get(f.path, &secret) == 0);
    (void)snprintf(path, sizeof path, "%s/" SECRET_FILE, f.path);
    check(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_nlink == 1);
    check(remove(path) == 0 && rmdir(f.path) == 0);
    bytes_finish(&secret);
}

static void takes_no_other_content_for_a_secret(void)
{
    static const char *const contents[] = {
        "",
        "\n",
        "abc\n",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeX\n",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n"};
    struct bytes secret = {0};

    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        struct folder f = folder_make();
        folder_add(&f, SECRET_FILE, contents[i]);
        check(secret_file_get(f.path, &secret) == -1 && errno == EINVAL && secret.len == 0);
        folder_remove(&f);
    }
    bytes_finish(&secret);
}

static void says_when_there_is_no_folder(void)
{
    struct bytes secret = {0};

    check(secret_file_get("/nowhere/at all", &secret) == -1 && errno == ENOENT);
    bytes_finish(&secret);
}

int main(void)
{
    RUN(gives_the_same_secret_for_ever);
    RUN(leaves_one_file_that_only_its_owner_may_read);
    RUN(takes_no_other_content_for_a_secret);
    RUN(says_when_there_is_no_folder);
    return tap_done();
}
