/* SPDX-License-Identifier: MIT
 *
 * What each file of this folder puts into the table.
 */
#ifndef WEFT_TRACER_FORMATS_ROWS_H
#define WEFT_TRACER_FORMATS_ROWS_H

#include "tracer/formats/formats.h"

extern const struct weft_format weft_format_native;
extern const struct weft_format weft_format_gotrace;
extern const struct weft_format weft_format_chrome;
extern const struct weft_format weft_format_csv;
extern const struct weft_format weft_format_mermaid;
extern const struct weft_format weft_format_sqlite;
extern const struct weft_format weft_format_shiviz;

#endif
