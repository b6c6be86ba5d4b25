// SPDX-License-Identifier: MIT
#include "src/cluster/recovery.h"

#include "src/cluster/borrowed.h"
#include "src/cluster/cluster_internal.h"

#define KEY_PREFIX "sio:session:"

/* A session that is wanted back. */
struct restore {
    struct list_node node; /* of the cluster's, until the asker has been told */
    struct task task;
    struct cluster *cluster;
    struct span name;          /* of the namespace */
    struct restoration *asker; /* NULL: it has been told */
    struct timer deadline;
    struct keyspace_call take;
    struct bus_read read;
    unsigned calls;                 /* under way */
    struct adapter_decoder decoder; /* where the rooms are */
    struct bytes names;             /* the rooms, if it is a former session */
    struct adapter_names rooms;
    struct position at; /* of the entry that was read last; at first, the offset */
    struct position passed_at_read;
    bool begun;   /* the offset has been seen in the stream */
    bool waiting; /* for entries to pass */
    unsigned pages;
};

static const struct span none;

static void set_key(struct bytes *out, struct span pid)
{
    bytes_clear(out);
    bytes_add_cstr(out, KEY_PREFIX);
    bytes_add_span(out, pid);
}

/* ---- saving ---- */

struct saving {
    struct task task;
    struct keyspace_call call;
    struct cluster *cluster;
    struct bytes key, value;
};

static void saving_destroy(struct saving *s)
{
    bytes_finish(&s->key);
    bytes_finish(&s->value);
    free(s);
}

static void on_saved(struct keyspace_call *call)
{
    struct saving *s = container_of(call, struct saving, call);

    if (call->error == 0) {
        cluster_count_one(&s->cluster->counts.sessions_saved);
    }
    saving_destroy(s);
}

static void run_saving(struct task *task)
{
    struct saving *s = container_of(task, struct saving, task);
    struct keyspace *k = s->cluster->sessions;

    if (s->cluster->bus == NULL) {
        saving_destroy(s);
        return;
    }
    s->call.on_done = on_saved;
    k->ops->put(k, bytes_span(&s->key), bytes_span(&s->value), s->cluster->options.recovery_ms,
                &s->call);
}

static void encode_session(struct bytes *out, const struct adapter_session *session)
{
    struct span *rooms = xcalloc(session->room_count + 1, sizeof *rooms);

    for (size_t i = 0; i < session->room_count; i++) {
        rooms[i] = span_of_str(session->rooms[i]);
    }
    cluster_session_encode(out, &(struct cluster_session){
                                    .sid = span_of_str(session->sid),
                                    .pid = span_of_str(session->pid),
                                    .rooms = {rooms, session->room_count},
                                    .data = span_of_str(session->info_json),
                                });
    free(rooms);
}

void recovery_save_session(struct adapter *a, struct rookery_namespace *nsp,
                           const struct adapter_session *session)
{
    struct saving *s = xcalloc(1, sizeof *s);

    (void)nsp;
    s->task.run = run_saving;
    s->cluster = cluster_of(a);
    set_key(&s->key, span_of_str(session->pid));
    encode_session(&s->value, session);
    cluster_go_home(s->cluster, &s->task);
}

/* ---- the end of a restoration ---- */

static void free_if_done(struct restore *r)
{
    if (r->asker == NULL && r->calls == 0) {
        adapter_decoder_finish(&r->decoder);
        bytes_finish(&r->names);
        free(r);
    }
}

static void tell(struct restore *r, bool restored)
{
    struct cluster *c = r->cluster;
    struct restoration *asker = r->asker;
    char through[POSITION_TEXT_MAX];

    r->asker = NULL;
    list_remove(&r->node);
    c->restore_count--;
    executor_timer_stop(cluster_executor(c), &r->deadline);
    cluster_count_one(restored ? &c->counts.sessions_restored : &c->counts.sessions_lost);
    asker->on_done(asker, restored, str_of_span(position_text(c->passed, through)));
}

static void on_deadline(struct timer *timer)
{
    struct restore *r = container_of(timer, struct restore, deadline);

    tell(r, false);
    free_if_done(r);
}

/* ---- what has been missed ---- */

static bool has(struct adapter_names names, struct span name)
{
    for (size_t i = 0; i < names.count; i++) {
        if (span_eq(names.items[i], name)) {
            return true;
        }
    }
    return false;
}

