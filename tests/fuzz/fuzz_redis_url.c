// SPDX-License-Identifier: MIT
#include <assert.h>

#include "src/redis/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Either it says why, or all hosts can be dialled. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct redis_url url;
    struct bytes why = {0};

    if (redis_url_parse(&url, span_of(data, len), &why) == 0) {
        assert(why.len == 0 && url.host_count >= 1 && url.host_count <= REDIS_HOSTS_MAX);
        assert(url.database <= REDIS_DATABASE_MAX);
        assert((url.mode == REDIS_SENTINEL) == (url.master.len != 0));
        for (size_t i = 0; i < url.host_count; i++) {
            assert(url.hosts[i].port > 0 && url.hosts[i].port <= 65535);
            assert(url.hosts[i].host[0] != '\0');
            assert(strlen(url.hosts[i].host) <= REDIS_HOST_BYTES_MAX);
        }
        redis_url_finish(&url);
    } else {
        assert(why.len != 0);
    }
    bytes_finish(&why);
    return 0;
}
