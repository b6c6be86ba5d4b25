// SPDX-License-Identifier: MIT
#include "protocol/http_response.h"

#include <assert.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "";
}

static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

void http_response_begin(int status, uint64_t body_bytes, bool keep_alive, unsigned minor,
                         struct bytes *out)
{
    assert(status >= 100 && status <= 999);
    assert(has_body(status) || body_bytes == 0);

    bytes_add_cstr(out, "HTTP/1.1 ");
    bytes_add_u64(out, (uint64_t)status);
    bytes_add_byte(out, ' ');
    bytes_add_cstr(out, http_reason(status));
    bytes_add_cstr(out, "\r\n");
    if (has_body(status)) {
        bytes_add_cstr(out, "Content-Length: ");
        bytes_add_u64(out, body_bytes);
        bytes_add_cstr(out, "\r\n");
    }
    if (!keep_alive) {
        bytes_add_cstr(out, "Connection: close\r\n");
    } else if (minor == 0) {
        bytes_add_cstr(out, "Connection: keep-alive\r\n");
    }
}

/* Nothing in s can end the line, nor does it hold any other control. */
static bool stays_in_line(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.data[i] < ' ' && s.data[i] != '\t') || s.data[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

void http_response_field(struct span name, struct span value, struct bytes *out)
{
    assert(name.len > 0 && stays_in_line(name));
    assert(stays_in_line(value));

    bytes_add_span(out, name);
    bytes_add_cstr(out, ": ");
    bytes_add_span(out, value);
    bytes_add_cstr(out, "\r\n");
}

void http_response_end(struct bytes *out)
{
    bytes_add_cstr(out, "\r\n");
}
