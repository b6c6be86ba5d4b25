// SPDX-License-Identifier: MIT
#include "protocol/adapter_classic.h"

#include <stdlib.h>

#include "tests/support/tap.h"
#include "tests/unit/protocol/adapter_classic_fixture.h"

/* What Node's servers and redis-emitter have been seen to send. */
#define BROADCAST_HEX                                                                    \
    "93a64d6d6d64664883a47479706502a46461746192a76d65737361676582a474657874a2c3a9a16e01" \
    "a36e7370a12f83a5726f6f6d7391a27231a665786365707490a5666c61677380"
#define EMITTER_HEX                                                            \
    "93a7656d697474657283a47479706502a46461746192a16501a36e7370a12f83a5726f6f" \
    "6d7391a27231a5666c61677380a665786365707490"
#define ASKING_HEX                                                                           \
    "85a3756964a672595632586ca9726571756573744964a632536862596fa47479706507a67061636b657483" \
    "a47479706502a46461746192a361736b81a17101a36e7370a12fa46f70747383a5726f6f6d7391a27231"   \
    "a665786365707490a5666c61677381a774696d656f7574cd03e8"
#define ACK_HEX "83a47479706509a9726571756573744964a632536862596fa67061636b657481a17681a17101"
#define FETCH                                                  \
    "{\"uid\":\"rYV2Xl\",\"requestId\":\"4N5BkJ\",\"type\":5," \
    "\"opts\":{\"rooms\":[\"r1\"],\"except\":[]}}"
#define JOIN                                                                      \
    "{\"uid\":\"rYV2Xl\",\"type\":2,\"opts\":{\"rooms\":[\"r1\"],\"except\":[]}," \
    "\"rooms\":[\"r2\",\"r3\"]}"
#define LEAVE                                                                          \
    "{\"uid\":\"rYV2Xl\",\"type\":3,\"opts\":{\"rooms\":[\"r1\"],\"except\":[\"z\"]}," \
    "\"rooms\":[\"r3\"]}"
#define DISCONNECT                    \
    "{\"uid\":\"rYV2Xl\",\"type\":4," \
    "\"opts\":{\"rooms\":[\"nobody\"],\"except\":[]},\"close\":true}"
#define SOCKETS                                                                \
    "{\"requestId\":\"4N5BkJ\",\"sockets\":[{\"id\":\"8Lb8Q7CDyEQk7pbDAAAB\"," \
    "\"handshake\":{\"headers\":{},\"auth\":{\"token\":\"T\"}},"               \
    "\"rooms\":[\"8Lb8Q7CDyEQk7pbDAAAB\",\"r1\"],\"data\":{\"userId\":\"uB\"}}]}"

static void from_hex(struct bytes *out, const char *hex)
{
    for (; *hex != '\0'; hex += 2) {
        const char byte[] = {hex[0], hex[1], '\0'};
        bytes_add_byte(out, (uint8_t)strtoul(byte, NULL, 16));
    }
}

static int decode_hex(struct fixture *f, enum classic_channel which, const char *hex)
{
    struct bytes payload = {0};

    from_hex(&payload, hex);
    int rc = decode(f, which, bytes_span(&payload));
    bytes_finish(&payload);
    return rc;
}

/* Encodes what was decoded: the same bytes. */
static bool comes_back(struct fixture *f)
{
    bytes_clear(&f->again);
    classic_encode(&f->again, &f->m);
    bool same = span_eq(bytes_span(&f->again), bytes_span(&f->payload));
    if (!same) {
        printf("# %.*s\n", (int)f->again.len, (const char *)f->again.data);
    }
    return same;
}

static bool names_are(struct adapter_names names, const char *joined)
{
    struct bytes text = {0};

    for (size_t i = 0; i < names.count; i++) {
        bytes_add_cstr(&text, i == 0 ? "" : " ");
        bytes_add_span(&text, names.items[i]);
    }
    bool same = span_eq(bytes_span(&text), span_cstr(joined));
    bytes_finish(&text);
    return same;
}

