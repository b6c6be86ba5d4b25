// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>

#include "src/server/config_file.h"
#include "src/server/option_table.h"

enum { LINE_COLUMNS = 100 };

static void add_spaces(struct bytes *out, size_t count)
{
    while (count-- > 0) {
        bytes_add_byte(out, ' ');
    }
}

/* Appends text, broken at spaces so that no line is longer than LINE_COLUMNS; each new line begins
 * with `prefix`. column: where the first line stands already. */
static void add_wrapped(struct bytes *out, struct span text, size_t column, const char *prefix)
{
    while (text.len > 0) {
        const uint8_t *space = memchr(text.data, ' ', text.len);
        size_t len = space == NULL ? text.len : (size_t)(space - text.data);
        if (column + 1 + len > LINE_COLUMNS) {
            bytes_add_byte(out, '\n');
            bytes_add_cstr(out, prefix);
            column = strlen(prefix);
        } else if (column > 0 && out->data[out->len - 1] != ' ') {
            bytes_add_byte(out, ' ');
            column++;
        }
        bytes_add(out, text.data, len);
        column += len;
        text = span_skip(text, space == NULL ? len : len + 1);
    }
}

/* ---- help ---- */

static const char *value_name(const struct option *o)
{
    static const char *const names[] = {
        [OPTION_NUMBER] = "N",
        [OPTION_SIZE] = "SIZE",
        [OPTION_DURATION] = "TIME",
        [OPTION_PORTS] = "N,...",
        [OPTION_BOOLEAN] = "yes|no",
        [OPTION_TEXT] = "TEXT",
        [OPTION_SECRET] = "TEXT",
        [OPTION_URL] = "URL",
        [OPTION_CHOICE] = "NAME",
        [OPTION_LIST] = "A,B,...",
        [OPTION_NETWORKS] = "A,B/N,...",
        [OPTION_ORIGINS] = "A,B,...",
        [OPTION_TOKEN] = "NAME",
        [OPTION_CONFIG] = "FILE",
        [OPTION_ACTION] = "",
    };
    return o->shown != NULL ? o->shown : names[o->type];
}

static void add_row(struct bytes *out, const struct option *o)
{
    enum { HELP_COLUMN = 28 };
    static const char prefix[HELP_COLUMN + 1] = "                            ";
    const char *value = value_name(o);
    struct bytes text = {0};
    char left[OPTION_VARIABLE_MAX];

    int n = snprintf(left, sizeof left, "  --%s%s%s ", o->name, *value == '\0' ? "" : " ", value);
    bytes_add_cstr(out, left);
    add_spaces(out, n < HELP_COLUMN ? (size_t)(HELP_COLUMN - n) : 0);
    bytes_add_cstr(&text, o->help);
    if (o->fallback != NULL) {
        bytes_add_cstr(&text, " (");
        bytes_add_cstr(&text, o->fallback);
        bytes_add_cstr(&text, ")");
    }
    if (o->environment != NULL) {
        bytes_add_cstr(&text, " [");
        bytes_add_cstr(&text, o->environment);
        bytes_add_cstr(&text, "]");
    }
    add_wrapped(out, bytes_span(&text), n < HELP_COLUMN ? HELP_COLUMN : (size_t)n, prefix);
    bytes_add_byte(out, '\n');
    bytes_finish(&text);
}

void options_help(struct bytes *out)
{
    bytes_add_cstr(
        out,
        "usage: rookery [OPTION...]\n"
        "       rookery persist [OPTION...]\n\n"
        "A chat server that Socket.IO clients speak to. As `rookery persist` it serves nobody, and "
        "brings\n"
        "what Kafka or RabbitMQ has into the store, beside others that do or instead of them.\n");
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].group != NULL) {
            bytes_add_cstr(out, "\n");
            bytes_add_cstr(out, option_table[i].group);
            bytes_add_cstr(out, ":\n");
        }
        add_row(out, &option_table[i]);
    }
    bytes_add_cstr(
        out, "\n(default) [environment variables that set it beside ROOKERY_<NAME>]\n"
             "SIZE: 4k, 8MiB, 1g (powers of 1024). TIME: 500ms, 5s, 10m, 2h, 7d.\n"
             "What is given here wins over the environment, that over the file, that over the "
             "default.\n");
}

/* ---- what is in force ---- */

