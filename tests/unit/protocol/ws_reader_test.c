// SPDX-License-Identifier: MIT
#include "protocol/ws_reader.h"
#include "tests/support/tap.h"

/* What a reader made of a stream: "text:hello ping: close1000:bye error-8". */
struct story {
    struct bytes told;
    int error;
};

static void tell(struct story *s, const struct ws_event *e)
{
    static const char *const names[] = {
        [WS_EVENT_TEXT] = "text", [WS_EVENT_BINARY] = "binary", [WS_EVENT_PING] = "ping",
        [WS_EVENT_PONG] = "pong", [WS_EVENT_CLOSE] = "close",
    };

    bytes_add_cstr(&s->told, names[e->type]);
    if (e->type == WS_EVENT_CLOSE) {
        bytes_add_u64(&s->told, e->close_code);
    }
    bytes_add_cstr(&s->told, e->compressed ? "*:" : ":");
    bytes_add_span(&s->told, e->payload);
    bytes_add_byte(&s->told, ' ');
}

/* Gives the reader the stream in pieces of `piece` bytes, each a block of its own. */
static void read_in_pieces(struct ws_reader *r, struct span stream, size_t piece, struct story *s)
{
    for (size_t at = 0; at < stream.len && s->error == 0; at += piece) {
        struct bytes block = {0};
        size_t n = stream.len - at < piece ? stream.len - at : piece, used = 0;
        bytes_add(&block, stream.data + at, n);
        for (struct ws_event e;;) {
            int k = ws_reader_next(r, block.data + used, n - used, &e);
            if (k < 0) {
                s->error = k;
                break;
            }
            used += (size_t)k;
            if (e.type == WS_EVENT_NONE) {
                check(used == n);
                break;
            }
            tell(s, &e);
        }
        bytes_finish(&block);
    }
}

enum { LIMIT = 1000 };

/* The stream must make the same story, cut in whatever way. */
static void check_story(unsigned options, struct span stream, const char *told, int error)
{
    for (size_t piece = 1; piece <= stream.len; piece++) {
        struct ws_reader r;
        struct story s = {0};
        ws_reader_init(&r, LIMIT, options);
        read_in_pieces(&r, stream, piece, &s);
        check(span_eq(bytes_span(&s.told), span_cstr(told)));
        check(s.error == error);
        bytes_finish(&s.told);
        ws_reader_finish(&r);
    }
}

/* "\x81\x80" "KEY0": masked by a key of zeros, so that payloads are legible below. */
#define KEY0                        "\0\0\0\0"
#define SERVER(stream, told, error) check_story(0, SPAN(stream), (told), (error))
#define CLIENT(stream, told, error) check_story(WS_READER_CLIENT, SPAN(stream), (told), (error))

static void delivers_masked_messages(void)
{
    SERVER("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
           "\x81\x82\1\2\3\4IG",
           "text:Hello text:HE ", 0);
    SERVER("\x82\x82" KEY0 "\xff\xfe", "binary:\xff\xfe ", 0);
    SERVER("\x81\x80" KEY0, "text: ", 0);
    SERVER("\x81\x81" KEY0 "a"
           "\x81\x81" KEY0 "b",
           "text:a text:b ", 0);
}

static void delivers_unmasked_messages_to_a_client(void)
{
    CLIENT("\x81\x05Hello\x89\x00\x88\x02\x03\xe8", "text:Hello ping: close1000: ", 0);
}

static void joins_fragments_around_control_frames(void)
{
    SERVER("\x01\x82" KEY0 "ab"
           "\x89\x82" KEY0 "hi"
           "\x00\x80" KEY0 "\x8a\x80" KEY0 "\x80\x82" KEY0 "cd"
           "\x81\x81" KEY0 "e",
           "ping:hi pong: text:abcd text:e ", 0);
    SERVER("\x02\x80" KEY0 "\x80\x80" KEY0, "binary: ", 0);
    SERVER("\x01\x80" KEY0 "\x80\x81" KEY0 "x", "text:x ", 0);
}

