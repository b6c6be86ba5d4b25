// SPDX-License-Identifier: MIT
#include "tests/contract/bus_bed.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/redis_server.h"

const struct back_end *back_end;

static struct member members[MEMBERS_MAX];
static unsigned member_count;

static void on_done(struct bus_call *call)
{
    struct probe *p = container_of(call, struct probe, call);

    p->done++;
    p->error = call->error;
    p->count = call->count;
    (void)snprintf(p->id, sizeof p->id, "%.*s", (int)call->id.len, (const char *)call->id.data);
}

struct bus_call *probe(struct probe *p)
{
    *p = (struct probe){.call.on_done = on_done};
    return &p->call;
}

bool all_went_well(const struct probe *probes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (probes[i].done != 1 || probes[i].error != 0) {
            return false;
        }
    }
    return true;
}

static void add_field(struct bytes *out, const struct bus_field *field)
{
    bytes_add_span(out, field->name);
    bytes_add_byte(out, '=');
    bytes_add_span(out, field->value);
    bytes_add_byte(out, '\n');
}

static void on_read(struct bus_read *read, int error, const struct bus_entry *entries, size_t count)
{
    struct read_probe *p = container_of(read, struct read_probe, read);

    p->done++;
    p->error = error;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < entries[i].field_count; j++) {
            add_field(&p->got, &entries[i].fields[j]);
        }
    }
}

struct bus_read *read_probe(struct read_probe *p)
{
    *p = (struct read_probe){.read.on_done = on_read};
    return &p->read;
}

static void on_message(void *arg, enum bus_kind kind, struct span channel, struct span payload)
{
    struct member *m = arg;

    m->heard_count++;
    bytes_add_byte(&m->heard, (uint8_t)("CPS"[kind]));
    bytes_add_byte(&m->heard, ' ');
    bytes_add_span(&m->heard, channel);
    bytes_add_byte(&m->heard, ' ');
    bytes_add_span(&m->heard, payload);
    bytes_add_byte(&m->heard, '\n');
}

static void on_entry(void *arg, struct span stream, const struct bus_entry *entry)
{
    struct member *m = arg;

    m->entry_count++;
    for (size_t i = 0; i < entry->field_count; i++) {
        bytes_add_span(&m->entries, stream);
        bytes_add_byte(&m->entries, ' ');
        add_field(&m->entries, &entry->fields[i]);
    }
}

static void on_state(void *arg, bool up, const char *why)
{
    struct member *m = arg;

    m->ups += up;
    m->downs += !up;
    check(up == (why[0] == '\0'));
    if (up && m->on_up != NULL) {
        m->on_up(m);
    }
}

struct member *join_with(const struct bus_limits *limits)
{
    assert(member_count < MEMBERS_MAX);
    struct member *m = &members[member_count++];
    memset(m, 0, sizeof *m);
    m->bus = back_end->open(
        m, limits,
        &(struct bus_handlers){
            .on_message = on_message, .on_entry = on_entry, .on_state = on_state, .arg = m});
    return m;
}

struct member *join(void)
{
    struct member *m = join_with(NULL);

    check(m->ups == 0);
    wait_until(m->ups == 1);
    return m;
}

void start(void)
{
    member_count = 0;
    back_end->start();
}

void leave(struct member *m)
{
    bus_close(m->bus);
    m->bus = NULL;
}

void stop(void)
{
    for (unsigned i = 0; i < member_count; i++) {
        leave(&members[i]);
        bytes_finish(&members[i].heard);
        bytes_finish(&members[i].entries);
    }
    back_end->stop();
}

void subscribe(struct member *m, enum bus_kind kind, const char *name)
{
    struct probe p;

    m->bus->ops->subscribe(m->bus, kind, span_cstr(name), probe(&p));
    check(p.done == 0);
    wait_until(p.done == 1);
    check(p.error == 0);
}

void publish(struct member *m, enum bus_kind kind, const char *channel, const char *payload,
             struct bus_call *call)
{
    m->bus->ops->publish(m->bus, kind, span_cstr(channel), span_cstr(payload), call);
}

void publish_number(struct member *m, const char *channel, unsigned n, struct bus_call *call)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%05u", n);
    publish(m, BUS_CHANNEL, channel, text, call);
}

void append(struct member *m, const char *stream, const char *value, struct bus_call *call)
{
    const struct bus_field field = {SPAN("v"), span_cstr(value)};
    m->bus->ops->append(m->bus, span_cstr(stream), &field, 1, 10000, call);
}

uint64_t number_of(struct member *m, enum bus_kind kind, const char *channel)
{
    struct probe p;

    m->bus->ops->count(m->bus, kind, span_cstr(channel), probe(&p));
    check(p.done == 0);
    wait_until(p.done == 1);
    check(p.error == 0);
    return p.count;
}

unsigned heard_number(const struct member *m, size_t n)
{
    return (unsigned)strtoul((const char *)m->heard.data + n * strlen("C c 00000\n") + 4, NULL, 10);
}

bool heard_all(const struct member *m, unsigned from, unsigned to, size_t at)
{
    for (unsigned n = from; n < to; n++, at++) {
        if (at >= m->heard_count || heard_number(m, at) != n) {
            return false;
        }
    }
    return at == m->heard_count;
}

void outage(bool keep, struct member *m)
{
    unsigned downs = m->downs;

    back_end->take_away(keep);
    wait_until(m->downs == downs + 1);
    check(!m->bus->ops->up(m->bus));
}

int ask_each_bus(void (*suite)(void))
{
    const struct back_end *const all[] = {&hub_back_end, &slow_hub_back_end, &redis_back_end};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        back_end = all[i];
        if (back_end == &redis_back_end && !redis_server_installed()) {
            printf("ok %d - redis # SKIP there is no redis-server\n", ++tap_cases);
            continue;
        }
        printf("# %s\n", back_end->label);
        suite();
    }
    return tap_done();
}
