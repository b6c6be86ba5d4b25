// SPDX-License-Identifier: MIT
#include "protocol/sio_msgpack.h"

#include "protocol/msgpack_json.h"
#include "tests/support/tap.h"

/* Wire bytes below are what socket.io-msgpack-parser 3.0.2 has written. */

static const struct sio_limits limits = {.attachments_max = 3, .depth_max = 8};
static struct sio_msgpack in;
static struct bytes message;

static const struct span bins[] = {SPAN("\x01\x02"), SPAN(""), SPAN("c"), SPAN("d")};

/* A packet from its JSON, where {"_placeholder":true,"num":N} stands for bins[N]. */
static struct span packed(const char *json)
{
    bytes_clear(&message);
    (void)msgpack_write_json(&message, MSGPACK_NOTEPACK, span_cstr(json), bins, 4);
    return bytes_span(&message);
}

static struct sio_packet decode_bytes(struct span bytes)
{
    struct sio_packet p = {0};
    int rc = sio_msgpack_decode(bytes, &limits, &in, &p);
    if (rc != 0) {
        printf("# %s\n", sio_strerror((enum sio_error)rc));
    }
    check(rc == 0);
    return p;
}

static struct sio_packet decode(const char *json)
{
    return decode_bytes(packed(json));
}

static void refuses_bytes(struct span bytes, enum sio_error error)
{
    struct sio_packet p = {.id = 7};
    int rc = sio_msgpack_decode(bytes, &limits, &in, &p);
    if (rc != (int)error) {
        printf("# %d, not %d\n", rc, (int)error);
    }
    check(rc == (int)error);
    check(p.id == 7);
}

static void refuses(const char *json, enum sio_error error)
{
    refuses_bytes(packed(json), error);
    if (tap_case_failed) {
        printf("# %s\n", json);
    }
}

static void done(void)
{
    sio_msgpack_finish(&in);
    bytes_finish(&message);
}

static void decodes_an_event_as_its_text_would_be(void)
{
    struct sio_packet p = decode("{\"type\":2,\"data\":[\"hi\",1,{\"a\":[true]}],\"nsp\":\"/\"}");

    check(p.type == SIO_EVENT && p.attachments == 0 && !p.has_id && p.has_payload);
    check(span_eq(p.nsp, SPAN("/")));
    check(json_string_eq(p.event, SPAN("hi")));
    check(span_eq(p.args, SPAN("1,{\"a\":[true]}")));
    p = decode("{\"nsp\":\"/a,b\",\"id\":17,\"data\":[\"hi\"],\"type\":2}");
    check(p.has_id && p.id == 17 && span_eq(p.nsp, SPAN("/a,b")) && p.args.len == 0);
    p = decode("{\"type\":2,\"data\":[12,null],\"nsp\":\"/\"}");
    check(p.event.type == JSON_NUMBER && span_eq(p.args, SPAN("null")));
    done();
}

static void finds_binaries_where_they_are(void)
{
    struct sio_packet p = decode("{\"type\":2,\"data\":[\"f\",{\"_placeholder\":true,\"num\":0},"
                                 "{\"x\":{\"_placeholder\":true,\"num\":1}}],\"nsp\":\"/\"}");

    check(p.type == SIO_BINARY_EVENT && p.attachments == 2);
    check(span_eq(p.args, SPAN("{\"_placeholder\":true,\"num\":0},"
                               "{\"x\":{\"_placeholder\":true,\"num\":1}}")));
    check(span_eq(sio_msgpack_bins(&in)[0], SPAN("\x01\x02")));
    check(sio_msgpack_bins(&in)[1].len == 0);
    p = decode("{\"type\":3,\"id\":0,\"data\":[{\"_placeholder\":true,\"num\":2}],\"nsp\":\"/\"}");
    check(p.type == SIO_BINARY_ACK && p.attachments == 1 && p.has_id && p.id == 0);
    check(span_eq(sio_msgpack_bins(&in)[0], SPAN("c")));
    done();
}

static void decodes_the_other_types(void)
{
    struct sio_packet p = decode("{\"type\":0,\"nsp\":\"/\"}");

    check(p.type == SIO_CONNECT && !p.has_payload);
    p = decode("{\"type\":0,\"data\":{\"token\":\"x\"},\"nsp\":\"/\"}");
    check(p.has_payload && span_eq(p.payload.text, SPAN("{\"token\":\"x\"}")));
    p = decode("{\"type\":1,\"nsp\":\"/admin\"}");
    check(p.type == SIO_DISCONNECT && span_eq(p.nsp, SPAN("/admin")));
    p = decode("{\"type\":3,\"data\":[],\"nsp\":\"/\",\"id\":18446744073709551615}");
    check(p.type == SIO_ACK && p.id == UINT64_MAX && p.has_payload && p.args.len == 0);
    check(decode("{\"type\":4,\"data\":\"no\",\"nsp\":\"/\"}").type == SIO_CONNECT_ERROR);
    done();
}