static void refuses_fragments_out_of_order(void)
{
    SERVER("\x80\x81" KEY0 "a", "", WS_EFRAGMENT);
    SERVER("\x01\x81" KEY0 "a"
           "\x81\x81" KEY0 "b",
           "", WS_EFRAGMENT);
    SERVER("\x81\x81" KEY0 "a"
           "\x80\x81" KEY0 "b",
           "text:a ", WS_EFRAGMENT);
}

static void holds_each_side_to_its_masking(void)
{
    SERVER("\x81\x05Hello", "", WS_EMASK);
    SERVER("\x89\x00", "", WS_EMASK);
    CLIENT("\x81\x81" KEY0 "a", "", WS_EMASK);
}

static void refuses_reserved_bits(void)
{
    SERVER("\xc1\x81" KEY0 "a", "", WS_ERSV);
    SERVER("\xa1\x81" KEY0 "a", "", WS_ERSV);
    SERVER("\x99\x80" KEY0, "", WS_ERSV);
}

static void reports_compressed_messages_once_agreed(void)
{
    check_story(WS_READER_DEFLATE,
                SPAN("\xc1\x81" KEY0 "\xff"
                     "\x81\x81" KEY0 "b"
                     "\x42\x81" KEY0 "c"
                     "\x80\x81" KEY0 "d"),
                "text*:\xff text:b binary*:cd ", 0);
    check_story(WS_READER_DEFLATE,
                SPAN("\x01\x81" KEY0 "a"
                     "\xc0\x81" KEY0 "b"),
                "", WS_ERSV);
    check_story(WS_READER_DEFLATE, SPAN("\xc9\x80" KEY0), "", WS_ERSV);
    check_story(WS_READER_DEFLATE, SPAN("\xe1\x80" KEY0), "", WS_ERSV);
}

static void takes_text_across_cuts_inside_a_character(void)
{
    SERVER("\x01\x82" KEY0 "\xf0\x9f"
           "\x80\x82" KEY0 "\x98\x80",
           "text:\xf0\x9f\x98\x80 ", 0);
}

static void refuses_text_that_is_not_utf8(void)
{
    SERVER("\x81\x82" KEY0 "a\xff", "", WS_EUTF8);
    SERVER("\x81\x82" KEY0 "\xe2\x82", "", WS_EUTF8);
    SERVER("\x01\x81" KEY0 "\xe2"
           "\x80\x81" KEY0 "a",
           "", WS_EUTF8);
}

static void refuses_bad_text_before_the_message_is_whole(void)
{
    uint8_t stream[] = "\x81\xff\0\0\0\0\0\0\x03\xe8" KEY0 "ok\xc0";
    struct ws_reader r;
    struct ws_event e;

    ws_reader_init(&r, LIMIT, 0);
    check(ws_reader_next(&r, stream, sizeof stream - 1, &e) == WS_EUTF8);
    ws_reader_finish(&r);
}

static void begins_each_text_afresh(void)
{
    SERVER("\x81\x81" KEY0 "a"
           "\x82\x81" KEY0 "\xe2"
           "\x81\x81" KEY0 "b",
           "text:a binary:\xe2 text:b ", 0);
}

static void reads_close_frames(void)
{
    SERVER("\x88\x80" KEY0, "close1005: ", 0);
    SERVER("\x88\x85" KEY0 "\x03\xe8"
           "bye",
           "close1000:bye ", 0);
    SERVER("\x88\x81" KEY0 "\x03", "", WS_ECLOSE);
    SERVER("\x88\x82" KEY0 "\x03\xed", "", WS_ECLOSE);
    SERVER("\x88\x83" KEY0 "\x03\xe8\xff", "", WS_EUTF8);
}

static void passes_on_what_is_wrong_with_a_head(void)
{
    SERVER("\x83\x80" KEY0, "", WS_EOPCODE);
    SERVER("\x09\x80" KEY0, "", WS_ECONTROL);
    SERVER("\x82\xff\x80\0\0\0\0\0\0\0" KEY0, "", WS_ELENGTH);
}

