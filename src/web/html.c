// SPDX-License-Identifier: MIT
#include "src/web/html.h"

static const char *escape_of(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_add_text(struct bytes *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = escape_of(text.data[i]);
        if (escape != NULL) {
            bytes_add_cstr(out, escape);
        } else {
            bytes_add_byte(out, text.data[i]);
        }
    }
}

static bool stays(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-_.!~*()", c) != NULL);
}

void html_add_component(struct bytes *out, struct span text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (stays(c)) {
            bytes_add_byte(out, c);
        } else {
            bytes_add_byte(out, '%');
            bytes_add_byte(out, (uint8_t)digits[c >> 4]);
            bytes_add_byte(out, (uint8_t)digits[c & 15]);
        }
    }
}
