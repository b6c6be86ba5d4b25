// SPDX-License-Identifier: MIT
//
// Nodes, brokers, store and Redis are killed or frozen in turn while a crowd talks: nothing that was
// acknowledged is lost, nothing comes twice, and everybody hears everything in order.
//
// ROOKERY_CHAOS_MINUTES makes it the long form (tools/test --chaos), ROOKERY_CHAOS_SEED says what happens,
// ROOKERY_CHAOS_WITH names journal and store.
'use strict';

const { test } = require('./harness');
const { Crowd, randomOf } = require('./crowd');
const { on } = require('./grounds');
const { missing } = require('./service');

const MINUTES = Number(process.env.ROOKERY_CHAOS_MINUTES ?? 0);
const [journal, store] = (process.env.ROOKERY_CHAOS_WITH ?? 'kafka3 postgres').split(' ');
const SEED = Number(process.env.ROOKERY_CHAOS_SEED ?? 1);
const LONG = {
    rate: 1000, rooms: 30, members: 10, everyMs: 10000, downMs: 1000, stoppedMs: 20000, settleMs: 900000,
    faults: MINUTES * 6,
};
const SHORT = {
    rate: 100, rooms: 6, members: 5, everyMs: 4000, downMs: 100, stoppedMs: 3000, settleMs: 60000, faults: 8,
};
const FORM = MINUTES > 0 ? LONG : SHORT;
const PINGS = ['--ping-interval', '5s', '--ping-timeout', '4s'];

test('all that can be killed or frozen is, in turn', {
    skip: missing(journal, store, 'redis'), timeout: 300000 + MINUTES * 60000 * 5,
}, async (t) => {
    t.diagnostic(`seed ${SEED}, ${journal}, ${store}`);
    await on(t, { journal, store, args: PINGS }, async (grounds) => {
        const crowd = new Crowd({ ...FORM, origins: () => grounds.origins(), random: randomOf(SEED + 1) });
        await crowd.gather();
        const flow = crowd.talk(FORM.rate);
        const storm = grounds.storm({ ...FORM, random: randomOf(SEED) });
        try {
            await storm.faults(FORM.faults);
            await storm.end();
            flow.stop();
            await crowd.settle(FORM.settleMs);
        } finally {
            storm.lines().forEach((line) => t.diagnostic(line));
        }
        await crowd.verdict(t, grounds.nodes[0].origin);
    });
});
