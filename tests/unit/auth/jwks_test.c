// SPDX-License-Identifier: MIT
#include "src/auth/jwks.h"

#include <semaphore.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "src/auth/jwks_source.h"
#include "tests/support/tap.h"
#include "tests/unit/auth/key_server.h"
#include "tests/unit/auth/tokens.h"

enum { LONG_MS = 3600000 };

static char path[] = "/tmp/rookery-jwks-XXXXXX";
static struct key_server server;

static sem_t told;
static char problem[512];
static unsigned problems;

static void on_problem(void *arg, const char *line)
{
    (void)snprintf(problem, sizeof problem, "%s", line);
    problems++;
    (void)sem_post(&told);
}

static void wait_for_problem(void)
{
    while (sem_wait(&told) != 0) {
    }
}

/* As an editor does it: the path names the old file or the new one, never half of it. */
static void write_file(const char *text)
{
    char temporary[64];

    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *f = fopen(temporary, "w");
    check(f != NULL);
    check(fputs(text, f) >= 0);
    check(fclose(f) == 0);
    check(rename(temporary, path) == 0);
}

static struct jwks *open_with(struct jwks_options options)
{
    struct bytes why = {0};

    problems = 0;
    (void)sem_init(&told, 0, 0);
    options.on_problem = on_problem;
    struct jwks *jwks = jwks_open(&options, &why);
    check(jwks != NULL);
    bytes_finish(&why);
    return jwks;
}

static bool has(struct jwks *jwks, const char *kid)
{
    struct key_set *set = jwks_hold(jwks);
    bool found = key_set_find(set, TOKEN_RS256, span_cstr(kid)) != NULL;
    key_set_release(set);
    return found;
}

/* What the thread has read is published soon after. */
static void wait_until_has(struct jwks *jwks, const char *kid)
{
    while (!has(jwks, kid)) {
        (void)usleep(1000);
    }
}

static void reads_a_file_and_sees_it_change(void)
{
    write_file(TOKENS_KEYS);
    struct jwks *jwks = open_with((struct jwks_options){.file = path, .file_check_ms = 5});
    check(has(jwks, "r1") && !has(jwks, "r2"));
    write_file(TOKENS_KEYS_OF_TWO);
    wait_until_has(jwks, "r2");
    check(has(jwks, "r1"));
    jwks_close(jwks);
    check(problems == 0);
}

static void keeps_the_keys_of_a_file_that_breaks_and_says_so_once(void)
{
    write_file(TOKENS_KEYS);
    struct jwks *jwks = open_with((struct jwks_options){.file = path, .file_check_ms = 5});
    write_file("{\"keys\":");
    wait_for_problem();
    check(strncmp(problem, path, strlen(path)) == 0 && strstr(problem, "not a JSON") != NULL);
    check(has(jwks, "r1"));
    check(unlink(path) == 0);
    wait_for_problem();
    check(strstr(problem, "No such file") != NULL);
    check(has(jwks, "r1"));
    write_file(TOKENS_KEYS_OF_TWO);
    wait_until_has(jwks, "r2");
    jwks_close(jwks);
    check(problems == 2);
}

static void looks_at_a_file_early_for_a_key_that_is_missing(void)
{
    write_file(TOKENS_KEYS);
    struct jwks *jwks =
        open_with((struct jwks_options){.file = path, .file_check_ms = LONG_MS, .retry_ms = 1});
    write_file(TOKENS_KEYS_OF_TWO);
    jwks_want(jwks);
    wait_until_has(jwks, "r2");
    jwks_close(jwks);
}

static void refuses_to_open_with_a_file_that_cannot_be_used(void)
{
    static const char *const contents[] = {"", "{\"keys\":[]}", NULL};
    struct bytes why = {0};

    for (int i = 0; i < 3; i++) {
        if (contents[i] != NULL) {
            write_file(contents[i]);
        } else {
            (void)unlink(path);
        }
        check(jwks_open(&(struct jwks_options){.file = path}, &why) == NULL);
        check(span_starts(bytes_span(&why), span_cstr(path)));
    }
    check(jwks_open(&(struct jwks_options){.file = "/tmp"}, &why) == NULL);
    bytes_finish(&why);
}

