// SPDX-License-Identifier: MIT
#include "src/server/option_table.h"

static bool same_ports(const struct option_ports *a, const struct option_ports *b)
{
    return a->count == b->count && memcmp(a->list, b->list, a->count * sizeof *a->list) == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same(const struct daemon_options *a, const struct daemon_options *b,
                    const struct option *o)
{
    const void *in_a = option_field(a, o), *in_b = option_field(b, o);

    if (option_is_text(o)) {
        return same_text(option_text(a, o), option_text(b, o));
    }
    if (o->type == OPTION_PORTS) {
        return same_ports(in_a, in_b);
    }
    if (o->type == OPTION_BOOLEAN) {
        return *(const bool *)in_a == *(const bool *)in_b;
    }
    return *(const uint64_t *)in_a == *(const uint64_t *)in_b;
}

static void swap(void *a, void *b, size_t len)
{
    char kept[sizeof(struct option_ports)];

    memcpy(kept, a, len);
    memcpy(a, b, len);
    memcpy(b, kept, len);
}

static void swap_values(struct daemon_options *a, struct daemon_options *b, const struct option *o)
{
    size_t len = option_is_text(o)           ? sizeof(const char *)
                 : o->type == OPTION_PORTS   ? sizeof(struct option_ports)
                 : o->type == OPTION_BOOLEAN ? sizeof(bool)
                                             : sizeof(uint64_t);

    swap((char *)a + o->offset, (char *)b + o->offset, len);
}

static void add_name(struct bytes *list, const char *name)
{
    bytes_add_cstr(list, list->len > 0 ? ", " : "");
    bytes_add_cstr(list, name);
}

void options_reload(struct options *options, struct options *next, struct bytes *changed,
                    struct bytes *kept)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        if (!option_has_value(o) || is_same(&options->values, &next->values, o)) {
            continue;
        }
        add_name(o->reload ? changed : kept, o->name);
        if (o->reload) {
            swap_values(&options->values, &next->values, o);
            options->origins[i] = next->origins[i];
        }
    }
}
