// SPDX-License-Identifier: MIT
#include "src/chat/nodes.h"

static struct node_id *find(struct node_id *ids, size_t count, struct span id)
{
    for (size_t i = 0; i < count; i++) {
        if (span_eq(span_of(ids[i].text, ids[i].len), id)) {
            return &ids[i];
        }
    }
    return NULL;
}

static void set(struct node_id *n, struct span id)
{
    n->len = (uint8_t)id.len;
    memcpy(n->text, id.data, id.len);
}

int nodes_number(struct nodes *nodes, struct span id)
{
    struct node_id *n = find(nodes->known + 1, NODES_MAX, id);

    if (n == NULL && find(nodes->gone, NODES_GONE_MAX, id) != NULL) {
        return NODES_EGONE;
    }
    for (unsigned i = 1; n == NULL && i <= NODES_MAX; i++) {
        if (nodes->known[i].len == 0) {
            n = &nodes->known[i];
            set(n, id);
        }
    }
    return n == NULL ? NODES_EFULL : (int)(n - nodes->known);
}

bool nodes_came(struct nodes *nodes, struct span id)
{
    struct node_id *n = find(nodes->gone, NODES_GONE_MAX, id);

    if (n != NULL) {
        n->len = 0;
    }
    return n != NULL;
}

uint8_t nodes_gone(struct nodes *nodes, struct span id)
{
    struct node_id *n = find(nodes->known + 1, NODES_MAX, id);

    if (find(nodes->gone, NODES_GONE_MAX, id) == NULL) {
        set(&nodes->gone[nodes->next_gone], id);
        nodes->next_gone = (nodes->next_gone + 1) % NODES_GONE_MAX;
    }
    if (n == NULL) {
        return 0;
    }
    n->len = 0;
    return (uint8_t)(n - nodes->known);
}
