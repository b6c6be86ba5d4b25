// SPDX-License-Identifier: MIT
//
// The chat page of a group: the events join_room, new_msg, msg_rcvd, update_online_users, user_left.
// What others have written is set as text, never as markup.
'use strict';

(() => {
    const chat = document.getElementById('chat');
    const messages = document.getElementById('messages');
    const online = document.getElementById('online_users');
    const box = document.getElementById('chat_box');
    const { path, roomid, user } = chat.dataset;
    const socket = window.io({ path });

    const element = (name, className, text) => {
        const made = document.createElement(name);
        made.className = className;
        made.textContent = text;
        return made;
    };

    const scrollDown = () => {
        messages.scrollTop = messages.scrollHeight;
    };

    const show = ({ sender, message }) => {
        const line = element('div', `message ${sender === user ? 'self' : 'other'}`, '');
        line.append(element('div', 'sender', sender), String(message));
        messages.append(line);
        scrollDown();
    };

    // After a lost connection too: the server has forgotten who we were.
    socket.on('connect', () => socket.emit('join_room', { roomid, username: user }));
    socket.on('msg_rcvd', show);
    socket.on('update_online_users', (names) => {
        online.replaceChildren(...names
            .filter((name) => name && name.trim() !== '')
            .map((name) => element('li', '', name)));
    });
    socket.on('user_left', (name) => {
        messages.append(element('div', 'left', `${name} left the chat`));
        scrollDown();
    });

    document.getElementById('input').addEventListener('submit', (event) => {
        event.preventDefault();
        const message = box.value.trim();
        if (message !== '') {
            socket.emit('new_msg', { message, roomid, sender: user });
            box.value = '';
        }
    });

    scrollDown();
    box.focus();
})();
