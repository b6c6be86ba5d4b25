// SPDX-License-Identifier: MIT
#include "src/server/vitals.h"

#include <string.h>

#include "src/base/message.h"
#include "tests/support/tap.h"

static struct rookery *io;
static struct vitals vitals;

static void start(bool has_store)
{
    struct rookery_options options;
    rookery_options_init(&options);
    options.loops = 2;
    io = rookery_create(&options);
    memset(&vitals, 0, sizeof vitals);
    vitals_add_routes(&vitals, io, has_store);
}

/* A store of which only appends are used. */
static int append_error;

static int append(struct store *store, struct message *const *messages, size_t count)
{
    return append_error;
}

static const struct store_ops ops = {.name = "test", .append = append};
static struct store store = {.ops = &ops};

static bool has_line(const struct bytes *text, const char *line)
{
    size_t len = strlen(line);
    const char *at = memmem(text->data, text->len, line, len);
    return at != NULL && at[len] == '\n' && (at == (const char *)text->data || at[-1] == '\n');
}

static void is_ready_unless_the_store_fails(void)
{
    start(true);
    check(vitals_look(&vitals).not_ready == NULL);
    check(vitals_look(&vitals).database == SERVICE_CONNECTED);
    append_error = STORE_EIO;
    check(vitals_append(&vitals, &store, NULL, 1) == STORE_EIO);
    check(strcmp(vitals_look(&vitals).not_ready, "the store fails") == 0);
    check(vitals_look(&vitals).database == SERVICE_DISCONNECTED);
    append_error = 0;
    check(vitals_append(&vitals, &store, NULL, 1) == 0);
    check(vitals_look(&vitals).not_ready == NULL);
    vitals_store_failed(&vitals);
    check(vitals_look(&vitals).not_ready != NULL);
    atomic_fetch_sub(&vitals.store_failed_s, VITALS_FAILED_S); /* that long ago */
    check(vitals_look(&vitals).not_ready == NULL);
    rookery_destroy(io);
}

static void is_not_ready_once_it_stops(void)
{
    start(false);
    check(vitals_look(&vitals).not_ready == NULL);
    check(vitals_look(&vitals).database == SERVICE_NOT_CONFIGURED);
    rookery_stop(io);
    check(strcmp(vitals_look(&vitals).not_ready, "stopping") == 0);
    rookery_destroy(io);
}

/* Every sample belongs to the family of the last TYPE, and no family comes twice. */
static void check_families(struct bytes *text)
{
    char seen[8192] = "|", family[80] = "", mark[96];
    bytes_add_byte(text, '\0');
    for (char *line = strtok((char *)text->data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "# TYPE ", 7) == 0) {
            (void)snprintf(family, sizeof family, "%.*s", (int)strcspn(line + 7, " "), line + 7);
            (void)snprintf(mark, sizeof mark, "|%s|", family);
            check(strstr(seen, mark) == NULL);
            (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s|", family);
        } else if (line[0] != '#') {
            check(family[0] != '\0' && strncmp(line, family, strlen(family)) == 0);
        }
    }
}

static void writes_every_family_once(void)
{
    struct bytes text = {0};
    start(true);
    append_error = 0;
    check(vitals_append(&vitals, &store, NULL, 1) == 0);
    vitals_write(&text, &vitals);
    check(has_line(&text, "# TYPE rookery_sessions_closed_total counter"));
    check(has_line(&text, "rookery_sessions_closed_total{reason=\"ping timeout\"} 0"));
    check(has_line(&text, "rookery_chat_refusals_total{reason=\"rate limited\"} 0"));
    check(has_line(&text, "rookery_messages_total{dialect=\"native\"} 0"));
    check(has_line(&text, "rookery_deliveries_total 0"));
    check(has_line(&text, "rookery_connections 0"));
    check(has_line(&text, "# TYPE rookery_queue_bytes gauge"));
    check(has_line(&text, "rookery_loop_turn_seconds_count{loop=\"1\"} 0"));
    check(has_line(&text, "rookery_store_append_seconds_count 1"));
    check(has_line(&text, "rookery_store_call_seconds_count{kind=\"search\"} 0"));
    check_families(&text);
    bytes_finish(&text);
    rookery_destroy(io);
}

int main(void)
{
    RUN(is_ready_unless_the_store_fails);
    RUN(is_not_ready_once_it_stops);
    RUN(writes_every_family_once);
    return tap_done();
}
