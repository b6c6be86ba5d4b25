// SPDX-License-Identifier: MIT
#include "src/socket/survey.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/errand.h"
#include "src/socket/outward.h"

struct survey_errand {
    struct errand errand;
    struct survey *survey;
    const struct rookery_loop *speaker;  /* asks the adapter; NULL: nobody does */
    struct rookery_elsewhere *elsewhere; /* the event and its arguments */
};

/* ---- on the loop that asked ---- */

static void receive(struct task *task)
{
    struct finding *f = container_of(task, struct finding, task);
    struct survey *s = f->survey;
    bool is_last = f->is_last;

    if (f->error != 0) {
        s->error = f->error;
    }
    if (f->take != NULL) {
        f->take(f, s);
    } else {
        free(f);
    }
    if (is_last && --s->parts_left == 0) {
        s->conclude(s);
    }
}

void survey_report(struct survey *s, struct finding *f)
{
    f->survey = s;
    f->task.run = receive;
    executor_post(s->loop->executor, &f->task);
}

/* ---- asking ---- */

static void report_last(struct survey *s, struct finding *found, int error)
{
    struct finding *f = found == NULL ? xcalloc(1, sizeof *f) : found;

    f->is_last = true;
    f->error = error;
    survey_report(s, f);
}

static void on_done(struct inquiry *q, int error)
{
    report_last(survey_of(q), NULL, error);
}

static void run(struct errand *e, struct rookery_loop *loop)
{
    struct survey_errand *se = (struct survey_errand *)e;
    struct survey *s = se->survey;
    struct share *share = share_of(e->nsp, loop);
    struct adapter *a = loop->io->adapter;

    if (loop == se->speaker) {
        a->ops->inquire(a, e->nsp, &s->inquiry, e->target, se->elsewhere->event,
                        &se->elsewhere->args);
    }
    bool looks = s->look != NULL && share != NULL && !namespace_is_parent(e->nsp);
    report_last(s, looks ? s->look(s, share, e->target) : NULL, 0);
}

static void finish(struct errand *e)
{
    free(((struct survey_errand *)e)->elsewhere);
}

void survey_init(struct survey *s, struct rookery_namespace *nsp)
{
    *s = (struct survey){
        .nsp = nsp,
        .loop = outward_speaker(nsp->io),
        .error = namespace_is_parent(nsp) ? ROOKERY_EINVAL : 0,
    };
}

void survey_begin(struct survey *s, const struct rookery_target *target, struct rookery_str event,
                  const struct rookery_args *args)
{
    struct survey_errand *se = errand_create(sizeof *se, s->nsp, target);
    struct rookery_elsewhere elsewhere = {.event = event};

    if (args != NULL) {
        elsewhere.args = *args;
    }
    se->errand.run = run;
    se->errand.finish = finish;
    se->survey = s;
    se->elsewhere = elsewhere_copy(&elsewhere);
    if (outward_wanted(s->nsp, target) && !namespace_is_parent(s->nsp)) {
        s->inquiry.on_done = on_done;
        se->speaker = s->loop;
    }
    s->parts_left = s->nsp->io->loop_count + (se->speaker != NULL);
    errand_send(&se->errand, NULL);
}
