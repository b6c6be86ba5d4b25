// SPDX-License-Identifier: MIT
#include "protocol/adapter_cluster.h"

#include "protocol/base64.h"
#include "protocol/json.h"
#include "tests/support/tap.h"

#define UID    "7936d48b1db1eeac"
#define OPTS   "\"opts\":{\"rooms\":[\"r1\"],\"except\":[],\"flags\":{}}"
#define NOBODY "{\"rooms\":[],\"except\":[],\"flags\":{}}"
#define FROM   "\"uid\":\"" UID "\",\"nsp\":\"/\"}"

static struct adapter_decoder decoder;
static struct adapter_message got;

static int decode(struct span payload)
{
    memset(&got, 0xEE, sizeof got);
    return cluster_decode(&decoder, payload, &got);
}

static int decode_text(const char *payload)
{
    return decode(span_cstr(payload));
}

static int decode_entry(const char *type, struct span data)
{
    struct cluster_entry entry = {SPAN(UID), SPAN("/"), span_cstr(type), data};

    memset(&got, 0xEE, sizeof got);
    return cluster_entry_decode(&decoder, &entry, &got);
}

static bool encodes_as(enum cluster_format format, const struct adapter_message *m,
                       struct span want)
{
    struct bytes out = {0};

    cluster_encode(&out, format, m);
    bool same = span_eq(bytes_span(&out), want);
    if (!same) {
        printf("# got %.*s\n", (int)out.len, (const char *)out.data);
    }
    bytes_finish(&out);
    return same;
}

static bool entry_encodes_as(const struct adapter_message *m, const char *type, const char *data)
{
    struct bytes out = {0};
    char said[4];

    cluster_entry_encode(&out, said, m);
    bool same = strcmp(said, type) == 0 && span_eq(bytes_span(&out), span_cstr(data));
    if (!same) {
        printf("# got %s %.*s\n", said, (int)out.len, (const char *)out.data);
    }
    bytes_finish(&out);
    return same;
}

static bool names_are(const struct adapter_names *names, const char *want)
{
    struct bytes all = {0};

    for (size_t i = 0; i < names->count; i++) {
        bytes_add_span(&all, names->items[i]);
        bytes_add_byte(&all, ' ');
    }
    bool same = span_eq(bytes_span(&all), span_cstr(want));
    bytes_finish(&all);
    return same;
}

/* Decodes what Node has sent, and finds the same bytes when what was understood is encoded. */
static void speaks_json(const char *capture)
{
    check(decode_text(capture) == 0);
    check(encodes_as(CLUSTER_SHARDED, &got, span_cstr(capture)));
}

static void a_broadcast_is_what_node_sends(void)
{
    speaks_json(
        "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"message\",{\"n\":1}]}," OPTS
        "}," FROM);
    check(got.kind == ADAPTER_BROADCAST && got.request_id.len == 0);
    check(span_eq(got.uid, SPAN(UID)) && span_eq(got.nsp, SPAN("/")));
    check(span_eq(got.event, SPAN("message")) && span_eq(got.args.json, SPAN("{\"n\":1}")));
    check(names_are(&got.rooms, "r1 ") && got.except.count == 0 && got.args.bin_count == 0);
    check(!got.is_volatile && !got.no_compress && got.seq == 0 && got.note.len == 0);
}

static const uint8_t binary_broadcast[] = "\x84\xa4type\x03\xa4"
                                          "data\x82\xa6packet\x82\xa4type\x02\xa4"
                                          "data\x92\xa1"
                                          "f\xc4\x03\x01\x02\x03\xa4opts\x83\xa5rooms\x91\xa2r1\xa6"
                                          "except\x90\xa5"
                                          "flags\x80\xa3uid\xb0" UID "\xa3nsp\xa1/";

