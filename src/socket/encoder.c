// SPDX-License-Identifier: MIT
#include "src/socket/encoder.h"

#include <assert.h>

#include "protocol/json.h"
#include "protocol/sio_attach.h"
#include "protocol/sio_msgpack.h"
#include "protocol/utf8.h"
#include "protocol/ws_frame.h"
#include "src/socket/eio3.h"
#include "src/socket/text.h"

enum { KEPT_BYTES = 64 * 1024 };

void encoder_finish(struct encoder *e)
{
    bytes_finish(&e->out);
    bytes_finish(&e->args);
}

/* Empties a buffer, and gives its memory back after something unusually large. */
static void clear(struct bytes *b)
{
    if (b->cap > KEPT_BYTES) {
        bytes_finish(b);
    }
    bytes_clear(b);
}

/* The head of the first frame depends on what comes behind it: it goes into a gap before that. */
static void begin(struct encoder *e)
{
    clear(&e->out);
    (void)bytes_reserve(&e->out, WS_HEAD_MAX);
    e->out.len = WS_HEAD_MAX;
    if (!e->msgpack) {
        bytes_add_byte(&e->out, '4');
    }
}

/* Where the frame begins. */
static size_t end(struct encoder *e)
{
    uint8_t head[WS_HEAD_MAX];
    enum ws_opcode opcode = e->msgpack ? WS_BINARY : WS_TEXT;
    size_t len = ws_frame_encode_head(head, opcode, true, e->out.len - WS_HEAD_MAX);

    memcpy(e->out.data + WS_HEAD_MAX - len, head, len);
    return WS_HEAD_MAX - len;
}

static struct span frames_from(const struct encoder *e, size_t begin)
{
    return span_skip(bytes_span(&e->out), begin);
}

static bool is_json(struct span text)
{
    struct json ignored;
    return text.len != 0 && json_parse(text, JSON_DEPTH_MAX, &ignored) == 0;
}

/* What stands around the arguments of an event; of an answer there is nothing. */
struct surround {
    const struct rookery_str *name;
    struct span offset; /* empty: none */
};

static const struct surround of_answer;

static void write_offset(struct bytes *out, struct span offset)
{
    bytes_add_cstr(out, ",\"");
    bytes_add_span(out, offset);
    bytes_add_byte(out, '"');
}

static int write_text(struct encoder *e, const struct sio_head *head, const struct surround *around,
                      struct span args, bool trusted)
{
    struct bytes *out = &e->out;

    begin(e);
    sio_head_encode(out, head);
    size_t payload = out->len;
    bytes_add_byte(out, '[');
    if (around->name != NULL) {
        json_write_string(out, span_of_str(*around->name));
    }
    if (around->name != NULL && args.len != 0) {
        bytes_add_byte(out, ',');
    }
    bytes_add_span(out, args);
    if (around->offset.len != 0) {
        write_offset(out, around->offset);
    }
    bytes_add_byte(out, ']');
    return trusted || is_json(span_skip(bytes_span(out), payload)) ? 0 : ROOKERY_EINVAL;
}

static bool is_json_between_brackets(struct encoder *e, struct span args)
{
    assert(args.data != NULL || args.len == 0);
    clear(&e->args);
    bytes_add_byte(&e->args, '[');
    bytes_add_span(&e->args, args);
    bytes_add_byte(&e->args, ']');
    return is_json(bytes_span(&e->args));
}

/* Puts the arguments into e->args with their placeholders in order. Returns the number of
 * attachments; attachment i is args->bins[order[i]]. */
static int renumber(struct encoder *e, const struct rookery_args *args, bool trusted,
                    unsigned order[ENCODER_ATTACHMENTS_MAX])
{
    struct span json = span_of_str(args->json);

    if (args->bin_count > UINT32_MAX) {
        return ROOKERY_ELIMIT;
    }
    if (!trusted && !is_json_between_brackets(e, json)) {
        return ROOKERY_EINVAL;
    }
    clear(&e->args);
    int count = sio_attach_renumber(json, (unsigned)args->bin_count, &e->args, order,
                                    ENCODER_ATTACHMENTS_MAX);
    if (count < 0) {
        return count == SIO_ATTACH_ETOOMANY ? ROOKERY_ELIMIT : ROOKERY_EINVAL;
    }
    return count;
}

