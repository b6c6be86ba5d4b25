// SPDX-License-Identifier: MIT
//
// JSON Web Tokens as an issuer makes them and a client reads them.
'use strict';

const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');

const SECRET = 'devsecret';
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const hs256 = (text, secret) => createHmac('sha256', secret).update(text).digest('base64url');
const now = () => Math.floor(Date.now() / 1000);

function sign(claims, { secret = SECRET, header = { alg: 'HS256', typ: 'JWT' }, lasts = 3600 } = {}) {
    const text = `${base64(header)}.${base64({ iat: now(), exp: now() + lasts, ...claims })}`;
    return `${text}.${header.alg === 'none' ? '' : hs256(text, secret)}`;
}

// The claims of a token that is good.
function read(token, secret = SECRET) {
    const [header, claims, signature] = token.split('.');
    assert.equal(signature, hs256(`${header}.${claims}`, secret), 'signature');
    assert.equal(JSON.parse(Buffer.from(header, 'base64url')).alg, 'HS256');
    return JSON.parse(Buffer.from(claims, 'base64url'));
}

module.exports = { SECRET, now, read, sign };
