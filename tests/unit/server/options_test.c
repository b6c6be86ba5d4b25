// SPDX-License-Identifier: MIT
#include "src/server/options.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/support/tap.h"

static struct options options;
static struct bytes why;
static char file[] = "/tmp/rookery-options-XXXXXX";
static const char *variables[8]; /* name, value, ..., NULL */

static char *environment(const char *name)
{
    static char value[128];

    for (size_t i = 0; variables[i] != NULL; i += 2) {
        if (strcmp(variables[i], name) == 0) {
            (void)snprintf(value, sizeof value, "%s", variables[i + 1]);
            return value;
        }
    }
    return NULL;
}

static void set_variables(const char *a, const char *value_a, const char *b, const char *value_b)
{
    variables[0] = a;
    variables[1] = value_a;
    variables[2] = b;
    variables[3] = value_b;
}

/* Reads up to four words of a command line; standard: the standard file. */
static enum options_outcome read_into(struct options *into, const char *standard, const char *a,
                                      const char *b, const char *c, const char *d)
{
    static char words[5][128];
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], NULL};
    const char *given[] = {"rookery", a, b, c, d, NULL};
    int argc = 0;

    while (given[argc] != NULL) {
        (void)snprintf(words[argc], sizeof words[argc], "%s", given[argc]);
        argc++;
    }
    options_finish(into);
    return options_read(into, argc, argv, environment, standard, &why);
}

static enum options_outcome with(const char *a, const char *b, const char *c)
{
    return read_into(&options, NULL, a, b, c, NULL);
}

static void write_file(const char *text)
{
    FILE *f = fopen(file, "we");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
        abort();
    }
}

static enum options_outcome with_file(const char *text)
{
    write_file(text);
    return with("--config", file, NULL);
}

static bool says(const char *text)
{
    bool same = span_eq(bytes_span(&why), span_cstr(text));
    if (!same) {
        printf("# %.*s\n", (int)why.len, (const char *)why.data);
    }
    return same;
}

/* The problems of the file, each without its name; text has %s for that name. */
static bool complains(const char *line)
{
    struct bytes want = {0};

    bytes_add_cstr(&want, file);
    bytes_add_cstr(&want, line);
    bytes_add_byte(&want, '\0');
    bool same = says((const char *)want.data);
    bytes_finish(&want);
    return same;
}

/* ---- values ---- */

static void has_defaults(void)
{
    const struct daemon_options *v = &options.values;
    check(with(NULL, NULL, NULL) == OPTIONS_RUN);
    check(v->ports.count == 1 && v->ports.list[0] == 3000 && v->loops == 0);
    check(strcmp(v->host, "0.0.0.0") == 0 && strcmp(v->data_dir, "./data") == 0);
    check(strcmp(v->journal, "auto") == 0 && v->web_dir == NULL && v->client_dir == NULL);
    check(v->ping_interval_ms == 25000 && v->payload_bytes_max == 1000000);
    check(v->queue_bytes_max == 8 << 20 && v->jwt_expires_ms == 604800000);
    check(strcmp(v->cors_origin, "reflect") == 0 && v->cors_credentials);
    check(v->jwt_secret == NULL && v->service_id == NULL && options.file == NULL);
    check(v->messages_per_minute == 60 && v->sends_per_minute == 6000);
    check(v->joins_per_minute == 600 && v->typing_per_minute == 600);
    check(v->queries_per_minute == 600 && v->presence_per_minute == 60);
}

static void takes_a_value_as_the_next_word_or_behind_an_equals_sign(void)
{
    const struct daemon_options *v = &options.values;
    check(with("--port", "0", "--host=::1") == OPTIONS_RUN);
    check(v->ports.list[0] == 0 && strcmp(v->host, "::1") == 0);
    check(with("--data=/a=b", "--journal", "none") == OPTIONS_RUN);
    check(strcmp(v->data_dir, "/a=b") == 0 && strcmp(v->journal, "none") == 0);
    check(with("--loops=1", "--loops=2", NULL) == OPTIONS_RUN && v->loops == 2);
}

