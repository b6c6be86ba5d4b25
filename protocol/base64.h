/* Base64 (RFC 4648): the standard alphabet with padding for bytes in text (binary packets on the
 * polling transport, Sec-WebSocket-Accept), the URL alphabet without padding for session ids.
 *
 *     bytes   3 x 8 bits     aaaaaaaa bbbbbbbb cccccccc
 *     text    4 x 6 bits     aaaaaa aabbbb bbbbcc cccccc
 *
 * A last group of one byte makes two characters, of two bytes three; standard text is then filled
 * up with '=' to four. No global state; only base64_encode and base64_decode allocate, in the
 * caller's buffer. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_BASE64_H
#define PROTOCOL_BASE64_H

#include "protocol/bytes.h"

/* Sizes, for arrays and limits: the text of n bytes, the most bytes that n characters hold, and the
 * text of n bytes without padding. */
#define BASE64_ENCODED_LEN(n)    (((n) + 2) / 3 * 4)
#define BASE64_DECODED_MAX(n)    ((n) / 4 * 3 + (n) % 4 * 3 / 4)
#define BASE64URL_ENCODED_LEN(n) (((n)*4 + 2) / 3)

enum base64_error {
    BASE64_EALPHABET = -1, /* a byte that is in no alphabet, or '=' that is not padding */
    BASE64_ELENGTH = -2,   /* a single character left over, or some but not all of the padding */
};

/* Appends BASE64_ENCODED_LEN(data.len) characters. */
void base64_encode(struct span data, struct bytes *out);

/* Appends the bytes that text stands for, in either alphabet. Its padding may be there or be
 * missing, the bits that fill up the last character may be anything, and white space counts as not
 * there, as for Node's Buffer: the Java client, for one, sends lines of 76 characters. Returns 0,
 * or an enum base64_error and leaves *out's content alone. */
MUST_USE int base64_decode(struct span text, struct bytes *out);

/* Writes BASE64URL_ENCODED_LEN(data.len) characters ('-' and '_' for '+' and '/'), no padding, no
 * NUL. */
void base64url_encode(struct span data, uint8_t *out);

#endif
