// SPDX-License-Identifier: MIT
//
// A crowd that talks whatever happens to the servers: stock clients in rooms of equal size, who come
// back, to any of the nodes, when their connection ends, and catch up there.
//
//     const crowd = new Crowd({ origins: () => [...], rooms: 30, members: 10, random });
//     await crowd.gather();                    // all are in their rooms
//     const flow = crowd.talk(1000);           // messages a second, of whoever
//     ...
//     flow.stop();
//     await crowd.settle();                    // all is acknowledged, and heard by all members
//     await crowd.verdict(t, origin);          // and in the history, once, in order; prints the counts
//
// A person has one message in flight and sends it again, under the same clientId, until it is
// acknowledged; what he would like to say meanwhile waits. So his messages must stand in every history
// in his order, and each member must hear them in it, once, without a hole: what he said while that
// member was away comes when he joins again (`after`).
//
// places: false: the journal knows no places (RabbitMQ), so that nobody can tell what he has missed; what
// members have heard is printed then, and not judged.
'use strict';

const assert = require('node:assert/strict');
const { io } = require('socket.io-client');
const { later, within } = require('./harness');

const ANSWER_MS = 20000; // then it is asked again: longer than any wait of the servers'
const AGAIN_MS = 100; // after a refusal that says that it may be; up to three times that
const TURN_MS = 10; // of the talk
const PAGE = 100;

// Numbers that look random and are the same for the same seed (mulberry32).
function randomOf(seed) {
    let state = seed >>> 0;
    const random = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
    };
    random.below = (n) => Math.floor(random() * n);
    random.of = (list) => list[random.below(list.length)];
    return random;
}

class Person {
    constructor(crowd, number) {
        this.crowd = crowd;
        this.number = number;
        this.room = `room ${number % crowd.roomCount}`;
        this.wanted = 0; // messages that he would like to have said
        this.acked = 0;
        this.place = 0; // of the latest that he heard
        this.heard = new Map(); // of whom -> the number that comes next
        this.missing = new Set(); // 'who#number': was skipped
        this.held = null; // what comes while a gap is filled
        this.entered = false;
    }

    connect() {
        const { crowd } = this;
        const name = `person ${this.number}`;
        this.socket = io(crowd.anyOrigin(), {
            auth: { userId: name, username: name }, transports: ['websocket'], forceNew: true,
            reconnectionDelay: 100, reconnectionDelayMax: 1000, timeout: ANSWER_MS,
        });
        later(() => this.socket.disconnect());
        this.socket.io.on('reconnect_attempt', () => {
            this.socket.io.uri = crowd.anyOrigin();
        });
        this.socket.on('connect', () => {
            this.enter(this.socket.id);
            this.pump();
        });
        this.socket.on('disconnect', (reason) => {
            this.entered = false;
            this.held = null;
            crowd.count('drops', reason);
            if (reason === 'io server disconnect') {
                this.socket.connect(); // which the stock client leaves to its user
            }
        });
        this.socket.on('connect_error', () => crowd.count('connectErrors'));
        this.socket.on('error', ({ code }) => crowd.count('events', code));
        this.socket.on('message', (m) => (this.held ? this.held.push(m) : this.hear(m)));
    }

    // Asks until there is an answer that counts, or the connection is another. What was heard since a
    // question that had no answer is not asked for again.
    ask(event, question, onAnswer) {
        const { id } = this.socket;
        const isSame = () => this.socket.connected && this.socket.id === id;
        this.socket.timeout(ANSWER_MS).emit(event, question(), (error, answer) => {
            if (isSame() && !error && answer.ok) {
                onAnswer(answer);
            } else if (isSame() && !error && !answer.retryable) {
                this.crowd.count('refusals', `${event}: ${answer.code} ${answer.message}`);
            } else if (isSame()) {
                this.crowd.count('retries', error ? 'no answer' : answer.code);
                this.crowd.again(() => isSame() && this.ask(event, question, onAnswer));
            }
        });
    }

    enter() {
        this.ask('join_room', () => ({ roomId: this.room, after: this.place }), (answer) => {
            if (answer.gap) {
                this.crowd.count('gaps');
                this.held = [];
                this.fill(answer.gap.next);
            } else {
                this.come();
            }
        });
    }

    come() {
        this.entered = true;
        this.crowd.look();
    }

    // What is between what he knows and what the join has told, by pages.
    fill(end) {
        this.ask('history', () => ({ roomId: this.room, after: this.place, limit: PAGE }), ({ messages, more }) => {
            const missed = messages.filter((m) => m.offset < end);
            missed.forEach((m) => this.hear(m));
            if (more && missed.length === messages.length) {
                this.fill(end);
                return;
            }
            const { held } = this;
            this.held = null;
            held.forEach((m) => this.hear(m));
            this.come();
        });
    }

