/* Options of the daemon: one table (option_table.c) from which the command line, the environment,
 * the configuration file, --help, --print-config, --print-defaults and --check-config come.
 *
 *     command line  >  environment  >  file  >  default
 *
 * An option `ping-timeout` is `--ping-timeout 20s` or `--ping-timeout=20s`, the variable
 * ROOKERY_PING_TIMEOUT (or another one that the table names), and the line `ping-timeout 20s` of
 * the file. The file is that of --config or ROOKERY_CONFIG, else OPTIONS_FILE if there is one.
 *
 * Ownership: struct options has copies of all texts. Threads: any, one at a time for each struct;
 * getenv must not race with setenv. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "protocol/bytes.h"

#define OPTIONS_FILE "/etc/rookery/rookery.conf"

enum { OPTIONS_MAX = 128, OPTION_PORTS_MAX = 16, OPTIONS_FILE_BYTES_MAX = 1 << 20 };

struct option_ports {
    unsigned count; /* 1 to OPTION_PORTS_MAX */
    unsigned list[OPTION_PORTS_MAX];
};

/* Texts that have no default are NULL unless they are set. Lists are comma-separated, without
 * spaces. 0 as a limit means none, where the table says so. */
struct daemon_options {
    /* the server */
    struct option_ports ports;
    const char *host;
    const char *service_id; /* NULL: rookery-<host name>-<port> */
    const char *data_dir;
    const char *web_dir;    /* NULL: where the page was built or installed */
    const char *client_dir; /* likewise for the bundles of socket.io-client; "none": not served */
    uint64_t loops;         /* 0: one per core */
    uint64_t drain_timeout_ms;

    /* connections */
    const char *path;
    const char *parser; /* "json" or "msgpack" */
    bool allow_eio3;
    uint64_t ping_interval_ms;
    uint64_t ping_timeout_ms;
    uint64_t upgrade_timeout_ms;
    uint64_t connect_timeout_ms;
    uint64_t request_timeout_ms;
    uint64_t idle_timeout_ms;
    uint64_t payload_bytes_max;
    uint64_t queue_bytes_max;
    bool ws_compression;
    uint64_t ws_compression_threshold;
    uint64_t ws_compression_level;
    uint64_t connections_max; /* 0: as many as there are descriptors */
    uint64_t handshakes_max;
    const char *trusted_proxies; /* NULL: none */
    const char *proxy_protocol;  /* "none", "all" or ports */

    uint64_t recovery_ms; /* 0: off */
    uint64_t recovery_bytes_max;
    bool recovery_skip_middlewares;

    /* TLS */
    const char *tls_certificate; /* NULL: no TLS */
    const char *tls_key;         /* NULL: in the same file */
    const char *tls_ports;       /* "all" or ports */

    /* polls */
    uint64_t compression_threshold; /* 0: never */
    const char *cookie;             /* NULL: none */
    const char *cookie_path;        /* "none": left out */
    bool cookie_http_only;
    const char *cookie_same_site; /* "lax", "strict" or "none" */

    /* pages of other origins */
    const char *cors_origin; /* "none", "*", "reflect" or origins */
    bool cors_credentials;
    const char *cors_methods;
    const char *cors_headers;         /* NULL: those asked for */
    const char *cors_exposed_headers; /* NULL: none */
    uint64_t cors_max_age_ms;         /* 0: not said */

    /* who somebody is */
    const char *auth; /* "open" or "required" */
    const char *jwt_secret;
    uint64_t jwt_expires_ms;
    const char *jwks_file;
    const char *jwks_url;
    const char *jwt_issuer;
    const char *jwt_audience;
    uint64_t users_max;
    uint64_t rooms_made_max;

    /* the chat */
    uint64_t message_units_max; /* characters as JavaScript counts */
    uint64_t history_messages_max;
    uint64_t typing_timeout_ms;
    uint64_t presence_interval_ms;
    uint64_t rooms_per_socket_max;
    uint64_t members_per_room_max;
    uint64_t rooms_max;
    uint64_t tail_bytes_max;

    /* rates: a minute, 0: any */
    uint64_t messages_per_minute;
    uint64_t sends_per_minute;
    uint64_t joins_per_minute;
    uint64_t queries_per_minute;
    uint64_t typing_per_minute;
    uint64_t presence_per_minute;
    uint64_t logins_per_minute;
    uint64_t connections_per_minute;

