// SPDX-License-Identifier: MIT
/* What journal.h promises, asked of every journal, alone and with a faulty one around it: a new one
 * is a line in `back_ends`. What is kept is looked at through a store. */
#include "src/journal/journal_kafka.h"

#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/journal/journal_rabbitmq.h"
#include "tests/support/journal_faulty.h"
#include "tests/support/service.h"
#include "tests/support/store_place.h"
#include "tests/support/tap.h"

struct back_end {
    const char *label, *journal;
    bool keeps;    /* in the store; false: acknowledges only, or keeps elsewhere */
    bool in_order; /* completions come in the order of appends: nothing is late or repeated */
    struct journal_faults faults;
    const char *service; /* that it needs; NULL: none */
    bool has_places;     /* though it does not keep in the store */
};

static const struct back_end back_ends[] = {
    {"none", "none", false, true, {0}},
    {"direct", "direct", true, true, {0}},
    {"direct, late", "direct", true, true, {.delay_turns = 3}},
    {"direct, refusing", "direct", true, false, {.refuse = 7}},
    {"direct, failing", "direct", true, false, {.fail_before = 11, .fail_after = 5}},
    {"direct, duplicating", "direct", true, false, {.duplicate = 3, .delay_turns = 1}},
    {"none, refusing and failing", "none", false, false, {.refuse = 5, .fail_before = 7}},
    {"rabbitmq", "rabbitmq", false, true, {0}, .service = "rabbitmq"},
    {"rabbitmq, failing",
     "rabbitmq",
     false,
     false,
     {.fail_before = 11, .fail_after = 5},
     .service = "rabbitmq"},
    {"rabbitmq, duplicating",
     "rabbitmq",
     false,
     false,
     {.duplicate = 3, .delay_turns = 1},
     .service = "rabbitmq"},
    {"kafka", "kafka", false, true, {0}, .service = "kafka", .has_places = true},
    {"kafka, failing",
     "kafka",
     false,
     false,
     {.fail_before = 11, .fail_after = 5},
     .service = "kafka"},
    {"kafka, duplicating",
     "kafka",
     false,
     false,
     {.duplicate = 3, .delay_turns = 1},
     .service = "kafka"},
};

enum {
    ROOMS = 5,
    SENDERS = 4,
    LETTERS = 600, /* that each sender sends */
    IN_FLIGHT = 20,
};

static const struct back_end *back_end;
static struct store_place place;
static struct store *store;
static struct journal *journal;
static struct service service;     /* that of the back-end, if it needs one */
static struct thread_executor hub; /* where a broker's events come in */

static int write_to_store(void *arg, struct message *const *messages, size_t count)
{
    return store_append(arg, messages, count);
}

static void start(void)
{
    store = store_place_open(&place, &store_sqlite);
    const struct journal_rabbitmq_options of_rabbitmq = {
        .url = service.url, .exchange = "chat_exchange", .queue = "message_persist_queue"};
    const struct journal_kafka_options of_kafka = {
        .brokers = service.url, .topic = "chat-messages", .create = true};
    struct journal_options options = {.sink = {write_to_store, store},
                                      .executor = &hub.executor,
                                      .kafka = &of_kafka,
                                      .rabbitmq = &of_rabbitmq};
    struct bytes why = {0};
    struct journal *inner = journal_ops_by_name(back_end->journal)->open(&options, &why);
    check(inner != NULL);
    if (inner->ops == &journal_kafka) {
        static const uint64_t bases[JOURNAL_KAFKA_PARTITIONS_MAX];
        journal_kafka_begin(inner, bases);
    }
    journal = journal_faulty_create(inner, &back_end->faults);
}

static void stop(void)
{
    journal_close(journal);
    store_close(store);
}

static const char *room_of(unsigned number)
{
    static const char *const rooms[ROOMS] = {"one", "two", "three", "four", ""};
    return rooms[number % ROOMS];
}

/* A sender keeps some letters in flight and sends each under its id until it is acknowledged. */
struct sender;

struct letter {
    struct journal_append op;
    struct sender *sender;
    struct task again;
    unsigned number;
    bool pending;
    char id[40];
};

