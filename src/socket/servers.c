/* What servers of a cluster say to each other: rookery_server_emit, rookery_server_count, and the
 * way in, local_server_event. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "protocol/adapter_message.h"
#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/event.h"
#include "src/socket/local.h"
#include "src/socket/survey.h"
#include "src/socket/text.h"

/* ---- how many there are ---- */

struct counting {
    struct survey survey;
    uint64_t servers;
    rookery_count_fn fn;
    void *arg;
};

struct count_found {
    struct finding finding;
    uint64_t servers;
};

static void take_count(struct finding *f, struct survey *s)
{
    ((struct counting *)s)->servers = ((struct count_found *)f)->servers;
    free(f);
}

static void on_count(struct inquiry *q, uint64_t servers)
{
    struct count_found *found = xcalloc(1, sizeof *found);

    found->finding.take = take_count;
    found->servers = servers;
    survey_report(survey_of(q), &found->finding);
}

static void conclude_counting(struct survey *s)
{
    struct counting *c = (struct counting *)s;

    c->fn(s->error, c->servers, c->arg);
    free(c);
}

void rookery_server_count(struct rookery_namespace *nsp, rookery_count_fn fn, void *arg)
{
    struct counting *c = xcalloc(1, sizeof *c);

    survey_init(&c->survey, nsp);
    c->survey.conclude = conclude_counting;
    c->survey.inquiry.kind = INQUIRE_SERVERS;
    c->survey.inquiry.on_count = on_count;
    c->servers = 1;
    c->fn = fn;
    c->arg = arg;
    survey_begin(&c->survey, NULL, (struct rookery_str){0}, NULL);
}

/* ---- an event for them ---- */

struct emitting {
    struct survey survey;
    rookery_acks_fn fn; /* NULL: no answers are wanted */
    void *arg;
    struct rookery_args **answers;
    size_t count;
};

struct answer_found {
    struct finding finding;
    struct rookery_args *answer;
};

static void take_answer(struct finding *f, struct survey *s)
{
    struct emitting *e = (struct emitting *)s;

    e->answers = xreallocarray(e->answers, e->count + 1, sizeof(struct rookery_args *));
    e->answers[e->count++] = ((struct answer_found *)f)->answer;
    free(f);
}

static void on_answer(struct inquiry *q, const struct rookery_args *answer)
{
    struct answer_found *found = xcalloc(1, sizeof *found);

    found->finding.take = take_answer;
    found->answer = args_copy(answer);
    survey_report(survey_of(q), &found->finding);
}

static void hand_over(const struct emitting *e)
{
    struct rookery_args *answers = xcalloc(e->count + 1, sizeof *answers);

    for (size_t i = 0; i < e->count; i++) {
        answers[i] = *e->answers[i];
    }
    e->fn(e->survey.error, answers, e->count, e->arg);
    free(answers);
}

static void conclude_emitting(struct survey *s)
{
    struct emitting *e = (struct emitting *)s;

    if (e->fn != NULL) {
        hand_over(e);
    }
    for (size_t i = 0; i < e->count; i++) {
        free(e->answers[i]);
    }
    free(e->answers);
    free(e);
}

static struct emitting *create_emitting(struct rookery_namespace *nsp,
                                        const struct rookery_broadcast *how)
{
    struct emitting *e = xcalloc(1, sizeof *e);

    survey_init(&e->survey, nsp);
    e->survey.conclude = conclude_emitting;
    e->survey.inquiry.kind = INQUIRE_EMIT;
    e->survey.inquiry.on_answer = on_answer;
    if (how != NULL) {
        e->survey.inquiry.timeout_ms = how->timeout_ms;
        e->survey.inquiry.wants_answers = how->on_acks != NULL;
        e->fn = how->on_acks;
        e->arg = how->arg;
    }
    return e;
}

int rookery_server_emit(struct rookery_namespace *nsp, struct rookery_str event,
                        const struct rookery_args *args, const struct rookery_broadcast *how)
{
    int error = encoder_check(event, args);

    if (namespace_is_parent(nsp)) {
        return ROOKERY_EINVAL;
    }
    if (adapter_event_reserved(ADAPTER_EMIT, span_of_str(event))) {
        return ROOKERY_ERESERVED;
    }
    if (error == 0) {
        survey_begin(&create_emitting(nsp, how)->survey, NULL, event, args);
    }
    return error;
}

/* ---- an event of one of them ---- */

struct server_slot {
    struct rookery_ack_slot slot;
    local_answer_fn fn;
    void *arg;
};

void local_server_event(struct rookery_namespace *nsp, struct rookery_str name,
                        const struct rookery_args *args, local_answer_fn fn, void *arg)
{
    static const struct rookery_args none;
    const struct callbacks *list =
        handlers_of_event(&nsp->handlers->server_events, span_of_str(name));
    struct server_slot slot = {.slot = {.open = fn != NULL}, .fn = fn, .arg = arg};
    const struct rookery_event event = {
        .name = name,
        .args = args == NULL ? none : *args,
        .wants_ack = fn != NULL,
        .slot = &slot.slot,
    };

    for (size_t i = 0; list != NULL && i < list->count; i++) {
        list->items[i].fn.on_server_event(nsp, &event, list->items[i].arg);
    }
    if (fn != NULL && slot.slot.open) {
        fn(NULL, arg);
    }
}

void rookery_server_reply(const struct rookery_event *event, const struct rookery_args *args)
{
    struct server_slot *slot = container_of(event->slot, struct server_slot, slot);
    struct rookery_args first = {0};

    if (args != NULL) {
        first = *args;
        first.json = rookery_arg(args, 0);
    }
    if (slot->slot.open && encoder_check(ROOKERY_STR("answer"), &first) == 0) {
        slot->slot.open = false;
        slot->fn(&first, slot->arg);
    }
}

void rookery_on_server_event(struct rookery_namespace *nsp, struct rookery_str name,
                             rookery_server_event_fn fn, void *arg)
{
    handlers_on_event(&nsp->handlers->server_events, span_of_str(name),
                      (struct callback){{.on_server_event = fn}, arg});
}
