// SPDX-License-Identifier: MIT
/* The journal in Kafka with brokers that are made up: what is told, once and in one order; what
 * comes again; what happens when the brokers fail. */
#include "src/journal/journal_kafka.h"

#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/journal/journal_value.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/kafka_node.h"
#include "tests/support/tap.h"

enum { PARTITIONS = 3 };

static struct kafka_mock mock;
static struct node nodes[2];

/* However busy the machine is. The brokers that are made up answer a fetch that waits when its time
 * is over, and not before. */
static struct journal_kafka_options kafka_options(void)
{
    return (struct journal_kafka_options){.brokers = mock.brokers,
                                          .topic = "chat",
                                          .client_id = "test",
                                          .linger_ms = 1,
                                          .timeout_ms = WAIT_MS,
                                          .away_ms = WAIT_MS,
                                          .settings = "fetch.wait.max.ms=10"};
}

/* For brokers that fail. What must get through is sent by get_through, then. */
static struct journal_kafka_options hasty_options(void)
{
    struct journal_kafka_options kafka = kafka_options();

    kafka.timeout_ms = 2000;
    kafka.away_ms = 700;
    return kafka;
}

static void open_with(struct node *n, struct journal_kafka_options kafka, size_t messages_max)
{
    if (!node_open(n, &kafka, messages_max, NULL)) {
        exit(1);
    }
}

static void start(void)
{
    kafka_mock_start(&mock, PARTITIONS);
    open_with(&nodes[0], kafka_options(), 0);
}

static void start_hasty(void)
{
    kafka_mock_start(&mock, PARTITIONS);
    open_with(&nodes[0], hasty_options(), 0);
}

static void stop(void)
{
    node_close(&nodes[0]);
    check(!nodes[0].is_wrong);
    kafka_mock_stop(&mock);
}

static void pause_for_ms(unsigned ms)
{
    const struct timespec pause = {.tv_nsec = (long)ms * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* Sends it again and again until it is acknowledged. */
static void get_through(struct letter *l, const char *id)
{
    for (int i = 0; i < WAIT_MS / 10; i++) {
        if (letter_post(l, &nodes[0], "one", id) != 0) {
            (void)sem_destroy(&l->done);
            pause_for_ms(10);
        } else if (letter_await(l) == 0) {
            return;
        }
    }
    check(!"it gets through");
}

/* ---- cases ---- */

static void tells_its_own_by_their_reports_with_places_of_the_log(void)
{
    struct letter letters[3];

    start();
    for (int i = 0; i < 3; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "m%d", i);
        check(letter_post(&letters[i], &nodes[0], "one", id) == 0);
        check(letter_await(&letters[i]) == 0);
        check(letters[i].op.message.offset == node_base(&nodes[0], "one") + 1 + (uint64_t)i);
    }
    check(node_await(&nodes[0], 3));
    check(nodes[0].told[2].place == node_base(&nodes[0], "one") + 3);
    stop();
}

static void refuses_appends_before_it_has_begun(void)
{
    struct journal_kafka_options kafka;
    struct bytes why = {0};
    uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX];
    struct letter l;

    kafka_mock_start(&mock, PARTITIONS);
    kafka_mock_put(&mock, 1, "x", "no json");
    kafka = kafka_options();
    thread_executor_start(&nodes[0].loop, 0);
    const struct journal_options options = {.executor = &nodes[0].loop.executor, .kafka = &kafka};
    nodes[0].journal = journal_kafka.open(&options, &why);
    check(nodes[0].journal != NULL);
    check(journal_kafka_ends(nodes[0].journal, ends) == PARTITIONS);
    check(ends[0] == 0 && ends[1] == 1 && ends[2] == 0);
    check(letter_post(&l, &nodes[0], "one", "m") == JOURNAL_EAWAY);
    (void)sem_destroy(&l.done);
    journal_close(nodes[0].journal);
    thread_executor_stop(&nodes[0].loop);
    kafka_mock_stop(&mock);
    bytes_finish(&why);
}

static void tells_what_others_put_there_if_it_can_be_read(void)
{
    start();
    kafka_mock_put(&mock, -1, "one",
                   "{\"id\":\"x1\",\"roomId\":\"one\",\"userId\":\"u\",\"username\":\"U\","
                   "\"content\":\"hi\",\"type\":\"text\"}");
    check(node_await(&nodes[0], 1));
    check(strcmp(nodes[0].told[0].id, "x1") == 0);
    kafka_mock_put(&mock, -1, "one", "no json");
    kafka_mock_put(&mock, -1, "one",
                   "{\"userId\":\"u\",\"chatRoomId\":\"one\",\"message\":\"hi\"}");
    check(node_await(&nodes[0], 2));
    check(strlen(nodes[0].told[1].id) == JOURNAL_VALUE_ID_BYTES);
    check(nodes[0].told[1].place == nodes[0].told[0].place + 2);
    check(node_figures(&nodes[0]).malformed == 1);
    stop();
}