struct sender {
    struct thread_executor loop;
    unsigned index, count, next, acknowledged;
    int report; /* where acknowledged numbers are written, or -1 */
    struct letter letters[IN_FLIGHT];
    uint64_t offsets[LETTERS];
    uint64_t newest[ROOMS];
    bool once, inside, ordered;
    sem_t done;
};

static struct sender senders[SENDERS];

static void send_letter(struct letter *letter);

static void name_letter(char *id, size_t size, unsigned sender, unsigned number)
{
    (void)snprintf(id, size, "018bcfe5-6800-7000-8000-%04x%08x", sender, number);
}

static void send_next(struct letter *letter)
{
    struct sender *s = letter->sender;

    if (s->next < s->count) {
        letter->number = s->next++;
        name_letter(letter->id, sizeof letter->id, s->index, letter->number);
        send_letter(letter);
    } else if (s->acknowledged == s->count) {
        (void)sem_post(&s->done);
    }
}

static void report(const struct letter *letter)
{
    const struct sender *s = letter->sender;
    unsigned line[3] = {s->index, letter->number, (unsigned)letter->op.message.offset};

    if (s->report >= 0 && write(s->report, line, sizeof line) != sizeof line) {
        _exit(1);
    }
}

static void on_done(struct journal_append *op)
{
    struct letter *letter = container_of(op, struct letter, op);
    struct sender *s = letter->sender;
    unsigned room = letter->number % ROOMS;

    s->once &= letter->pending;
    s->inside &= executor_inside(&s->loop.executor);
    letter->pending = false;
    if (op->error != 0) {
        send_letter(letter);
        return;
    }
    s->ordered &= op->message.offset > s->newest[room];
    s->newest[room] = op->message.offset;
    s->offsets[letter->number % LETTERS] = op->message.offset;
    s->acknowledged++;
    report(letter);
    send_next(letter);
}

static void again(struct task *task)
{
    send_letter(container_of(task, struct letter, again));
}

static void send_letter(struct letter *letter)
{
    struct message m = {.id = span_cstr(letter->id),
                        .room = span_cstr(room_of(letter->number)),
                        .user_id = SPAN("u1"),
                        .username = SPAN("Ann"),
                        .content = SPAN("\"hello\""),
                        .type = SPAN("text"),
                        .timestamp_ms = 1};
    struct executor *executor = &letter->sender->loop.executor;

    letter->op.on_done = on_done;
    letter->pending = true;
    if (journal_append(journal, &m, executor, &letter->op) != 0) {
        letter->pending = false;
        letter->again.run = again;
        executor_post(executor, &letter->again);
        return;
    }
    letter->sender->once &= letter->pending; /* later, not from within append */
}

static void send_first(void *arg)
{
    struct sender *s = arg;
    for (int i = 0; i < IN_FLIGHT; i++) {
        s->letters[i].sender = s;
        send_next(&s->letters[i]);
    }
}

static void start_sender(struct sender *s, unsigned index, unsigned count, int report_to)
{
    memset(s, 0, sizeof *s);
    s->index = index;
    s->count = count;
    s->report = report_to;
    s->once = s->inside = s->ordered = true;
    (void)sem_init(&s->done, 0, 0);
    thread_executor_start(&s->loop, index);
    thread_executor_run(&s->loop, send_first, s);
}

static void finish_sender(struct sender *s)
{
    while (sem_wait(&s->done) != 0) {
    }
    thread_executor_stop(&s->loop);
    (void)sem_destroy(&s->done);
    check(s->once);
    check(s->inside);
    check(s->acknowledged == s->count);
    if ((back_end->keeps || back_end->has_places) && back_end->in_order) {
        check(s->ordered);
    }
}

/* All that is in the room, checked to be there once, without gaps; returns how many. */
static unsigned count_room(struct thread_executor *loop, const char *room)
{
    uint64_t before = 0;
    unsigned count = 0;

    for (;;) {
        struct message_page *page =
            store_place_page(loop, store, span_cstr(room), before, STORE_PAGE_MAX, 0);
        size_t n = page != NULL ? page->count : 0;
        for (size_t i = 0; i < n; i++) {
            check(before == 0 || page->messages[i].offset == before - 1);
            before = page->messages[i].offset;
        }
        count += (unsigned)n;
        free(page);
        if (n == 0) {
            check(before == (count > 0 ? 1 : 0));
            return count;
        }
    }
}

