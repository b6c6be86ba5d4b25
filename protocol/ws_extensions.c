// SPDX-License-Identifier: MIT
#include "protocol/ws_extensions.h"

enum { CLIENT_WINDOW_BITS_MIN = 8, VALUE_MAX = 2 /* characters; no value of ours is longer */ };

#define FIELD              "Sec-WebSocket-Extensions"
#define DEFLATE            "permessage-deflate"
#define SERVER_NO_TAKEOVER "server_no_context_takeover"
#define CLIENT_NO_TAKEOVER "client_no_context_takeover"
#define SERVER_BITS        "server_max_window_bits"
#define CLIENT_BITS        "client_max_window_bits"

/* "name" or "name=value" of an extension. */
struct param {
    struct span name;
    bool has_value;
    uint8_t value_len; /* VALUE_MAX + 1: too long to be one of ours */
    char value[VALUE_MAX];
};

/* An extension that is being read. */
struct offer {
    bool is_deflate;
    bool refused;  /* some parameter cannot be met */
    unsigned seen; /* bit i: parameter i of enum known */
    struct ws_deflate_terms terms;
};

enum known {
    KNOWN_SERVER_NO_TAKEOVER,
    KNOWN_CLIENT_NO_TAKEOVER,
    KNOWN_SERVER_BITS,
    KNOWN_CLIENT_BITS
};

/* ---- lists of extensions ---- */

static void skip_space(struct span *in)
{
    while (in->len > 0 && (in->data[0] == ' ' || in->data[0] == '\t')) {
        *in = span_skip(*in, 1);
    }
}

/* Takes that character, if it is the next one after white space. */
static bool take(struct span *in, uint8_t c)
{
    skip_space(in);
    if (in->len == 0 || in->data[0] != c) {
        return false;
    }
    *in = span_skip(*in, 1);
    return true;
}

static struct span take_token(struct span *in)
{
    skip_space(in);
    struct span token = span_of(in->data, http_token_len(*in));
    *in = span_skip(*in, token.len);
    return token;
}

static void add_to_value(struct param *p, uint8_t c)
{
    if (p->value_len < VALUE_MAX) {
        p->value[p->value_len++] = (char)c;
    } else {
        p->value_len = VALUE_MAX + 1;
    }
}

/* What stands behind the opening quote: a token once it is unescaped. */
static int take_quoted(struct span *in, struct param *p)
{
    while (in->len > 0 && in->data[0] != '"') {
        if (in->data[0] == '\\') {
            *in = span_skip(*in, 1);
        }
        if (in->len == 0 || http_token_len(span_of(in->data, 1)) == 0) {
            return WS_EXTENSIONS_EMALFORMED;
        }
        add_to_value(p, in->data[0]);
        *in = span_skip(*in, 1);
    }
    return p->value_len > 0 && take(in, '"') ? 0 : WS_EXTENSIONS_EMALFORMED;
}

static int take_param(struct span *in, struct param *p)
{
    *p = (struct param){.name = take_token(in)};
    if (p->name.len == 0) {
        return WS_EXTENSIONS_EMALFORMED;
    }
    p->has_value = take(in, '=');
    if (!p->has_value) {
        return 0;
    }
    if (take(in, '"')) {
        return take_quoted(in, p);
    }
    struct span value = take_token(in);
    for (size_t i = 0; i < value.len; i++) {
        add_to_value(p, value.data[i]);
    }
    return value.len > 0 ? 0 : WS_EXTENSIONS_EMALFORMED;
}

/* ---- permessage-deflate ---- */

/* The value as window bits, or 0 if it is none. */
static unsigned bits_of(const struct param *p)
{
    uint64_t bits;

    if (p->value_len > VALUE_MAX || p->value[0] == '0' ||
        span_to_u64(span_of(p->value, p->value_len), WS_WINDOW_BITS_MAX, &bits) < 0) {
        return 0;
    }
    return bits < CLIENT_WINDOW_BITS_MIN ? 0 : (unsigned)bits;
}

