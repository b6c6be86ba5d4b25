// SPDX-License-Identifier: MIT
#include "src/socket/keeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/base64.h"
#include "src/base/memory.h"
#include "src/socket/args_copy.h"
#include "src/socket/io.h"
#include "src/socket/io_loop.h"
#include "src/socket/namespace.h"
#include "src/socket/text.h"

enum { SWEEP_MS_MIN = 500, SWEEP_MS_MAX = 30000 };

struct kept_session {
    struct list_node node;
    const struct rookery_namespace *nsp;
    unsigned loop; /* where it was */
    uint64_t saved_ms;
    size_t bytes;
    struct adapter_session session; /* ours, as follows */
    struct rookery_str *rooms, *texts;
    uint8_t *tags;
};

/* What a session's `mark` says of a client that has been restored: which offset it came with, and
 * what it had got by then. As long as it names that offset it has got nothing since. */
struct mark {
    uint64_t came_with; /* stamp */
    uint64_t got[];     /* by loop */
};

static size_t bytes_of_mark(const struct keeper *k)
{
    return sizeof(struct mark) + k->backlog.loop_count * sizeof(uint64_t);
}

/* ---- life ---- */

static struct span pid_of(const void *value)
{
    return span_of_str(((const struct kept_session *)value)->session.pid);
}

static void sweep(struct keeper *k, uint64_t now_ms);

static void sweep_later(struct keeper *k)
{
    unsigned ms = k->keep_ms / 2;

    ms = ms < SWEEP_MS_MIN ? SWEEP_MS_MIN : ms > SWEEP_MS_MAX ? SWEEP_MS_MAX : ms;
    executor_timer_start(k->io->loops[0].executor, &k->sweep, ms);
}

static void on_sweep(struct timer *timer)
{
    struct keeper *k = container_of(timer, struct keeper, sweep);

    lock_enter(&k->lock);
    sweep(k, k->io->loops[0].executor->now_ms);
    lock_leave(&k->lock);
    sweep_later(k);
}

struct keeper *keeper_create(struct io *io, unsigned keep_ms, size_t bytes_max)
{
    struct keeper *k = xcalloc(1, sizeof *k);
    uint8_t raw[KEEPER_EPOCH_LEN * 3 / 4];
    uint64_t secret[2];

    k->io = io;
    k->keep_ms = keep_ms;
    k->bytes_max = bytes_max;
    executor_random(io->loops[0].executor, raw, sizeof raw);
    base64url_encode(span_of(raw, sizeof raw), (uint8_t *)k->epoch);
    executor_random(io->loops[0].executor, secret, sizeof secret);
    lock_init(&k->lock);
    backlog_init(&k->backlog, io->loop_count, secret);
    map_init(&k->sessions, pid_of, secret);
    k->sweep.fire = on_sweep;
    sweep_later(k);
    return k;
}

static void kept_destroy(struct kept_session *kept)
{
    free(kept->rooms);
    free(kept->texts);
    free(kept->tags);
    free(kept);
}

/* Out of the keeper; the caller's from here on. */
static void take_out(struct keeper *k, struct kept_session *kept)
{
    (void)map_remove(&k->sessions, pid_of(kept));
    list_queue_remove(&k->by_age, &kept->node);
    k->session_bytes -= kept->bytes;
}

static struct kept_session *oldest_session(const struct keeper *k)
{
    struct list_node *first = k->by_age.first;

    return first == NULL ? NULL : container_of(first, struct kept_session, node);
}

static void drop_session(struct keeper *k, struct kept_session *kept)
{
    take_out(k, kept);
    kept_destroy(kept);
}

void keeper_destroy(struct keeper *k)
{
    struct kept_session *kept;

    if (k == NULL) {
        return;
    }
    executor_timer_stop(k->io->loops[0].executor, &k->sweep);
    while ((kept = oldest_session(k)) != NULL) {
        drop_session(k, kept);
    }
    map_finish(&k->sessions);
    backlog_finish(&k->backlog);
    lock_finish(&k->lock);
    free(k);
}

