// SPDX-License-Identifier: MIT
#include "src/web/html.h"

#include "tests/support/tap.h"

static void text_cannot_become_markup(void)
{
    static const char want[] = "&lt;img src=x onerror=&quot;a&quot;&gt; &amp;amp; &#39;\xc3\xa9";
    struct bytes out = {0};

    html_add_text(&out, SPAN("<img src=x onerror=\"a\"> &amp; '\xc3\xa9"));
    check_mem(out.data, out.len, want, sizeof want - 1);
    bytes_finish(&out);
}

static void a_component_stays_one_segment(void)
{
    static const char want[] = "..%2F%3Fa%3D1%26b%23%22%3C%25%C3%A9%00";
    struct bytes out = {0};

    html_add_component(&out, SPAN("../?a=1&b#\"<%\xc3\xa9\0"));
    check_mem(out.data, out.len, want, sizeof want - 1);
    bytes_clear(&out);
    html_add_component(&out, SPAN("'-_.!~*()aZ9"));
    check_mem(out.data, out.len, "%27-_.!~*()aZ9", 14);
    bytes_finish(&out);
}

int main(void)
{
    RUN(text_cannot_become_markup);
    RUN(a_component_stays_one_segment);
    return tap_done();
}
