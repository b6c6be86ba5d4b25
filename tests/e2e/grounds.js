// SPDX-License-Identifier: MIT
//
// Nodes with the services behind them, and what can happen to any of it: killed and started again,
// or stopped and let go on.
//
//     await on(t, { journal: 'kafka3', store: 'postgres', nodes: 3 }, async (grounds) => {
//         const storm = grounds.storm({ random, everyMs: 10000, downMs: 1000, stoppedMs: 20000 });
//         ...
//         await storm.end();                   // all of it runs again; storm.lines(): what has happened
//     });
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { setTimeout: pass } = require('node:timers/promises');
const { folder, start } = require('./harness');
const { startService } = require('./service');
const { eventually } = require('../interop/cluster/cluster.js');

const START_MS = 60000; // a node that ends at its start, since something it needs is away, is started again

const DRAIN_MS = 60000;
const LOGGED = 15; // lines
const SHOWN = ['persist_lag', 'persist_partitions', 'persist_stored_total', 'persist_retries_total', 'persist_store_away',
    'journal_up', 'journal_queue_messages', 'cluster_nodes'];

const JOURNALS = {
    kafka: ['--kafka-brokers'], kafka3: ['--kafka-brokers'], rabbitmq: ['--rabbitmq-url'],
};
const STORES = { postgres: ['--database-url'], mongo: ['--mongo-uri'] };

// The sum over its labels; undefined if it is not there.
async function figure(node, name) {
    const text = await (await fetch(`${node.origin}/metrics`)).text();
    const lines = text.split('\n').filter((l) => l.startsWith(`rookery_${name}{`) || l.startsWith(`rookery_${name} `));
    return lines.length === 0 ? undefined : lines.reduce((sum, l) => sum + Number(l.split(' ').at(-1)), 0);
}

class Node {
    constructor(name, args, { data = folder(), through = [] } = {}) {
        this.name = name;
        this.args = args;
        this.data = data;
        this.through = through;
        this.port = 0;
        this.logs = [];
    }

    async start() {
        this.logs.push(...[this.daemon].filter(Boolean));
        this.daemon = await eventually(() => start({
            data: this.data, port: this.port, args: [...this.args, '--service-id', this.name],
            env: { JWT_SECRET: 'a secret that all of them have', ROOKERY_LOG_LEVEL: 'warn' },
            log: true, through: this.through, ms: START_MS,
        }), START_MS);
        this.port = this.daemon.port;
        this.origin = this.daemon.origin;
    }

    // Of all its lives.
    log() {
        return [...this.logs, this.daemon].map((daemon) => daemon.log).join('').split('\n').filter(Boolean);
    }

    async kill() {
        await this.daemon.end('SIGKILL');
    }

    pause() {
        this.daemon.child.kill('SIGSTOP');
    }

    resume() {
        this.daemon.child.kill('SIGCONT');
    }