static void a_binary_broadcast_is_notepack(void)
{
    struct span capture = span_of(binary_broadcast, sizeof binary_broadcast - 1);

    check(decode(capture) == 0);
    check(got.kind == ADAPTER_BROADCAST && span_eq(got.event, SPAN("f")));
    check(span_eq(got.args.json, SPAN("{\"_placeholder\":true,\"num\":0}")));
    check(got.args.bin_count == 1 && span_eq(got.args.bins[0], SPAN("\1\2\3")));
    check(names_are(&got.rooms, "r1 "));
    check(encodes_as(CLUSTER_SHARDED, &got, capture));
    check(encodes_as(CLUSTER_MSGPACK, &got, capture));
}

static void what_is_asked_is_what_node_asks(void)
{
    speaks_json("{\"type\":7,\"data\":{" OPTS ",\"requestId\":\"5827d19e3973fe16\"}," FROM);
    check(got.kind == ADAPTER_FETCH && span_eq(got.request_id, SPAN("5827d19e3973fe16")));
    check(names_are(&got.rooms, "r1 "));

    speaks_json(
        "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"ask\",{\"q\":1}]},"
        "\"requestId\":\"8475bb292369c56a\",\"opts\":{\"rooms\":[],\"except\":[\"x\",\"y\"],"
        "\"flags\":{\"timeout\":1000}}}," FROM);
    check(got.kind == ADAPTER_BROADCAST && span_eq(got.request_id, SPAN("8475bb292369c56a")));
    check(got.timeout_ms == 1000 && names_are(&got.except, "x y "));

    speaks_json("{\"type\":9,\"data\":{\"requestId\":\"8475bb292369c56a\","
                "\"packet\":[\"ping_server\",{\"q\":1},2]}," FROM);
    check(got.kind == ADAPTER_EMIT && span_eq(got.event, SPAN("ping_server")));
    check(span_eq(got.args.json, SPAN("{\"q\":1},2")));

    speaks_json("{\"type\":9,\"data\":{\"packet\":[\"ping_server\"]}," FROM);
    check(got.kind == ADAPTER_EMIT && got.args.json.len == 0 && got.request_id.len == 0);
}

static void what_is_answered_is_what_node_answers(void)
{
    speaks_json(
        "{\"type\":11,\"data\":{\"requestId\":\"8475bb292369c56a\",\"clientCount\":1}," FROM);
    check(got.kind == ADAPTER_COUNT && got.count == 1);

    speaks_json("{\"type\":12,\"data\":{\"requestId\":\"8475bb292369c56a\","
                "\"packet\":{\"v\":{\"q\":1}}}," FROM);
    check(got.kind == ADAPTER_ACK && span_eq(got.args.json, SPAN("{\"v\":{\"q\":1}}")));

    speaks_json("{\"type\":12,\"data\":{\"requestId\":\"8475bb292369c56a\"}," FROM);
    check(got.kind == ADAPTER_ACK && got.args.json.len == 0);

    speaks_json("{\"type\":10,\"data\":{\"requestId\":\"8475bb292369c56a\",\"packet\":7}," FROM);
    check(got.kind == ADAPTER_EMIT_ANSWER && span_eq(got.args.json, SPAN("7")));

    check(decode_text("{\"type\":10,\"data\":{\"requestId\":\"8\"}," FROM) == 0);
    check(span_eq(got.args.json, SPAN("null")));
}

static void of_the_values_of_an_answer_the_first_travels(void)
{
    static const char *const answers[] = {"[1,\",\"] , 2", "\n[1,\",\"],2,3", "[1,\",\"]"};
    struct adapter_message m = {
        .kind = ADAPTER_ACK, .request_id = SPAN("5"), .uid = SPAN(UID), .nsp = SPAN("/")};

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        m.args.json = span_cstr(answers[i]);
        check(encodes_as(
            CLUSTER_SHARDED, &m,
            SPAN("{\"type\":12,\"data\":{\"requestId\":\"5\",\"packet\":[1,\",\"]}," FROM)));
    }
}

