// SPDX-License-Identifier: MIT
#include "protocol/proxy_header.h"

enum {
    TEXT_BYTES_MAX = 107, /* with CRLF */
    SIGNATURE_LEN = 12,
    FIXED_LEN = 16,
    VERSION_2 = 2,
    COMMAND_LOCAL = 0,
    COMMAND_PROXY = 1,
    TCP_OVER_IPV4 = 0x11,
    TCP_OVER_IPV6 = 0x21,
    TLV_HEAD_LEN = 3,
    TLV_SSL = 0x20,
    SSL_CLIENT = 1, /* of its first byte */
};

static const uint8_t signature[SIGNATURE_LEN] = "\r\n\r\n\0\r\nQUIT\n";

/* Do the bytes that are there agree with that beginning? */
static bool begins(const uint8_t *p, size_t n, struct span beginning)
{
    return memcmp(p, beginning.data, n < beginning.len ? n : beginning.len) == 0;
}

/* ---- version 1 ---- */

/* Cuts off what stands before the next space. */
static struct span take_word(struct span *rest)
{
    const uint8_t *space = rest->len == 0 ? NULL : memchr(rest->data, ' ', rest->len);
    struct span word = space == NULL ? *rest : span_of(rest->data, (size_t)(space - rest->data));

    *rest = space == NULL ? (struct span){0} : span_skip(*rest, word.len + 1);
    return word;
}

static bool is_address(struct span s, bool v6)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i], lower = c | 0x20;
        bool digit = c >= '0' && c <= '9';
        bool hex = (lower >= 'a' && lower <= 'f') || c == ':';
        if (!digit && c != '.' && !(v6 && hex)) {
            return false;
        }
    }
    return s.len > 0;
}

/* What stands between "PROXY " and CRLF. */
static int read_line(struct span line, struct proxy_header *out)
{
    struct span protocol = take_word(&line);
    bool v6 = span_eq(protocol, SPAN("TCP6"));
    uint64_t from, to;

    if (span_eq(protocol, SPAN("UNKNOWN"))) {
        return 0;
    }
    out->text = take_word(&line);
    struct span destination = take_word(&line);
    if ((!v6 && !span_eq(protocol, SPAN("TCP4"))) || !is_address(out->text, v6) ||
        !is_address(destination, v6) || span_to_u64(take_word(&line), UINT16_MAX, &from) < 0 ||
        span_to_u64(take_word(&line), UINT16_MAX, &to) < 0 || line.data != NULL) {
        return PROXY_HEADER_ESYNTAX;
    }
    out->family = v6 ? PROXY_IPV6 : PROXY_IPV4;
    out->port = (uint16_t)from;
    return 0;
}

static int parse_text(const uint8_t *p, size_t n, struct proxy_header *out)
{
    const struct span begin = SPAN("PROXY ");
    const uint8_t *end = memchr(p, '\n', n < TEXT_BYTES_MAX ? n : TEXT_BYTES_MAX);

    if (!begins(p, n, begin)) {
        return PROXY_HEADER_ESYNTAX;
    }
    if (end == NULL) {
        return n < TEXT_BYTES_MAX ? 0 : PROXY_HEADER_ETOOBIG;
    }
    size_t len = (size_t)(end - p);
    if (len < begin.len + 1 || p[len - 1] != '\r') {
        return PROXY_HEADER_ESYNTAX;
    }
    int error = read_line(span_of(p + begin.len, len - 1 - begin.len), out);
    return error < 0 ? error : (int)len + 1;
}

/* ---- version 2 ---- */

static int read_tlvs(struct span tlvs, struct proxy_header *out)
{
    while (tlvs.len > 0) {
        size_t len = tlvs.len < TLV_HEAD_LEN ? SIZE_MAX : load_be16(tlvs.data + 1);
        if (tlvs.len < TLV_HEAD_LEN || tlvs.len - TLV_HEAD_LEN < len) {
            return PROXY_HEADER_ESYNTAX;
        }
        if (tlvs.data[0] == TLV_SSL && len > 0) {
            out->secure = (tlvs.data[TLV_HEAD_LEN] & SSL_CLIENT) != 0;
        }
        tlvs = span_skip(tlvs, TLV_HEAD_LEN + len);
    }
    return 0;
}

/* Addresses of both ends, ports of both ends. */
static int read_addresses(struct span rest, enum proxy_family family, struct proxy_header *out)
{
    size_t one = family == PROXY_IPV4 ? 4 : 16, both = 2 * one + 4;

    if (rest.len < both) {
        return PROXY_HEADER_ESYNTAX;
    }
    out->family = family;
    out->bytes = span_of(rest.data, one);
    out->port = (uint16_t)load_be16(rest.data + 2 * one);
    return read_tlvs(span_skip(rest, both), out);
}

static int parse_binary(const uint8_t *p, size_t n, struct proxy_header *out)
{
    if (n < FIXED_LEN) {
        return 0;
    }
    size_t rest = load_be16(p + FIXED_LEN - 2);
    unsigned command = p[SIGNATURE_LEN] & 0xf, family = p[SIGNATURE_LEN + 1];
    int error = 0;

    if (p[SIGNATURE_LEN] >> 4 != VERSION_2 || command > COMMAND_PROXY) {
        return PROXY_HEADER_ESYNTAX;
    }
    if (rest > PROXY_HEADER_BYTES_MAX - FIXED_LEN) {
        return PROXY_HEADER_ETOOBIG;
    }
    if (n < FIXED_LEN + rest) {
        return 0;
    }
    if (command == COMMAND_PROXY && (family == TCP_OVER_IPV4 || family == TCP_OVER_IPV6)) {
        error = read_addresses(span_of(p + FIXED_LEN, rest),
                               family == TCP_OVER_IPV4 ? PROXY_IPV4 : PROXY_IPV6, out);
    }
    return error < 0 ? error : (int)(FIXED_LEN + rest);
}

int proxy_header_parse(const uint8_t *p, size_t n, struct proxy_header *out)
{
    *out = (struct proxy_header){0};
    if (n == 0) {
        return 0;
    }
    return begins(p, n, span_of(signature, sizeof signature)) ? parse_binary(p, n, out)
                                                              : parse_text(p, n, out);
}
