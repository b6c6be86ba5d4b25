// SPDX-License-Identifier: MIT
#include "tests/support/following_fake.h"

#include "src/base/memory.h"

static uint64_t place(struct journal *journal, struct span room, unsigned *partition)
{
    struct following_fake *f = container_of(journal, struct following_fake, journal);

    *partition = room.len == 0 ? 0 : room.data[room.len - 1] % FOLLOWING_PARTITIONS;
    if (f->on_place != NULL) {
        f->on_place(*partition);
    }
    return atomic_load(&f->places[*partition]);
}

static const struct journal_ops ops = {.name = "following", .blind = true, .place = place};

void following_fake_init(struct following_fake *f)
{
    *f = (struct following_fake){.journal.ops = &ops};
}

void following_fake_tell(struct following_fake *f, unsigned partition, uint64_t to)
{
    atomic_store(&f->places[partition], to);
}
