// SPDX-License-Identifier: MIT
#include "protocol/sio_attach.h"

#include <assert.h>
#include <limits.h>

#include "protocol/json.h"

#define NUM_NONE UINT_MAX

/* How far the rewriting has come. An object is known to be a placeholder at its end only, and then
 * what was found inside it does not count: progress goes back to where the object began. */
struct progress {
    int error;
    unsigned count; /* placeholders written */
    size_t copied;  /* bytes of the arguments that are done with */
    size_t out_len; /* bytes in out */
};

/* An open object (or array, of which the members below are never set). */
struct level {
    const uint8_t *begin;
    struct progress before;
    bool placeholder;
    unsigned num; /* the attachment, or NUM_NONE */
};

enum member { MEMBER_OTHER, MEMBER_PLACEHOLDER, MEMBER_NUM };

struct scan {
    struct span args;
    unsigned attachments;
    struct bytes *out; /* NULL to check only; then order is not used either */
    unsigned *order;
    unsigned order_max;
    struct progress done;
};

static enum member member_of(struct json key)
{
    if (json_string_eq(key, SPAN("_placeholder"))) {
        return MEMBER_PLACEHOLDER;
    }
    return json_string_eq(key, SPAN("num")) ? MEMBER_NUM : MEMBER_OTHER;
}

/* Any way to write the number will do (1, 1.0, 1e0): to the reference they are one. */
static unsigned num_of(struct json value, unsigned attachments)
{
    uint64_t n;
    double d;

    if (attachments == 0) {
        return NUM_NONE;
    }
    if (json_to_u64(value, attachments - 1, &n) == 0) {
        return (unsigned)n;
    }
    if (json_to_double(value, &d) != 0 || d < 0 || d >= attachments || d != (unsigned)d) {
        return NUM_NONE;
    }
    return (unsigned)d;
}

static void set_member(struct level *level, enum member member, struct json value,
                       unsigned attachments)
{
    switch (member) {
    case MEMBER_PLACEHOLDER:
        level->placeholder = json_is_true(value);
        break;
    case MEMBER_NUM:
        level->num = num_of(value, attachments);
        break;
    case MEMBER_OTHER:
        break;
    }
}

static void copy_until(struct scan *s, const uint8_t *end)
{
    size_t at = (size_t)(end - s->args.data);

    bytes_add(s->out, s->args.data + s->done.copied, at - s->done.copied);
    s->done.copied = at;
}

static void emit(struct scan *s, const struct level *level, const uint8_t *end)
{
    if (s->done.count == s->order_max) {
        s->done.error = SIO_ATTACH_ETOOMANY;
        return;
    }
    copy_until(s, level->begin);
    sio_placeholder_write(s->out, s->done.count);
    s->done.copied = (size_t)(end - s->args.data);
    s->done.out_len = s->out->len;
    s->order[s->done.count++] = level->num;
}

static void close_level(struct scan *s, const struct level *level, const uint8_t *end)
{
    if (!level->placeholder) {
        return;
    }
    s->done = level->before;
    if (s->done.error != 0) {
        return;
    }
    if (level->num == NUM_NONE) {
        s->done.error = SIO_ATTACH_ENUM;
    } else if (s->out != NULL) {
        s->out->len = s->done.out_len;
        emit(s, level, end);
    }
}

static void scan_args(struct scan *s)
{
    /* As the walk passes over separators, it passes over those between arguments too. */
    struct json_walk walk = {.at = s->args.data, .end = s->args.data + s->args.len};
    struct level levels[JSON_DEPTH_MAX];
    struct json token;
    enum member member = MEMBER_OTHER; /* what the token is the value of */

    for (enum json_step step; (step = json_walk_next(&walk, &token)) != JSON_STEP_END;) {
        if (step == JSON_STEP_KEY) {
            member = member_of(token);
            continue;
        }
        if (member != MEMBER_OTHER) {
            unsigned opened = step == JSON_STEP_OPEN ? 1 : 0;
            set_member(&levels[walk.depth - opened - 1], member, token, s->attachments);
            member = MEMBER_OTHER;
        }
        if (step == JSON_STEP_OPEN) {
            assert(walk.depth <= JSON_DEPTH_MAX);
            levels[walk.depth - 1] =
                (struct level){.begin = token.text.data, .before = s->done, .num = NUM_NONE};
        } else if (step == JSON_STEP_CLOSE) {
            close_level(s, &levels[walk.depth], token.text.data + 1);
        }
    }
}

int sio_attach_check(struct span args, unsigned attachments)
{
    struct scan s = {.args = args, .attachments = attachments};

    if (args.len != 0) {
        scan_args(&s);
    }
    return s.done.error;
}

int sio_attach_renumber(struct span args, unsigned attachments, struct bytes *out, unsigned *order,
                        unsigned order_max)
{
    size_t begin = out->len;
    struct scan s = {
        .args = args,
        .attachments = attachments,
        .out = out,
        .order_max = order_max,
        .done = {.out_len = begin},
    };

    assert(order_max <= INT_MAX);

    if (args.len == 0) {
        return 0;
    }
    s.order = order;
    scan_args(&s);
    if (s.done.error != 0) {
        out->len = begin;
        return s.done.error;
    }
    copy_until(&s, args.data + args.len);
    return (int)s.done.count;
}

void sio_placeholder_write(struct bytes *out, unsigned num)
{
    bytes_add_cstr(out, "{\"_placeholder\":true,\"num\":");
    bytes_add_u64(out, num);
    bytes_add_byte(out, '}');
}
