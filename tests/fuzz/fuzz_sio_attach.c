#include <assert.h>

#include "protocol/json.h"
#include "protocol/sio_attach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ORDER_MAX = 8, DEPTH_MAX = 16 };

/* The first byte is the number of attachments, the rest the arguments of a packet. What check
 * accepts can be renumbered; the outcome is valid, has its placeholders in order, and renumbering
 * it once more changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes array = {0}, once = {0}, twice = {0};
    unsigned order[ORDER_MAX], again[ORDER_MAX];
    struct json json;

    if (len == 0) {
        return 0;
    }
    unsigned attachments = data[0] & 15; /* of a digit, its value */
    struct span args = span_of(data + 1, len - 1);
    bytes_add_byte(&array, '[');
    bytes_add_span(&array, args);
    bytes_add_byte(&array, ']');
    if (json_parse(bytes_span(&array), DEPTH_MAX, &json) == 0) {
        int checked = sio_attach_check(args, attachments);
        int count = sio_attach_renumber(args, attachments, &once, order, ORDER_MAX);
        assert(checked == 0 || checked == SIO_ATTACH_ENUM);
        assert((count >= 0 || count == SIO_ATTACH_ETOOMANY) || checked == count);
        assert(checked == 0 || count < 0);
        if (count < 0) {
            assert(once.len == 0);
        } else {
            unsigned n = (unsigned)count;
            for (unsigned i = 0; i < n; i++) {
                assert(order[i] < attachments);
            }
            assert(n != 0 || span_eq(bytes_span(&once), args));
            assert(sio_attach_check(bytes_span(&once), n) == 0);
            assert(sio_attach_renumber(bytes_span(&once), n, &twice, again, ORDER_MAX) == count);
            assert(span_eq(bytes_span(&once), bytes_span(&twice)));
            for (unsigned i = 0; i < n; i++) {
                assert(again[i] == i);
            }
        }
    }
    bytes_finish(&array);
    bytes_finish(&once);
    bytes_finish(&twice);
    return 0;
}
