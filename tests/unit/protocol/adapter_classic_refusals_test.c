/* What must not come in on the classic wire. */
// SPDX-License-Identifier: MIT
#include "protocol/adapter_classic.h"

#include "tests/support/tap.h"
#include "tests/unit/protocol/adapter_classic_fixture.h"

#define NESTED_MAX 300

static void refuses_requests_that_would_throw_in_node(void)
{
    static const char *const requests[] = {
        "{}",
        "{\"type\":\"5\"}",
        "{\"type\":5}",
        "{\"type\":5,\"requestId\":\"r\"}",
        "{\"type\":5,\"requestId\":\"r\",\"opts\":null}",
        "{\"type\":5,\"requestId\":\"r\",\"opts\":{\"rooms\":5}}",
        "{\"type\":5,\"opts\":{\"rooms\":[]}}",
        "{\"type\":7}",
        "{\"type\":7,\"requestId\":\"r\",\"packet\":{\"type\":2,\"data\":[\"e\"]}}",
        "{\"type\":7,\"requestId\":\"r\",\"opts\":{}}",
        "{\"type\":2,\"opts\":{}}",
        "{\"type\":2,\"opts\":{},\"rooms\":\"r\"}",
        "{\"type\":2,\"opts\":5,\"rooms\":[]}",
        "{\"type\":6}",
        "{\"type\":6,\"data\":[]}",
        "{\"type\":6,\"data\":[{}]}",
        "{\"type\":6,\"data\":{}}",
        "{\"type\":6,\"data\":[\"error\"]}",
        "{\"type\":1,\"requestId\":5}",
        "{\"type\":2,\"opts\":{\"rooms\":[null]},\"rooms\":[]}",
    };
    struct fixture f = {0};

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int rc = decode(&f, CLASSIC_REQUEST, span_cstr(requests[i]));
        if (rc != ADAPTER_ESHAPE) {
            printf("# %s: %s\n", requests[i], adapter_strerror(rc));
        }
        check(rc == ADAPTER_ESHAPE);
    }
    check(decode(&f, CLASSIC_REQUEST, SPAN("\xc0")) == ADAPTER_ESHAPE);
    check(decode(&f, CLASSIC_REQUEST, SPAN("\x90")) == ADAPTER_ESHAPE);
    check(decode(&f, CLASSIC_REQUEST, SPAN("{\"type\":")) == ADAPTER_ESYNTAX);
    check(decode(&f, CLASSIC_REQUEST, SPAN("")) == ADAPTER_ESYNTAX);
    check(decode(&f, CLASSIC_REQUEST, SPAN("\xc1")) == ADAPTER_ESYNTAX);
    finish(&f);
}

static void refuses_answers_that_would_throw_in_node(void)
{
    static const char *const answers[] = {
        "{}",
        "{\"requestId\":\"\"}",
        "{\"requestId\":5}",
        "{\"type\":8,\"requestId\":\"r\"}",
        "{\"type\":8,\"requestId\":\"r\",\"clientCount\":-1}",
        "{\"type\":8,\"requestId\":\"r\",\"clientCount\":\"1\"}",
        "{\"type\":\"8\",\"requestId\":\"r\"}",
        "{\"requestId\":\"r\",\"sockets\":5}",
        "{\"requestId\":\"r\",\"sockets\":[{}]}",
        "{\"requestId\":\"r\",\"sockets\":[null]}",
        "{\"requestId\":\"r\",\"rooms\":{}}",
    };
    struct fixture f = {0};

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        check(decode(&f, CLASSIC_RESPONSE, span_cstr(answers[i])) == ADAPTER_ESHAPE);
    }
    check(decode(&f, CLASSIC_RESPONSE, SPAN("\xc0")) == ADAPTER_ESHAPE);
    check(decode(&f, CLASSIC_RESPONSE,
                 SPAN("\x82\xa9requestId\xa1r\xa7sockets\x91\x82\xa2id\xa1s\xa4"
                      "data\x81\xa1"
                      "a\xc4\x01x")) == ADAPTER_ESHAPE);
    finish(&f);
}

