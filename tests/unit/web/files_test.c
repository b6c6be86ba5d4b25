// SPDX-License-Identifier: MIT
#include "src/web/files.h"

#include <errno.h>

#include "tests/support/tap.h"
#include "tests/unit/web/exchange.h"
#include "tests/unit/web/folder.h"

static struct folder folder;
static struct web_files *files;
static struct routes routes;

static void open_site(void)
{
    folder = folder_make();
    folder_add(&folder, "index.html", "<p>hello");
    folder_add(&folder, "app.js", "let a");
    folder_add(&folder, "app.0123456789abcdef.js", "let b");
    folder_add(&folder, "app.0123456789abcdef0.js", "let c");
    folder_add(&folder, "app.0123456789abcdef", "let d");
    folder_add(&folder, "data.bin", "?");
    folder_add(&folder, ".secret", "no");
    folder_add(&folder, "below/x.txt", "no");
    routes = (struct routes){0};
    files = web_files_open(folder.path, "/");
    if (files != NULL) {
        web_files_add_routes(files, routes_add, &routes);
    }
}

static void close_site(void)
{
    web_files_close(files);
    folder_remove(&folder);
}

static struct answer get(const char *path, const char *tag)
{
    return ask(routes.list, routes.count, "GET", path, tag);
}

static void serves_what_is_in_the_folder(void)
{
    struct answer a = get("/app.js", NULL);
    check(a.status == 200);
    check_mem(a.body.data, a.body.len, "let a", 5);
    check(answer_has(&a, "Content-Type: text/javascript; charset=utf-8\n"));
    check(answer_has(&a, "Cache-Control: public, max-age=0\n"));
    check(answer_has(&a, "X-Content-Type-Options: nosniff\n"));
    bytes_finish(&a.body);
    a = get("/data.bin", NULL);
    check(a.status == 200 && answer_has(&a, "Content-Type: application/octet-stream\n"));
    bytes_finish(&a.body);
}

static void lets_a_browser_keep_what_is_named_by_its_content(void)
{
    const char *lasting = "Cache-Control: public, max-age=31536000, immutable\n";
    struct answer a = get("/app.0123456789abcdef.js", NULL);
    struct answer b = get("/app.0123456789abcdef0.js", NULL);
    struct answer c = get("/app.0123456789abcdef", NULL);
    check(answer_has(&a, lasting));
    check(!answer_has(&b, lasting));
    check(!answer_has(&c, lasting));
    bytes_finish(&a.body);
    bytes_finish(&b.body);
    bytes_finish(&c.body);
}

static void serves_the_index_for_the_folder_itself(void)
{
    struct answer a = get("/", NULL), b = get("/index.html", NULL);
    check(a.status == 200 && b.status == 200);
    check_mem(a.body.data, a.body.len, "<p>hello", 8);
    check(answer_has(&a, "Content-Type: text/html; charset=utf-8\n"));
    check(answer_has(&a, "Content-Security-Policy: default-src 'self';"));
    check(strcmp(a.fields, b.fields) == 0);
    bytes_finish(&a.body);
    bytes_finish(&b.body);
}

static void knows_nothing_hidden_below_or_elsewhere(void)
{
    check(get("/.secret", NULL).status == 0);
    check(get("/below/x.txt", NULL).status == 0);
    check(get("/../app.js", NULL).status == 0);
    check(routes.count == 7);
}

