// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <strings.h>

#include "protocol/http_query.h"
#include "protocol/json.h"
#include "src/base/iso_time.h"
#include "src/socket/handshake.h"

/* ---- text ---- */

/* As Node.js takes what is on the wire: each byte is a character. */
static void write_latin1(struct bytes *out, struct span text)
{
    struct bytes utf8 = {0};

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < 0x80) {
            bytes_add_byte(&utf8, c);
        } else {
            bytes_add_byte(&utf8, (uint8_t)(0xc0 | c >> 6));
            bytes_add_byte(&utf8, (uint8_t)(0x80 | (c & 0x3f)));
        }
    }
    json_write_string(out, bytes_span(&utf8));
    bytes_finish(&utf8);
}

/* ---- fields ---- */

static bool same_name(const struct http_header *a, const struct http_header *b)
{
    return a->name.len == b->name.len &&
           strncasecmp((const char *)a->name.data, (const char *)b->name.data, a->name.len) == 0;
}

static bool is_one_of(struct span name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == name.len &&
            strncasecmp((const char *)name.data, names[i], name.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Of these the first is taken. */
static bool comes_once(struct span name)
{
    static const char *const names[] = {
        "age",
        "authorization",
        "content-length",
        "content-type",
        "etag",
        "expires",
        "from",
        "host",
        "if-modified-since",
        "if-unmodified-since",
        "last-modified",
        "location",
        "max-forwards",
        "proxy-authorization",
        "referer",
        "retry-after",
        "server",
        "user-agent",
    };
    return is_one_of(name, names, sizeof names / sizeof names[0]);
}

static void write_name(struct bytes *out, struct span name)
{
    uint8_t lower[256];
    size_t len = name.len < sizeof lower ? name.len : sizeof lower;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = name.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
    }
    json_write_key(out, span_of(lower, len));
}

/* The values of all fields of the name of field i, which is the first of them. */
static void write_values(struct bytes *out, const struct http_head *head, unsigned i)
{
    static const char *const cookie[] = {"cookie"};
    const char *separator = is_one_of(head->headers[i].name, cookie, 1) ? "; " : ", ";
    struct bytes joined = {0};

    bytes_add_span(&joined, head->headers[i].value);
    for (unsigned j = i + 1; j < head->header_count && !comes_once(head->headers[i].name); j++) {
        if (same_name(&head->headers[i], &head->headers[j])) {
            bytes_add_cstr(&joined, separator);
            bytes_add_span(&joined, head->headers[j].value);
        }
    }
    write_latin1(out, bytes_span(&joined));
    bytes_finish(&joined);
}

static bool came_before(const struct http_head *head, unsigned i)
{
    for (unsigned j = 0; j < i; j++) {
        if (same_name(&head->headers[j], &head->headers[i])) {
            return true;
        }
    }
    return false;
}

static void write_headers(struct bytes *out, const struct http_head *head)
{
    json_write_key(out, SPAN("headers"));
    bytes_add_byte(out, '{');
    for (unsigned i = 0; i < head->header_count; i++) {
        if (!came_before(head, i)) {
            write_name(out, head->headers[i].name);
            write_values(out, head, i);
        }
    }
    bytes_add_byte(out, '}');
}

void handshake_query_write(struct bytes *out, struct span query)
{
    struct bytes text = {0};
    struct span key, value;

    bytes_add_byte(out, '{');
    while (http_query_next(&query, &key, &value)) {
        bytes_clear(&text);
        http_query_decode(key, &text);
        json_write_key(out, bytes_span(&text));
        bytes_clear(&text);
        http_query_decode(value, &text);
        json_write_string(out, bytes_span(&text));
    }
    bytes_add_byte(out, '}');
    bytes_finish(&text);
}

static void write_query(struct bytes *out, struct span query)
{
    json_write_key(out, SPAN("query"));
    handshake_query_write(out, query);
}

/* ---- time ---- */

/* As new Date(wall_ms).toString() in UTC. */
static void write_time(struct bytes *out, int64_t wall_ms)
{
    static const char names_of_days[] = "ThuFriSatSunMonTueWed"; /* from the Epoch on */
    static const char names_of_months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { DAY_MS = 24 * 60 * 60 * 1000 };
    int64_t day = wall_ms < 0 ? 0 : wall_ms / DAY_MS;
    char iso[ISO_TIME_LEN + 1], text[96];

    iso_time_write(wall_ms, iso);
    unsigned month = (unsigned)(iso[5] - '0') * 10 + (unsigned)(iso[6] - '1');
    (void)snprintf(
        text, sizeof text, "%.3s %.3s %.2s %.4s %.8s GMT+0000 (Coordinated Universal Time)",
        names_of_days + day % 7 * 3, names_of_months + (size_t)month * 3, iso + 8, iso, iso + 11);
    json_member_string(out, SPAN("time"), span_cstr(text));
}

/* ---- all of it ---- */

void handshake_write_json(struct bytes *out, const struct rookery_request *request,
                          struct span auth)
{
    struct http_head head = {0};
    int64_t issued_ms = request == NULL ? 0 : request->wall_ms;

    if (request != NULL) {
        handshake_parse(request, &head);
    }
    bytes_add_byte(out, '{');
    write_headers(out, &head);
    write_time(out, issued_ms);
    json_member_string(out, SPAN("address"), span_cstr(request == NULL ? "" : request->address));
    json_member_bool(out, SPAN("xdomain"), http_head_get(&head, SPAN("Origin")).len != 0);
    json_member_bool(out, SPAN("secure"), request != NULL && request->secure);
    json_write_key(out, SPAN("issued"));
    json_write_i64(out, issued_ms);
    json_write_key(out, SPAN("url"));
    write_latin1(out, head.target);
    write_query(out, head.query);
    json_member_json(out, SPAN("auth"), auth.len == 0 ? SPAN("{}") : auth);
    bytes_add_byte(out, '}');
}
