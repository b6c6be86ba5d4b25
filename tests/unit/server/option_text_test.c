// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/server/option_table.h"
#include "tests/support/tap.h"

/* The command line, the file, the environment, --help, conf/ and conf/README.md agree, since they
 * are the table, or are compared with it here. */

static struct bytes why;

static char *nothing(const char *name)
{
    return NULL;
}

/* Reads with one more word (or NULL) and a file (or NULL). */
static enum options_outcome read_with(struct options *options, const char *word, const char *file)
{
    char name[] = "rookery", given[256];
    char *argv[] = {name, given, NULL};

    (void)snprintf(given, sizeof given, "%s", word == NULL ? "" : word);
    return options_read(options, word == NULL ? 1 : 2, argv, nothing, file, &why);
}

static struct bytes slurp(const char *name)
{
    const char *root = getenv("ROOKERY_SOURCE");
    struct bytes text = {0};
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", root == NULL ? "." : root, name);
    FILE *f = fopen(path, "re");
    for (int c; f != NULL && (c = fgetc(f)) != EOF;) {
        bytes_add_byte(&text, (uint8_t)c);
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return text;
}

static bool holds(const struct bytes *text, const char *part)
{
    bool there = text->len > 0 && memmem(text->data, text->len, part, strlen(part)) != NULL;
    if (!there) {
        printf("# there is no: %s\n", part);
    }
    return there;
}

static void write_temporary(char *name, const struct bytes *text)
{
    int fd = mkstemp(name);
    if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len || close(fd) != 0) {
        abort();
    }
}

/* ---- the table in itself ---- */

static void names_are_in_small_letters_and_unlike_each_other(void)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        check(o->name[strspn(o->name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0');
        check(o->help != NULL && o->help[0] != '\0');
        check(!option_has_value(o) || option_is_text(o) || o->fallback != NULL);
        check(o->type != OPTION_DURATION || o->unit_ms > 0);
        for (size_t k = 0; k < i; k++) {
            check(strcmp(o->name, option_table[k].name) != 0);
            check(!option_has_value(o) || !option_has_value(&option_table[k]) ||
                  o->offset != option_table[k].offset);
        }
    }
    check(option_table[0].group != NULL);
}

static void every_option_is_taken_on_the_command_line_and_in_the_file_alike(void)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        const char *value = o->fallback != NULL          ? o->fallback
                            : o->type == OPTION_NETWORKS ? "::1,10.0.0.0/8"
                            : o->type == OPTION_TOKEN    ? "io"
                                                         : "text:1";
        char word[256], file[] = "/tmp/rookery-option-XXXXXX";
        struct bytes line = {0}, by_word = {0}, by_file = {0};
        struct options a, b;
        if (!option_has_value(o)) {
            continue;
        }
        (void)snprintf(word, sizeof word, "--%s=%s", o->name, value);
        bytes_add_cstr(&line, word + 2);
        line.data[strlen(o->name)] = ' ';
        write_temporary(file, &line);
        check(read_with(&a, word, NULL) == OPTIONS_RUN);
        check(read_with(&b, NULL, file) == OPTIONS_RUN);
        (void)option_write(&a.values, o, &by_word);
        (void)option_write(&b.values, o, &by_file);
        check(span_eq(bytes_span(&by_word), bytes_span(&by_file)));
        check(a.origins[i].source == OPTION_ARGUMENT && b.origins[i].source == OPTION_FILE);
        (void)unlink(file);
        options_finish(&a);
        options_finish(&b);
        bytes_finish(&line);
        bytes_finish(&by_word);
        bytes_finish(&by_file);
    }
}

static void levels_of_the_log_are_those_of_the_option(void)
{
    enum log_level level;
    for (size_t i = 0; i < option_count; i++) {
        if (strcmp(option_table[i].name, "log-level") == 0) {
            check(strcmp(option_table[i].choices, "error, warn, info, debug") == 0);
        }
    }
    check(log_level_of("error", &level) && log_level_of("warn", &level) &&
          log_level_of("info", &level) && log_level_of("debug", &level));
}

/* ---- help ---- */

