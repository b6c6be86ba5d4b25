// SPDX-License-Identifier: MIT
#include "src/base/ids.h"

#include "tests/support/tap.h"

static const uint8_t zeros[ID_RANDOM_BYTES];
static const uint8_t ones[ID_RANDOM_BYTES] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

static void lays_the_fields_out_as_rfc_9562_says(void)
{
    /* The example of appendix A.6, whose counter is above what we begin with. */
    struct id_source source = {.last_ms = 0x017F22E279B0, .counter = 0xCC2};
    const uint8_t random[] = {0, 0, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F};
    uint8_t id[ID_BYTES];
    char text[ID_TEXT_LEN];
    id_source_next(&source, 0x017F22E279B0, random, id);
    id_format(id, text);
    check_mem(text, sizeof text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 36);
}

static void begins_a_millisecond_with_a_random_counter_that_has_room_left(void)
{
    struct id_source source = {0};
    uint8_t id[ID_BYTES];
    id_source_next(&source, 5, ones, id);
    check(load_be64(id) == (5u << 16 | 0x77ff));
    id_source_next(&source, 6, zeros, id);
    check(load_be64(id) == (6u << 16 | 0x7000));
}

static void sets_version_and_variant_whatever_the_random_bytes_are(void)
{
    struct id_source source = {0};
    uint8_t id[ID_BYTES];
    id_source_next(&source, 1, ones, id);
    check(id[6] >> 4 == 7 && id[8] == 0xbf && id[15] == 0xff);
    id_source_next(&source, 2, zeros, id);
    check(id[6] >> 4 == 7 && id[8] == 0x80 && id[15] == 0);
}

static void grows_while_the_clock_stands_still_and_when_it_is_set_back(void)
{
    struct id_source source = {0};
    uint8_t id[ID_BYTES], last[ID_BYTES] = {0};
    int grew = 1;
    for (int i = 0; i < 20000; i++) {
        id_source_next(&source, i < 10000 ? 1000 : 400, i % 2 ? ones : zeros, id);
        grew &= memcmp(last, id, 8) < 0;
        memcpy(last, id, sizeof id);
    }
    check(grew);
    check(source.last_ms > 1000 && source.last_ms < 1010);
}

static void reads_the_text_it_writes(void)
{
    struct id_source source = {0};
    uint8_t id[ID_BYTES], again[ID_BYTES];
    char text[ID_TEXT_LEN];
    id_source_next(&source, 1700000000000, ones, id);
    id_format(id, text);
    check(id_parse(span_of(text, sizeof text), again) == 0);
    check(memcmp(id, again, sizeof id) == 0);
}

static void refuses_any_text_that_it_would_not_write(void)
{
    uint8_t id[ID_BYTES];
    check(id_parse(SPAN(""), id) == -1);
    check(id_parse(SPAN("017f22e2-79b0-7cc3-98c4-dc0c0c07398"), id) == -1);
    check(id_parse(SPAN("017f22e2-79b0-7cc3-98c4-dc0c0c07398ff"), id) == -1);
    check(id_parse(SPAN("017F22E2-79b0-7cc3-98c4-dc0c0c07398f"), id) == -1);
    check(id_parse(SPAN("017f22e279b0-7cc3-98c4-dc0c0c07398f-"), id) == -1);
    check(id_parse(SPAN("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"), id) == -1);
}

int main(void)
{
    RUN(lays_the_fields_out_as_rfc_9562_says);
    RUN(begins_a_millisecond_with_a_random_counter_that_has_room_left);
    RUN(sets_version_and_variant_whatever_the_random_bytes_are);
    RUN(grows_while_the_clock_stands_still_and_when_it_is_set_back);
    RUN(reads_the_text_it_writes);
    RUN(refuses_any_text_that_it_would_not_write);
    return tap_done();
}
