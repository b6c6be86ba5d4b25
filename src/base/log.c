// SPDX-License-Identifier: MIT
#include "src/base/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "protocol/utf8.h"
#include "src/base/iso_time.h"

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
    int fd;
    enum log_form form;
    _Atomic int level;
} log_state = {.fd = STDERR_FILENO, .form = LOG_AS_JSON, .level = LOG_INFO};

void log_start(int fd, enum log_form form, enum log_level level)
{
    log_state.fd = fd;
    log_state.form = form;
    log_set_level(level);
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&log_state.level, (int)level, memory_order_relaxed);
}

bool log_shows(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&log_state.level, memory_order_relaxed);
}

bool log_level_of(const char *name, enum log_level *level)
{
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* ---- a line that is being put together ---- */

/* What the end of any line may need: `,"left_out":18446744073709551615}` and the newline. */
enum { LINE_END_BYTES = 64, LINE_ROOM = LOG_LINE_MAX - LINE_END_BYTES };

/* Whole or not at all. */
static bool put(struct log_line *line, size_t room, const void *data, size_t len)
{
    if (len > room - line->len) {
        return false;
    }
    memcpy(line->data + line->len, data, len);
    line->len += len;
    return true;
}

static bool put_cstr(struct log_line *line, size_t room, const char *s)
{
    return put(line, room, s, strlen(s));
}

/* ---- values ---- */

static uint32_t code_point_of(const uint8_t *p, size_t len)
{
    uint32_t code = len == 2 ? p[0] & 0x1fu : len == 3 ? p[0] & 0x0fu : p[0] & 0x07u;

    for (size_t i = 1; i < len; i++) {
        code = code << 6 | (p[i] & 0x3fu);
    }
    return code;
}

/* The first character of s as a number, and its bytes; 1 byte and U+FFFD where there is none. */
static size_t first_character(struct span s, uint32_t *code)
{
    static const uint8_t lengths[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4};
    size_t len = s.data[0] < 0x80 ? 1 : lengths[s.data[0] >> 4];

    *code = s.data[0];
    if (s.data[0] < 0x80) {
        return 1;
    }
    if (len < 2 || len > s.len || !utf8_valid(span_of(s.data, len))) {
        *code = 0xfffd;
        return 1;
    }
    *code = code_point_of(s.data, len);
    return len;
}

/* Controls, line and paragraph separators, and what turns the direction of writing. */
static bool is_dangerous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Writes one character as it may stand between quotes. */
static bool put_character(struct log_line *line, size_t room, uint32_t code)
{
    uint8_t utf8[UTF8_CHAR_BYTES_MAX];
    char escape[8];

    if (is_dangerous(code)) {
        (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code);
        return put(line, room, escape, 6);
    }
    if (code == '"' || code == '\\') {
        return put(line, room, code == '"' ? "\\\"" : "\\\\", 2);
    }
    return put(line, room, utf8, utf8_encode(code, utf8));
}

static bool put_characters(struct log_line *line, size_t room, struct span text)
{
    size_t from = line->len;

    while (text.len > 0) {
        uint32_t code;
        size_t len = first_character(text, &code);
        if (line->len - from >= LOG_VALUE_BYTES_MAX) {
            return put_cstr(line, room, "…");
        }
        if (!put_character(line, room, code)) {
            return false;
        }
        text = span_skip(text, len);
    }
    return true;
}

static bool put_quoted(struct log_line *line, size_t room, struct span text)
{
    return put_cstr(line, room, "\"") && put_characters(line, room, text) &&
           put_cstr(line, room, "\"");
}

/* In text a value stands bare where nobody can take its end for something else. */
static bool is_bare(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\') {
            return false;
        }
    }
    return text.len > 0;
}

static bool put_value(struct log_line *line, size_t room, enum log_form form,
                      const struct log_field *f)
{
    char number[24];

    switch (f->type) {
    case LOG_FIELD_NUMBER:
        (void)snprintf(number, sizeof number, "%" PRId64, f->number);
        return put_cstr(line, room, number);
    case LOG_FIELD_FLAG:
        return put_cstr(line, room, f->number != 0 ? "true" : "false");
    case LOG_FIELD_TEXT:
        break;
    }
    return form != LOG_AS_JSON && is_bare(f->text) ? put_characters(line, room, f->text)
                                                   : put_quoted(line, room, f->text);
}

