/* HTML: text within pages.
 *
 * What users have written goes into a page through html_add_text alone, between tags or into an
 * attribute in double quotes; never into a script, a style or an address, for which
 * html_add_component is. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include "protocol/bytes.h"

/* Appends the text with & < > " and ' escaped. */
void html_add_text(struct bytes *out, struct span text);

/* Appends the text as a segment of an address: encodeURIComponent, and ' is escaped too. */
void html_add_component(struct bytes *out, struct span text);

#endif
