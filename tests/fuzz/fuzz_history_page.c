// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>

#include "src/base/digest.h"
#include "src/persist/history_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Reads a page of room "r" and what is written of it, which must be the same. */
static void read_twice(struct span value)
{
    struct history_page page, again;
    struct bytes out = {0}, twice = {0};

    if (history_page_read(value, SPAN("r"), &page) != 0) {
        return;
    }
    history_page_write(&out, SPAN("r"), &page);
    int error = history_page_read(bytes_span(&out), SPAN("r"), &again);
    assert(error == 0 && again.upto == page.upto && again.more == page.more);
    history_page_write(&twice, SPAN("r"), &again);
    assert(span_eq(bytes_span(&out), bytes_span(&twice)));
    bytes_finish(&out);
    bytes_finish(&twice);
    free(page.page);
    free(again.page);
}

/* As it is, which the check lets pass hardly ever, and with a check that agrees. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes value = {0};
    uint8_t check[DIGEST_BYTES];
    const struct span body = span_of(data, len);

    read_twice(body);
    bytes_add_span(&value, body);
    digest_128(&body, 1, check);
    bytes_add(&value, check, sizeof check);
    read_twice(bytes_span(&value));
    bytes_finish(&value);
    return 0;
}
