// SPDX-License-Identifier: MIT
//
// The left column: our rooms, all others, and who we are.
import { useState } from 'react';
import { Dialog } from './dialog.jsx';
import { counted } from './format.js';
import { addressOf, goTo, useChat, useClient } from './hooks.js';
import { IconButton, Rook } from './icons.jsx';
import { Avatar } from './person.jsx';
import { useTheme } from './theme.js';

const OTHERS_SHOWN = 100; // whoever looks for more names it

const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });

function RoomLink({ room, current }) {
    const unread = room.joined ? room.unread : 0;
    return (
        <li>
            <a
                className={`room-link${unread > 0 ? ' unread' : ''}`}
                href={addressOf(room.roomId)}
                aria-current={current ? 'page' : undefined}
            >
                <span className="hash" aria-hidden="true">#</span>
                <bdi className="room-name">{room.name}</bdi>
                {room.online > 0 && !room.joined && (
                    <span className="online">
                        <span className="dot online" aria-hidden="true" />
                        {room.online}
                        <span className="unseen"> online</span>
                    </span>
                )}
                {unread > 0 && (
                    <span className="count">
                        {unread > 99 ? '99+' : unread}
                        <span className="unseen"> unread</span>
                    </span>
                )}
            </a>
        </li>
    );
}

function Section({ title, rooms, current, empty }) {
    return (
        <section className="room-section">
            <h2>{title}</h2>
            {rooms.length > 0 ? (
                <ul>
                    {rooms.map((r) => <RoomLink key={r.roomId} room={r} current={r.roomId === current} />)}
                </ul>
            ) : <p className="quiet">{empty}</p>}
        </section>
    );
}

function NewRoom({ onClose }) {
    const client = useClient();
    const [problem, setProblem] = useState('');
    async function onSubmit(event) {
        event.preventDefault();
        const name = new FormData(event.target).get('name').trim();
        try {
            const roomId = name && await client.create(name);
            if (roomId) {
                onClose();
                goTo(roomId);
            }
        } catch (error) {
            setProblem(error.message);
        }
    }
    return (
        <Dialog title="New room" onClose={onClose}>
            <form onSubmit={onSubmit}>
                <label className="field">
                    <span>Name of the room</span>
                    <input name="name" required maxLength={60} data-begin autoComplete="off" />
                </label>
                <p className="problem" role="alert">{problem}</p>
                <div className="dialog-buttons">
                    <button type="button" onClick={onClose}>Cancel</button>
                    <button type="submit" className="primary">Create</button>
                </div>
            </form>
        </Dialog>
    );
}

const linkText = { on: 'Connected', lost: 'No connection', connecting: 'Connecting…', off: '' };

function Me({ onSignOut }) {
    const me = useChat((state) => state.me);
    const link = useChat((state) => state.link);
    const [dark, toggleTheme] = useTheme();
    return (
        <footer className="me">
            <Avatar person={me} />
            <p>
                <bdi className="me-name">{me.username}</bdi>
                <span className="me-link" data-link={link}>{linkText[link]}</span>
            </p>
            <IconButton icon={dark ? 'sun' : 'moon'} label={dark ? 'Light theme' : 'Dark theme'} onClick={toggleTheme} />
            <IconButton icon="power" label="Sign out" onClick={onSignOut} />
        </footer>
    );
}

export function Rooms({ current, onSearch, onSignOut }) {
    const rooms = useChat((state) => state.rooms);
    const [filter, setFilter] = useState('');
    const [creating, setCreating] = useState(false);
    const wanted = filter.trim().toLocaleLowerCase();
    const all = [...rooms.values()]
        .filter((r) => r.name.toLocaleLowerCase().includes(wanted)).sort(byName);
    const others = all.filter((r) => !r.joined);
    const hidden = others.length - OTHERS_SHOWN;
    return (
        <nav className="rooms" aria-label="Rooms">
            <header className="bar">
                <p className="brand"><Rook />Rookery</p>
                <IconButton icon="search" label="Search messages" onClick={onSearch} />
                <IconButton icon="plus" label="New room" onClick={() => setCreating(true)} />
            </header>
            <div className="room-lists">
                <input
                    type="search"
                    className="filter"
                    aria-label="Find a room"
                    placeholder="Find a room"
                    value={filter}
                    onChange={(event) => setFilter(event.target.value)}
                />
                <Section
                    title="Your rooms"
                    rooms={all.filter((r) => r.joined)}
                    current={current}
                    empty={wanted ? 'None by that name' : 'None yet'}
                />
                {(others.length > 0 || wanted) && (
                    <Section
                        title="More rooms"
                        rooms={others.slice(0, OTHERS_SHOWN)}
                        current={current}
                        empty="None by that name"
                    />
                )}
                {hidden > 0 && <p className="quiet">{`${counted(hidden, 'more room')}: type a part of the name`}</p>}
            </div>
            <Me onSignOut={onSignOut} />
            {creating && <NewRoom onClose={() => setCreating(false)} />}
        </nav>
    );
}
