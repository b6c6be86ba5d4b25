// SPDX-License-Identifier: MIT
#include "src/web/files.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "src/base/memory.h"
#include "src/net/compress.h"
#include "src/web/cors.h"

/* ---- content types ---- */

struct file_type {
    const char *ending;
    const char *type;
};

static const struct file_type types[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".map", "application/json; charset=utf-8"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
};

/* A page may load what this server has and nothing else; it talks to where it came from. The
 * socket schemes are there because not every browser takes them for a part of 'self'. */
const char web_page_policy[] =
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

static const char *type_of(const char *name)
{
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; ending != NULL && i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].ending, ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

static bool is_page(const char *type)
{
    return strncmp(type, "text/html", 9) == 0;
}

/* Has the name a part of 16 hexadecimal digits between two dots? */
static bool tells_content(const char *path)
{
    enum { DIGITS = 16 };

    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (strspn(dot + 1, "0123456789abcdef") == DIGITS && dot[1 + DIGITS] == '.') {
            return true;
        }
    }
    return false;
}

/* ---- reading ---- */

int web_read_file(const char *file, size_t limit, struct bytes *out)
{
    enum { STEP_BYTES = 64 << 10 };
    size_t before = out->len, got;
    FILE *f = fopen(file, "rbe");

    if (f == NULL) {
        return -1;
    }
    do {
        got = fread(bytes_reserve(out, STEP_BYTES), 1, STEP_BYTES, f);
        out->len += got;
    } while (got > 0 && out->len - before <= limit);
    bool failed = ferror(f) != 0;
    (void)fclose(f);
    if (failed || out->len - before > limit) {
        out->len = before;
        errno = failed ? EIO : EFBIG;
        return -1;
    }
    return 0;
}

