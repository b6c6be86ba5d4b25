// SPDX-License-Identifier: MIT
#include "src/auth/jwks_source.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

static void add_errno(struct bytes *why)
{
    char text[128];
    bytes_add_cstr(why, strerror_r(errno, text, sizeof text));
}

int jwks_read_file(const char *path, struct bytes *out, struct bytes *why)
{
    FILE *f = fopen(path, "rbe");
    size_t start = out->len, n;

    if (f == NULL) {
        add_errno(why);
        return -1;
    }
    do {
        n = fread(bytes_reserve(out, BUFSIZ), 1, BUFSIZ, f);
        out->len += n;
    } while (n == BUFSIZ && out->len - start <= JWKS_BYTES_MAX);
    int result = 0;
    if (ferror(f) != 0) {
        add_errno(why);
        result = -1;
    } else if (out->len - start > JWKS_BYTES_MAX) {
        bytes_add_cstr(why, "more than 1 MiB");
        result = -1;
    }
    (void)fclose(f);
    return result;
}

struct body {
    struct bytes *out;
    size_t start;
};

static size_t on_bytes(char *data, size_t one, size_t len, void *arg)
{
    struct body *body = arg;

    if (body->out->len - body->start + len > JWKS_BYTES_MAX) {
        return 0; /* curl: CURLE_WRITE_ERROR */
    }
    bytes_add(body->out, data, len);
    return len;
}

static int on_progress(void *arg, curl_off_t to_get, curl_off_t got, curl_off_t to_put,
                       curl_off_t put)
{
    const atomic_bool *stopping = arg;
    return atomic_load(stopping); /* other than 0: give up */
}

/* A redirect must not lead from https to where anybody can answer. */
static const char *scheme_of(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0 ? "https" : "http";
}

static CURL *prepare(const char *url, const atomic_bool *stopping, struct body *body, char *error)
{
    CURL *curl = curl_easy_init();

    if (curl == NULL) {
        return NULL;
    }
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, scheme_of(url));
    (void)curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)JWKS_REDIRECTS_MAX);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)JWKS_CONNECT_MS_MAX);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)JWKS_FETCH_MS_MAX);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stopping);
    return curl;
}

static int judge(CURL *curl, CURLcode code, const char *error, struct bytes *why)
{
    long status = 0;

    if (code == CURLE_WRITE_ERROR) {
        bytes_add_cstr(why, "more than 1 MiB");
        return -1;
    }
    if (code != CURLE_OK) {
        bytes_add_cstr(why, error[0] != 0 ? error : curl_easy_strerror(code));
        return -1;
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        bytes_add_cstr(why, "HTTP status ");
        bytes_add_u64(why, (uint64_t)status);
        return -1;
    }
    return 0;
}

int jwks_fetch_url(const char *url, const atomic_bool *stopping, struct bytes *out,
                   struct bytes *why)
{
    char error[CURL_ERROR_SIZE] = "";
    struct body body = {out, out->len};
    CURL *curl = prepare(url, stopping, &body, error);

    if (curl == NULL) {
        bytes_add_cstr(why, "no memory");
        return -1;
    }
    int result = judge(curl, curl_easy_perform(curl), error, why);
    curl_easy_cleanup(curl);
    return result;
}
