/* Conversions between the strings of the API and the spans of everything below it. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_TEXT_H
#define SOCKET_TEXT_H

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

#endif
