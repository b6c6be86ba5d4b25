// SPDX-License-Identifier: MIT
//
// A modal dialog: the browser keeps the focus inside, closes it by Esc and gives the focus back.
// What has data-begin gets the focus at first.
import { useId, useLayoutEffect, useRef } from 'react';
import { IconButton } from './icons.jsx';

export function Dialog({ title, className = '', onClose, children }) {
    const ref = useRef(null);
    const id = useId();

    // A layout effect, as it is undone while the dialog is still there to give the focus back.
    useLayoutEffect(() => {
        const dialog = ref.current;
        dialog.showModal(); // by itself it would begin at its first button
        dialog.querySelector('[data-begin]')?.focus();
        return () => dialog.close();
    }, []);

    // The backdrop is the element itself, outside of what it holds.
    const onClick = (event) => event.target === ref.current && onClose();
    const onCancel = (event) => {
        event.preventDefault();
        onClose();
    };
    // A search field would take the first Esc for itself, to become empty.
    const onKeyDown = (event) => event.key === 'Escape' && onCancel(event);
    return (
        // A click beside it is a convenience; by keyboard it is Esc.
        <dialog
            ref={ref}
            className={`dialog ${className}`}
            aria-labelledby={id}
            onClick={onClick}
            onCancel={onCancel}
            onKeyDown={onKeyDown}
        >
            <div className="dialog-body">
                <header className="dialog-head">
                    <h2 id={id}>{title}</h2>
                    <IconButton icon="close" label="Close" onClick={onClose} />
                </header>
                {children}
            </div>
        </dialog>
    );
}
