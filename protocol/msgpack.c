// SPDX-License-Identifier: MIT
#include "protocol/msgpack.h"

#include <assert.h>

enum { HEAD_BYTES_MAX = 9, FIRST_FORM = 0xc0, FORM_COUNT = 32, FORM_NONE = -1 };

/* What the first bytes c0..df mean; all others hold their number, or count, themselves. */
static const struct form {
    int8_t type;
    uint8_t width; /* bytes of the number, or of the count, that follow */
    uint8_t body;  /* EXT with no count: bytes of the body */
} forms[FORM_COUNT] = {
    {MSGPACK_NIL, 0, 0},      {FORM_NONE, 0, 0},        {MSGPACK_BOOL, 0, 0},
    {MSGPACK_BOOL, 0, 0},     {MSGPACK_BIN, 1, 0},      {MSGPACK_BIN, 2, 0},
    {MSGPACK_BIN, 4, 0},      {MSGPACK_EXT, 1, 0},      {MSGPACK_EXT, 2, 0},
    {MSGPACK_EXT, 4, 0},      {MSGPACK_DOUBLE, 4, 0},   {MSGPACK_DOUBLE, 8, 0},
    {MSGPACK_UINT, 1, 0},     {MSGPACK_UINT, 2, 0},     {MSGPACK_UINT, 4, 0},
    {MSGPACK_UINT, 8, 0},     {MSGPACK_NEGATIVE, 1, 0}, {MSGPACK_NEGATIVE, 2, 0},
    {MSGPACK_NEGATIVE, 4, 0}, {MSGPACK_NEGATIVE, 8, 0}, {MSGPACK_EXT, 0, 1},
    {MSGPACK_EXT, 0, 2},      {MSGPACK_EXT, 0, 4},      {MSGPACK_EXT, 0, 8},
    {MSGPACK_EXT, 0, 16},     {MSGPACK_STR, 1, 0},      {MSGPACK_STR, 2, 0},
    {MSGPACK_STR, 4, 0},      {MSGPACK_ARRAY, 2, 0},    {MSGPACK_ARRAY, 4, 0},
    {MSGPACK_MAP, 2, 0},      {MSGPACK_MAP, 4, 0},
};

static size_t bytes_left(const struct msgpack_reader *r)
{
    return (size_t)(r->end - r->at);
}

static int take_body(struct msgpack_reader *r, struct msgpack *token, size_t len)
{
    if (bytes_left(r) < len) {
        return MSGPACK_ESYNTAX;
    }
    token->body = span_of(r->at, len);
    r->at += len;
    return 1;
}

static int take_short(struct msgpack_reader *r, struct msgpack *token, uint8_t first)
{
    if (first < 0x80) {
        token->type = MSGPACK_UINT;
        token->uint = first;
    } else if (first < 0x90) {
        token->type = MSGPACK_MAP;
        token->pair_count = first & 0x0f;
    } else if (first < 0xa0) {
        token->type = MSGPACK_ARRAY;
        token->item_count = first & 0x0f;
    } else if (first < FIRST_FORM) {
        token->type = MSGPACK_STR;
        return take_body(r, token, first & 0x1f);
    } else {
        token->type = MSGPACK_NEGATIVE;
        token->negative = (int64_t)first - 0x100;
    }
    return 1;
}

