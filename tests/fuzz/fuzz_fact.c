/* What a node takes from a fact it writes again so that another one takes the same. */
// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/utf8.h"
#include "src/chat/fact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_member(const struct fact_member *m)
{
    assert(m->socket_id.len == FACT_SOCKET_ID_LEN && m->who.user_id.len > 0);
    assert(m->who.user_id.len <= NAME_BYTES_MAX && m->who.username.len <= NAME_BYTES_MAX);
    assert(m->dialect > DIALECT_NONE && m->dialect < DIALECT_COUNT);
}

static void write_all(const struct fact *f, struct bytes *texts, struct bytes *out)
{
    struct fact_member m;
    struct json_iter it;
    bool ok;

    if (f->kind != FACT_HERE) {
        fact_write(f, out);
        return;
    }
    fact_begin_here(f, out);
    json_array_begin(&it, f->members);
    while (fact_next_member(&it, texts, &m, &ok)) {
        check_member(&m);
        fact_add_member(&m, out);
    }
    fact_end_here(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes texts = {0}, again = {0}, out = {0}, third = {0};
    struct fact fact, copy;
    struct json v;

    tuple_reserve(&texts, span_of(data, len));
    if (json_parse(span_of(data, len), JSON_DEPTH_MAX, &v) == 0 && fact_read(v, &texts, &fact)) {
        assert(utf8_valid(fact.room));
        write_all(&fact, &texts, &out);
        assert(json_parse(bytes_span(&out), JSON_DEPTH_MAX, &v) == 0);
        tuple_reserve(&again, bytes_span(&out));
        bool ok = fact_read(v, &again, &copy);
        assert(ok);
        write_all(&copy, &again, &third);
        assert(span_eq(bytes_span(&out), bytes_span(&third)));
    }
    bytes_finish(&texts);
    bytes_finish(&again);
    bytes_finish(&out);
    bytes_finish(&third);
    return 0;
}
