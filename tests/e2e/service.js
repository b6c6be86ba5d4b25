// SPDX-License-Identifier: MIT
//
// Servers of tools/services for tests: Kafka, MongoDB's stand-in, PostgreSQL, RabbitMQ, Redis, as
// processes on free ports of the loopback.
//
//     const kafka = await startService('kafka3');       // kafka.url: 127.0.0.1:p1,127.0.0.1:p2,127.0.0.1:p3
//     await kafka.kill('kafka3-2');                     // a crash of one broker; without a name of all
//     await kafka.restart();                            // all that does not run starts, on what it had
//
// It ends after the test, or with shared: true after the file. `tools/services hold` is at the other
// end of its pipes, and ends all of it when those are closed: however the test dies, nothing is left.
'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { later, within } = require('./harness');

const tool = path.join(__dirname, '../../tools/services');
const START_MS = 120000; // three brokers on a busy machine

// Why a test has to be skipped that needs these services; false if it need not.
function missing(...names) {
    const { status, stdout } = spawnSync(tool, ['missing', ...names], { encoding: 'utf8' });
    return status === 0 ? false : `missing: ${stdout.trim().split('\n').join(', ')} (tools/setup test)`;
}

// Runs them in the PostgreSQL database of that URL.
function sql(url, ...commands) {
    const { status, stderr } = spawnSync('psql', ['-v', 'ON_ERROR_STOP=1', '-q', url, ...commands.flatMap((c) => ['-c', c])],
        { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
}

class Service {
    constructor(name) {
        this.name = name;
        this.child = spawn(tool, ['hold', name], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
        this.exited = once(this.child, 'exit');
        this.exited.catch(() => {});
        this.child.stdin.on('error', () => {}); // it has ended, which whoever waits for an answer is told
        this.lines = readline.createInterface(this.child.stdout)[Symbol.asyncIterator]();
        this.turn = Promise.resolve();
    }

    async begin() {
        this.folder = (await this.lines.next()).value;
        await this.answer('start');
        for (const handle of [this.child, this.child.stdin, this.child.stdout]) {
            handle.unref(); // a shared one does not keep the file from ending
        }
    }

    // Until the order is carried out. `up` prints the name and the URL.
    async answer(what) {
        for (;;) {
            const { value: line, done } = await this.lines.next();
            if (done || line === 'failed') {
                throw new Error(`${this.name}: ${what} failed`);
            }
            if (line === 'done') {
                return;
            }
            const [name, url] = line.split(/ +/);
            if (name === this.name) {
                this.url = url;
            }
        }
    }

    // One order after another, however many are given at once.
    order(command, node = this.name) {
        const carriedOut = this.turn.then(() => {
            this.child.stdout.ref();
            this.child.stdin.write(`${command} ${node}\n`);
            return within(this.answer(command), `${command} of ${node}`, START_MS);
        }).finally(() => this.child.stdout.unref());
        this.turn = carriedOut.catch(() => {});
        return carriedOut;
    }

    // The processes of one node (a broker of three: kafka3-1, kafka3-2, kafka3-3) or of all.
    kill(node) { // as a crash would; they are gone when it is done
        return this.order('kill', node);
    }

    pause(node) { // they answer nothing
        return this.order('pause', node);
    }

    resume(node) {
        return this.order('resume', node);
    }

    down(node) { // in good order
        return this.order('down', node);
    }

    restart() { // those that do not run, where they were
        return this.order('up');
    }

    pid(node = this.name) {
        return parseInt(fs.readFileSync(path.join(this.folder, node, 'pid'), 'utf8'), 10);
    }

    async stop() {
        this.child.ref();
        this.child.stdin.end();
        await this.exited;
    }
}

async function startService(name, { shared = false } = {}) {
    const service = new Service(name);
    try {
        await within(service.begin(), `start of ${name}`, START_MS);
    } catch (error) {
        await service.stop();
        throw error;
    }
    if (!shared) {
        later(() => service.stop());
    }
    return service;
}

module.exports = { missing, sql, startService };
