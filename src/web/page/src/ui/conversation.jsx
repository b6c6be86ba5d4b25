// SPDX-License-Identifier: MIT
//
// One room: its head, what was said, who types, and where to write.
import { useMemo, useRef, useState } from 'react';
import { rowsOf } from '../chat/rows.js';
import { of as outboxOf } from '../chat/outbox.js';
import { Composer } from './composer.jsx';
import { Dialog } from './dialog.jsx';
import { counted } from './format.js';
import { goTo, useChat, useClient, useRoom } from './hooks.js';
import { IconButton } from './icons.jsx';
import { Log } from './log.jsx';
import { People } from './people.jsx';

function Head({ room, people, onPeople, onSearch }) {
    const client = useClient();
    const persons = useChat((state) => state.people);
    const online = room.members.filter((u) => persons.get(u)?.status !== 'offline').length;
    const leave = () => {
        client.leave(room.roomId);
        goTo(null);
    };
    return (
        <header className="bar">
            <span className="only-phone">
                <IconButton icon="back" label="All rooms" onClick={() => goTo(null)} />
            </span>
            <div className="room-title">
                <h1><span className="hash" aria-hidden="true">#</span><bdi>{room.name}</bdi></h1>
                <p className="quiet">{counted(online, 'person', 'people')} here</p>
            </div>
            <IconButton icon="search" label="Search messages (Ctrl+K)" onClick={onSearch} />
            <IconButton icon="people" label="People" aria-expanded={people} onClick={onPeople} />
            <IconButton icon="leave" label="Leave the room" onClick={leave} />
        </header>
    );
}

function typingText(names) {
    if (names.length > 3) {
        return `${names.length} people are typing…`;
    }
    const last = names[names.length - 1];
    const before = names.slice(0, -1).join(', ');
    return before ? `${before} and ${last} are typing…` : `${last} is typing…`;
}

// Not read out by screen readers: it would talk all the time.
function Typing({ room }) {
    const people = useChat((state) => state.people);
    const me = useChat((state) => state.me);
    const names = room.typing.filter((u) => u !== me.userId).map((u) => people.get(u)?.username ?? u);
    return (
        <p className="typing">
            {names.length > 0 && (
                <>
                    <span className="dots" aria-hidden="true"><i /><i /><i /></span>
                    <bdi>{typingText(names)}</bdi>
                </>
            )}
        </p>
    );
}

function DeleteDialog({ message, onClose }) {
    const client = useClient();
    const remove = () => {
        client.remove(message.id);
        onClose();
    };
    return (
        <Dialog title="Delete this message?" onClose={onClose}>
            <blockquote className="quoted" dir="auto">{message.content}</blockquote>
            <p className="quiet">It disappears for everybody.</p>
            <div className="dialog-buttons">
                <button type="button" onClick={onClose} data-begin>Keep</button>
                <button type="button" className="danger" onClick={remove}>Delete</button>
            </div>
        </Dialog>
    );
}

function useRows(room) {
    const me = useChat((state) => state.me);
    const outbox = useChat((state) => state.outbox);
    const { timeline, unreadFrom, roomId } = room;
    return useMemo(() => {
        const pending = timeline.atEnd ? outboxOf(outbox, roomId) : [];
        return rowsOf(timeline.messages, pending, me, unreadFrom);
    }, [timeline, outbox, me, unreadFrom, roomId]);
}

export function Conversation({ roomId, wide, people, setPeople, onSearch }) {
    const room = useRoom(roomId);
    const rows = useRows(room);
    const me = useChat((state) => state.me);
    const [editing, setEditing] = useState(null); // the id of a message
    const [deleting, setDeleting] = useState(null); // a message
    const writing = useRef(null); // the composer's field

    // From an empty field one gets to what one has just written.
    const editLast = () => {
        const own = room.timeline.messages.filter((m) => m.userId === me.userId && !m.deleted);
        if (own.length > 0) {
            setEditing(own[own.length - 1].id);
        }
    };
    const stopEditing = () => {
        setEditing(null);
        writing.current?.focus();
    };
    return (
        <>
            <main className="conversation">
                <Head room={room} people={people} onPeople={() => setPeople(!people)} onSearch={onSearch} />
                <Log
                    room={room}
                    rows={rows}
                    editing={editing}
                    onEdit={setEditing}
                    onEditEnd={stopEditing}
                    onDelete={setDeleting}
                />
                <Typing room={room} />
                <Composer ref={writing} room={room} onEditLast={editLast} />
            </main>
            {people && <People roomId={roomId} wide={wide} onClose={() => setPeople(false)} />}
            {deleting && <DeleteDialog message={deleting} onClose={() => setDeleting(null)} />}
        </>
    );
}
