// SPDX-License-Identifier: MIT
#include "src/server/option_values.h"

#include "tests/support/tap.h"

enum { NONE = 999 };

static uint64_t size(const char *text)
{
    uint64_t n;
    return value_size(span_cstr(text), 1 << 30, &n) ? n : NONE;
}

static uint64_t duration(const char *text)
{
    uint64_t n;
    return value_duration(span_cstr(text), 1, UINT64_C(7) * 86400000, &n) ? n : NONE;
}

static void sizes_have_units_of_1024(void)
{
    check(size("0") == 0 && size("17") == 17 && size("17b") == 17);
    check(size("4k") == 4096 && size("4K") == 4096 && size("4kb") == 4096 && size("4KiB") == 4096);
    check(size("8MiB") == 8 << 20 && size("8 m") == 8 << 20 && size("1g") == 1 << 30);
    check(size("2g") == NONE && size("1073741825") == NONE &&
          size("99999999999999999999k") == NONE);
    check(size("") == NONE && size("k") == NONE && size("1.5k") == NONE && size("-1") == NONE);
    check(size("4x") == NONE && size("4 ") == NONE && size("4  k") == NONE && size(" 4") == NONE);
}

static void durations_have_units_of_time(void)
{
    check(duration("500ms") == 500 && duration("5s") == 5000 && duration("5 sec") == 5000);
    check(duration("10m") == 600000 && duration("10 min") == 600000 && duration("2h") == 7200000);
    check(duration("7d") == 604800000 && duration("7 days") == 604800000 &&
          duration("1w") == 604800000);
    check(duration("8d") == NONE && duration("5x") == NONE && duration("s") == NONE);
}

static void a_bare_duration_has_the_unit_of_its_option(void)
{
    uint64_t n;
    check(value_duration(SPAN("20"), 1000, 60000, &n) && n == 20000);
    check(value_duration(SPAN("20ms"), 1000, 60000, &n) && n == 20);
    check(!value_duration(SPAN("61"), 1000, 60000, &n));
}

static void booleans_are_words(void)
{
    bool flag = false;
    check(value_boolean(SPAN("yes"), &flag) && flag);
    check(value_boolean(SPAN("FALSE"), &flag) && !flag);
    check(value_boolean(SPAN("1"), &flag) && flag);
    check(value_boolean(SPAN("off"), &flag) && !flag);
    check(!value_boolean(SPAN("maybe"), &flag) && !value_boolean(SPAN(""), &flag));
}

static bool writes(void (*write)(struct bytes *out, uint64_t n), uint64_t n, const char *want)
{
    struct bytes out = {0};
    write(&out, n);
    bool same = span_eq(bytes_span(&out), span_cstr(want));
    bytes_finish(&out);
    return same;
}

static void writes_the_largest_unit_without_a_fraction(void)
{
    check(writes(value_write_size, 0, "0") && writes(value_write_size, 1000000, "1000000"));
    check(writes(value_write_size, 4096, "4KiB") && writes(value_write_size, 8 << 20, "8MiB"));
    check(writes(value_write_duration, 0, "0s") && writes(value_write_duration, 1500, "1500ms"));
    check(writes(value_write_duration, 60000, "1m") &&
          writes(value_write_duration, 604800000, "7d"));
}

static void a_list_is_split_at_its_commas(void)
{
    struct span rest = SPAN(" a ,b,, c d"), item;
    check(value_next_item(&rest, &item) && span_eq(item, SPAN("a")));
    check(value_next_item(&rest, &item) && span_eq(item, SPAN("b")));
    check(value_next_item(&rest, &item) && item.len == 0);
    check(value_next_item(&rest, &item) && span_eq(item, SPAN("c d")));
    check(!value_next_item(&rest, &item));
    rest = SPAN("");
    check(value_next_item(&rest, &item) && item.len == 0 && !value_next_item(&rest, &item));
}

static void origins_are_written_as_browsers_write_them(void)
{
    static const char *const good[] = {"reflect",
                                       "*",
                                       "none",
                                       "null",
                                       "http://a",
                                       "https://a.example:8443, http://[::1]:80",
                                       "capacitor://localhost",
                                       "file://"};
    static const char *const bad[] = {"",           "a.example",           "localhost:3000",
                                      "http://a/",  "http://a,*",          "http://a,reflect",
                                      "http:/a",    "https://*.a.example", "http://A",
                                      "http://u@a", "http://a,,http://b",  "http://a b"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        check(value_is_origins(span_cstr(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check(!value_is_origins(span_cstr(bad[i])));
    }
}

static void a_distance_counts_slips(void)
{
    check(value_distance(SPAN("port"), SPAN("port"), 2) == 0);
    check(value_distance(SPAN("prot"), SPAN("port"), 2) == 1);
    check(value_distance(SPAN("por"), SPAN("port"), 2) == 1);
    check(value_distance(SPAN("ports"), SPAN("port"), 2) == 1);
    check(value_distance(SPAN("bort"), SPAN("port"), 2) == 1);
    check(value_distance(SPAN("host"), SPAN("port"), 2) == 2);
    check(value_distance(SPAN("journal"), SPAN("port"), 2) == 3);
    check(value_distance(SPAN(""), SPAN("ab"), 2) == 2);
}

int main(void)
{
    RUN(sizes_have_units_of_1024);
    RUN(durations_have_units_of_time);
    RUN(a_bare_duration_has_the_unit_of_its_option);
    RUN(booleans_are_words);
    RUN(writes_the_largest_unit_without_a_fraction);
    RUN(a_list_is_split_at_its_commas);
    RUN(origins_are_written_as_browsers_write_them);
    RUN(a_distance_counts_slips);
    return tap_done();
}
