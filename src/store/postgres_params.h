/* Parameters of store_postgres' statements, all of them in the binary format: so that any bytes go
 * through as they are.
 *
 * What a span or array points to must live until the statement is sent. One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_PARAMS_H
#define STORE_POSTGRES_PARAMS_H

#include "protocol/bytes.h"

enum { POSTGRES_PARAMS_MAX = 16 };

/* Zeroed it is empty. */
struct postgres_params {
    int count;
    const char *values[POSTGRES_PARAMS_MAX];
    int lengths[POSTGRES_PARAMS_MAX];
    uint8_t numbers[POSTGRES_PARAMS_MAX][8];
};

/* bytea, or text */
void postgres_add_bytes(struct postgres_params *params, struct span value);

/* bigint */
void postgres_add_number(struct postgres_params *params, uint64_t value);

/* A message id, as the column has it: 0 and the 16 bytes of a UUID (in the form that id_format
 * gives back), or 1 and the text. It lies in `buffer`. */
void postgres_add_id(struct postgres_params *params, struct span id, struct bytes *buffer);

/* Reads such an id: appends its text. */
void postgres_read_id(struct bytes *out, struct span value);

/* An array with one dimension. Zeroed it is empty. */
struct postgres_array {
    struct bytes data;
    uint32_t count;
};

void postgres_array_bytes(struct postgres_array *array, struct span value);
void postgres_array_number(struct postgres_array *array, uint64_t value);
void postgres_array_id(struct postgres_array *array, struct span id);
void postgres_array_finish(struct postgres_array *array);

enum postgres_type { POSTGRES_BYTEA = 17, POSTGRES_BIGINT = 20, POSTGRES_TEXT = 25 };

/* Adds an array whose values are of that type. */
void postgres_add_array(struct postgres_params *params, struct postgres_array *array,
                        enum postgres_type type);

#endif