static void sockets_are_described_as_node_describes_them(void)
{
    speaks_json(
        "{\"type\":8,\"data\":{\"requestId\":\"5827d19e3973fe16\",\"sockets\":[{\"id\":\"8Lb8Q7"
        "CDyEQk7pbDAAAB\",\"handshake\":{\"headers\":{},\"secure\":false},\"rooms\":["
        "\"8Lb8Q7CDyEQk7pbDAAAB\",\"r1\"],\"data\":{\"userId\":\"uB\"}},{\"id\":\"x\","
        "\"handshake\":{},\"rooms\":[],\"data\":{}}]}," FROM);
    check(got.kind == ADAPTER_SOCKETS && got.socket_count == 2);
    check(span_eq(got.sockets[0].id, SPAN("8Lb8Q7CDyEQk7pbDAAAB")));
    check(span_eq(got.sockets[0].handshake, SPAN("{\"headers\":{},\"secure\":false}")));
    check(span_eq(got.sockets[0].data, SPAN("{\"userId\":\"uB\"}")));
    check(names_are(&got.sockets[0].rooms, "8Lb8Q7CDyEQk7pbDAAAB r1 "));
    check(span_eq(got.sockets[1].id, SPAN("x")) && got.sockets[1].rooms.count == 0);

    speaks_json("{\"type\":8,\"data\":{\"requestId\":\"5827d19e3973fe16\",\"sockets\":[]}," FROM);
    check(got.socket_count == 0);

    check(decode_text("{\"type\":8,\"data\":{\"requestId\":\"5\",\"sockets\":[{\"id\":\"x\","
                      "\"data\":5}]}," FROM) == 0);
    check(span_eq(got.sockets[0].data, SPAN("{}")) &&
          span_eq(got.sockets[0].handshake, SPAN("{}")));
}

/* As in the JSON of a Buffer, which is what the classic adapter makes of it. */
static void binaries_in_the_data_of_a_socket_become_json(void)
{
    static const uint8_t answer[] =
        "\x84\xa4type\x08\xa4"
        "data\x82\xa9requestId\xa1"
        "5\xa7sockets\x91\x84\xa2id\xa1x\xa9handshake\x80\xa5rooms\x91\xa1r\xa4"
        "data\x83\xa1"
        "a\xc4\x03\x01\x02\xff\xa1"
        "b\xc4\x00\xa1"
        "c\xa6{\"_pla\xa3uid\xa1u\xa3nsp\xa1/";

    check(decode(span_of(answer, sizeof answer - 1)) == 0);
    check(got.kind == ADAPTER_SOCKETS && got.socket_count == 1 && got.args.bin_count == 0);
    check(span_eq(got.uid, SPAN("u")) && names_are(&got.sockets[0].rooms, "r "));
    check(span_eq(got.sockets[0].data,
                  SPAN("{\"a\":{\"type\":\"Buffer\",\"data\":[1,2,255]},\"b\":{\"type\":\"Buffer\","
                       "\"data\":[]},\"c\":\"{\\\"_pla\"}")));
}

static void orders_are_as_node_gives_them(void)
{
    speaks_json("{\"type\":4,\"data\":{" OPTS ",\"rooms\":[\"r2\",\"r3\"]}," FROM);
    check(got.kind == ADAPTER_JOIN && names_are(&got.rooms, "r1 "));
    check(names_are(&got.operands, "r2 r3 "));

    speaks_json("{\"type\":5,\"data\":{" OPTS ",\"rooms\":[\"r2\"]}," FROM);
    check(got.kind == ADAPTER_LEAVE && names_are(&got.operands, "r2 "));

    speaks_json("{\"type\":6,\"data\":{\"opts\":" NOBODY ",\"close\":true}," FROM);
    check(got.kind == ADAPTER_DISCONNECT && got.close && got.rooms.count == 0);
    speaks_json("{\"type\":6,\"data\":{\"opts\":" NOBODY ",\"close\":false}," FROM);
    check(!got.close);
}

