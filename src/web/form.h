/* Form: the fields of a request's body.
 *
 *     application/json                    the members of an object
 *     application/x-www-form-urlencoded   pairs
 *     anything else, or nothing           no fields, as with Express
 *
 * A field's text is a string, or a number as it is written: clients of the dialects send ids as
 * either. Everything else (null, 0, true, containers) is as good as no field.
 *
 * Ownership: a form borrows the body. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "protocol/json.h"

enum { FORM_DEPTH_MAX = 32 };

enum form_kind { FORM_EMPTY, FORM_JSON, FORM_URLENCODED };

struct form {
    enum form_kind kind;
    struct json object;  /* FORM_JSON */
    struct span encoded; /* FORM_URLENCODED */
};

/* type: the Content-Type field. Returns 0, or an enum json_error for a body that says it is JSON
 * and is not an object or an array, as express.json takes them. */
MUST_USE int form_read(struct span type, struct span body, struct form *out);

/* Appends the text of that field; nothing if there is none. */
void form_text(const struct form *form, struct span key, struct bytes *out);

#endif
