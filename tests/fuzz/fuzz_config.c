// SPDX-License-Identifier: MIT
#include <assert.h>

#include "src/server/config_file.h"
#include "src/server/option_values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What has been read is read again from what is written of it. */
static void check_setting(const struct config_setting *s)
{
    struct bytes line = {0};
    struct config_reader r;
    struct config_setting again;

    assert(s->name.len > 0 && config_is_text(s->name) && config_is_text(s->value));
    bytes_add_byte(&line, '\n'); /* a mark of UTF-8 means nothing but at the very beginning */
    bytes_add_span(&line, s->name);
    bytes_add_byte(&line, ' ');
    config_write_value(&line, s->value);
    bytes_add_cstr(&line, "  # comment\n");
    config_begin(&r, bytes_span(&line));
    assert(config_next(&r, &again) == CONFIG_SETTING);
    assert(span_eq(again.name, s->name) && span_eq(again.value, s->value));
    assert(config_next(&r, &again) == CONFIG_END);
    config_finish(&r);
    bytes_finish(&line);
}

static void check_values(struct span value)
{
    const uint64_t max = UINT64_C(1) << 50;
    struct bytes text = {0};
    uint64_t n, again;

    if (value_size(value, max, &n)) {
        value_write_size(&text, n);
        assert(n <= max && value_size(bytes_span(&text), max, &again) && again == n);
    }
    bytes_clear(&text);
    if (value_duration(value, 1000, max, &n)) {
        value_write_duration(&text, n);
        assert(n <= max && value_duration(bytes_span(&text), 1, max, &again) && again == n);
    }
    assert(value_distance(value, value, 2) == (value.len > 64 ? 3 : 0));
    bytes_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct config_reader r;
    struct config_setting s;
    enum config_step step;
    unsigned last = 0;

    config_begin(&r, span_of(data, len));
    while ((step = config_next(&r, &s)) != CONFIG_END) {
        assert(r.line > last && r.line <= len);
        last = r.line;
        assert((step == CONFIG_WRONG) == (s.problem != NULL));
        if (step == CONFIG_SETTING) {
            check_setting(&s);
            check_values(s.value);
        }
    }
    config_finish(&r);
    return 0;
}