static bool have_common(struct adapter_names a, struct adapter_names b)
{
    for (size_t i = 0; i < a.count; i++) {
        if (has(b, a.items[i])) {
            return true;
        }
    }
    return false;
}

static bool is_for(const struct restore *r, const struct adapter_message *m)
{
    return m->kind == ADAPTER_BROADCAST && m->request_id.len == 0 && !m->is_volatile &&
           (m->rooms.count == 0 || have_common(m->rooms, r->rooms)) &&
           !have_common(m->except, r->rooms);
}

static bool hand_over(struct restore *r, const struct adapter_message *m, struct span id)
{
    struct borrowed b = {0};
    const struct rookery_args args = borrow_args(&b, &m->args);
    const struct adapter_packet packet = {
        .event = str_of_span(m->event),
        .args = &args,
        .no_compress = m->no_compress,
        .note = str_of_span(m->note),
    };
    bool taken = r->asker->on_missed(r->asker, &packet, str_of_span(id));

    borrowed_finish(&b);
    return taken;
}

/* False if it cannot be sent again. */
static bool take_entry(struct restore *r, const struct bus_entry *entry)
{
    struct cluster_entry parts = {0};
    struct adapter_message m;

    for (size_t i = 0; i < entry->field_count; i++) {
        const struct bus_field *f = &entry->fields[i];
        if (span_eq(f->name, SPAN("uid"))) {
            parts.uid = f->value;
        } else if (span_eq(f->name, SPAN("nsp"))) {
            parts.nsp = f->value;
        } else if (span_eq(f->name, SPAN("type"))) {
            parts.type = f->value;
        } else if (span_eq(f->name, SPAN("data"))) {
            parts.data = f->value;
        }
    }
    if (!span_eq(parts.nsp, r->name) ||
        cluster_entry_decode(&r->cluster->decoder, &parts, &m) < 0) {
        return true;
    }
    return !is_for(r, &m) || hand_over(r, &m, entry->id);
}

/* ---- reading ---- */

static void read_on(struct restore *r);

enum page_end { PAGE_BAD, PAGE_CUT, PAGE_OVER };

static enum page_end take_page(struct restore *r, const struct bus_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct position at;
        if (!position_parse(entries[i].id, &at)) {
            return PAGE_BAD;
        }
        if (position_before(r->cluster->passed, at)) {
            return r->begun ? PAGE_CUT : PAGE_BAD;
        }
        if (r->begun && !take_entry(r, &entries[i])) {
            return PAGE_BAD;
        }
        if (!r->begun && (position_before(at, r->at) || position_before(r->at, at))) {
            return PAGE_BAD; /* it is not there any more */
        }
        r->begun = true;
        r->at = at;
    }
    return r->begun ? PAGE_OVER : PAGE_BAD;
}

static void on_read(struct bus_read *read, int error, const struct bus_entry *entries, size_t count)
{
    struct restore *r = container_of(read, struct restore, read);
    struct position passed = r->cluster->passed;

    r->calls--;
    if (r->asker != NULL) {
        enum page_end end = error < 0 ? PAGE_BAD : take_page(r, entries, count);
        bool all_here = count < RESTORE_PAGE_ENTRIES && !position_before(r->passed_at_read, passed);
        if (end == PAGE_BAD || (end == PAGE_OVER && !all_here && r->pages == RESTORE_PAGES_MAX)) {
            tell(r, false);
        } else if (end == PAGE_CUT || all_here) {
            tell(r, true);
        } else {
            read_on(r);
        }
    }
    free_if_done(r);
}

static void read_page(struct restore *r)
{
    struct cluster *c = r->cluster;
    char from[POSITION_TEXT_MAX];

    r->pages++;
    r->calls++;
    r->passed_at_read = c->passed;
    r->read = (struct bus_read){.on_done = on_read};
    bytes_clear(&c->channel);
    cluster_stream_name(&c->channel, cluster_prefix(c), 1, r->name);
    c->bus->ops->read(c->bus, bytes_span(&c->channel), position_text(r->at, from), r->begun,
                      RESTORE_PAGE_ENTRIES, &r->read);
}

/* So that something passes. Node.js passes over what has no namespace. */
static void append_mark(struct cluster *c)
{
    const struct bus_field field = {SPAN("mark"), SPAN("1")};

    bytes_clear(&c->channel);
    cluster_stream_name(&c->channel, cluster_prefix(c), 1, none);
    c->bus->ops->append(c->bus, bytes_span(&c->channel), &field, 1, c->options.stream_entries_max,
                        NULL);
}