static void help_names_every_option_its_default_and_its_variables(void)
{
    struct bytes help = {0};
    char part[256];

    options_help(&help);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        (void)snprintf(part, sizeof part, "\n  --%s ", o->name);
        check(holds(&help, part));
        if (o->fallback != NULL) {
            (void)snprintf(part, sizeof part, "(%s)", o->fallback);
            check(holds(&help, part));
        }
        if (o->environment != NULL) {
            check(holds(&help, o->environment));
        }
    }
    bytes_finish(&help);
}

static void no_line_is_longer_than_a_hundred_columns(void)
{
    struct bytes text = {0};
    size_t column = 0;

    options_help(&text);
    options_print_defaults(&text);
    for (size_t i = 0; i < text.len; i++) {
        column = text.data[i] == '\n' ? 0 : column + 1;
        check(column <= 100);
    }
    bytes_finish(&text);
}

/* ---- what is in force ---- */

/* Appends the settings of a printed configuration without their comments. */
static void add_bare(const struct bytes *text, struct bytes *out)
{
    for (size_t i = 0, start = 0; i < text->len; i++) {
        if (text->data[i] == '\n') {
            const uint8_t *comment = memmem(text->data + start, i - start, "  #", 3);
            if (text->data[start] != '#' && comment != NULL) {
                bytes_add(out, text->data + start, (size_t)(comment - (text->data + start)));
                bytes_add_byte(out, '\n');
            }
            start = i + 1;
        }
    }
}

static void what_is_printed_is_read_again_as_the_same(void)
{
    char first[] = "/tmp/rookery-option-XXXXXX", second[] = "/tmp/rookery-option-XXXXXX";
    struct bytes text = {0}, printed = {0}, again = {0}, bare = {0}, bare_again = {0};
    struct options a, b;

    bytes_add_cstr(&text, "port 1,2\ndata \" a#b \"\nqueue-max 65537\nping-timeout 1501\n"
                          "cors-credentials no\nservice-id it's\n");
    write_temporary(first, &text);
    check(read_with(&a, NULL, first) == OPTIONS_RUN);
    options_print(&a, &printed);
    write_temporary(second, &printed);
    check(read_with(&b, NULL, second) == OPTIONS_RUN);
    options_print(&b, &again);
    add_bare(&printed, &bare);
    add_bare(&again, &bare_again);
    check(bare.len > 0 && span_eq(bytes_span(&bare), bytes_span(&bare_again)));
    check(holds(&bare, "queue-max            65537") &&
          holds(&bare, "data                 \" a#b \""));
    (void)unlink(first);
    (void)unlink(second);
    options_finish(&a);
    options_finish(&b);
    bytes_finish(&text);
    bytes_finish(&printed);
    bytes_finish(&again);
    bytes_finish(&bare);
    bytes_finish(&bare_again);
}

static void what_is_printed_names_where_each_value_is_from(void)
{
    struct bytes printed = {0};
    struct options options;

    check(read_with(&options, "--loops=2", NULL) == OPTIONS_RUN);
    options_print(&options, &printed);
    check(holds(&printed, "\nloops                2                        # command line\n"));
    check(holds(&printed, "\nport                 3000                     # default\n") ||
          holds(&printed, "port                 3000                     # default\n"));
    check(holds(&printed, "\n# service-id                                  # not set\n"));
    bytes_finish(&printed);
    options_finish(&options);
}

static void secrets_are_never_shown(void)
{
    static const char *const given[][2] = {
        {"--jwt-secret=hunter2", "# jwt-secret         *** "},
        {"--mongo-uri=mongodb://u:hunter2@h/d", "# mongo-uri          mongodb://***@h/d "},
        {"--redis-url=:hunter2@h", "# redis-url          ***@h "},
        {"--redis-url=redis://h", "\nredis-url            redis://h "},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        struct bytes printed = {0};
        struct options options;
        check(read_with(&options, given[i][0], NULL) == OPTIONS_RUN);
        options_print(&options, &printed);
        check(memmem(printed.data, printed.len, "hunter2", 7) == NULL);
        check(holds(&printed, given[i][1]));
        bytes_finish(&printed);
        options_finish(&options);
    }
}

