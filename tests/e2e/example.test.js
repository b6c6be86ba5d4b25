// SPDX-License-Identifier: MIT
//
// The echo server of the public header (tools/examples/echo.c), as its comment says to use it.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const { io } = require('socket.io-client');
const { later, test, within } = require('./harness');

const program = path.join(process.env.ROOKERY_BUILD, 'tools/examples/echo');

test('the example echoes what stock clients send, and stops on SIGTERM', async () => {
    const child = spawn(program, ['0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    later(() => child.kill('SIGKILL'));
    const [line] = await within(once(readline.createInterface(child.stdout), 'line'), 'address');
    const socket = io(line.replace('listening on ', ''));
    later(() => socket.close());

    const back = once(socket, 'message-back');
    const answer = await within(
        socket.emitWithAck('message', 'hello', { a: 1 }, Buffer.from([1, 2, 3])), 'answer');
    assert.equal(answer, 'hello');
    assert.deepEqual(await within(back, 'message-back'), ['hello', { a: 1 }, Buffer.from([1, 2, 3])]);

    child.kill('SIGTERM');
    const [status] = await within(once(child, 'exit'), 'end of the example');
    assert.equal(status, 0);
});
