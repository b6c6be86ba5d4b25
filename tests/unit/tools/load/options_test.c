// SPDX-License-Identifier: MIT
#include "tools/load/options.h"

#include "tests/support/tap.h"

enum { WORDS_MAX = 16 };

static struct load_options o;
static char why[256];
static char line[512];

/* Parses a command line given as one string, cut at blanks. */
static enum options_result parse(const char *words)
{
    char *argv[WORDS_MAX] = {NULL};
    int argc = 0;
    char *state = NULL;

    (void)snprintf(line, sizeof line, "rookery-load %s", words);
    for (char *w = strtok_r(line, " ", &state); w != NULL; w = strtok_r(NULL, " ", &state)) {
        argv[argc++] = w;
    }
    why[0] = '\0';
    return options_parse(&o, argc, argv, why, sizeof why);
}

static bool url_is(unsigned i, const char *host, uint32_t port)
{
    return strcmp(o.urls[i].host, host) == 0 && o.urls[i].port == port;
}

static void a_scenario_brings_its_defaults(void)
{
    check(parse("rooms") == OPTIONS_OK);
    check(o.users == 1000 && o.rooms == 100 && o.in_flight == 100 && o.rate <= 0);
    check(!o.acks && !o.no_join && o.text_bytes == 64);
    check(o.url_count == 1 && url_is(0, "127.0.0.1", 3000));
    check(strcmp(o.templates[0].name, "chat") == 0);
    check(parse("ack") == OPTIONS_OK);
    check(o.acks && o.no_join);
    check(parse("fanout") == OPTIONS_OK);
    check(o.rooms == 1 && o.in_flight == 0 && o.rate > 199 && o.rate < 201);
}

static void options_come_with_a_blank_or_an_equals_sign(void)
{
    check(parse("rooms --users 50 --rooms=5 --seconds=0.5 --json http://10.0.0.7:8080/x") ==
          OPTIONS_OK);
    check(o.users == 50 && o.rooms == 5 && o.json);
    check(o.seconds_ns == 500000000);
    check(url_is(0, "10.0.0.7", 8080));
    check(parse("rooms localhost") == OPTIONS_OK);
    check(url_is(0, "localhost", 80));
    check(parse("rooms --spread a:1 b:2") == OPTIONS_OK);
    check(o.spread && o.url_count == 2 && url_is(0, "a", 1) && url_is(1, "b", 2));
    check(parse("rooms a b c d e f g h i") == OPTIONS_BAD);
}

static void the_last_of_rate_and_in_flight_chooses_the_loop(void)
{
    check(parse("rooms --rate 1000") == OPTIONS_OK);
    check(o.in_flight == 0 && o.rate > 999);
    check(parse("fanout --in-flight 8") == OPTIONS_OK);
    check(o.in_flight == 8 && o.rate <= 0);
}

static void a_template_can_be_chosen_and_changed(void)
{
    check(parse("rooms --template groups --set send=other --set nsp=/x") == OPTIONS_OK);
    check(strcmp(o.templates[0].send, "other") == 0);
    check(strcmp(o.templates[0].nsp, "/x") == 0);
    check(strcmp(o.templates[0].deliver, "msg_rcvd") == 0);
}

static void members_take_turns_with_several_templates(void)
{
    check(parse("rooms --dialect realtime,chatroom,native") == OPTIONS_OK);
    check(o.template_count == 3 && !o.rooms_are_hex);
    check(strcmp(o.templates[0].name, "realtime") == 0);
    check(strcmp(o.templates[2].name, "native") == 0);
    check(parse("rooms --dialect realtime,groups --set nsp=/x") == OPTIONS_OK);
    check(o.template_count == 2 && o.rooms_are_hex);
    check(strcmp(o.templates[1].nsp, "/x") == 0);
    check(parse("rooms --dialect realtime,") == OPTIONS_BAD);
    check(parse("rooms --dialect realtime,nothing") == OPTIONS_BAD);
    check(parse("rooms --dialect chat,chat,chat,chat,chat,chat,chat,chat,chat") == OPTIONS_BAD);
    check(parse("ack --template echo,chat") == OPTIONS_BAD); /* to nobody, and to the room */
}

static void an_error_names_the_option_and_its_range(void)
{
    check(parse("rooms --users 0") == OPTIONS_BAD);
    check(strcmp(why, "--users: 0 is not N from 1 to 1e+06") == 0);
    check(parse("rooms --users") == OPTIONS_BAD);
    check(parse("rooms --users 5x") == OPTIONS_BAD);
    check(parse("rooms --users nan") == OPTIONS_BAD);
    check(parse("rooms --json=1") == OPTIONS_BAD);
    check(parse("rooms --text-bytes 47") == OPTIONS_BAD); /* no room for the marker */
    check(parse("rooms --nothing 1") == OPTIONS_BAD);
    check(strcmp(why, "no such option: --nothing") == 0);
    check(parse("nothing") == OPTIONS_BAD);
    check(parse("rooms --template nothing") == OPTIONS_BAD);
    check(parse("rooms --transport carrier-pigeon") == OPTIONS_BAD);
    check(parse("rooms http://:1") == OPTIONS_BAD);
    check(parse("rooms http://h:99999") == OPTIONS_BAD);
}

static void what_cannot_work_is_refused(void)
{
    check(parse("rooms --users 5 --rooms 6") == OPTIONS_BAD);
    /* nothing would come back, so a closed loop would spin */
    check(parse("rooms --no-join") == OPTIONS_BAD);
    check(parse("rooms --no-join --acks") == OPTIONS_OK);
    check(parse("rooms --no-join --rate 5") == OPTIONS_OK);
    check(parse("rooms --template echo") == OPTIONS_BAD);
    check(parse("rooms --set to=some") == OPTIONS_BAD);
    check(parse("return --users 5 --stay 6") == OPTIONS_BAD);
}

static void help_is_given_when_asked_for(void)
{
    check(parse("") == OPTIONS_HELP);
    check(parse("--help") == OPTIONS_HELP);
    check(parse("rooms --help") == OPTIONS_HELP);
}

int main(void)
{
    RUN(a_scenario_brings_its_defaults);
    RUN(options_come_with_a_blank_or_an_equals_sign);
    RUN(the_last_of_rate_and_in_flight_chooses_the_loop);
    RUN(a_template_can_be_chosen_and_changed);
    RUN(members_take_turns_with_several_templates);
    RUN(an_error_names_the_option_and_its_range);
    RUN(what_cannot_work_is_refused);
    RUN(help_is_given_when_asked_for);
    return tap_done();
}
