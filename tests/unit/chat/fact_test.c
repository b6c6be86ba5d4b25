/* Facts: what is written is read again, and what is malformed is not. */
// SPDX-License-Identifier: MIT
#include "src/chat/fact.h"

#include "tests/support/tap.h"

#define SOCKET "socket-0000000000001"

static bool same_identity(struct identity a, struct identity b)
{
    return span_eq(a.user_id, b.user_id) && span_eq(a.username, b.username);
}

static bool same(const struct fact *a, const struct fact *b)
{
    return a->kind == b->kind && span_eq(a->room, b->room) && span_eq(a->sent_at, b->sent_at) &&
           span_eq(a->node, b->node) && a->all == b->all && a->part == b->part &&
           span_eq(a->member.socket_id, b->member.socket_id) &&
           same_identity(a->member.who, b->member.who) && a->member.away == b->member.away &&
           a->member.dialect == b->member.dialect && span_eq(a->message_id, b->message_id) &&
           span_eq(a->recipient, b->recipient) && span_eq(a->author, b->author) &&
           a->state == b->state && same_identity(a->reader, b->reader) && a->wall_ms == b->wall_ms;
}

static bool read(struct span text, struct bytes *texts, struct fact *out)
{
    struct json v;

    if (json_parse(text, JSON_DEPTH_MAX, &v) < 0) {
        return false;
    }
    tuple_reserve(texts, text);
    return fact_read(v, texts, out);
}

static void comes_as_it_was(void)
{
    static const struct fact facts[] = {
        {.kind = FACT_JOINED,
         .room = SPAN("a \"room\""),
         .member = {SPAN(SOCKET), {SPAN("u\n"), SPAN("Ada")}, DIALECT_NATIVE, true},
         .sent_at = SPAN("\"now\"")},
        {.kind = FACT_LEFT, .room = SPAN("r"), .member.socket_id = SPAN(SOCKET)},
        {.kind = FACT_GONE, .room = SPAN("\x01lobby"), .member.socket_id = SPAN(SOCKET)},
        {.kind = FACT_STATUS,
         .room = SPAN("r"),
         .member = {.socket_id = SPAN(SOCKET), .away = true}},
        {.kind = FACT_ASK, .room = SPAN("\x01@bob"), .node = SPAN("n1"), .all = true},
        {.kind = FACT_ANEW},
        {.kind = FACT_DIRECT,
         .room = SPAN("\x01@bob"),
         .message_id = SPAN("m"),
         .recipient = SPAN("bob"),
         .author = SPAN("ada"),
         .state = MESSAGE_READ,
         .reader = {SPAN("bob"), SPAN("Bob")},
         .wall_ms = 1700000000123},
    };
    struct bytes out = {0}, texts = {0};
    struct fact got;

    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        bytes_clear(&out);
        fact_write(&facts[i], &out);
        check(read(bytes_span(&out), &texts, &got) && same(&facts[i], &got));
    }
    bytes_finish(&out);
    bytes_finish(&texts);
}

static void an_answer_has_its_members(void)
{
    const struct fact_member members[] = {
        {SPAN(SOCKET), {SPAN("u\t"), SPAN("")}, DIALECT_DIRECT, false},
        {SPAN("socket-0000000000002"), {SPAN("v"), SPAN("V")}, DIALECT_CHATROOM, true}};
    const struct fact here = {
        .kind = FACT_HERE, .room = SPAN("r"), .node = SPAN("n1"), .part = FACT_LAST};
    struct bytes out = {0}, texts = {0};
    struct fact_member m;
    struct json_iter it;
    struct fact got;
    bool ok;

    fact_begin_here(&here, &out);
    fact_add_member(&members[0], &out);
    fact_add_member(&members[1], &out);
    fact_end_here(&out);
    check(read(bytes_span(&out), &texts, &got) && got.kind == FACT_HERE && got.part == FACT_LAST);
    json_array_begin(&it, got.members);
    for (size_t i = 0; i < 2; i++) {
        check(fact_next_member(&it, &texts, &m, &ok) && same_identity(m.who, members[i].who));
        check(span_eq(m.socket_id, members[i].socket_id) && m.away == members[i].away &&
              m.dialect == members[i].dialect);
    }
    check(!fact_next_member(&it, &texts, &m, &ok) && ok);
    bytes_finish(&out);
    bytes_finish(&texts);
}

static void what_is_malformed_is_refused(void)
{
    static const char *const facts[] = {
        "1",
        "[]",
        "[\"dance\",\"r\"]",
        "[\"gone\",\"\",\"" SOCKET "\"]",
        "[\"gone\",\"r\",\"short\"]",
        "[\"gone\",\"\\u0001@bob\",\"" SOCKET "\"]",
        "[\"gone\",\"\\u0001den\",\"" SOCKET "\"]",
        "[\"joined\",\"r\",\"" SOCKET "\",\"\",\"\",6,0,null]",
        "[\"joined\",\"r\",\"" SOCKET "\",\"u\",\"\",0,0,null]",
        "[\"joined\",\"r\",\"" SOCKET "\",\"u\",\"\",7,0,null]",
        "[\"joined\",\"r\",\"" SOCKET "\",\"u\",\"\",6,2,null]",
        "[\"joined\",\"r\",\"" SOCKET "\",\"u\",\"\",6,0,{}]",
        "[\"here\",\"r\",\"\",3,[]]",
        "[\"here\",\"r\",\"n\",4,[]]",
        "[\"here\",\"r\",\"n\",3,{}]",
        "[\"direct\",\"r\",\"m\",\"bob\",1,\"ada\",\"\",\"\",5]",
        "[\"direct\",\"\\u0001@bob\",\"m\",\"bob\",0,\"ada\",\"\",\"\",5]",
        "[\"direct\",\"\\u0001@bob\",\"m\",\"bob\",2,\"ada\",\"\",\"\",5]",
    };
    struct bytes texts = {0};
    struct fact got;

    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (read(span_cstr(facts[i]), &texts, &got)) {
            printf("# %s\n", facts[i]);
            check(false);
        }
    }
    bytes_finish(&texts);
}

int main(void)
{
    RUN(comes_as_it_was);
    RUN(an_answer_has_its_members);
    RUN(what_is_malformed_is_refused);
    return tap_done();
}