/* A head, masked by zeros, of a binary frame. */
static size_t put_head(uint8_t *out, enum ws_opcode opcode, bool fin, uint64_t len)
{
    return ws_frame_encode(
        out,
        &(struct ws_frame_head){.opcode = opcode, .fin = fin, .masked = true, .payload_len = len});
}

static void refuses_too_much_as_soon_as_it_is_announced(void)
{
    uint8_t head[WS_HEAD_MAX], stream[LIMIT + 2 * WS_HEAD_MAX] = {0};
    struct ws_reader r;
    struct ws_event e;

    ws_reader_init(&r, LIMIT, 0);
    size_t n = put_head(head, WS_BINARY, true, LIMIT + 1);
    check(ws_reader_next(&r, head, n, &e) == WS_ETOOBIG);
    n = put_head(head, WS_BINARY, true, INT64_MAX);
    ws_reader_init(&r, LIMIT, 0);
    check(ws_reader_next(&r, head, n, &e) == WS_ETOOBIG);

    ws_reader_init(&r, LIMIT, 0);
    n = put_head(stream, WS_BINARY, false, LIMIT);
    check(ws_reader_next(&r, stream, n + LIMIT, &e) == (int)n + LIMIT);
    n = put_head(head, WS_CONTINUATION, true, 1);
    check(ws_reader_next(&r, head, n, &e) == WS_ETOOBIG);
    ws_reader_finish(&r);
}

static void takes_a_message_of_exactly_the_limit(void)
{
    uint8_t stream[LIMIT + WS_HEAD_MAX] = {0};
    size_t n = put_head(stream, WS_BINARY, true, LIMIT) + LIMIT;
    struct ws_reader r;
    struct ws_event e;

    ws_reader_init(&r, LIMIT, 0);
    check(ws_reader_next(&r, stream, n, &e) == (int)n);
    check(e.type == WS_EVENT_BINARY && e.payload.len == LIMIT);
}

static void lends_a_whole_message_from_the_input(void)
{
    uint8_t stream[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    struct ws_reader r;
    struct ws_event e;

    ws_reader_init(&r, LIMIT, 0);
    check(ws_reader_next(&r, stream, 11, &e) == 11);
    check(e.payload.data == stream + 6 && r.partial.data == NULL);
}

static void holds_no_memory_between_messages(void)
{
    uint8_t stream[] = "\x01\x82" KEY0 "ab"
                       "\x89\x82" KEY0 "hi"
                       "\x80\x82" KEY0 "cd";
    size_t len = sizeof stream - 1;

    for (size_t cut = 1; cut < len; cut++) {
        struct ws_reader r;
        struct story s = {0};
        uint8_t copy[sizeof stream];
        memcpy(copy, stream, sizeof stream);
        ws_reader_init(&r, LIMIT, 0);
        read_in_pieces(&r, span_of(copy, cut), cut, &s);
        check(r.partial.data != NULL || cut == WS_HEAD_MAX - 8); /* the first head alone */
        read_in_pieces(&r, span_of(copy + cut, len - cut), len, &s);
        check(r.partial.data == NULL);
        check(span_eq(bytes_span(&s.told), SPAN("ping:hi text:abcd ")));
        bytes_finish(&s.told);
    }
}

int main(void)
{
    RUN(delivers_masked_messages);
    RUN(delivers_unmasked_messages_to_a_client);
    RUN(joins_fragments_around_control_frames);
    RUN(refuses_fragments_out_of_order);
    RUN(holds_each_side_to_its_masking);
    RUN(refuses_reserved_bits);
    RUN(reports_compressed_messages_once_agreed);
    RUN(takes_text_across_cuts_inside_a_character);
    RUN(refuses_text_that_is_not_utf8);
    RUN(refuses_bad_text_before_the_message_is_whole);
    RUN(begins_each_text_afresh);
    RUN(reads_close_frames);
    RUN(passes_on_what_is_wrong_with_a_head);
    RUN(refuses_too_much_as_soon_as_it_is_announced);
    RUN(takes_a_message_of_exactly_the_limit);
    RUN(lends_a_whole_message_from_the_input);
    RUN(holds_no_memory_between_messages);
    return tap_done();
}
