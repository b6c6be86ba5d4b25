// SPDX-License-Identifier: MIT
//
// RabbitMQ in front of a database: the broker, the node and the store are killed while a crowd talks.
'use strict';

const { test } = require('./harness');
const { Crowd, randomOf } = require('./crowd');
const { on } = require('./grounds');
const { missing } = require('./service');

const FORM = { rate: 100, rooms: 4, members: 4 };

for (const store of ['postgres', 'mongo']) {
    test(`RabbitMQ, the node and ${store} are killed`, {
        skip: missing('rabbitmq', store), timeout: 240000,
    }, (t) => on(t, { journal: 'rabbitmq', store, nodes: 1, redis: false }, async (grounds) => {
        const crowd = new Crowd({ ...FORM, origins: () => grounds.origins(), random: randomOf(1), places: false });
        const [node] = grounds.nodes;
        await crowd.gather();
        const flow = crowd.talk(FORM.rate);
        for (const part of [grounds.journal, node, grounds.store]) {
            await crowd.more(FORM.rate);
            await part.kill();
            await (part.restart ? part.restart() : part.start());
        }
        await crowd.more(FORM.rate);
        flow.stop();
        await crowd.settle();
        await grounds.drained();
        await crowd.verdict(t, node.origin);
    }));
}