/* As one does that stood still while another became the leader. */
static void believes_no_broker_at_once_that_says_the_log_is_shorter(void)
{
    enum { FETCH = 1, TIMES = 6 };
    static const char *const ids[] = {"x1", "x2", "x3"};
    rd_kafka_resp_err_t errors[TIMES];
    char value[128];

    for (int i = 0; i < TIMES; i++) {
        errors[i] = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    }
    start();
    for (int i = 0; i < 3; i++) {
        (void)snprintf(value, sizeof value,
                       "{\"id\":\"%s\",\"roomId\":\"one\",\"userId\":\"u\",\"content\":\"hi\"}",
                       ids[i]);
        kafka_mock_put(&mock, -1, "one", value);
        check(node_await(&nodes[0], 1 + (size_t)i));
        check(strcmp(nodes[0].told[i].id, ids[i]) == 0);
        rd_kafka_mock_push_request_errors_array(mock.cluster, FETCH, TIMES, errors);
    }
    check(node_figures(&nodes[0]).gaps == 0);
    stop();
}

static void leaves_what_is_not_in_the_partition_of_its_room_to_the_feed(void)
{
    unsigned own;

    start();
    (void)nodes[0].journal->ops->place(nodes[0].journal, SPAN("one"), &own);
    kafka_mock_put(&mock, (int)(own + 1) % PARTITIONS, "k",
                   "{\"userId\":\"u\",\"chatRoomId\":\"one\",\"message\":\"hi\"}");
    kafka_mock_put(&mock, (int)own, "k",
                   "{\"userId\":\"u\",\"chatRoomId\":\"one\",\"message\":\"hi\"}");
    check(node_await(&nodes[0], 1));
    check(nodes[0].told[0].place == node_base(&nodes[0], "one") + 1);
    stop();
}

/* Is it where the other is, and knows that it comes again? */
static bool repeats(const struct letter *l, const struct letter *first)
{
    const struct message *m = &l->op.message;

    return !l->op.in_turn && m->fate == MESSAGE_REPEATED && m->offset == first->op.message.offset &&
           m->timestamp_ms == first->timestamp_ms;
}

static void gives_the_first_place_and_time_to_an_id_that_comes_again(void)
{
    struct letter a, b, c, edit, edit_again;

    start();
    check(letter_post(&a, &nodes[0], "one", "same") == 0);
    check(letter_post(&b, &nodes[0], "one", "same") == 0); /* perhaps still under way */
    check(letter_await(&a) == 0 && letter_await(&b) == 0);
    check(letter_post(&c, &nodes[0], "one", "same") == 0);
    check(letter_await(&c) == 0);
    check(a.op.message.offset != 0 && a.op.message.fate == MESSAGE_STORED);
    check(a.op.message.timestamp_ms == a.timestamp_ms);
    check(repeats(&b, &a) && repeats(&c, &a));
    strcpy(edit.id, "same");
    strcpy(edit_again.id, "same");
    check(letter_append(&edit, &nodes[0], "one", MESSAGE_EDIT) == 0);
    check(letter_await(&edit) == 0 && edit.op.message.offset == a.op.message.offset + 1);
    check(letter_append(&edit_again, &nodes[0], "one", MESSAGE_EDIT) == 0);
    check(letter_await(&edit_again) == 0 && repeats(&edit_again, &edit));
    check(node_await(&nodes[0], 2));
    stop();
}

static void knows_what_was_appended_before_it_started(void)
{
    struct letter a, b, other;

    start();
    for (int i = 0; i < 300; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "before-%d", i);
        check(letter_post(&other, &nodes[0], i % 2 == 0 ? "two" : "three", id) == 0);
        check(letter_await(&other) == 0);
    }
    check(letter_post(&a, &nodes[0], "one", "same") == 0 && letter_await(&a) == 0);
    node_close(&nodes[0]);
    open_with(&nodes[0], kafka_options(), 0);
    check(letter_post(&b, &nodes[0], "one", "same") == 0 && letter_await(&b) == 0);
    check(repeats(&b, &a));
    check(letter_post(&b, &nodes[0], "two", "before-0") == 0 && letter_await(&b) == 0);
    check(b.op.message.fate == MESSAGE_REPEATED);
    check(letter_post(&b, &nodes[0], "one", "new") == 0 && letter_await(&b) == 0);
    check(b.op.message.fate == MESSAGE_STORED);
    check(node_await(&nodes[0], 1)); /* what was there before is not told */
    stop();
}