static size_t bytes_kept(const struct keeper *k)
{
    return k->backlog.bytes + k->session_bytes;
}

struct keeper_figures keeper_figures(struct keeper *k)
{
    lock_enter(&k->lock);
    struct keeper_figures f = k->figures;
    f.bytes = bytes_kept(k);
    lock_leave(&k->lock);
    return f;
}

/* ---- bounds ---- */

static bool too_old(const struct keeper *k, uint64_t since_ms, uint64_t now_ms)
{
    return since_ms + k->keep_ms < now_ms;
}

/* What is too old, and the oldest while there is too much. */
static void sweep(struct keeper *k, uint64_t now_ms)
{
    for (;;) {
        struct said *said = backlog_oldest(&k->backlog);
        struct kept_session *kept = oldest_session(k);
        bool session_first = kept != NULL && (said == NULL || kept->saved_ms < said->said_ms);
        if (said == NULL && kept == NULL) {
            return;
        }
        if (!too_old(k, session_first ? kept->saved_ms : said->said_ms, now_ms)) {
            if (bytes_kept(k) <= k->bytes_max) {
                return;
            }
            k->figures.dropped++;
        }
        if (session_first) {
            drop_session(k, kept);
        } else {
            backlog_drop_oldest(&k->backlog);
        }
    }
}

/* ---- what is said ---- */

/* Under the lock. */
static struct said *add(struct keeper *k, const struct rookery_loop *loop,
                        const struct rookery_namespace *nsp, const struct rookery_target *to,
                        char offset[KEEPER_OFFSET_MAX])
{
    struct said *s =
        backlog_add(&k->backlog, nsp, to, loop->executor->index, loop->executor->now_ms);

    (void)snprintf(offset, KEEPER_OFFSET_MAX, "%.*s.%" PRIx64, KEEPER_EPOCH_LEN, k->epoch,
                   s->stamp);
    return s;
}

struct said *keeper_say(struct keeper *k, const struct rookery_loop *loop,
                        const struct rookery_namespace *nsp, const struct rookery_target *to,
                        struct span except_id, char offset[KEEPER_OFFSET_MAX])
{
    lock_enter(&k->lock);
    struct said *s = add(k, loop, nsp, to, offset);
    if (except_id.len != 0) {
        backlog_except(s, except_id);
    }
    lock_leave(&k->lock);
    return s;
}

struct said *keeper_say_to_one(struct keeper *k, const struct rookery_loop *loop,
                               const struct rookery_socket *to, char offset[KEEPER_OFFSET_MAX])
{
    lock_enter(&k->lock);
    struct said *s = add(k, loop, to->share->nsp, NULL, offset);
    backlog_to_one(&k->backlog, s, socket_id(to));
    lock_leave(&k->lock);
    return s;
}

void keeper_said(struct keeper *k, const struct rookery_loop *loop, struct said *s,
                 const struct said_form *forms, size_t count)
{
    lock_enter(&k->lock);
    backlog_complete(&k->backlog, s, forms, count);
    if (count == 0) {
        backlog_take_back(&k->backlog, s);
    } else {
        backlog_pass(&k->backlog, s, loop->executor->index);
    }
    sweep(k, loop->executor->now_ms);
    lock_leave(&k->lock);
}

void keeper_passed(struct keeper *k, const struct rookery_loop *loop, struct said *s)
{
    lock_enter(&k->lock);
    backlog_pass(&k->backlog, s, loop->executor->index);
    lock_leave(&k->lock);
}