static void takes_undefined_for_left_out_and_passes_over_other_members(void)
{
    struct sio_packet p = decode_bytes(SPAN("\x83\xa4type\x00\xa4"
                                            "data\xd4\x00\x00\xa3nsp\xa1/"));

    check(p.type == SIO_CONNECT && !p.has_payload);
    p = decode_bytes(SPAN("\x84\xa4type\x02\xa4"
                          "data\x92\xa1"
                          "e\xcb?\xf8\x00\x00\x00\x00\x00\x00\xa3nsp\xa1/\xa7options\x81\xa8"
                          "compress\xc3"));
    check(span_eq(p.args, SPAN("1.5")));
    p = decode("{\"type\":1,\"1\":[2],\"nsp\":\"/a\",\"x\":{\"type\":7},\"nsp\":\"/b\"}");
    check(p.type == SIO_DISCONNECT && span_eq(p.nsp, SPAN("/b")));
    p = decode_bytes(SPAN("\x84\x91\xa4type\x09\xc2\x01\xa4type\x01\xa3nsp\xa1/"));
    check(p.type == SIO_DISCONNECT);
    done();
}

static void takes_integers_that_are_written_as_doubles(void)
{
    struct sio_packet p =
        decode_bytes(SPAN("\x84\xa4type\xcb\x40\x08\x00\x00\x00\x00\x00\x00\xa4"
                          "data\x90\xa2id\xcb\x40\x1c\x00\x00\x00\x00\x00\x00\xa3nsp\xa1/"));

    check(p.type == SIO_ACK && p.id == 7);
    done();
}

static void refuses_what_the_reference_refuses(void)
{
    static const char *const types[] = {"{\"nsp\":\"/\"}",
                                        "{\"type\":null,\"nsp\":\"/\"}",
                                        "{\"type\":\"2\",\"data\":[\"a\"],\"nsp\":\"/\"}",
                                        "{\"type\":5,\"data\":[\"a\"],\"nsp\":\"/\"}",
                                        "{\"type\":6,\"data\":[\"a\"],\"nsp\":\"/\"}",
                                        "{\"type\":-1,\"data\":[\"a\"],\"nsp\":\"/\"}",
                                        "{\"type\":1.5,\"data\":[\"a\"],\"nsp\":\"/\"}"};
    static const char *const names[] = {"{\"type\":0}", "{\"type\":0,\"nsp\":1}",
                                        "{\"type\":0,\"nsp\":null}"};
    static const char *const ids[] = {"{\"type\":3,\"data\":[],\"nsp\":\"/\",\"id\":null}",
                                      "{\"type\":3,\"data\":[],\"nsp\":\"/\",\"id\":\"1\"}",
                                      "{\"type\":3,\"data\":[],\"nsp\":\"/\",\"id\":1.5}"};
    static const char *const payloads[] = {
        "{\"type\":0,\"nsp\":\"/\",\"data\":null}",  "{\"type\":0,\"nsp\":\"/\",\"data\":[]}",
        "{\"type\":0,\"nsp\":\"/\",\"data\":\"x\"}", "{\"type\":1,\"nsp\":\"/\",\"data\":{}}",
        "{\"type\":1,\"nsp\":\"/\",\"data\":null}",  "{\"type\":2,\"nsp\":\"/\"}",
        "{\"type\":2,\"nsp\":\"/\",\"data\":{}}",    "{\"type\":3,\"nsp\":\"/\",\"id\":1}",
        "{\"type\":3,\"nsp\":\"/\",\"data\":\"x\"}", "{\"type\":4,\"nsp\":\"/\"}",
        "{\"type\":4,\"nsp\":\"/\",\"data\":[]}"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        refuses(types[i], SIO_ETYPE);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        refuses(names[i], SIO_ENAMESPACE);
    }
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        refuses(ids[i], SIO_EID);
    }
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        refuses(payloads[i], SIO_EPAYLOAD);
    }
    done();
}

