// SPDX-License-Identifier: MIT
#include "src/socket/encoder.h"

#include <stdlib.h>

#include "tests/support/str.h"
#include "tests/support/tap.h"

static struct encoder e;

#define check_frames(frames, want) check_mem((frames).data, (frames).len, want, sizeof(want) - 1)

static const struct sio_head event = {.type = SIO_EVENT};
static const struct sio_head in_chat = {
    .type = SIO_EVENT, .nsp = {(const uint8_t *)"/chat", 5}, .has_id = true, .id = 7};
static const struct sio_head answer = {.type = SIO_ACK, .has_id = true, .id = 12};

static int encode(const char *args)
{
    struct span ignored;
    struct rookery_args a = json(args);
    return encoder_event(&e, event, ROOKERY_STR("e"), &a, &ignored);
}

static void frames_events_and_answers(void)
{
    struct span f;
    struct rookery_args args = json("1, {\"a\":[]}");
    check(encoder_event(&e, event, ROOKERY_STR("hi"), NULL, &f) == 0);
    check_frames(f, "\x81\x08"
                    "42[\"hi\"]");
    check(encoder_event(&e, in_chat, ROOKERY_STR("a\"b"), &args, &f) == 0);
    check_frames(f, "\x81\x1d"
                    "42/chat,7[\"a\\\"b\",1, {\"a\":[]}]");
    check(encoder_ack(&e, answer, NULL, &f) == 0);
    check_frames(f, "\x81\x06"
                    "4312[]");
    check(encoder_ack(&e, answer, &args, &f) == 0);
    check_frames(f, "\x81\x11"
                    "4312[1, {\"a\":[]}]");
    encoder_finish(&e);
}

