// SPDX-License-Identifier: MIT
/* Streams: what the hub keeps of them, and the nodes that follow and read them. */
#include <stdio.h>

#include "tests/support/bus_hub_internal.h"

static bool after(struct position a, struct position b)
{
    return a.ms != b.ms ? a.ms > b.ms : a.n > b.n;
}

struct position hub_parse_id(struct span text)
{
    struct position p = {0};
    size_t dash = 0;

    while (dash < text.len && text.data[dash] != '-') {
        dash++;
    }
    if (span_to_u64(span_of(text.data, dash), UINT64_MAX, &p.ms) != 0 ||
        (dash < text.len && span_to_u64(span_skip(text, dash + 1), UINT64_MAX, &p.n) != 0)) {
        return (struct position){0};
    }
    return p;
}

struct span hub_format_id(struct position p, char text[HUB_ID_TEXT_MAX])
{
    int len = snprintf(text, HUB_ID_TEXT_MAX, "%llu-%llu", (unsigned long long)p.ms,
                       (unsigned long long)p.n);
    return span_of(text, (size_t)len);
}

static struct stream *find_stream(struct bus_hub *hub, struct span name)
{
    struct stream *s = hub->streams;

    while (s != NULL && !span_eq(bytes_span(&s->name), name)) {
        s = s->next;
    }
    return s;
}

void hub_finish_entry(struct entry *e)
{
    for (size_t i = 0; i < e->field_count * 2; i++) {
        bytes_finish(&e->fields[i]);
    }
    free(e->fields);
}

static void copy_entry(struct entry *to, const struct entry *from)
{
    *to = (struct entry){.id = from->id, .field_count = from->field_count};
    to->fields = xcalloc(from->field_count * 2 + 1, sizeof to->fields[0]);
    for (size_t i = 0; i < from->field_count * 2; i++) {
        bytes_add_span(&to->fields[i], bytes_span(&from->fields[i]));
    }
}

static struct stream *make_stream(struct bus_hub *hub, struct span name)
{
    struct stream *s = find_stream(hub, name);

    if (s == NULL) {
        s = xcalloc(1, sizeof *s);
        bytes_add_span(&s->name, name);
        s->next = hub->streams;
        hub->streams = s;
    }
    return s;
}

static void trim(struct stream *s, uint64_t entries_max)
{
    size_t over = s->count > entries_max ? s->count - (size_t)entries_max : 0;

    for (size_t i = 0; i < over; i++) {
        hub_finish_entry(&s->entries[i]);
    }
    if (over != 0) {
        memmove(s->entries, s->entries + over, (s->count - over) * sizeof s->entries[0]);
        s->count -= over;
    }
}

/* args: name, value, name... */
static struct entry *add_entry(struct stream *s, int64_t wall_ms, const struct span *args,
                               size_t arg_count)
{
    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 16 : s->cap * 2;
        s->entries = xreallocarray(s->entries, s->cap, sizeof s->entries[0]);
    }
    struct entry *e = &s->entries[s->count++];
    if ((uint64_t)wall_ms > s->last.ms) {
        s->last = (struct position){.ms = (uint64_t)wall_ms};
    } else {
        s->last.n++;
    }
    *e = (struct entry){.id = s->last, .field_count = arg_count / 2};
    e->fields = xcalloc(arg_count + 1, sizeof e->fields[0]);
    for (size_t i = 0; i < arg_count; i++) {
        bytes_add_span(&e->fields[i], args[i]);
    }
    return e;
}

void hub_drop_streams(struct bus_hub *hub)
{
    while (hub->streams != NULL) {
        struct stream *s = hub->streams;
        hub->streams = s->next;
        trim(s, 0);
        free(s->entries);
        bytes_finish(&s->name);
        free(s);
    }
}

/* Entries as the bus shows them; *fields is freed by the caller. */
static struct bus_entry *show_entries(const struct entry *entries, size_t n, char *ids,
                                      struct bus_field **fields)
{
    struct bus_entry *shown = xcalloc(n + 1, sizeof *shown);
    size_t total = 0;

