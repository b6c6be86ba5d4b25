// SPDX-License-Identifier: MIT
#include "src/store/postgres_query.h"

#include "src/store/postgres_conn.h"
#include "tests/support/tap.h"

static void check_query(const char *query, const char *want)
{
    struct bytes out = {0};

    check(postgres_query_write(&out, span_cstr(query)) == (want[0] != 0));
    check(span_eq(bytes_span(&out), span_cstr(want)));
    bytes_finish(&out);
}

static void writes_a_query_that_all_words_fulfil(void)
{
    check_query("fox", "'fox':*");
    check_query("The Fox", "'the'&'fox':*");
    check_query("fox-trot of", "'fox'&'trot'&'of'");
    check_query("R\u00e9sum\u00e9", "'resume':*");
}

static void writes_nothing_that_is_an_operator(void)
{
    check_query("", "");
    check_query("'\\ | & ! <-> :* ()", "");
    check_query("a'|'b:*", "'a'&'b':*");
    check_query("\xff\xfe", "");
}

static void ignores_words_behind_the_sixteenth(void)
{
    check_query("a a a a a a a a a a a a a a a bbb ccc",
                "'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'a'&'bbb':*");
}

static void check_words(const char *content, const char *want)
{
    struct bytes out = {0};

    postgres_words_write(&out, span_cstr(content));
    check(span_eq(bytes_span(&out), span_cstr(want)));
    bytes_finish(&out);
}

static void writes_the_words_of_a_content(void)
{
    check_words("\"Two Words\"", "'two' 'words' ");
    check_words("{\"key\":[\"it's\",1]}", "'it' 's' ");
    check_words("", "");
    check_words("no json", "");
}

static void bounds_the_words_of_a_message(void)
{
    struct bytes content = {0}, out = {0};

    bytes_add_byte(&content, '"');
    for (int i = 0; i < POSTGRES_WORDS_BYTES_MAX; i++) {
        bytes_add_cstr(&content, "ab ");
    }
    bytes_add_byte(&content, '"');
    postgres_words_write(&out, bytes_span(&content));
    check(out.len > POSTGRES_WORDS_BYTES_MAX - 8 && out.len < POSTGRES_WORDS_BYTES_MAX + 8);
    bytes_finish(&content);
    bytes_finish(&out);
}

static void check_place(const char *url, const char *want)
{
    struct bytes out = {0};

    check(postgres_place(&out, url) == (want[0] != 0));
    check(span_eq(bytes_span(&out), span_cstr(want)));
    bytes_finish(&out);
}

static void names_a_server_without_the_password(void)
{
    check_place("postgresql://ann:s3cret@db:5433/chat", "postgresql://ann@db:5433/chat");
    check_place("postgres://db/chat?user=ann&password=s3cret", "postgresql://ann@db/chat");
    check_place("host=db dbname=chat password=s3cret", "postgresql://db/chat");
    check_place("http://s3cret", "");
    check_place("postgresql://ann:s3cret@[db/chat", "");
}

int main(void)
{
    RUN(writes_a_query_that_all_words_fulfil);
    RUN(writes_nothing_that_is_an_operator);
    RUN(ignores_words_behind_the_sixteenth);
    RUN(writes_the_words_of_a_content);
    RUN(bounds_the_words_of_a_message);
    RUN(names_a_server_without_the_password);
    return tap_done();
}
