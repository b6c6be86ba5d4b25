// SPDX-License-Identifier: MIT
#include "src/cluster/node_view.h"

#include <stdatomic.h>

#include "src/base/memory.h"

static size_t text_bytes(const struct node_record *r)
{
    return r->id.len + r->name.len + r->address.len + r->adapter.len;
}

/* Copies *text to *at, which moves on. */
static void move_text(struct span *text, char **at)
{
    if (text->len > 0) {
        memcpy(*at, text->data, text->len);
    }
    *text = span_of(*at, text->len);
    *at += text->len;
}

static struct node_view *make_view(const struct registry_node *const *nodes, size_t count)
{
    struct node_view *view = xcalloc(1, sizeof *view + count * sizeof view->nodes[0]);
    size_t bytes = 0;
    char *at;

    for (size_t i = 0; i < count; i++) {
        bytes += text_bytes(&nodes[i]->record);
    }
    at = view->texts = xmalloc(bytes + 1);
    atomic_init(&view->holders, 1);
    view->count = count;
    for (size_t i = 0; i < count; i++) {
        struct node_record *r = &view->nodes[i].record;
        view->nodes[i] = *nodes[i];
        move_text(&r->id, &at);
        move_text(&r->name, &at);
        move_text(&r->address, &at);
        move_text(&r->adapter, &at);
    }
    return view;
}

void node_shown_init(struct node_shown *shown)
{
    lock_init(&shown->lock);
    shown->view = make_view(NULL, 0);
}

void node_shown_finish(struct node_shown *shown)
{
    node_view_give_back(shown->view);
    lock_finish(&shown->lock);
}

void node_shown_set(struct node_shown *shown, const struct registry_node *const *nodes,
                    size_t count)
{
    struct node_view *next = make_view(nodes, count), *before;

    lock_enter(&shown->lock);
    before = shown->view;
    shown->view = next;
    lock_leave(&shown->lock);
    node_view_give_back(before);
}

/* What is shown is const for those who look, but for the lock and the count. */
const struct node_view *node_view_take(const struct node_shown *shown)
{
    struct node_shown *s = (struct node_shown *)(uintptr_t)shown;
    struct node_view *view;

    lock_enter(&s->lock);
    view = s->view;
    atomic_fetch_add_explicit(&view->holders, 1, memory_order_relaxed);
    lock_leave(&s->lock);
    return view;
}

void node_view_give_back(const struct node_view *view)
{
    struct node_view *v = (struct node_view *)(uintptr_t)view;

    if (atomic_fetch_sub_explicit(&v->holders, 1, memory_order_acq_rel) == 1) {
        free(v->texts);
        free(v);
    }
}