static bool is(struct span got, const char *want)
{
    return span_eq(got, span_cstr(want));
}

static bool channel_is(enum classic_channel which, const char *name, const char *want)
{
    struct bytes out = {0};

    classic_channel_write(&out, which, SPAN("socket.io"), SPAN("/chat"), span_cstr(name));
    bool same = span_eq(bytes_span(&out), span_cstr(want));
    bytes_finish(&out);
    return same;
}

static void names_channels_as_node_does(void)
{
    check(channel_is(CLASSIC_BROADCAST, "", "socket.io#/chat#"));
    check(channel_is(CLASSIC_BROADCAST, "r1", "socket.io#/chat#r1#"));
    check(channel_is(CLASSIC_REQUEST, "", "socket.io-request#/chat#"));
    check(channel_is(CLASSIC_RESPONSE, "", "socket.io-response#/chat#"));
    check(channel_is(CLASSIC_RESPONSE, "rYV2Xl", "socket.io-response#/chat#rYV2Xl#"));
}

static void exactly_one_room_has_its_channel(void)
{
    const struct span rooms[] = {SPAN("r1"), SPAN("r2")};
    struct adapter_message m = {.rooms = {rooms, 1}};

    check(is(classic_room_of(&m), "r1"));
    m.rooms.count = 2;
    check(is(classic_room_of(&m), ""));
    m.rooms.count = 0;
    check(is(classic_room_of(&m), ""));
}

static void reads_and_writes_a_broadcast_of_node(void)
{
    struct fixture f = {0};

    check(decode_hex(&f, CLASSIC_BROADCAST, BROADCAST_HEX) == 0);
    check(f.m.kind == ADAPTER_BROADCAST && is(f.m.uid, "MmmdfH") && is(f.m.nsp, "/"));
    check(is(f.m.event, "message") && is(f.m.args.json, "{\"text\":\"\xc3\xa9\",\"n\":1}"));
    check(names_are(f.m.rooms, "r1") && f.m.except.count == 0 && f.m.request_id.len == 0);
    check(!f.m.is_volatile && !f.m.no_compress && f.m.timeout_ms == 0);
    check(f.m.seq == 0 && f.m.note.len == 0 && f.m.args.bin_count == 0);
    check(comes_back(&f));
    check(is(classic_peek_uid(bytes_span(&f.payload)), "MmmdfH"));
    check(is(classic_peek_uid(SPAN("\x93\xa6Mmm")), ""));
    check(is(classic_peek_uid(SPAN("\x90\xa1x")), ""));
    check(is(classic_peek_uid(SPAN("\x93\x05")), ""));
    check(is(classic_peek_uid(SPAN("")), ""));
    finish(&f);
}

static void reads_a_broadcast_of_redis_emitter(void)
{
    struct fixture f = {0};

    check(decode_hex(&f, CLASSIC_BROADCAST, EMITTER_HEX) == 0);
    check(f.m.kind == ADAPTER_BROADCAST && is(f.m.uid, "emitter") && is(f.m.event, "e"));
    check(is(f.m.args.json, "1") && names_are(f.m.rooms, "r1") && f.m.except.count == 0);
    finish(&f);
}

static void reads_and_writes_flags_and_exceptions(void)
{
    static const char tail[] = "\x83\xa5rooms\x91\xa2r1\xa6"
                               "except\x91\xa3sid\xa5"
                               "flags\x82\xa8volatile\xc3\xa8"
                               "compress\xc2";
    const struct span rooms[] = {SPAN("r1")}, except[] = {SPAN("sid")};
    struct adapter_message m = {
        .uid = SPAN("abcdef"),
        .nsp = SPAN("/"),
        .event = SPAN("e"),
        .rooms = {rooms, 1},
        .except = {except, 1},
        .is_volatile = true,
        .no_compress = true,
    };
    struct fixture f = {0};

    classic_encode(&f.again, &m);
    check(f.again.len > sizeof tail &&
          memcmp(f.again.data + f.again.len - (sizeof tail - 1), tail, sizeof tail - 1) == 0);
    check(decode(&f, CLASSIC_BROADCAST, bytes_span(&f.again)) == 0);
    check(f.m.is_volatile && f.m.no_compress && names_are(f.m.except, "sid") && comes_back(&f));
    finish(&f);
}

