/* The functions of the API that help with JSON. */
// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "src/socket/text.h"

/* ---- slicing arguments ----
 * They may be anything that an application has put together, so nothing here relies on their being
 * JSON: a slice of something else is checked by whoever it is given to. */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span trim(struct span s)
{
    while (s.len != 0 && is_space(s.data[0])) {
        s = span_skip(s, 1);
    }
    while (s.len != 0 && is_space(s.data[s.len - 1])) {
        s.len--;
    }
    return s;
}

/* Past a string, i being after its opening quote. */
static size_t skip_string(struct span s, size_t i)
{
    while (i < s.len && s.data[i] != '"') {
        i += s.data[i] == '\\' ? 2 : 1;
    }
    return i + 1;
}

/* Bytes of the first argument, up to its comma. */
static size_t first_len(struct span s)
{
    size_t i = 0;
    int depth = 0;

    while (i < s.len && (depth > 0 || s.data[i] != ',')) {
        uint8_t c = s.data[i++];
        if (c == '"') {
            i = skip_string(s, i);
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return i < s.len ? i : s.len;
}

struct rookery_str rookery_arg(const struct rookery_args *args, unsigned index)
{
    struct span rest = span_of_str(args->json);

    for (unsigned i = 0; i < index; i++) {
        size_t len = first_len(rest);
        if (len == rest.len) {
            return (struct rookery_str){args->json.data, 0};
        }
        rest = span_skip(rest, len + 1);
    }
    return str_of_span(trim(span_of(rest.data, first_len(rest))));
}

/* ---- values ---- */

static bool parse(struct rookery_str json, enum json_type type, struct json *out)
{
    return json.len != 0 && json_parse(span_of_str(json), JSON_DEPTH_MAX, out) == 0 &&
           out->type == type;
}

static int put(struct span text, char *out, size_t size)
{
    if (text.len >= size || text.len > INT32_MAX) {
        return ROOKERY_ELIMIT;
    }
    if (text.len != 0) {
        memcpy(out, text.data, text.len);
    }
    out[text.len] = '\0';
    return (int)text.len;
}

int rookery_json_text(struct rookery_str json, char *out, size_t size)
{
    struct bytes decoded = {0};
    struct json value;
    struct span text;

    if (!parse(json, JSON_STRING, &value)) {
        return ROOKERY_EINVAL;
    }
    if (!json_string_plain(value, &text)) {
        json_string_decode(value, &decoded);
        text = bytes_span(&decoded);
    }
    int len = put(text, out, size);
    bytes_finish(&decoded);
    return len;
}

struct rookery_str rookery_json_member(struct rookery_str json, struct rookery_str key)
{
    struct json object, value;

    if (!parse(json, JSON_OBJECT, &object) || !json_object_find(object, span_of_str(key), &value)) {
        return (struct rookery_str){json.data, 0};
    }
    return str_of_span(value.text);
}

int rookery_json_quote(struct rookery_str text, char *out, size_t size)
{
    struct bytes quoted = {0};

    json_write_string(&quoted, span_of_str(text));
    int len = put(bytes_span(&quoted), out, size);
    bytes_finish(&quoted);
    return len;
}
