/* JSON as MessagePack and back, as Node's adapters would turn the same JavaScript value.
 *
 *     JSON                             MessagePack
 *     {"_placeholder":true,"num":N}    bin, where there are binaries: bins[N]
 *     integers, 1.0 and 1e3 as well    the smallest int; beyond 64 bits float 64
 *     other numbers                    float 64; one beyond its range is infinite there
 *     "2023-11-14T22:13:20.123Z"    <- ext -1, and notepack's old ext 0 of 8 bytes: a Date
 *     null                          <- NaN, an infinity, ext 0 of 1 byte: undefined
 *     placeholder                   <- ext 0 with a length: an ArrayBuffer
 *     [type,placeholder]            <- any other ext
 *
 * An object that only looks like a placeholder is plain data where no binary is in the message; in
 * one that has some, its "_placeholder" becomes false, so that it cannot stand for any of them.
 *
 * Pure: no recursion, no global state; up to 20 KB of stack. Any thread.
 * Sources: notepack.io 3.0, @msgpack/msgpack 2.8; sio_attach.h for placeholders. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_MSGPACK_JSON_H
#define PROTOCOL_MSGPACK_JSON_H

#include "protocol/msgpack.h"

/* Whose encoder it is that we write like. Decoders take both. */
enum msgpack_flavour {
    MSGPACK_NOTEPACK, /* an integer is an int up to 64 bits */
    MSGPACK_JS,       /* @msgpack/msgpack: up to 53 bits */
};

/* Appends each of the comma-separated JSON values and returns how many they are. values: as those
 * of sio_attach.h, at most JSON_DEPTH_MAX deep; may be empty. A placeholder that names none of the
 * binaries is plain data. A number of more than JSON_DOUBLE_BYTES_MAX bytes becomes nil. */
size_t msgpack_write_json(struct bytes *out, enum msgpack_flavour flavour, struct span values,
                          const struct span *bins, size_t bin_count);

enum msgpack_json_error {
    MSGPACK_JSON_EKEY = -1,  /* a key that is neither a string nor an integer */
    MSGPACK_JSON_EBINS = -2, /* more binaries than bins_max */
};

/* Appends a value that passed msgpack_check to out as JSON, which json_parse takes with two levels
 * more than it had, and to bins a struct span, pointing into the value, for each binary. These are
 * numbered from the beginning of bins. Bytes in strings that are not UTF-8 become U+FFFD.
 *
 * Returns 0, or an enum msgpack_json_error and leaves out and bins as they were. */
MUST_USE int msgpack_to_json(struct span value, size_t bins_max, struct bytes *out,
                             struct bytes *bins);

#endif