/* FNV-1a: two contents of one file hardly ever have the same, and nobody gains by making some. */
static uint64_t hash_of(struct span content)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < content.len; i++) {
        hash = (hash ^ content.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void set_etag(struct web_form *form, const char *tag)
{
    struct span body = bytes_span(&form->body);
    int n = tag != NULL ? snprintf(form->etag, sizeof form->etag, "\"%s\"", tag)
                        : snprintf(form->etag, sizeof form->etag, "\"%zx-%016llx\"", body.len,
                                   (unsigned long long)hash_of(body));
    assert(n > 0 && (size_t)n < sizeof form->etag);
}

static const char *const coding_names[WEB_CODINGS] = {
    [WEB_BROTLI] = "br",
    [WEB_GZIP] = "gzip",
};

/* Pictures and fonts are packed already, and so are some that only look like text. */
static void pack(struct web_file *file, enum web_coding coding, bool same_tag)
{
    struct span body = bytes_span(&file->plain.body);
    struct web_form *form = &file->packed[coding];
    const char *tag = file->plain.etag;

    if (compress_body(coding_names[coding], body, &form->body) < 0 ||
        form->body.len > body.len - body.len / 8) {
        bytes_finish(&form->body);
        return;
    }
    int tag_len = (int)strlen(tag) - 1; /* without the closing quote */
    (void)snprintf(form->etag, sizeof form->etag, "%.*s%s%s\"", tag_len, tag, same_tag ? "" : "-",
                   same_tag ? "" : coding_names[coding]);
}

static void pack_all(struct web_file *file, bool same_tag)
{
    for (unsigned i = 0; i < WEB_CODINGS; i++) {
        pack(file, (enum web_coding)i, same_tag);
    }
}

struct web_files *web_files_create(void)
{
    return xcalloc(1, sizeof(struct web_files));
}

int web_files_add(struct web_files *files, const char *file, const char *path, const char *type,
                  const char *policy, const char *tag)
{
    struct web_file entry = {.all = files, .type = type, .policy = policy};

    if (files->count == WEB_FILES_MAX) {
        errno = ENFILE;
        return -1;
    }
    if (web_read_file(file, WEB_FILE_BYTES_MAX, &entry.plain.body) < 0) {
        bytes_finish(&entry.plain.body);
        return -1;
    }
    entry.path = xnonnull(strdup(path));
    entry.lasting = tells_content(path);
    set_etag(&entry.plain, tag);
    pack_all(&entry, tag != NULL);
    files->files = xreallocarray(files->files, files->count + 1, sizeof entry);
    files->files[files->count++] = entry;
    return 0;
}

static int add_at(struct web_files *files, const char *file, const char *prefix, const char *name)
{
    const char *type = type_of(name[0] == '\0' ? "index.html" : name);
    char *path;

    if (asprintf(&path, "%s%s", prefix, name) < 0) {
        return -1;
    }
    int rc = web_files_add(files, file, path, type, is_page(type) ? web_page_policy : NULL, NULL);
    free(path);
    return rc;
}

static int add_entry(struct web_files *files, const char *dir, const char *prefix, const char *name)
{
    struct stat st;
    char *file;
    int rc = 0;

    if (asprintf(&file, "%s/%s", dir, name) < 0) {
        return -1;
    }
    if (stat(file, &st) < 0) {
        rc = -1;
    } else if (S_ISREG(st.st_mode)) {
        rc = add_at(files, file, prefix, name);
        if (rc == 0 && strcmp(name, "index.html") == 0) {
            rc = add_at(files, file, prefix, "");
        }
    }
    free(file);
    return rc;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

struct web_files *web_files_open(const char *dir, const char *prefix)
{
    struct web_files *files;
    struct dirent **entries;
    int rc = 0;
    int n = scandir(dir, &entries, is_visible, alphasort);

    if (n < 0) {
        return NULL;
    }
    files = web_files_create();
    for (int i = 0; i < n; i++) {
        rc = rc < 0 ? rc : add_entry(files, dir, prefix, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (rc < 0) {
        int error = errno;
        web_files_close(files);
        errno = error;
        return NULL;
    }
    return files;
}

void web_files_close(struct web_files *files)
{
    if (files == NULL) {
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        free(files->files[i].path);
        bytes_finish(&files->files[i].plain.body);
        for (unsigned j = 0; j < WEB_CODINGS; j++) {
            bytes_finish(&files->files[i].packed[j].body);
        }
    }
    free(files->files);
    free(files);
}

/* ---- serving ---- */

bool web_tag_matches(struct span if_none_match, struct span etag)
{
    struct span rest = if_none_match;

    /* Quotes delimit the tags, and what is between them holds none: so a tag can only be found
     * where one begins, and W/, commas and spaces before it do not matter. */
    while (rest.len > 0) {
        if (rest.data[0] == '*') {
            return true;
        }
        if (rest.data[0] != '"') {
            rest = span_skip(rest, 1);
            continue;
        }
        if (span_starts(rest, etag)) {
            return true;
        }
        const uint8_t *end = memchr(rest.data + 1, '"', rest.len - 1);
        if (end == NULL) {
            return false;
        }
        rest = span_skip(rest, (size_t)(end + 1 - rest.data));
    }
    return false;
}

bool web_may_read(struct http_exchange *x)
{
    struct http_field allow;

    return web_may_read_with(x, &allow, 0);
}

bool web_may_read_with(struct http_exchange *x, struct http_field *fields, size_t count)
{
    if (span_eq(x->method, SPAN("GET")) || span_eq(x->method, SPAN("HEAD"))) {
        return true;
    }
    fields[count++] = (struct http_field){"Allow", SPAN("GET, HEAD")};
    http_respond(x, 405, fields, count, SPAN(""));
    return false;
}

/* The form of the file that the client likes best, and its coding, NULL for none; *any: there are
 * others than the plain one. */
static const struct web_form *choose(const struct http_exchange *x, const struct web_file *file,
                                     const char **coding, bool *any)
{
    const struct web_form *forms[WEB_CODINGS + 1];
    const char *names[WEB_CODINGS + 1];
    size_t count = 0;

    for (unsigned i = 0; i < WEB_CODINGS; i++) {
        if (file->packed[i].body.len > 0) {
            names[count] = coding_names[i];
            forms[count++] = &file->packed[i];
        }
    }
    names[count] = NULL;
    forms[count] = &file->plain;
    size_t chosen = compress_choose_of(http_exchange_field(x, "Accept-Encoding"), names, count);
    *coding = names[chosen];
    *any = count > 0;
    return forms[chosen];
}

static struct span lifetime(const struct web_file *file)
{
    return file->lasting ? SPAN("public, max-age=31536000, immutable") : SPAN("public, max-age=0");
}

static void serve(struct http_exchange *x, void *arg)
{
    const struct web_file *file = arg;
    const char *coding;
    bool any;
    const struct web_form *form = choose(x, file, &coding, &any);
    struct span etag = span_cstr(form->etag);
    struct http_field fields[WEB_CORS_FIELDS_MAX + 7];

    if (web_cors_preflight(file->all->cors, x)) {
        return;
    }
    size_t n = web_cors_fields(file->all->cors, x, fields);
    if (!web_may_read_with(x, fields, n)) {
        return;
    }
    fields[n++] = (struct http_field){"ETag", etag};
    fields[n++] = (struct http_field){"Cache-Control", lifetime(file)};
    if (any) {
        fields[n++] = (struct http_field){"Vary", SPAN("Accept-Encoding")};
    }
    if (web_tag_matches(http_exchange_field(x, "If-None-Match"), etag)) {
        http_respond(x, 304, fields, n, SPAN(""));
        return;
    }
    fields[n++] = (struct http_field){"Content-Type", span_cstr(file->type)};
    fields[n++] = (struct http_field){"X-Content-Type-Options", SPAN("nosniff")};
    if (file->policy != NULL) {
        fields[n++] = (struct http_field){"Content-Security-Policy", span_cstr(file->policy)};
    }
    if (coding != NULL) {
        fields[n++] = (struct http_field){"Content-Encoding", span_cstr(coding)};
    }
    http_respond(x, 200, fields, n, bytes_span(&form->body));
}

bool web_files_serve(const struct web_files *files, struct span path, struct http_exchange *x)
{
    for (size_t i = 0; i < files->count; i++) {
        if (span_eq(span_cstr(files->files[i].path), path)) {
            serve(x, &files->files[i]);
            return true;
        }
    }
    return false;
}

void web_files_add_routes(const struct web_files *files, web_add_route_fn add, void *server)
{
    for (size_t i = 0; i < files->count; i++) {
        struct web_file *file = &files->files[i];
        add(server, &(struct http_route){.path = file->path, .handler = serve, .arg = file});
    }
}
