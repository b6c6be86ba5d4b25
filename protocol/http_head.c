// SPDX-License-Identifier: MIT
#include "protocol/http_head.h"

#include <assert.h>
#include <limits.h>

static const struct {
    int status;
    const char *text;
} errors[] = {
    [-HTTP_ELINE] = {400, "malformed start line"},
    [-HTTP_EVERSION] = {505, "HTTP version not supported"},
    [-HTTP_EMETHOD] = {501, "method not implemented"},
    [-HTTP_ETARGET] = {400, "malformed request target"},
    [-HTTP_EFIELD] = {400, "malformed header field"},
    [-HTTP_ELENGTH] = {400, "invalid Content-Length"},
    [-HTTP_EENCODING] = {400, "invalid Transfer-Encoding"},
    [-HTTP_ECODING] = {501, "transfer coding not implemented"},
    [-HTTP_EHOST] = {400, "missing or invalid Host"},
    [-HTTP_ELINETOOBIG] = {414, "request line too long"},
    [-HTTP_EHEADTOOBIG] = {431, "request head too large"},
};

int http_error_status(int error)
{
    assert(error < 0 && error >= HTTP_EHEADTOOBIG);
    return errors[-error].status;
}

const char *http_strerror(int error)
{
    assert(error < 0 && error >= HTTP_EHEADTOOBIG);
    return errors[-error].text;
}

/* Where a byte may stand. '#' is in no target: a fragment is never sent. */
enum {
    IN_TOKEN = 1,  /* tchar: names and methods */
    IN_TARGET = 2, /* visible ASCII */
    IN_HOST = 4,   /* reg-name, IP-literal and port */
};