static void refuses_broadcasts_that_would_throw_in_node_or_its_clients(void)
{
    static const struct span payloads[] = {
        SPAN("\x90"),
        SPAN("\x80"),
        SPAN("\xc0"),
        SPAN("{"),
        SPAN("\x93\xa1"
             "a\xc0\x80"),
        SPAN("\x92\xa1"
             "a\x82\xa4type\x02\xa4"
             "data\x91\xa1x"),
        SPAN("\x93\xa1"
             "a\x82\xa4type\x02\xa4"
             "data\x91\xa1x\xc0"),
        SPAN("\x93\xa1"
             "a\x82\xa4type\x02\xa4"
             "data\x90\x80"),
        SPAN("\x93\xa1"
             "a\x82\xa4type\x02\xa4"
             "data\x91\xc0\x80"),
        SPAN("\x93\xa1"
             "a\x82\xa4type\x03\xa4"
             "data\x91\xa1x\x80"),
        SPAN("\x93\xa1"
             "a\x82\xa4type\x02\xa4"
             "data\x91\xaa"
             "disconnect\x80"),
        SPAN("\x93\xa1"
             "a\x82\xa4type\x02\xa4"
             "data\x91\xa1x\x81\xa5rooms\x05"),
        SPAN("\x93\xa1"
             "a\x82\xa4type\x02\xa4"
             "data\x91\xa1x\x81\xa5"
             "flags\x05"),
        SPAN("\x93\xa1"
             "a\x81\xc0\x02\x80"),
    };
    struct fixture f = {0};

    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        int rc = decode(&f, CLASSIC_BROADCAST, payloads[i]);
        if (rc != ADAPTER_ESHAPE) {
            printf("# payload %zu: %s\n", i, adapter_strerror(rc));
        }
        check(rc == ADAPTER_ESHAPE);
    }
    finish(&f);
}

static void refuses_what_is_too_deep_or_too_many(void)
{
    struct fixture f = {0};
    struct bytes payload = {0};

    bytes_add_cstr(&payload, "{\"type\":6,\"data\":[\"e\",");
    for (unsigned i = 0; i < NESTED_MAX; i++) {
        bytes_add_byte(&payload, '[');
    }
    for (unsigned i = 0; i < NESTED_MAX; i++) {
        bytes_add_byte(&payload, ']');
    }
    bytes_add_cstr(&payload, "]}");
    check(decode(&f, CLASSIC_REQUEST, bytes_span(&payload)) == ADAPTER_ELIMIT);

    bytes_clear(&payload);
    bytes_add_span(&payload, SPAN("\x93\xa1"
                                  "a\x82\xa4type\x02\xa4"
                                  "data\xdc\x01\x02\xa1x"));
    for (unsigned i = 0; i <= ADAPTER_BINS_MAX; i++) {
        bytes_add_span(&payload, SPAN("\xc4\x00"));
    }
    bytes_add_span(&payload, SPAN("\x80"));
    check(decode(&f, CLASSIC_BROADCAST, bytes_span(&payload)) == ADAPTER_ELIMIT);

    bytes_clear(&payload);
    bytes_add_cstr(&payload, "{\"type\":0,\"requestId\":\"r\",\"rooms\":[0");
    for (unsigned i = 0; i < ADAPTER_NAMES_MAX; i++) {
        bytes_add_cstr(&payload, ",0");
    }
    bytes_add_cstr(&payload, "]}");
    check(decode(&f, CLASSIC_REQUEST, bytes_span(&payload)) == ADAPTER_ELIMIT);
    bytes_finish(&payload);
    finish(&f);
}

int main(void)
{
    RUN(refuses_requests_that_would_throw_in_node);
    RUN(refuses_answers_that_would_throw_in_node);
    RUN(refuses_broadcasts_that_would_throw_in_node_or_its_clients);
    RUN(refuses_what_is_too_deep_or_too_many);
    return tap_done();
}