static void numbers_and_notes_travel_in_flags_of_our_own(void)
{
    struct adapter_message m = {.uid = SPAN("abcdef"),
                                .nsp = SPAN("/"),
                                .event = SPAN("e"),
                                .seq = 300,
                                .note = SPAN("x\"")};
    struct fixture f = {0};

    classic_encode(&f.again, &m);
    check(memmem(f.again.data, f.again.len, "\xa7rookery\x92\xcd\x01\x2c\xa2x\"", 14) != NULL);
    check(decode(&f, CLASSIC_BROADCAST, bytes_span(&f.again)) == 0);
    check(f.m.seq == 300 && is(f.m.note, "x\"") && comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE, bytes_span(&f.again)) == 0);
    check(f.m.kind == ADAPTER_BROADCAST && f.m.seq == 300 && is(f.m.uid, "abcdef"));
    finish(&f);
}

static void binaries_stand_in_the_middle_of_a_broadcast(void)
{
    struct fixture f = {0};

    check(decode_hex(&f, CLASSIC_BROADCAST,
                     "93a16183a47479706502a46461746192a166c403010203a36e7370a12f83a5726f6f6d7390"
                     "a665786365707490a5666c61677380") == 0);
    check(is(f.m.args.json, "{\"_placeholder\":true,\"num\":0}") && f.m.args.bin_count == 1);
    check(span_eq(f.m.args.bins[0], SPAN("\x01\x02\x03")));
    check(comes_back(&f));
    finish(&f);
}

static void rooms_and_events_that_are_numbers_are_their_digits(void)
{
    struct fixture f = {0};

    check(decode_hex(&f, CLASSIC_BROADCAST,
                     "93a16183a47479706502a46461746192cd01c801a36e7370a12f83a5726f6f6d73922aa172"
                     "a66578636570749105a5666c61677380") == 0);
    check(is(f.m.event, "456") && names_are(f.m.rooms, "42 r") && names_are(f.m.except, "5"));
    finish(&f);
}

static void a_broadcast_for_another_namespace_is_ignored(void)
{
    struct fixture f = {0};

    check(decode_hex(&f, CLASSIC_BROADCAST, BROADCAST_HEX) == 0);
    check(classic_decode(&f.decoder, CLASSIC_BROADCAST, SPAN("/chat"), bytes_span(&f.payload),
                         &f.m) == 0);
    check(f.m.kind == ADAPTER_IGNORED && is(f.m.uid, "MmmdfH"));
    check(decode(&f, CLASSIC_BROADCAST,
                 SPAN("\x93\xa1"
                      "a\x82\xa4type\x02\xa4"
                      "data\x91\xa1x\x80")) == 0);
    check(f.m.kind == ADAPTER_BROADCAST && is(f.m.event, "x") && f.m.args.json.len == 0);
    finish(&f);
}

static void reads_and_writes_a_broadcast_that_wants_answers(void)
{
    struct fixture f = {0};

    check(decode_hex(&f, CLASSIC_REQUEST, ASKING_HEX) == 0);
    check(f.m.kind == ADAPTER_BROADCAST && is(f.m.uid, "rYV2Xl") && is(f.m.request_id, "2ShbYo"));
    check(is(f.m.event, "ask") && is(f.m.args.json, "{\"q\":1}") && f.m.timeout_ms == 1000);
    check(names_are(f.m.rooms, "r1") && comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE,
                 SPAN("{\"type\":8,\"requestId\":\"2ShbYo\",\"clientCount\":1}")) == 0);
    check(f.m.kind == ADAPTER_COUNT && f.m.count == 1 && comes_back(&f));
    check(decode_hex(&f, CLASSIC_RESPONSE, ACK_HEX) == 0);
    check(f.m.kind == ADAPTER_ACK && is(f.m.request_id, "2ShbYo"));
    check(is(f.m.args.json, "{\"v\":{\"q\":1}}") && comes_back(&f));
    check(decode_hex(&f, CLASSIC_RESPONSE, "82a47479706509a9726571756573744964a178") == 0);
    check(f.m.kind == ADAPTER_ACK && f.m.args.json.len == 0 && comes_back(&f));
    finish(&f);
}