/* ---- conf/ ---- */

static void the_file_in_conf_is_what_the_program_prints(void)
{
    struct bytes printed = {0}, kept = slurp("conf/rookery.conf");

    options_print_defaults(&printed);
    check(kept.len > 0 && span_eq(bytes_span(&printed), bytes_span(&kept)));
    bytes_finish(&printed);
    bytes_finish(&kept);
}

/* Without the # before each option, all of it is right, and changes nothing. */
static void the_defaults_of_the_file_are_the_defaults(void)
{
    char file[] = "/tmp/rookery-option-XXXXXX";
    struct bytes text = {0}, bare = {0}, with = {0}, without = {0};
    struct options a, b;

    options_print_defaults(&text);
    for (size_t i = 0; i < text.len; i++) {
        bool begins = text.data[i] == '#' && (i == 0 || text.data[i - 1] == '\n');
        const uint8_t *end = memchr(text.data + i, '\n', text.len - i);
        bool valued = begins && memchr(text.data + i, ' ', (size_t)(end - (text.data + i)));
        if (!(valued && text.data[i + 1] != ' ')) {
            bytes_add_byte(&bare, text.data[i]);
        }
    }
    write_temporary(file, &bare);
    check(read_with(&a, NULL, file) == OPTIONS_RUN);
    check(read_with(&b, NULL, NULL) == OPTIONS_RUN);
    for (size_t i = 0; i < option_count; i++) {
        if (option_has_value(&option_table[i]) && option_table[i].fallback != NULL) {
            check(a.origins[i].source == OPTION_FILE);
            (void)option_write(&a.values, &option_table[i], &with);
            (void)option_write(&b.values, &option_table[i], &without);
        }
    }
    check(span_eq(bytes_span(&with), bytes_span(&without)));
    (void)unlink(file);
    options_finish(&a);
    options_finish(&b);
    bytes_finish(&text);
    bytes_finish(&bare);
    bytes_finish(&with);
    bytes_finish(&without);
}

static void the_minimal_file_is_right(void)
{
    char file[] = "/tmp/rookery-option-XXXXXX";
    struct bytes text = slurp("conf/rookery-minimal.conf");
    struct options options;

    write_temporary(file, &text);
    check(text.len > 0 && read_with(&options, NULL, file) == OPTIONS_RUN);
    check(options.origins[0].source == OPTION_FILE);
    (void)unlink(file);
    options_finish(&options);
    bytes_finish(&text);
}

/* A row `| name | default | environment | reload |` for every option, and no other. */
static void the_document_has_a_row_for_every_option(void)
{
    struct bytes readme = slurp("conf/README.md");
    size_t rows = 0, wanted = 0;
    char row[512];

    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        if (option_has_value(o)) {
            (void)snprintf(row, sizeof row, "\n| `%s` | %s | %s | %s |\n", o->name,
                           o->fallback == NULL ? "" : o->fallback,
                           o->environment == NULL ? "" : o->environment, o->reload ? "yes" : "");
            check(holds(&readme, row));
            wanted++;
        }
    }
    for (size_t i = 0; i + 3 < readme.len; i++) {
        rows += memcmp(readme.data + i, "\n| `", 4) == 0 ? 1 : 0;
    }
    check(rows == wanted);
    bytes_finish(&readme);
}

int main(void)
{
    RUN(names_are_in_small_letters_and_unlike_each_other);
    RUN(every_option_is_taken_on_the_command_line_and_in_the_file_alike);
    RUN(levels_of_the_log_are_those_of_the_option);
    RUN(help_names_every_option_its_default_and_its_variables);
    RUN(no_line_is_longer_than_a_hundred_columns);
    RUN(what_is_printed_is_read_again_as_the_same);
    RUN(what_is_printed_names_where_each_value_is_from);
    RUN(secrets_are_never_shown);
    RUN(the_file_in_conf_is_what_the_program_prints);
    RUN(the_defaults_of_the_file_are_the_defaults);
    RUN(the_minimal_file_is_right);
    RUN(the_document_has_a_row_for_every_option);
    bytes_finish(&why);
    return tap_done();
}