    rssBytes() {
        const status = fs.readFileSync(`/proc/${this.daemon.child.pid}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
    }
}

// One thing that something can happen to; of each kind one at a time.
class Target {
    constructor(kind, name, part) {
        Object.assign(this, { kind, name, part, isAway: false });
    }

    async kill() {
        await this.part.kill(this.name);
    }

    async restart() {
        await (this.part.restart ? this.part.restart() : this.part.start());
    }

    async pause() {
        await this.part.pause(this.name);
    }

    async resume() {
        await this.part.resume(this.name);
    }
}

class Storm {
    constructor(grounds, { random, everyMs, downMs, stoppedMs }) {
        Object.assign(this, { targets: grounds.targets, random, everyMs, downMs, stoppedMs });
        this.log = [];
        this.deck = [];
        this.ending = new Set();
        this.begun = performance.now();
        this.over = new AbortController();
        this.running = this.run();
        this.running.catch(() => {});
    }

    // Each kind of fault once, in random order, before any comes again.
    draw() {
        if (this.deck.length === 0) {
            const kinds = [...new Set(this.targets.map((t) => t.kind))];
            this.deck = kinds.flatMap((kind) => [{ kind, deed: 'kill' }, { kind, deed: 'pause' }])
                .map((fault) => [this.random(), fault]).sort(([a], [b]) => a - b).map(([, fault]) => fault);
        }
        const at = this.deck.findIndex(({ kind }) => !this.targets.some((t) => t.kind === kind && t.isAway));
        return at < 0 ? null : this.deck.splice(at, 1)[0];
    }

    async run() {
        while (!this.over.signal.aborted) {
            const fault = this.draw();
            if (fault) {
                const target = this.random.of(this.targets.filter((t) => t.kind === fault.kind));
                target.isAway = true;
                const done = this.strike(target, fault.deed).finally(() => {
                    target.isAway = false;
                });
                done.catch(() => {});
                this.ending.add(done);
            }
            await pass(this.everyMs, undefined, { signal: this.over.signal }).catch(() => {}); // the pace of the storm
        }
    }

    async strike(target, deed) {
        const from = performance.now();
        const entry = { at: (from - this.begun) / 1000, what: `${deed} ${target.name}` };
        this.log.push(entry);
        await target[deed]();
        await pass(deed === 'kill' ? this.downMs : this.stoppedMs); // how long it is away
        await (deed === 'kill' ? target.restart() : target.resume());
        entry.seconds = (performance.now() - from) / 1000;
    }

    // Until so much has happened.
    async faults(count) {
        while (this.log.length < count) {
            await pass(this.everyMs / 10);
        }
    }

    async end() {
        this.over.abort();
        await this.running;
        await Promise.all(this.ending);
    }

    lines() {
        return this.log.map(({ at, what, seconds }) => `${at.toFixed(1)} s: ${what}, ${seconds?.toFixed(1) ?? '?'} s`);
    }
}

// Runs the body on such grounds; if it fails, what the nodes have logged is shown.
async function on(t, options, body) {
    const grounds = await Grounds.begin(options);
    try {
        await body(grounds);
    } catch (error) {
        for (const node of grounds.nodes) {
            node.log().slice(-LOGGED).forEach((line) => t.diagnostic(`${node.name}: ${line}`));
        }
        for (const name of SHOWN) {
            t.diagnostic(`${name}: ${await Promise.all(grounds.nodes.map((node) => figure(node, name).catch(String)))}`);
        }
        throw error;
    }
}

class Grounds {
    // journal, store: of JOURNALS and STORES; without one the node's own. redis: whether there is one.
    static async begin({ journal, store, redis = true, nodes = 3, args = [], ...place }) {
        const names = [journal, store, redis && 'redis'].filter(Boolean);
        const grounds = new Grounds();
        const services = await Promise.all(names.map((name) => startService(name)));
        grounds.services = Object.fromEntries(services.map((service) => [service.name, service]));
        const all = [...args];
        if (journal) {
            all.push(...JOURNALS[journal], grounds.services[journal].url);
        }
        if (store) {
            all.push(...STORES[store], grounds.services[store].url);
        }
        if (redis) {
            all.push('--redis-url', grounds.services.redis.url, '--cluster-heartbeat', '1s');
        }
        grounds.journal = journal && grounds.services[journal];
        grounds.store = store && grounds.services[store];
        grounds.nodes = Array.from({ length: nodes }, (_, i) => new Node(`node-${i + 1}`, all, place));
        await grounds.nodes[0].start(); // which makes topics and tables
        await Promise.all(grounds.nodes.slice(1).map((node) => node.start()));
        const brokers = journal === 'kafka3' ? ['kafka3-1', 'kafka3-2', 'kafka3-3'] : [journal].filter(Boolean);
        grounds.targets = [
            ...grounds.nodes.map((node) => new Target('node', node.name, node)),
            ...brokers.map((name) => new Target('broker', name, grounds.journal)),
            ...(store ? [new Target('store', store, grounds.store)] : []),
            ...(redis ? [new Target('redis', 'redis', grounds.services.redis)] : []),
        ];
        return grounds;
    }

    origins() {
        return this.nodes.map((node) => node.origin);
    }

    storm(options) {
        return new Storm(this, options);
    }

    // Until nothing is on its way into the store any more.
    drained(ms = DRAIN_MS) {
        return eventually(async () => assert.equal(await this.sum('persist_lag'), 0), ms);
    }

    // Over all nodes.
    async sum(name) {
        const figures = await Promise.all(this.nodes.map((node) => figure(node, name)));
        return figures.reduce((sum, value) => sum + (value ?? 0), 0);
    }
}

module.exports = { figure, on };