static void reads_and_writes_orders(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST, SPAN(JOIN)) == 0);
    check(f.m.kind == ADAPTER_JOIN && is(f.m.uid, "rYV2Xl") && !f.m.wants_done);
    check(names_are(f.m.rooms, "r1") && names_are(f.m.operands, "r2 r3") && comes_back(&f));
    check(decode(&f, CLASSIC_REQUEST, SPAN(LEAVE)) == 0);
    check(f.m.kind == ADAPTER_LEAVE && names_are(f.m.except, "z") && comes_back(&f));
    check(decode(&f, CLASSIC_REQUEST, SPAN(DISCONNECT)) == 0);
    check(f.m.kind == ADAPTER_DISCONNECT && f.m.close && names_are(f.m.rooms, "nobody"));
    check(comes_back(&f));
    finish(&f);
}

static void obeys_redis_emitter_which_says_no_uid(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"type\":2,\"opts\":{\"rooms\":[\"r1\"],\"except\":[]},"
                      "\"rooms\":[\"r9\"]}")) == 0);
    check(f.m.kind == ADAPTER_JOIN && f.m.uid.len == 0 && names_are(f.m.operands, "r9"));
    check(comes_back(&f));
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"type\":4,\"opts\":{\"rooms\":[],\"except\":[]},\"close\":false}")) == 0);
    check(f.m.kind == ADAPTER_DISCONNECT && !f.m.close && comes_back(&f));
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"emitter\",\"type\":6,\"data\":[\"ping_server\",\"x\"]}")) == 0);
    check(f.m.kind == ADAPTER_EMIT && is(f.m.uid, "emitter") && is(f.m.args.json, "\"x\""));
    check(comes_back(&f));
    finish(&f);
}

static void old_forms_name_one_socket_and_want_an_answer(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"u\",\"requestId\":\"r\",\"type\":2,\"sid\":\"s1\","
                      "\"room\":\"a\\u0062\"}")) == 0);
    check(f.m.kind == ADAPTER_JOIN && f.m.wants_done && is(f.m.request_id, "r"));
    check(names_are(f.m.rooms, "s1") && names_are(f.m.operands, "ab"));
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"requestId\":\"r\",\"type\":3,\"sid\":\"s1\",\"room\":7}")) == 0);
    check(f.m.kind == ADAPTER_LEAVE && names_are(f.m.operands, "7"));
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"requestId\":\"r\",\"type\":4,\"sid\":\"s1\",\"close\":true}")) == 0);
    check(f.m.kind == ADAPTER_DISCONNECT && f.m.close && f.m.operands.count == 0);
    check(decode(&f, CLASSIC_REQUEST, SPAN("{\"type\":4,\"sid\":\"s1\"}")) == 0);
    check(!f.m.wants_done && !f.m.close);
    check(decode(&f, CLASSIC_REQUEST, SPAN("{\"type\":2,\"sid\":\"s1\"}")) == ADAPTER_ESHAPE);
    check(decode(&f, CLASSIC_REQUEST, SPAN("{\"type\":3,\"room\":\"a\"}")) == ADAPTER_ESHAPE);
    check(decode(&f, CLASSIC_RESPONSE, SPAN("{\"requestId\":\"r\"}")) == 0);
    check(f.m.kind == ADAPTER_DONE && is(f.m.request_id, "r") && comes_back(&f));
    finish(&f);
}

