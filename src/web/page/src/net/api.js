// SPDX-License-Identifier: MIT
//
// The few requests that go by HTTP: what the server is set up for, and accounts.
const url = (path) => new URL(path, document.baseURI);

const defaults = { auth: 'open', path: '/socket.io/', messageLength: 5000, typingTimeout: 5000 };

// What the server says of itself; a server that does not say is an open one. Throws when there is
// no server.
export async function loadConfig() {
    const response = await fetch(url('api/config'));
    return response.ok ? { ...defaults, ...await response.json() } : defaults;
}

// Does the server know this token? One that cannot be asked is taken to: the connection will tell.
export async function isSignedIn(token) {
    try {
        const headers = { Authorization: `Bearer ${token}` };
        return (await fetch(url('api/session'), { headers })).status !== 401;
    } catch {
        return true;
    }
}

// How far the others have read: [{userId, offset}...]. Marks are a help; without them all works.
export async function loadReads(token, roomId) {
    try {
        const headers = token ? { Authorization: `Bearer ${token}` } : {};
        const answer = await fetch(url(`api/rooms/${encodeURIComponent(roomId)}/reads`), { headers });
        return answer.ok ? (await answer.json()).reads : [];
    } catch {
        return [];
    }
}

async function post(path, body) {
    let response;
    try {
        response = await fetch(url(path), {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
        });
    } catch {
        throw new Error('The server cannot be reached. Please try again.');
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
        throw new Error(answer.error ?? answer.message ?? `The server answered ${response.status}.`);
    }
    const { token, user } = answer;
    return { token, userId: String(user.id), username: user.username };
}

// Both give an identity, or throw an error whose message is for people.
export const register = (username, email, password) =>
    post('api/auth/register', { username, email, password, displayName: username });
export const login = (email, password) => post('api/auth/login', { email, password });
