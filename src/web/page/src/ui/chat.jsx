// SPDX-License-Identifier: MIT
//
// The chat as a whole:   rooms | the room that is open | people     On a phone one at a time.
import { useEffect, useState } from 'react';
import { Banner } from './banner.jsx';
import { Conversation } from './conversation.jsx';
import { goTo, useChat, useClient, useMedia, useRoomOfAddress } from './hooks.js';
import { Rook } from './icons.jsx';
import { Rooms } from './rooms.jsx';
import { Search } from './search.jsx';

function useTitle() {
    const title = useChat(({ rooms, current }) => {
        let unread = 0;
        rooms.forEach((r) => {
            unread += r.joined ? r.unread : 0;
        });
        const room = current !== null && rooms.get(current);
        return `${unread > 0 ? `(${unread}) ` : ''}${room ? `${room.name} – ` : ''}Rookery`;
    });
    useEffect(() => {
        document.title = title;
    }, [title]);
}

function useShortcut(onSearch) {
    useEffect(() => {
        const onKey = (event) => {
            if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
                event.preventDefault();
                onSearch();
            }
        };
        window.addEventListener('keydown', onKey);
        return () => window.removeEventListener('keydown', onKey);
    }, [onSearch]);
}

function Nothing() {
    return (
        <div className="nothing">
            <Rook />
            <h1>Choose a room</h1>
            <p>Pick one from the list, or make a new one.</p>
        </div>
    );
}

export function Chat({ onSignOut }) {
    const client = useClient();
    const roomId = useRoomOfAddress();
    const wide = useMedia('(min-width: 1080px)');
    const [people, setPeople] = useState(wide);
    const [searching, setSearching] = useState(false);
    const link = useChat((state) => state.link);
    const hasRoom = useChat((state) => roomId !== null && state.rooms.has(roomId));

    useTitle();
    useShortcut(() => setSearching(true));
    useEffect(() => client.open(roomId), [client, roomId]);
    useEffect(() => setPeople(wide), [wide]); // a column does not turn into a dialog by itself

    const jump = (message) => {
        setSearching(false);
        goTo(message.roomId);
        client.jump(message.roomId, message.offset);
    };
    return (
        <div className="chat" data-link={link} data-view={roomId === null ? 'rooms' : 'room'}>
            <Banner />
            <div className="columns">
                <Rooms current={roomId} onSearch={() => setSearching(true)} onSignOut={onSignOut} />
                {hasRoom ? (
                    <Conversation
                        key={roomId}
                        roomId={roomId}
                        wide={wide}
                        people={people}
                        setPeople={setPeople}
                        onSearch={() => setSearching(true)}
                    />
                ) : <main className="conversation"><Nothing /></main>}
            </div>
            {searching && <Search roomId={roomId} onJump={jump} onClose={() => setSearching(false)} />}
        </div>
    );
}