static void add_origin(struct bytes *out, const struct options *options, size_t which)
{
    const struct option_origin *origin = &options->origins[which];
    char name[OPTION_VARIABLE_MAX];

    switch (origin->source) {
    case OPTION_DEFAULT:
        bytes_add_cstr(out, "default");
        break;
    case OPTION_ARGUMENT:
        bytes_add_cstr(out, "command line");
        break;
    case OPTION_ENVIRONMENT:
        option_variable(&option_table[which], name);
        bytes_add_cstr(out, "environment ");
        bytes_add(out, origin->variable == NULL ? name : origin->variable,
                  strcspn(origin->variable == NULL ? name : origin->variable, " "));
        break;
    case OPTION_FILE:
        bytes_add_cstr(out, options->file);
        bytes_add_byte(out, ':');
        bytes_add_u64(out, origin->line);
        break;
    }
}

enum { VALUE_COLUMN = 20, ORIGIN_COLUMN = 44 };

static void add_group(struct bytes *out, const struct option *o)
{
    if (o->group != NULL) {
        bytes_add_cstr(out, out->len > 0 ? "\n# ---- " : "# ---- ");
        bytes_add_cstr(out, o->group);
        bytes_add_byte(out, '\n');
    }
}

/* `name   value   # where from`, behind a # if there is no value or it cannot be shown. */
static void add_setting(struct bytes *out, const struct options *options, size_t which)
{
    const struct option *o = &option_table[which];
    bool is_set = option_is_set(&options->values, o);
    struct bytes value = {0};
    size_t start = out->len;
    bool shown = is_set && option_write(&options->values, o, &value);

    bytes_add_cstr(out, shown ? "" : "# ");
    bytes_add_cstr(out, o->name);
    add_spaces(out, start + VALUE_COLUMN > out->len ? start + VALUE_COLUMN - out->len : 0);
    bytes_add_byte(out, ' ');
    if (is_set) {
        config_write_value(out, bytes_span(&value));
    }
    add_spaces(out, start + ORIGIN_COLUMN > out->len ? start + ORIGIN_COLUMN - out->len : 0);
    bytes_add_cstr(out, "  # ");
    if (is_set) {
        add_origin(out, options, which);
    } else {
        bytes_add_cstr(out, "not set");
    }
    bytes_add_byte(out, '\n');
    bytes_finish(&value);
}

void options_print(const struct options *options, struct bytes *out)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_has_value(&option_table[i])) {
            add_group(out, &option_table[i]);
            add_setting(out, options, i);
        }
    }
}

/* ---- the file that explains all ---- */

static void add_explanation(struct bytes *out, const struct option *o)
{
    struct bytes text = {0};

    bytes_add_cstr(&text, "# ");
    bytes_add_cstr(&text, o->help);
    bytes_add_cstr(&text, ". Takes ");
    option_write_range(o, &text);
    bytes_add_cstr(&text, o->reload ? "; SIGHUP changes it." : ".");
    if (o->environment != NULL) {
        bytes_add_cstr(&text, " Environment: ");
        bytes_add_cstr(&text, o->environment);
        bytes_add_cstr(&text, ".");
    }
    bytes_add_byte(out, '\n');
    add_wrapped(out, bytes_span(&text), 0, "# ");
    bytes_add_byte(out, '\n');
    bytes_finish(&text);
}

static void add_default(struct bytes *out, const struct option *o)
{
    size_t start = out->len;

    bytes_add_cstr(out, "#");
    bytes_add_cstr(out, o->name);
    if (o->fallback != NULL) {
        add_spaces(out, out->len - start < VALUE_COLUMN ? VALUE_COLUMN - (out->len - start) : 0);
        bytes_add_byte(out, ' ');
        config_write_value(out, span_cstr(o->fallback));
    }
    bytes_add_byte(out, '\n');
}

void options_print_defaults(struct bytes *out)
{
    bytes_add_cstr(
        out,
        "# Rookery: all options with their defaults. A line that begins with # is a comment.\n"
        "#\n"
        "# One option a line: its name, a space, its value. A value with a # or with spaces at its "
        "ends\n"
        "# stands in quotes. Sizes are 4k, 8MiB, 1g (powers of 1024), durations 500ms, 5s, 10m, "
        "2h, 7d.\n"
        "#\n"
        "# An option of the command line (--name value) wins over a variable of the environment\n"
        "# (ROOKERY_NAME and those that are named here), that over this file. `rookery "
        "--check-config`\n"
        "# reads everything and says what is wrong, `rookery --print-config` what is in force.\n"
        "# SIGHUP reads this file again.\n");
    for (size_t i = 0; i < option_count; i++) {
        if (option_has_value(&option_table[i])) {
            add_group(out, &option_table[i]);
            add_explanation(out, &option_table[i]);
            add_default(out, &option_table[i]);
        }
    }
}
