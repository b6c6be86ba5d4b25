// SPDX-License-Identifier: MIT
#include "src/store/store_words.h"

#include <utf8proc.h>

#include "protocol/json.h"
#include "protocol/utf8.h"
#include "src/store/store.h"

void store_words_text(struct bytes *out, struct span content)
{
    struct json value, token;
    struct json_walk walk;
    enum json_step step;

    if (json_parse(content, JSON_DEPTH_MAX, &value) != 0) {
        return;
    }
    json_walk_begin(&walk, value);
    while ((step = json_walk_next(&walk, &token)) != JSON_STEP_END) {
        if (step == JSON_STEP_SCALAR && token.type == JSON_STRING) {
            json_string_decode(token, out);
            bytes_add_byte(out, ' ');
        }
    }
}

struct span store_words_bounded(struct span query)
{
    if (query.len > STORE_QUERY_BYTES_MAX) {
        query.len = STORE_QUERY_BYTES_MAX;
        while (query.len > 0 && (query.data[query.len] & 0xc0) == 0x80) {
            query.len--;
        }
    }
    return query;
}

static bool is_space(uint8_t c)
{
    return c <= ' ' || c == 0x7f;
}

struct span store_words_next(struct span *query)
{
    size_t start = 0, end;

    while (start < query->len && is_space(query->data[start])) {
        start++;
    }
    for (end = start; end < query->len && !is_space(query->data[end]); end++) {
    }
    struct span word = span_of(query->data + start, end - start);
    *query = span_skip(*query, end);
    return word;
}

/* ---- folding ---- */

/* A word being gathered at the end of `out`, from `start` on. */
struct folding {
    struct bytes *out;
    size_t start;
    unsigned count;
};

static void end_word(struct folding *f)
{
    if (f->out->len > f->start) {
        bytes_add_byte(f->out, ' ');
        f->count++;
    }
    f->start = f->out->len;
}

static bool is_mark(utf8proc_category_t category)
{
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

static bool is_of_word(utf8proc_category_t category)
{
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) ||
           category == UTF8PROC_CATEGORY_CO;
}

/* One character after its decomposition. */
static void add_part(struct folding *f, utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);

    if (is_of_word(category)) {
        uint8_t text[UTF8_CHAR_BYTES_MAX];
        size_t len = utf8_encode((uint32_t)c, text);
        if (f->out->len - f->start + len <= STORE_WORD_BYTES_MAX) {
            bytes_add(f->out, text, len);
        }
    } else if (!is_mark(category)) {
        end_word(f);
    }
}

static void add_char(struct folding *f, uint32_t c)
{
    enum { PARTS_MAX = 32 }; /* Unicode's longest has 18 */
    utf8proc_int32_t parts[PARTS_MAX];
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)c, parts, PARTS_MAX,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &boundary);

    for (utf8proc_ssize_t i = 0; i < count && i < PARTS_MAX; i++) {
        add_part(f, parts[i]);
    }
}

static void add_ascii(struct folding *f, uint8_t c)
{
    bool upper = c >= 'A' && c <= 'Z';

    if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
        end_word(f);
    } else if (f->out->len - f->start < STORE_WORD_BYTES_MAX) {
        bytes_add_byte(f->out, upper ? (uint8_t)(c | 0x20) : c);
    }
}

unsigned store_words_fold(struct bytes *out, struct span text)
{
    struct folding f = {.out = out, .start = out->len};

    while (text.len > 0) {
        if (text.data[0] < 0x80) {
            add_ascii(&f, text.data[0]);
            text = span_skip(text, 1);
        } else {
            add_char(&f, utf8_take(&text));
        }
    }
    end_word(&f);
    return f.count;
}
