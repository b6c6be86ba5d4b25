// SPDX-License-Identifier: MIT
//
// Drawn in the colour of the text beside them; hidden from screen readers, as a button has a label.
const paths = {
    back: 'M15 5l-7 7 7 7',
    check: 'M5 12.5l4.5 4.5L19 7.5',
    checks: 'M2 12.5l4.5 4.5L15 8.5M10.5 16l1 1L21 7.5',
    clock: 'M12 7v5l3 2M12 3a9 9 0 100 18 9 9 0 000-18z',
    close: 'M6 6l12 12M18 6L6 18',
    down: 'M12 5v14M6 13l6 6 6-6',
    edit: 'M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4',
    leave: 'M14 4h5v16h-5M4 12h10M8 8l-4 4 4 4',
    moon: 'M20 14.5A8 8 0 019.5 4 8 8 0 1020 14.5z',
    people: 'M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.500a3.5 3.5 0 010 6.500M18 14.500c2 .8 3.2 2.7 3.5 5.5',
    plus: 'M12 5v14M5 12h14',
    power: 'M12 3v9M6.3 7a8 8 0 1011.4 0',
    search: 'M10.5 17a6.5 6.5 0 100-13 6.5 6.5 0 000 13zM20 20l-4.8-4.8',
    send: 'M12 19V5M6 11l6-6 6 6',
    sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M4.9 4.900l1.4 1.400M17.7 17.700l1.4 1.400M2 12h2M20 12h2M4.9 19.100l1.4-1.400M17.7 6.300l1.4-1.4',
    trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
    warning: 'M12 4L2.5 20h19L12 4zM12 10v4M12 17v.5',
};

export function Icon({ name }) {
    return (
        <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={paths[name]} />
        </svg>
    );
}

export function IconButton({ icon, label, ...rest }) {
    return (
        <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
            <Icon name={icon} />
        </button>
    );
}

export function Rook() {
    return (
        <svg className="rook" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path d="M6 4h4v4h4V4h4v4h4V4h4v9l-3 3v8l3 4v2H6v-2l3-4v-8l-3-3z" />
        </svg>
    );
}
