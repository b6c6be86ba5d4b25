// SPDX-License-Identifier: MIT
#include "protocol/ws_extensions.h"
#include "tests/support/tap.h"

static struct ws_deflate_terms terms;

static struct http_head head_with(const char *first, const char *second)
{
    struct http_head head = {.header_count = second == NULL ? 1 : 3};

    head.headers[0] = (struct http_header){SPAN("sec-websocket-extensions"), span_cstr(first)};
    if (second != NULL) {
        head.headers[1] = (struct http_header){SPAN("Host"), SPAN("a")};
        head.headers[2] = (struct http_header){SPAN("Sec-WebSocket-Extensions"), span_cstr(second)};
    }
    return head;
}

static int choose(const char *value)
{
    struct http_head head = head_with(value, NULL);
    return ws_extensions_choose(&head, &terms);
}

static bool agrees(const char *offer, unsigned bits, bool asked)
{
    return choose(offer) == 0 && terms.window_bits == bits && terms.bits_asked == asked;
}

static bool passes_over(const char *offer)
{
    return agrees(offer, 0, false);
}

static bool is_malformed(const char *value)
{
    return choose(value) == WS_EXTENSIONS_EMALFORMED;
}

static bool answers(const char *offer, const char *want)
{
    struct bytes out = {0};
    bool same = choose(offer) == 0;

    ws_extensions_answer(&terms, &out);
    same = same && span_eq(bytes_span(&out), span_cstr(want));
    bytes_finish(&out);
    return same;
}

static void agrees_on_what_browsers_and_libraries_offer(void)
{
    check(agrees("permessage-deflate; client_max_window_bits", 15, false)); /* Chrome, ws */
    check(agrees("permessage-deflate", 15, false));                         /* Firefox */
    check(agrees("permessage-deflate; server_no_context_takeover; client_no_context_takeover", 15,
                 false)); /* gorilla */
    check(agrees("permessage-deflate; client_max_window_bits=10", 15, false));
    check(agrees("x-webkit-deflate-frame, permessage-deflate", 15, false));
}

static void compresses_with_the_window_that_a_client_asks_for(void)
{
    check(agrees("permessage-deflate; server_max_window_bits=9", 9, true));
    check(agrees("permessage-deflate;server_max_window_bits = 15", 15, true));
    check(agrees("permessage-deflate; server_max_window_bits=\"10\"", 10, true));
    check(agrees("permessage-deflate; server_max_window_bits=\"1\\2\"", 12, true));
}

static void passes_over_offers_that_it_cannot_meet(void)
{
    static const char *const offers[] = {
        "permessage-deflate; server_max_window_bits=8", /* zlib begins at 9 */
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=100",
        "permessage-deflate; server_max_window_bits=1x",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; unheard_of",
        "permessage-bzip2",
    };
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        check(passes_over(offers[i]));
    }
}

static void takes_the_first_offer_that_it_can_meet(void)
{
    check(agrees("permessage-deflate; server_max_window_bits=8, permessage-deflate", 15, false));
    check(agrees("permessage-deflate; server_max_window_bits=9 , permessage-deflate", 9, true));
    check(agrees("foo; a=b; c, permessage-deflate; server_max_window_bits=11", 11, true));
}

static void reads_several_fields_as_one_list(void)
{
    struct http_head head = head_with("foo", "permessage-deflate; server_max_window_bits=9");

    check(ws_extensions_choose(&head, &terms) == 0 && terms.window_bits == 9);
    head = head_with("permessage-deflate", "permessage-deflate; server_max_window_bits=9");
    check(ws_extensions_choose(&head, &terms) == 0 && terms.window_bits == 15);
    head = head_with("permessage-deflate", ";");
    check(ws_extensions_choose(&head, &terms) == WS_EXTENSIONS_EMALFORMED);
}

static void agrees_on_nothing_without_the_field(void)
{
    struct http_head head = {.header_count = 0};
    check(ws_extensions_choose(&head, &terms) == 0 && terms.window_bits == 0);
}

static void refuses_what_is_no_list_of_extensions(void)
{
    static const char *const malformed[] = {
        "",
        ";",
        ",permessage-deflate",
        "permessage-deflate,",
        "permessage-deflate;",
        "permessage-deflate; ;",
        "permessage-deflate; a=",
        "permessage-deflate; a=b c",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate; a=\"",
        "permessage-deflate; a=\"\"",
        "permessage-deflate; a=\"b",
        "permessage-deflate; a=\"b c\"",
        "permessage-deflate; a=\"b\\",
        "permessage-deflate; =b",
        "(permessage-deflate)",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        check(is_malformed(malformed[i]));
    }
}

static void answers_that_no_context_is_taken_over(void)
{
    check(answers("permessage-deflate; client_max_window_bits",
                  "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                  "client_no_context_takeover\r\n"));
    check(answers("permessage-deflate; server_max_window_bits=10",
                  "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                  "client_no_context_takeover; server_max_window_bits=10\r\n"));
    check(answers("foo", ""));
}

static void a_client_of_ours_gets_what_it_offers(void)
{
    struct http_head head = head_with("permessage-deflate; server_no_context_takeover", NULL);
    struct span offer = ws_extensions_offer();
    const char *colon = memchr(offer.data, ':', offer.len);
    char value[128] = "";

    check(ws_extensions_agreed(&head));
    head = head_with("permessage-deflate", NULL); /* refers to messages before */
    check(!ws_extensions_agreed(&head));
    head = head_with("", NULL);
    check(!ws_extensions_agreed(&head));
    head.header_count = 0;
    check(!ws_extensions_agreed(&head));
    memcpy(value, colon + 2, offer.len - (size_t)(colon + 4 - (const char *)offer.data));
    check(agrees(value, 15, false));
}

int main(void)
{
    RUN(agrees_on_what_browsers_and_libraries_offer);
    RUN(compresses_with_the_window_that_a_client_asks_for);
    RUN(passes_over_offers_that_it_cannot_meet);
    RUN(takes_the_first_offer_that_it_can_meet);
    RUN(reads_several_fields_as_one_list);
    RUN(agrees_on_nothing_without_the_field);
    RUN(refuses_what_is_no_list_of_extensions);
    RUN(answers_that_no_context_is_taken_over);
    RUN(a_client_of_ours_gets_what_it_offers);
    return tap_done();
}
