// SPDX-License-Identifier: MIT
#include "tests/support/fake_adapter.h"

#include "src/socket/text.h"

/* ---- writing down ---- */

static void add_str(struct fake_adapter *f, const char *before, struct rookery_str s)
{
    bytes_add_cstr(&f->said, before);
    bytes_add_span(&f->said, span_of_str(s));
}

static void add_list(struct fake_adapter *f, const char *before, const struct rookery_str *strs,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_str(f, i == 0 ? before : ",", strs[i]);
    }
}

static void add_target(struct fake_adapter *f, const struct rookery_target *to)
{
    if (to != NULL) {
        add_list(f, " to=", to->rooms, to->room_count);
        add_list(f, " except=", to->except, to->except_count);
    }
}

static void add_event(struct fake_adapter *f, struct rookery_str event,
                      const struct rookery_args *args)
{
    add_str(f, " ", event);
    add_str(f, "(", args == NULL ? (struct rookery_str){0} : args->json);
    for (size_t i = 0; args != NULL && i < args->bin_count; i++) {
        bytes_add_cstr(&f->said, "<");
        bytes_add(&f->said, args->bins[i].data, args->bins[i].len);
        bytes_add_cstr(&f->said, ">");
    }
    bytes_add_cstr(&f->said, ")");
}

static void add_call(struct fake_adapter *f, const char *what, const struct rookery_namespace *nsp)
{
    bytes_add_byte(&f->said, '|');
    bytes_add_cstr(&f->said, what);
    add_str(f, " ", rookery_namespace_name(nsp));
}

/* ---- the port ---- */

static struct fake_adapter *enter(struct adapter *a)
{
    struct fake_adapter *f = (struct fake_adapter *)a;

    lock_enter(&f->lock);
    return f;
}

static void open(struct adapter *a, struct rookery_namespace *nsp)
{
    struct fake_adapter *f = enter(a);

    add_call(f, "open", nsp);
    lock_leave(&f->lock);
}

static void broadcast(struct adapter *a, struct rookery_namespace *nsp,
                      const struct adapter_packet *packet, struct gather *answers)
{
    struct fake_adapter *f = enter(a);

    f->broadcasts++;
    add_call(f, "broadcast", nsp);
    add_event(f, packet->event, packet->args);
    add_target(f, packet->to);
    if (packet->except_id.len != 0) {
        add_str(f, " not=", packet->except_id);
    }
    if (packet->note.len != 0) {
        add_str(f, " note=", packet->note);
    }
    bytes_add_cstr(&f->said, packet->is_volatile ? " volatile" : "");
    bytes_add_cstr(&f->said, packet->no_compress ? " plain" : "");
    if (packet->echo != NULL) {
        bytes_add_cstr(&f->said, " echoed");
        f->echo = packet->echo;
    }
    if (answers != NULL) {
        bytes_add_cstr(&f->said, " timeout=");
        bytes_add_u64(&f->said, packet->timeout_ms);
        f->answers = answers;
    }
    lock_leave(&f->lock);
}

static void order(struct adapter *a, struct rookery_namespace *nsp, const struct adapter_order *o)
{
    static const char *const names[] = {" join", " leave", " disconnect"};
    struct fake_adapter *f = enter(a);

    f->orders++;
    add_call(f, "order", nsp);
    bytes_add_cstr(&f->said, names[o->action]);
    add_list(f, " ", o->rooms, o->room_count);
    add_target(f, o->who);
    bytes_add_cstr(&f->said, o->close_connections ? " close" : "");
    lock_leave(&f->lock);
}

static void inquire(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                    const struct rookery_target *target, struct rookery_str event,
                    const struct rookery_args *args)
{
    static const char *const names[] = {"sockets", "rooms", "servers", "emit"};
    struct fake_adapter *f = enter(a);

    add_call(f, names[q->kind], nsp);
    add_target(f, target);
    if (q->kind == INQUIRE_EMIT) {
        add_event(f, event, args);
    }
    if (q->timeout_ms != 0) {
        bytes_add_cstr(&f->said, " timeout=");
        bytes_add_u64(&f->said, q->timeout_ms);
    }
    bytes_add_cstr(&f->said, q->wants_answers ? " answers" : "");
    f->inquiry = q;
    lock_leave(&f->lock);
}

static void room(struct adapter *a, const char *what, const struct rookery_namespace *nsp,
                 unsigned loop, struct rookery_str name)
{
    struct fake_adapter *f = enter(a);

    add_call(f, what, nsp);
    add_str(f, " ", name);
    bytes_add_cstr(&f->said, " on ");
    bytes_add_u64(&f->said, loop);
    lock_leave(&f->lock);
}

static void room_opened(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                        struct rookery_str name)
{
    room(a, "opened", nsp, loop, name);
}

static void room_closed(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                        struct rookery_str name)
{
    room(a, "closed", nsp, loop, name);
}

static bool await_room(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                       struct rookery_str name, struct task *done)
{
    struct fake_adapter *f = (struct fake_adapter *)a;

    room(a, "await", nsp, loop, name);
    f->awaiting = done;
    return f->keeps_waiting;
}

static void save(struct adapter *a, struct rookery_namespace *nsp,
                 const struct adapter_session *session)
{
    struct fake_adapter *f = enter(a);

    add_call(f, "save", nsp);
    add_str(f, " ", session->sid);
    add_str(f, " ", session->pid);
    add_list(f, " in ", session->rooms, session->room_count);
    add_str(f, " ", session->info_json);
    lock_leave(&f->lock);
}

static void restore(struct adapter *a, struct rookery_namespace *nsp, struct restoration *r)
{
    struct fake_adapter *f = enter(a);

    add_call(f, r->former == NULL ? "restore" : "read on", nsp);
    add_str(f, " ", r->pid);
    add_str(f, " from ", r->offset);
    f->restoration = r;
    lock_leave(&f->lock);
}

static const struct adapter_ops ops = {
    open, broadcast, order, inquire, room_opened, room_closed, await_room, save, restore,
};

void fake_adapter_init(struct fake_adapter *f)
{
    *f = (struct fake_adapter){.base = {.ops = &ops}};
    lock_init(&f->lock);
}

void fake_adapter_finish(struct fake_adapter *f)
{
    bytes_finish(&f->said);
    lock_finish(&f->lock);
}

const char *fake_adapter_said(struct fake_adapter *f)
{
    static struct bytes last;

    lock_enter(&f->lock);
    bytes_clear(&last);
    bytes_add_span(&last, bytes_span(&f->said));
    bytes_add_byte(&last, '\0');
    bytes_clear(&f->said);
    lock_leave(&f->lock);
    return (const char *)last.data;
}