static bool meet(struct offer *o, enum known which, const struct param *p)
{
    switch (which) {
    case KNOWN_SERVER_NO_TAKEOVER:
    case KNOWN_CLIENT_NO_TAKEOVER:
        return !p->has_value;
    case KNOWN_SERVER_BITS:
        o->terms =
            (struct ws_deflate_terms){.window_bits = (uint8_t)bits_of(p), .bits_asked = true};
        return o->terms.window_bits >= WS_WINDOW_BITS_MIN;
    case KNOWN_CLIENT_BITS:
        return !p->has_value || bits_of(p) != 0;
    }
    return false;
}

static bool take_deflate_param(struct offer *o, const struct param *p)
{
    static const char *const names[] = {
        [KNOWN_SERVER_NO_TAKEOVER] = SERVER_NO_TAKEOVER,
        [KNOWN_CLIENT_NO_TAKEOVER] = CLIENT_NO_TAKEOVER,
        [KNOWN_SERVER_BITS] = SERVER_BITS,
        [KNOWN_CLIENT_BITS] = CLIENT_BITS,
    };

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (span_eq(p->name, span_cstr(names[i]))) {
            bool again = (o->seen >> i & 1) != 0;
            o->seen |= 1U << i;
            return !again && meet(o, (enum known)i, p);
        }
    }
    return false;
}

static int take_offer(struct span *in, struct offer *o)
{
    struct span name = take_token(in);
    struct param p;

    *o = (struct offer){.is_deflate = span_eq(name, SPAN(DEFLATE)),
                        .terms = {.window_bits = WS_WINDOW_BITS_MAX}};
    if (name.len == 0) {
        return WS_EXTENSIONS_EMALFORMED;
    }
    while (take(in, ';')) {
        if (take_param(in, &p) < 0) {
            return WS_EXTENSIONS_EMALFORMED;
        }
        o->refused |= !take_deflate_param(o, &p);
    }
    return 0;
}

/* One field's list; of several fields the offers follow each other. */
static int choose_from(struct span in, struct ws_deflate_terms *out)
{
    struct offer o;

    do {
        if (take_offer(&in, &o) < 0) {
            return WS_EXTENSIONS_EMALFORMED;
        }
        if (o.is_deflate && !o.refused && out->window_bits == 0) {
            *out = o.terms;
        }
    } while (take(&in, ','));
    return in.len == 0 ? 0 : WS_EXTENSIONS_EMALFORMED;
}

int ws_extensions_choose(const struct http_head *request, struct ws_deflate_terms *out)
{
    *out = (struct ws_deflate_terms){0};
    for (unsigned i = 0; i < request->header_count; i++) {
        const struct http_header *h = &request->headers[i];
        if (span_eq_nocase(h->name, SPAN(FIELD)) && choose_from(h->value, out) < 0) {
            return WS_EXTENSIONS_EMALFORMED;
        }
    }
    return 0;
}

void ws_extensions_answer(const struct ws_deflate_terms *terms, struct bytes *out)
{
    if (terms->window_bits == 0) {
        return;
    }
    bytes_add_cstr(out, FIELD ": " DEFLATE "; " SERVER_NO_TAKEOVER "; " CLIENT_NO_TAKEOVER);
    if (terms->bits_asked) {
        bytes_add_cstr(out, "; " SERVER_BITS "=");
        bytes_add_u64(out, terms->window_bits);
    }
    bytes_add_cstr(out, "\r\n");
}

/* ---- the client's side ---- */

struct span ws_extensions_offer(void)
{
    return SPAN(FIELD ": " DEFLATE "; " SERVER_NO_TAKEOVER "; " CLIENT_NO_TAKEOVER "\r\n");
}

bool ws_extensions_agreed(const struct http_head *response)
{
    struct span in = http_head_get(response, SPAN(FIELD));
    struct offer o;

    return take_offer(&in, &o) == 0 && in.len == 0 && o.is_deflate && !o.refused &&
           (o.seen >> KNOWN_SERVER_NO_TAKEOVER & 1) != 0;
}