static void check_stored(unsigned want)
{
    struct thread_executor loop;
    unsigned count = 0;

    thread_executor_start(&loop, 0);
    for (unsigned room = 0; room < ROOMS; room++) {
        count += count_room(&loop, room_of(room));
    }
    thread_executor_stop(&loop);
    check(count == want);
}

static void completes_each_append_once_and_later_on_its_own_loop(void)
{
    store_place_make(&place);
    start();
    start_sender(&senders[0], 0, LETTERS, -1);
    finish_sender(&senders[0]);
    stop();
    store_place_remove(&place);
}

static void takes_appends_of_four_threads_and_keeps_them_over_a_restart(void)
{
    store_place_make(&place);
    start();
    for (unsigned i = 0; i < SENDERS; i++) {
        start_sender(&senders[i], i, LETTERS, -1);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        finish_sender(&senders[i]);
    }
    stop();
    start();
    check_stored(back_end->keeps ? SENDERS * LETTERS : 0);
    stop();
    store_place_remove(&place);
}

static void gives_the_first_offset_to_an_id_that_comes_again(void)
{
    static uint64_t first[LETTERS];

    if (!back_end->keeps) {
        return;
    }
    store_place_make(&place);
    for (int round = 0; round < 3; round++) {
        if (round != 1) { /* once within a run, once after a restart */
            start();
        }
        start_sender(&senders[0], 0, LETTERS, -1);
        while (sem_wait(&senders[0].done) != 0) {
        }
        thread_executor_stop(&senders[0].loop);
        check(round == 0 || memcmp(first, senders[0].offsets, sizeof first) == 0);
        memcpy(first, senders[0].offsets, sizeof first);
        if (round != 0) {
            stop();
        }
    }
    start();
    check_stored(LETTERS);
    stop();
    store_place_remove(&place);
}

/* ---- what becomes of one message ---- */

struct single {
    struct journal_append op;
    struct thread_executor loop;
    struct message message;
    sem_t done;
};

static void on_single(struct journal_append *op)
{
    (void)sem_post(&container_of(op, struct single, op)->done);
}

static void append_single(void *arg)
{
    struct single *s = arg;

    s->op.on_done = on_single;
    check(journal_append(journal, &s->message, &s->loop.executor, &s->op) == 0);
}

/* What the append of that id at that time was answered. */
static struct message answer_to(const char *id, int64_t timestamp_ms)
{
    static struct single s;

    s.message = (struct message){.id = span_cstr(id),
                                 .room = SPAN("one"),
                                 .user_id = SPAN("u1"),
                                 .username = SPAN("Ann"),
                                 .content = SPAN("\"hello\""),
                                 .type = SPAN("text"),
                                 .client_id = SPAN("c1"),
                                 .timestamp_ms = timestamp_ms};
    (void)sem_init(&s.done, 0, 0);
    thread_executor_start(&s.loop, 0);
    thread_executor_run(&s.loop, append_single, &s);
    while (sem_wait(&s.done) != 0) {
    }
    thread_executor_stop(&s.loop);
    (void)sem_destroy(&s.done);
    check(s.op.error == 0);
    return s.op.message;
}

static bool remembers(const struct back_end *b)
{
    return strcmp(b->journal, "none") != 0 && b->faults.refuse == 0 && b->faults.fail_before == 0 &&
           b->faults.fail_after == 0;
}

static void says_that_an_id_comes_again_and_answers_with_place_and_time_of_the_first(void)
{
    static unsigned run; /* a broker remembers those of the runs before */
    char id[40], other_id[40];

    if (!remembers(back_end)) {
        return;
    }
    run++;
    (void)snprintf(id, sizeof id, "018bcfe5-6800-7000-8000-ffff%04x0001", run);
    (void)snprintf(other_id, sizeof other_id, "018bcfe5-6800-7000-8000-ffff%04x0002", run);
    store_place_make(&place);
    start();
    struct message first = answer_to(id, 1700000000001);
    struct message again = answer_to(id, 1700000000002);
    struct message other = answer_to(other_id, 1700000000003);
    check(first.fate == MESSAGE_STORED && first.timestamp_ms == 1700000000001);
    check(again.fate == MESSAGE_REPEATED && again.timestamp_ms == 1700000000001);
    check(again.offset == first.offset);
    check(other.fate == MESSAGE_STORED && other.timestamp_ms == 1700000000003);
    stop();
    store_place_remove(&place);
}

