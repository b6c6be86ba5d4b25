// SPDX-License-Identifier: MIT
#include "src/web/bundles.h"

#include <errno.h>

#include "tests/support/tap.h"
#include "tests/unit/web/exchange.h"
#include "tests/unit/web/folder.h"

static struct folder package(const char *package_json)
{
    struct folder f = folder_make();
    folder_add(&f, "package.json", package_json);
    folder_add(&f, "dist/socket.io.js", "// all of it");
    folder_add(&f, "dist/socket.io.js.map", "{}");
    folder_add(&f, "dist/socket.io.min.js", "//");
    folder_add(&f, "dist/other.js", "//");
    return f;
}

static struct web_files *open_package(const struct folder *f)
{
    char dist[128];
    (void)snprintf(dist, sizeof dist, "%s/dist", f->path);
    return web_bundles_open(dist, "/socket.io/");
}

static void serves_the_bundles_under_their_version(void)
{
    struct routes routes = {0};
    struct folder f = package("{\"name\":\"socket.io\",\"version\":\"4.8.4\"}");
    struct web_files *files = open_package(&f);
    check(files != NULL);
    web_files_add_routes(files, routes_add, &routes);
    struct answer a = ask(routes.list, routes.count, "GET", "/socket.io/socket.io.js", NULL);
    check(a.status == 200 && answer_has(&a, "ETag: \"4.8.4\"\n"));
    check(answer_has(&a, "Content-Type: application/javascript; charset=utf-8\n"));
    bytes_finish(&a.body);
    a = ask(routes.list, routes.count, "GET", "/socket.io/socket.io.js.map", NULL);
    check(a.status == 200 && answer_has(&a, "Content-Type: application/json; charset=utf-8\n"));
    bytes_finish(&a.body);
    a = ask(routes.list, routes.count, "GET", "/socket.io/socket.io.js", "W/\"4.8.4\"");
    check(a.status == 304);
    bytes_finish(&a.body);
    web_files_close(files);
    folder_remove(&f);
}

static void packed_or_not_their_tag_is_the_version(void)
{
    char text[2001];
    struct routes routes = {0};
    struct folder f = package("{\"version\":\"4.8.4\"}");

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    folder_add(&f, "dist/socket.io.js", text);
    struct web_files *files = open_package(&f);
    web_files_add_routes(files, routes_add, &routes);
    ask_with("Accept-Encoding", "br");
    struct answer a = ask(routes.list, routes.count, "GET", "/socket.io/socket.io.js", NULL);
    check(answer_has(&a, "ETag: \"4.8.4\"\n") && answer_has(&a, "Content-Encoding: br\n"));
    check(answer_has(&a, "Vary: Accept-Encoding\n") && a.body.len < 100);
    bytes_finish(&a.body);
    web_files_close(files);
    folder_remove(&f);
}

static void serves_no_other_file_of_the_package(void)
{
    struct folder f = package("{\"version\":\"4.8.4-rc.1\"}");
    struct web_files *files = open_package(&f);
    check(files != NULL && files->count == 3);
    web_files_close(files);
    folder_remove(&f);
}

static void refuses_a_package_without_a_usable_version(void)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"version\":4}",
                                      "{\"version\":\"\"}",
                                      "{\"version\":\"4\\r\\n5\"}",
                                      "{\"version\":\"4 5\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct folder f = package(bad[i]);
        check(open_package(&f) == NULL && errno == EINVAL);
        folder_remove(&f);
    }
}

static void needs_the_plain_bundle(void)
{
    char path[128];
    struct folder f = package("{\"version\":\"4.8.4\"}");
    (void)snprintf(path, sizeof path, "%s/dist/socket.io.js", f.path);
    check(unlink(path) == 0);
    check(open_package(&f) == NULL && errno == ENOENT);
    folder_remove(&f);
}

int main(void)
{
    RUN(serves_the_bundles_under_their_version);
    RUN(packed_or_not_their_tag_is_the_version);
    RUN(serves_no_other_file_of_the_package);
    RUN(refuses_a_package_without_a_usable_version);
    RUN(needs_the_plain_bundle);
    return tap_done();
}
