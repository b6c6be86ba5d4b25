/* Text: between the strings of the public API and the spans of everything below. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include "protocol/bytes.h"
#include "src/api/rookery.h"

static inline struct span span_of_str(struct rookery_str s)
{
    return span_of(s.data, s.len);
}

static inline struct rookery_str str_of_span(struct span s)
{
    return (struct rookery_str){(const char *)s.data, s.len};
}

/* Arguments that are JSON text without binary values. */
static inline struct rookery_args args_of_json(struct span json)
{
    return (struct rookery_args){.json = str_of_span(json)};
}

#endif