static bool somebody_waits(const struct cluster *c)
{
    for (const struct list_node *node = c->restores.first; node != NULL; node = node->next) {
        if (container_of(node, struct restore, node)->waiting) {
            return true;
        }
    }
    return false;
}

/* The client may have been told by another node what has not come here yet. */
static void read_on(struct restore *r)
{
    struct cluster *c = r->cluster;

    if (!position_before(c->passed, r->at)) {
        read_page(r);
        return;
    }
    if (!position_known(c->passed) && !somebody_waits(c)) {
        append_mark(c);
    }
    r->waiting = true;
}

void recovery_passed(struct cluster *c, struct span id)
{
    struct list_node *next;

    if (c->sessions == NULL || !position_parse(id, &c->passed)) {
        return;
    }
    for (struct list_node *node = c->restores.first; node != NULL; node = next) {
        struct restore *r = container_of(node, struct restore, node);
        next = node->next;
        if (r->waiting && !position_before(c->passed, r->at)) {
            r->waiting = false;
            read_on(r);
        }
    }
}

/* ---- whose session it is ---- */

static bool hand_over_session(struct restore *r, struct span value)
{
    struct cluster_session session;
    struct borrowed b = {0};

    if (cluster_session_decode(&r->decoder, value, &session) < 0 ||
        !span_eq(session.pid, span_of_str(r->asker->pid))) {
        return false;
    }
    r->rooms = session.rooms;
    const struct adapter_session found = {
        .sid = str_of_span(session.sid),
        .pid = str_of_span(session.pid),
        .rooms = borrow_names(&b, session.rooms),
        .room_count = session.rooms.count,
        .info_json = session.data.len == 0 ? ROOKERY_STR("{}") : str_of_span(session.data),
    };
    r->asker->on_session(r->asker, &found);
    borrowed_finish(&b);
    return true;
}

static void on_taken(struct keyspace_call *call)
{
    struct restore *r = container_of(call, struct restore, take);

    r->calls--;
    if (r->asker != NULL) {
        if (call->error == 0 && call->found && hand_over_session(r, call->value)) {
            read_on(r);
        } else {
            tell(r, false);
        }
    }
    free_if_done(r);
}

static void take_session(struct restore *r)
{
    struct keyspace *k = r->cluster->sessions;
    struct bytes key = {0};

    set_key(&key, span_of_str(r->asker->pid));
    r->take.on_done = on_taken;
    r->calls++;
    k->ops->take(k, bytes_span(&key), &r->take);
    bytes_finish(&key);
}

static void use_former(struct restore *r)
{
    const struct adapter_session *former = r->asker->former;

    for (size_t i = 0; i < former->room_count; i++) {
        struct span room = span_of_str(former->rooms[i]);
        bytes_add(&r->names, &room, sizeof room);
    }
    r->rooms = (struct adapter_names){(const void *)r->names.data, former->room_count};
    read_on(r);
}

static bool begin(struct restore *r)
{
    struct cluster *c = r->cluster;
    bool possible = c->bus != NULL && c->restore_count < RESTORES_MAX &&
                    position_parse(span_of_str(r->asker->offset), &r->at);

    list_add(&c->restores, &r->node);
    c->restore_count++;
    if (possible) {
        r->deadline.fire = on_deadline;
        executor_timer_start(cluster_executor(c), &r->deadline, c->options.request_timeout_ms);
    }
    return possible;
}

static void run_restore(struct task *task)
{
    struct restore *r = container_of(task, struct restore, task);

    if (!begin(r)) {
        tell(r, false);
        free_if_done(r);
    } else if (r->asker->former != NULL) {
        use_former(r);
    } else {
        take_session(r);
    }
}

void recovery_restore(struct adapter *a, struct rookery_namespace *nsp, struct restoration *asker)
{
    struct restore *r = xcalloc(1, sizeof *r);

    r->cluster = cluster_of(a);
    r->name = span_of_str(rookery_namespace_name(nsp));
    r->asker = asker;
    r->task.run = run_restore;
    executor_post(cluster_executor(r->cluster), &r->task); /* nothing is told within the call */
}

void recovery_stop(struct cluster *c)
{
    while (c->restores.first != NULL) {
        struct restore *r = container_of(c->restores.first, struct restore, node);
        tell(r, false);
        free_if_done(r);
    }
}
