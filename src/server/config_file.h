/* Config file: the lines of a configuration file, and nothing of what they mean.
 *
 *     # a comment, also behind a value
 *     port          3000, 3001
 *     service-id    "with # and  spaces"        escapes: \" and \\
 *     jwt-secret    'as it stands, \ too'
 *
 * One setting a line: a name, white space, a value up to the end of the line or to a `#` behind
 * white space. Quotes keep white space and `#`; they stand around the whole value. Text is UTF-8
 * without control characters; lines end with LF or CRLF.
 *
 * Pure. What a reader hands out is good until its next call. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_CONFIG_FILE_H
#define SERVER_CONFIG_FILE_H

#include "protocol/bytes.h"

struct config_reader {
    struct span rest;
    unsigned line; /* the one read last, from 1; 0 before the first */
    struct bytes value;
};

enum config_step {
    CONFIG_END,
    CONFIG_SETTING,
    CONFIG_WRONG, /* the line is no setting; the next one can be read */
};

struct config_setting {
    struct span name;    /* CONFIG_WRONG: as far as there is one */
    struct span value;   /* without quotes and escapes; may be empty ("") */
    const char *problem; /* CONFIG_WRONG: what is wrong with the line */
};

/* text must outlive the reader. */
void config_begin(struct config_reader *r, struct span text);
enum config_step config_next(struct config_reader *r, struct config_setting *out);
void config_finish(struct config_reader *r);

/* Appends value as a file has to have it to be read as that: in quotes if it needs some. value must
 * be UTF-8 without control characters. */
void config_write_value(struct bytes *out, struct span value);

/* Is s UTF-8 without control characters? */
bool config_is_text(struct span s);

#endif
