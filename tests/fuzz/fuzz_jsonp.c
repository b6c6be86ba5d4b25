#include <assert.h>

#include "protocol/json.h"
#include "protocol/jsonp.h"
#include "protocol/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* As a client makes a form of a payload: see polling-jsonp of engine.io-client 3.5. */
static void write_form(struct bytes *out, struct span payload)
{
    static const char hex[] = "0123456789ABCDEF";

    bytes_add_cstr(out, "d=");
    for (size_t i = 0; i < payload.len; i++) {
        uint8_t c = payload.data[i];
        bool doubled = c == '\\' && i + 1 < payload.len && payload.data[i + 1] == 'n';
        bytes_add_cstr(out, c == '\n' ? "%5Cn" : doubled ? "%5C" : "");
        if (c != '\n') {
            bytes_add(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
        }
    }
}

/* A backslash before a newline comes out of a form as what stands for it in JSON: clients cannot
 * say that, nor do they have to. */
static bool can_be_said(struct span payload)
{
    for (size_t i = 0; i + 1 < payload.len; i++) {
        if (payload.data[i] == '\\' && payload.data[i + 1] == '\n') {
            return false;
        }
    }
    return true;
}

/* What is read from a form is text, and can be sent back as one. An answer is a string of JSON that
 * says the same, without what JavaScript would not take. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes text = {0}, form = {0}, again = {0}, answer = {0}, number = {0};
    struct json value;

    if (jsonp_read(span_of(data, len), &text) == 0) {
        struct span payload = bytes_span(&text);
        assert(utf8_valid(payload));
        write_form(&form, payload);
        assert(jsonp_read(bytes_span(&form), &again) == 0);
        assert(!can_be_said(payload) || span_eq(bytes_span(&again), payload));

        jsonp_number(&number, payload);
        jsonp_write(&answer, bytes_span(&number), payload);
        struct span string = span_skip(bytes_span(&answer), strlen("___eio[](") + number.len);
        string.len -= strlen(");");
        assert(json_parse(string, 1, &value) == 0 && json_string_eq(value, payload));
        for (size_t i = 0; i + 2 < string.len; i++) {
            assert(memcmp(string.data + i, "\xe2\x80\xa8", 3) != 0);
            assert(memcmp(string.data + i, "\xe2\x80\xa9", 3) != 0);
        }
    }
    bytes_finish(&text);
    bytes_finish(&form);
    bytes_finish(&again);
    bytes_finish(&answer);
    bytes_finish(&number);
    return 0;
}