static void flags_carry_what_is_ours_too(void)
{
    speaks_json(
        "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"rooms\":[],"
        "\"except\":[],\"flags\":{\"volatile\":true,\"compress\":false,"
        "\"rookery\":[9007199254740991,\"n \\\"1\\\"\"]}}}," FROM);
    check(got.is_volatile && got.no_compress && got.timeout_ms == 0);
    check(got.seq == 9007199254740991 && span_eq(got.note, SPAN("n \"1\"")));

    speaks_json(
        "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"rooms\":[],"
        "\"except\":[],\"flags\":{\"rookery\":[0,\"n\"]}}}," FROM);
    check(got.seq == 0 && span_eq(got.note, SPAN("n")));
}

static void a_timeout_that_is_no_integer_is_not_said(void)
{
    check(decode_entry("3", SPAN("{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"requestId\":\"5\","
                                 "\"opts\":{\"flags\":{\"timeout\":1.5}}}")) == 0);
    check(got.timeout_ms == 0 && span_eq(got.request_id, SPAN("5")));
}

static void catching_up_is_a_type_of_its_own(void)
{
    speaks_json(
        "{\"type\":100,\"data\":{\"seen\":{\"seq\":0,\"lately\":0,\"ask\":0,\"phase\":0,\"of\":{"
        "\"abc\":17,\"d\\\"e\":0}}}," FROM);
    check(got.kind == ADAPTER_CATCH_UP && got.seen_count == 2);
    check(span_eq(got.seen[0].uid, SPAN("abc")) && got.seen[0].seq == 17);
    check(span_eq(got.seen[1].uid, SPAN("d\"e")) && got.seen[1].seq == 0);
    check(encodes_as(CLUSTER_MSGPACK, &got,
                     SPAN("\x84\xa4type\x64\xa4"
                          "data\x81\xa4seen\x85\xa3seq\x00\xa6lately\x00\xa3"
                          "ask\x00\xa5phase\x00\xa2of\x82\xa3"
                          "abc\x11\xa3"
                          "d\"e\x00\xa3uid\xb0" UID "\xa3nsp\xa1/")));

    speaks_json(
        "{\"type\":100,\"data\":{\"seen\":{\"seq\":0,\"lately\":0,\"ask\":0,\"phase\":0,\"of\":{}}"
        "}," FROM);
    check(got.seen_count == 0);
}

static void a_decoder_goes_by_key(void)
{
    check(decode_text(" {\"nsp\":\"/\"}") == ADAPTER_ESYNTAX);
    check(
        decode_text(
            "{ \"nsp\" : \"/c\\u0068at\", \"x\":[1], \"data\":{\"opts\":{\"flags\":{\"foo\":1},"
            "\"except\":[\"\\u00e9\\n\"],\"rooms\":[42, \"4\\u0032\"]},\"packet\":{\"data\":"
            "[ 5 , 1 , \"\\u0061\"],\"nsp\":\"/\",\"type\":2}},\"uid\":\"\\u0075\",\"type\":3}") ==
        0);
    check(span_eq(got.nsp, SPAN("/chat")) && span_eq(got.uid, SPAN("u")));
    check(span_eq(got.event, SPAN("5")) && span_eq(got.args.json, SPAN("1 , \"\\u0061\"")));
    check(names_are(&got.rooms, "42 42 ") && names_are(&got.except, "\xc3\xa9\n "));
}

static void what_is_nothing_to_us_is_ignored(void)
{
    static const char *const types[] = {"0", "1", "2", "13", "14", "99", "101", "1000000"};
    char text[64];

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        (void)snprintf(text, sizeof text, "{\"type\":%s,\"uid\":\"u\",\"nsp\":\"/\"}", types[i]);
        check(decode_text(text) == 0 && got.kind == ADAPTER_IGNORED);
        check(span_eq(got.uid, SPAN("u")));
        check(decode_entry(types[i], SPAN("")) == 0 && got.kind == ADAPTER_IGNORED);
        check(decode_entry(types[i], SPAN("what?")) == 0 && got.kind == ADAPTER_IGNORED);
    }
}