/* False if it is no offset of this start. */
static bool read_offset(const struct keeper *k, struct span text, uint64_t *stamp)
{
    static const char digits[] = "0123456789abcdef";

    if (text.len < KEEPER_EPOCH_LEN + 2 || text.len > KEEPER_EPOCH_LEN + 1 + 16 ||
        memcmp(text.data, k->epoch, KEEPER_EPOCH_LEN) != 0 || text.data[KEEPER_EPOCH_LEN] != '.') {
        return false;
    }
    *stamp = 0;
    for (size_t i = KEEPER_EPOCH_LEN + 1; i < text.len; i++) {
        const char *digit = memchr(digits, text.data[i], 16);
        if (digit == NULL) {
            return false;
        }
        *stamp = *stamp << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

/* ---- saving ---- */

static struct kept_session *kept_create(const struct adapter_session *of)
{
    const struct rookery_str texts[] = {of->sid, of->pid, of->info_json, of->mark};
    struct kept_session *kept = xcalloc(1, sizeof *kept);

    kept->texts = strs_copy(texts, sizeof texts / sizeof *texts);
    kept->rooms = strs_copy(of->rooms, of->room_count);
    kept->tags = xcalloc(of->room_count + 1, 1);
    if (of->tags != NULL) {
        memcpy(kept->tags, of->tags, of->room_count);
    }
    kept->session = (struct adapter_session){
        .sid = kept->texts[0],
        .pid = kept->texts[1],
        .info_json = kept->texts[2],
        .mark = kept->texts[3],
        .rooms = kept->rooms,
        .tags = kept->tags,
        .room_count = of->room_count,
    };
    kept->bytes = sizeof *kept + of->info_json.len + of->mark.len + 2 * (size_t)SOCKET_ID_LEN +
                  of->room_count * (sizeof *kept->rooms + 1) + sizeof texts;
    for (size_t i = 0; i < of->room_count; i++) {
        kept->bytes += of->rooms[i].len;
    }
    return kept;
}

void keeper_save(struct keeper *k, const struct rookery_loop *loop, struct rookery_namespace *nsp,
                 const struct adapter_session *session)
{
    struct kept_session *kept = kept_create(session);

    kept->nsp = nsp;
    kept->loop = loop->executor->index;
    kept->saved_ms = loop->executor->now_ms;
    lock_enter(&k->lock);
    struct kept_session *former = map_get(&k->sessions, pid_of(kept));
    if (former != NULL) {
        drop_session(k, former);
    }
    map_add(&k->sessions, kept);
    list_queue_add(&k->by_age, &kept->node);
    k->session_bytes += kept->bytes;
    k->figures.saved++;
    sweep(k, kept->saved_ms);
    lock_leave(&k->lock);
}

/* ---- restoring ---- */

/* What the lock is left with. */
struct found {
    enum backlog_end end;
    struct kept_session *kept; /* ours; NULL: it is a second reading, or there is none */
    struct mark *mark;         /* goes with it */
    struct missed *missed;
    size_t missed_count;
    uint64_t through; /* place on the new loop */
};

static void read_backlog(struct keeper *k, const struct adapter_session *session,
                         struct backlog_reader *reader, struct found *f)
{
    reader->sid = span_of_str(session->sid);
    reader->rooms = session->rooms;
    reader->tags = session->tags;
    reader->room_count = session->room_count;
    f->end = backlog_read(&k->backlog, reader, &f->missed, &f->missed_count);
    f->through = backlog_place(&k->backlog, reader->to);
}

/* What its client has got, by what it says. False if that cannot be said any more. */
static bool fill_mark(const struct keeper *k, const struct kept_session *kept,
                      struct rookery_str offset, struct mark *m)
{
    const struct said *last = NULL;
    bool known = kept->session.mark.len == bytes_of_mark(k);
    uint64_t stamp;

    if (read_offset(k, span_of_str(offset), &stamp)) {
        last = backlog_find(&k->backlog, stamp);
    }
    if (last == NULL || last->nsp != kept->nsp) {
        return false;
    }
    if (known) {
        memcpy(m, kept->session.mark.data, bytes_of_mark(k));
    }
    if (known && m->came_with == stamp) {
        return true;
    }
    m->came_with = stamp;
    if (m->got[kept->loop] < last->places[kept->loop]) {
        m->got[kept->loop] = last->places[kept->loop];
    }
    return last->places[kept->loop] != 0;
}

/* A loop on which something was got. */
static unsigned former_loop(const struct mark *m, unsigned last)
{
    unsigned loop = last;

    for (unsigned i = 0; m->got[loop] == 0; i++) {
        loop = i;
    }
    return loop;
}

static void find_session(struct keeper *k, const struct restoration *r,
                         struct backlog_reader *reader, struct found *f)
{
    struct kept_session *kept = map_get(&k->sessions, span_of_str(r->pid));

    f->end = BACKLOG_GAP;
    if (kept == NULL || kept->nsp != reader->nsp) {
        return;
    }
    f->mark = xcalloc(1, bytes_of_mark(k));
    if (fill_mark(k, kept, r->offset, f->mark)) {
        reader->got = f->mark->got;
        reader->from = former_loop(f->mark, kept->loop);
        read_backlog(k, &kept->session, reader, f);
    }
    if (f->end != BACKLOG_EARLY) {
        take_out(k, kept);
        f->kept = kept;
    }
}

/* The second reading: from a place on this loop, which is what finish() has said. Should it not be,
 * nothing that follows is known. */
static void find_rest(struct keeper *k, const struct restoration *r, struct backlog_reader *reader,
                      struct found *f)
{
    uint64_t *got = xcalloc(k->backlog.loop_count, sizeof *got);

    f->end = BACKLOG_GAP;
    if (span_to_u64(span_of_str(r->offset), UINT64_MAX, &got[reader->to]) == 0) {
        reader->got = got;
        reader->from = reader->to;
        read_backlog(k, r->former, reader, f);
    }
    free(got);
}

/* The forms of it that are for the one who has missed it. */
static bool hand_over_forms(const struct missed *m, struct restoration *r)
{
    for (size_t i = 0; i < m->said->form_count; i++) {
        const struct said_form *form = &m->said->forms[i];
        if ((form->tags & m->tags) != 0 && !r->on_frames(r, form->packet)) {
            return false;
        }
    }
    return true;
}

static bool hand_over(const struct keeper *k, const struct found *f, struct restoration *r)
{
    if (f->end != BACKLOG_READ) {
        return false;
    }
    if (f->kept != NULL) {
        struct adapter_session session = f->kept->session;
        session.mark = (struct rookery_str){(const char *)f->mark, bytes_of_mark(k)};
        r->on_session(r, &session);
    }
    for (size_t i = 0; i < f->missed_count; i++) {
        if (!hand_over_forms(&f->missed[i], r)) {
            return false;
        }
    }
    return true;
}

static void finish(struct keeper *k, struct found *f, struct restoration *r)
{
    char through[KEEPER_OFFSET_MAX];
    int len = snprintf(through, sizeof through, "%" PRIu64, f->through);
    bool restored = hand_over(k, f, r);

    lock_enter(&k->lock);
    k->figures.restored += restored && f->kept != NULL;
    k->figures.refused += !restored;
    lock_leave(&k->lock);
    backlog_forget(f->missed, f->missed_count);
    if (f->kept != NULL) {
        kept_destroy(f->kept);
    }
    free(f->mark);
    r->on_done(r, restored, (struct rookery_str){through, (size_t)len});
}

bool keeper_restore(struct keeper *k, const struct rookery_loop *loop,
                    struct rookery_namespace *nsp, struct restoration *r)
{
    struct backlog_reader reader = {.nsp = nsp, .to = loop->executor->index};
    struct found f = {0};

    lock_enter(&k->lock);
    sweep(k, loop->executor->now_ms);
    if (r->former != NULL) {
        find_rest(k, r, &reader, &f);
    } else {
        find_session(k, r, &reader, &f);
    }
    lock_leave(&k->lock);
    if (f.end == BACKLOG_EARLY) {
        backlog_forget(f.missed, f.missed_count);
        free(f.mark);
        return false;
    }
    finish(k, &f, r);
    return true;
}