static void does_not_tell_again_what_another_node_appended_too(void)
{
    struct letter a, b;

    start();
    open_with(&nodes[1], kafka_options(), 0);
    check(letter_post(&a, &nodes[0], "one", "same") == 0 &&
          letter_post(&b, &nodes[1], "one", "same") == 0);
    check(letter_await(&a) == 0 && letter_await(&b) == 0);
    check(repeats(&a, &b) != repeats(&b, &a)); /* whoever was first */
    check(node_await(&nodes[0], 1) && node_await(&nodes[1], 1));
    check(nodes[0].told[0].place == nodes[1].told[0].place);
    check(nodes[0].told[0].place == a.op.message.offset);
    check(letter_post(&a, &nodes[0], "one", "last") == 0 && letter_await(&a) == 0);
    check(node_await(&nodes[0], 2) && node_await(&nodes[1], 2));
    check(node_figures(&nodes[0]).repeated + node_figures(&nodes[1]).repeated <= 2);
    node_close(&nodes[1]);
    stop();
}

enum { EACH = 2000, IN_FLIGHT = 50 };

static void *send_many(void *arg)
{
    struct node *n = arg;
    static const char *const rooms[] = {"one", "two", "three", "four", "five", "six", "seven"};
    struct letter *letters = xcalloc(IN_FLIGHT, sizeof *letters);

    for (int i = 0; i < EACH + IN_FLIGHT; i++) {
        struct letter *l = &letters[i % IN_FLIGHT];
        if (i >= IN_FLIGHT) {
            check(letter_await(l) == 0);
        }
        if (i < EACH) {
            char id[40];
            (void)snprintf(id, sizeof id, "%d-%d", (int)(n - nodes), i);
            check(letter_post(l, n, rooms[i % 7], id) == 0);
        }
    }
    free(letters);
    return NULL;
}