/* What makes Node throw, an entry even without end, and what no codec writes. */
static void what_would_hurt_node_is_refused(void)
{
    static const struct {
        const char *type, *data;
    } wrong[] = {
        {"3", "{}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]}}"},
        {"3", "{\"packet\":null," OPTS "}"},
        {"3", "{\"packet\":{\"type\":2}," OPTS "}"},
        {"3", "{\"packet\":{\"data\":[\"e\"]}," OPTS "}"},
        {"3", "{\"packet\":{\"type\":4,\"data\":[\"e\"]}," OPTS "}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":{}}," OPTS "}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[]}," OPTS "}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[null]}," OPTS "}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"disconnect\"]}," OPTS "}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"requestId\":5," OPTS "}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":[]}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"rooms\":\"r\"}}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"rooms\":[null]}}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"except\":{}}}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"flags\":5}}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"flags\":{\"rookery\":1}}}"},
        {"3", "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"flags\":{\"rookery\":[1]}}}"},
        {"3",
         "{\"packet\":{\"type\":2,\"data\":[\"e\"]},\"opts\":{\"flags\":{\"rookery\":[1,2]}}}"},
        {"4", "{\"rooms\":[]}"},
        {"4", "{" OPTS "}"},
        {"5", "{" OPTS ",\"rooms\":\"r\"}"},
        {"6", "{}"},
        {"7", "{" OPTS "}"},
        {"7", "{\"requestId\":\"5\"}"},
        {"8", "{\"sockets\":[]}"},
        {"8", "{\"requestId\":\"5\"}"},
        {"8", "{\"requestId\":\"5\",\"sockets\":{}}"},
        {"8", "{\"requestId\":\"5\",\"sockets\":[null]}"},
        {"8", "{\"requestId\":\"5\",\"sockets\":[{}]}"},
        {"8", "{\"requestId\":\"5\",\"sockets\":[{\"id\":\"x\",\"rooms\":7}]}"},
        {"9", "{}"},
        {"9", "{\"packet\":\"e\"}"},
        {"9", "{\"packet\":[]}"},
        {"9", "{\"packet\":[\"connection\"]}"},
        {"9", "{\"packet\":[\"error\",1]}"},
        {"10", "{\"packet\":1}"},
        {"11", "{\"requestId\":\"5\"}"},
        {"11", "{\"requestId\":\"5\",\"clientCount\":\"1\"}"},
        {"11", "{\"requestId\":\"5\",\"clientCount\":-1}"},
        {"12", "{\"packet\":1}"},
        {"100", "{}"},
        {"100", "{\"seen\":[]}"},
        {"100", "{\"seen\":{\"seq\":0,\"lately\":0,\"ask\":0,\"phase\":0,\"of\":{\"u\":\"1\"}}}"},
    };
    struct bytes payload = {0};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check(decode_entry(wrong[i].type, span_cstr(wrong[i].data)) == ADAPTER_ESHAPE);
        bytes_clear(&payload);
        bytes_add_cstr(&payload, "{\"type\":");
        bytes_add_cstr(&payload, wrong[i].type);
        json_member_json(&payload, SPAN("data"), span_cstr(wrong[i].data));
        bytes_add_cstr(&payload, "," FROM);
        check(decode(bytes_span(&payload)) == ADAPTER_ESHAPE);
    }
    bytes_finish(&payload);
}

