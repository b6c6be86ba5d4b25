// SPDX-License-Identifier: MIT
//
// What the chat promises about order, with as many loops as it takes to break it.
'use strict';

const assert = require('node:assert/strict');
const { connect, join, say, start, take, test, until } = require('./harness');

const messages = (client) => client.events.filter((e) => e.name === 'message').map((e) => e.payload);

test('all members get the messages of many senders in the order of the offsets', async () => {
    const SENDERS = 8;
    const EACH = 100;
    const daemon = await start({ args: ['--loops', '4'] });
    const clients = await Promise.all(Array.from({ length: SENDERS }, () => connect(daemon, {})));
    await Promise.all(clients.map((c) => join(c, 'hot')));

    const answers = await Promise.all(clients.flatMap((c, who) =>
        Array.from({ length: EACH }, (_, i) => say(c, 'hot', `${who} ${i}`))));
    answers.sort((a, b) => a.offset - b.offset);
    assert.deepEqual(answers.map((a) => a.offset), answers.map((_, i) => i + 1));
    const wanted = answers.map((a) => a.id);
    for (const client of clients) {
        await until(client, () => messages(client).length >= wanted.length, 'all messages');
        assert.deepEqual(messages(client).map((m) => m.id), wanted);
    }
    for (let who = 0; who < SENDERS; who++) {
        const own = messages(clients[0]).filter((m) => m.content.startsWith(`${who} `));
        assert.deepEqual(own.map((m) => Number(m.content.split(' ')[1])), own.map((_, i) => i));
    }
});

// A history reaches back 100 messages at most, so what can be told is: from the oldest message that
// somebody got, nothing is missing and nothing comes twice.
test('who joins amid messages misses none and gets none twice', async () => {
    const TOTAL = 600;
    const JOINERS = 24;
    const daemon = await start({ args: ['--loops', '4'] });
    const sender = await connect(daemon, {});
    await join(sender, 'busy');

    const joiners = await Promise.all(Array.from({ length: JOINERS }, () => connect(daemon, {})));
    const joins = [];
    const sends = [];
    for (let i = 0; i < TOTAL; i += 4) {
        const burst = [0, 1, 2, 3].map((n) => say(sender, 'busy', String(i + n)));
        if (joins.length < JOINERS && i % 20 === 0) {
            const joiner = joiners[joins.length];
            joins.push(join(joiner, 'busy').then((history) => ({ joiner, history })));
        }
        sends.push(...burst);
        await burst[i % 3]; // some are still in flight when the next begin
    }
    assert.ok((await Promise.all(sends)).every((answer) => answer.ok));
    for (const { joiner, history } of await Promise.all(joins)) {
        const last = String(TOTAL - 1);
        await until(joiner, () => messages(joiner).some((m) => m.content === last), 'the last message');
        const got = [...history].reverse().concat(messages(joiner)).map((m) => Number(m.content));
        assert.deepEqual(got, got.map((_, i) => got[0] + i));
        assert.ok(got.length >= 100 || got[0] === 0, `history begins at ${got[0]}`);
    }
});

test('who leaves before the join is done is not in the room', async () => {
    const daemon = await start({ args: ['--loops', '4'] });
    const a = await connect(daemon, {});
    const b = await connect(daemon, {});
    for (let i = 0; i < 20; i++) {
        const room = `r${i}`;
        const joining = a.emitWithAck('join_room', { roomId: room });
        const leaving = a.emitWithAck('leave_room', { roomId: room });
        const [joined, left] = await Promise.all([joining, leaving]);
        assert.ok(joined.ok || joined.code === 'LEFT_ROOM');
        assert.equal(left.ok, true);
        await say(b, room, 'anybody?');
    }
    await join(a, 'last');
    await say(b, 'last', 'end');
    assert.equal((await take(a, 'message')).content, 'end');
});
