#include <assert.h>

#include "protocol/adapter_cluster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool equal(const struct bytes *a, const struct bytes *b)
{
    return span_eq(bytes_span(a), bytes_span(b));
}

/* What is compared: MessagePack, in which numbers and strings have one form only, once it has been
 * JSON: there a number beyond all doubles is null for good. */
static void canonical(const struct adapter_message *m, struct bytes *out)
{
    struct adapter_decoder d = {0};
    struct adapter_message again;
    struct bytes first = {0};

    cluster_encode(&first, CLUSTER_MSGPACK, m);
    assert(cluster_decode(&d, bytes_span(&first), &again) == 0);
    assert(again.kind == m->kind && again.args.bin_count <= m->args.bin_count);
    bytes_clear(out);
    cluster_encode(out, CLUSTER_MSGPACK, &again);
    adapter_decoder_finish(&d);
    bytes_finish(&first);
}

/* What was understood once, said in each way that there is, is understood to be the same. */
static void check_message(const struct adapter_message *m)
{
    struct adapter_decoder d = {0};
    struct adapter_message again;
    struct bytes want = {0}, said = {0}, got = {0};
    char type[4];

    canonical(m, &want);
    cluster_encode(&said, CLUSTER_SHARDED, m);
    assert(cluster_decode(&d, bytes_span(&said), &again) == 0);
    canonical(&again, &got);
    assert(equal(&want, &got));

    bytes_clear(&said);
    cluster_entry_encode(&said, type, m);
    struct cluster_entry entry = {m->uid, m->nsp, span_cstr(type), bytes_span(&said)};
    assert(cluster_entry_decode(&d, &entry, &again) == 0);
    canonical(&again, &got);
    assert(equal(&want, &got));

    assert(cluster_decode(&d, bytes_span(&want), &again) == 0);
    canonical(&again, &got);
    assert(equal(&want, &got));

    adapter_decoder_finish(&d);
    bytes_finish(&want);
    bytes_finish(&said);
    bytes_finish(&got);
}

static void try_payload(struct span payload)
{
    struct adapter_decoder d = {0};
    struct adapter_message m;

    if (cluster_decode(&d, payload, &m) == 0 && m.kind != ADAPTER_IGNORED) {
        check_message(&m);
        (void)cluster_room_of(&m, CLUSTER_DYNAMIC);
    }
    adapter_decoder_finish(&d);
}

/* The type, a space, and the data. */
static void try_entry(struct span text)
{
    const uint8_t *space = text.len == 0 ? NULL : memchr(text.data, ' ', text.len);
    struct adapter_decoder d = {0};
    struct adapter_message m;

    if (space == NULL) {
        return;
    }
    struct cluster_entry entry = {.uid = SPAN("u"), .nsp = SPAN("/")};
    entry.type = span_of(text.data, (size_t)(space - text.data));
    entry.data = span_skip(text, entry.type.len + 1);
    if (cluster_entry_decode(&d, &entry, &m) == 0 && m.kind != ADAPTER_IGNORED) {
        check_message(&m);
    }
    adapter_decoder_finish(&d);
}

static void try_session(struct span value)
{
    struct adapter_decoder d = {0};
    struct cluster_session session;
    struct bytes want = {0}, got = {0};

    if (cluster_session_decode(&d, value, &session) == 0) {
        for (unsigned round = 0; round < 2; round++) { /* as in canonical */
            bytes_clear(&want);
            cluster_session_encode(&want, &session);
            assert(cluster_session_decode(&d, bytes_span(&want), &session) == 0);
        }
        cluster_session_encode(&got, &session);
        assert(equal(&want, &got));
    }
    adapter_decoder_finish(&d);
    bytes_finish(&want);
    bytes_finish(&got);
}

/* The first byte says what the rest is: p(ayload), e(ntry), s(ession), or a name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes name = {0};

    if (len == 0) {
        return 0;
    }
    struct span rest = span_of(data + 1, len - 1);
    switch (data[0]) {
    case 'p':
        try_payload(rest);
        break;
    case 'e':
        try_entry(rest);
        break;
    case 's':
        try_session(rest);
        break;
    default:
        cluster_stream_name(&name, SPAN("s"), 1U + data[0], rest);
        (void)cluster_entry_id_valid(rest);
        break;
    }
    bytes_finish(&name);
    return 0;
}
