// SPDX-License-Identifier: MIT
#include "src/net/poll_payload.h"

#include <limits.h>

#include "tests/support/tap.h"

#define BINARY_TYPE "application/octet-stream"
#define TEXT_TYPE   "text/plain; charset=UTF-8"

/* A text packet and a binary one, as they are queued. */
#define FRAMES       \
    SPAN("\x81\x03"  \
         "4\xc3\xa9" \
         "\x82\x02\1\2")

static void writes(const char *query, bool eio3, const char *type, struct span want)
{
    struct poll_writer w;
    struct poll_form form;

    poll_form_init(&form, span_cstr(query), eio3);
    poll_writer_open(&w, &form);
    check(poll_writer_add_frames(&w, FRAMES, UINT_MAX) == FRAMES.len);
    poll_writer_add_text(&w, SPAN("6"));
    check(strcmp(poll_writer_close(&w), type) == 0);
    check_mem(w.body.data, w.body.len, want.data, want.len);
    bytes_finish(&w.body);
    poll_form_finish(&form);
}

static void writes_what_the_handshake_has_settled(void)
{
    writes("EIO=4", false, TEXT_TYPE,
           SPAN("4\xc3\xa9\x1e"
                "bAQI=\x1e"
                "6"));
    writes("EIO=4&b64=1", false, TEXT_TYPE,
           SPAN("4\xc3\xa9\x1e"
                "bAQI=\x1e"
                "6"));
    writes("EIO=3", true, BINARY_TYPE,
           SPAN("\0\3\xff"
                "4\xc3\xa9\1\3\xff\4\1\2\0\1\xff"
                "6"));
    writes("EIO=3&b64=1", true, TEXT_TYPE,
           SPAN("2:4\xc3\xa9"
                "6:b4AQI=1:6"));
    writes("EIO=3&j=5", true, TEXT_TYPE,
           SPAN("___eio[5](\"2:4\xc3\xa9"
                "6:b4AQI=1:6\");"));
    writes("EIO=4&j", false, TEXT_TYPE, SPAN("___eio[](\"4\xc3\xa9\\u001ebAQI=\\u001e6\");"));
    writes("j=%31%5D%32", false, TEXT_TYPE, SPAN("___eio[12](\"4\xc3\xa9\\u001ebAQI=\\u001e6\");"));
}

/* Writes down the packets of a body; 'x' at the end if it is broken. */
static const char *reads(const char *query, bool eio3, struct span body, const char *type)
{
    static char text[256];
    struct poll_reader r;
    struct poll_form form;
    struct eio3_packet p;
    int rc = -1;

    text[0] = '\0';
    poll_form_init(&form, span_cstr(query), eio3);
    if (poll_reader_open(&r, &form, body, span_cstr(type)) == 0) {
        while ((rc = poll_reader_next(&r, &p)) > 0) {
            size_t at = strlen(text);
            (void)snprintf(text + at, sizeof text - at, "%s%d%.*s|",
                           p.is_binary       ? "bytes "
                           : p.packet.base64 ? "base64 "
                                             : "",
                           (int)p.packet.type, (int)p.packet.payload.len,
                           (const char *)p.packet.payload.data);
        }
    }
    poll_reader_close(&r);
    poll_form_finish(&form);
    if (rc < 0) {
        size_t at = strlen(text);
        (void)snprintf(text + at, sizeof text - at, "x");
    }
    return text;
}

static void reads_what_the_handshake_has_settled(void)
{
    check(strcmp(reads("", false,
                       SPAN("4a\x1e"
                            "bAQI="),
                       ""),
                 "4a|base64 4AQI=|") == 0);
    check(strcmp(reads("", false, SPAN("4\xff"), ""), "x") == 0);
    check(strcmp(reads("", true, SPAN("2:4a6:b4AQI=1:9"), ""), "4a|base64 4AQI=|x") == 0);
    check(strcmp(reads("", true,
                       SPAN("\0\2\xff"
                            "4a\1\2\xff\4y"),
                       BINARY_TYPE),
                 "4a|bytes 4y|") == 0);
    check(strcmp(reads("j=1", true, SPAN("d=2%3A4a"), ""), "4a|") == 0);
    check(strcmp(reads("j=1", false, SPAN("d=4a%1E2"), ""), "4a|2|") == 0);
    check(strcmp(reads("j=1", false, SPAN("e=4a"), ""), "x") == 0);
}

static bool takes(const char *query, bool eio3, const char *type)
{
    struct poll_form form;

    poll_form_init(&form, span_cstr(query), eio3);
    bool does = poll_form_takes(&form, span_cstr(type));
    poll_form_finish(&form);
    return does;
}

static void takes_binary_bodies_from_revision_3_alone(void)
{
    check(takes("", true, BINARY_TYPE));
    check(!takes("j=0", true, BINARY_TYPE));
    check(!takes("", false, BINARY_TYPE));
    check(takes("", false, "text/plain;charset=UTF-8") && takes("", false, ""));
}

int main(void)
{
    RUN(writes_what_the_handshake_has_settled);
    RUN(reads_what_the_handshake_has_settled);
    RUN(takes_binary_bodies_from_revision_3_alone);
    return tap_done();
}
