/* Strings and arguments of the API, as short as tests want them. */
#ifndef TESTS_SUPPORT_STR_H
#define TESTS_SUPPORT_STR_H

#include <stdbool.h>
#include <string.h>

#include "src/api/rookery.h"

static inline struct rookery_str str(const char *s)
{
    return (struct rookery_str){s, strlen(s)};
}

static inline struct rookery_args json(const char *text)
{
    return (struct rookery_args){.json = str(text)};
}

static inline bool str_is(struct rookery_str s, const char *want)
{
    return s.len == strlen(want) && memcmp(s.data, want, s.len) == 0;
}

#endif
