// SPDX-License-Identifier: MIT
//
// Certificates for 127.0.0.1, made on the spot.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const KINDS = { ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['-newkey', 'rsa:2048'] };

// Writes the files cert.pem and key.pem, signed by themselves, in place of what is there.
function makeCertificate(place, name, kind = 'ec') {
    const files = { cert: path.join(place, 'cert.pem'), key: path.join(place, 'key.pem') };
    execFileSync('openssl', ['req', '-x509', ...KINDS[kind], '-nodes', '-days', '2', '-subj', `/CN=${name}`,
        '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', files.key, '-out', files.cert], { stdio: 'ignore' });
    return { ...files, ca: fs.readFileSync(files.cert) };
}

const withTls = ({ cert, key }, ...more) => ['--tls-certificate', cert, '--tls-key', key, ...more];

module.exports = { KINDS, makeCertificate, withTls };
