// SPDX-License-Identifier: MIT
//
// The dialect of Rookery's own page: dialect 4 with offsets, and what they make possible.
'use strict';

const assert = require('node:assert/strict');
const { ask, folder, start, take, test, until } = require('../../e2e/harness');
const { ISO, indexed, native, realtime, unread } = require('./people');

const ROOM = 'room-1';
const CHANGES = ['message', 'message_edited', 'message_deleted'];
const FAST = ['--rate-messages', '100000'];

async function pair(args = []) {
    const daemon = await start({ args });
    const ada = await native.enter(daemon, ROOM, 'u-ada', 'Ada');
    const bob = await native.enter(daemon, ROOM, 'u-bob', 'Bob');
    await take(ada, 'user_joined');
    return { daemon, ada, bob };
}

async function ok(client, event, payload) {
    const { ok: done, ...answer } = await ask(client, event, payload);
    assert.equal(done, true, `${event}: ${JSON.stringify(answer)}`);
    return answer;
}

async function refused(client, event, payload) {
    const answer = await ask(client, event, payload);
    assert.deepEqual(Object.keys(answer).sort(), ['code', 'message', 'ok', 'retryable'], JSON.stringify(answer));
    assert.equal(answer.ok, false);
    return answer.code;
}

const say = (client, content, more) => ok(client, 'send_message', { roomId: ROOM, content, ...more });
const changes = (client) => client.events.filter((e) => CHANGES.includes(e.name));
const place = ({ name, payload }) => (name === 'message' ? payload.offset : payload.changed);

async function rejoin(daemon, after, who = 'u-late') {
    const client = await native.enter(daemon, ROOM, who, who, after);
    return { client, answer: client.joined };
}

test('a join is answered with the latest offset, and a message carries its own', async () => {
    const { ada, bob } = await pair();
    assert.deepEqual(ada.joined, { ok: true, roomId: ROOM, offset: 0 });
    const answer = await say(ada, 'hello');
    assert.deepEqual(answer, { id: answer.id, offset: 1, timestamp: answer.timestamp });
    const wanted = {
        id: answer.id, roomId: ROOM, userId: 'u-ada', username: 'Ada', content: 'hello', type: 'text',
        timestamp: answer.timestamp, offset: 1,
    };
    assert.deepEqual(await take(bob, 'message'), wanted);
    assert.deepEqual(await take(ada, 'message'), wanted);
    assert.deepEqual(unread(ada, 'message_history'), []);
});

test('a join after an offset delivers what was missed, in order, then what comes', async () => {
    const { daemon, ada } = await pair();
    for (let i = 1; i <= 5; i++) {
        await say(ada, `n${i}`);
    }
    const { client, answer } = await rejoin(daemon, 2);
    assert.deepEqual(answer, { ok: true, roomId: ROOM, offset: 5 });
    await say(ada, 'n6');
    for (let i = 3; i <= 6; i++) {
        const got = await take(client, 'message');
        assert.deepEqual([got.offset, got.content], [i, `n${i}`]);
    }
    assert.deepEqual(changes(client), []);
});

test('edits and deletions are missed and made up for like messages', async () => {
    const { daemon, ada } = await pair();
    const first = await say(ada, 'tpyo');
    const second = await say(ada, 'oops');
    const seen = second.offset;
    const edit = await ok(ada, 'edit_message', { messageId: first.id, content: 'typo' });
    const deletion = await ok(ada, 'delete_message', { messageId: second.id });
    await say(ada, 'last');
    assert.deepEqual([edit.offset, deletion.offset], [3, 4]);

    const { client, answer } = await rejoin(daemon, seen);
    assert.equal(answer.offset, 5);
    await until(client, () => changes(client).length >= 3, 'what was missed');
    assert.deepEqual(changes(client).map((e) => [e.name, place(e)]),
        [['message_edited', 3], ['message_deleted', 4], ['message', 5]]);
    const [{ payload: edited }, { payload: deleted }] = changes(client);
    assert.match(edited.editedAt, ISO);
    assert.deepEqual(edited, {
        id: first.id, roomId: ROOM, userId: 'u-ada', username: 'Ada', content: 'typo', type: 'text',
        timestamp: first.timestamp, offset: 1, editedAt: edited.editedAt, changed: 3,
    });
    assert.deepEqual(deleted, { roomId: ROOM, messageId: second.id, changed: 4 });
});

