// SPDX-License-Identifier: MIT
#include "tests/support/bus_stub.h"

#include "src/base/memory.h"

static struct bus_stub *of(struct bus *bus)
{
    return (struct bus_stub *)(void *)bus;
}

static void note(struct bus_stub *stub, enum bus_kind kind, char what, struct span name)
{
    if (kind != BUS_CHANNEL) {
        bytes_add_byte(&stub->said, kind == BUS_SHARD ? 's' : 'p');
    }
    bytes_add_byte(&stub->said, (uint8_t)what);
    bytes_add_span(&stub->said, name);
    bytes_add_byte(&stub->said, '|');
}

static void keep(struct bus_stub *stub, struct bus_call *call)
{
    if (call != NULL) {
        call->next = NULL;
        *stub->calls_end = call;
        stub->calls_end = &call->next;
    }
}

static void publish(struct bus *bus, enum bus_kind kind, struct span channel, struct span payload,
                    struct bus_call *call)
{
    struct bus_stub *stub = of(bus);

    note(stub, kind, '!', channel);
    bytes_clear(&stub->payload);
    bytes_add_span(&stub->payload, payload);
    stub->publications++;
    keep(stub, call);
}

static void subscribe(struct bus *bus, enum bus_kind kind, struct span name, struct bus_call *call)
{
    note(of(bus), kind, '+', name);
    of(bus)->subscriptions++;
    keep(of(bus), call);
}

static void unsubscribe(struct bus *bus, enum bus_kind kind, struct span name)
{
    note(of(bus), kind, '-', name);
    of(bus)->unsubscriptions++;
}

static void count(struct bus *bus, enum bus_kind kind, struct span channel, struct bus_call *call)
{
    note(of(bus), kind, '?', channel);
    keep(of(bus), call);
}

static void append(struct bus *bus, struct span stream, const struct bus_field *fields,
                   size_t field_count, uint64_t entries_max, struct bus_call *call)
{
    struct bus_stub *stub = of(bus);

    note(stub, BUS_CHANNEL, '>', stream);
    bytes_clear(&stub->payload);
    for (size_t i = 0; i < field_count; i++) {
        bytes_add_span(&stub->payload, fields[i].name);
        bytes_add_byte(&stub->payload, '=');
        bytes_add_span(&stub->payload, fields[i].value);
        bytes_add_byte(&stub->payload, '|');
    }
    keep(stub, call);
}

static void follow(struct bus *bus, struct span stream, struct span after)
{
    note(of(bus), BUS_CHANNEL, '=', stream);
}

static bool up(const struct bus *bus)
{
    return ((const struct bus_stub *)(const void *)bus)->is_up;
}

static void close_stub(struct bus *bus)
{
    bus_stub_answer(of(bus), BUS_EDOWN, 0);
    bytes_finish(&of(bus)->said);
    bytes_finish(&of(bus)->payload);
}

static const struct bus_ops ops = {
    .name = "stub",
    .publish = publish,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .count = count,
    .append = append,
    .follow = follow,
    .up = up,
    .close = close_stub,
};

void bus_stub_init(struct bus_stub *stub, const struct bus_handlers *handlers)
{
    *stub = (struct bus_stub){.bus = {&ops}, .handlers = *handlers, .is_up = true};
    stub->calls_end = &stub->calls;
}

const char *bus_stub_said(struct bus_stub *stub)
{
    bytes_add_byte(&stub->said, '\0');
    bytes_clear(&stub->said); /* the text stays until something is added */
    return (const char *)stub->said.data;
}

void bus_stub_answer(struct bus_stub *stub, int error, uint64_t how_many)
{
    struct bus_call *call = stub->calls;

    stub->calls = NULL;
    stub->calls_end = &stub->calls;
    while (call != NULL) {
        struct bus_call *next = call->next;
        call->error = error;
        call->count = how_many;
        call->on_done(call);
        call = next;
    }
}

void bus_stub_deliver(struct bus_stub *stub, enum bus_kind kind, const char *channel,
                      struct span payload)
{
    stub->handlers.on_message(stub->handlers.arg, kind, span_cstr(channel), payload);
}

void bus_stub_set_up(struct bus_stub *stub, bool is_up)
{
    stub->is_up = is_up;
    stub->handlers.on_state(stub->handlers.arg, is_up, "");
    if (!is_up) {
        bus_stub_answer(stub, BUS_EDOWN, 0);
    }
}
