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

static void write_service(struct bytes *out, struct span id, struct span host, uint64_t port,
                          uint64_t connections, int64_t heard_wall_ms)
{
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("serviceId"), id);
    json_member_string(out, SPAN("host"), host);
    json_member_u64(out, SPAN("port"), port);
    json_member_string(out, SPAN("status"), SPAN("healthy"));
    json_member_u64(out, SPAN("connections"), connections);
    rest_member_time(out, SPAN("lastHeartbeat"), heard_wall_ms);
}

/* host:port, with or without brackets around the host. */
static void split_address(struct span address, struct span *host, uint64_t *port)
{
    const uint8_t *colon = address.len == 0 ? NULL : memrchr(address.data, ':', address.len);
    size_t len = colon == NULL ? address.len : (size_t)(colon - address.data);

    *port = 0;
    *host = span_of(address.data, len);
    if (colon != NULL && span_to_u64(span_skip(address, len + 1), UINT16_MAX, port) < 0) {
        *port = 0;
    }
    if (len >= 2 && address.data[0] == '[' && address.data[len - 1] == ']') {
        *host = span_of(address.data + 1, len - 2);
    }
}

/* One of a cluster. */
static void add_service(const struct rest_service *service, void *arg)
{
    enum { MS_PER_S = 1000 };
    struct bytes *out = arg;
    struct span host;
    uint64_t port;

    split_address(service->address, &host, &port);
    json_write_comma(out);
    write_service(out, service->name.len > 0 ? service->name : service->node_id, host, port,
                  service->connections, service->heard_wall_ms);
    json_member_string(out, SPAN("nodeId"), service->node_id);
    json_member_u64(out, SPAN("uptime"), service->uptime_ms / MS_PER_S);
    bytes_add_byte(out, '}');
}

static void add_this_service(struct bytes *out, struct rest_call *call)
{
    const struct rest_options *o = rest_options_of(call);
    unsigned connections = o->connections == NULL ? 0 : o->connections(o->server);

    write_service(out, span_cstr(o->service_id), span_cstr(o->host), *o->port, connections,
                  executor_wall_ms(call->x->executor));
    bytes_add_byte(out, '}');
}

static void list_services(struct rest_call *call)
{
    const struct rest_options *o = rest_options_of(call);
    struct bytes body = {0};

    bytes_add_cstr(&body, "{\"services\":[");
    if (o->services != NULL) {
        o->services(o->server, add_service, &body);
    }
    if (body.data[body.len - 1] == '[') {
        add_this_service(&body, call);
    }
    bytes_add_cstr(&body, "]}");
    rest_json(call, 200, bytes_span(&body));
    bytes_finish(&body);
}

static const struct web_action actions[] = {
    {"POST", "/api/auth/register", WEB_JSON, false, sign_up},
    {"POST", "/api/auth/login", WEB_JSON, false, log_in},
    {"GET", "/api/services", WEB_JSON, false, list_services},
};

const struct web_actions rest_direct = {actions, sizeof actions / sizeof *actions};
