// SPDX-License-Identifier: MIT
#include "protocol/sio_packet.h"
#include "tests/support/tap.h"

static const struct sio_limits limits = {.attachments_max = 10, .depth_max = 64};

static struct sio_packet decode(const char *text)
{
    struct sio_packet p = {0};
    int rc = sio_packet_decode(span_cstr(text), &limits, &p);
    if (rc != 0) {
        printf("# %s: %s\n", text, sio_strerror((enum sio_error)rc));
    }
    check(rc == 0);
    return p;
}

static void refuses(const char *text, enum sio_error error)
{
    struct sio_packet p = {.id = 7};
    int rc = sio_packet_decode(span_cstr(text), &limits, &p);
    if (rc != (int)error) {
        printf("# %s: %d, not %d\n", text, rc, (int)error);
    }
    check(rc == (int)error);
    check(p.id == 7);
}

static void decodes_an_event_on_the_root_namespace(void)
{
    struct sio_packet p = decode("2[\"message\",1,\"2\",{\"3\":[true]}]");

    check(p.type == SIO_EVENT && p.attachments == 0 && !p.has_id && p.has_payload);
    check(span_eq(p.nsp, SPAN("/")));
    check(p.payload.type == JSON_ARRAY);
    check(json_string_eq(p.event, SPAN("message")));
    check(span_eq(p.args, SPAN("1,\"2\",{\"3\":[true]}")));
}

static void decodes_an_event_with_namespace_and_id(void)
{
    struct sio_packet p = decode("2/admin,17[\"a\"]");

    check(span_eq(p.nsp, SPAN("/admin")));
    check(p.has_id && p.id == 17);
    check(p.args.len == 0);
    p = decode("2/a?b=1/c,[\"a\"]");
    check(span_eq(p.nsp, SPAN("/a?b=1/c")) && !p.has_id);
    p = decode("2/,[\"a\"]");
    check(span_eq(p.nsp, SPAN("/")));
}

static void keeps_the_arguments_as_the_peer_wrote_them(void)
{
    struct sio_packet p = decode("2 [ \"a\" , 1.50 ,\"\\u0041\" ] ");

    check(span_eq(p.args, SPAN("1.50 ,\"\\u0041\" ")));
    check(span_eq(p.payload.text, SPAN("[ \"a\" , 1.50 ,\"\\u0041\" ]")));
    check(decode("2[ \"a\" ]").args.len == 0);
    check(decode("3[ ]").args.len == 0);
}

static void takes_a_number_for_an_event_name(void)
{
    struct sio_packet p = decode("2[12,true]");

    check(p.event.type == JSON_NUMBER && span_eq(p.event.text, SPAN("12")));
    check(span_eq(p.args, SPAN("true")));
}

static void decodes_acks(void)
{
    struct sio_packet p = decode("3/admin,456[1,2]");

    check(p.type == SIO_ACK && p.has_id && p.id == 456 && span_eq(p.args, SPAN("1,2")));
    p = decode("30[]");
    check(p.has_id && p.id == 0 && p.args.len == 0 && p.has_payload);
    p = decode("39007199254740991[\"connect\"]");
    check(p.id == UINT64_C(9007199254740991));
    check(decode("318446744073709551615[]").id == UINT64_MAX);
    check(decode("3007[]").id == 7);
    p = decode("37"); /* as in the reference: an answer without arguments */
    check(p.id == 7 && !p.has_payload && p.args.len == 0);
}

static void decodes_connect_with_and_without_a_payload(void)
{
    struct sio_packet p = decode("0");

    check(p.type == SIO_CONNECT && !p.has_payload && span_eq(p.nsp, SPAN("/")));
    p = decode("0{\"token\":1}");
    check(p.has_payload && span_eq(p.payload.text, SPAN("{\"token\":1}")));
    p = decode("0/admin");
    check(span_eq(p.nsp, SPAN("/admin")) && !p.has_payload);
    p = decode("0/admin,{}");
    check(span_eq(p.nsp, SPAN("/admin")) && p.payload.type == JSON_OBJECT);
}

static void decodes_disconnect_and_connect_error(void)
{
    struct sio_packet p = decode("1/admin,");

    check(p.type == SIO_DISCONNECT && span_eq(p.nsp, SPAN("/admin")) && !p.has_payload);
    check(decode("4\"no\"").payload.type == JSON_STRING);
    check(decode("4/a,{\"message\":\"no\"}").payload.type == JSON_OBJECT);
    check(!decode("4").has_payload);
}

