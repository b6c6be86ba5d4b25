// SPDX-License-Identifier: MIT
#include "src/net/cors.h"

#include "tests/support/tap.h"

static struct bytes out;

static void note(void *arg, const char *name, struct span value)
{
    bytes_add_cstr(&out, name + strlen("Access-Control-") * (name[0] == 'A'));
    bytes_add_byte(&out, '=');
    bytes_add_span(&out, value);
    bytes_add_byte(&out, ';');
}

static void emits(const struct cors_options *o, const char *origin, const char *want)
{
    cors_fields(o, span_cstr(origin), note, NULL);
    check_mem(out.data, out.len, want, strlen(want));
    bytes_finish(&out);
}

static void preflight_emits(const struct cors_options *o, const char *asked, const char *want)
{
    cors_preflight_fields(o, SPAN("http://a"), span_cstr(asked), note, NULL);
    check_mem(out.data, out.len, want, strlen(want));
    bytes_finish(&out);
}

static void any_origin_is_a_star_that_caches_may_keep(void)
{
    const struct cors_options o = {.origin = "*", .max_age_s = -1};
    emits(&o, "http://a", "Allow-Origin=*;");
    emits(&o, "", "Allow-Origin=*;");
}

static void one_fixed_origin_is_always_named(void)
{
    const struct cors_options o = {.origin = "http://a", .credentials = true, .max_age_s = -1};
    emits(&o, "http://evil", "Allow-Origin=http://a;Vary=Origin;Allow-Credentials=true;");
}

static void of_a_list_only_the_one_that_asks_is_named(void)
{
    const struct cors_options o = {.origin = "http://a, http://b", .max_age_s = -1};
    emits(&o, "http://b", "Allow-Origin=http://b;Vary=Origin;");
    emits(&o, "http://c", "Vary=Origin;");
    emits(&o, "http://", "Vary=Origin;");
    emits(&o, "", "Vary=Origin;");
}

static void reflecting_names_whoever_asks(void)
{
    const struct cors_options o = {.origin = "reflect", .exposed_headers = "x-a", .max_age_s = -1};
    emits(&o, "http://c", "Allow-Origin=http://c;Vary=Origin;Expose-Headers=x-a;");
}

static void a_preflight_is_told_methods_headers_and_age(void)
{
    struct cors_options o = {.origin = "*", .max_age_s = -1};
    preflight_emits(&o, "", "Allow-Origin=*;Allow-Methods=GET,HEAD,PUT,PATCH,POST,DELETE;");
    preflight_emits(&o, "x-b",
                    "Allow-Origin=*;Allow-Methods=GET,HEAD,PUT,PATCH,POST,DELETE;"
                    "Allow-Headers=x-b;Vary=Access-Control-Request-Headers;");
    o = (struct cors_options){
        .origin = "*", .methods = "GET", .allowed_headers = "x-c", .max_age_s = 60};
    preflight_emits(&o, "x-b", "Allow-Origin=*;Allow-Methods=GET;Allow-Headers=x-c;Max-Age=60;");
}

static void a_policy_is_replaced_while_its_readers_keep_what_they_have(void)
{
    char origin[] = "http://a";
    struct cors_policy policy = {NULL};

    check(cors_policy_get(NULL) == NULL && cors_policy_get(&policy) == NULL);
    cors_policy_set(&policy, &(struct cors_options){.origin = origin, .max_age_s = -1});
    origin[7] = 'x';
    const struct cors_options *first = cors_policy_get(&policy);
    cors_policy_set(&policy, &(struct cors_options){.origin = "http://b", .max_age_s = -1});
    check(strcmp(first->origin, "http://a") == 0);
    check(strcmp(cors_policy_get(&policy)->origin, "http://b") == 0);
    cors_policy_set(&policy, &(struct cors_options){.origin = NULL});
    check(cors_policy_get(&policy) == NULL);
    cors_policy_finish(&policy);
}

int main(void)
{
    RUN(any_origin_is_a_star_that_caches_may_keep);
    RUN(one_fixed_origin_is_always_named);
    RUN(of_a_list_only_the_one_that_asks_is_named);
    RUN(reflecting_names_whoever_asks);
    RUN(a_preflight_is_told_methods_headers_and_age);
    RUN(a_policy_is_replaced_while_its_readers_keep_what_they_have);
    return tap_done();
}