static void takes_values_of_every_type(void)
{
    const struct daemon_options *v = &options.values;
    check(with_file("port 3000, 3001,80\nqueue-max 1m\nping-timeout 5000\njwt-expires-in 60\n"
                    "cors-credentials off\ncors-origin http://a , http://b\njwt-secret 's #\\'\n"
                    "redis-url redis://h\nlog-level debug\n") == OPTIONS_RUN);
    check(v->ports.count == 3 && v->ports.list[1] == 3001 && v->ports.list[2] == 80);
    check(v->queue_bytes_max == 1 << 20 && v->ping_timeout_ms == 5000);
    check(v->jwt_expires_ms == 60000 && !v->cors_credentials);
    check(strcmp(v->cors_origin, "http://a,http://b") == 0 && strcmp(v->jwt_secret, "s #\\") == 0);
    check(strcmp(v->redis_url, "redis://h") == 0 && strcmp(v->log_level, "debug") == 0);
}

static void says_what_is_wrong_with_a_value(void)
{
    check(with("--port", "abc", NULL) == OPTIONS_WRONG);
    check(says("--port: 'abc' is not a number from 0 to 65535, or a list of them"));
    check(with("--port", "65536", NULL) == OPTIONS_WRONG);
    check(with("--port", "-1", NULL) == OPTIONS_WRONG);
    check(with("--port", "1,", NULL) == OPTIONS_WRONG);
    check(with("--port", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL) == OPTIONS_WRONG);
    check(with("--port=", NULL, NULL) == OPTIONS_WRONG);
    check(with("--loops", "257", NULL) == OPTIONS_WRONG);
    check(says("--loops: '257' is not a number from 0 to 256"));
    check(with("--journal", "dir", NULL) == OPTIONS_WRONG);
    check(says("--journal: 'dir' is not one of: auto, direct, none, kafka, rabbitmq"));
    check(with("--journal", "direct, none", NULL) == OPTIONS_WRONG);
    check(with("--host=", NULL, NULL) == OPTIONS_WRONG && says("--host: must not be empty"));
    check(with("--host=a\nb", NULL, NULL) == OPTIONS_WRONG);
    check(says("--host: holds a control character, or is no UTF-8"));
    check(with("--queue-max=2g", NULL, NULL) == OPTIONS_WRONG);
    check(says("--queue-max: '2g' is not a size from 64KiB to 1GiB"));
    check(with("--ping-timeout=1ms", NULL, NULL) == OPTIONS_WRONG);
    check(says("--ping-timeout: '1ms' is not a duration from 100ms to 1d"));
    check(with("--tail-bytes=0", NULL, NULL) == OPTIONS_WRONG);
    check(says("--tail-bytes: '0' is not a size from 1MiB to 1024GiB"));
    check(with("--trusted-proxies=10.0.0.0/8,nginx", NULL, NULL) == OPTIONS_WRONG);
    check(says("--trusted-proxies: '10.0.0.0/8,nginx' is not a list of addresses and networks "
               "(10.0.0.0/8), by commas"));
    check(with("--cors-credentials=maybe", NULL, NULL) == OPTIONS_WRONG);
    check(says("--cors-credentials: 'maybe' is not yes or no"));
    check(with("--cors-methods=a,,b", NULL, NULL) == OPTIONS_WRONG);
    check(says("--cors-methods: 'a,,b' is not a list, by commas"));
    check(with("--cors-origin=http://a/", NULL, NULL) == OPTIONS_WRONG);
    check(says("--cors-origin: 'http://a/' is not one of: reflect, *, none, or a list of "
               "origins (https://host, without a path), by commas"));
    check(with("--cookie=a b", NULL, NULL) == OPTIONS_WRONG);
    check(says("--cookie: 'a b' is not a name without spaces and separators"));
    check(with("--path=x", NULL, NULL) == OPTIONS_WRONG);
    check(says("--path: 'x' does not begin with '/'"));
    check(with("--jwt-secret=***", NULL, NULL) == OPTIONS_WRONG);
    check(says("--jwt-secret: *** stands for a secret, and is none"));
}

static void says_what_is_no_option(void)
{
    check(with("--prot", "1", NULL) == OPTIONS_WRONG);
    check(says("'--prot' is no option; did you mean '--port'? (--help lists them)"));
    check(with("--elephants=1", NULL, NULL) == OPTIONS_WRONG);
    check(says("'--elephants=1' is no option (--help lists them)"));
    check(with("port", "1", NULL) == OPTIONS_WRONG);
    check(with("--", NULL, NULL) == OPTIONS_WRONG);
    check(with("--por", "1", NULL) == OPTIONS_WRONG);
    check(with("--port", NULL, NULL) == OPTIONS_WRONG && says("--port: a value is missing"));
    check(with("--help=1", NULL, NULL) == OPTIONS_WRONG && says("--help: takes no value"));
}

