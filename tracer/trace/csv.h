/* SPDX-License-Identifier: MIT
 *
 * Fields of CSV (RFC 4180).
 */
#ifndef WEFT_TRACER_TRACE_CSV_H
#define WEFT_TRACER_TRACE_CSV_H

#include <stdio.h>

/* A field, in quotes if it needs them. */
void weft_csv_text(FILE *f, const char *text);

#endif
