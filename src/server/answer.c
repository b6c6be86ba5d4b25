/* What an application adds to the answers to handshakes. */
// SPDX-License-Identifier: MIT
#include "src/server/rookery_internal.h"

struct rookery_answer {
    cors_emit_fn emit;
    void *emit_arg;
    unsigned count;
};

void rookery_on_handshake(struct rookery *io, rookery_handshake_fn fn, void *arg)
{
    io->handshake_fn = fn;
    io->handshake_arg = arg;
}

static bool is_field_value(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        if ((value.data[i] < ' ' && value.data[i] != '\t') || value.data[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

int rookery_answer_field(struct rookery_answer *answer, const char *name, struct rookery_str value)
{
    struct span text = span_of(value.data, value.len);

    if (!is_field_value(text)) {
        return ROOKERY_EINVAL;
    }
    if (answer->count == ENDPOINT_FIELDS_MAX) {
        return ROOKERY_ELIMIT;
    }
    answer->count++;
    answer->emit(answer->emit_arg, name, text);
    return 0;
}

void server_answer_fields(const struct rookery_request *request, cors_emit_fn emit, void *emit_arg,
                          void *arg)
{
    const struct rookery *io = arg;
    struct rookery_answer answer = {emit, emit_arg, 0};

    if (io->handshake_fn != NULL) {
        io->handshake_fn(request, &answer, io->handshake_arg);
    }
}
