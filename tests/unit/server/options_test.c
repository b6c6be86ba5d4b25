// SPDX-License-Identifier: MIT
#include "src/server/options.h"

#include "tests/support/tap.h"

static struct daemon_options options;
static struct bytes why;
static const char *port_variable;

static char *environment(const char *name)
{
    static char value[32];
    if (port_variable == NULL || strcmp(name, "PORT") != 0) {
        return NULL;
    }
    (void)snprintf(value, sizeof value, "%s", port_variable);
    return value;
}

/* Reads up to three arguments. */
static enum options_outcome with(const char *a, const char *b, const char *c)
{
    static char words[4][64];
    char *argv[] = {words[0], words[1], words[2], words[3], NULL};
    const char *given[] = {"rookery", a, b, c};
    int argc = 0;
    while (argc < 4 && given[argc] != NULL) {
        (void)snprintf(words[argc], sizeof words[argc], "%s", given[argc]);
        argc++;
    }
    bytes_clear(&why);
    return options_read(&options, argc, argv, environment, &why);
}

static bool says(const char *line)
{
    return span_eq(bytes_span(&why), span_cstr(line));
}

static void has_defaults(void)
{
    check(with(NULL, NULL, NULL) == OPTIONS_RUN);
    check(options.port == 3000 && options.loops == 0);
    check(strcmp(options.host, "0.0.0.0") == 0 && strcmp(options.data_dir, "./data") == 0);
    check(strcmp(options.journal, "direct") == 0);
    check(options.web_dir == NULL && options.client_dir == NULL);
}

static void takes_a_value_as_the_next_word_or_behind_an_equals_sign(void)
{
    check(with("--port", "0", "--host=::1") == OPTIONS_RUN);
    check(options.port == 0 && strcmp(options.host, "::1") == 0);
    check(with("--data=/a=b", "--journal", "none") == OPTIONS_RUN);
    check(strcmp(options.data_dir, "/a=b") == 0 && strcmp(options.journal, "none") == 0);
}

static void takes_the_port_from_the_environment_unless_it_is_an_option(void)
{
    port_variable = "8080";
    check(with(NULL, NULL, NULL) == OPTIONS_RUN && options.port == 8080);
    check(with("--port", "81", NULL) == OPTIONS_RUN && options.port == 81);
    port_variable = "";
    check(with(NULL, NULL, NULL) == OPTIONS_RUN && options.port == 3000);
    port_variable = "http";
    check(with(NULL, NULL, NULL) == OPTIONS_WRONG);
    check(says("PORT: 'http' is not a number from 0 to 65535"));
    port_variable = NULL;
}

static void says_what_is_wrong_with_a_value(void)
{
    check(with("--port", "abc", NULL) == OPTIONS_WRONG);
    check(says("--port: 'abc' is not a number from 0 to 65535"));
    check(with("--port", "65536", NULL) == OPTIONS_WRONG);
    check(with("--port", "-1", NULL) == OPTIONS_WRONG);
    check(with("--port=", NULL, NULL) == OPTIONS_WRONG);
    check(with("--loops", "257", NULL) == OPTIONS_WRONG);
    check(with("--journal", "dir", NULL) == OPTIONS_WRONG);
    check(says("--journal: 'dir' is none of: direct, none"));
    check(with("--journal", "direct, none", NULL) == OPTIONS_WRONG);
    check(with("--host=", NULL, NULL) == OPTIONS_WRONG && says("--host: must not be empty"));
}

static void says_what_is_no_option(void)
{
    check(with("--prot", "1", NULL) == OPTIONS_WRONG);
    check(says("'--prot' is no option (--help lists them)"));
    check(with("port", "1", NULL) == OPTIONS_WRONG);
    check(with("--", NULL, NULL) == OPTIONS_WRONG);
    check(with("--por", "1", NULL) == OPTIONS_WRONG);
    check(with("--port", NULL, NULL) == OPTIONS_WRONG && says("--port: a value is missing"));
    check(with("--help=1", NULL, NULL) == OPTIONS_WRONG && says("--help: takes no value"));
}

static void knows_what_to_do_instead_of_running(void)
{
    check(with("--help", NULL, NULL) == OPTIONS_HELP);
    check(with("--port", "1", "--version") == OPTIONS_VERSION);
}

static void lists_every_option_in_its_help(void)
{
    static const char *const names[] = {
        "--port N",  "--host ADDRESS", "--data DIR", "--loops N", "--journal NAME",
        "--web DIR", "--client DIR",   "--help",     "--version", "(3000) [PORT]"};
    struct bytes help = {0};
    options_help(&help);
    bytes_add_byte(&help, '\0');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check(strstr((const char *)help.data, names[i]) != NULL);
    }
    bytes_finish(&help);
}

int main(void)
{
    RUN(has_defaults);
    RUN(takes_a_value_as_the_next_word_or_behind_an_equals_sign);
    RUN(takes_the_port_from_the_environment_unless_it_is_an_option);
    RUN(says_what_is_wrong_with_a_value);
    RUN(says_what_is_no_option);
    RUN(knows_what_to_do_instead_of_running);
    RUN(lists_every_option_in_its_help);
    bytes_finish(&why);
    return tap_done();
}