static bool put_name(struct log_line *line, size_t room, enum log_form form, const char *name)
{
    if (form == LOG_AS_JSON) {
        return put_cstr(line, room, ",\"") && put_cstr(line, room, name) &&
               put_cstr(line, room, "\":");
    }
    bool coloured = form == LOG_AS_COLOUR;
    return put_cstr(line, room, coloured ? " \033[2m" : " ") && put_cstr(line, room, name) &&
           put_cstr(line, room, coloured ? "=\033[0m" : "=");
}

/* Whole or not at all. */
static bool put_field(struct log_line *line, size_t room, enum log_form form,
                      const struct log_field *f)
{
    size_t before = line->len;

    if (put_name(line, room, form, f->name) && put_value(line, room, form, f)) {
        return true;
    }
    line->len = before;
    return false;
}

/* ---- lines ---- */

static void put_beginning(struct log_line *line, enum log_form form, const struct log_event *event)
{
    static const char *const shown[] = {"ERROR", "WARN ", "INFO ", "DEBUG"};
    static const char *const colours[] = {"\033[31m", "\033[33m", "\033[32m", "\033[36m"};
    bool coloured = form == LOG_AS_COLOUR;
    char time[ISO_TIME_LEN + 1];
    int n;

    iso_time_write(event->wall_ms, time);
    if (form == LOG_AS_JSON) {
        n = snprintf(line->data, LINE_ROOM, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":\"", time,
                     level_names[event->level]);
    } else {
        n = snprintf(line->data, LINE_ROOM, "%.12s %s%s%s ", time + 11,
                     coloured ? colours[event->level] : "", shown[event->level],
                     coloured ? "\033[0m" : "");
    }
    line->len = (size_t)n;
    bool fits = put_characters(line, LINE_ROOM, span_cstr(event->message));
    assert(fits);
    if (form == LOG_AS_JSON) {
        (void)put_cstr(line, LINE_ROOM, "\"");
    }
}

void log_compose(struct log_line *line, enum log_form form, const struct log_event *event)
{
    const struct log_field *f = event->fields;
    int64_t left_out = 0;

    put_beginning(line, form, event);
    if (event->unsaid > 0) {
        const struct log_field unsaid = LOG_NUMBER("unsaid", event->unsaid);
        (void)put_field(line, LINE_ROOM, form, &unsaid);
    }
    for (; f != NULL && f->name != NULL; f++) {
        left_out += put_field(line, LINE_ROOM, form, f) ? 0 : 1;
    }
    if (left_out > 0) {
        const struct log_field count = LOG_NUMBER("left_out", left_out);
        (void)put_field(line, LOG_LINE_MAX, form, &count);
    }
    (void)put_cstr(line, LOG_LINE_MAX, form == LOG_AS_JSON ? "}\n" : "\n");
}

static int64_t wall_clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_event(const struct log_event *event)
{
    struct log_line line;

    log_compose(&line, log_state.form, event);
    ssize_t written = write(log_state.fd, line.data, line.len);
    (void)written; /* there is nobody to tell that nobody can be told */
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    if (log_shows(level)) {
        write_event(&(struct log_event){
            .level = level, .wall_ms = wall_clock_ms(), .message = message, .fields = fields});
    }
}

void log_write_limited(struct log_limit *limit, enum log_level level, const char *message,
                       const struct log_field *fields)
{
    struct log_event event = {
        .level = level, .wall_ms = wall_clock_ms(), .message = message, .fields = fields};

    if (!log_shows(level)) {
        return;
    }
    if (atomic_exchange(&limit->second, event.wall_ms / 1000) == event.wall_ms / 1000) {
        atomic_fetch_add(&limit->unsaid, 1);
        return;
    }
    event.unsaid = atomic_exchange(&limit->unsaid, 0);
    write_event(&event);
}