static void reads_and_writes_questions_and_their_answers(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST, SPAN(FETCH)) == 0);
    check(f.m.kind == ADAPTER_FETCH && is(f.m.request_id, "4N5BkJ") && comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE, SPAN(SOCKETS)) == 0);
    check(f.m.kind == ADAPTER_SOCKETS && f.m.socket_count == 1 && comes_back(&f));
    check(is(f.m.sockets[0].id, "8Lb8Q7CDyEQk7pbDAAAB"));
    check(is(f.m.sockets[0].data, "{\"userId\":\"uB\"}"));
    check(names_are(f.m.sockets[0].rooms, "8Lb8Q7CDyEQk7pbDAAAB r1"));
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"rYV2Xl\",\"requestId\":\"-rCnPc\",\"type\":1}")) == 0);
    check(f.m.kind == ADAPTER_ROOMS && is(f.m.request_id, "-rCnPc") && comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE,
                 SPAN("{\"requestId\":\"-rCnPc\",\"rooms\":[\"SQMmZAusd8e9DHLyAAAB\",\"r1\"]}")) ==
          0);
    check(f.m.kind == ADAPTER_ROOM_NAMES && names_are(f.m.operands, "SQMmZAusd8e9DHLyAAAB r1"));
    check(comes_back(&f));
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"u\",\"requestId\":\"i\",\"type\":0,\"rooms\":[\"r1\"]}")) == 0);
    check(f.m.kind == ADAPTER_IDS && names_are(f.m.rooms, "r1") && comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE, SPAN("{\"requestId\":\"i\",\"sockets\":[\"a\",\"b\"]}")) ==
          0);
    check(f.m.kind == ADAPTER_ID_NAMES && names_are(f.m.operands, "a b") && comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE, SPAN("{\"requestId\":\"i\",\"sockets\":[]}")) == 0);
    check(f.m.kind == ADAPTER_SOCKETS && f.m.socket_count == 0 && comes_back(&f));
    finish(&f);
}

static void reads_and_writes_events_for_servers(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"rYV2Xl\",\"type\":6,\"data\":[\"ping_server\",1]}")) == 0);
    check(f.m.kind == ADAPTER_EMIT && is(f.m.event, "ping_server") && f.m.request_id.len == 0);
    check(comes_back(&f));
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"rYV2Xl\",\"requestId\":\"Pe7pYW\",\"type\":6,"
                      "\"data\":[\"ping_server\",{\"q\":1}]}")) == 0);
    check(is(f.m.request_id, "Pe7pYW") && comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE,
                 SPAN("{\"type\":6,\"requestId\":\"Pe7pYW\",\"data\":{\"pong\":{\"q\":1}}}")) == 0);
    check(f.m.kind == ADAPTER_EMIT_ANSWER && is(f.m.args.json, "{\"pong\":{\"q\":1}}"));
    check(comes_back(&f));
    check(decode(&f, CLASSIC_RESPONSE, SPAN("{\"type\":6,\"requestId\":\"Pe7pYW\"}")) == 0);
    check(f.m.kind == ADAPTER_EMIT_ANSWER && is(f.m.args.json, "null"));
    finish(&f);
}

static void events_for_servers_are_msgpack_if_they_have_binaries(void)
{
    const struct span bins[] = {SPAN("\x01\x02")};
    struct adapter_message m = {
        .kind = ADAPTER_EMIT,
        .uid = SPAN("u"),
        .event = SPAN("e"),
        .args = {SPAN("{\"_placeholder\":true,\"num\":0}"), bins, 1},
    };
    struct fixture f = {0};

    check(encodes(&m, SPAN("\x83\xa3uid\xa1u\xa4type\x06\xa4"
                           "data\x92\xa1"
                           "e\xc4\x02\x01\x02")));
    classic_encode(&f.again, &m);
    check(decode(&f, CLASSIC_REQUEST, bytes_span(&f.again)) == 0);
    check(f.m.kind == ADAPTER_EMIT && f.m.args.bin_count == 1);
    check(span_eq(f.m.args.bins[0], bins[0]) && comes_back(&f));
    finish(&f);
}

static void placeholders_in_a_json_request_are_plain_data(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"u\",\"type\":6,"
                      "\"data\":[\"e\",{\"_placeholder\":true,\"num\":0}]}")) == 0);
    check(f.m.args.bin_count == 0 && comes_back(&f));
    finish(&f);
}

