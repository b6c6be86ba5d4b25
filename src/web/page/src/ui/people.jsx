// SPDX-License-Identifier: MIT
//
// Who is in the room: those who are there first.
import { Dialog } from './dialog.jsx';
import { useChat, useRoom } from './hooks.js';
import { Person } from './person.jsx';

const SHOWN = 200; // of a room of thousands
const order = { online: 0, away: 1, offline: 2 };

function List({ roomId }) {
    const { members } = useRoom(roomId);
    const people = useChat((state) => state.people);
    const me = useChat((state) => state.me);
    const all = members
        .map((userId) => ({ userId, username: userId, status: 'offline', ...people.get(userId) }))
        .sort((a, b) => order[a.status] - order[b.status] || a.username.localeCompare(b.username));
    return (
        <>
            <ul className="people-list">
                {all.slice(0, SHOWN).map((p) => <Person key={p.userId} person={p} isMe={p.userId === me.userId} />)}
            </ul>
            {all.length > SHOWN && <p className="quiet">{`and ${all.length - SHOWN} more`}</p>}
        </>
    );
}

export function People({ roomId, wide, onClose }) {
    if (!wide) {
        return <Dialog title="People" className="drawer" onClose={onClose}><List roomId={roomId} /></Dialog>;
    }
    return (
        <aside className="people" aria-label="People in this room">
            <header className="bar"><h2>People</h2></header>
            <List roomId={roomId} />
        </aside>
    );
}
