/* MessagePack: a reader that goes token by token over a borrowed span, and a writer.
 *
 *     struct msgpack_reader r;
 *     struct msgpack token;
 *     if (msgpack_check(payload, &limits) < 0) { ... refuse ... }
 *     msgpack_begin(&r, payload);
 *     while (msgpack_next(&r, &token) > 0) { ... a container's items follow its token ... }
 *
 * Once checked, reading cannot fail. The writer takes the smallest form, as the encoders of
 * notepack.io and @msgpack/msgpack do.
 *
 * Ownership: tokens borrow the span. No recursion, no global state; any thread.
 * Specification: https://github.com/msgpack/msgpack/blob/master/spec.md */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_MSGPACK_H
#define PROTOCOL_MSGPACK_H

#include "protocol/bytes.h"

/* The most containers inside each other that a caller may allow. */
#define MSGPACK_DEPTH_MAX 256

enum msgpack_error {
    MSGPACK_ESYNTAX = -1, /* cut off, followed by more, or the one byte that has no meaning */
    MSGPACK_EDEPTH = -2,  /* more than depth_max containers inside each other */
    MSGPACK_EITEMS = -3,  /* more than items_max tokens */
};

enum msgpack_type {
    MSGPACK_NIL,
    MSGPACK_BOOL,
    MSGPACK_UINT,
    MSGPACK_NEGATIVE, /* an integer below zero */
    MSGPACK_DOUBLE,   /* or a float, widened */
    MSGPACK_STR,      /* need not be UTF-8 */
    MSGPACK_BIN,
    MSGPACK_ARRAY,
    MSGPACK_MAP,
    MSGPACK_EXT,
};

struct msgpack {
    enum msgpack_type type;
    int8_t ext;    /* EXT: which */
    bool ext_form; /* EXT: its length was said; false: one of the fixext forms */
    union {
        bool truth;        /* BOOL */
        uint64_t uint;     /* UINT */
        int64_t negative;  /* NEGATIVE */
        double number;     /* DOUBLE */
        size_t item_count; /* ARRAY */
        size_t pair_count; /* MAP: a key and a value each */
    };
    struct span body; /* STR, BIN, EXT */
};

struct msgpack_reader {
    const uint8_t *at, *end;
};

static inline void msgpack_begin(struct msgpack_reader *r, struct span s)
{
    *r = (struct msgpack_reader){s.data, s.len == 0 ? s.data : s.data + s.len};
}

/* The next token: 1, 0 at the end of the span, or MSGPACK_ESYNTAX. */
int msgpack_next(struct msgpack_reader *r, struct msgpack *token);

/* Passes over a value with all that is in it: 1, 0 or MSGPACK_ESYNTAX, as msgpack_next. */
int msgpack_skip(struct msgpack_reader *r);

struct msgpack_limits {
    unsigned depth_max; /* at most MSGPACK_DEPTH_MAX; 0: no container at all */
    size_t items_max;   /* tokens */
};

/* Whether value is one whole value and nothing else. Returns 0, or an enum msgpack_error. */
MUST_USE int msgpack_check(struct span value, const struct msgpack_limits *limits);

/* --- writing --------------------------------------------------------------------------------- */

void msgpack_write_nil(struct bytes *out);
void msgpack_write_bool(struct bytes *out, bool on);
void msgpack_write_u64(struct bytes *out, uint64_t n);
void msgpack_write_i64(struct bytes *out, int64_t n);
void msgpack_write_double(struct bytes *out, double d); /* always float 64 */
void msgpack_write_str(struct bytes *out, struct span utf8);
void msgpack_write_bin(struct bytes *out, struct span bin);
void msgpack_write_ext(struct bytes *out, int8_t ext, struct span body);

/* The head of a container; so many items, or pairs, go after it. */
void msgpack_write_array(struct bytes *out, size_t item_count);
void msgpack_write_map(struct bytes *out, size_t pair_count);

/* For a container whose count is known at its end: begin, keep what it returns, write the content,
 * and close with the count. Moves the content if there are more than 15. */
size_t msgpack_container_begin(struct bytes *out);
void msgpack_array_end(struct bytes *out, size_t begin, size_t item_count);
void msgpack_map_end(struct bytes *out, size_t begin, size_t pair_count);

/* Makes what is in out from begin on the body of a str. */
void msgpack_str_end(struct bytes *out, size_t begin);

#endif