static void the_longest_message_has_to_fit_into_a_payload(void)
{
    check(with("--message-length=331968", NULL, NULL) == OPTIONS_RUN);
    check(with("--message-length=331969", NULL, NULL) == OPTIONS_WRONG);
    check(says("message-length: 331969 characters need a payload-max of 1000003"));
    check(with("--message-length=331969", "--payload-max=1000003", NULL) == OPTIONS_RUN);
    check(with("--payload-max=16k", NULL, NULL) == OPTIONS_WRONG);
    check(with("--payload-max=16k", "--message-length=4096", NULL) == OPTIONS_RUN);
}

static void a_history_is_no_longer_than_a_page(void)
{
    check(with("--history-limit=100", NULL, NULL) == OPTIONS_RUN);
    check(with("--history-limit=101", NULL, NULL) == OPTIONS_WRONG);
    check(says("--history-limit: '101' is not a number from 1 to 100"));
}

static void the_address_for_other_nodes_has_a_port(void)
{
    static const char *const good[] = {"--cluster-address=h:1", "--cluster-address=10.0.0.1:3000",
                                       "--cluster-address=[::1]:65535"};
    static const char *const bad[] = {
        "--cluster-address=h",    "--cluster-address=h:",   "--cluster-address=:1",
        "--cluster-address=h:0",  "--cluster-address=::1",  "--cluster-address=h:65536",
        "--cluster-address=h:1x", "--cluster-address=[::1]"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        check(with(good[i], NULL, NULL) == OPTIONS_RUN);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check(with(bad[i], NULL, NULL) == OPTIONS_WRONG);
    }
    check(says("cluster-address: '[::1]' is not HOST:PORT"));
}

static void auth_that_is_required_needs_a_key(void)
{
    check(with("--auth=required", NULL, NULL) == OPTIONS_WRONG);
    check(says("auth: 'required' needs a jwt-secret, a jwks-file or a jwks-url"));
    check(with("--auth=required", "--jwt-secret=x", NULL) == OPTIONS_RUN);
}

/* ---- where they come from ---- */

static void the_command_line_wins_over_the_environment_that_over_the_file(void)
{
    const unsigned *port = options.values.ports.list;
    write_file("port 1\nhost a\nloops 3\n");
    set_variables("PORT", "2", "ROOKERY_HOST", "b");
    check(read_into(&options, NULL, "--config", file, "--port", "5") == OPTIONS_RUN);
    check(*port == 5 && strcmp(options.values.host, "b") == 0 && options.values.loops == 3);
    check(with("--config", file, NULL) == OPTIONS_RUN && *port == 2);
    set_variables("ROOKERY_PORT", "4", "PORT", "2");
    check(with(NULL, NULL, NULL) == OPTIONS_RUN && *port == 4);
    set_variables("PORT", "", NULL, NULL);
    check(with(NULL, NULL, NULL) == OPTIONS_RUN && *port == 3000);
    set_variables("PORT", "http", NULL, NULL);
    check(with("--port", "1", NULL) == OPTIONS_WRONG);
    check(says("PORT: 'http' is not a number from 0 to 65535, or a list of them"));
    set_variables("MONGODB_URI", "mongodb://b", "MONGO_URI", "mongodb://a");
    check(with(NULL, NULL, NULL) == OPTIONS_RUN);
    check(strcmp(options.values.mongo_uri, "mongodb://a") == 0);
    set_variables(NULL, NULL, NULL, NULL);
}

static void the_standard_file_need_not_be_there_but_a_named_one(void)
{
    const unsigned *port = options.values.ports.list;
    write_file("port 7\n");
    check(read_into(&options, file, NULL, NULL, NULL, NULL) == OPTIONS_RUN && *port == 7);
    check(strcmp(options.file, file) == 0);
    set_variables("ROOKERY_CONFIG", file, NULL, NULL);
    check(with(NULL, NULL, NULL) == OPTIONS_RUN && *port == 7);
    set_variables(NULL, NULL, NULL, NULL);
    check(read_into(&options, "/nowhere/x", NULL, NULL, NULL, NULL) == OPTIONS_RUN);
    check(options.file == NULL);
    check(with("--config=/nowhere/x", NULL, NULL) == OPTIONS_WRONG);
    check(says("config: /nowhere/x: No such file or directory"));
    check(with("--config=/", NULL, NULL) == OPTIONS_WRONG && says("config: /: Is a directory"));
}

