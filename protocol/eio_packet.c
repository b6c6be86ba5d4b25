// SPDX-License-Identifier: MIT
#include "protocol/eio_packet.h"

#include <assert.h>

int eio_packet_decode(struct span text, struct eio_packet *out)
{
    assert(out != NULL);

    if (text.len == 0) {
        return EIO_EEMPTY;
    }
    uint8_t first = text.data[0];
    bool base64 = first == 'b';
    if (!base64 && (first < '0' || first > '6')) {
        return EIO_ETYPE;
    }
    *out = (struct eio_packet){
        .type = base64 ? EIO_MESSAGE : (enum eio_type)(first - '0'),
        .base64 = base64,
        .payload = span_skip(text, 1),
    };
    return 0;
}

void eio_open_encode(struct bytes *out, const struct eio_open *open)
{
    assert(open->sid.len > 0);

    bytes_add_byte(out, eio_type_digit(EIO_OPEN));
    bytes_add_cstr(out, "{\"sid\":\"");
    bytes_add_span(out, open->sid);
    bytes_add_cstr(out, open->upgrades ? "\",\"upgrades\":[\"websocket\"]" : "\",\"upgrades\":[]");
    bytes_add_cstr(out, ",\"pingInterval\":");
    bytes_add_u64(out, open->ping_interval_ms);
    bytes_add_cstr(out, ",\"pingTimeout\":");
    bytes_add_u64(out, open->ping_timeout_ms);
    bytes_add_cstr(out, ",\"maxPayload\":");
    bytes_add_u64(out, open->payload_bytes_max);
    bytes_add_byte(out, '}');
}
