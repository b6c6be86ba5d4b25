// SPDX-License-Identifier: MIT
//
// The store dies under nodes that have Kafka: people go on talking, what they say waits in Kafka, and
// is in the store soon after that is back. ROOKERY_CHAOS_MINUTES makes it 60 s at 1000 messages a second.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('./harness');
const { Crowd, randomOf } = require('./crowd');
const { on } = require('./grounds');
const { missing } = require('./service');

const FORM = process.env.ROOKERY_CHAOS_MINUTES ? { rate: 1000, seconds: 60, rooms: 30, members: 10 }
    : { rate: 200, seconds: 8, rooms: 8, members: 5 };

for (const store of ['postgres', 'mongo']) {
    test(`${store} is away, and chat goes on`, { skip: missing('kafka', store, 'redis'), timeout: 400000 }, async (t) => {
        await on(t, { journal: 'kafka', store, nodes: 2 }, async (grounds) => {
            const crowd = new Crowd({ ...FORM, origins: () => grounds.origins(), random: randomOf(1) });
            const meanwhile = FORM.rate * FORM.seconds;
            await crowd.gather();
            const flow = crowd.talk(FORM.rate);
            await crowd.more(FORM.rate);

            await grounds.store.kill();
            const before = crowd.delivered;
            await crowd.more(meanwhile, FORM.seconds * 5000);
            await crowd.reach(() => crowd.delivered >= before + meanwhile * FORM.members, 'delivery meanwhile', 30000);
            assert.deepEqual(crowd.counts, {}, 'somebody noticed');
            const lag = await grounds.sum('persist_lag');
            assert.ok(lag >= meanwhile / 2, `the lag is ${lag} after ${meanwhile} messages`);

            const back = performance.now();
            await grounds.store.restart();
            flow.stop();
            await crowd.settle();
            await grounds.drained();
            t.diagnostic(`lag ${lag} after ${meanwhile} messages, gone ${Math.round(performance.now() - back)} ms after the return`);
            await crowd.verdict(t, grounds.nodes[1].origin);
        });
    });
}
