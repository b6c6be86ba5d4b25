// SPDX-License-Identifier: MIT
//
// Engine.IO 3 and what of Socket.IO goes with it, on the wire: payloads, heartbeats, binary
// messages, JSONP, and how its clients join. Those clients themselves: eio3_clients.test.js.
'use strict';

const assert = require('node:assert/strict');
const { WebSocket } = require('ws');
const { EngineSocket, PollingSession, enginePath } = require('./engine_client');
const {
    BINARY_TYPE,
    EngineSocket3,
    PollingSession3,
    decode,
    eio3Path,
    encodeBinary,
    encodeText,
    transports3,
} = require('./eio3_client');
const { endsCleanly, test, useServer, within } = require('./harness');
const { request } = require('./http_client');

const engine = useServer('eio3');
const clients = useServer('clients');
const only4 = useServer('protocol');

const SOCKET = { path: '/socket.io/' };

// ---- which revision -------------------------------------------------------------------------

for (const eio of ['EIO=3&', '']) {
    test(`a request with '${eio}' is refused where revision 3 is not allowed`, async () => {
        const { status, body } = await request(only4, `/engine.io/?${eio}transport=polling`);
        assert.deepEqual([status, body], [400, '{"code":5,"message":"Unsupported protocol version"}']);
    });
}

