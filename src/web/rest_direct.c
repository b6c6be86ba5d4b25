// SPDX-License-Identifier: MIT
#include "src/web/rest_account.h"

/* ---- accounts ---- */

static void write_account(struct bytes *out, const struct account_user *user, struct span token,
                          bool is_new)
{
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("message"),
                       is_new ? SPAN("User registered successfully") : SPAN("Login successful"));
    json_member_string(out, SPAN("token"), token);
    json_write_key(out, SPAN("user"));
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("id"), user->id);
    json_member_string(out, SPAN("username"), user->username);
    json_member_string(out, SPAN("email"), user->email);
    json_member_string(out, SPAN("displayName"), user->display_name);
    bytes_add_cstr(out, "}}");
}

static const struct account_voice voice = {
    .error_key = "error",
    .chooses_name = true,
    .wanted_to_register = "username, email and password are required",
    .wanted_to_log_in = "email and password are required",
    .taken_status = 409,
    .write = write_account,
};

static void sign_up(struct rest_call *call)
{
    account_register(call, &voice);
}

static void log_in(struct rest_call *call)
{
    account_login(call, &voice);
}

/* ---- services ---- */

/* This node alone: it knows of no other. */
static void list_services(struct rest_call *call)
{
    const struct rest_options *o = rest_options_of(call);
    unsigned connections = o->connections == NULL ? 0 : o->connections(o->server);
    struct bytes body = {0};

    bytes_add_cstr(&body, "{\"services\":[{");
    json_member_string(&body, SPAN("serviceId"), span_cstr(o->service_id));
    json_member_string(&body, SPAN("host"), span_cstr(o->host));
    json_member_u64(&body, SPAN("port"), *o->port);
    json_member_string(&body, SPAN("status"), SPAN("healthy"));
    json_member_u64(&body, SPAN("connections"), connections);
    rest_member_time(&body, SPAN("lastHeartbeat"), executor_wall_ms(call->x->executor));
    bytes_add_cstr(&body, "}]}");
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static const struct web_action actions[] = {
    {"POST", "/api/auth/register", WEB_JSON, false, sign_up},
    {"POST", "/api/auth/login", WEB_JSON, false, log_in},
    {"GET", "/api/services", WEB_JSON, false, list_services},
};

const struct web_actions rest_direct = {actions, sizeof actions / sizeof *actions};