static void uses_the_shortest_head_that_holds_the_length(void)
{
    static const struct {
        size_t payload;
        uint8_t head[10];
        size_t head_len;
    } cases[] = {
        {125, {0x81, 125}, 2},
        {126, {0x81, 126, 0, 126}, 4},
        {65535, {0x81, 126, 0xff, 0xff}, 4},
        {65536, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = cases[i].payload - strlen("42[\"e\",]");
        char *digits = malloc(len);
        memset(digits, '1', len);
        struct rookery_args args = {.json = {digits, len}};
        struct span f;
        check(encoder_event(&e, event, ROOKERY_STR("e"), &args, &f) == 0);
        check(f.len == cases[i].head_len + cases[i].payload);
        check(memcmp(f.data, cases[i].head, cases[i].head_len) == 0);
        free(digits);
    }
    encoder_finish(&e);
}

static void takes_no_arguments_that_are_not_json(void)
{
    static const char *const bad[] = {"x",   "1,",       ",1",  "1],[2",    "{",       "\"",
                                      "01",  "1 2",      "[",   "\"\\x\"",  "]",       "1]",
                                      "[1}", "\"\xff\"", "nan", "\xc3\xa9", "\"a\tb\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check(encode(bad[i]) == ROOKERY_EINVAL);
    }
    check(encode("") == 0 && encode(" 1 ,\n2 ") == 0 && encode("\"\xc3\xa9\"") == 0);
    encoder_finish(&e);
}

static void trusts_only_the_very_arguments_that_it_is_told_to(void)
{
    static const char text[] = "nonsense";
    e.trusted = span_of(text, 8);
    char copy[] = "nonsense";
    struct rookery_args whole = {.json = {text, 8}}, part = {.json = {text, 7}};
    struct rookery_args elsewhere = {.json = {copy, 8}};
    struct span f;
    check(encoder_event(&e, event, ROOKERY_STR("e"), &whole, &f) == 0);
    check(encoder_event(&e, event, ROOKERY_STR("e"), &part, &f) == ROOKERY_EINVAL);
    check(encoder_event(&e, event, ROOKERY_STR("e"), &elsewhere, &f) == ROOKERY_EINVAL);
    encoder_finish(&e);
    e.trusted = span_of(NULL, 0);
}

static void refuses_reserved_names_and_names_that_are_not_utf8(void)
{
    struct span f;
    check(encoder_event(&e, event, ROOKERY_STR("connect_error"), NULL, &f) == ROOKERY_ERESERVED);
    check(encoder_event(&e, event, ROOKERY_STR("a\xff"), NULL, &f) == ROOKERY_EINVAL);
    check(encoder_event(&e, event, ROOKERY_STR(""), NULL, &f) == 0);
    encoder_finish(&e);
}

static int encode_binary(const char *args, const struct rookery_bin *bins, size_t count,
                         struct span *f)
{
    struct rookery_args a = {.json = str(args), .bins = bins, .bin_count = count};
    return encoder_ack(&e, answer, &a, f);
}

static void numbers_attachments_in_the_order_met(void)
{
    static const struct rookery_bin bins[] = {{"A", 1}, {NULL, 0}, {"CC", 2}};
    struct span f;
    check(encode_binary("{\"_placeholder\":true,\"num\":2},{\"_placeholder\":true,\"num\":1}", bins,
                        3, &f) == 0);
    check_frames(f, "\x81\x43"
                    "462-12[{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]"
                    "\x82\x02"
                    "CC"
                    "\x82\x00");
    /* None is named: it is no binary packet, and such objects are plain data. */
    check(encode_binary("1", bins, 3, &f) == 0);
    check_frames(f, "\x81\x07"
                    "4312[1]");
    check(encode_binary("{\"_placeholder\":true,\"num\":5}", NULL, 0, &f) == 0);
    encoder_finish(&e);
}

static void refuses_placeholders_that_name_no_attachment(void)
{
    static const struct rookery_bin bins[] = {{"A", 1}};
    struct span f;
    check(encode_binary("{\"_placeholder\":true,\"num\":1}", bins, 1, &f) == ROOKERY_EINVAL);
    check(encode_binary("{\"_placeholder\":true}", bins, 1, &f) == ROOKERY_EINVAL);
    check(encode_binary("{\"_placeholder\":true,\"num\":0}]", bins, 1, &f) == ROOKERY_EINVAL);
    encoder_finish(&e);
}

static void bounds_the_number_of_attachments(void)
{
    static const struct rookery_bin bins[] = {{"A", 1}};
    struct bytes args = {0};
    struct span f;
    for (int i = 0; i <= ENCODER_ATTACHMENTS_MAX; i++) {
        bytes_add_cstr(&args, i == 0 ? "" : ",");
        bytes_add_cstr(&args, "{\"_placeholder\":true,\"num\":0}");
        bytes_add_byte(&args, '\0');
        int result = encode_binary((const char *)args.data, bins, 1, &f);
        check(result == (i < ENCODER_ATTACHMENTS_MAX ? 0 : ROOKERY_ELIMIT));
        args.len--;
    }
    bytes_finish(&args);
    encoder_finish(&e);
}

static void frames_what_the_server_says_itself(void)
{
    check_frames(encoder_connect(&e, SPAN("/"), SPAN("abc"), SPAN("")), "\x81\x0f"
                                                                        "40{\"sid\":\"abc\"}");
    check_frames(encoder_connect_error(&e, SPAN("/x"), SPAN("no"), SPAN("{\"a\":1}")),
                 "\x81\x24"
                 "44/x,{\"message\":\"no\",\"data\":{\"a\":1}}");
    check_frames(encoder_connect_error(&e, SPAN("/"), SPAN("no"), SPAN("{")),
                 "\x81\x12"
                 "44{\"message\":\"no\"}");
    check_frames(encoder_disconnect(&e, SPAN("/x")), "\x81\x05"
                                                     "41/x,");
    encoder_finish(&e);
}

static void gives_memory_back_after_something_large(void)
{
    enum { LEN = 1 << 20 };
    char *digits = malloc(LEN);
    memset(digits, '1', LEN);
    struct rookery_args args = {.json = {digits, LEN}};
    struct span f;
    check(encoder_event(&e, event, ROOKERY_STR("e"), &args, &f) == 0);
    check(e.out.cap >= LEN);
    check(encode("1") == 0);
    check(e.out.cap < 4096);
    free(digits);
    encoder_finish(&e);
}

int main(void)
{
    RUN(frames_events_and_answers);
    RUN(uses_the_shortest_head_that_holds_the_length);
    RUN(takes_no_arguments_that_are_not_json);
    RUN(trusts_only_the_very_arguments_that_it_is_told_to);
    RUN(refuses_reserved_names_and_names_that_are_not_utf8);
    RUN(numbers_attachments_in_the_order_met);
    RUN(refuses_placeholders_that_name_no_attachment);
    RUN(bounds_the_number_of_attachments);
    RUN(frames_what_the_server_says_itself);
    RUN(gives_memory_back_after_something_large);
    return tap_done();
}