static void decodes_binary_packets(void)
{
    struct sio_packet p = decode("52-/a,17[\"f\",{\"_placeholder\":true,\"num\":0}]");

    check(p.type == SIO_BINARY_EVENT && p.attachments == 2);
    check(span_eq(p.nsp, SPAN("/a")) && p.id == 17);
    check(span_eq(p.args, SPAN("{\"_placeholder\":true,\"num\":0}")));
    p = decode("610-17[1]");
    check(p.type == SIO_BINARY_ACK && p.attachments == 10 && p.id == 17);
    check(decode("501-[\"a\"]").attachments == 1);
}

static void refuses_unknown_types(void)
{
    refuses("", SIO_ETYPE);
    refuses("7[\"a\"]", SIO_ETYPE);
    refuses("abc", SIO_ETYPE);
    refuses(" 2[\"a\"]", SIO_ETYPE);
}

static void refuses_a_binary_packet_without_a_count_of_attachments(void)
{
    refuses("5", SIO_EATTACHMENTS);
    refuses("5[\"a\"]", SIO_EATTACHMENTS);
    refuses("51[\"a\"]", SIO_EATTACHMENTS);
    refuses("51", SIO_EATTACHMENTS);
    refuses("5-[\"a\"]", SIO_EATTACHMENTS);
    refuses("5x-[\"a\"]", SIO_EATTACHMENTS);
    refuses("5+1-[\"a\"]", SIO_EATTACHMENTS);
    refuses("51.0-[\"a\"]", SIO_EATTACHMENTS);
    refuses("50-[\"a\"]", SIO_EATTACHMENTS);
    refuses("60-[]", SIO_EATTACHMENTS);
    refuses("511-[\"a\"]", SIO_ETOOMANY);
    refuses("599999999999999999999999-[\"a\"]", SIO_ETOOMANY);
}

static void refuses_payloads_that_do_not_fit_the_type(void)
{
    static const char *const texts[] = {
        "0[]", "0\"x\"", "0null",     "1{}",   "1[]",        "2{}",    "2[]",
        "2",   "217",    "2[null,1]", "2[{}]", "2[[\"a\"]]", "2\"a\"", "2[true]",
        "3{}", "3\"a\"", "4[]",       "4null", "51-",        "51-{}",  "61-{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuses(texts[i], SIO_EPAYLOAD);
    }
    refuses("2/custom[\"message\"]", SIO_EPAYLOAD); /* no comma: all of it is the namespace */
}

static void refuses_broken_json(void)
{
    refuses("0{\"a\"", SIO_EJSON);
    refuses("2[1", SIO_EJSON);
    refuses("2[\"a\",]", SIO_EJSON);
    refuses("2abc[\"a\"]", SIO_EJSON);
    refuses("2-1[\"a\"]", SIO_EJSON);
    refuses("21 2[\"a\"]", SIO_EJSON);
    refuses("2[\"a\"]x", SIO_EJSON);
    refuses("2[\"\xff\"]", SIO_EJSON);
    refuses("1 ", SIO_EJSON);
}

static void refuses_an_ack_id_beyond_64_bits(void)
{
    refuses("318446744073709551616[]", SIO_EID);
    refuses("2184467440737095516150[\"a\"]", SIO_EID);
}

static void refuses_reserved_event_names_however_they_are_written(void)
{
    refuses("2[\"connect\"]", SIO_ERESERVED);
    refuses("2[\"connect_error\"]", SIO_ERESERVED);
    refuses("2[\"disconnect\"]", SIO_ERESERVED);
    refuses("2[\"disconnecting\"]", SIO_ERESERVED);
    refuses("2[\"newListener\",1]", SIO_ERESERVED);
    refuses("51-[\"removeListener\"]", SIO_ERESERVED);
    refuses("2[\"\\u0063onnect\"]", SIO_ERESERVED);
    check(decode("2[\"Connect\"]").type == SIO_EVENT);
    check(decode("2[\"error\"]").type == SIO_EVENT);
    check(decode("3[\"connect\"]").type == SIO_ACK);
}

static void counts_the_array_of_the_payload_as_depth(void)
{
    const struct sio_limits shallow = {.attachments_max = 10, .depth_max = 2};
    struct sio_packet p;

    check(sio_packet_decode(SPAN("2[\"a\",[1]]"), &shallow, &p) == 0);
    check(sio_packet_decode(SPAN("2[\"a\",[{}]]"), &shallow, &p) == SIO_EJSON);
}

static void encodes(const struct bytes *got, const char *want)
{
    if (!span_eq(bytes_span(got), span_cstr(want))) {
        printf("# %.*s, not %s\n", (int)got->len, (const char *)got->data, want);
    }
    check(span_eq(bytes_span(got), span_cstr(want)));
}