static void reads_and_writes_a_request_to_catch_up(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"uid\":\"u\",\"type\":100,\"seen\":{\"seq\":0,\"lately\":0,\"ask\":0,"
                      "\"phase\":0,"
                      "\"of\":{\"abcdef\":7,\"ghijkl\":0}}}")) == 0);
    check(f.m.kind == ADAPTER_CATCH_UP && f.m.seen_count == 2 && comes_back(&f));
    check(is(f.m.seen[0].uid, "abcdef") && f.m.seen[0].seq == 7 && f.m.seen[1].seq == 0);
    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"type\":100,\"seen\":{\"seq\":0,\"lately\":0,\"ask\":0,\"phase\":0,\"of\":"
                      "{}}}")) == ADAPTER_ESHAPE);
    finish(&f);
}

static void strings_may_be_escaped_anywhere(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST,
                 SPAN("{\"\\u0075id\":\"\\u0041\",\"type\":2,\"opts\":{\"rooms\":[\"\\n\",\"b\"],"
                      "\"except\":[\"\\ud83d\\ude00\"]},\"rooms\":[\"\\\\\"]}")) == 0);
    check(is(f.m.uid, "A") && names_are(f.m.rooms, "\n b") && names_are(f.m.operands, "\\"));
    check(names_are(f.m.except, "\xf0\x9f\x98\x80"));
    finish(&f);
}

static void lets_pass_what_it_does_not_know(void)
{
    struct fixture f = {0};

    check(decode(&f, CLASSIC_REQUEST, SPAN("{\"type\":77,\"opts\":5}")) == 0);
    check(f.m.kind == ADAPTER_IGNORED);
    check(decode(&f, CLASSIC_RESPONSE, SPAN("{\"type\":77,\"requestId\":\"x\"}")) == 0);
    check(f.m.kind == ADAPTER_IGNORED);
    finish(&f);
}

static void of_the_values_of_an_answer_the_first_travels(void)
{
    struct adapter_message m = {
        .kind = ADAPTER_EMIT_ANSWER, .request_id = SPAN("5"), .args = {.json = SPAN("[1,2] ,3")}};

    check(encodes(&m, SPAN("{\"type\":6,\"requestId\":\"5\",\"data\":[1,2]}")));
    m.kind = ADAPTER_ACK;
    check(encodes(&m, SPAN("\x83\xa4type\x09\xa9requestId\xa1"
                           "5\xa6packet\x92\x01\x02")));
    m.kind = ADAPTER_EMIT_ANSWER;
    m.args.json = (struct span){0};
    check(encodes(&m, SPAN("{\"type\":6,\"requestId\":\"5\",\"data\":null}")));
}

int main(void)
{
    RUN(names_channels_as_node_does);
    RUN(exactly_one_room_has_its_channel);
    RUN(reads_and_writes_a_broadcast_of_node);
    RUN(reads_a_broadcast_of_redis_emitter);
    RUN(reads_and_writes_flags_and_exceptions);
    RUN(numbers_and_notes_travel_in_flags_of_our_own);
    RUN(binaries_stand_in_the_middle_of_a_broadcast);
    RUN(rooms_and_events_that_are_numbers_are_their_digits);
    RUN(a_broadcast_for_another_namespace_is_ignored);
    RUN(reads_and_writes_a_broadcast_that_wants_answers);
    RUN(reads_and_writes_orders);
    RUN(obeys_redis_emitter_which_says_no_uid);
    RUN(old_forms_name_one_socket_and_want_an_answer);
    RUN(reads_and_writes_questions_and_their_answers);
    RUN(reads_and_writes_events_for_servers);
    RUN(events_for_servers_are_msgpack_if_they_have_binaries);
    RUN(placeholders_in_a_json_request_are_plain_data);
    RUN(reads_and_writes_a_request_to_catch_up);
    RUN(strings_may_be_escaped_anywhere);
    RUN(lets_pass_what_it_does_not_know);
    RUN(of_the_values_of_an_answer_the_first_travels);
    return tap_done();
}
