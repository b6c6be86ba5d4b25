// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

void rookery_options_init(struct rookery_options *options)
{
    *options = (struct rookery_options){
        .path = "/socket.io/",
        .ping_interval_ms = 25000,
        .ping_timeout_ms = 20000,
        .upgrade_timeout_ms = 10000,
        .connect_timeout_ms = 45000,
        .payload_bytes_max = 1000000,
        .attachments_max = 10,
        .json_depth_max = 128,
        .allow_polling = true,
        .allow_websocket = true,
        .allow_upgrades = true,
        .compression_threshold = 1024,
        .queue_bytes_max = (size_t)8 * 1024 * 1024,
        .handshakes_max = 64,
        .head_bytes_max = 16384,
        .request_timeout_ms = 10000,
        .idle_timeout_ms = 60000,
        .close_timeout_ms = 30000,
        .drain_timeout_ms = 5000,
        .keep_handshake = true,
        .cors = {.max_age_s = -1},
        .cookie = {.http_only = true},
        .deflate = {.threshold = 1024, .level = 3},
        .cluster =
            {
                .adapter = "classic",
                .prefix = "socket.io",
                .mode = "dynamic",
                .request_timeout_ms = 5000,
                .stream_entries_max = 10000,
                .keep_bytes_max = (size_t)64 * 1024 * 1024,
                .keep_ms = 60000,
                .heartbeat_ms = 2000,
            },
        .recovery = {.bytes_max = (size_t)64 * 1024 * 1024},
    };
}
