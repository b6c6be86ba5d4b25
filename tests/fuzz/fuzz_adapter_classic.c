#include <assert.h>

#include "protocol/adapter_classic.h"
#include "protocol/json.h"
#include "protocol/sio_attach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void assert_same_names(struct adapter_names a, struct adapter_names b)
{
    assert(a.count == b.count && a.count <= ADAPTER_NAMES_MAX);
    for (size_t i = 0; i < a.count; i++) {
        assert(span_eq(a.items[i], b.items[i]));
    }
}

static void assert_json(struct span value, enum json_type type)
{
    struct json json;
    assert(json_parse(value, JSON_DEPTH_MAX, &json) == 0 && json.type == type);
}

/* Arguments are JSON, and their placeholders name binaries that are there. */
static void assert_args(const struct adapter_args *args)
{
    struct bytes array = {0};

    bytes_add_byte(&array, '[');
    bytes_add_span(&array, args->json);
    bytes_add_byte(&array, ']');
    assert_json(bytes_span(&array), JSON_ARRAY);
    assert(args->bin_count <= ADAPTER_BINS_MAX);
    assert(args->bin_count == 0 || sio_attach_check(args->json, (unsigned)args->bin_count) == 0);
    bytes_finish(&array);
}

static void assert_same_sockets(const struct adapter_message *a, const struct adapter_message *b)
{
    assert(a->socket_count == b->socket_count && a->socket_count <= ADAPTER_SOCKETS_MAX);
    for (size_t i = 0; i < a->socket_count; i++) {
        assert_json(a->sockets[i].handshake, JSON_OBJECT);
        assert_json(a->sockets[i].data, JSON_OBJECT);
        assert(span_eq(a->sockets[i].id, b->sockets[i].id));
        assert(span_eq(a->sockets[i].handshake, b->sockets[i].handshake));
        assert(span_eq(a->sockets[i].data, b->sockets[i].data));
        assert_same_names(a->sockets[i].rooms, b->sockets[i].rooms);
    }
}

static void assert_same(const struct adapter_message *a, const struct adapter_message *b)
{
    assert(a->kind == b->kind && span_eq(a->uid, b->uid) && span_eq(a->nsp, b->nsp));
    assert(span_eq(a->request_id, b->request_id) && span_eq(a->event, b->event));
    assert(a->is_volatile == b->is_volatile && a->no_compress == b->no_compress);
    assert(a->timeout_ms == b->timeout_ms && a->seq == b->seq && span_eq(a->note, b->note));
    assert(a->close == b->close && a->count == b->count && a->seen_count == b->seen_count);
    assert_same_names(a->rooms, b->rooms);
    assert_same_names(a->except, b->except);
    assert_same_names(a->operands, b->operands);
    assert_same_sockets(a, b);
    for (size_t i = 0; i < a->seen_count; i++) {
        assert(span_eq(a->seen[i].uid, b->seen[i].uid) && a->seen[i].seq == b->seen[i].seq);
    }
}

/* The members that this kind does not have on the wire, but a peer may have written all the same.
 */
static void drop_the_unsaid(struct adapter_message *m)
{
    if (m->kind != ADAPTER_BROADCAST) {
        m->is_volatile = m->no_compress = false;
        m->timeout_ms = m->seq = 0;
        m->note = SPAN("");
    }
    if (m->kind != ADAPTER_DISCONNECT) {
        m->close = false;
    }
    if (m->kind >= ADAPTER_COUNT) {
        m->uid = SPAN("");
    }
}

/* What was decoded, encoded and decoded again is the same message; encoded once more, it is the
 * same bytes. The first byte says what channel it came on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct adapter_decoder first = {0}, second = {0};
    struct adapter_message m, again;
    struct bytes once = {0}, twice = {0};

    if (len == 0) {
        return 0;
    }
    enum classic_channel which = (enum classic_channel)((data[0] & 3) % 3);
    struct span payload = span_of(data + 1, len - 1), nsp = SPAN("/");
    (void)classic_peek_uid(payload);
    if (classic_decode(&first, which, nsp, payload, &m) == 0 && m.kind != ADAPTER_IGNORED) {
        assert_args(&m.args);
        if (!m.wants_done) {
            drop_the_unsaid(&m);
            classic_encode(&once, &m);
            assert(classic_decode(&second, which, nsp, bytes_span(&once), &again) == 0);
            assert_same(&m, &again);
            assert_args(&again.args);
            classic_encode(&twice, &again);
            assert(span_eq(bytes_span(&once), bytes_span(&twice)));
        }
    }
    adapter_decoder_finish(&first);
    adapter_decoder_finish(&second);
    bytes_finish(&once);
    bytes_finish(&twice);
    return 0;
}