static void encodes_events(void)
{
    struct bytes b = {0};

    sio_event_encode(&b, &(struct sio_head){.type = SIO_EVENT}, SPAN("hi"), SPAN(""));
    encodes(&b, "2[\"hi\"]");
    bytes_clear(&b);
    sio_event_encode(&b,
                     &(struct sio_head){.type = SIO_EVENT,
                                        .nsp = SPAN("/nsp"),
                                        .has_id = true,
                                        .id = UINT64_C(9007199254740991)},
                     SPAN("a \"b\"\n"), SPAN("1,[2]"));
    encodes(&b, "2/nsp,9007199254740991[\"a \\\"b\\\"\\n\",1,[2]]");
    bytes_clear(&b);
    sio_event_encode(
        &b, &(struct sio_head){.type = SIO_BINARY_EVENT, .attachments = 12, .nsp = SPAN("/")},
        SPAN(""), SPAN("{\"_placeholder\":true,\"num\":0}"));
    encodes(&b, "512-[\"\",{\"_placeholder\":true,\"num\":0}]");
    bytes_finish(&b);
}

static void encodes_acks_and_disconnect(void)
{
    struct bytes b = {0};

    sio_ack_encode(&b, &(struct sio_head){.type = SIO_ACK, .has_id = true}, SPAN(""));
    encodes(&b, "30[]");
    bytes_clear(&b);
    sio_ack_encode(
        &b,
        &(struct sio_head){
            .type = SIO_BINARY_ACK, .attachments = 1, .nsp = SPAN("/n"), .has_id = true, .id = 5},
        SPAN("1,2"));
    encodes(&b, "61-/n,5[1,2]");
    bytes_clear(&b);
    sio_head_encode(&b, &(struct sio_head){.type = SIO_DISCONNECT, .nsp = SPAN("/n")});
    encodes(&b, "1/n,");
    bytes_clear(&b);
    sio_head_encode(&b, &(struct sio_head){.type = SIO_DISCONNECT, .nsp = SPAN("/")});
    encodes(&b, "1");
    bytes_finish(&b);
}

static void encodes_the_answers_to_connect(void)
{
    struct bytes b = {0};

    sio_connect_encode(&b, SPAN("/"), SPAN("abc"), SPAN(""));
    encodes(&b, "0{\"sid\":\"abc\"}");
    bytes_clear(&b);
    sio_connect_encode(&b, SPAN("/n"), SPAN("abc"), SPAN("def"));
    encodes(&b, "0/n,{\"sid\":\"abc\",\"pid\":\"def\"}");
    bytes_clear(&b);
    sio_connect_error_encode(&b, SPAN("/n"), SPAN("Invalid namespace"), SPAN(""));
    encodes(&b, "4/n,{\"message\":\"Invalid namespace\"}");
    bytes_clear(&b);
    sio_connect_error_encode(&b, SPAN("/"), SPAN("no \"x\""), SPAN("{\"code\":1}"));
    encodes(&b, "4{\"message\":\"no \\\"x\\\"\",\"data\":{\"code\":1}}");
    bytes_finish(&b);
}

static void names_every_error(void)
{
    for (int e = SIO_ERESERVED; e <= SIO_ETYPE; e++) {
        check(strcmp(sio_strerror((enum sio_error)e), sio_strerror((enum sio_error)0)) != 0);
    }
}

static void knows_the_event_names_that_are_reserved(void)
{
    check(sio_name_reserved(SPAN("connect")) && sio_name_reserved(SPAN("removeListener")));
    check(!sio_name_reserved(SPAN("connected")) && !sio_name_reserved(SPAN("")));
}

int main(void)
{
    RUN(decodes_an_event_on_the_root_namespace);
    RUN(decodes_an_event_with_namespace_and_id);
    RUN(keeps_the_arguments_as_the_peer_wrote_them);
    RUN(takes_a_number_for_an_event_name);
    RUN(decodes_acks);
    RUN(decodes_connect_with_and_without_a_payload);
    RUN(decodes_disconnect_and_connect_error);
    RUN(decodes_binary_packets);
    RUN(refuses_unknown_types);
    RUN(refuses_a_binary_packet_without_a_count_of_attachments);
    RUN(refuses_payloads_that_do_not_fit_the_type);
    RUN(refuses_broken_json);
    RUN(refuses_an_ack_id_beyond_64_bits);
    RUN(refuses_reserved_event_names_however_they_are_written);
    RUN(counts_the_array_of_the_payload_as_depth);
    RUN(encodes_events);
    RUN(encodes_acks_and_disconnect);
    RUN(encodes_the_answers_to_connect);
    RUN(names_every_error);
    RUN(knows_the_event_names_that_are_reserved);
    return tap_done();
}