static void what_is_no_message_is_refused(void)
{
    check(decode_text("") == ADAPTER_ESYNTAX);
    check(decode_text("{\"type\":3") == ADAPTER_ESYNTAX);
    check(decode_text("{\"type\":3}{") == ADAPTER_ESYNTAX);
    check(decode(SPAN("\xc1")) == ADAPTER_ESYNTAX);
    check(decode(SPAN("\x80\x80")) == ADAPTER_ESYNTAX);
    check(decode(SPAN("\x81\xa1")) == ADAPTER_ESYNTAX);
    check(decode(SPAN("\xc0")) == ADAPTER_ESHAPE);
    check(decode(SPAN("\x93\x03\xc0\xc0")) == ADAPTER_ESHAPE);
    check(decode_text("{}") == ADAPTER_ESHAPE);
    check(decode_text("{\"type\":\"3\"," FROM) == ADAPTER_ESHAPE);
    check(decode_text("{\"type\":1.5," FROM) == ADAPTER_ESHAPE);
    check(decode_text("{\"type\":3," FROM) == ADAPTER_ESHAPE);
    check(decode_text("{\"type\":3,\"data\":[]," FROM) == ADAPTER_ESHAPE);
    check(decode_text("{\"type\":1,\"uid\":\"u\"}") == ADAPTER_ESHAPE);
    check(decode_text("{\"type\":1,\"uid\":{},\"nsp\":\"/\"}") == ADAPTER_ESHAPE);
    check(decode_entry("", SPAN("{}")) == ADAPTER_ESHAPE);
    check(decode_entry("3a", SPAN("{}")) == ADAPTER_ESHAPE);
    check(decode_entry("3", SPAN("")) == ADAPTER_ESYNTAX);
    check(decode_entry("3", SPAN("!")) == ADAPTER_ESYNTAX);
    check(decode_entry("3", SPAN("{")) == ADAPTER_ESYNTAX);
    check(decode_entry("3", SPAN("wA==")) == ADAPTER_ESHAPE);
}

/* JSON that stands between two texts so many times a third. */
static struct bytes repeated(const char *before, const char *each, size_t count, const char *after)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, before);
    for (size_t i = 0; i < count; i++) {
        bytes_add_cstr(&b, each);
    }
    bytes_add_cstr(&b, after);
    return b;
}

static int decode_repeated(const char *type, const char *before, const char *each, size_t count,
                           const char *after)
{
    struct bytes b = repeated(before, each, count, after);
    int rc = decode_entry(type, bytes_span(&b));

    bytes_finish(&b);
    return rc;
}

static void what_a_peer_can_grow_has_a_bound(void)
{
    const char *join = "{" OPTS ",\"rooms\":[0", *socket = ",{\"id\":\"x\"}";
    const char *sockets = "{\"requestId\":\"5\",\"sockets\":[{\"id\":\"x\"}";

    check(decode_repeated("4", join, ",1", ADAPTER_NAMES_MAX - 1, "]}") == 0);
    check(decode_repeated("4", join, ",1", ADAPTER_NAMES_MAX, "]}") == ADAPTER_ELIMIT);
    check(decode_repeated("8", sockets, socket, ADAPTER_SOCKETS_MAX - 1, "]}") == 0);
    check(decode_repeated("8", sockets, socket, ADAPTER_SOCKETS_MAX, "]}") == ADAPTER_ELIMIT);
}

