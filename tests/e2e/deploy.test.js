// SPDX-License-Identifier: MIT
//
// A deploy: each node in turn is told to end, and starts again, while a crowd talks. Its clients come
// back at another node; that is all that anybody notices.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('./harness');
const { Crowd, randomOf } = require('./crowd');
const { on } = require('./grounds');
const { missing } = require('./service');

const FORM = { rate: 200, rooms: 8, members: 6 };
const SETTLED = 200; // messages between two ends

for (const [journal, store] of [['kafka', 'postgres'], ['rabbitmq', 'mongo']]) {
    test(`nodes are replaced in turn, with ${journal} and ${store}`, {
        skip: missing(journal, store, 'redis'), timeout: 300000,
    }, async (t) => {
        await on(t, { journal, store }, async (grounds) => {
            const up = new Set(grounds.nodes);
            const crowd = new Crowd({
                ...FORM, origins: () => [...up].map((node) => node.origin), random: randomOf(1), places: journal !== 'rabbitmq',
            });
            await crowd.gather();
            const flow = crowd.talk(FORM.rate);
            for (const node of grounds.nodes) {
                await crowd.more(SETTLED);
                up.delete(node); // as a balancer does
                assert.equal(await node.daemon.end('SIGTERM'), 0, node.daemon.log);
                await crowd.more(SETTLED);
                await node.start();
                up.add(node);
            }
            flow.stop();
            await crowd.settle();
            await grounds.drained();
            await crowd.verdict(t, grounds.nodes[0].origin);
            const { drops, resent = {}, 'told again on return': _, ...others } = crowd.counts;
            assert.deepEqual(others, {}); // neither errors nor refusals, and who comes back asks once for what he missed
            assert.deepEqual(Object.keys(drops), ['transport close']);
            assert.deepEqual(Object.keys(resent).filter((why) => why !== 'no answer'), []);
        });
    });
}