static void refuses_what_text_may_not_say_either(void)
{
    refuses("{\"type\":2,\"data\":[],\"nsp\":\"/\"}", SIO_EPAYLOAD);
    refuses("{\"type\":2,\"data\":[null],\"nsp\":\"/\"}", SIO_EPAYLOAD);
    refuses("{\"type\":2,\"data\":[{\"_placeholder\":true,\"num\":0}],\"nsp\":\"/\"}",
            SIO_EPAYLOAD);
    refuses("{\"type\":2,\"data\":[\"disconnect\"],\"nsp\":\"/\"}", SIO_ERESERVED);
    refuses("{\"type\":3,\"data\":[],\"nsp\":\"/\",\"id\":-1}", SIO_EID);
    refuses("{\"type\":0,\"nsp\":\"admin\"}", SIO_ENAMESPACE);
    refuses("{\"type\":0,\"nsp\":\"\"}", SIO_ENAMESPACE);
    refuses_bytes(SPAN("\x82\xa4type\x00\xa3nsp\xa2/\xff"), SIO_ENAMESPACE);
    done();
}

static void refuses_what_is_no_packet_at_all(void)
{
    refuses_bytes(SPAN(""), SIO_EJSON);
    refuses_bytes(SPAN("\xc1"), SIO_EJSON);
    refuses_bytes(SPAN("\x01"), SIO_EJSON);
    refuses_bytes(SPAN("\x90"), SIO_EJSON);
    refuses_bytes(SPAN("2[\"hi\"]"), SIO_EJSON);
    refuses_bytes(SPAN("\x82\xa4type\x00\xa3nsp\xa1/\x00"), SIO_EJSON);
    refuses_bytes(SPAN("\x82\xa4type\x00\xa3nsp\xa1"), SIO_EJSON);
    refuses_bytes(SPAN("\x84\xa4type\x00\xa3nsp\xa1/"), SIO_EJSON);
    refuses_bytes(SPAN("\xdf\xff\xff\xff\xff\xa4type"), SIO_EJSON);
    refuses_bytes(SPAN("\x83\xa4type\x02\xa4"
                       "data\x92\xa1"
                       "e\x81\xc0\x01\xa3nsp\xa1/"),
                  SIO_EJSON);
    done();
}

static void bounds_depth_and_binaries(void)
{
    check(decode("{\"type\":2,\"data\":[\"e\",[[[[[[[1]]]]]]]],\"nsp\":\"/\"}").args.len == 15);
    refuses("{\"type\":2,\"data\":[\"e\",[[[[[[[[1]]]]]]]]],\"nsp\":\"/\"}", SIO_EJSON);
    refuses("{\"type\":1,\"nsp\":\"/\",\"x\":[[[[[[[[[[1]]]]]]]]]]}", SIO_EJSON);
    refuses("{\"type\":2,\"data\":[\"e\",{\"_placeholder\":true,\"num\":0},"
            "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0},"
            "{\"_placeholder\":true,\"num\":0}],\"nsp\":\"/\"}",
            SIO_ETOOMANY);
    done();
}

#define check_out(want)                                       \
    do {                                                      \
        check_mem(out.data, out.len, want, sizeof(want) - 1); \
        bytes_clear(&out);                                    \
    } while (0)

static void takes_binary_types_of_version_2(void)
{
    static const char event[] = "{\"type\":5,\"data\":[\"hi\",{\"_placeholder\":true,\"num\":0}],"
                                "\"nsp\":\"/\"}";

    refuses(event, SIO_ETYPE);
    in.version_2 = true;
    struct sio_packet p = decode(event);
    check(p.type == SIO_BINARY_EVENT && p.attachments == 1);
    check(span_eq(sio_msgpack_bins(&in)[0], bins[0]));
    p = decode("{\"type\":6,\"data\":[],\"nsp\":\"/\",\"id\":3}"); /* it need not hold any */
    check(p.type == SIO_ACK && p.attachments == 0 && p.id == 3);
    refuses("{\"type\":7,\"data\":[\"hi\"],\"nsp\":\"/\"}", SIO_ETYPE);
    in.version_2 = false;
    done();
}

static int decode_text(const char *text, struct sio_packet *p)
{
    return sio_msgpack_decode_text(span_cstr(text), &limits, &in, p);
}

static void takes_what_version_2_writes_as_json(void)
{
    struct sio_packet p = {.has_id = true};

    check(decode_text("{\"type\":0,\"nsp\":\"/a?b=\\u0063\",\"options\":{}}", &p) == 0);
    check(p.type == SIO_CONNECT && span_eq(p.nsp, SPAN("/a?b=c")) && !p.has_id && !p.has_payload);
    check(decode_text("{\"type\":1,\"nsp\":\"/\"}", &p) == 0);
    check(p.type == SIO_DISCONNECT && span_eq(p.nsp, SPAN("/")));
    check(decode_text("", &p) == SIO_EJSON && decode_text("0", &p) == SIO_EJSON);
    check(decode_text("{\"type\":0,\"nsp\":[[[[[[[[\"/\"]]]]]]]]}", &p) == SIO_EJSON);
    check(decode_text("{\"type\":2,\"nsp\":\"/\",\"data\":[\"x\"]}", &p) == SIO_ETYPE);
    check(decode_text("{\"type\":\"0\",\"nsp\":\"/\"}", &p) == SIO_ETYPE);
    check(decode_text("{\"nsp\":\"/\"}", &p) == SIO_ETYPE);
    check(decode_text("{\"type\":0}", &p) == SIO_ENAMESPACE);
    check(decode_text("{\"type\":0,\"nsp\":\"a\"}", &p) == SIO_ENAMESPACE);
    check(decode_text("{\"type\":0,\"nsp\":7}", &p) == SIO_ENAMESPACE);
    done();
}

