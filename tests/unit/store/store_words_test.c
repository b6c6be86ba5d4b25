// SPDX-License-Identifier: MIT
#include "src/store/store_words.h"

#include "src/store/store.h"
#include "tests/support/tap.h"

static void check_fold(const char *text, const char *want, unsigned count)
{
    struct bytes out = {0};

    check(store_words_fold(&out, span_cstr(text)) == count);
    check(span_eq(bytes_span(&out), span_cstr(want)));
    bytes_finish(&out);
}

static void folds_case_accents_and_punctuation(void)
{
    check_fold("", "", 0);
    check_fold(" ,.!?'\"\\ ", "", 0);
    check_fold("The QUICK, brown-fox's 2nd", "the quick brown fox s 2nd ", 6);
    check_fold("R\u00c9SUM\u00c9 r\u00e9sum\u00e9 re\u0301sume\u0301", "resume resume resume ", 3);
    check_fold("\u0401\u0436 \u039f\u0394\u039f\u03a3 \u01d6",
               "\u0435\u0436 \u03bf\u03b4\u03bf\u03c3 u ", 3);
    check_fold("\u65e5\u672c x\u2014y", "\u65e5\u672c x y ", 3);
}

static void takes_bytes_that_are_no_text_for_no_words(void)
{
    check_fold("\xff\xfe", "", 0);
    check_fold("a\xff"
               "b",
               "a b ", 2);
}

static void cuts_long_words_at_a_character(void)
{
    struct bytes text = {0}, out = {0};

    for (int i = 0; i < 300; i++) {
        bytes_add_cstr(&text, "\u65e5");
    }
    check(store_words_fold(&out, bytes_span(&text)) == 1);
    check(out.len == STORE_WORD_BYTES_MAX / 3 * 3 + 1);
    bytes_finish(&text);
    bytes_finish(&out);
}

static void cuts_a_query_into_words(void)
{
    struct span query = SPAN("  one\ttwo  ");

    check(span_eq(store_words_next(&query), SPAN("one")));
    check(span_eq(store_words_next(&query), SPAN("two")));
    check(store_words_next(&query).len == 0);
    check(store_words_next(&query).len == 0);
}

static void bounds_a_query_without_half_a_character(void)
{
    struct bytes query = {0};

    bytes_add_byte(&query, 'x');
    for (int i = 0; i < STORE_QUERY_BYTES_MAX; i++) {
        bytes_add_cstr(&query, "\u00e9");
    }
    check(store_words_bounded(bytes_span(&query)).len == STORE_QUERY_BYTES_MAX - 1);
    check(store_words_bounded(SPAN("x")).len == 1);
    bytes_finish(&query);
}

static void reads_the_strings_of_any_json(void)
{
    struct bytes text = {0};

    store_words_text(&text, SPAN("\"a\\nb\\u00e9\""));
    store_words_text(&text, SPAN("{\"key\":[1,\"c\",{\"x\":\"d\"}]}"));
    store_words_text(&text, SPAN("17"));
    store_words_text(&text, SPAN("no json"));
    check(span_eq(bytes_span(&text), SPAN("a\nb\xc3\xa9 c d ")));
    bytes_finish(&text);
}

int main(void)
{
    RUN(folds_case_accents_and_punctuation);
    RUN(takes_bytes_that_are_no_text_for_no_words);
    RUN(cuts_long_words_at_a_character);
    RUN(cuts_a_query_into_words);
    RUN(bounds_a_query_without_half_a_character);
    RUN(reads_the_strings_of_any_json);
    return tap_done();
}