for (const eio of ['', 'EIO=5&', 'EIO=abc&', 'EIO=3&']) {
    test(`a request with '${eio}' is one of revision 3 where that is allowed`, async () => {
        const response = await request(engine, `/engine.io/?${eio}transport=polling`);
        assert.match(decode(response)[0], /^0\{"sid":/);
    });
}

function isMixedUp({ status, body }) {
    assert.deepEqual([status, body], [400, '{"code":3,"message":"Bad request"}']);
}

test('a session keeps its revision', async () => {
    const old = await PollingSession3.open(engine);
    const young = await PollingSession.open(engine);
    isMixedUp(await request(engine, enginePath('/engine.io/', 'polling', `&sid=${old.sid}`)));
    isMixedUp(await request(engine, eio3Path('/engine.io/', 'polling', `&sid=${young.sid}`)));
    const options = { method: 'POST', body: '4a' };
    isMixedUp(await request(engine, enginePath('/engine.io/', 'polling', `&sid=${old.sid}`), options));
    await old.send('4still here');
    assert.equal(await old.next(), '4still here');
});

test('an upgrade with another revision is refused', async () => {
    const session = await PollingSession3.open(engine);
    const path = enginePath('/engine.io/', 'websocket', `&sid=${session.sid}`);
    const ws = new WebSocket(`ws://${engine.host}:${engine.port}${path}`);
    const [response] = await within(new Promise((resolve) => {
        ws.once('unexpected-response', (...args) => resolve(args.slice(1)));
        ws.on('error', () => {});
    }), 'refusal');
    assert.equal(response.statusCode, 400);
});

// ---- payloads -------------------------------------------------------------------------------

test('the handshake says what revision 4 says', async () => {
    const { handshake, sid } = await PollingSession3.open(engine);
    assert.deepEqual(handshake, {
        sid, upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000,
    });
    const socket = await EngineSocket3.open(engine);
    assert.deepEqual(socket.handshake.upgrades, []);
});

test('lengths of text are UTF-16 units', async () => {
    const session = await PollingSession3.open(engine);
    await session.post('4:4é😀3:4日本2:4a');
    assert.equal((await session.poll()).body, '4:4é😀3:4日本2:4a');
});

test('without b64 a payload with a binary message is binary, and text in it counts bytes', async () => {
    const session = await PollingSession3.open(engine);
    await session.send('4é', Buffer.of(1, 2, 255), '4b');
    const response = await session.poll();
    assert.equal(response.headers['content-type'], BINARY_TYPE);
    assert.deepEqual([...response.bytes],
        [0, 3, 255, 0x34, 0xc3, 0xa9, 1, 4, 255, 4, 1, 2, 255, 0, 2, 255, 0x34, 0x62]);
    await session.send('4text');
    const text = await session.poll();
    assert.deepEqual([text.headers['content-type'], text.body],
        ['text/plain; charset=UTF-8', '5:4text']);
});

test('with b64 binary messages are base64', async () => {
    const session = await PollingSession3.open(engine, { query: '&b64=1' });
    await session.send('4é', Buffer.of(1, 2, 3, 4));
    assert.equal((await session.poll()).body, '2:4é10:b4AQIDBA==');
});

test('binary payloads are taken', async () => {
    const session = await PollingSession3.open(engine);
    const big = Buffer.alloc(70000, 7);
    const body = encodeBinary('4é😀', Buffer.of(9, 8), big, '4end');
    const response = await session.post(body, { 'content-type': BINARY_TYPE });
    assert.deepEqual([response.status, response.body], [200, 'ok']);
    assert.deepEqual([await session.next(), await session.next()], ['4é😀', Buffer.of(9, 8)]);
    assert.ok(big.equals(await session.next()));
    assert.equal(await session.next(), '4end');
});

for (const body of ['', '4a', '3:4a', '2:4a1', 'x:4a', '1:7', '2:4é9']) {
    test(`the payload '${body}' ends the session`, async () => {
        const session = await PollingSession3.open(engine);
        await session.post(body);
        await session.isOver();
    });
}

for (const bytes of [[0, 9, 255, 0x34], [2, 1, 255, 0x34], [1, 1, 255, 9], [0, 2, 255, 0x34, 0xff]]) {
    const notReference = 'it takes what is there, or loops';
    test(`the binary payload ${bytes} ends the session`, { notReference }, async () => {
        const session = await PollingSession3.open(engine);
        await session.post(Buffer.from(bytes), { 'content-type': BINARY_TYPE });
        await session.isOver();
    });
}

test('a second poll ends the session, and the first gets a close packet', async () => {
    const session = await PollingSession3.open(engine);
    const first = await session.waitingPoll();
    assert.equal((await session.poll()).status, 400);
    assert.equal((await first.response).body, '1:1');
    await session.isOver();
});

test('a close packet of the client lets its poll go', async () => {
    const session = await PollingSession3.open(engine);
    const poll = await session.waitingPoll();
    await session.send('1');
    assert.equal((await poll.response).body, '1:6');
    await session.isOver();
});

// ---- heartbeat ------------------------------------------------------------------------------

for (const [name, Client] of Object.entries(transports3)) {
    test(`${name}: pings are answered, for as long as they come`, async () => {
        const client = await Client.open(engine);
        const begin = Date.now();
        while (Date.now() < begin + 1200) { // well beyond interval and timeout together
            const [, pong] = await Promise.all([client.send('2'), client.next()]);
            assert.equal(pong, '3');
        }
    });

    test(`${name}: messages without a ping do not keep a session`, async () => {
        const client = await Client.open(engine);
        const begin = Date.now();
        const ended = (async () => {
            for (;;) {
                await client.send('4x');
                await client.next();
            }
        })();
        await assert.rejects(within(ended, 'end of the session'));
        assert.ok(Date.now() - begin >= 450, 'not before interval and timeout are over');
        await client.isOver();
    });

    test(`${name}: a pong of the client is an error`, async () => {
        const client = await Client.open(engine);
        await client.send('3');
        await client.isOver();
    });
}

// ---- websocket ------------------------------------------------------------------------------

test('websocket: binary messages begin with their type, both ways', async () => {
    const client = await EngineSocket3.open(engine);
    const big = Buffer.alloc(200000, 1);
    client.send(Buffer.of(1, 2), Buffer.alloc(0), '4text', big, Buffer.alloc(124));
    assert.deepEqual(await client.next(), Buffer.of(1, 2));
    assert.deepEqual(await client.next(), Buffer.alloc(0));
    assert.equal(await client.next(), '4text');
    assert.ok(big.equals(await client.next()));
    assert.equal((await client.next()).length, 124);
});

test('websocket: base64 in a text frame is a binary message', async () => {
    const client = await EngineSocket3.open(engine);
    client.send('b4AQID');
    assert.deepEqual(await client.next(), Buffer.of(1, 2, 3));
});

for (const [what, message] of [['of another type', Buffer.of(9, 1)], ['without one', Buffer.alloc(0)]]) {
    const notReference = 'it goes on without a word';
    test(`websocket: a binary message ${what} ends the session`, { notReference }, async () => {
        const client = await EngineSocket3.open(engine);
        client.ws.send(message);
        await client.isOver();
    });
}

test('websocket: what is no packet ends the session', async () => {
    const client = await EngineSocket3.open(engine);
    client.send('abc');
    await client.isOver();
});

test('websocket: 2000 messages of both kinds keep their order', async () => {
    const client = await EngineSocket3.open(engine);
    for (let i = 0; i < 1000; i++) {
        client.send(`4${i}`, Buffer.from(String(i)));
    }
    for (let i = 0; i < 1000; i++) {
        assert.equal(await client.next(), `4${i}`);
        assert.equal((await client.next()).toString(), String(i));
    }
});

// ---- upgrade --------------------------------------------------------------------------------

async function upgraded(session) {
    const socket = await session.upgrade();
    const poll = await session.waitingPoll();
    socket.send('2probe');
    assert.equal(await socket.next(), '3probe');
    assert.equal((await poll.response).body, '1:6');
    return socket;
}

test('an upgrade keeps what is queued, binary messages too', async () => {
    const session = await PollingSession3.open(engine);
    const socket = await upgraded(session);
    await session.send('4early', Buffer.of(1, 2));
    socket.send('5');
    assert.equal(await socket.next(), '4early');
    assert.deepEqual(await socket.next(), Buffer.of(1, 2));
    socket.send('2', '4late');
    assert.deepEqual([await socket.next(), await socket.next()], ['3', '4late']);
    assert.equal((await session.poll()).status, 400);
});

for (const first of ['4x', 'b4AQID', Buffer.of(1)]) {
    test(`a probe that begins with ${first.toString('hex')} is closed, polling goes on`, async () => {
        const session = await PollingSession3.open(engine);
        const socket = await session.upgrade();
        socket.send(first);
        await socket.isOver();
        await session.send('4still');
        assert.equal(await session.next(), '4still');
    });
}

test('who does not ping after an upgrade is given up', {
    notReference: 'its timer is gone with the polling transport',
}, async () => {
    const session = await PollingSession3.open(engine);
    const socket = await upgraded(session);
    socket.send('5');
    await socket.isOver();
});

// ---- joining --------------------------------------------------------------------------------

for (const [name, Client] of Object.entries(transports3)) {
    test(`${name}: the server joins the client to the root, by a bare CONNECT`, async () => {
        const client = await Client.open(clients, SOCKET);
        assert.equal(await client.next(), '40');
        assert.equal(await client.next(), '42["auth",{}]');
        await client.send('420["whoami"]');
        assert.equal(await client.next(), `430["${client.sid}"]`);
    });

    test(`${name}: another namespace has the query for auth and its name in ids`, async () => {
        const client = await Client.open(clients, SOCKET);
        await client.next();
        await client.next();
        await client.send('40/custom?token=a%20b&b=2&é=+x&b=3,');
        assert.equal(await client.next(), '40/custom,');
        const packet = await client.next();
        assert.match(packet, /^42\/custom,\["auth",/);
        assert.deepEqual(JSON.parse(packet.slice(packet.indexOf('['))),
            ['auth', { token: 'a b', b: '3', é: ' x' }]);
        await client.send('42/custom,7["whoami"]');
        assert.equal(await client.next(), `43/custom,7["/custom#${client.sid}"]`);
        await client.send(`42/custom,["to-room","/custom#${client.sid}",1]`);
        assert.equal(await client.next(), '42/custom,["room-msg",1]');
        await client.send('42/custom?token=again,8["whoami"]');
        assert.equal(await client.next(), `43/custom,8["/custom#${client.sid}"]`);
    });
}

async function joined(Client = EngineSocket3) {
    const client = await Client.open(clients, SOCKET);
    assert.deepEqual([await client.next(), await client.next()], ['40', '42["auth",{}]']);
    return client;
}

test('CONNECT without a query or a comma gives an empty auth', async () => {
    const client = await joined();
    client.send('40/custom');
    assert.deepEqual([await client.next(), await client.next()],
        ['40/custom,', '42/custom,["auth",{}]']);
});

test('auth in a CONNECT is not theirs', async () => {
    const client = await joined();
    client.send('40/custom?a=1,{"a":"2"}');
    assert.deepEqual([await client.next(), await client.next()],
        ['40/custom,', '42/custom,["auth",{"a":"1"}]']);
});

test('a CONNECT to the root ends the connection, as one to what is joined', async () => {
    const client = await joined();
    client.send('40');
    await client.isOver();
});

test('a refusal is the bare value, and an unknown namespace an object', async () => {
    const client = await joined();
    client.send('40/denied,');
    assert.equal(await client.next(), '44/denied,{"code":42}');
    client.send('40/nope?x=1,');
    assert.equal(await client.next(), '44/nope,{"message":"Invalid namespace"}');
    client.send('420["whoami"]');
    assert.equal(await client.next(), `430["${client.sid}"]`);
});

test('after 41 nothing more comes for the root, and other namespaces stay', async () => {
    const client = await joined();
    client.send('40/custom,');
    await client.next();
    await client.next();
    client.send('41', '42/custom,1["whoami"]');
    assert.equal(await client.next(), `43/custom,1["/custom#${client.sid}"]`);
    client.send('42["message",1]');
    await client.isOver();
});

test('kick and kick-all are told', async () => {
    const kicked = await joined();
    kicked.send('42["kick"]');
    assert.equal(await kicked.next(), '41');
    const closed = await joined();
    closed.send('42["kick-all"]');
    assert.equal(await closed.next(), '41');
    await closed.isOver();
});

for (const [name, Client] of Object.entries(transports3)) {
    test(`${name}: events with attachments, and their answers`, async () => {
        const client = await joined(Client);
        const event = '451-["message",{"_placeholder":true,"num":0}]';
        await client.send(event, Buffer.of(9, 8));
        assert.equal(await client.next(), '451-["message-back",{"_placeholder":true,"num":0}]');
        assert.deepEqual(await client.next(), Buffer.of(9, 8));
        await client.send('451-5["message-with-ack",{"_placeholder":true,"num":0}]', Buffer.of(1));
        assert.equal(await client.next(), '461-5[{"_placeholder":true,"num":0}]');
        assert.deepEqual(await client.next(), Buffer.of(1));
    });
}

async function joined4(open) {
    const client = await open(clients, SOCKET);
    await client.send('40');
    assert.match(await client.next(), /^40\{"sid":/);
    await client.next();
    return client;
}

test('a room has members of both revisions on both transports', async () => {
    const members = [
        await joined(EngineSocket3),
        await joined(PollingSession3),
        await joined4((...args) => EngineSocket.open(...args)),
        await joined4((...args) => PollingSession.open(...args)),
    ];
    for (const member of members) {
        await member.send('421["join","both"]');
        assert.equal(await member.next(), '431[]');
    }
    for (const sender of members) {
        await sender.send('42["to-room","both","é"]',
            '451-["to-room","both",{"_placeholder":true,"num":0},"x"]', Buffer.of(4, 5, 6),
            '42["to-room","both","end"]');
        for (const member of members) {
            assert.equal(await member.next(), '42["room-msg","é"]');
            assert.equal(await member.next(),
                '451-["room-msg",{"_placeholder":true,"num":0},"x"]');
            assert.deepEqual(await member.next(), Buffer.of(4, 5, 6));
            assert.equal(await member.next(), '42["room-msg","end"]');
        }
    }
});

// ---- JSONP ----------------------------------------------------------------------------------

// Runs an answer as the page of a client would.
function call(response, number) {
    assert.equal(response.headers['content-type'], 'text/plain; charset=UTF-8');
    const ___eio = [];
    let payload;
    ___eio[number] = (text) => (payload = text);
    assert.match(response.body, /^___eio\[\d*\]\(".*"\);$/s);
    assert.doesNotMatch(response.body, /[\n\u2028\u2029]/);
    new Function('___eio', response.body)(___eio);
    assert.equal(typeof payload, 'string', `___eio[${number}] is called`);
    return payload;
}

// As polling-jsonp of engine.io-client 3.5 fills in its form.
function form(payload) {
    const escaped = payload.replace(/\\n/g, '\\\n').replace(/\n/g, '\\n');
    return `d=${encodeURIComponent(escaped).replace(/%20/g, '+')}`;
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

for (const [eio, encode] of [[3, encodeText], [4, (...packets) => packets.join('\x1e')]]) {
    const path = (query) => `/socket.io/?EIO=${eio}&transport=polling&${query}`;

    test(`JSONP of revision ${eio}: polls and posts`, async () => {
        const first = call(await request(clients, path('j=7&b64=1')), 7);
        const { sid } = JSON.parse(first.slice(first.indexOf('{')));
        const post = async (...packets) => {
            const options = { method: 'POST', body: form(encode(...packets)), headers: FORM };
            const response = await request(clients, path(`j=8&sid=${sid}`), options);
            assert.deepEqual([response.status, response.body], [200, 'ok']);
            assert.equal(response.headers['content-type'], 'text/html');
        };
        let received = '';
        const receives = async (packet) => {
            while (!received.includes(packet)) {
                received += call(await request(clients, path(`j=9&sid=${sid}`)), 7);
            }
        };
        if (eio === 4) {
            await post('40');
        }
        await receives('40');
        const text = JSON.stringify('a\\nb\nc " \\\\n \u2028\u2029 é😀 + & = % \u0001');
        await post(`42["message",${text}]`);
        await receives(encode(`42["message-back",${text}]`));
        await post(`42["message","raw \u2028"]`, '421["message-with-ack",1]');
        await receives('431[1]');
        assert.ok(received.includes('raw \u2028'));
    });

    test(`JSONP of revision ${eio}: the number is digits only`, async () => {
        const { body } = await request(clients, path(`j=${encodeURIComponent('1](alert(2));//')}`));
        assert.match(body, /^___eio\[12\]\("/);
    });

    test(`JSONP of revision ${eio}: a form without a payload ends the session`, {
        notReference: 'it says ok and goes on',
    }, async () => {
        const first = call(await request(clients, path('j=0')), 0);
        const { sid } = JSON.parse(first.slice(first.indexOf('{')));
        const url = path(`j=0&sid=${sid}`);
        await request(clients, url, { method: 'POST', body: 'e=1', headers: FORM });
        assert.equal((await request(clients, url)).status, 400);
    });
}

test('JSONP of revision 3: binary messages are base64, b64 or not', {
    notReference: 'it sends what JSON.stringify makes of a Buffer',
}, async () => {
    const path = '/engine.io/?EIO=3&transport=polling&j=0';
    const first = call(await request(engine, path), 0);
    const { sid } = JSON.parse(first.slice(first.indexOf('{')));
    const options = { method: 'POST', body: form('6:b4AQID'), headers: FORM };
    assert.equal((await request(engine, `${path}&sid=${sid}`, options)).body, 'ok');
    assert.equal(call(await request(engine, `${path}&sid=${sid}`), 0), '6:b4AQID');
});

endsCleanly(engine, clients, only4);