/* ---- what survives ---- */

enum { KILLED_AFTER = 1000, REPORTS_MAX = 200000 };

static void run_child(int report_to)
{
    (void)alarm(60); /* should the parent be gone */
    start();
    for (unsigned i = 0; i < 2; i++) {
        start_sender(&senders[i], i, REPORTS_MAX / 2, report_to);
    }
    for (;;) {
        (void)pause();
    }
}

/* Reads what the child acknowledged, kills it on the way; returns how many. */
static size_t read_reports(int from, pid_t child, unsigned (*reports)[3])
{
    size_t count = 0;

    while (count < REPORTS_MAX &&
           read(from, reports[count], sizeof reports[0]) == sizeof reports[0]) {
        if (++count == KILLED_AFTER) {
            check(kill(child, SIGKILL) == 0);
        }
    }
    return count;
}

/* Asks for each again: what was stored gives its offset, what was lost gives another. */
static void check_reported(unsigned (*reports)[3], size_t count)
{
    size_t lost = 0;

    for (size_t i = 0; i < count; i++) {
        char id[40];
        name_letter(id, sizeof id, reports[i][0], reports[i][1]);
        struct message m = {.id = span_cstr(id), .room = SPAN("elsewhere")};
        struct message *batch[] = {&m};
        lost += store_append(store, batch, 1) != 0 || m.offset != reports[i][2];
    }
    check(lost == 0);
    struct thread_executor loop;
    thread_executor_start(&loop, 0);
    check(count_room(&loop, "elsewhere") == 0);
    unsigned stored = 0;
    for (unsigned room = 0; room < ROOMS; room++) {
        stored += count_room(&loop, room_of(room));
    }
    check(stored >= count);
    thread_executor_stop(&loop);
}

static void loses_nothing_that_it_acknowledged_before_it_was_killed(void)
{
    static unsigned reports[REPORTS_MAX][3];
    int ends[2];

    if (!back_end->keeps) {
        return;
    }
    store_place_make(&place);
    check(pipe(ends) == 0);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(ends[1]);
    }
    (void)close(ends[1]);
    size_t count = read_reports(ends[0], child, reports);
    (void)close(ends[0]);
    int status = 0;
    check(waitpid(child, &status, 0) == child);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check(count >= KILLED_AFTER);
    start();
    check_reported(reports, count);
    stop();
    store_place_remove(&place);
}

/* Is the broker there that it needs, if it needs one? Back-ends with the same one share it. */
static bool can_run(const struct back_end *b)
{
    if (b->service == NULL || strcmp(b->service, service.name) == 0) {
        return true;
    }
    service_finish(&service);
    bool has_begun = service_begin(&service, b->service);
    if (!has_begun) {
        printf("# %s is not installed\n", b->service);
    }
    return has_begun;
}

static void ask_back_end(void)
{
    RUN(completes_each_append_once_and_later_on_its_own_loop);
    RUN(takes_appends_of_four_threads_and_keeps_them_over_a_restart);
    RUN(gives_the_first_offset_to_an_id_that_comes_again);
    RUN(says_that_an_id_comes_again_and_answers_with_place_and_time_of_the_first);
    RUN(loses_nothing_that_it_acknowledged_before_it_was_killed);
}

int main(void)
{
    for (size_t i = 0; i < sizeof back_ends / sizeof back_ends[0]; i++) {
        back_end = &back_ends[i];
        printf("# %s\n", back_end->label);
        if (!can_run(back_end)) {
            continue;
        }
        if (back_end->service == NULL) { /* TSan lets a child start threads if there was one only */
            ask_back_end();
        } else {
            thread_executor_start(&hub, 0);
            ask_back_end();
            thread_executor_stop(&hub);
        }
    }
    service_finish(&service);
    return tap_done();
}
