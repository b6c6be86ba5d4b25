/* Copies of what callers have only lent, for later or for other loops; each in one block. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_ARGS_COPY_H
#define SOCKET_ARGS_COPY_H

#include "src/api/rookery.h"

/* free() it. NULL for args stands for none. */
struct rookery_args *args_copy(const struct rookery_args *args);

/* count of them; free() it. */
struct rookery_form *forms_copy(const struct rookery_form *forms, size_t count);

/* free() it. NULL for NULL. */
struct rookery_elsewhere *elsewhere_copy(const struct rookery_elsewhere *elsewhere);

/* free() it. NULL if to is NULL: everybody. */
struct rookery_target *target_copy(const struct rookery_target *to);

/* count strings; free() it. */
struct rookery_str *strs_copy(const struct rookery_str *strs, size_t count);

#endif