    for (size_t i = 0; i < n; i++) {
        total += entries[i].field_count;
    }
    struct bus_field *field = *fields = xcalloc(total + 1, sizeof *field);
    for (size_t i = 0; i < n; i++) {
        shown[i] = (struct bus_entry){.fields = field, .field_count = entries[i].field_count};
        shown[i].id = hub_format_id(entries[i].id, ids + i * HUB_ID_TEXT_MAX);
        for (size_t j = 0; j < entries[i].field_count; j++, field++) {
            field->name = bytes_span(&entries[i].fields[2 * j]);
            field->value = bytes_span(&entries[i].fields[2 * j + 1]);
        }
    }
    return shown;
}

/* Entries. */

static void entry_arrives(struct node *node, struct parcel *p)
{
    struct follow *f = node->follows;
    char ids[HUB_ID_TEXT_MAX];
    struct bus_field *fields;

    while (f != NULL && !span_eq(bytes_span(&f->stream), bytes_span(&p->name))) {
        f = f->next;
    }
    if (f == NULL || !after(p->entries[0].id, f->position)) {
        return;
    }
    f->position = p->entries[0].id;
    hub_add_to(&node->counts->received, 1);
    struct bus_entry *shown = show_entries(p->entries, 1, ids, &fields);
    node->handlers.on_entry(node->handlers.arg, bytes_span(&p->name), shown);
    free(fields);
    free(shown);
}

static void send_entry(struct node *node, const struct stream *s, const struct entry *e)
{
    struct parcel *p = hub_make_parcel(entry_arrives);

    bytes_add_span(&p->name, bytes_span(&s->name));
    p->entries = xcalloc(1, sizeof p->entries[0]);
    p->entry_count = 1;
    copy_entry(p->entries, e);
    hub_send(node, DOWN_ENTRIES, p);
}

void hub_catch_up(struct node *node, struct follow *f)
{
    struct stream *s = find_stream(node->hub, bytes_span(&f->stream));
    struct position last = s == NULL ? (struct position){0} : s->last;

    if (!f->known) {
        f->known = true;
        f->position = last;
    } else if (after(f->position, last)) {
        f->position = (struct position){0}; /* recreated, and the clock has gone back */
    }
    for (size_t i = 0; s != NULL && i < s->count; i++) {
        if (after(s->entries[i].id, f->position)) {
            send_entry(node, s, &s->entries[i]);
        }
    }
}

void hub_append(struct node *from, const struct outbox_item *item, struct position *id)
{
    struct stream *s = make_stream(from->hub, item->args[0]);
    struct entry *e =
        add_entry(s, executor_wall_ms(from->executor), item->args + 1, item->count - 1);

    *id = e->id;
    for (struct node *node = from->hub->nodes; node != NULL; node = node->next) {
        for (struct follow *f = node->follows; node->up && f != NULL; f = f->next) {
            if (span_eq(bytes_span(&f->stream), bytes_span(&s->name))) {
                send_entry(node, s, e);
            }
        }
    }
    trim(s, item->entries_max);
}

/* Reads. */

static void finish_read(struct bus_read *read, int error, const struct entry *entries, size_t n)
{
    char *ids = xcalloc(n + 1, HUB_ID_TEXT_MAX);
    struct bus_field *fields;
    struct bus_entry *shown = show_entries(entries, n, ids, &fields);

    read->on_done(read, error, shown, n);
    free(shown);
    free(fields);
    free(ids);
}

static void read_answered(struct node *node, struct parcel *p)
{
    struct bus_read *read = p->read;

    p->read = NULL;
    finish_read(read, 0, p->entries, p->entry_count);
}

/* A read that fails goes the way of a parcel of its own, so that it is done in the next turn. */
void hub_read_failed(struct node *node, struct parcel *p)
{
    struct bus_read *read = p->read;

    p->read = NULL;
    finish_read(read, BUS_EDOWN, NULL, 0);
}

void hub_read(struct node *node, struct parcel *p)
{
    struct stream *s = find_stream(node->hub, bytes_span(&p->name));
    struct parcel *back = hub_make_parcel(read_answered);

    back->entries = xcalloc(s == NULL ? 1 : s->count + 1, sizeof back->entries[0]);
    for (size_t i = 0; s != NULL && i < s->count && back->entry_count < p->number; i++) {
        const struct entry *e = &s->entries[i];
        if (p->exclusive ? after(e->id, p->position) : !after(p->position, e->id)) {
            copy_entry(&back->entries[back->entry_count++], e);
        }
    }
    back->read = p->read;
    p->read = NULL;
    hub_send(node, DOWN_REPLIES, back);
}