static void refuses_a_file_that_is_too_big(void)
{
    char *text = malloc(JWKS_BYTES_MAX + 1);
    struct bytes why = {0}, out = {0};

    memset(text, ' ', JWKS_BYTES_MAX + 1);
    text[JWKS_BYTES_MAX] = 0;
    write_file(text);
    check(jwks_read_file(path, &out, &why) == 0);
    FILE *f = fopen(path, "a");
    check(f != NULL && fputs(" ", f) >= 0 && fclose(f) == 0);
    bytes_clear(&out);
    check(jwks_read_file(path, &out, &why) == -1);
    free(text);
    bytes_finish(&out);
    bytes_finish(&why);
}

static void fetches_a_url_and_fetches_it_again(void)
{
    key_server_start(&server);
    key_server_answer(&server, "200 OK", TOKENS_KEYS);
    struct jwks *jwks = open_with((struct jwks_options){.url = server.url, .refresh_ms = 5});
    check(has(jwks, "r1"));
    key_server_answer(&server, "200 OK", TOKENS_KEYS_OF_TWO);
    wait_until_has(jwks, "r2");
    jwks_close(jwks);
    key_server_stop(&server);
    check(problems == 0);
}

static void opens_although_the_issuer_is_down_and_tries_again(void)
{
    key_server_start(&server);
    key_server_answer(&server, "503 Service Unavailable", TOKENS_KEYS);
    struct jwks *jwks =
        open_with((struct jwks_options){.url = server.url, .refresh_ms = LONG_MS, .retry_ms = 5});
    check(problems >= 1 && strstr(problem, "503") != NULL);
    check(strncmp(problem, server.url, strlen(server.url)) == 0);
    check(!has(jwks, "r1"));
    key_server_answer(&server, "200 OK", TOKENS_KEYS);
    wait_until_has(jwks, "r1");
    jwks_close(jwks);
    key_server_stop(&server);
}

static void keeps_the_keys_of_an_issuer_that_fails(void)
{
    key_server_start(&server);
    key_server_answer(&server, "200 OK", TOKENS_KEYS);
    struct jwks *jwks =
        open_with((struct jwks_options){.url = server.url, .refresh_ms = 5, .retry_ms = 5});
    key_server_answer(&server, "200 OK", "<html>Sign in</html>");
    wait_for_problem();
    check(has(jwks, "r1"));
    jwks_close(jwks);
    key_server_stop(&server);
}

static void fetches_early_for_a_key_that_is_missing(void)
{
    key_server_start(&server);
    key_server_answer(&server, "200 OK", TOKENS_KEYS);
    struct jwks *jwks =
        open_with((struct jwks_options){.url = server.url, .refresh_ms = LONG_MS, .retry_ms = 20});
    key_server_answer(&server, "200 OK", TOKENS_KEYS_OF_TWO);
    jwks_want(jwks);
    wait_until_has(jwks, "r2");
    check(key_server_requests(&server) == 2);
    jwks_close(jwks);
    key_server_stop(&server);
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fetches_no_more_often_however_many_keys_are_missing(void)
{
    key_server_start(&server);
    key_server_answer(&server, "200 OK", TOKENS_KEYS);
    int64_t start_ms = now_ms();
    struct jwks *jwks =
        open_with((struct jwks_options){.url = server.url, .refresh_ms = LONG_MS, .retry_ms = 30});
    while (key_server_requests(&server) < 4) {
        jwks_want(jwks);
    }
    check(now_ms() - start_ms >= 3 * 30);
    jwks_close(jwks);
    key_server_stop(&server);
}

static int fetch(const char *url, struct bytes *why)
{
    static atomic_bool never;
    struct bytes out = {0};
    int result = jwks_fetch_url(url, &never, &out, why);
    bytes_finish(&out);
    bytes_add_byte(why, 0);
    return result;
}

static void follows_no_redirect_to_another_scheme(void)
{
    static const char *const places[] = {"https://127.0.0.1:1/", "file:///etc/passwd",
                                         "ftp://127.0.0.1/keys", "gopher://127.0.0.1/keys"};
    key_server_start(&server);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char head[128];
        struct bytes why = {0};
        (void)snprintf(head, sizeof head, "302 Found\r\nLocation: %s", places[i]);
        key_server_answer(&server, head, "");
        check(fetch(server.url, &why) == -1);
        check(strstr((const char *)why.data, "rotocol") != NULL);
        bytes_finish(&why);
    }
    key_server_stop(&server);
}