test('who joins amid messages has no gap and no repetition, wherever he begins', async () => {
    const { daemon, ada } = await pair(FAST);
    const TOTAL = 300;
    const sending = [];
    const joining = [];
    for (let i = 1; i <= TOTAL; i++) {
        sending.push(say(ada, String(i)));
        if (i % 30 === 0) {
            joining.push(rejoin(daemon, i / 2, `late-${i}`));
            await sending[i - 10];
        }
    }
    await Promise.all(sending);
    for (const { client } of await Promise.all(joining)) {
        await until(client, () => changes(client).some((e) => place(e) === TOTAL), 'the last message');
        const offsets = changes(client).map(place);
        assert.deepEqual(offsets, offsets.map((_, i) => offsets[0] + i));
        assert.equal(offsets.at(-1), TOTAL);
    }
});

test('a client that loses its connection resumes where it was', async () => {
    const { ada, bob } = await pair();
    await say(ada, 'before');
    const { offset } = await take(bob, 'message');
    bob.io.engine.close();
    await say(ada, 'while away 1');
    await say(ada, 'while away 2');
    bob.events.splice(0);
    bob.connect();
    assert.equal((await ok(bob, 'join_room', { roomId: ROOM, after: offset })).offset, 3);
    await say(ada, 'after');
    const texts = [];
    while (texts.length < 3) {
        texts.push((await take(bob, 'message')).content);
    }
    assert.deepEqual(texts, ['while away 1', 'while away 2', 'after']);
});

test('a gap of more than 1000 is said, and the history fills it', async () => {
    const { daemon, ada } = await pair(FAST);
    const TOTAL = 1200;
    for (let i = 0; i < TOTAL; i += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, n) => say(ada, String(i + n + 1))));
    }
    const { client, answer } = await rejoin(daemon, 10);
    assert.deepEqual(Object.keys(answer).sort(), ['gap', 'offset', 'ok', 'roomId']);
    assert.equal(answer.offset, TOTAL);
    const { after, next } = answer.gap;
    assert.equal(after, 10);
    assert.ok(next > 11 && next >= TOTAL - 1000 && next <= TOTAL + 1, `next: ${next}`);
    await say(ada, 'live');
    await until(client, () => changes(client).some((e) => place(e) === TOTAL + 1), 'the live message');
    assert.deepEqual(changes(client).map(place),
        Array.from({ length: TOTAL + 2 - next }, (_, i) => next + i));

    const filled = [];
    for (let at = after; ;) {
        const { messages } = await ok(client, 'history', { roomId: ROOM, after: at, limit: 100 });
        filled.push(...messages.map((m) => m.offset).filter((offset) => offset < next));
        at = messages.at(-1).offset;
        if (at >= next - 1) {
            break;
        }
    }
    assert.deepEqual(filled, Array.from({ length: next - 1 - after }, (_, i) => after + 1 + i));

    const whole = await rejoin(daemon, TOTAL + 1 - 1000, 'u-whole');
    assert.equal(whole.answer.gap, undefined);
});

test('an edit is the author\'s alone', async () => {
    const { ada, bob } = await pair();
    const { id, timestamp } = await say(ada, 'mine');
    assert.equal(await refused(bob, 'edit_message', { messageId: id, content: 'yours' }), 'FORBIDDEN');
    assert.equal(await refused(bob, 'delete_message', { messageId: id }), 'FORBIDDEN');
    assert.equal(await refused(ada, 'edit_message', { messageId: 'no such', content: 'x' }), 'NOT_FOUND');
    assert.equal(await refused(ada, 'delete_message', { messageId: 'no such' }), 'NOT_FOUND');
    const edit = await ok(ada, 'edit_message', { messageId: id, content: 'still mine' });
    assert.deepEqual(edit, { id, offset: 2, timestamp: edit.timestamp });
    const edited = await take(bob, 'message_edited');
    assert.deepEqual(edited, {
        id, roomId: ROOM, userId: 'u-ada', username: 'Ada', content: 'still mine', type: 'text', timestamp,
        offset: 1, editedAt: edited.editedAt, changed: 2,
    });
    await ok(ada, 'delete_message', { messageId: id });
    assert.deepEqual(await take(bob, 'message_deleted'), { roomId: ROOM, messageId: id, changed: 3 });
    assert.equal(await refused(ada, 'edit_message', { messageId: id, content: 'again' }), 'NOT_FOUND');
});

