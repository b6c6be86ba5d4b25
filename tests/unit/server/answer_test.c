// SPDX-License-Identifier: MIT
#include "src/server/rookery_internal.h"
#include "tests/support/tap.h"

static struct bytes emitted;

static void emit(void *arg, const char *name, struct span value)
{
    bytes_add_cstr(arg, name);
    bytes_add_byte(arg, '=');
    bytes_add_span(arg, value);
    bytes_add_byte(arg, ';');
}

static void add_two(const struct rookery_request *request, struct rookery_answer *answer, void *arg)
{
    check(rookery_answer_field(answer, "Set-Cookie", ROOKERY_STR("a=1")) == 0);
    check(rookery_answer_field(answer, "Set-Cookie", ROOKERY_STR("b=\xc3\xa9\t2")) == 0);
    *(int *)arg = 7;
}

static void add_bad(const struct rookery_request *request, struct rookery_answer *answer, void *arg)
{
    static const struct rookery_str bad[] = {{"a\r\nb: c", 7}, {"\0", 1}, {"\x7f", 1}, {"\n", 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check(rookery_answer_field(answer, "X", bad[i]) == ROOKERY_EINVAL);
    }
}

static void add_many(const struct rookery_request *request, struct rookery_answer *answer,
                     void *arg)
{
    for (int i = 0; i < ENDPOINT_FIELDS_MAX; i++) {
        check(rookery_answer_field(answer, "X", ROOKERY_STR("y")) == 0);
    }
    check(rookery_answer_field(answer, "X", ROOKERY_STR("y")) == ROOKERY_ELIMIT);
}

static void emits(rookery_handshake_fn fn, const char *want)
{
    struct rookery_options options;
    int called = 0;

    rookery_options_init(&options);
    options.loops = 1;
    struct rookery *server = rookery_create(&options);
    if (fn != NULL) {
        rookery_on_handshake(server, fn, &called);
    }
    server_answer_fields(NULL, emit, &emitted, server);
    check(span_eq(bytes_span(&emitted), span_cstr(want)));
    check(called == (fn == add_two ? 7 : 0));
    bytes_finish(&emitted);
    rookery_destroy(server);
}

static void fields_go_out_as_they_are_added(void)
{
    emits(add_two, "Set-Cookie=a=1;Set-Cookie=b=\xc3\xa9\t2;");
    emits(NULL, "");
}

static void no_value_ends_its_line(void)
{
    emits(add_bad, "");
}

static void there_is_a_limit(void)
{
    emits(add_many, "X=y;X=y;X=y;X=y;X=y;X=y;");
}

int main(void)
{
    RUN(fields_go_out_as_they_are_added);
    RUN(no_value_ends_its_line);
    RUN(there_is_a_limit);
    return tap_done();
}
