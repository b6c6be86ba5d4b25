// SPDX-License-Identifier: MIT
#include "src/web/bundles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/json.h"

enum { VERSION_BYTES_MAX = 32, PACKAGE_BYTES_MAX = 1 << 20 };

/* The first must be there; older clients lack some of the others. */
static const char *const names[] = {"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js",
                                    "socket.io.msgpack.min.js"};

/* A version is put into a header field, so it has to look like one. */
static bool is_version(struct span v)
{
    for (size_t i = 0; i < v.len; i++) {
        uint8_t c = v.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && c != '.' && c != '-') {
            return false;
        }
    }
    return v.len > 0 && v.len < VERSION_BYTES_MAX;
}

static int find_version(struct span package_json, char out[VERSION_BYTES_MAX])
{
    struct json package, version;
    struct span text;

    if (json_parse(package_json, JSON_DEPTH_MAX, &package) < 0 || package.type != JSON_OBJECT ||
        !json_object_find(package, SPAN("version"), &version) || version.type != JSON_STRING ||
        !json_string_plain(version, &text) || !is_version(text)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return 0;
}

static int read_version(const char *dir, char out[VERSION_BYTES_MAX])
{
    struct bytes text = {0};
    char *file;

    if (asprintf(&file, "%s/../package.json", dir) < 0) {
        return -1;
    }
    int rc = web_read_file(file, PACKAGE_BYTES_MAX, &text);
    if (rc == 0) {
        rc = find_version(bytes_span(&text), out);
    }
    bytes_finish(&text);
    free(file);
    return rc;
}

static int add_one(struct web_files *files, const char *dir, const char *prefix, const char *name,
                   const char *version)
{
    static const char script[] = "application/javascript; charset=utf-8";
    static const char map[] = "application/json; charset=utf-8";
    const char *slash = prefix[strlen(prefix) - 1] == '/' ? "" : "/";
    bool is_map = strcmp(name + strlen(name) - 4, ".map") == 0;
    char *file = NULL, *path = NULL;
    int rc = -1;

    if (asprintf(&file, "%s/%s", dir, name) >= 0 &&
        asprintf(&path, "%s%s%s", prefix, slash, name) >= 0) {
        rc = web_files_add(files, file, path, is_map ? map : script, NULL, version);
    }
    free(file);
    free(path);
    return rc;
}

static int add_bundle(struct web_files *files, const char *dir, const char *prefix,
                      const char *name, const char *version)
{
    char map_name[64];

    if (add_one(files, dir, prefix, name, version) < 0) {
        return -1;
    }
    (void)snprintf(map_name, sizeof map_name, "%s.map", name);
    return add_one(files, dir, prefix, map_name, version);
}

struct web_files *web_bundles_open(const char *dir, const char *prefix)
{
    char version[VERSION_BYTES_MAX];
    struct web_files *files;

    if (read_version(dir, version) < 0) {
        return NULL;
    }
    files = web_files_create();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (add_bundle(files, dir, prefix, names[i], version) < 0 && (i == 0 || errno != ENOENT)) {
            int error = errno;
            web_files_close(files);
            errno = error;
            return NULL;
        }
    }
    return files;
}
