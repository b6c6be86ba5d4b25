// SPDX-License-Identifier: MIT
#include "src/chat/hearing.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/chat/chat_loop.h"
#include "src/chat/crew.h"
#include "src/chat/direct.h"
#include "src/chat/gossip.h"
#include "src/chat/inquest.h"
#include "src/chat/text.h"

/* ---- at the home of the room ---- */

/* A fact of that node, for the home of its room. */
struct report {
    struct task task;
    struct chat_loop *home;
    uint8_t node;
    uint8_t id_len; /* of the node */
    uint32_t len;
    uint8_t text[]; /* the id, the fact */
};

static void take(struct chat_loop *home, const struct report *r, const struct fact *f,
                 struct bytes *texts)
{
    struct chat_room *room = chat_room_find(home, f->room);
    bool in_use = room != NULL && (room->roster.here > 0 || inquest_is_held(room));

    if (f->kind == FACT_DIRECT) {
        direct_take_state(home, f);
    } else if (f->kind == FACT_ASK && chat_room_kind(f->room) == ROOM_USER) {
        direct_forward(home, f->room);
    } else if (f->kind == FACT_ASK) {
        if ((room != NULL && room->roster.here > 0) || f->all) {
            gossip_answer(home, f->room, room, span_of(r->text, r->id_len));
        }
    } else if (in_use) {
        crew_take(room, r->node, f, texts);
    }
}

static void arrive(struct task *task)
{
    struct report *r = container_of(task, struct report, task);
    struct bytes texts = {0};
    struct fact f;
    struct json v;

    if (json_parse(span_of(r->text + r->id_len, r->len), JSON_DEPTH_MAX, &v) == 0) {
        tuple_reserve(&texts, v.text);
        if (fact_read(v, &texts, &f)) {
            take(r->home, r, &f, &texts);
        }
    }
    bytes_finish(&texts);
    free(r);
}

static void pass_on(struct chat *chat, uint8_t node, struct span id, struct span room,
                    struct span text)
{
    struct report *r = xmalloc(sizeof *r + id.len + text.len);

    r->home = chat_home_of(chat, room);
    r->node = node;
    r->id_len = (uint8_t)id.len;
    r->len = (uint32_t)text.len;
    memcpy(r->text, id.data, id.len);
    memcpy(r->text + id.len, text.data, text.len);
    chat_go(chat->loops, r->home, &r->task, arrive);
}

/* ---- on all loops ---- */

/* Something to be done with each room of a loop that is in use. */
struct round {
    struct task task;
    struct chat_loop *home;
    void (*visit)(struct chat_room *room, const struct round *round);
    uint8_t node;
    uint8_t id_len;
    char id[FACT_NODE_BYTES_MAX];
};

static void go_round(struct task *task)
{
    struct round *round = container_of(task, struct round, task);
    struct chat_room *room;

    for (uint32_t i = 0; (room = map_next(&round->home->rooms.by_name, &i)) != NULL;) {
        if (crew_is_of(room)) {
            round->visit(room, round);
        }
    }
    free(round);
}

static void on_all_loops(struct chat *chat, struct round round)
{
    for (unsigned i = 0; i < chat->loop_count; i++) {
        struct round *copy = xmalloc(sizeof *copy);
        *copy = round;
        copy->home = &chat->loops[i];
        chat_go(chat->loops, copy->home, &copy->task, go_round);
    }
}

static void visit_to_ask(struct chat_room *room, const struct round *round)
{
    crew_ask(room, span_of(round->id, round->id_len), true);
}

static void visit_to_forget(struct chat_room *room, const struct round *round)
{
    crew_lose(room, round->node);
}

/* node: its id, or empty: all. */
static void ask_for_all(struct chat *chat, struct span node)
{
    struct round round = {.visit = visit_to_ask, .id_len = (uint8_t)node.len};

    if (node.len > 0) {
        memcpy(round.id, node.data, node.len);
    }
    on_all_loops(chat, round);
}

/* ---- loop 0 ---- */

static bool is_for_us(const struct chat *chat, const struct fact *f)
{
    bool all = f->kind != FACT_HERE && f->node.len == 0;

    return all || (f->kind != FACT_HERE && f->kind != FACT_ASK) ||
           span_eq(f->node, span_of_str(rookery_node_id(chat->io)));
}

static void take_fact(struct chat *chat, uint8_t node, struct span id, struct json v,
                      struct bytes *texts)
{
    struct fact f;

    tuple_reserve(texts, v.text);
    if (!fact_read(v, texts, &f)) {
        chat_count(chat->loops, STAT_NOTES_MALFORMED);
    } else if (f.kind == FACT_ANEW) {
        ask_for_all(chat, id);
    } else if (is_for_us(chat, &f)) {
        pass_on(chat, node, id, f.room, v.text);
    }
}

static void on_facts(struct rookery_namespace *nsp, const struct rookery_event *event, void *arg)
{
    struct chat *chat = arg;
    char id[FACT_NODE_BYTES_MAX + 1];
    int id_len = rookery_json_text(rookery_arg(&event->args, 0), id, sizeof id);
    struct bytes texts = {0};
    struct json list, v;
    struct json_iter it;

    (void)nsp;
    if (id_len <= 0 ||
        json_parse(span_of_str(rookery_arg(&event->args, 1)), JSON_DEPTH_MAX, &list) < 0 ||
        list.type != JSON_ARRAY) {
        chat_count(chat->loops, STAT_NOTES_MALFORMED);
        return;
    }
    struct span name = span_of(id, (size_t)id_len);
    int node = nodes_number(&chat->crew->nodes, name);
    if (node == NODES_EFULL) {
        chat_count(chat->loops, STAT_NOTES_CROWDED);
    }
    if (node < 0 || span_eq(name, span_of_str(rookery_node_id(chat->io)))) {
        return;
    }
    json_array_begin(&it, list);
    while (json_array_next(&it, &v)) {
        take_fact(chat, (uint8_t)node, name, v, &texts);
    }
    bytes_finish(&texts);
}

/* The registry tells each change once. */
static void count_alive(struct chat *chat, bool came)
{
    if (came) {
        atomic_fetch_add_explicit(&chat->crew->alive, 1, memory_order_relaxed);
    } else if (crew_node_count(chat) > 0) {
        atomic_fetch_sub_explicit(&chat->crew->alive, 1, memory_order_relaxed);
    }
}

static void on_node(const struct rookery_node *node, bool alive, void *arg)
{
    struct chat *chat = arg;
    struct span id = span_of_str(node->id);

    if (node->self || id.len > FACT_NODE_BYTES_MAX) {
        return;
    }
    count_alive(chat, alive);
    if (alive) {
        if (nodes_came(&chat->crew->nodes, id)) {
            ask_for_all(chat, id);
        }
        return;
    }
    struct round round = {.visit = visit_to_forget, .node = nodes_gone(&chat->crew->nodes, id)};
    if (round.node != ROSTER_HERE) {
        on_all_loops(chat, round);
    }
}

static void on_cluster(bool up, void *arg)
{
    struct chat *chat = arg;
    struct fact anew = {.kind = FACT_ANEW};

    if (up) {
        gossip_tell(chat->loops, &anew);
        ask_for_all(chat, SPAN(""));
    }
}

void hearing_add_handlers(struct chat *chat)
{
    rookery_on_server_event(chat->nsp, ROOKERY_STR(GOSSIP_EVENT), on_facts, chat);
    rookery_on_node(chat->io, on_node, chat);
    rookery_on_cluster(chat->io, on_cluster, chat);
}