static void too_deep_or_too_many_binaries_are_refused(void)
{
    struct bytes bins = repeated("\x81\xa6packet\xdc\x01\x01\xa1"
                                 "e",
                                 "\xc4\x01\x07", 256, "");
    struct bytes text = {0}, deep = repeated("{\"packet\":[\"e\",", "[", 254, "");

    for (unsigned i = 0; i < 255; i++) {
        bytes_add_byte(&deep, ']');
    }
    bytes_add_byte(&deep, '}');
    check(decode_entry("9", bytes_span(&deep)) == 0);
    bytes_finish(&deep);
    deep = repeated("{\"packet\":[\"e\",", "[", 255, "");
    check(decode_entry("9", bytes_span(&deep)) == ADAPTER_ELIMIT);
    deep.len = 0;
    bytes_add_cstr(&deep, "\x81\xa6packet\x92\xa1"
                          "e");
    for (unsigned i = 0; i < 255; i++) {
        bytes_add_byte(&deep, 0x91);
    }
    bytes_add_byte(&deep, 0xc0);
    base64_encode(bytes_span(&deep), &text);
    check(decode_entry("9", bytes_span(&text)) == ADAPTER_ELIMIT);

    bytes_clear(&text);
    base64_encode(bytes_span(&bins), &text);
    check(decode_entry("9", bytes_span(&text)) == 0 && got.args.bin_count == ADAPTER_BINS_MAX);
    bins.data[10] = 2;
    bytes_add(&bins, "\xc4\x00", 2);
    bytes_clear(&text);
    base64_encode(bytes_span(&bins), &text);
    check(decode_entry("9", bytes_span(&text)) == ADAPTER_ELIMIT);
    bytes_finish(&bins);
    bytes_finish(&text);
    bytes_finish(&deep);
}

static void an_entry_is_what_node_adds(void)
{
    static const char data[] =
        "{\"packet\":{\"type\":2,\"data\":[\"message\",{\"n\":1}]}," OPTS "}";
    static const char join[] = "{" OPTS ",\"rooms\":[\"r2\"]}";
    static const char binary[] =
        "gqZwYWNrZXSCpHR5cGUCpGRhdGGSoWbEAwECA6RvcHRzg6Vyb29tc5GicjGmZXhjZXB0kKVmbGFnc4A=";

    check(decode_entry("3", span_cstr(data)) == 0);
    check(got.kind == ADAPTER_BROADCAST && names_are(&got.rooms, "r1 "));
    check(span_eq(got.uid, SPAN(UID)) && span_eq(got.nsp, SPAN("/")));
    check(entry_encodes_as(&got, "3", data));

    check(decode_entry("4", span_cstr(join)) == 0);
    check(got.kind == ADAPTER_JOIN && names_are(&got.operands, "r2 "));
    check(entry_encodes_as(&got, "4", join));

    check(decode_entry("3", span_cstr(binary)) == 0);
    check(got.args.bin_count == 1 && span_eq(got.args.bins[0], SPAN("\1\2\3")));
    check(span_eq(got.args.json, SPAN("{\"_placeholder\":true,\"num\":0}")));
    check(entry_encodes_as(&got, "3", binary));

    struct adapter_message ask = {.kind = ADAPTER_CATCH_UP};
    check(entry_encodes_as(&ask, "100",
                           "{\"seen\":{\"seq\":0,\"lately\":0,\"ask\":0,\"phase\":0,\"of\":{}}}"));
}

/* On the streams adapter's channels nothing is JSON. */
static void questions_of_the_streams_adapter_are_msgpack(void)
{
    struct span room = SPAN("r1");
    struct adapter_message ask = {
        .kind = ADAPTER_EMIT,
        .uid = SPAN("u"),
        .nsp = SPAN("/"),
        .request_id = SPAN("5"),
        .event = SPAN("\"e\""),
        .args = {.json = SPAN("-33,9007199254740992,1.5,null,\"\\u00e9\",{\"_placeholder\":true}")},
        .rooms = {&room, 1},
    };
    struct span want =
        SPAN("\x84\xa4type\x09\xa4"
             "data\x82\xa9requestId\xa1"
             "5\xa6packet\x97\xa3\"e\"\xd0\xdf\xcb\x43\x40\0\0\0\0\0\0\xcb\x3f\xf8\0\0\0\0\0"
             "\0\xc0\xa2\xc3\xa9\x81\xac_placeholder\xc3\xa3uid\xa1u\xa3nsp\xa1/");

    check(encodes_as(CLUSTER_MSGPACK, &ask, want));
    check(decode(want) == 0 && got.kind == ADAPTER_EMIT && span_eq(got.event, SPAN("\"e\"")));
    check(span_eq(got.args.json,
                  SPAN("-33,9007199254740992,1.5,null,\"\xc3\xa9\",{\"_placeholder\":true}")));
}