static const uint8_t class_of[256] = {
    ['0' ... '9'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['A' ... 'Z'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['a' ... 'z'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['!'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['"'] = IN_TARGET,
    ['#'] = IN_TOKEN,
    ['$' ... '\''] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['('] = IN_TARGET | IN_HOST,
    [')'] = IN_TARGET | IN_HOST,
    ['*'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['+'] = IN_TOKEN | IN_TARGET | IN_HOST,
    [','] = IN_TARGET | IN_HOST,
    ['-'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['.'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['/'] = IN_TARGET,
    [':'] = IN_TARGET | IN_HOST,
    [';'] = IN_TARGET | IN_HOST,
    ['<'] = IN_TARGET,
    ['='] = IN_TARGET | IN_HOST,
    ['>' ... '@'] = IN_TARGET,
    ['['] = IN_TARGET | IN_HOST,
    ['\\'] = IN_TARGET,
    [']'] = IN_TARGET | IN_HOST,
    ['^'] = IN_TOKEN | IN_TARGET,
    ['_'] = IN_TOKEN | IN_TARGET | IN_HOST,
    ['`'] = IN_TOKEN | IN_TARGET,
    ['{'] = IN_TARGET,
    ['|'] = IN_TOKEN | IN_TARGET,
    ['}'] = IN_TARGET,
    ['~'] = IN_TOKEN | IN_TARGET | IN_HOST,
};

/* Bytes at the start of s that are of that class. */
static size_t class_len(struct span s, uint8_t class)
{
    size_t n = 0;

    while (n < s.len && (class_of[s.data[n]] & class) != 0) {
        n++;
    }
    return n;
}

size_t http_token_len(struct span s)
{
    return class_len(s, IN_TOKEN);
}

static bool all_of(struct span s, uint8_t class)
{
    return class_len(s, class) == s.len;
}

static bool value_valid(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static struct span trim(struct span s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s = span_skip(s, 1);
    }
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

bool http_list_has(struct span list, struct span token)
{
    while (list.len > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.len);
        size_t n = comma == NULL ? list.len : (size_t)(comma - list.data);
        if (span_eq_nocase(trim(span_of(list.data, n)), token)) {
            return true;
        }
        list = span_skip(list, comma == NULL ? n : n + 1);
    }
    return false;
}

struct span http_head_get(const struct http_head *head, struct span name)
{
    for (unsigned i = 0; i < head->header_count; i++) {
        if (span_eq_nocase(head->headers[i].name, name)) {
            return head->headers[i].value;
        }
    }
    return (struct span){0};
}

/* What a head is read with: how much is left of the input, and what fields have told so far that
 * only all of them together decide. */
struct parser {
    struct span left;
    struct http_head *head;
    bool too_long; /* left was cut at the limit: what is incomplete will never be complete */
    bool has_host;
    bool connection_close;
    bool connection_keep_alive;
    bool connection_upgrade;
    bool expect_continue;
};

/* Takes the next line. Returns 1 with *line, without its CRLF; 0 if its end is not there yet; or
 * -1 if LF comes without CR. */
static int next_line(struct parser *ps, struct span *line)
{
    const uint8_t *lf = ps->left.len == 0 ? NULL : memchr(ps->left.data, '\n', ps->left.len);

    if (lf == NULL) {
        return 0;
    }
    size_t n = (size_t)(lf - ps->left.data);
    if (n == 0 || lf[-1] != '\r') {
        return -1;
    }
    *line = span_of(ps->left.data, n - 1);
    ps->left = span_skip(ps->left, n + 1);
    return 1;
}

static int parse_version(struct span s, struct http_head *out)
{
    if (s.len != 8 || !span_starts(s, SPAN("HTTP/")) || s.data[6] != '.') {
        return HTTP_ELINE;
    }
    if ((unsigned)s.data[5] - '0' > 9 || (unsigned)s.data[7] - '0' > 9) {
        return HTTP_ELINE;
    }
    if (s.data[5] != '1' || s.data[7] > '1') {
        return HTTP_EVERSION;
    }
    out->minor = (unsigned)s.data[7] - '0';
    return 0;
}

static bool method_known(struct span method)
{
    static const char *const methods[] = {"GET", "POST",  "OPTIONS", "HEAD",
                                          "PUT", "PATCH", "DELETE"};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (span_eq(method, span_cstr(methods[i]))) {
            return true;
        }
    }
    return false;
}

/* Bytes of "http://host" or "https://host" at the start of an absolute target, or 0. */
static size_t origin_len(struct span target)
{
    size_t scheme = 0;

    if (target.len >= 7 && span_eq_nocase(span_of(target.data, 7), SPAN("http://"))) {
        scheme = 7;
    } else if (target.len >= 8 && span_eq_nocase(span_of(target.data, 8), SPAN("https://"))) {
        scheme = 8;
    } else {
        return 0;
    }
    size_t host = class_len(span_skip(target, scheme), IN_HOST);
    return host == 0 ? 0 : scheme + host;
}

static int parse_target(struct http_head *out)
{
    struct span rest = out->target;

    if (rest.len == 0 || !all_of(rest, IN_TARGET)) {
        return HTTP_ETARGET;
    }
    if (span_eq(rest, SPAN("*"))) {
        out->path = rest;
        return span_eq(out->method, SPAN("OPTIONS")) ? 0 : HTTP_ETARGET;
    }
    if (rest.data[0] != '/') {
        size_t origin = origin_len(rest);
        if (origin == 0) {
            return HTTP_ETARGET;
        }
        rest = span_skip(rest, origin);
        if (rest.len > 0 && rest.data[0] != '/' && rest.data[0] != '?') {
            return HTTP_ETARGET;
        }
    }
    const uint8_t *mark = rest.len == 0 ? NULL : memchr(rest.data, '?', rest.len);
    out->path = rest;
    if (mark != NULL) {
        out->path.len = (size_t)(mark - rest.data);
        out->query = span_skip(rest, out->path.len + 1);
    }
    if (out->path.len == 0) {
        out->path = SPAN("/");
    }
    return 0;
}

static int parse_request_line(struct span line, struct http_head *out)
{
    size_t method = class_len(line, IN_TOKEN);

    if (method == 0 || method == line.len || line.data[method] != ' ') {
        return HTTP_ELINE;
    }
    struct span rest = span_skip(line, method + 1);
    const uint8_t *space = rest.len == 0 ? NULL : memchr(rest.data, ' ', rest.len);
    if (space == NULL) {
        return HTTP_ELINE;
    }
    out->method = span_of(line.data, method);
    out->target = span_of(rest.data, (size_t)(space - rest.data));
    int error = parse_version(span_skip(rest, out->target.len + 1), out);
    if (error < 0) {
        return error;
    }
    return method_known(out->method) ? parse_target(out) : HTTP_EMETHOD;
}

static int parse_status_line(struct span line, struct http_head *out)
{
    uint64_t status;

    if (line.len < 13 || line.data[8] != ' ' || line.data[12] != ' ' || !value_valid(line) ||
        span_to_u64(span_of(line.data + 9, 3), 999, &status) < 0 || status < 100) {
        return HTTP_ELINE;
    }
    out->status = (int)status;
    return parse_version(span_of(line.data, 8), out);
}

static int note_length(struct parser *ps, struct span value)
{
    uint64_t length;

    if (ps->head->content_length >= 0 || ps->head->chunked ||
        span_to_u64(value, INT64_MAX, &length) < 0) {
        return HTTP_ELENGTH;
    }
    ps->head->content_length = (int64_t)length;
    return 0;
}

/* One field, and nothing but "chunked" in it: more could only be told apart by parsers that agree
 * on how. */
static int note_encoding(struct parser *ps, struct span value)
{
    if (ps->head->content_length >= 0) {
        return HTTP_ELENGTH;
    }
    if (ps->head->chunked || ps->head->minor == 0) {
        return HTTP_EENCODING;
    }
    if (!span_eq_nocase(value, SPAN("chunked"))) {
        const uint8_t *comma = value.len == 0 ? NULL : memrchr(value.data, ',', value.len);
        struct span last =
            comma == NULL ? value : span_skip(value, (size_t)(comma + 1 - value.data));
        bool others = http_list_has(span_of(value.data, value.len - last.len), SPAN("chunked"));
        return span_eq_nocase(trim(last), SPAN("chunked")) && !others ? HTTP_ECODING
                                                                      : HTTP_EENCODING;
    }
    ps->head->chunked = true;
    return 0;
}

static int note_host(struct parser *ps, struct span value)
{
    if (ps->has_host || !all_of(value, IN_HOST)) {
        return HTTP_EHOST;
    }
    ps->has_host = true;
    return 0;
}

static void note_connection(struct parser *ps, struct span value)
{
    ps->connection_close |= http_list_has(value, SPAN("close"));
    ps->connection_keep_alive |= http_list_has(value, SPAN("keep-alive"));
    ps->connection_upgrade |= http_list_has(value, SPAN("upgrade"));
}

/* Keeps what the fields that concern the message itself say. */
static int note_header(struct parser *ps, const struct http_header *h)
{
    switch (h->name.len) {
    case 4:
        return span_eq_nocase(h->name, SPAN("host")) ? note_host(ps, h->value) : 0;
    case 6:
        if (span_eq_nocase(h->name, SPAN("expect"))) {
            ps->expect_continue |= span_eq_nocase(h->value, SPAN("100-continue"));
        }
        return 0;
    case 10:
        if (span_eq_nocase(h->name, SPAN("connection"))) {
            note_connection(ps, h->value);
        }
        return 0;
    case 14:
        return span_eq_nocase(h->name, SPAN("content-length")) ? note_length(ps, h->value) : 0;
    case 17:
        return span_eq_nocase(h->name, SPAN("transfer-encoding")) ? note_encoding(ps, h->value) : 0;
    default:
        return 0;
    }
}

static int parse_field(struct parser *ps, struct span line, unsigned headers_max)
{
    size_t name = class_len(line, IN_TOKEN);

    if (name == 0 || name == line.len || line.data[name] != ':') {
        return HTTP_EFIELD;
    }
    struct span value = span_skip(line, name + 1);
    if (!value_valid(value)) {
        return HTTP_EFIELD;
    }
    if (ps->head->header_count == headers_max) {
        return HTTP_EHEADTOOBIG;
    }
    struct http_header *h = &ps->head->headers[ps->head->header_count++];
    *h = (struct http_header){.name = span_of(line.data, name), .value = trim(value)};
    return note_header(ps, h);
}

/* The fields and the empty line after them: 1, 0 if they are not all there, or an error. */
static int parse_fields(struct parser *ps, unsigned headers_max)
{
    struct span line;

    for (int got; (got = next_line(ps, &line)) != 0;) {
        if (got < 0) {
            return HTTP_EFIELD;
        }
        if (line.len == 0) {
            return 1;
        }
        int error = parse_field(ps, line, headers_max);
        if (error < 0) {
            return error;
        }
    }
    return ps->too_long ? HTTP_EHEADTOOBIG : 0;
}

static void conclude(struct parser *ps)
{
    struct http_head *head = ps->head;

    head->keep_alive = !ps->connection_close && (head->minor == 1 || ps->connection_keep_alive);
    head->upgrade = head->minor == 1 && ps->connection_upgrade;
    head->expect_continue = head->minor == 1 && ps->expect_continue;
}

/* Bytes without a line end, after others that hold the start line, complete nothing. */
static bool nothing_new(const struct parser *ps, const uint8_t *p, size_t n, size_t scanned)
{
    size_t skipped = (size_t)(ps->left.data - p);

    assert(scanned <= n);
    return !ps->too_long && scanned > skipped &&
           memchr(p + skipped, '\n', scanned - skipped) != NULL &&
           (n == scanned || memchr(p + scanned, '\n', n - scanned) == NULL);
}

static struct parser begin(const uint8_t *p, size_t n, const struct http_head_limits *limits,
                           struct http_head *out)
{
    assert(limits->headers_max <= HTTP_HEADERS_MAX);
    assert(limits->head_bytes_max <= INT_MAX);

    out->method = out->target = out->path = out->query = (struct span){0};
    out->status = 0;
    out->minor = 0;
    out->content_length = -1;
    out->chunked = false;
    out->header_count = 0;
    bool too_long = n >= limits->head_bytes_max;
    return (struct parser){
        .left = span_of(p, too_long ? limits->head_bytes_max : n),
        .head = out,
        .too_long = too_long,
    };
}

static void skip_empty_lines(struct parser *ps)
{
    for (int i = 0; i < HTTP_LEADING_CRLF_MAX && span_starts(ps->left, SPAN("\r\n")); i++) {
        ps->left = span_skip(ps->left, 2);
    }
}

/* What the part of a request line that is there says before it is complete. */
static int check_incomplete_line(const struct parser *ps, size_t line_bytes_max)
{
    size_t n = ps->left.len;

    if (n > line_bytes_max + 1 || ps->too_long) {
        return HTTP_ELINETOOBIG;
    }
    /* A TLS client on a plain port would wait for us for ever. */
    return n > 0 && ps->left.data[0] != '\r' && !all_of(span_of(ps->left.data, 1), IN_TOKEN)
               ? HTTP_ELINE
               : 0;
}

/* From the fields on. */
static int parse_rest(struct parser *ps, const uint8_t *p, unsigned headers_max)
{
    int got = parse_fields(ps, headers_max);

    if (got <= 0) {
        return got;
    }
    conclude(ps);
    return (int)(ps->left.data - p);
}

int http_head_parse(const uint8_t *p, size_t n, size_t scanned,
                    const struct http_head_limits *limits, struct http_head *out)
{
    struct parser ps = begin(p, n, limits, out);
    struct span line;

    skip_empty_lines(&ps);
    if (nothing_new(&ps, p, n, scanned)) {
        return 0;
    }
    int got = next_line(&ps, &line);
    if (got == 0) {
        return check_incomplete_line(&ps, limits->request_line_bytes_max);
    }
    if (got < 0) {
        return HTTP_ELINE;
    }
    if (line.len > limits->request_line_bytes_max) {
        return HTTP_ELINETOOBIG;
    }
    int error = parse_request_line(line, out);
    if (error < 0) {
        return error;
    }
    int len = parse_rest(&ps, p, limits->headers_max);
    return len > 0 && out->minor == 1 && !ps.has_host ? HTTP_EHOST : len;
}

int http_head_parse_response(const uint8_t *p, size_t n, size_t scanned,
                             const struct http_head_limits *limits, struct http_head *out)
{
    struct parser ps = begin(p, n, limits, out);
    struct span line;

    if (nothing_new(&ps, p, n, scanned)) {
        return 0;
    }
    int got = next_line(&ps, &line);
    if (got == 0) {
        return ps.too_long ? HTTP_EHEADTOOBIG : 0;
    }
    int error = got < 0 ? HTTP_ELINE : parse_status_line(line, out);
    return error < 0 ? error : parse_rest(&ps, p, limits->headers_max);
}
