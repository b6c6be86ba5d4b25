// SPDX-License-Identifier: MIT
#include "protocol/ws_close.h"
#include "tests/support/tap.h"

static void reads_a_code_and_a_reason(void)
{
    struct ws_close c;

    check(ws_close_decode(SPAN("\x03\xe8 bye"), &c) == 0);
    check(c.code == 1000 && span_eq(c.reason, SPAN(" bye")));
    check(ws_close_decode(SPAN("\x0f\xa0"), &c) == 0);
    check(c.code == 4000 && c.reason.len == 0);
}

static void takes_an_empty_payload_for_no_code(void)
{
    struct ws_close c;

    check(ws_close_decode(SPAN(""), &c) == 0 && c.code == WS_CODE_NONE && c.reason.len == 0);
}

static void refuses_half_a_code(void)
{
    struct ws_close c;

    check(ws_close_decode(SPAN("\x03"), &c) == WS_ECLOSE);
}

static void refuses_codes_that_must_not_be_sent(void)
{
    static const unsigned bad[] = {0,    999,  1004, 1005, 1006, 1015,
                                   1016, 1100, 2000, 2999, 5000, 65535};
    static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009,
                                    1010, 1011, 1012, 1013, 1014, 3000, 4999};
    struct ws_close c;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t payload[] = {(uint8_t)(bad[i] >> 8), (uint8_t)bad[i]};
        check(!ws_close_code_valid(bad[i]));
        check(ws_close_decode(span_of(payload, 2), &c) == WS_ECLOSE);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        check(ws_close_code_valid(good[i]));
    }
}

static void refuses_a_reason_that_is_not_utf8(void)
{
    struct ws_close c;

    check(ws_close_decode(SPAN("\x03\xe8\xff"), &c) == WS_EUTF8);
    check(ws_close_decode(SPAN("\x03\xe8\xe2\x82"), &c) == WS_EUTF8);
}

static void writes_what_it_reads(void)
{
    uint8_t out[WS_CONTROL_MAX], reason[WS_CLOSE_REASON_MAX];
    struct ws_close c;

    check(ws_close_encode(out, WS_CODE_NONE, SPAN("")) == 0);
    check_mem(out, ws_close_encode(out, 1000, SPAN("bye")),
              "\x03\xe8"
              "bye",
              5);
    memset(reason, 'x', sizeof reason);
    size_t n = ws_close_encode(out, 4999, span_of(reason, sizeof reason));
    check(n == WS_CONTROL_MAX && ws_close_decode(span_of(out, n), &c) == 0);
    check(c.code == 4999 && span_eq(c.reason, span_of(reason, sizeof reason)));
}

static void answers_errors_with_the_code_for_them(void)
{
    check(ws_error_close_code(WS_EOPCODE) == 1002);
    check(ws_error_close_code(WS_ECLOSE) == 1002);
    check(ws_error_close_code(WS_EUTF8) == 1007);
    check(ws_error_close_code(WS_ETOOBIG) == 1009);
    check(ws_error_close_code(WS_EDEFLATE) == 1007);
}

int main(void)
{
    RUN(reads_a_code_and_a_reason);
    RUN(takes_an_empty_payload_for_no_code);
    RUN(refuses_half_a_code);
    RUN(refuses_codes_that_must_not_be_sent);
    RUN(refuses_a_reason_that_is_not_utf8);
    RUN(writes_what_it_reads);
    RUN(answers_errors_with_the_code_for_them);
    return tap_done();
}