static void a_session_is_what_node_keeps(void)
{
    static const char value[] =
        "hKNzaWS0Y1Npand6ZndkRlJFbHN5Z0FBQUGjcGlktEYxLXJoeVBrSUxIeEF3ODVBQUFC"
        "pXJvb21zkrRjU2lqd3pmd2RGUkVsc3lnQUFBQaJyMaRkYXRhgaF1AQ==";
    struct cluster_session session;
    struct bytes out = {0};

    check(cluster_session_decode(&decoder, span_cstr(value), &session) == 0);
    check(span_eq(session.sid, SPAN("cSijwzfwdFRElsygAAAA")));
    check(span_eq(session.pid, SPAN("F1-rhyPkILHxAw85AAAB")));
    check(names_are(&session.rooms, "cSijwzfwdFRElsygAAAA r1 "));
    check(span_eq(session.data, SPAN("{\"u\":1}")));
    cluster_session_encode(&out, &session);
    check(span_eq(bytes_span(&out), span_cstr(value)));
    bytes_finish(&out);
}

static void a_session_that_is_none_is_refused(void)
{
    struct cluster_session session;

    check(cluster_session_decode(&decoder, SPAN(""), &session) == ADAPTER_ESYNTAX);
    check(cluster_session_decode(&decoder, SPAN("gA="), &session) == ADAPTER_ESYNTAX);
    check(cluster_session_decode(&decoder, SPAN("gA=="), &session) == ADAPTER_ESHAPE);
    check(cluster_session_decode(&decoder, SPAN("{\"sid\":\"a\",\"pid\":\"b\"}"), &session) == 0);
    check(span_eq(session.data, SPAN("{}")) && session.rooms.count == 0);
    check(cluster_session_decode(&decoder, SPAN("{\"sid\":\"\",\"pid\":\"b\"}"), &session) ==
          ADAPTER_ESHAPE);
    check(cluster_session_decode(&decoder, SPAN("{\"sid\":\"a\\\"\",\"pid\":\"b\"}"), &session) ==
          ADAPTER_ESHAPE);
    check(cluster_session_decode(&decoder, SPAN("{\"sid\":\"a\",\"pid\":\"b c\"}"), &session) ==
          ADAPTER_ESHAPE);
    check(cluster_session_decode(&decoder, SPAN("{\"sid\":\"a\",\"pid\":\"b\",\"rooms\":5}"),
                                 &session) == ADAPTER_ESHAPE);
}

int main(void)
{
    RUN(a_broadcast_is_what_node_sends);
    RUN(a_binary_broadcast_is_notepack);
    RUN(what_is_asked_is_what_node_asks);
    RUN(what_is_answered_is_what_node_answers);
    RUN(of_the_values_of_an_answer_the_first_travels);
    RUN(sockets_are_described_as_node_describes_them);
    RUN(binaries_in_the_data_of_a_socket_become_json);
    RUN(orders_are_as_node_gives_them);
    RUN(flags_carry_what_is_ours_too);
    RUN(a_timeout_that_is_no_integer_is_not_said);
    RUN(catching_up_is_a_type_of_its_own);
    RUN(a_decoder_goes_by_key);
    RUN(what_is_nothing_to_us_is_ignored);
    RUN(what_would_hurt_node_is_refused);
    RUN(what_is_no_message_is_refused);
    RUN(what_a_peer_can_grow_has_a_bound);
    RUN(too_deep_or_too_many_binaries_are_refused);
    RUN(an_entry_is_what_node_adds);
    RUN(questions_of_the_streams_adapter_are_msgpack);
    RUN(a_session_is_what_node_keeps);
    RUN(a_session_that_is_none_is_refused);
    adapter_decoder_finish(&decoder);
    return tap_done();
}
