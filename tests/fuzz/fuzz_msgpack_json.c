#include <assert.h>

#include "protocol/json.h"
#include "protocol/msgpack_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { DEPTH_MAX = 16, ITEMS_MAX = 10000, BINS_MAX = 8 };

static const struct msgpack_limits limits = {.depth_max = DEPTH_MAX + 2, .items_max = ITEMS_MAX};

static const struct span *spans_in(const struct bytes *b)
{
    return (const struct span *)(const void *)b->data;
}

/* JSON, written and read back, is what is written and read back once more. */
static void json_goes_and_comes(struct span text, enum msgpack_flavour flavour)
{
    static const struct span bins[] = {SPAN("\x01\x02"), SPAN("")};
    struct bytes packed = {0}, back = {0}, found = {0}, again = {0}, third = {0};
    struct json json;

    if (json_parse(text, DEPTH_MAX, &json) == 0) {
        assert(msgpack_write_json(&packed, flavour, json.text, bins, 2) == 1);
        assert(msgpack_check(bytes_span(&packed), &limits) == 0);
        if (msgpack_to_json(bytes_span(&packed), BINS_MAX, &back, &found) == 0) {
            struct span value = bytes_span(&back);
            assert(json_parse(value, DEPTH_MAX + 2, &json) == 0);
            size_t bin_count = found.len / sizeof(struct span);
            assert(msgpack_write_json(&again, flavour, value, spans_in(&found), bin_count) == 1);
            bytes_clear(&found);
            assert(msgpack_to_json(bytes_span(&again), BINS_MAX, &third, &found) == 0);
            assert(span_eq(bytes_span(&third), value));
        }
    }
    bytes_finish(&packed);
    bytes_finish(&back);
    bytes_finish(&found);
    bytes_finish(&again);
    bytes_finish(&third);
}

/* What passed the check reads to its end, and its JSON is JSON that stays the same. */
static void msgpack_reads(struct span value)
{
    struct bytes once = {0}, twice = {0}, packed = {0}, found = {0}, again = {0};
    struct msgpack_reader r;
    struct json json;

    msgpack_begin(&r, value);
    assert(msgpack_skip(&r) == 1 && r.at == r.end);
    if (msgpack_to_json(value, BINS_MAX, &once, &found) == 0) {
        size_t bin_count = found.len / sizeof(struct span);
        struct span text = bytes_span(&once);
        assert(json_parse(text, DEPTH_MAX + 4, &json) == 0);
        assert(msgpack_write_json(&packed, MSGPACK_NOTEPACK, text, spans_in(&found), bin_count) ==
               1);
        assert(msgpack_to_json(bytes_span(&packed), BINS_MAX, &twice, &again) == 0);
        assert(span_eq(bytes_span(&twice), text));
        assert(again.len == found.len);
        for (size_t i = 0; i < bin_count; i++) {
            assert(span_eq(spans_in(&found)[i], spans_in(&again)[i]));
        }
    }
    bytes_finish(&once);
    bytes_finish(&twice);
    bytes_finish(&packed);
    bytes_finish(&found);
    bytes_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span input = span_of(data, len);

    if (msgpack_check(input, &limits) == 0) {
        msgpack_reads(input);
    }
    json_goes_and_comes(input, MSGPACK_NOTEPACK);
    json_goes_and_comes(input, MSGPACK_JS);
    return 0;
}
