// SPDX-License-Identifier: MIT
#include "protocol/eio_packet.h"
#include "tests/support/tap.h"

static void decodes_a_message_and_borrows_its_payload(void)
{
    struct span in = SPAN("42[\"hi\"]");
    struct eio_packet p;

    check(eio_packet_decode(in, &p) == 0);
    check(p.type == EIO_MESSAGE && !p.base64);
    check(p.payload.data == in.data + 1);
    check(span_eq(p.payload, SPAN("2[\"hi\"]")));
}

static void decodes_every_type_and_gives_its_digit_back(void)
{
    static const char digits[] = "0123456";

    for (unsigned i = 0; i < 7; i++) {
        struct eio_packet p;
        check(eio_packet_decode(span_of(digits + i, 1), &p) == 0);
        check((unsigned)p.type == i && p.payload.len == 0);
        check(eio_type_digit(p.type) == digits[i]);
    }
}

static void tells_a_binary_message_in_base64_from_text(void)
{
    struct eio_packet p;

    check(eio_packet_decode(SPAN("bAQID"), &p) == 0);
    check(p.type == EIO_MESSAGE && p.base64);
    check(span_eq(p.payload, SPAN("AQID")));
    check(eio_packet_decode(SPAN("b"), &p) == 0);
    check(p.base64 && p.payload.len == 0);
}

static void refuses_an_empty_packet_and_an_unknown_type(void)
{
    struct eio_packet p = {.type = EIO_NOOP};

    check(eio_packet_decode(SPAN(""), &p) == EIO_EEMPTY);
    check(eio_packet_decode(span_of(NULL, 0), &p) == EIO_EEMPTY);
    check(eio_packet_decode(SPAN("7"), &p) == EIO_ETYPE);
    check(eio_packet_decode(SPAN("/"), &p) == EIO_ETYPE);
    check(eio_packet_decode(SPAN(" 4"), &p) == EIO_ETYPE);
    check(eio_packet_decode(SPAN("\x04"), &p) == EIO_ETYPE);
    check(p.type == EIO_NOOP);
}

static void opens_a_session_that_may_upgrade(void)
{
    struct bytes b = {0};

    eio_open_encode(&b, &(struct eio_open){.sid = SPAN("lv_VI97HAXpY6yYWAAAB"),
                                           .upgrades = true,
                                           .ping_interval_ms = 25000,
                                           .ping_timeout_ms = 20000,
                                           .payload_bytes_max = 1000000});
    check(span_eq(bytes_span(&b),
                  SPAN("0{\"sid\":\"lv_VI97HAXpY6yYWAAAB\",\"upgrades\":[\"websocket\"],"
                       "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}")));
    bytes_finish(&b);
}

static void opens_a_session_that_is_on_websocket_already(void)
{
    struct bytes b = {0};

    eio_open_encode(&b, &(struct eio_open){.sid = SPAN("x"),
                                           .ping_interval_ms = 300,
                                           .ping_timeout_ms = 200,
                                           .payload_bytes_max = UINT64_C(5000000000)});
    check(span_eq(bytes_span(&b), SPAN("0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":300,"
                                       "\"pingTimeout\":200,\"maxPayload\":5000000000}")));
    bytes_finish(&b);
}

int main(void)
{
    RUN(decodes_a_message_and_borrows_its_payload);
    RUN(decodes_every_type_and_gives_its_digit_back);
    RUN(tells_a_binary_message_in_base64_from_text);
    RUN(refuses_an_empty_packet_and_an_unknown_type);
    RUN(opens_a_session_that_may_upgrade);
    RUN(opens_a_session_that_is_on_websocket_already);
    return tap_done();
}
