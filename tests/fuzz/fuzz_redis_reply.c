// SPDX-License-Identifier: MIT
#include <assert.h>

#include "src/redis/redis_reply.h"
#include "src/redis/redis_slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct redis_address asked = {"asked", 6379};

/* A map is whole, or it is not taken. */
static void read_as_map(const struct redis_reply *reply, struct redis_slots *slots)
{
    struct redis_redirect redirect;

    if (redis_slots_parse(slots, reply, &asked) == 0) {
        assert(slots->node_count > 0 && slots->owned > 0 && slots->owned <= REDIS_SLOTS);
        for (unsigned slot = 0; slot < REDIS_SLOTS; slot++) {
            const struct redis_address *node = redis_slots_node(slots, slot);
            assert(node == NULL || redis_slots_has(slots, node));
        }
    }
    if (redis_redirect_parse(&redirect, reply->text, &asked) == 0) {
        assert(redirect.slot < REDIS_SLOTS && redirect.to.port > 0 && redirect.to.host[0] != '\0');
    }
}

static size_t read_all(struct span wire, size_t piece)
{
    struct redis_reader *reader = redis_reader_create();
    struct redis_slots slots = {0};
    struct redis_reply *reply;
    size_t count = 0;
    int got = 0;

    while (got == 0 && wire.len > 0) {
        size_t n = piece < wire.len ? piece : wire.len;
        got = redis_reader_feed(reader, span_of(wire.data, n));
        wire = span_skip(wire, n);
        while (got == 0 && (got = redis_reader_next(reader, &reply)) == 1) {
            read_as_map(reply, &slots);
            redis_reply_free(reply);
            count++;
            got = 0;
        }
    }
    redis_slots_finish(&slots);
    redis_reader_destroy(reader);
    return count;
}

/* What comes out does not depend on how it came in. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span wire = span_of(data, len);

    assert(read_all(wire, len) == read_all(wire, 3));
    return 0;
}
