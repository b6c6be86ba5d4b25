// SPDX-License-Identifier: MIT
/* Keeps nothing, acknowledges at the end of the turn: for measuring, and for chats that are gone
 * when they are over. Its messages have no offsets, and it never sees that an id comes again. */
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/journal/journal.h"

static void complete(struct turn_hook *hook)
{
    struct journal_append *op = container_of(hook, struct journal_append, hook);
    op->on_done(op);
}

static struct journal *open_none(const struct journal_options *options, struct bytes *why)
{
    (void)options;
    bytes_clear(why);
    struct journal *journal = xmalloc(sizeof *journal);
    journal->ops = &journal_none;
    return journal;
}

/* A hook, not a task: no lock and no wake-up, and what on_done sends is sealed in the same turn. */
static int append(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op)
{
    op->message = *message;
    op->message.offset = 0;
    op->error = 0;
    op->in_turn = true;
    op->hook = (struct turn_hook){.run = complete};
    executor_at_turn_end(executor, &op->hook, TURN_SEAL);
    return 0;
}

static void close_none(struct journal *journal)
{
    free(journal);
}

const struct journal_ops journal_none = {
    .name = "none",
    .open = open_none,
    .append = append,
    .close = close_none,
};
