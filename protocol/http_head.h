/* HTTP/1.0 and 1.1 message heads (RFC 9112): validated to the byte, so that whatever parses an
 * accepted head once more behind us can take it in one way only.
 *
 *   head     = *4CRLF start-line CRLF *( name ":" OWS value OWS CRLF ) CRLF
 *   start    = method SP target SP "HTTP/1." ("0" / "1")          a request
 *            / "HTTP/1." ("0" / "1") SP 3DIGIT SP reason          a response
 *   target   = "/" path [ "?" query ]                             origin-form
 *            / ("http" / "https") "://" host [ "/" path ] [ "?" query ]
 *            / "*"                                                with OPTIONS
 *   name     = 1*tchar
 *   value    = any bytes but controls other than HTAB
 *
 * Refused, beyond what that grammar leaves out (bare CR or LF, NUL, folded lines, a space before
 * the colon, empty names):
 *
 *   400  Content-Length twice (even if equal), or with Transfer-Encoding, or not a plain number
 *   400  Transfer-Encoding twice, or in HTTP/1.0, or one that does not end in chunked
 *   501  a transfer coding other than chunked; a method other than GET, HEAD, POST, PUT, PATCH,
 *        DELETE and OPTIONS
 *   400  no Host in HTTP/1.1, Host twice, or one that holds what no host can
 *   414  a request line too long       431  a head too long, or too many fields
 *   505  a version other than 1.0 and 1.1
 *
 * Ownership: every span of a struct http_head is borrowed from the bytes it was parsed from (but
 * for the path "/" that an absolute target without a path has). The struct is 3.3 KB: for the stack
 * or one per loop, never one per connection; keep the bytes and parse them again.
 *
 * Pure: no allocation, no global state. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_HTTP_HEAD_H
#define PROTOCOL_HTTP_HEAD_H

#include "protocol/bytes.h"

enum http_error {
    HTTP_ELINE = -1,        /* malformed start line */
    HTTP_EVERSION = -2,     /* neither HTTP/1.0 nor HTTP/1.1 */
    HTTP_EMETHOD = -3,      /* a method that is none of ours */
    HTTP_ETARGET = -4,      /* malformed request target */
    HTTP_EFIELD = -5,       /* malformed field line */
    HTTP_ELENGTH = -6,      /* Content-Length not a number, twice, or beside Transfer-Encoding */
    HTTP_EENCODING = -7,    /* Transfer-Encoding that does not say where the body ends */
    HTTP_ECODING = -8,      /* a transfer coding that we do not know */
    HTTP_EHOST = -9,        /* Host missing, twice, or malformed */
    HTTP_ELINETOOBIG = -10, /* request line above its limit */
    HTTP_EHEADTOOBIG = -11, /* head, or number of fields, above its limit */
};

/* The status that answers the error: 400, 414, 431, 501 or 505. */
int http_error_status(int error);

/* A few words on the error, for logs and answers. */
const char *http_strerror(int error);

enum {
    HTTP_HEADERS_MAX = 100,
    HTTP_LEADING_CRLF_MAX = 4, /* empty lines before a request line (RFC 9112 2.2) */
};

struct http_head_limits {
    size_t head_bytes_max;         /* the whole head */
    size_t request_line_bytes_max; /* without its CRLF */
    unsigned headers_max;          /* at most HTTP_HEADERS_MAX */
};

struct http_header {
    struct span name;
    struct span value; /* without white space around it */
};

struct http_head {
    struct span method; /* this and the next three: of requests */
    struct span target; /* as it came */
    struct span path;   /* not decoded; "*" for OPTIONS * */
    struct span query;  /* not decoded, without '?'; data is NULL if there is no '?' */
    int status;         /* of responses */
    unsigned minor;     /* 1 in HTTP/1.1 */

    int64_t content_length; /* -1: none */
    bool chunked;           /* Transfer-Encoding: chunked */
    bool keep_alive;      /* the connection may be used again, as version and Connection have it */
    bool upgrade;         /* Connection names upgrade, and the version is 1.1 */
    bool expect_continue; /* Expect: 100-continue, and the version is 1.1 */

    unsigned header_count;
    struct http_header headers[HTTP_HEADERS_MAX]; /* in their order; the rest is not set */
};

/* Parses the request head that begins at p. Returns its bytes with *out filled; 0 if n bytes are
 * not all of it; or an enum http_error, which comes as soon as a wrong line is complete.
 *
 * scanned is the n of an earlier call that returned 0 for the same bytes, or 0: it spares going
 * over all of them for every byte of a client that sends its head in crumbs. */
MUST_USE int http_head_parse(const uint8_t *p, size_t n, size_t scanned,
                             const struct http_head_limits *limits, struct http_head *out);

/* The same for the head of a response. */
MUST_USE int http_head_parse_response(const uint8_t *p, size_t n, size_t scanned,
                                      const struct http_head_limits *limits, struct http_head *out);

/* The value of the first field of that name, compared without case; {NULL, 0} if there is none. */
struct span http_head_get(const struct http_head *head, struct span name);

/* True if token is one of the elements of a comma-separated list, compared without case. */
bool http_list_has(struct span list, struct span token);

/* Bytes at the start of s that may stand in a token (RFC 9110 5.6.2). */
size_t http_token_len(struct span s);

#endif