static void packs_what_gets_smaller_for_who_takes_it(void)
{
    char long_text[2001], tag[64];
    struct folder f = folder_make();
    struct routes r = {0};

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    folder_add(&f, "long.js", long_text);
    folder_add(&f, "short.js", "x");
    struct web_files *all = web_files_open(f.path, "/");
    web_files_add_routes(all, routes_add, &r);

    ask_with("Accept-Encoding", "deflate;q=0.5, gzip");
    struct answer packed = ask(r.list, r.count, "GET", "/long.js", NULL);
    ask_with("Accept-Encoding", "deflate;q=0.5, gzip");
    struct answer small = ask(r.list, r.count, "GET", "/short.js", NULL);
    ask_with("Accept-Encoding", "gzip;q=0");
    struct answer plain = ask(r.list, r.count, "GET", "/long.js", NULL);
    check(packed.body.len < 100 && packed.body.data[0] == 0x1f && packed.body.data[1] == 0x8b);
    check(answer_has(&packed, "Content-Encoding: gzip\n"));
    check(answer_has(&packed, "Vary: Accept-Encoding\n"));
    check(plain.body.len == 2000 && !answer_has(&plain, "Content-Encoding"));
    check(answer_has(&plain, "Vary: Accept-Encoding\n"));
    check(small.body.len == 1 && !answer_has(&small, "Vary"));

    check(strstr(packed.fields, "-gzip\"\n") != NULL && strstr(plain.fields, "-gzip") == NULL);
    (void)snprintf(tag, sizeof tag, "%s", all->files[0].packed[WEB_GZIP].etag);
    check(ask(r.list, r.count, "GET", "/long.js", all->files[0].plain.etag).status == 304);
    ask_with("Accept-Encoding", "gzip");
    check(ask(r.list, r.count, "GET", "/long.js", tag).status == 304);
    ask_with("Accept-Encoding", "gzip");
    struct answer other = ask(r.list, r.count, "GET", "/long.js", all->files[0].plain.etag);
    check(other.status == 200); /* other bytes than those it has */
    ask_with("Accept-Encoding", "gzip, br");
    struct answer shortest = ask(r.list, r.count, "GET", "/long.js", NULL);
    check(answer_has(&shortest, "Content-Encoding: br\n") && shortest.body.len < packed.body.len);
    check(strstr(shortest.fields, "-br\"\n") != NULL);

    bytes_finish(&shortest.body);
    bytes_finish(&other.body);
    bytes_finish(&packed.body);
    bytes_finish(&plain.body);
    bytes_finish(&small.body);
    web_files_close(all);
    folder_remove(&f);
}

static void answers_304_to_who_has_the_same_content(void)
{
    char weak[64];
    struct answer a = get("/app.js", "\"other\"");
    check(a.status == 200);
    bytes_finish(&a.body);
    (void)snprintf(weak, sizeof weak, "\"x\", W/%s", files->files[0].plain.etag);
    a = get(files->files[0].path, weak);
    check(a.status == 304 && a.body.len == 0);
    check(answer_has(&a, files->files[0].plain.etag));
    bytes_finish(&a.body);
}

static void gives_each_content_its_own_tag(void)
{
    check(strcmp(files->files[0].plain.etag, files->files[1].plain.etag) != 0);
}

static void refuses_methods_that_do_not_read(void)
{
    struct answer a = ask(routes.list, routes.count, "POST", "/app.js", NULL);
    check(a.status == 405 && answer_has(&a, "Allow: GET, HEAD\n"));
    bytes_finish(&a.body);
    a = ask(routes.list, routes.count, "HEAD", "/app.js", NULL);
    check(a.status == 200);
    bytes_finish(&a.body);
}

static void compares_tags_as_the_rfc_says(void)
{
    const struct span tag = SPAN("\"1.2\"");
    check(web_tag_matches(SPAN("\"1.2\""), tag));
    check(web_tag_matches(SPAN("W/\"1.2\""), tag));
    check(web_tag_matches(SPAN("\"0\",W/\"1\" , \"1.2\""), tag));
    check(web_tag_matches(SPAN("*"), tag));
    check(!web_tag_matches(SPAN(""), tag));
    check(!web_tag_matches(SPAN("1.2"), tag));
    check(!web_tag_matches(SPAN("\"1.2"), tag));
    check(!web_tag_matches(SPAN("\"1.23\""), tag));
    check(!web_tag_matches(SPAN("\"a*b\", \"*\""), tag));
    check(!web_tag_matches(SPAN("\"x\"1.2\""), tag));
}

static void says_that_a_folder_is_missing(void)
{
    errno = 0;
    check(web_files_open("/nowhere/at/all", "/") == NULL && errno == ENOENT);
}

static void bounds_what_it_reads(void)
{
    struct bytes out = {0};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/index.html", folder.path);
    check(web_read_file(path, 8, &out) == 0 && out.len == 8);
    check(web_read_file(path, 7, &out) == -1 && errno == EFBIG && out.len == 8);
    bytes_finish(&out);
}

int main(void)
{
    open_site();
    RUN(serves_what_is_in_the_folder);
    RUN(lets_a_browser_keep_what_is_named_by_its_content);
    RUN(serves_the_index_for_the_folder_itself);
    RUN(knows_nothing_hidden_below_or_elsewhere);
    RUN(packs_what_gets_smaller_for_who_takes_it);
    RUN(answers_304_to_who_has_the_same_content);
    RUN(gives_each_content_its_own_tag);
    RUN(refuses_methods_that_do_not_read);
    RUN(compares_tags_as_the_rfc_says);
    RUN(says_that_a_folder_is_missing);
    RUN(bounds_what_it_reads);
    close_site();
    return tap_done();
}
