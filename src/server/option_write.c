// SPDX-License-Identifier: MIT
#include "src/server/option_table.h"

#include <assert.h>
#include <ctype.h>

#include "src/server/option_values.h"

static void write_ports(const struct option_ports *ports, struct bytes *out)
{
    for (unsigned i = 0; i < ports->count; i++) {
        bytes_add_cstr(out, i == 0 ? "" : ",");
        bytes_add_u64(out, ports->list[i]);
    }
}

/* scheme://user:password@host/...: what stands before the last @ of the authority is hidden; if it
 * looks like no URL, all of it. */
static bool write_url(const char *url, struct bytes *out)
{
    const char *scheme = strstr(url, "://");
    const char *authority = scheme == NULL ? url : scheme + 3;
    const char *at = strrchr(authority, '@');

    if (at == NULL) {
        bytes_add_cstr(out, url);
        return true;
    }
    bytes_add(out, url, (size_t)(authority - url));
    bytes_add_cstr(out, "***");
    bytes_add_cstr(out, at);
    return false;
}

static bool write_text(const struct option *o, const char *text, struct bytes *out)
{
    if (o->type == OPTION_URL) {
        return write_url(text, out);
    }
    bytes_add_cstr(out, o->type == OPTION_SECRET ? "***" : text);
    return o->type != OPTION_SECRET;
}

static void write_amount(const struct option *o, uint64_t n, struct bytes *out)
{
    if (o->type == OPTION_SIZE) {
        value_write_size(out, n);
    } else if (o->type == OPTION_DURATION) {
        value_write_duration(out, n);
    } else {
        bytes_add_u64(out, n);
    }
}

bool option_write(const struct daemon_options *values, const struct option *o, struct bytes *out)
{
    const void *field = option_field(values, o);

    if (option_is_text(o)) {
        return write_text(o, option_text(values, o), out);
    }
    if (o->type == OPTION_PORTS) {
        write_ports(field, out);
    } else if (o->type == OPTION_BOOLEAN) {
        bytes_add_cstr(out, *(const bool *)field ? "yes" : "no");
    } else {
        write_amount(o, *(const uint64_t *)field, out);
    }
    return true;
}

static void write_from_to(const struct option *o, const char *what, struct bytes *out)
{
    bytes_add_cstr(out, what);
    bytes_add_cstr(out, " from ");
    write_amount(o, o->min, out);
    bytes_add_cstr(out, " to ");
    write_amount(o, o->max, out);
}

void option_write_range(const struct option *o, struct bytes *out)
{
    switch (o->type) {
    case OPTION_NUMBER:
        write_from_to(o, "a number", out);
        break;
    case OPTION_SIZE:
        write_from_to(o, "a size", out);
        break;
    case OPTION_DURATION:
        write_from_to(o, "a duration", out);
        break;
    case OPTION_PORTS:
        write_from_to(o, "a number", out);
        bytes_add_cstr(out, ", or a list of them");
        break;
    case OPTION_BOOLEAN:
        bytes_add_cstr(out, "yes or no");
        break;
    case OPTION_CHOICE:
        bytes_add_cstr(out, "one of: ");
        bytes_add_cstr(out, o->choices);
        break;
    case OPTION_TEXT:
    case OPTION_SECRET:
    case OPTION_URL:
    case OPTION_CONFIG:
        bytes_add_cstr(out, "a text");
        break;
    case OPTION_LIST:
        bytes_add_cstr(out, "a list, by commas");
        break;
    case OPTION_NETWORKS:
        bytes_add_cstr(out, "a list of addresses and networks (10.0.0.0/8), by commas");
        break;
    case OPTION_ORIGINS:
        bytes_add_cstr(out,
                       "one of: reflect, *, none, or a list of origins (https://host, without a "
                       "path), by commas");
        break;
    case OPTION_TOKEN:
        bytes_add_cstr(out, "a name without spaces and separators");
        break;
    case OPTION_ACTION:
        break;
    }
}

void option_variable(const struct option *o, char out[OPTION_VARIABLE_MAX])
{
    static const char prefix[] = "ROOKERY_";
    size_t n = sizeof prefix - 1;

    memcpy(out, prefix, n);
    for (const char *c = o->name; *c != '\0'; c++) {
        assert(n < OPTION_VARIABLE_MAX - 1);
        out[n++] = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    }
    out[n] = '\0';
}