    hear({ content, offset }) {
        const { crowd, heard } = this;
        const at = content.indexOf('#');
        const who = Number(content.slice(0, at));
        const number = Number(content.slice(at + 1));
        const next = heard.get(who) ?? 0;
        if (offset <= this.place) {
            crowd.flaw('misplaced', `${content} at ${offset} to ${this.number} after ${this.place}`);
        }
        if (offset === undefined && crowd.places) {
            crowd.flaw('without a place', `${content} to ${this.number} after ${this.place}`);
        }
        this.place = Math.max(this.place, offset ?? 0);
        if (number < next && !this.missing.delete(content)) {
            this.hearAgain(content, offset);
            return;
        }
        if (number < next && crowd.places) {
            crowd.flaw('out of order', `${content} at ${offset} to ${this.number}, who has heard up to ${next - 1}`);
        }
        for (let skipped = next; skipped < number; skipped++) {
            this.missing.add(`${who}#${skipped}`);
        }
        heard.set(who, Math.max(next, number + 1));
        crowd.delivered++;
        crowd.look();
    }

    hearAgain(content, offset) {
        if (this.crowd.places) {
            this.crowd.flaw('told twice', `${content} at ${offset} to ${this.number}`);
        } else {
            this.crowd.count('told again on return');
        }
    }

    say() {
        this.wanted++;
        this.crowd.wanted++;
        this.pump();
    }

    pump() {
        if (!this.isSaying && this.acked < this.wanted && this.socket.connected) {
            this.isSaying = true;
            this.since = performance.now();
            this.send(`${this.number}#${this.acked}`);
        } else if (this.isSaying && this.isWaiting) {
            this.send(`${this.number}#${this.acked}`); // the connection is a new one
        }
    }

    send(content) {
        const { crowd } = this;
        this.isWaiting = !this.socket.connected;
        if (this.isWaiting) {
            return;
        }
        crowd.sent++;
        const payload = { roomId: this.room, content, clientId: content };
        this.socket.timeout(ANSWER_MS).emit('send_message', payload, (error, answer) => {
            if (!error && answer.ok) {
                crowd.acknowledged(performance.now() - this.since);
                this.acked++;
                this.isSaying = false;
                this.pump();
            } else if (!error && !answer.retryable) {
                crowd.count('refusals', `send_message: ${answer.code} ${answer.message}`);
            } else {
                crowd.count('resent', error ? 'no answer' : answer.code);
                crowd.again(() => this.send(content));
            }
        });
    }
}

class Crowd {
    constructor({ origins, rooms, members, random, places = true }) {
        this.origins = origins;
        this.places = places;
        this.roomCount = rooms;
        this.members = members;
        this.random = random;
        this.wanted = this.sent = this.acked = this.delivered = 0;
        this.counts = {};
        this.flaws = [];
        this.latencies = [];
        this.latestAck = performance.now();
        this.longestPause = 0;
        this.goals = new Set();
        this.people = Array.from({ length: rooms * members }, (_, i) => new Person(this, i));
    }

    anyOrigin() {
        return this.random.of(this.origins());
    }

    count(what, kind = 'all') {
        this.counts[what] ??= {};
        this.counts[what][kind] = (this.counts[what][kind] ?? 0) + 1;
        this.look();
    }

    flaw(what, detail) {
        this.count('flaws', what);
        if (this.flaws.length < 20) {
            this.flaws.push(`${what}: ${detail}`);
        }
    }

    again(fn) {
        setTimeout(fn, AGAIN_MS * (1 + 2 * this.random()));
    }

    acknowledged(latency) {
        const now = performance.now();
        this.acked++;
        this.latencies.push(latency);
        this.longestPause = Math.max(this.longestPause, now - this.latestAck);
        this.latestAck = now;
        this.look();
    }

    // ---- events ----

    look() {
        this.goals.forEach((goal) => goal());
    }

    // Until isReached().
    reach(isReached, what, ms) {
        let goal;
        return within(new Promise((resolve) => {
            goal = () => isReached() && resolve();
            this.goals.add(goal);
            goal();
        }), what, ms).finally(() => this.goals.delete(goal)).catch((error) => {
            throw new Error(`${error.message}: ${this.summary()}`);
        });
    }

    async gather(ms = 30000) {
        this.people.forEach((person) => person.connect());
        await this.reach(() => this.people.every((p) => p.entered), 'crowd in its rooms', ms);
    }

    // From now on so many messages a second, of whom the random numbers name.
    talk(rate) {
        const begun = performance.now();
        let said = 0;
        this.latestAck = begun;
        const turn = () => {
            for (const due = (performance.now() - begun) * rate / 1000; said < due; said++) {
                this.random.of(this.people).say();
            }
        };
        const timer = setInterval(turn, TURN_MS);
        const stop = () => clearInterval(timer);
        later(stop);
        return { stop };
    }