static void tells_the_members_of_two_nodes_the_same_in_the_same_order(void)
{
    pthread_t threads[2];

    kafka_mock_start(&mock, PARTITIONS);
    open_with(&nodes[0], kafka_options(), 0);
    open_with(&nodes[1], kafka_options(), 0);
    for (int i = 0; i < 2; i++) {
        check(pthread_create(&threads[i], NULL, send_many, &nodes[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 2; i++) {
        check(node_await(&nodes[i], 2 * EACH));
        check(node_is_ordered(&nodes[i]));
    }
    check(node_same(&nodes[0], &nodes[1]));
    printf("# by the log: %zu and %zu of %d\n", nodes[0].by_log, nodes[1].by_log, 2 * EACH);
    node_close(&nodes[1]);
    stop();
}

/* ---- where the log is ---- */

struct question {
    struct journal_fence fence;
    struct node *node;
    size_t told; /* when the answer came */
    sem_t done;
};

static void on_answer(struct journal_fence *fence)
{
    struct question *q = container_of(fence, struct question, fence);

    q->told = node_told(q->node);
    (void)sem_post(&q->done);
}

static void ask(struct question *q, struct node *n, const char *room, uint64_t until)
{
    q->node = n;
    q->fence =
        (struct journal_fence){.on_done = on_answer, .room = span_cstr(room), .until = until};
    (void)sem_init(&q->done, 0, 0);
    n->journal->ops->fence(n->journal, &n->loop.executor, &q->fence);
}

static void await_answer(struct question *q)
{
    while (sem_wait(&q->done) != 0) {
    }
    (void)sem_destroy(&q->done);
}

static void answers_where_the_log_is_behind_what_was_told(void)
{
    struct letter l;
    struct question now, ahead;
    unsigned partition;

    start();
    ask(&now, &nodes[0], "one", 0);
    await_answer(&now);
    uint64_t base = node_base(&nodes[0], "one");
    check(!now.fence.late && now.fence.place == base);
    ask(&ahead, &nodes[0], "one", base + 1);
    check(letter_post(&l, &nodes[0], "one", "m") == 0);
    await_answer(&ahead);
    check(!ahead.fence.late && ahead.fence.place == base + 1 && ahead.told == 1);
    check(letter_await(&l) == 0);
    check(nodes[0].journal->ops->place(nodes[0].journal, SPAN("one"), &partition) == base + 1);
    stop();
}

static void answers_late_for_a_place_that_does_not_come_and_at_the_end(void)
{
    struct question never, end;

    start();
    uint64_t base = node_base(&nodes[0], "one");
    ask(&never, &nodes[0], "one", base + 100);
    await_answer(&never);
    check(never.fence.late && never.fence.place == base);
    ask(&end, &nodes[0], "one", base + 100);
    stop();
    await_answer(&end);
    check(end.fence.late);
}

/* ---- brokers that fail ---- */

enum { PRODUCE = 0 }; /* Kafka's number of that request */

static void refuses_at_once_while_the_broker_is_away_and_takes_more_when_it_is_back(void)
{
    struct letter first, next;
    int result = 0;

    start_hasty();
    (void)rd_kafka_mock_broker_set_down(mock.cluster, 1);
    check(letter_post(&first, &nodes[0], "one", "first") == 0);
    for (int i = 0; result != JOURNAL_EAWAY && i < WAIT_MS; i++) {
        pause_for_ms(5);
        result = node_figures(&nodes[0]).is_up ? 0 : letter_post(&next, &nodes[0], "one", "next");
        if (result == 0 && !node_figures(&nodes[0]).is_up) {
            check(letter_await(&next) == JOURNAL_ESINK); /* a probe */
        }
    }
    check(result == JOURNAL_EAWAY && node_figures(&nodes[0]).refused_away > 0);
    check(letter_await(&first) == JOURNAL_ESINK);
    (void)rd_kafka_mock_broker_set_up(mock.cluster, 1);
    for (int i = 0; !node_figures(&nodes[0]).is_up && i < WAIT_MS; i++) {
        pause_for_ms(5); /* with nothing to append */
    }
    check(node_figures(&nodes[0]).is_up);
    get_through(&next, "next");
    check(node_await(&nodes[0], 1));
    check(nodes[0].downs > 0 && nodes[0].ups > 0);
    stop();
}

static void refuses_what_its_queue_has_no_room_for(void)
{
    struct letter letters[4];

    kafka_mock_start(&mock, PARTITIONS);
    open_with(&nodes[0], hasty_options(), 3);
    (void)rd_kafka_mock_broker_set_down(mock.cluster, 1);
    for (int i = 0; i < 4; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "m%d", i % 3); /* one that comes again takes room, too */
        check(letter_post(&letters[i], &nodes[0], "one", id) == (i < 3 ? 0 : JOURNAL_EBUSY));
    }
    check(node_figures(&nodes[0]).refused == 1 && node_figures(&nodes[0]).queue_messages == 3);
    for (int i = 0; i < 3; i++) {
        check(letter_await(&letters[i]) == JOURNAL_ESINK);
    }
    check(node_figures(&nodes[0]).queue_messages == 0 && node_figures(&nodes[0]).queue_bytes == 0);
    check(node_figures(&nodes[0]).failed == 3);
    stop();
}

/* The broker has stored it, but says so when nobody waits for it any more. */
static void tells_once_what_failed_and_was_stored_and_is_sent_again(void)
{
    struct letter l, last;

    start_hasty();
    get_through(&l, "warm");
    (void)rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 3000);
    check(letter_post(&l, &nodes[0], "one", "same") == 0 && letter_await(&l) == JOURNAL_ESINK);
    (void)rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 0);
    get_through(&l, "same");
    get_through(&last, "last");
    check(node_await(&nodes[0], 3));
    check(strcmp(nodes[0].told[1].id, "same") == 0 && strcmp(nodes[0].told[2].id, "last") == 0);
    check(nodes[0].told[1].place <= l.op.message.offset); /* its first, if the log was ahead */
    stop();
}

