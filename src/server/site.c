// SPDX-License-Identifier: MIT
#include "src/server/site.h"

#include <errno.h>
#include <string.h>

#include "src/base/log.h"
#include "src/server/daemon_config.h"
#include "src/server/places.h"

static void add_route(void *server, const struct http_route *route)
{
    server_add_route(server, route);
}

static unsigned count_connections(void *server)
{
    return server_connections(server);
}

struct service_list {
    rest_service_fn fn;
    void *arg;
};

static void add_service(const struct registry_node *node, void *arg)
{
    const struct service_list *list = arg;
    const struct node_record *r = &node->record;
    const struct rest_service service = {
        .name = r->name,
        .node_id = r->id,
        .address = r->address,
        .connections = r->connections,
        .uptime_ms = r->uptime_ms,
        .heard_wall_ms = node->heard_wall_ms,
    };

    list->fn(&service, list->arg);
}

static void list_services(void *server, rest_service_fn fn, void *arg)
{
    struct service_list list = {fn, arg};

    server_each_node(server, add_service, &list);
}

static bool may_login(void *chat, const char *address)
{
    return chat_may_login(chat, address);
}

/* 0 as well when there is no such folder. */
static int open_files(const char *dir, const char *prefix, struct web_files **out)
{
    *out = dir == NULL ? NULL : web_files_open(dir, prefix);
    if (dir != NULL && *out == NULL) {
        log_write(LOG_ERROR, "cannot read the pages",
                  LOG_FIELDS(LOG_TEXT("web", dir), LOG_TEXT("why", strerror(errno))));
        return -1;
    }
    return 0;
}

static struct rest *open_rest(const struct site_parts *parts, const struct web_files *page)
{
    const struct daemon_options *v = parts->options;
    const struct rest_options options = {
        .store = parts->store,
        .auth = parts->auth,
        .auth_required = strcmp(v->auth, "required") == 0,
        .chat = parts->chat,
        .people = chat_people,
        .path = v->path,
        .cors = server_cors(parts->io),
        .page = page,
        .may_login = may_login,
        .may_login_arg = parts->chat,
        .service_id = parts->service_id,
        .host = v->host,
        .port = parts->port,
        .connections = count_connections,
        .services = list_services,
        .server = parts->io,
    };

    return rest_create(&options);
}

static int check_path(const struct site_parts *parts)
{
    const char *taken = server_path_conflict(parts->io);

    if (taken == NULL) {
        return 0;
    }
    log_write(LOG_ERROR, "path: something else is served there already",
              LOG_FIELDS(LOG_TEXT("path", parts->options->path), LOG_TEXT("served", taken)));
    return -1;
}

/* REST comes before the files, since it has the say at "/". */
int site_open(struct site *site, const struct site_parts *parts)
{
    const char *dir = place_choose(parts->options->web_dir, WEB_DIR_BUILT, WEB_DIR_INSTALLED);
    const char *groups = place_choose(NULL, GROUPS_DIR_BUILT, GROUPS_DIR_INSTALLED);

    if (open_files(dir, "/", &site->page) < 0 ||
        open_files(groups, "/styles/", &site->groups) < 0) {
        return -1;
    }
    vitals_add_routes(parts->vitals, parts->io, parts->store != NULL);
    site->rest = open_rest(parts, site->page);
    site_set_limits(site, parts->options);
    rest_add_routes(site->rest, add_route, parts->io);
    if (site->page == NULL) {
        log_write(
            LOG_WARN,
            "the page is missing, so nothing is served at / (the option web says where it is)",
            NULL);
    } else {
        web_files_add_routes(site->page, add_route, parts->io);
    }
    if (site->groups != NULL) {
        web_files_add_routes(site->groups, add_route, parts->io);
    }
    if (check_path(parts) < 0) {
        return -1;
    }
    const struct http_route last = rest_last_route(site->rest);
    server_set_last_route(parts->io, &last);
    return 0;
}

void site_set_limits(struct site *site, const struct daemon_options *v)
{
    const struct rest_limits limits = {
        .users_max = v->users_max,
        .rooms_made_max = v->rooms_made_max,
        .message_units_max = v->message_units_max,
        .typing_timeout_ms = v->typing_timeout_ms,
    };

    rest_set_limits(site->rest, &limits);
}

void site_stop(struct site *site)
{
    if (site->rest != NULL) {
        rest_stop(site->rest);
    }
}

void site_close(struct site *site)
{
    rest_destroy(site->rest);
    web_files_close(site->page);
    web_files_close(site->groups);
}
