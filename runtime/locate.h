/* SPDX-License-Identifier: MIT
 *
 * Where the calls of a recorded program stand: what the recorder asks (tracer/record/record.h).
 */
#ifndef WEFT_RUNTIME_LOCATE_H
#define WEFT_RUNTIME_LOCATE_H

#include "tracer/record/hidden.h"
#include "tracer/record/record.h"

/* What is loaded after its open is not known to it. */
extern WEFT__HIDDEN const struct weft__rec_locator weft__locator;

#endif
