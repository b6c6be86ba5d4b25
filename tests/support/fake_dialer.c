#include "tests/support/fake_dialer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"

static void open_peer(struct dialer *d, struct stream *s, const struct stream_peer *to)
{
    struct fake_dialer *fd = container_of(d, struct fake_dialer, dialer);
    struct fake_peer *p = xcalloc(1, sizeof *p);

    assert(fd->count < FAKE_PEERS_MAX && s->connection == NULL);
    p->stream = s;
    (void)snprintf(p->host, sizeof p->host, "%s", to->host);
    p->port = to->port;
    p->tls = to->tls;
    s->connection = p;
    fd->peers[fd->count++] = p;
}

static void send_to(struct stream *s, struct span data)
{
    struct fake_peer *p = s->connection;

    assert(p != NULL && p->open);
    bytes_add_span(&p->heard, data);
}

static size_t unsent(const struct stream *s)
{
    return 0;
}

static void close_peer(struct stream *s)
{
    struct fake_peer *p = s->connection;

    p->stream = NULL;
    s->connection = NULL;
}

static const struct dialer_ops ops = {
    .open = open_peer, .send = send_to, .unsent = unsent, .close = close_peer};

void fake_dialer_init(struct fake_dialer *fd, struct executor *executor)
{
    *fd = (struct fake_dialer){.dialer = {.ops = &ops, .executor = executor}};
}

void fake_dialer_finish(struct fake_dialer *fd)
{
    for (size_t i = 0; i < fd->count; i++) {
        assert(fd->peers[i]->stream == NULL);
        bytes_finish(&fd->peers[i]->heard);
        free(fd->peers[i]);
    }
}

struct fake_peer *fake_last(struct fake_dialer *fd)
{
    return fd->count == 0 ? NULL : fd->peers[fd->count - 1];
}

struct fake_peer *fake_at(struct fake_dialer *fd, unsigned port)
{
    for (size_t i = fd->count; i > 0; i--) {
        if (fd->peers[i - 1]->port == port && fd->peers[i - 1]->stream != NULL) {
            return fd->peers[i - 1];
        }
    }
    return NULL;
}

void fake_accept(struct fake_peer *p)
{
    p->open = true;
    p->stream->handlers->on_open(p->stream);
}

void fake_break(struct fake_peer *p, const char *why)
{
    struct stream *s = p->stream;

    close_peer(s);
    s->handlers->on_close(s, why);
}

void fake_say(struct fake_peer *p, struct span data)
{
    if (p->stream != NULL) {
        p->stream->handlers->on_data(p->stream, data);
    }
}

void fake_drip(struct fake_peer *p, struct span data)
{
    for (size_t i = 0; i < data.len; i++) {
        fake_say(p, span_of(data.data + i, 1));
    }
}

/* Reads "*2\r\n$4\r\nPING\r\n..." as words. */
static void read_commands(struct span wire, struct bytes *out)
{
    const char *at = (const char *)wire.data, *end = at + wire.len;

    while (at != NULL && at < end && *at == '*') {
        char *next;
        unsigned long words = strtoul(at + 1, &next, 10);
        at = next + 2;
        for (unsigned long i = 0; i < words; i++) {
            unsigned long len = strtoul(at + 1, &next, 10);
            bytes_add(out, next + 2, len);
            bytes_add_byte(out, i + 1 < words ? ' ' : '\n');
            at = next + 2 + len + 2;
        }
    }
}

bool fake_heard(struct fake_peer *p, const char *commands)
{
    struct bytes words = {0};

    bytes_add_byte(&p->heard, 0);
    p->heard.len--;
    read_commands(bytes_span(&p->heard), &words);
    bytes_clear(&p->heard);
    if (words.len > 0) {
        words.len--; /* the last newline */
    }
    bool same = span_eq(bytes_span(&words), span_cstr(commands));
    if (!same) {
        printf("# heard: %.*s\n# wanted: %s\n", (int)words.len,
               words.len == 0 ? "" : (const char *)words.data, commands);
    }
    bytes_finish(&words);
    return same;
}
