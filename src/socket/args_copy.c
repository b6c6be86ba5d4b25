// SPDX-License-Identifier: MIT
#include "src/socket/args_copy.h"

#include <string.h>

#include "src/base/memory.h"

/* Appends to the bytes of a block and says where they are. */
static char *put(char **at, const void *data, size_t len)
{
    char *to = *at;

    if (len != 0) {
        memcpy(to, data, len);
    }
    *at += len;
    return to;
}

static size_t bytes_of_args(const struct rookery_args *args)
{
    size_t len = args->json.len;

    for (size_t i = 0; i < args->bin_count; i++) {
        len += args->bins[i].len;
    }
    return len;
}

/* The copy's bins go where bins points, which moves on. */
static struct rookery_args put_args(const struct rookery_args *from, struct rookery_bin **bins,
                                    char **at)
{
    struct rookery_bin *to = *bins;

    for (size_t i = 0; i < from->bin_count; i++) {
        to[i] =
            (struct rookery_bin){put(at, from->bins[i].data, from->bins[i].len), from->bins[i].len};
    }
    *bins += from->bin_count;
    return (struct rookery_args){
        .json = {put(at, from->json.data, from->json.len), from->json.len},
        .bins = to,
        .bin_count = from->bin_count,
    };
}

struct rookery_args *args_copy(const struct rookery_args *args)
{
    static const struct rookery_args none;
    const struct rookery_args *from = args == NULL ? &none : args;
    size_t bins_size = from->bin_count * sizeof *from->bins;
    struct rookery_args *copy = xmalloc(sizeof *copy + bins_size + bytes_of_args(from));
    struct rookery_bin *bins = (struct rookery_bin *)(void *)(copy + 1);
    char *at = (char *)(bins + from->bin_count);

    *copy = put_args(from, &bins, &at);
    return copy;
}

struct rookery_form *forms_copy(const struct rookery_form *forms, size_t count)
{
    size_t bin_count = 0, len = 0;

    for (size_t i = 0; i < count; i++) {
        bin_count += forms[i].args.bin_count;
        len += forms[i].event.len + bytes_of_args(&forms[i].args);
    }
    struct rookery_form *copy =
        xmalloc(count * sizeof *copy + bin_count * sizeof(struct rookery_bin) + len + 1);
    struct rookery_bin *bins = (struct rookery_bin *)(void *)(copy + count);
    char *at = (char *)(bins + bin_count);
    for (size_t i = 0; i < count; i++) {
        copy[i].tags = forms[i].tags;
        copy[i].event.data = put(&at, forms[i].event.data, forms[i].event.len);
        copy[i].event.len = forms[i].event.len;
        copy[i].args = put_args(&forms[i].args, &bins, &at);
    }
    return copy;
}

struct rookery_elsewhere *elsewhere_copy(const struct rookery_elsewhere *elsewhere)
{
    if (elsewhere == NULL) {
        return NULL;
    }
    size_t bins_size = elsewhere->args.bin_count * sizeof(struct rookery_bin);
    size_t len = elsewhere->note.len + elsewhere->event.len + bytes_of_args(&elsewhere->args);
    struct rookery_elsewhere *copy = xmalloc(sizeof *copy + bins_size + len);
    struct rookery_bin *bins = (struct rookery_bin *)(void *)(copy + 1);
    char *at = (char *)(bins + elsewhere->args.bin_count);

    *copy = *elsewhere;
    copy->note.data = put(&at, elsewhere->note.data, elsewhere->note.len);
    copy->event.data = put(&at, elsewhere->event.data, elsewhere->event.len);
    copy->args = put_args(&elsewhere->args, &bins, &at);
    return copy;
}

static size_t bytes_of(const struct rookery_str *strs, size_t count)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        len += strs[i].len;
    }
    return len;
}

static void put_strs(struct rookery_str *to, const struct rookery_str *from, size_t count,
                     char **at)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (struct rookery_str){put(at, from[i].data, from[i].len), from[i].len};
    }
}

struct rookery_target *target_copy(const struct rookery_target *to)
{
    if (to == NULL) {
        return NULL;
    }
    size_t count = to->room_count + to->except_count;
    size_t len = bytes_of(to->rooms, to->room_count) + bytes_of(to->except, to->except_count);
    struct rookery_target *copy = xmalloc(sizeof *copy + count * sizeof *to->rooms + len);
    struct rookery_str *strs = (struct rookery_str *)(void *)(copy + 1);
    char *at = (char *)(strs + count);

    put_strs(strs, to->rooms, to->room_count, &at);
    put_strs(strs + to->room_count, to->except, to->except_count, &at);
    *copy = *to;
    copy->rooms = strs;
    copy->except = strs + to->room_count;
    return copy;
}

struct rookery_str *strs_copy(const struct rookery_str *strs, size_t count)
{
    struct rookery_str *copy = xmalloc(count * sizeof *copy + bytes_of(strs, count) + 1);
    char *at = (char *)(copy + count);

    put_strs(copy, strs, count, &at);
    return copy;
}