static void names_file_line_option_and_range(void)
{
    check(with_file("# one\nmessage-length 5x\n") == OPTIONS_WRONG);
    check(complains(":2: message-length: '5x' is not a number from 1 to 1000000"));
    check(with_file("prot 1\n") == OPTIONS_WRONG);
    check(complains(":1: 'prot' is no option; did you mean 'port'?"));
    check(with_file("help 1\n") == OPTIONS_WRONG && complains(":1: 'help' is no option of a file"));
    check(with_file("port\n") == OPTIONS_WRONG && complains(":1: port: a value is missing"));
    check(with_file("port 1\nport 2\n") == OPTIONS_WRONG);
    check(complains(":2: port: line 1 sets it already"));
}

static void tells_all_problems_up_to_a_number(void)
{
    char text[400] = "";
    size_t lines = 0;
    for (int i = 0; i < 50; i++) {
        (void)strncat(text, "x 1\n", sizeof text - strlen(text) - 1);
    }
    check(with_file(text) == OPTIONS_WRONG);
    for (size_t i = 0; i < why.len; i++) {
        lines += why.data[i] == '\n';
    }
    check(lines == 20 && memmem(why.data, why.len, "\n... and more", 13) != NULL);
}

/* ---- what to do instead of running ---- */

static void knows_what_to_do_instead_of_running(void)
{
    check(with("--help", "--prot", NULL) == OPTIONS_HELP);
    check(with("--port", "1", "--version") == OPTIONS_VERSION);
    check(with("--print-defaults", NULL, NULL) == OPTIONS_PRINT_DEFAULTS);
    check(with("--check-config", "--port=1", NULL) == OPTIONS_CHECK);
    check(with("--check-config", "--port=x", NULL) == OPTIONS_WRONG);
    check(with("--port=x", "--check-config", NULL) == OPTIONS_WRONG);
    check(with("--print-config", "--loops", "2") == OPTIONS_PRINT && options.values.loops == 2);
}

/* ---- reading again ---- */

static void takes_over_what_may_change_and_names_what_may_not(void)
{
    struct options next = {0};
    struct bytes changed = {0}, kept = {0};

    check(with_file("port 1\nlog-level warn\nrate-messages 5\n") == OPTIONS_RUN);
    write_file("port 2\nlog-level warn\nrate-messages 6\ncors-origin http://a\nredis-url r\n");
    check(read_into(&next, NULL, "--config", file, NULL, NULL) == OPTIONS_RUN);
    options_reload(&options, &next, &changed, &kept);
    check(span_eq(bytes_span(&changed), SPAN("cors-origin, rate-messages")));
    check(span_eq(bytes_span(&kept), SPAN("port, redis-url")));
    check(options.values.ports.list[0] == 1 && options.values.messages_per_minute == 6);
    check(strcmp(options.values.cors_origin, "http://a") == 0 && options.values.redis_url == NULL);
    options_finish(&next);
    bytes_finish(&changed);
    bytes_finish(&kept);
}

int main(void)
{
    int fd = mkstemp(file);
    if (fd < 0) {
        return 1;
    }
    (void)close(fd);
    RUN(has_defaults);
    RUN(takes_a_value_as_the_next_word_or_behind_an_equals_sign);
    RUN(takes_values_of_every_type);
    RUN(says_what_is_wrong_with_a_value);
    RUN(says_what_is_no_option);
    RUN(the_longest_message_has_to_fit_into_a_payload);
    RUN(a_history_is_no_longer_than_a_page);
    RUN(the_address_for_other_nodes_has_a_port);
    RUN(auth_that_is_required_needs_a_key);
    RUN(the_command_line_wins_over_the_environment_that_over_the_file);
    RUN(the_standard_file_need_not_be_there_but_a_named_one);
    RUN(names_file_line_option_and_range);
    RUN(tells_all_problems_up_to_a_number);
    RUN(knows_what_to_do_instead_of_running);
    RUN(takes_over_what_may_change_and_names_what_may_not);
    (void)unlink(file);
    options_finish(&options);
    bytes_finish(&why);
    return tap_done();
}
