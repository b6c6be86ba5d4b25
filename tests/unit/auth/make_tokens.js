// Makes tokens.h: keys and tokens of an implementation that is not ours (node:crypto). Run once; new keys, new tokens.
// usage: node tests/unit/auth/make_tokens.js > tests/unit/auth/tokens.h
"use strict";
const crypto = require("node:crypto");

const b64 = (value) => Buffer.from(typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString("base64url");
const rsa = (bits) => crypto.generateKeyPairSync("rsa", { modulusLength: bits });
const ec = (curve) => crypto.generateKeyPairSync("ec", { namedCurve: curve });
const jwk = (pair, more) => ({ ...pair.publicKey.export({ format: "jwk" }), ...more });

const r1 = rsa(2048), r2 = rsa(2048), small = rsa(1024), e1 = ec("P-256"), e384 = ec("P-384");
const claims = { userId: "u1", username: "Ada", exp: 2000000000 };

function token(header, key, { hash = "sha256", ...how } = {}) {
    const input = b64(header) + "." + b64(claims);
    return input + "." + b64(crypto.sign(hash, Buffer.from(input), { key: key.privateKey, ...how }));
}

const p1363 = { dsaEncoding: "ieee-p1363" };
const pss = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
const texts = {
    KEYS: JSON.stringify({
        keys: [
            jwk(r2, { kid: "enc", use: "enc" }),
            { kty: "oct", kid: "shared", k: b64("a secret that everybody can read") },
            jwk(small, { kid: "small" }),
            jwk(e384, { kid: "p384" }),
            { kty: "RSA", kid: "broken", n: "!", e: "AQAB" },
            { kty: "EC", crv: "P-256", kid: "off-curve", x: b64(Buffer.alloc(32, 1)), y: b64(Buffer.alloc(32, 2)) },
            "no object",
            jwk(r1, { kid: "r1", use: "sig", alg: "RS256" }),
            jwk(e1, { kid: "e1", key_ops: ["verify"] }),
        ],
    }),
    KEYS_WITHOUT_NAMES: JSON.stringify({ keys: [jwk(r1), jwk(e1)] }),
    KEYS_OF_TWO: JSON.stringify({ keys: [jwk(r1, { kid: "r1" }), jwk(r2, { kid: "r2" })] }),
    KEY_FOR_RS512: JSON.stringify({ keys: [jwk(r1, { kid: "r1", alg: "RS512" })] }),
    KEY_PRIVATE: JSON.stringify({ keys: [{ ...r1.privateKey.export({ format: "jwk" }), kid: "r1" }] }),
    R1_PEM: r1.publicKey.export({ format: "pem", type: "spki" }),
    R1_N: jwk(r1).n,
    RS256_R1: token({ alg: "RS256", kid: "r1" }, r1),
    RS256_R2_SAYS_R1: token({ alg: "RS256", kid: "r1" }, r2),
    RS256_R2: token({ alg: "RS256", kid: "r2" }, r2),
    RS256_WITHOUT_KID: token({ alg: "RS256", typ: "JWT" }, r1),
    RS256_KID_ENC: token({ alg: "RS256", kid: "enc" }, r2),
    RS256_SMALL: token({ alg: "RS256", kid: "small" }, small),
    RS256_CRIT: token({ alg: "RS256", kid: "r1", crit: ["b64"], b64: true }, r1),
    RS512_R1: token({ alg: "RS512", kid: "r1" }, r1, { hash: "sha512" }),
    PS256_R1: token({ alg: "PS256", kid: "r1" }, r1, pss),
    ES256_E1: token({ alg: "ES256", kid: "e1" }, e1, p1363),
    ES256_WITHOUT_KID: token({ alg: "ES256" }, e1, p1363),
    ES256_DER: token({ alg: "ES256", kid: "e1" }, e1),
    ES256_SAYS_R1: token({ alg: "ES256", kid: "r1" }, e1, p1363),
    ES384: token({ alg: "ES384", kid: "p384" }, e384, { hash: "sha384", ...p1363 }),
    ES256_WITH_P384: token({ alg: "ES256", kid: "p384" }, e384, p1363),
};

console.log("/* Keys and tokens by node:crypto; make_tokens.js made this file. The claims are");
console.log(" * " + JSON.stringify(claims) + " */");
console.log("// SPDX-License-Identifier: MIT\n#ifndef TESTS_UNIT_AUTH_TOKENS_H\n#define TESTS_UNIT_AUTH_TOKENS_H\n");
for (const [name, text] of Object.entries(texts)) {
    const lines = text.match(/[^]{1,64}/g).map((line) => "    " + JSON.stringify(line));
    console.log("#define TOKENS_" + name + " \\\n" + lines.join(" \\\n") + "\n");
}
console.log("#endif");