static void encodes_events_and_answers_as_the_reference_does(void)
{
    const struct sio_head plain = {.type = SIO_EVENT};
    const struct sio_head asking = {
        .type = SIO_EVENT, .nsp = SPAN("/admin"), .has_id = true, .id = 17};
    const struct sio_head answer = {.type = SIO_ACK, .has_id = true, .id = 7};
    const struct sio_msgpack_args none = {0};
    const struct sio_msgpack_args some = {.json = SPAN("1,{\"a\":[true]}")};
    const struct sio_msgpack_args binary = {SPAN("{\"_placeholder\":true,\"num\":2},-1"), bins, 3,
                                            SPAN("")};
    const struct sio_msgpack_args at_offset = {.offset = SPAN("1-2")};
    struct bytes out = {0};

    sio_msgpack_event_encode(&out, &plain, SPAN("hi"), &some);
    check_out("\x83\xa4type\x02\xa4"
              "data\x93\xa2hi\x01\x81\xa1"
              "a\x91\xc3\xa3nsp\xa1/");
    sio_msgpack_event_encode(&out, &asking, SPAN("hi"), &none);
    check_out("\x84\xa4type\x02\xa4"
              "data\x91\xa2hi\xa2id\x11\xa3nsp\xa6/admin");
    sio_msgpack_event_encode(&out, &plain, SPAN("hi"), &at_offset);
    check_out("\x83\xa4type\x02\xa4"
              "data\x92\xa2hi\xa3"
              "1-2\xa3nsp\xa1/");
    sio_msgpack_ack_encode(&out, &answer, &binary);
    check_out("\x84\xa2id\x07\xa4type\x03\xa4"
              "data\x92\xc4\x01"
              "c\xff\xa3nsp\xa1/");
    bytes_finish(&out);
}

static void encodes_the_other_types_as_the_reference_does(void)
{
    struct bytes out = {0};

    sio_msgpack_connect_encode(&out, SPAN("/"), SPAN("abc"), SPAN(""));
    check_out("\x83\xa4type\x00\xa4"
              "data\x81\xa3sid\xa3"
              "abc\xa3nsp\xa1/");
    sio_msgpack_connect_encode(&out, SPAN("/a"), SPAN("abc"), SPAN("def"));
    check_out("\x83\xa4type\x00\xa4"
              "data\x82\xa3sid\xa3"
              "abc\xa3pid\xa3"
              "def\xa3nsp\xa2/a");
    sio_msgpack_connect_error_encode(&out, SPAN("/a"), SPAN("no"), SPAN(""));
    check_out("\x83\xa4type\x04\xa4"
              "data\x81\xa7message\xa2no\xa3nsp\xa2/a");
    sio_msgpack_connect_error_encode(&out, SPAN("/a"), SPAN("no"), SPAN("{\"code\":7}"));
    check_out("\x83\xa4type\x04\xa4"
              "data\x82\xa7message\xa2no\xa4"
              "data\x81\xa4"
              "code\x07\xa3nsp\xa2/a");
    sio_msgpack_bare_encode(&out, SIO_DISCONNECT, SPAN("/a"), span_of(NULL, 0));
    check_out("\x82\xa4type\x01\xa3nsp\xa2/a");
    bytes_finish(&out);
}

int main(void)
{
    RUN(decodes_an_event_as_its_text_would_be);
    RUN(finds_binaries_where_they_are);
    RUN(decodes_the_other_types);
    RUN(takes_undefined_for_left_out_and_passes_over_other_members);
    RUN(takes_integers_that_are_written_as_doubles);
    RUN(refuses_what_the_reference_refuses);
    RUN(refuses_what_text_may_not_say_either);
    RUN(refuses_what_is_no_packet_at_all);
    RUN(bounds_depth_and_binaries);
    RUN(takes_binary_types_of_version_2);
    RUN(takes_what_version_2_writes_as_json);
    RUN(encodes_events_and_answers_as_the_reference_does);
    RUN(encodes_the_other_types_as_the_reference_does);
    return tap_done();
}
