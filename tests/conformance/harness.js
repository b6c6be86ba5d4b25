// SPDX-License-Identifier: MIT
//
// What every test file stands on: the server under test, deadlines, and queues to wait on.
//
// A file calls useServer(profile) once per profile it needs; the process runs from the first test
// to the last. Tests take a fresh connection each, and whatever they open is destroyed after them.
// Nothing sleeps: a test waits for an event, and a deadline turns its absence into a failure.
// Deadlines are generous, because they are only met when something is wrong.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { after, afterEach, before, test: nodeTest } = require('node:test');
const { reachable } = require('../support/port');

const DEADLINE_MS = 5000;
const TEST_TIMEOUT_MS = 30000;

const serverProgram = process.env.CONF_SERVER || path.join(__dirname, 'reference.js');
const isReference = path.basename(serverProgram) === 'reference.js';

// ---- deadlines ------------------------------------------------------------------------------

const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function within(promise, what, ms = DEADLINE_MS) {
    let timer;
    const deadline = new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no ${what} within ${ms} ms`)), ms);
    });
    try {
        return await Promise.race([promise, deadline]);
    } finally {
        clearTimeout(timer);
    }
}

// Repeats a question until the answer is true; for states that no event tells of.
async function eventually(isTrue, what, ms = DEADLINE_MS) {
    const end = Date.now() + ms;
    while (!(await isTrue())) {
        assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`);
        await delay(10);
    }
}

// Holds for the whole of `ms` that the promise stays unsettled.
async function notWithin(promise, what, ms) {
    const settled = await Promise.race([promise.then(() => true), delay(ms).then(() => false)]);
    assert.ok(!settled, `${what} came within ${ms} ms`);
}

// What arrived and was not yet asked for. After end(reason), next() fails once the rest is taken.
class Inbox {
    #items = [];
    #waiting = [];
    #ended = null;

    push(item) {
        const waiter = this.#waiting.shift();
        if (waiter) {
            waiter.resolve(item);
        } else {
            this.#items.push(item);
        }
    }

    end(reason) {
        this.#ended ??= new Error(`the connection is over: ${reason}`);
        this.#waiting.splice(0).forEach((waiter) => waiter.reject(this.#ended));
    }

    next(what = 'message', ms = DEADLINE_MS) {
        if (this.#items.length > 0) {
            return Promise.resolve(this.#items.shift());
        }
        if (this.#ended) {
            return Promise.reject(this.#ended);
        }
        let waiter;
        const item = new Promise((resolve, reject) => {
            waiter = { resolve, reject };
            this.#waiting.push(waiter);
        });
        return within(item, what, ms).finally(() => {
            this.#waiting = this.#waiting.filter((other) => other !== waiter);
        });
    }

    get length() {
        return this.#items.length;
    }
}

// ---- the server under test ------------------------------------------------------------------

// Each test process has a loopback address of its own, so that files run in parallel never meet on
// a port (a server listening with SO_REUSEPORT would share it with another without a word).
function ownAddress() {
    const pid = process.pid;
    return `127.${64 + ((pid >> 16) & 63)}.${(pid >> 8) & 255}.${pid & 255}`;
}

let portsTaken = 0;

// Killed with this process, also where no hook of a test gets to run.
const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

class ServerProcess {
    constructor(profile, extraEnv) {
        this.profile = profile;
        this.host = ownAddress();
        this.port = 20000 + portsTaken++;
        this.origin = `http://${this.host}:${this.port}`;
        this.extraEnv = extraEnv;
    }

    async start() {
        const env = {
            ...process.env,
            ...this.extraEnv,
            CONF_PROFILE: this.profile,
            CONF_HOST: this.host,
            CONF_PORT: String(this.port),
        };
        const isScript = serverProgram.endsWith('.js');
        const [command, ...args] = isScript
            ? [process.execPath, serverProgram]
            : [path.resolve(serverProgram)];
        this.child = spawn(command, args, { env, stdio: ['ignore', 2, 2] });
        this.exited = new Promise((resolve) => {
            this.child.once('error', (error) => resolve(error.message));
            this.child.once('exit', (code, signal) => resolve(signal ?? code));
        });
        this.exited.then((result) => (this.result = result));
        running.add(this.child);
        this.exited.finally(() => running.delete(this.child));
        await eventually(() => this.#accepts(), `the server accepts connections (${this.profile})`);
    }

    async #accepts() {
        assert.equal(this.result, undefined, `the server ended at its start: ${this.result}`);
        return reachable(this.port, this.host);
    }

    // Asks the server to stop; gives its exit status, or the name of the signal that ended it.
    async stop() {
        this.child.kill('SIGTERM');
        return within(this.exited, 'end of the server after SIGTERM', 10000);
    }

    kill() {
        this.child.kill('SIGKILL');
    }
}

// Runs a server of that profile around all tests of the file.
function useServer(profile, extraEnv = {}) {
    const server = new ServerProcess(profile, extraEnv);
    before(() => server.start());
    after(() => server.kill());
    return server;
}

// A server for one test alone: for what would disturb the connections of other tests.
async function startServer(profile, extraEnv = {}) {
    const server = new ServerProcess(profile, extraEnv);
    await server.start();
    destroyLater(() => server.kill());
    return server;
}

// The last test of a file. Under a sanitizer this is also where leaks show.
function endsCleanly(...servers) {
    for (const server of servers) {
        test(`the server of profile ${server.profile} survived, and stops on SIGTERM`, async () => {
            assert.equal(server.result, undefined, 'the server ended during the tests');
            assert.equal(await server.stop(), 0);
        });
    }
}

// ---- tests ----------------------------------------------------------------------------------

const destroyers = [];

function destroyLater(destroy) {
    destroyers.push(destroy);
}

afterEach(() => destroyers.splice(0).forEach((destroy) => destroy()));

// options.notReference: why the reference is known to fail here and a server may do better.
function test(name, options, body = options) {
    const skip = isReference && options.notReference;
    nodeTest(name, { timeout: TEST_TIMEOUT_MS, skip: skip ? `reference: ${skip}` : false }, body);
}

module.exports = {
    Inbox,
    delay,
    destroyLater,
    endsCleanly,
    eventually,
    notWithin,
    startServer,
    test,
    useServer,
    within,
};