static double double_of(uint64_t bits, unsigned width)
{
    double d;
    float f;
    uint32_t half = (uint32_t)bits;

    if (width == sizeof f) {
        memcpy(&f, &half, sizeof f);
        return (double)f;
    }
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* An integer of a signed form; those that are not below zero are a UINT like any other. */
static int take_signed(struct msgpack *token, uint64_t bits, unsigned width)
{
    assert(width > 0 && width <= sizeof bits);
    unsigned unused = 64 - 8 * width;
    int64_t n = (int64_t)(bits << unused) >> unused;

    if (n < 0) {
        token->negative = n;
    } else {
        token->type = MSGPACK_UINT;
        token->uint = (uint64_t)n;
    }
    return 1;
}

static int take_ext(struct msgpack_reader *r, struct msgpack *token, const struct form *form,
                    uint64_t count)
{
    if (bytes_left(r) == 0) {
        return MSGPACK_ESYNTAX;
    }
    token->ext = (int8_t)*r->at++;
    token->ext_form = form->width != 0;
    return take_body(r, token, token->ext_form ? count : form->body);
}

static int take_form(struct msgpack_reader *r, struct msgpack *token, uint8_t first)
{
    const struct form *form = &forms[first - FIRST_FORM];
    uint64_t n = 0;

    if (form->type == FORM_NONE || bytes_left(r) < form->width) {
        return MSGPACK_ESYNTAX;
    }
    for (unsigned i = 0; i < form->width; i++) {
        n = n << 8 | *r->at++;
    }
    token->type = (enum msgpack_type)form->type;
    switch (token->type) {
    case MSGPACK_NIL:
        return 1;
    case MSGPACK_BOOL:
        token->truth = (first & 1) != 0;
        return 1;
    case MSGPACK_DOUBLE:
        token->number = double_of(n, form->width);
        return 1;
    case MSGPACK_NEGATIVE:
        return take_signed(token, n, form->width);
    case MSGPACK_STR:
    case MSGPACK_BIN:
        return take_body(r, token, n);
    case MSGPACK_EXT:
        return take_ext(r, token, form, n);
    case MSGPACK_UINT:
    case MSGPACK_ARRAY:
    case MSGPACK_MAP:
        break;
    }
    token->uint = n; /* item_count and pair_count are the same word */
    return 1;
}

static_assert(sizeof(size_t) == sizeof(uint64_t), "counts share the word of an uint");

int msgpack_next(struct msgpack_reader *r, struct msgpack *token)
{
    if (r->at == r->end) {
        return 0;
    }
    uint8_t first = *r->at++;
    if (first < FIRST_FORM || first >= FIRST_FORM + FORM_COUNT) {
        return take_short(r, token, first);
    }
    return take_form(r, token, first);
}

static bool is_container(const struct msgpack *token)
{
    return token->type == MSGPACK_ARRAY || token->type == MSGPACK_MAP;
}

/* Of a container: how many values follow. */
static uint64_t children_of(const struct msgpack *token)
{
    return token->type == MSGPACK_MAP ? 2 * (uint64_t)token->pair_count : token->item_count;
}

int msgpack_skip(struct msgpack_reader *r)
{
    struct msgpack token;

    if (r->at == r->end) {
        return 0;
    }
    for (uint64_t missing = 1; missing > 0; missing--) {
        if (msgpack_next(r, &token) <= 0) {
            return MSGPACK_ESYNTAX;
        }
        if (is_container(&token)) {
            uint64_t children = children_of(&token);
            if (children > bytes_left(r)) {
                return MSGPACK_ESYNTAX;
            }
            missing += children;
        }
    }
    return 1;
}

int msgpack_check(struct span value, const struct msgpack_limits *limits)
{
    uint64_t missing[MSGPACK_DEPTH_MAX + 1]; /* values of each container that is open */
    unsigned depth = 0;
    struct msgpack_reader r;
    struct msgpack token;

    assert(limits->depth_max <= MSGPACK_DEPTH_MAX);
    msgpack_begin(&r, value);
    missing[0] = 1;
    for (size_t items = 1; depth > 0 || missing[0] > 0; items++) {
        if (items > limits->items_max) {
            return MSGPACK_EITEMS;
        }
        if (msgpack_next(&r, &token) <= 0) {
            return MSGPACK_ESYNTAX;
        }
        missing[depth]--;
        if (is_container(&token)) {
            if (depth == limits->depth_max) {
                return MSGPACK_EDEPTH;
            }
            missing[++depth] = children_of(&token);
            if (missing[depth] > bytes_left(&r)) {
                return MSGPACK_ESYNTAX;
            }
        }
        while (depth > 0 && missing[depth] == 0) {
            depth--;
        }
    }
    return r.at == r.end ? 0 : MSGPACK_ESYNTAX;
}

/* --- writing --------------------------------------------------------------------------------- */

/* The first byte and, after it, the low bytes of a number. */
struct head {
    uint8_t bytes[HEAD_BYTES_MAX];
    unsigned len;
};

static struct head head_of(uint8_t first, unsigned width, uint64_t n)
{
    struct head head = {.len = 1 + width};

    head.bytes[0] = first;
    for (unsigned i = width; i > 0; i--) {
        head.bytes[i] = (uint8_t)n;
        n >>= 8;
    }
    return head;
}

static void write_head(struct bytes *out, struct head head)
{
    bytes_add(out, head.bytes, head.len);
}

void msgpack_write_nil(struct bytes *out)
{
    bytes_add_byte(out, 0xc0);
}

void msgpack_write_bool(struct bytes *out, bool on)
{
    bytes_add_byte(out, on ? 0xc3 : 0xc2);
}

void msgpack_write_u64(struct bytes *out, uint64_t n)
{
    if (n < 0x80) {
        bytes_add_byte(out, (uint8_t)n);
    } else if (n <= UINT8_MAX) {
        write_head(out, head_of(0xcc, 1, n));
    } else if (n <= UINT16_MAX) {
        write_head(out, head_of(0xcd, 2, n));
    } else if (n <= UINT32_MAX) {
        write_head(out, head_of(0xce, 4, n));
    } else {
        write_head(out, head_of(0xcf, 8, n));
    }
}

void msgpack_write_i64(struct bytes *out, int64_t n)
{
    if (n >= 0) {
        msgpack_write_u64(out, (uint64_t)n);
    } else if (n >= -0x20) {
        bytes_add_byte(out, (uint8_t)n);
    } else if (n >= INT8_MIN) {
        write_head(out, head_of(0xd0, 1, (uint64_t)n));
    } else if (n >= INT16_MIN) {
        write_head(out, head_of(0xd1, 2, (uint64_t)n));
    } else if (n >= INT32_MIN) {
        write_head(out, head_of(0xd2, 4, (uint64_t)n));
    } else {
        write_head(out, head_of(0xd3, 8, (uint64_t)n));
    }
}

void msgpack_write_double(struct bytes *out, double d)
{
    uint64_t bits;

    memcpy(&bits, &d, sizeof bits);
    write_head(out, head_of(0xcb, 8, bits));
}

/* The head of what has three forms for its count, the first of which is `first`. */
static struct head counted_head(uint8_t first, size_t count)
{
    assert(count <= UINT32_MAX);
    if (count <= UINT8_MAX) {
        return head_of(first, 1, count);
    }
    return count <= UINT16_MAX ? head_of((uint8_t)(first + 1), 2, count)
                               : head_of((uint8_t)(first + 2), 4, count);
}

static struct head str_head(size_t len)
{
    return len < 0x20 ? head_of((uint8_t)(0xa0 | len), 0, 0) : counted_head(0xd9, len);
}

/* Arrays and maps of more than 15: two forms from `first` on. */
static struct head long_head(uint8_t first, size_t count)
{
    assert(count <= UINT32_MAX);
    return count <= UINT16_MAX ? head_of(first, 2, count) : head_of((uint8_t)(first + 1), 4, count);
}

void msgpack_write_str(struct bytes *out, struct span utf8)
{
    if (utf8.len < 0x20) { /* most are names */
        bytes_add_byte(out, (uint8_t)(0xa0 | utf8.len));
    } else {
        write_head(out, str_head(utf8.len));
    }
    bytes_add_span(out, utf8);
}

void msgpack_write_bin(struct bytes *out, struct span bin)
{
    write_head(out, counted_head(0xc4, bin.len));
    bytes_add_span(out, bin);
}

void msgpack_write_ext(struct bytes *out, int8_t ext, struct span body)
{
    bool fixed = body.len != 0 && body.len <= 16 && (body.len & (body.len - 1)) == 0;

    if (fixed) { /* d4, d5, d6, d7, d8 for 1, 2, 4, 8, 16 */
        bytes_add_byte(out, (uint8_t)(0xd4 + __builtin_ctzl(body.len)));
    } else {
        write_head(out, counted_head(0xc7, body.len));
    }
    bytes_add_byte(out, (uint8_t)ext);
    bytes_add_span(out, body);
}

size_t msgpack_container_begin(struct bytes *out)
{
    bytes_add_byte(out, 0);
    return out->len - 1;
}

/* Puts a head where so many bytes were kept for it, moving what is after them. */
static void insert_head(struct bytes *out, size_t begin, size_t kept, struct head head)
{
    size_t more = head.len - kept, body = begin + kept;

    assert(body <= out->len);
    if (more != 0) {
        (void)bytes_reserve(out, more);
        memmove(out->data + body + more, out->data + body, out->len - body);
        out->len += more;
    }
    memcpy(out->data + begin, head.bytes, head.len);
}

void msgpack_array_end(struct bytes *out, size_t begin, size_t item_count)
{
    if (item_count < 0x10) {
        out->data[begin] = (uint8_t)(0x90 | item_count);
    } else {
        insert_head(out, begin, 1, long_head(0xdc, item_count));
    }
}

void msgpack_map_end(struct bytes *out, size_t begin, size_t pair_count)
{
    if (pair_count < 0x10) {
        out->data[begin] = (uint8_t)(0x80 | pair_count);
    } else {
        insert_head(out, begin, 1, long_head(0xde, pair_count));
    }
}

void msgpack_write_array(struct bytes *out, size_t item_count)
{
    msgpack_array_end(out, msgpack_container_begin(out), item_count);
}

void msgpack_write_map(struct bytes *out, size_t pair_count)
{
    msgpack_map_end(out, msgpack_container_begin(out), pair_count);
}

void msgpack_str_end(struct bytes *out, size_t begin)
{
    assert(begin <= out->len);
    insert_head(out, begin, 0, str_head(out->len - begin));
}