    // Until so many more messages are acknowledged.
    more(messages, ms = 30000) {
        const goal = this.acked + messages;
        return this.reach(() => this.acked >= goal, `${messages} more acknowledgements`, ms);
    }

    // Until so many more sends have been refused so.
    refused(code, times, ms = 30000) {
        const refusals = () => this.counts.resent?.[code] ?? 0;
        const goal = refusals() + times;
        return this.reach(() => refusals() >= goal, `${times} refusals as ${code}`, ms);
    }

    async settle(ms = 60000) {
        await this.reach(() => this.acked === this.wanted, 'acknowledgement of all', ms);
        await this.reach(() => this.people.every((p) => p.entered), 'return of all', ms);
        await this.reach(() => !this.places || this.missed() <= 0, 'message for all members', ms);
    }

    // ---- the books ----

    // Reads all histories at that node.
    async audit(origin) {
        const reader = io(origin, { transports: ['websocket'], forceNew: true });
        later(() => reader.disconnect());
        const books = { stored: 0, lost: 0, twice: 0, misordered: 0 };
        for (let room = 0; room < this.roomCount; room++) {
            await this.auditRoom(reader, room, books);
        }
        reader.disconnect();
        return books;
    }

    async auditRoom(reader, room, books) {
        const seen = new Map(this.people.filter((p) => p.number % this.roomCount === room)
            .map((p) => [p.number, { numbers: new Set(), latest: -1 }]));
        let after = 0;
        for (let more = true; more;) {
            const page = await this.page(reader, `room ${room}`, after);
            for (const { content, offset } of page.messages) {
                const [who, number] = content.split('#').map(Number);
                const sender = seen.get(who);
                books.stored++;
                books.twice += sender.numbers.has(number);
                books.misordered += number < sender.latest;
                sender.numbers.add(number);
                sender.latest = number;
                after = offset;
            }
            more = page.more;
        }
        for (const [who, { numbers }] of seen) {
            for (let n = 0; n < this.people[who].acked; n++) {
                if (!numbers.has(n)) {
                    books.lost++;
                    this.flaw('lost', `${who}#${n}`);
                }
            }
        }
    }

    async page(reader, roomId, after) {
        const answer = await within(reader.emitWithAck('history', { roomId, after, limit: PAGE }),
            `page of ${roomId} after ${after}`, 30000);
        if (!answer.ok && answer.retryable) {
            this.count('retries', answer.code);
            return this.page(reader, roomId, after);
        }
        if (!answer.ok) {
            throw new Error(JSON.stringify(answer));
        }
        return answer;
    }

    // By members who are there.
    missed() {
        return this.wanted * this.members - this.delivered;
    }

    latency(share) {
        const sorted = Float64Array.from(this.latencies).sort();
        return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    }

    summary() {
        const away = this.people.filter((p) => !p.entered).length;
        return `${this.people.length} people in ${this.roomCount} rooms, ${away} of them away; said ${this.wanted}`
            + `, acknowledged ${this.acked}, heard ${this.delivered}, missing ${this.missed()}`
            + `; ${JSON.stringify(this.counts)} ${this.flaws.join('; ')}`;
    }

    table(books) {
        const flaws = this.counts.flaws ?? {};
        const { resent = {}, ...others } = this.counts;
        return [
            `${this.people.length} people in ${this.roomCount} rooms`,
            `said ${this.wanted}, sent ${this.sent}, acknowledged ${this.acked}, stored ${books.stored}`
                + `: lost ${books.lost}, twice ${books.twice}, out of order ${books.misordered}`,
            `delivered ${this.delivered}: missing ${this.missed()}, twice ${flaws['told twice'] ?? 0}`
                + `, out of order ${(flaws['out of order'] ?? 0) + (flaws.misplaced ?? 0)}`,
            `acknowledged after ${this.latency(0.5)} ms (median), ${this.latency(0.99)} (99 %), ${this.latency(1)} (all)`
                + `; nobody for ${Math.round(this.longestPause)} ms at most`,
            `sent again: ${JSON.stringify(resent)}; ${JSON.stringify(others)}`,
        ];
    }

    // What is in the histories, read at that node, and what has been heard is what was acknowledged.
    async verdict(t, origin) {
        const books = await this.audit(origin);
        this.table(books).forEach((line) => t.diagnostic(line));
        assert.deepEqual(books, { stored: this.acked, lost: 0, twice: 0, misordered: 0 }, this.flaws.join('; '));
        assert.deepEqual(this.counts.refusals ?? {}, {});
        if (this.places) {
            assert.deepEqual(this.flaws, []);
            assert.equal(this.missed(), 0);
        }
    }
}

module.exports = { Crowd, randomOf };