    /* one cluster by Redis */
    const char *redis_url;    /* NULL: alone */
    const char *redis_ca;     /* NULL: those of the system */
    const char *adapter;      /* "classic", "sharded" or "streams" */
    const char *sharded_mode; /* "dynamic", "static" or "dynamic-private" */
    const char *redis_prefix;
    bool common_responses;
    uint64_t cluster_timeout_ms;
    uint64_t cluster_heartbeat_ms;
    const char *cluster_secret;  /* NULL: none */
    const char *cluster_address; /* NULL: found out */
    uint64_t stream_entries_max;
    uint64_t keep_bytes_max;
    uint64_t keep_ms;

    /* where messages are kept: storage.h says what "auto" stands for */
    const char *journal;
    const char *store;
    const char *mongo_uri;
    const char *database_url;
    const char *database_replica_url;
    uint64_t store_timeout_ms;
    uint64_t store_readers;
    uint64_t history_cache_bytes;
    uint64_t history_cache_ms;
    uint64_t dedup_ms; /* 0: off */
    bool persist;
    uint64_t persist_batch;
    uint64_t persist_linger_ms;
    uint64_t persist_port; /* 0: none */
    uint64_t broker_timeout_ms;
    uint64_t broker_away_ms;
    uint64_t queue_messages_max;
    uint64_t journal_queue_bytes_max;

    /* Kafka */
    const char *kafka_brokers;
    const char *kafka_topic;
    const char *kafka_presence_topic; /* "none": nowhere, as the next */
    const char *kafka_push_topic;
    const char *kafka_reject_topic;
    const char *kafka_group;
    bool kafka_create;
    uint64_t kafka_partitions;
    uint64_t kafka_replicas;
    uint64_t kafka_min_in_sync;
    uint64_t kafka_linger_ms;
    const char *kafka_compression;
    const char *kafka_settings;

    /* RabbitMQ */
    const char *rabbitmq_url;
    const char *rabbitmq_exchange;
    const char *rabbitmq_queue;
    uint64_t rabbitmq_prefetch;
    uint64_t rabbitmq_tries;

    /* the log */
    const char *log_level;
    const char *log_format; /* "auto", "json" or "text" */
};

enum option_source { OPTION_DEFAULT, OPTION_FILE, OPTION_ENVIRONMENT, OPTION_ARGUMENT };

struct option_origin {
    enum option_source source;
    const char *variable; /* OPTION_ENVIRONMENT: its name, NULL: ROOKERY_<NAME> */
    unsigned line;        /* OPTION_FILE */
};

struct options {
    struct daemon_options values;
    struct option_origin origins[OPTIONS_MAX]; /* by the order of the table */
    char *file;                                /* that has been read; NULL: none */
};

enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_CHECK,          /* --check-config: all is well */
    OPTIONS_PRINT,          /* --print-config */
    OPTIONS_PRINT_DEFAULTS, /* --print-defaults */
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_WRONG, /* *why says what, one problem a line */
};

/* Reads them all. environment(name): as getenv. standard_file: what is read without --config, if it
 * is there (OPTIONS_FILE but in tests; NULL: none). Whatever the outcome, *options is to be
 * finished. */
enum options_outcome options_read(struct options *options, int argc, char *const argv[],
                                  char *(*environment)(const char *name), const char *standard_file,
                                  struct bytes *why);

void options_finish(struct options *options);

/* ---- option_reload.c ---- */

/* Takes over from next what may change while the server runs, and leaves the old values there. The
 * names of options that have changed are appended, comma-separated, to *changed; to *kept those
 * that differ too but need a restart. */
void options_reload(struct options *options, struct options *next, struct bytes *changed,
                    struct bytes *kept);

/* ---- option_text.c ---- */

/* Appends the text of --help. */
void options_help(struct bytes *out);

/* Appends what is in force as a configuration file, each line with where it is from. Read again it
 * gives the same, but for secrets: those are comments, with *** for what is secret. */
void options_print(const struct options *options, struct bytes *out);

/* Appends conf/rookery.conf: all options explained, commented out, with their defaults. */
void options_print_defaults(struct bytes *out);

#endif
