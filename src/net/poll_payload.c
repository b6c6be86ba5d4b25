// SPDX-License-Identifier: MIT
#include "src/net/poll_payload.h"

#include <stdlib.h>

#include "protocol/http_query.h"
#include "protocol/jsonp.h"
#include "protocol/utf8.h"

static const struct span binary_type = {(const uint8_t *)"application/octet-stream", 24};

/* A `j` without a value counts, too. */
static bool find(struct span query, struct span name, struct span *value)
{
    struct span key;

    while (http_query_next(&query, &key, value)) {
        if (http_query_eq(key, name)) {
            return true;
        }
    }
    return false;
}

void poll_form_init(struct poll_form *form, struct span query, bool eio3)
{
    struct bytes text = {0}, number = {0};
    struct span j;

    *form = (struct poll_form){.eio3 = eio3};
    form->base64_only = http_query_get(query, SPAN("b64")).len != 0;
    if (find(query, SPAN("j"), &j)) {
        http_query_decode(j, &text);
        jsonp_number(&number, bytes_span(&text));
        bytes_add_byte(&number, '\0');
        bytes_finish(&text);
        form->jsonp = (char *)number.data;
        form->base64_only = true;
    }
}

void poll_form_finish(struct poll_form *form)
{
    free(form->jsonp);
    form->jsonp = NULL;
}

/* ---- answers ---- */

void poll_writer_open(struct poll_writer *w, const struct poll_form *form)
{
    *w = (struct poll_writer){.form = form};
    if (form->eio3) {
        eio3_payload_open(&w->v3, &w->body, form->base64_only);
    } else {
        w->v4.out = &w->body;
    }
}

void poll_writer_add_text(struct poll_writer *w, struct span packet)
{
    if (w->form->eio3) {
        eio3_payload_add_text(&w->v3, packet);
    } else {
        eio_payload_add_text(&w->v4, packet);
    }
}

size_t poll_writer_add_frames(struct poll_writer *w, struct span frames, unsigned packets_max)
{
    return w->form->eio3 ? eio3_payload_add_frames(&w->v3, frames, packets_max)
                         : eio_payload_add_frames(&w->v4, frames, packets_max);
}

const char *poll_writer_close(struct poll_writer *w)
{
    if (w->form->eio3 && w->v3.binary) {
        return (const char *)binary_type.data;
    }
    if (w->form->jsonp != NULL) {
        struct bytes payload = w->body;
        w->body = (struct bytes){0};
        jsonp_write(&w->body, span_cstr(w->form->jsonp), bytes_span(&payload));
        bytes_finish(&payload);
    }
    return "text/plain; charset=UTF-8";
}

/* ---- POSTs ---- */

bool poll_form_takes(const struct poll_form *form, struct span type)
{
    return (form->eio3 && form->jsonp == NULL) || !span_eq(type, binary_type);
}

int poll_reader_open(struct poll_reader *r, const struct poll_form *form, struct span body,
                     struct span type)
{
    *r = (struct poll_reader){.form = form};
    if (form->jsonp != NULL) {
        if (jsonp_read(body, &r->decoded) < 0) {
            return -1;
        }
        body = bytes_span(&r->decoded);
    }
    if (form->eio3) {
        eio3_payload_begin(&r->v3, body, span_eq(type, binary_type));
        return 0;
    }
    eio_payload_begin(&r->v4, body);
    return utf8_valid(body) ? 0 : -1;
}

int poll_reader_next(struct poll_reader *r, struct eio3_packet *out)
{
    if (r->form->eio3) {
        return eio3_payload_next(&r->v3, out);
    }
    out->is_binary = false;
    return eio_payload_next(&r->v4, &out->packet);
}

void poll_reader_close(struct poll_reader *r)
{
    bytes_finish(&r->decoded);
}
