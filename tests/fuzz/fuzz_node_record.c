// SPDX-License-Identifier: MIT
#include <assert.h>

#include "src/cluster/node_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is read is within its bounds, and is the same when it is written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes texts = {0}, again_texts = {0}, out = {0};
    struct node_record record, again;

    if (node_record_read(span_of(data, len), &record, &texts) == 0) {
        assert(record.id.len > 0 && record.id.len <= NODE_TEXT_BYTES_MAX);
        assert(record.address.len <= NODE_TEXT_BYTES_MAX && record.number <= NODE_NUMBER_MAX);
        node_record_write(&out, &record);
        if (out.len <= NODE_RECORD_BYTES_MAX) { /* control characters take six bytes each */
            int error = node_record_read(bytes_span(&out), &again, &again_texts);
            assert(error == 0);
            assert(span_eq(record.id, again.id) && span_eq(record.address, again.address));
            assert(record.started_ms == again.started_ms && record.number == again.number);
        }
    }
    bytes_finish(&texts);
    bytes_finish(&again_texts);
    bytes_finish(&out);
    return 0;
}