static void follows_few_redirects(void)
{
    char head[128];
    struct bytes why = {0};

    key_server_start(&server);
    (void)snprintf(head, sizeof head, "302 Found\r\nLocation: %s", server.url);
    key_server_answer(&server, head, "");
    check(fetch(server.url, &why) == -1);
    check(key_server_requests(&server) == JWKS_REDIRECTS_MAX + 1);
    bytes_finish(&why);
    key_server_stop(&server);
}

static void fetches_by_http_only(void)
{
    struct bytes why = {0};
    check(fetch("file:///etc/passwd", &why) == -1);
    bytes_finish(&why);
}

static void refuses_an_answer_that_is_too_big(void)
{
    char *body = malloc(JWKS_BYTES_MAX + 2);
    struct bytes why = {0};

    key_server_start(&server);
    memset(body, ' ', JWKS_BYTES_MAX + 1);
    body[JWKS_BYTES_MAX + 1] = 0;
    key_server_answer(&server, "200 OK", body);
    check(fetch(server.url, &why) == -1);
    check(strcmp((const char *)why.data, "more than 1 MiB") == 0);
    bytes_clear(&why);
    body[JWKS_BYTES_MAX] = 0;
    key_server_answer(&server, "200 OK", body);
    check(fetch(server.url, &why) == 0);
    free(body);
    bytes_finish(&why);
    key_server_stop(&server);
}

static void stops_in_the_middle_of_a_fetch(void)
{
    key_server_start(&server);
    key_server_answer(&server, "200 OK", TOKENS_KEYS);
    struct jwks *jwks = open_with((struct jwks_options){.url = server.url, .refresh_ms = 1});
    key_server_be_silent(&server);
    key_server_wait_unanswered(&server);
    jwks_close(jwks);
    key_server_stop(&server);
    check(problems == 0);
}

int main(void)
{
    int fd = mkstemp(path);

    if (fd < 0 || setenv("no_proxy", "*", 1) != 0) {
        return 1;
    }
    (void)close(fd);
    RUN(reads_a_file_and_sees_it_change);
    RUN(keeps_the_keys_of_a_file_that_breaks_and_says_so_once);
    RUN(looks_at_a_file_early_for_a_key_that_is_missing);
    RUN(refuses_to_open_with_a_file_that_cannot_be_used);
    RUN(refuses_a_file_that_is_too_big);
    RUN(fetches_a_url_and_fetches_it_again);
    RUN(opens_although_the_issuer_is_down_and_tries_again);
    RUN(keeps_the_keys_of_an_issuer_that_fails);
    RUN(fetches_early_for_a_key_that_is_missing);
    RUN(fetches_no_more_often_however_many_keys_are_missing);
    RUN(follows_no_redirect_to_another_scheme);
    RUN(follows_few_redirects);
    RUN(fetches_by_http_only);
    RUN(refuses_an_answer_that_is_too_big);
    RUN(stops_in_the_middle_of_a_fetch);
    (void)unlink(path);
    return tap_done();
}