static void goes_on_with_another_producer_after_a_fatal_error(void)
{
    struct letter l;

    start_hasty();
    get_through(&l, "before");
    rd_kafka_mock_push_request_errors(mock.cluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    check(letter_post(&l, &nodes[0], "one", "at") == 0);
    (void)letter_await(&l);
    get_through(&l, "after");
    check(nodes[0].downs > 0);
    check(node_await(&nodes[0], 2));
    stop();
}

static struct span long_content(void)
{
    static char content[1500];

    memset(content, 'x', sizeof content);
    content[0] = content[sizeof content - 1] = '"';
    return span_of(content, sizeof content);
}

static void refuses_for_good_what_is_larger_than_the_settings_allow(void)
{
    struct journal_kafka_options kafka;
    struct letter l, next;

    kafka_mock_start(&mock, PARTITIONS);
    kafka = kafka_options();
    kafka.settings = "message.max.bytes=2000";
    open_with(&nodes[0], kafka, 0);
    check(letter_say(&l, &nodes[0], "one", "large", long_content()) == 0);
    check(letter_await(&l) == JOURNAL_ESIZE);
    check(letter_post(&next, &nodes[0], "one", "next") == 0 && letter_await(&next) == 0);
    check(node_await(&nodes[0], 1) && strcmp(nodes[0].told[0].id, "next") == 0);
    check(node_figures(&nodes[0]).queue_bytes == 0 && node_figures(&nodes[0]).failed == 1);
    stop();
    check(nodes[0].too_large == 1 && nodes[0].downs == 0);
}

static void refuses_for_good_what_is_too_large_for_the_broker_alone(void)
{
    struct letter letters[2];
    struct journal_kafka_options kafka;

    kafka_mock_start(&mock, PARTITIONS);
    kafka = kafka_options();
    kafka.linger_ms = 200; /* so that two make a batch */
    open_with(&nodes[0], kafka, 0);
    rd_kafka_mock_push_request_errors(mock.cluster, PRODUCE, 2,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    check(letter_post(&letters[0], &nodes[0], "one", "large") == 0);
    check(letter_await(&letters[0]) == JOURNAL_ESIZE);
    check(letter_post(&letters[0], &nodes[0], "one", "large") == 0);
    check(letter_post(&letters[1], &nodes[0], "one", "small") == 0);
    check(letter_await(&letters[0]) == JOURNAL_ESINK && letter_await(&letters[1]) == JOURNAL_ESINK);
    get_through(&letters[1], "small");
    stop();
    check(nodes[0].too_large == 1);
}

static void fails_what_is_left_when_it_is_closed(void)
{
    struct letter l;
    struct journal_kafka_options kafka;

    kafka_mock_start(&mock, PARTITIONS);
    kafka = kafka_options();
    kafka.timeout_ms = 300;
    open_with(&nodes[0], kafka, 0);
    (void)rd_kafka_mock_broker_set_down(mock.cluster, 1);
    check(letter_post(&l, &nodes[0], "one", "m") == 0);
    node_close(&nodes[0]);
    check(letter_await(&l) == JOURNAL_ESINK);
    kafka_mock_stop(&mock);
}

static void closes_as_soon_as_what_is_left_is_acknowledged(void)
{
    struct timespec from, to;
    struct letter l;

    start();
    check(letter_post(&l, &nodes[0], "one", "m") == 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    stop();
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    check(letter_await(&l) == 0 && to.tv_sec - from.tv_sec < WAIT_MS / 1000);
}

static void tells_those_who_read_the_side_topics(void)
{
    struct journal_kafka_options kafka;

    kafka_mock_start(&mock, PARTITIONS);
    (void)rd_kafka_mock_topic_create(mock.cluster, "presence", 1, 1);
    kafka = kafka_options();
    kafka.presence_topic = "presence";
    open_with(&nodes[0], kafka, 0);
    journal_kafka.tell(nodes[0].journal, JOURNAL_PRESENCE, SPAN("u1"), SPAN("{\"a\":1}"));
    journal_kafka.tell(nodes[0].journal, JOURNAL_PUSH, SPAN("u1"), SPAN("{\"b\":1}"));
    node_close(&nodes[0]);
    check(kafka_mock_count(&mock, "presence") == 1);
    kafka_mock_stop(&mock);
}

int main(void)
{
    RUN(tells_its_own_by_their_reports_with_places_of_the_log);
    RUN(refuses_appends_before_it_has_begun);
    RUN(tells_what_others_put_there_if_it_can_be_read);
    RUN(believes_no_broker_at_once_that_says_the_log_is_shorter);
    RUN(leaves_what_is_not_in_the_partition_of_its_room_to_the_feed);
    RUN(gives_the_first_place_and_time_to_an_id_that_comes_again);
    RUN(knows_what_was_appended_before_it_started);
    RUN(does_not_tell_again_what_another_node_appended_too);
    RUN(tells_the_members_of_two_nodes_the_same_in_the_same_order);
    RUN(answers_where_the_log_is_behind_what_was_told);
    RUN(answers_late_for_a_place_that_does_not_come_and_at_the_end);
    RUN(refuses_at_once_while_the_broker_is_away_and_takes_more_when_it_is_back);
    RUN(refuses_what_its_queue_has_no_room_for);
    RUN(tells_once_what_failed_and_was_stored_and_is_sent_again);
    RUN(goes_on_with_another_producer_after_a_fatal_error);
    RUN(refuses_for_good_what_is_larger_than_the_settings_allow);
    RUN(refuses_for_good_what_is_too_large_for_the_broker_alone);
    RUN(fails_what_is_left_when_it_is_closed);
    RUN(closes_as_soon_as_what_is_left_is_acknowledged);
    RUN(tells_those_who_read_the_side_topics);
    return tap_done();
}
