// SPDX-License-Identifier: MIT
//
// Where one writes. It works without a connection too: what is sent then waits in the outbox.
import { forwardRef, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react';
import { useClient } from './hooks.js';
import { Icon } from './icons.jsx';

const LEFT_SHOWN = 200; // characters left from which on their number is shown
const HEIGHT_MAX = 180;

function useGrowing(field, text) {
    useLayoutEffect(() => {
        const { current: e } = field;
        e.style.height = 'auto';
        e.style.height = `${Math.min(e.scrollHeight + 2, HEIGHT_MAX)}px`;
    }, [field, text]);
}

function useDraft(roomId) {
    const client = useClient();
    const [text, setText] = useState(() => client.loadDraft(roomId));
    return [text, (next) => {
        setText(next);
        client.saveDraft(roomId, next);
    }];
}

export const Composer = forwardRef(({ room, onEditLast }, ref) => {
    const client = useClient();
    const { roomId } = room;
    const [text, setText] = useDraft(roomId);
    const field = useRef(null);
    const left = client.config.messageLength - text.length;

    useImperativeHandle(ref, () => field.current);
    useGrowing(field, text);
    useEffect(() => {
        // On a phone this would bring up the keyboard.
        if (window.matchMedia('(hover: hover)').matches) {
            field.current.focus();
        }
        return () => client.stopTyping(roomId);
    }, [client, roomId]);

    function send() {
        if (text.trim() !== '') {
            client.send(roomId, text.trim());
            setText('');
        }
        field.current.focus();
    }

    const onChange = (event) => {
        setText(event.target.value);
        if (event.target.value.trim() === '') {
            client.stopTyping(roomId);
        } else {
            client.type(roomId);
        }
    };
    const onKeyDown = (event) => {
        if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            send();
        } else if (event.key === 'ArrowUp' && text === '') {
            onEditLast();
        } else {
            return;
        }
        event.preventDefault();
    };
    const onSubmit = (event) => {
        event.preventDefault();
        send();
    };
    return (
        <form className="composer" onSubmit={onSubmit}>
            <textarea
                ref={field}
                rows={1}
                dir="auto"
                aria-label={`Message to ${room.name}`}
                placeholder="Write a message"
                maxLength={client.config.messageLength}
                value={text}
                onChange={onChange}
                onKeyDown={onKeyDown}
            />
            {left <= LEFT_SHOWN && <span className="left" role="status">{`${left} left`}</span>}
            <button type="submit" className="primary send" aria-label="Send" title="Send" disabled={text.trim() === ''}>
                <Icon name="send" />
            </button>
        </form>
    );
});