static int add_binary(struct encoder *e, const struct rookery_bin *bin)
{
    uint8_t head[WS_HEAD_MAX];

    if (bin->len > ENCODER_BYTES_MAX - e->out.len) {
        return ROOKERY_ELIMIT;
    }
    bytes_add(&e->out, head, ws_frame_encode_head(head, WS_BINARY, true, bin->len));
    bytes_add(&e->out, bin->data, bin->len);
    return 0;
}

static int encode_binary(struct encoder *e, struct sio_head head, const struct surround *around,
                         const struct rookery_args *args, bool trusted, struct span *frames)
{
    unsigned order[ENCODER_ATTACHMENTS_MAX];
    int count = renumber(e, args, trusted, order);

    if (count < 0) {
        return count;
    }
    if (count > 0) {
        head.type = head.type == SIO_EVENT ? SIO_BINARY_EVENT : SIO_BINARY_ACK;
        head.attachments = (unsigned)count;
    }
    int error = write_text(e, &head, around, bytes_span(&e->args), true);
    size_t first = end(e);
    for (int i = 0; i < count && error == 0; i++) {
        error = add_binary(e, &args->bins[order[i]]);
    }
    *frames = frames_from(e, first);
    return error;
}

/* ---- MessagePack ---- */

static int write_msgpack(struct encoder *e, const struct sio_head *head,
                         const struct surround *around, struct sio_msgpack_args args,
                         struct span *frames)
{
    begin(e);
    args.offset = around->offset;
    if (around->name != NULL) {
        sio_msgpack_event_encode(&e->out, head, span_of_str(*around->name), &args);
    } else {
        sio_msgpack_ack_encode(&e->out, head, &args);
    }
    if (e->out.len > ENCODER_BYTES_MAX) {
        return ROOKERY_ELIMIT;
    }
    *frames = frames_from(e, end(e));
    return 0;
}

static int encode_msgpack_binary(struct encoder *e, const struct sio_head *head,
                                 const struct surround *around, const struct rookery_args *args,
                                 bool trusted, struct span *frames)
{
    unsigned order[ENCODER_ATTACHMENTS_MAX];
    struct span bins[ENCODER_ATTACHMENTS_MAX];
    size_t total = 0;
    int count = renumber(e, args, trusted, order);

    for (int i = 0; i < count; i++) {
        const struct rookery_bin *bin = &args->bins[order[i]];
        if (bin->len > ENCODER_BYTES_MAX - total) {
            return ROOKERY_ELIMIT;
        }
        total += bin->len;
        bins[i] = span_of(bin->data, bin->len);
    }
    if (count < 0) {
        return count;
    }
    const struct sio_msgpack_args all = {
        .json = bytes_span(&e->args), .bins = bins, .bin_count = (size_t)count};
    return write_msgpack(e, head, around, all, frames);
}

static int encode_msgpack(struct encoder *e, const struct sio_head *head,
                          const struct surround *around, const struct rookery_args *args,
                          bool trusted, struct span *frames)
{
    const struct sio_msgpack_args plain = {.json = span_of_str(args->json)};

    if (args->bin_count != 0) {
        return encode_msgpack_binary(e, head, around, args, trusted, frames);
    }
    if (!trusted && !is_json_between_brackets(e, plain.json)) {
        return ROOKERY_EINVAL;
    }
    return write_msgpack(e, head, around, plain, frames);
}

/* ---- both ---- */

