/* The binary attachments of a Socket.IO packet, as far as its text knows of them.
 *
 *     451-["file",{"_placeholder":true,"num":0}]      the packet, and then
 *     01 02 03                                        attachment 0, a binary message of its own
 *
 * A placeholder is an object with a member "_placeholder" that is true; it stands for the
 * attachment that its member "num" counts from 0. It may sit at any depth of the arguments, several
 * may name the same attachment, some attachments may be named by none. What else is in that object,
 * other placeholders included, does not count: the receiver puts the attachment in its place. Only
 * the arguments of a BINARY_ packet have placeholders; in others such objects are plain data. A
 * value that JSON.parse would drop for a later one of the same key is looked at like any other.
 *
 * All functions here take arguments that passed sio_packet_decode (struct sio_packet.args), or any
 * other run of JSON values between commas that json_parse would take between brackets.
 *
 * Pure: no allocation but in the caller's buffer, no global state; about 20 KB of stack.
 * Specification: socket.io-protocol v5, "Packet encoding", "Binary". */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_SIO_ATTACH_H
#define PROTOCOL_SIO_ATTACH_H

#include "protocol/bytes.h"

enum sio_attach_error {
    SIO_ATTACH_ENUM = -1,     /* a placeholder without a num, or with one out of range */
    SIO_ATTACH_ETOOMANY = -2, /* more placeholders than there is room for */
};

/* Whether every placeholder names one of so many attachments. Returns 0 or SIO_ATTACH_ENUM. It can
 * be asked as soon as the text is there, before the attachments are. */
MUST_USE int sio_attach_check(struct span args, unsigned attachments);

/* Rewrites arguments that somebody else numbered for sending: appends them to out with the
 * placeholders numbered from 0 in the order met and nothing else in them, as the reference does.
 * Attachment i of the new packet is attachment order[i] of the old one, so one that is named twice
 * goes out twice; order holds order_max numbers.
 *
 * Returns the number of attachments of the new packet (0: it is no BINARY_ packet any more), or an
 * enum sio_attach_error and leaves out as it was. */
MUST_USE int sio_attach_renumber(struct span args, unsigned attachments, struct bytes *out,
                                 unsigned *order, unsigned order_max);

/* Appends {"_placeholder":true,"num":N}. */
void sio_placeholder_write(struct bytes *out, unsigned num);

#endif
