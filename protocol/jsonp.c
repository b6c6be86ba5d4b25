// SPDX-License-Identifier: MIT
#include "protocol/jsonp.h"

#include "protocol/http_query.h"
#include "protocol/json.h"

void jsonp_number(struct bytes *out, struct span j)
{
    for (size_t i = 0; i < j.len; i++) {
        if (j.data[i] >= '0' && j.data[i] <= '9') {
            bytes_add_byte(out, j.data[i]);
        }
    }
}

/* Bytes before the next U+2028 or U+2029; s.len if there is none. */
static size_t until_separator(struct span s)
{
    for (size_t i = 0; i + 2 < s.len; i++) {
        if (s.data[i] == 0xE2 && s.data[i + 1] == 0x80 && (s.data[i + 2] & 0xFE) == 0xA8) {
            return i;
        }
    }
    return s.len;
}

void jsonp_write(struct bytes *out, struct span number, struct span payload)
{
    struct bytes json = {0};

    bytes_add_cstr(out, "___eio[");
    bytes_add_span(out, number);
    bytes_add_cstr(out, "](");
    json_write_string(&json, payload);
    for (struct span rest = bytes_span(&json); rest.len != 0;) {
        size_t plain = until_separator(rest);
        bytes_add(out, rest.data, plain);
        rest = span_skip(rest, plain);
        if (rest.len != 0) {
            bytes_add_cstr(out, rest.data[2] == 0xA8 ? "\\u2028" : "\\u2029");
            rest = span_skip(rest, 3);
        }
    }
    bytes_add_cstr(out, ");");
    bytes_finish(&json);
}

static size_t count_backslashes(struct span s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] == '\\') {
        n++;
    }
    return n;
}

/* One backslash before an n is a newline; of more, one is too much. */
static void undouble(struct bytes *out, struct span text)
{
    while (text.len != 0) {
        size_t backslashes = count_backslashes(text);
        bool before_n = backslashes < text.len && text.data[backslashes] == 'n';
        size_t taken = backslashes == 0 ? 1 : backslashes;
        if (backslashes == 1 && before_n) {
            bytes_add_byte(out, '\n');
            taken = 2;
        } else {
            bytes_add(out, text.data, taken - (before_n && backslashes > 1 ? 1 : 0));
        }
        text = span_skip(text, taken);
    }
}

int jsonp_read(struct span form, struct bytes *out)
{
    struct span rest = form, key, value;
    struct bytes text = {0};

    while (http_query_next(&rest, &key, &value)) {
        if (http_query_eq(key, SPAN("d"))) {
            http_query_decode(value, &text);
            undouble(out, bytes_span(&text));
            bytes_finish(&text);
            return 0;
        }
    }
    return -1;
}