test('one clientId of one user in one room is one message, and comes back with it', async () => {
    const { daemon, ada, bob } = await pair();
    const answer = await say(ada, 'once', { clientId: 'c-1' });
    assert.deepEqual(await say(ada, 'once', { clientId: 'c-1' }), answer);
    const both = await Promise.all([say(ada, 'twice', { clientId: 'c-2' }), say(ada, 'twice', { clientId: 'c-2' })]);
    assert.deepEqual(both[0], both[1]);
    await say(bob, 'another user', { clientId: 'c-1' });
    await ok(ada, 'send_message', { roomId: 'room-2', content: 'another room', clientId: 'c-1' });
    const again = await native.enter(daemon, ROOM, 'u-ada', 'Ada', 100);
    assert.deepEqual(await say(again, 'once', { clientId: 'c-1' }), answer);
    await say(ada, 'end');
    const got = [];
    while (got.at(-1)?.content !== 'end') {
        got.push(await take(bob, 'message'));
    }
    assert.deepEqual(got.map((m) => [m.content, m.clientId]),
        [['once', 'c-1'], ['twice', 'c-2'], ['another user', 'c-1'], ['end', undefined]]);
});

test('typing ends by itself', async () => {
    const { ada, bob } = await pair(['--typing-timeout', '300']);
    assert.deepEqual(await ok(ada, 'typing_start', { roomId: ROOM }), {});
    assert.deepEqual(await take(bob, 'typing'), { roomId: ROOM, userId: 'u-ada', username: 'Ada' });
    assert.deepEqual(await take(bob, 'typing_stop'), { roomId: ROOM, userId: 'u-ada' });
    await ok(ada, 'typing_start', { roomId: ROOM });
    await take(bob, 'typing');
    assert.deepEqual(await ok(ada, 'typing_stop', { roomId: ROOM }), {});
    await take(bob, 'typing_stop');
    await say(ada, 'sentinel');
    await take(bob, 'message');
    assert.deepEqual(unread(bob, 'typing', 'typing_stop'), []);
});

test('presence is told: away, back online, and offline when a client is gone', async () => {
    const { ada, bob } = await pair();
    const next = async (status) => {
        let update;
        do {
            update = await take(ada, 'presence_update');
        } while (update.userId !== 'u-bob' || update.status !== status);
        return update;
    };
    assert.deepEqual(await ok(bob, 'set_presence', { status: 'away' }), {});
    assert.deepEqual(await next('away'), { roomId: ROOM, userId: 'u-bob', status: 'away' });
    const { users } = await ok(ada, 'room_members', { roomId: ROOM });
    assert.deepEqual(users.find((u) => u.userId === 'u-bob'), { userId: 'u-bob', username: 'Bob', status: 'away' });
    await ok(bob, 'set_presence', { status: 'online' });
    assert.deepEqual(await next('online'), { roomId: ROOM, userId: 'u-bob', status: 'online' });
    bob.io.engine.close();
    assert.deepEqual(await next('offline'), { roomId: ROOM, userId: 'u-bob', status: 'offline' });
    await refused(ada, 'set_presence', { status: 'asleep' });
});

test('rooms are made, listed with what is unread, and their members named', async () => {
    const { ada, bob } = await pair();
    const named = await ok(ada, 'create_room', { roomId: 'cooks', name: 'Cooks' });
    assert.deepEqual(named, { roomId: 'cooks', name: 'Cooks' });
    assert.equal(await refused(bob, 'create_room', { roomId: 'cooks', name: 'Mine' }), 'EXISTS');
    const made = await ok(ada, 'create_room', { name: 'No id' });
    assert.deepEqual(made, { roomId: made.roomId, name: 'No id' });
    assert.ok(made.roomId.length > 0);

    await ok(bob, 'join_room', { roomId: 'cooks', after: 0 });
    const ids = [];
    for (const content of ['one', 'two', 'three']) {
        ids.push((await ok(ada, 'send_message', { roomId: 'cooks', content })).id);
    }
    const listed = async () => (await ok(bob, 'list_rooms', {})).rooms.find((r) => r.roomId === 'cooks');
    const before = await listed();
    assert.match(before.createdAt, ISO);
    assert.deepEqual(before, {
        roomId: 'cooks', name: 'Cooks', createdBy: 'u-ada', createdAt: before.createdAt, online: 1, unread: 3,
        offset: 3,
    });
    await ok(ada, 'join_room', { roomId: 'cooks', after: 3 });
    const marked = await ok(bob, 'mark_read', { roomId: 'cooks', messageId: ids[1] });
    assert.deepEqual(marked, { roomId: 'cooks', messageId: ids[1] });
    assert.deepEqual(await take(ada, 'message_read'),
        { roomId: 'cooks', messageId: ids[1], userId: 'u-bob', offset: 2 });
    assert.equal((await listed()).unread, 1);
    await ok(bob, 'mark_read', { roomId: 'cooks', messageId: ids[0] }); // a mark never goes back
    assert.equal((await listed()).unread, 1);
    const { users } = await ok(bob, 'room_members', { roomId: 'cooks' });
    assert.deepEqual(users.sort((a, b) => (a.userId < b.userId ? -1 : 1)), [
        { userId: 'u-ada', username: 'Ada', status: 'online' }, { userId: 'u-bob', username: 'Bob', status: 'online' },
    ]);
});

