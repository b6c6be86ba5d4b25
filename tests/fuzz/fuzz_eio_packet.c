#include <assert.h>

#include "protocol/eio_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* An accepted packet is its type and its payload, nothing more: put together they are the input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct eio_packet p;

    if (eio_packet_decode(span_of(data, len), &p) == 0) {
        struct bytes again = {0};
        bytes_add_byte(&again, p.base64 ? 'b' : eio_type_digit(p.type));
        bytes_add_span(&again, p.payload);
        assert(span_eq(bytes_span(&again), span_of(data, len)));
        assert(!p.base64 || p.type == EIO_MESSAGE);
        bytes_finish(&again);
    }
    return 0;
}
