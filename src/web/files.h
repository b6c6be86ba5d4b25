/* Files: static files, read once at the start and served from memory.
 *
 * Each file has an exact route, so that what is beside it (Engine.IO below /socket.io/, say) is
 * never shadowed, and no request can name a file that was not there at the start. GET and HEAD
 * give 200, or 304 when If-None-Match names the entity tag (weakly compared, RFC 9110 section
 * 13.1.2); every other method 405. All answers carry ETag and `Cache-Control: public, max-age=0`:
 * a browser may keep a file and asks each time whether it still holds. But one whose name tells its
 * content, by 16 hexadecimal digits between dots as a bundler puts them there, never changes, and a
 * browser is told not to ask: `max-age=31536000, immutable`.
 *
 * What compresses well is kept by Brotli and by gzip too, made once at the start, and goes out so
 * to whoever takes it; each has a tag of its own, as it is other bytes (RFC 9110 section 8.8.3.3),
 * unless whoever adds the file gives the tag.
 *
 * Pages of other origins may load them as classic scripts, styles or images. What reads them, as
 * modules do, needs a policy of CORS.
 *
 * Ownership: what open gives is the caller's until web_files_close; it must outlive the server that
 * its routes were added to. Threads: opened and closed on one, read on all. */
// SPDX-License-Identifier: MIT
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include "src/net/cors.h"
#include "src/net/http.h"

enum { WEB_FILES_MAX = 64, WEB_FILE_BYTES_MAX = 16 << 20 };

enum web_coding { WEB_BROTLI, WEB_GZIP, WEB_CODINGS };

/* A body as it goes out. */
struct web_form {
    char etag[48]; /* with its quotes */
    struct bytes body;
};

struct web_file {
    const struct web_files *all; /* that it is one of */
    char *path;                  /* of the request */
    const char *type;            /* Content-Type */
    const char *policy;          /* Content-Security-Policy, or NULL */
    bool lasting;                /* the name tells the content */
    struct web_form plain;
    struct web_form packed[WEB_CODINGS]; /* empty where that gains little */
};

struct web_files {
    const struct cors_policy *cors; /* that pages of other origins may read them by; NULL: none */
    struct web_file *files;
    size_t count;
};

/* All regular files of a directory, at prefix + name (prefix ends with '/'); its index.html at
 * prefix too. Hidden files and subdirectories are left out. The tag is a hash of the content. NULL
 * with errno when the directory or a file cannot be read, or goes over the limits above. */
struct web_files *web_files_open(const char *dir, const char *prefix);

/* Takes NULL. */
void web_files_close(struct web_files *files);

/* Calls add with the route of each file; the route's strings are those of files. */
typedef void (*web_add_route_fn)(void *server, const struct http_route *route);
void web_files_add_routes(const struct web_files *files, web_add_route_fn add, void *server);

/* Answers with the file at that path, if there is one; else returns false, and the exchange is
 * still to be answered. */
MUST_USE bool web_files_serve(const struct web_files *files, struct span path,
                              struct http_exchange *x);

/* ---- for the other files of this folder ---- */

/* The Content-Security-Policy of our pages. */
extern const char web_page_policy[];

/* True for GET and HEAD; any other method is answered with 405 here. fields: what that answer
 * carries beside Allow, which is written behind them. */
bool web_may_read(struct http_exchange *x);
bool web_may_read_with(struct http_exchange *x, struct http_field *fields, size_t count);

struct web_files *web_files_create(void);

/* Reads one file to be served at path; type and policy are not copied. The tag is `"tag"` in all
 * codings, or a hash of the content if tag is NULL. 0, or -1 with errno. */
MUST_USE int web_files_add(struct web_files *files, const char *file, const char *path,
                           const char *type, const char *policy, const char *tag);

/* Appends what is in the file, of at most limit bytes (EFBIG above). 0, or -1 with errno. */
MUST_USE int web_read_file(const char *file, size_t limit, struct bytes *out);

/* Does the value of an If-None-Match name the tag? */
bool web_tag_matches(struct span if_none_match, struct span etag);

#endif