test('the history is read in pages, backwards, forwards and around', async () => {
    const { ada } = await pair(FAST);
    await Promise.all(Array.from({ length: 25 }, (_, i) => say(ada, `n${i + 1}`)));
    const read = async (query) => {
        const answer = await ok(ada, 'history', { roomId: ROOM, ...query });
        const both = query.around === undefined ? [] : ['moreBefore'];
        assert.deepEqual(Object.keys(answer).sort(), ['messages', 'more', ...both, 'roomId']);
        return [answer.messages.map((m) => m.offset), answer.more];
    };
    const from = (a, b) => Array.from({ length: b - a + 1 }, (_, i) => a + i);
    assert.deepEqual(await read({ limit: 10 }), [from(16, 25), true]);
    assert.deepEqual(await read({ before: 16, limit: 10 }), [from(6, 15), true]);
    assert.deepEqual(await read({ before: 6, limit: 10 }), [from(1, 5), false]);
    assert.deepEqual(await read({ after: 0, limit: 10 }), [from(1, 10), true]);
    assert.deepEqual(await read({ after: 20, limit: 10 }), [from(21, 25), false]);
    assert.deepEqual(await read({ after: 25 }), [[], false]);
    assert.deepEqual(await read({}), [from(1, 25), false]);
    const [around] = await read({ around: 12, limit: 5 });
    assert.ok(around.length <= 5 && around.includes(12) && around[0] < 12 && around.at(-1) > 12, String(around));
    const { messages: [first] } = await ok(ada, 'history', { roomId: ROOM, after: 0, limit: 1 });
    assert.deepEqual(Object.keys(first).sort(),
        ['content', 'id', 'offset', 'roomId', 'timestamp', 'type', 'userId', 'username']);
    await refused(ada, 'history', { roomId: ROOM, limit: 101 });
    await refused(ada, 'history', { roomId: ROOM, before: 'x' });
});

test('a search finds words, newest first, page by page, in one room or in all', async () => {
    const { ada } = await pair(FAST);
    for (let i = 1; i <= 5; i++) {
        await say(ada, `apple number ${i}`);
    }
    await say(ada, 'pears only');
    await ok(ada, 'send_message', { roomId: 'room-2', content: 'apple elsewhere' });
    const gone = await say(ada, 'apple deleted');
    await ok(ada, 'delete_message', { messageId: gone.id });

    const find = (query) => ok(ada, 'search', query);
    const texts = ({ messages }) => messages.map((m) => m.content);
    await indexed(async () => texts(await find({ query: 'apple' })).length === 6);
    assert.deepEqual(texts(await find({ query: 'apple' })), [
        'apple elsewhere', 'apple number 5', 'apple number 4', 'apple number 3', 'apple number 2', 'apple number 1',
    ]);
    const first = await find({ query: 'apple', roomId: ROOM, limit: 3 });
    assert.deepEqual(texts(first), ['apple number 5', 'apple number 4', 'apple number 3']);
    assert.equal(typeof first.before, 'string');
    const second = await find({ query: 'apple', roomId: ROOM, limit: 3, before: first.before });
    assert.deepEqual(texts(second), ['apple number 2', 'apple number 1']);
    assert.equal(second.before, undefined);
    assert.deepEqual(Object.keys(first.messages[0]).sort(),
        ['content', 'id', 'offset', 'roomId', 'timestamp', 'type', 'userId', 'username']);
    for (const query of ['"', 'apple AND', '(', '*', 'a OR', '-', 'NEAR(', 'content:apple']) {
        const answer = await ask(ada, 'search', { query });
        assert.ok(answer.ok || answer.code === 'INVALID_PAYLOAD', `${query}: ${answer.code}`);
    }
    assert.deepEqual(texts(await find({ query: 'nothing like that' })), []);
});

