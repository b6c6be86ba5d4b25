// SPDX-License-Identifier: MIT
#include "src/server/settings.h"

#include "tests/support/tap.h"
#include "tests/unit/server/command_line.h"

static struct options read_options(const char *argument)
{
    struct options options;

    command_line_read(&options, &argument, 1);
    return options;
}

static void clients_that_poll_have_room_for_both_of_their_connections(void)
{
    static struct {
        char argument[40];
        unsigned connections, clients;
    } cases[] = {
        {"--connections-max=0", 0, 0},
        {"--connections-max=1000", 2256, 1000},
        {"--connections-max=1000000000", 2000000256, 1000000000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options options = read_options(cases[i].argument);
        check(settings_server(&options.values).connections_max == cases[i].connections);
        check(settings_chat(&options.values).sockets_max == cases[i].clients);
        options_finish(&options);
    }
}

/* What the program and what an application begin with. */
static void a_cluster_has_the_same_defaults_for_both(void)
{
    char argument[] = "--service-id=a";
    struct options options = read_options(argument);
    struct rookery_options defaults;
    const struct rookery_cluster got = settings_server(&options.values).cluster, *want;

    rookery_options_init(&defaults);
    want = &defaults.cluster;
    check(got.redis_url == NULL && got.secret == NULL && got.address == NULL);
    check(strcmp(got.name, "a") == 0 && strcmp(got.adapter, want->adapter) == 0);
    check(strcmp(got.prefix, want->prefix) == 0 && strcmp(got.mode, want->mode) == 0);
    check(got.request_timeout_ms == want->request_timeout_ms);
    check(got.common_responses == want->common_responses);
    check(got.stream_entries_max == want->stream_entries_max);
    check(got.keep_bytes_max == want->keep_bytes_max && got.keep_ms == want->keep_ms);
    check(got.heartbeat_ms == want->heartbeat_ms);
    options_finish(&options);
}

static struct rookery_options settings_with(char *argument, struct options *options)
{
    *options = read_options(argument);
    return settings_server(&options->values);
}

static void answers_over_http_have_the_defaults_of_the_library(void)
{
    char argument[] = "--parser=json";
    struct options options;
    struct rookery_options got = settings_with(argument, &options), want;

    rookery_options_init(&want);
    check(!got.allow_eio3 && !want.allow_eio3);
    check(got.compression_threshold == want.compression_threshold);
    check(got.cookie.name == NULL && got.cookie.http_only == want.cookie.http_only);
    check(strcmp(got.cookie.path, "/") == 0 && strcmp(got.cookie.same_site, "Lax") == 0);
    check(!got.cookie.secure && got.cors.max_age_s == want.cors.max_age_s);
    check(got.cors.allowed_headers == NULL && got.cors.exposed_headers == NULL);
    options_finish(&options);
}

static void what_is_none_or_in_seconds_is_told_as_such(void)
{
    char path[] = "--cookie-path=none", site[] = "--cookie-same-site=none";
    char strict[] = "--cookie-same-site=strict", age[] = "--cors-max-age=600";
    char client[] = "--client=none", eio3[] = "--allow-eio3=yes";
    struct options options;

    check(strcmp(settings_with(path, &options).cookie.path, "") == 0);
    options_finish(&options);
    struct rookery_cookie cookie = settings_with(site, &options).cookie;
    check(strcmp(cookie.same_site, "None") == 0 && cookie.secure);
    options_finish(&options);
    check(strcmp(settings_with(strict, &options).cookie.same_site, "Strict") == 0);
    options_finish(&options);
    check(settings_with(age, &options).cors.max_age_s == 600);
    options_finish(&options);
    check(settings_with(client, &options).client_dir == NULL);
    options_finish(&options);
    check(settings_with(eio3, &options).allow_eio3);
    options_finish(&options);
}

static void nobody_comes_back_unless_that_is_wanted(void)
{
    char off[] = "--loops=1", on[] = "--recovery=2m", skip[] = "--recovery-skip-middlewares=yes";
    struct rookery_options want;
    struct options options;

    rookery_options_init(&want);
    struct rookery_recovery got = settings_with(off, &options).recovery;
    check(got.max_disconnection_ms == 0 && got.bytes_max == want.recovery.bytes_max);
    options_finish(&options);
    check(settings_with(on, &options).recovery.max_disconnection_ms == 120000);
    check(settings_contradiction(&options.values) == NULL);
    struct daemon_options clustered = options.values;
    clustered.redis_url = "redis://localhost";
    check(strstr(settings_contradiction(&clustered), "redis-url") != NULL);
    clustered.recovery_ms = 0;
    check(settings_contradiction(&clustered) == NULL);
    options_finish(&options);
    /* The chat skips them: that way it still knows who it is. */
    check(!settings_with(skip, &options).recovery.skip_middlewares);
    check(options.values.recovery_skip_middlewares);
    options_finish(&options);
}

int main(void)
{
    RUN(answers_over_http_have_the_defaults_of_the_library);
    RUN(what_is_none_or_in_seconds_is_told_as_such);
    RUN(nobody_comes_back_unless_that_is_wanted);
    RUN(a_cluster_has_the_same_defaults_for_both);
    RUN(clients_that_poll_have_room_for_both_of_their_connections);
    return tap_done();
}
