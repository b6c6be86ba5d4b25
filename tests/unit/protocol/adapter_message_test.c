// SPDX-License-Identifier: MIT
#include "protocol/adapter_message.h"

#include "tests/support/tap.h"

static void every_error_has_words_of_its_own(void)
{
    check(strcmp(adapter_strerror(0), "no error") == 0);
    check(strcmp(adapter_strerror(ADAPTER_ESYNTAX), adapter_strerror(ADAPTER_ESHAPE)) != 0);
    check(strcmp(adapter_strerror(ADAPTER_ESHAPE), adapter_strerror(ADAPTER_ELIMIT)) != 0);
    check(strcmp(adapter_strerror(-99), "unknown error") == 0);
}

static void a_finished_decoder_is_ready_again(void)
{
    struct adapter_decoder d = {0};

    bytes_add_cstr(&d.text, "text");
    bytes_add_cstr(&d.spans, "spans");
    adapter_decoder_finish(&d);
    check(d.text.data == NULL && d.spans.data == NULL);
    adapter_decoder_finish(&d);
}

int main(void)
{
    RUN(every_error_has_words_of_its_own);
    RUN(a_finished_decoder_is_ready_again);
    return tap_done();
}
