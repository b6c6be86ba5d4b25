// SPDX-License-Identifier: MIT
import { hueOf, initialsOf } from './format.js';

const statusText = { online: 'online', away: 'away', offline: 'offline' };

export function Avatar({ person, status }) {
    return (
        <span className="avatar" style={{ '--hue': hueOf(person.userId) }} aria-hidden="true">
            {initialsOf(person.username)}
            {status && <span className={`dot ${status}`} />}
        </span>
    );
}

// Presence is told by a word; the colour and the form of the dot only repeat it.
export function Person({ person, isMe }) {
    const status = statusText[person.status] ?? 'offline';
    return (
        <li className={`person ${status}`}>
            <Avatar person={person} status={status} />
            <p>
                <bdi>{person.username}</bdi>
                <span className="status">{isMe ? `${status}, you` : status}</span>
            </p>
        </li>
    );
}
