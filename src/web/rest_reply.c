// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/http_response.h"
#include "src/base/iso_time.h"
#include "src/web/cors.h"
#include "src/web/html.h"
#include "src/web/rest_call.h"

enum { OWN_FIELDS_MAX = 4 };

static const char json_type[] = "application/json; charset=utf-8";
static const char html_type[] = "text/html; charset=utf-8";
static const char text_type[] = "text/plain; charset=utf-8";

void rest_call_free(struct rest_call *call)
{
    if (call->drop_own != NULL) {
        call->drop_own(call->own);
    }
    bytes_finish(&call->parameter);
    free(call);
}

/* Seconds after which to try again what is refused for now; NULL: it is not. */
static const char *retry_after(int status)
{
    return status == 503 ? "1" : status == 429 ? "60" : NULL;
}

/* All answers go through here, so that none lacks what lets pages of other origins read it. */
static void answer(struct rest_call *call, int status, const struct http_field *own, size_t count,
                   struct span body)
{
    struct http_field fields[WEB_CORS_FIELDS_MAX + OWN_FIELDS_MAX + 3];
    const char *retry = retry_after(status);
    size_t n = 0;

    assert(count <= OWN_FIELDS_MAX);
    if (call->style != WEB_PAGE) {
        n = web_cors_fields(rest_options_of(call)->cors, call->x, fields);
    }
    for (size_t i = 0; i < count; i++) {
        fields[n++] = own[i];
    }
    if (retry != NULL) {
        fields[n++] = (struct http_field){"Retry-After", span_cstr(retry)};
    }
    fields[n++] = (struct http_field){"Cache-Control", SPAN("no-store")};
    fields[n++] = (struct http_field){"X-Content-Type-Options", SPAN("nosniff")};
    http_respond(call->x, status, fields, n, body);
    rest_call_free(call);
}

static struct http_field content_type(const char *type)
{
    return (struct http_field){"Content-Type", span_cstr(type)};
}

void rest_json(struct rest_call *call, int status, struct span body)
{
    const struct http_field type = content_type(json_type);

    answer(call, status, &type, 1, body);
}

void rest_error(struct rest_call *call, int status, const char *key, const char *text)
{
    struct bytes body = {0};

    bytes_add_byte(&body, '{');
    json_member_string(&body, span_cstr(key), span_cstr(text));
    bytes_add_byte(&body, '}');
    rest_json(call, status, bytes_span(&body));
    bytes_finish(&body);
}

void rest_text(struct rest_call *call, int status, const char *text)
{
    const struct http_field type = content_type(text_type);

    answer(call, status, &type, 1, span_cstr(text));
}

void rest_page(struct rest_call *call, int status, struct span body)
{
    const struct http_field fields[] = {
        content_type(html_type),
        {"Content-Security-Policy", span_cstr(web_page_policy)},
    };

    answer(call, status, fields, sizeof fields / sizeof *fields, body);
}

void rest_redirect(struct rest_call *call, struct span to)
{
    const struct http_field location = {"Location", to};

    answer(call, 302, &location, 1, SPAN(""));
}

/* ---- refusals ---- */

static void express_page(struct rest_call *call, int status, struct span text,
                         struct http_field more)
{
    const struct http_field fields[] = {
        content_type(html_type), {"Content-Security-Policy", SPAN("default-src 'none'")}, more};
    struct bytes body = {0};

    bytes_add_cstr(&body, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<title>Error</title>\n</head>\n<body>\n<pre>");
    html_add_text(&body, text);
    bytes_add_cstr(&body, "</pre>\n</body>\n</html>\n");
    answer(call, status, fields, more.name == NULL ? 2 : 3, bytes_span(&body));
    bytes_finish(&body);
}

static void express_refusal(struct rest_call *call, int status, struct http_field more)
{
    struct bytes text = {0};

    if (status == 404) {
        bytes_add_cstr(&text, "Cannot ");
        bytes_add_span(&text, call->x->method);
        bytes_add_byte(&text, ' ');
        bytes_add_span(&text, call->x->path);
    } else {
        bytes_add_cstr(&text, http_reason(status));
    }
    express_page(call, status, bytes_span(&text), more);
    bytes_finish(&text);
}

static void json_refusal(struct rest_call *call, int status, struct http_field more)
{
    const struct http_field fields[] = {content_type(json_type), more};
    struct bytes body = {0};

    bytes_add_byte(&body, '{');
    json_member_string(&body, SPAN("error"), span_cstr(http_reason(status)));
    bytes_add_byte(&body, '}');
    answer(call, status, fields, more.name == NULL ? 1 : 2, bytes_span(&body));
    bytes_finish(&body);
}

void rest_refuse(struct rest_call *call, int status, const char *allow)
{
    struct http_field more = {0};

    if (allow != NULL) {
        more = (struct http_field){"Allow", span_cstr(allow)};
    } else if (status == 401) {
        more = (struct http_field){"WWW-Authenticate", SPAN("Bearer")};
    }
    if (call->style == WEB_JSON || (status == 401 && call->style != WEB_PAGE)) {
        json_refusal(call, status, more);
    } else {
        express_refusal(call, status, more);
    }
}

/* ---- pieces of bodies ---- */

void rest_write_messages(struct bytes *out, enum dialect_view view, const struct message_page *page,
                         size_t from, bool turned)
{
    bytes_add_byte(out, '[');
    for (size_t i = from; i < page->count; i++) {
        const struct message *m = &page->messages[turned ? page->count - 1 - i : i];
        if (m->recipient.len == 0) {
            json_write_comma(out);
            dialect_write_view(view, m, out);
        }
    }
    bytes_add_byte(out, ']');
}

void rest_member_time(struct bytes *out, struct span key, int64_t wall_ms)
{
    char time[ISO_TIME_LEN + 1];

    iso_time_write(wall_ms, time);
    json_member_string(out, key, span_of(time, ISO_TIME_LEN));
}