test('what a payload lacks is named, with and without an acknowledgement', async () => {
    const { ada } = await pair();
    const cases = [
        ['send_message', { roomId: ROOM }, /content/], ['send_message', { content: 'x' }, /roomId/],
        ['join_room', { roomId: ROOM, after: -1 }, /after/], ['join_room', { roomId: ROOM, after: 'x' }, /after/],
        ['edit_message', { content: 'x' }, /messageId/], ['edit_message', { messageId: 'm' }, /content/],
        ['delete_message', {}, /messageId/], ['mark_read', { roomId: ROOM }, /messageId/],
        ['typing_start', {}, /roomId/], ['typing_stop', null, /payload/], ['set_presence', {}, /status/],
        ['history', {}, /roomId/], ['search', {}, /query/], ['create_room', {}, /name/],
        ['room_members', {}, /roomId/],
    ];
    for (const [event, payload, field] of cases) {
        const answer = await ask(ada, event, payload);
        assert.deepEqual([answer.ok, answer.code, answer.retryable], [false, 'INVALID_PAYLOAD', false], event);
        assert.match(answer.message, field, event);
        ada.emit(event, payload);
        const error = await take(ada, 'error');
        assert.deepEqual(error, { code: answer.code, message: answer.message }, event);
    }
});

test('a member of dialect 4 sees none of what is new in the forms', async () => {
    const { daemon, ada } = await pair();
    const four = await realtime.enter(daemon, ROOM, 'u-four', 'Four');
    const { id } = await say(ada, 'hello', { clientId: 'c-1' });
    const got = await take(four, 'message');
    assert.deepEqual(Object.keys(got).sort(), ['content', 'id', 'roomId', 'timestamp', 'type', 'userId', 'username']);
    await ok(ada, 'edit_message', { messageId: id, content: 'hello!' });
    assert.deepEqual(Object.keys(await take(four, 'message_edited')).sort(), [...Object.keys(got), 'editedAt'].sort());
    await ok(ada, 'mark_read', { roomId: ROOM, messageId: id });
    assert.deepEqual(await take(four, 'message_read'), { roomId: ROOM, messageId: id, userId: 'u-ada' });
    await ok(ada, 'delete_message', { messageId: id });
    assert.deepEqual(await take(four, 'message_deleted'), { roomId: ROOM, messageId: id });
});

test('everything survives a restart', async () => {
    const data = folder();
    let daemon = await start({ data });
    let ada = await native.enter(daemon, ROOM, 'u-ada', 'Ada');
    const first = await say(ada, 'kept', { clientId: 'c-1' });
    await say(ada, 'changed');
    await ok(ada, 'edit_message', { messageId: first.id, content: 'kept well' });
    await ok(ada, 'create_room', { roomId: 'cooks', name: 'Cooks' });
    assert.equal(await daemon.end('SIGTERM'), 0);

    daemon = await start({ data });
    ada = await native.enter(daemon, ROOM, 'u-ada', 'Ada', 3);
    assert.equal(ada.joined.offset, 3);
    assert.deepEqual(await say(ada, 'kept', { clientId: 'c-1' }), first);
    const { messages } = await ok(ada, 'history', { roomId: ROOM });
    assert.deepEqual(messages.map((m) => m.content), ['kept well', 'changed']);
    const { rooms } = await ok(ada, 'list_rooms', {});
    assert.equal(rooms.some((r) => r.roomId === 'cooks'), true);
});

test('what its author has taken back is not shown to who comes later, from memory or from the store', async () => {
    const data = folder();
    const daemon = await start({ data });
    const ada = await native.enter(daemon, ROOM, 'u-ada', 'Ada');
    const first = await say(ada, 'regretted');
    const second = await say(ada, 'mistaken');
    await ok(ada, 'edit_message', { messageId: first.id, content: 'regretted too' });
    await ok(ada, 'edit_message', { messageId: second.id, content: 'right' });
    await ok(ada, 'delete_message', { messageId: first.id });

    const told = async (from, after) => {
        const { client, answer } = await rejoin(from, after, `u-late-${after}`);
        await ok(client, 'leave_room', { roomId: ROOM });
        assert.equal(answer.offset, 5);
        return changes(client).map(({ name, payload }) => [name, payload.content ?? payload.messageId]);
    };
    const all = [['message', 'right']];
    const rest = [['message_edited', 'right'], ['message_deleted', first.id]];
    assert.deepEqual([await told(daemon, 0), await told(daemon, 2)], [all, rest]);
    await daemon.end('SIGTERM');
    const again = await start({ data });
    assert.deepEqual([await told(again, 0), await told(again, 2)], [all, rest]);
});
