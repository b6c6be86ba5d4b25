// SPDX-License-Identifier: MIT
#include "src/server/config_file.h"

#include "protocol/utf8.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct span skip_blanks(struct span s)
{
    while (s.len > 0 && is_blank(s.data[0])) {
        s = span_skip(s, 1);
    }
    return s;
}

static bool is_end(struct span s)
{
    return s.len == 0 || s.data[0] == '#';
}

static bool is_text(struct span s, bool tabs)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.data[i] < 0x20 && !(tabs && s.data[i] == '\t')) || s.data[i] == 0x7f) {
            return false;
        }
    }
    return utf8_valid(s);
}

bool config_is_text(struct span s)
{
    return is_text(s, false);
}

/* ---- reading ---- */

void config_begin(struct config_reader *r, struct span text)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

    *r = (struct config_reader){.rest = text};
    if (span_starts(text, span_of(mark, sizeof mark))) {
        r->rest = span_skip(text, sizeof mark);
    }
}

void config_finish(struct config_reader *r)
{
    bytes_finish(&r->value);
}

/* The next line without its end; there must be one. */
static struct span take_line(struct config_reader *r)
{
    const uint8_t *end = memchr(r->rest.data, '\n', r->rest.len);
    size_t len = end == NULL ? r->rest.len : (size_t)(end - r->rest.data);
    struct span line = {r->rest.data, len};

    r->rest = span_skip(r->rest, end == NULL ? len : len + 1);
    r->line++;
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* NULL, or what is wrong. */
static const char *read_quoted(struct config_reader *r, struct span s)
{
    uint8_t quote = s.data[0];
    size_t i = 1;

    for (; i < s.len && s.data[i] != quote; i++) {
        if (quote == '"' && s.data[i] == '\\') {
            i++;
            if (i == s.len || (s.data[i] != '"' && s.data[i] != '\\')) {
                return "within \"\" a \\ stands before \" or \\ only ('' take it as it is)";
            }
        }
        bytes_add_byte(&r->value, s.data[i]);
    }
    if (i == s.len) {
        return "the closing quote is missing";
    }
    return is_end(skip_blanks(span_skip(s, i + 1))) ? NULL
                                                    : "there is text behind the closing quote";
}

static void read_bare(struct config_reader *r, struct span s)
{
    size_t len = 0;

    for (size_t i = 0; i < s.len && !(s.data[i] == '#' && is_blank(s.data[i - 1])); i++) {
        len = is_blank(s.data[i]) ? len : i + 1;
    }
    bytes_add(&r->value, s.data, len);
}

/* NULL, or what is wrong. s begins behind the name. */
static const char *read_value(struct config_reader *r, struct span s)
{
    const char *problem = NULL;

    s = skip_blanks(s);
    if (is_end(s)) {
        return "a value is missing";
    }
    if (s.data[0] == '=') {
        return "a value stands behind a space, without '='";
    }
    if (s.data[0] == '"' || s.data[0] == '\'') {
        problem = read_quoted(r, s);
    } else {
        read_bare(r, s);
    }
    if (problem == NULL && !config_is_text(bytes_span(&r->value))) {
        problem = "a tab within a value";
    }
    return problem;
}

static enum config_step read_setting(struct config_reader *r, struct span line,
                                     struct config_setting *out)
{
    size_t len = 0;

    while (len < line.len && !is_blank(line.data[len])) {
        len++;
    }
    *out = (struct config_setting){.name = {line.data, len}};
    bytes_clear(&r->value);
    (void)bytes_reserve(&r->value, 1); /* so that an empty value has an address too */
    out->problem = memchr(line.data, '=', len) != NULL
                       ? "a value stands behind a space, without '='"
                       : read_value(r, span_skip(line, len));
    out->value = bytes_span(&r->value);
    return out->problem == NULL ? CONFIG_SETTING : CONFIG_WRONG;
}

enum config_step config_next(struct config_reader *r, struct config_setting *out)
{
    while (r->rest.len > 0) {
        struct span line = take_line(r);
        if (!is_text(line, true)) {
            *out = (struct config_setting){.problem = "a control character, or no UTF-8"};
            return CONFIG_WRONG;
        }
        line = skip_blanks(line);
        if (!is_end(line)) {
            return read_setting(r, line, out);
        }
    }
    return CONFIG_END;
}

/* ---- writing ---- */

static bool needs_quotes(struct span value)
{
    if (value.len == 0 || memchr("\"'=#", value.data[0], 4) != NULL || is_blank(value.data[0]) ||
        is_blank(value.data[value.len - 1])) {
        return true;
    }
    return memmem(value.data, value.len, " #", 2) != NULL;
}

void config_write_value(struct bytes *out, struct span value)
{
    if (!needs_quotes(value)) {
        bytes_add_span(out, value);
        return;
    }
    bytes_add_byte(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\') {
            bytes_add_byte(out, '\\');
        }
        bytes_add_byte(out, value.data[i]);
    }
    bytes_add_byte(out, '"');
}