static int encode(struct encoder *e, struct sio_head head, const struct surround *around,
                  const struct rookery_args *args, struct span *frames)
{
    static const struct rookery_args none;
    const struct rookery_args *a = args == NULL ? &none : args;
    struct span json = span_of_str(a->json);
    bool trusted = json.len == 0 || (json.data == e->trusted.data && json.len == e->trusted.len);

    if (json.len > ENCODER_BYTES_MAX / 2) {
        return ROOKERY_ELIMIT;
    }
    if (e->msgpack) {
        return encode_msgpack(e, &head, around, a, trusted, frames);
    }
    if (a->bin_count != 0) {
        return encode_binary(e, head, around, a, trusted, frames);
    }
    int error = write_text(e, &head, around, json, trusted);
    *frames = frames_from(e, end(e));
    return error;
}

int encoder_event_at(struct encoder *e, struct sio_head head, struct rookery_str name,
                     const struct rookery_args *args, struct span offset, struct span *frames)
{
    const struct surround around = {&name, offset};
    struct span text = span_of_str(name);

    if (sio_name_reserved(text)) {
        return ROOKERY_ERESERVED;
    }
    if (text.len > ENCODER_BYTES_MAX / 16) { /* an escape takes six bytes for one */
        return ROOKERY_ELIMIT;
    }
    return utf8_valid(text) ? encode(e, head, &around, args, frames) : ROOKERY_EINVAL;
}

int encoder_event(struct encoder *e, struct sio_head head, struct rookery_str name,
                  const struct rookery_args *args, struct span *frames)
{
    return encoder_event_at(e, head, name, args, span_of(NULL, 0), frames);
}

int encoder_check(struct rookery_str name, const struct rookery_args *args)
{
    struct encoder e = {0};
    struct span ignored;
    int error = encoder_event(&e, (struct sio_head){.type = SIO_EVENT}, name, args, &ignored);

    encoder_finish(&e);
    return error;
}

int encoder_ack(struct encoder *e, struct sio_head head, const struct rookery_args *args,
                struct span *frames)
{
    return encode(e, head, &of_answer, args, frames);
}

struct span encoder_connect(struct encoder *e, struct span nsp, struct span sid, struct span pid)
{
    begin(e);
    if (e->msgpack) {
        sio_msgpack_connect_encode(&e->out, nsp, sid, pid);
    } else {
        sio_connect_encode(&e->out, nsp, sid, pid);
    }
    return frames_from(e, end(e));
}

struct span encoder_connect_error(struct encoder *e, struct span nsp, struct span message,
                                  struct span data)
{
    struct span json = is_json(data) ? data : span_of(NULL, 0);

    begin(e);
    if (e->msgpack) {
        sio_msgpack_connect_error_encode(&e->out, nsp, message, json);
    } else {
        sio_connect_error_encode(&e->out, nsp, message, json);
    }
    return frames_from(e, end(e));
}

/* A packet with that payload, which is JSON, or without one. */
static struct span encode_bare(struct encoder *e, enum sio_type type, struct span nsp,
                               struct span payload)
{
    begin(e);
    if (e->msgpack) {
        sio_msgpack_bare_encode(&e->out, type, nsp, payload);
    } else {
        sio_head_encode(&e->out, &(struct sio_head){.type = type, .nsp = nsp});
        bytes_add_span(&e->out, payload);
    }
    return frames_from(e, end(e));
}

struct span encoder_disconnect(struct encoder *e, struct span nsp)
{
    return encode_bare(e, SIO_DISCONNECT, nsp, span_of(NULL, 0));
}

struct span encoder_connect_eio3(struct encoder *e, struct span nsp)
{
    return encode_bare(e, SIO_CONNECT, nsp, span_of(NULL, 0));
}

struct span encoder_connect_error_eio3(struct encoder *e, struct span nsp, struct span message,
                                       struct span data)
{
    clear(&e->args);
    /* Version 2 of socket.io-msgpack-parser throws at anything but a string. */
    eio3_refusal_write(&e->args, message, e->msgpack ? span_of(NULL, 0) : data);
    return encode_bare(e, SIO_CONNECT_ERROR, nsp, bytes_span(&e->args));
}
