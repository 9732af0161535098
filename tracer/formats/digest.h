/* SPDX-License-Identifier: MIT
 *
 * What an imported trace is known by: the same input always has the same id, whatever its name is
 * and whether it is compressed.
 */
#ifndef WEFT_TRACER_FORMATS_DIGEST_H
#define WEFT_TRACER_FORMATS_DIGEST_H

#include "tracer/trace/input.h"
#include "tracer/trace/record.h"

/*
 * Reads the whole input, from its start, and sets the header's id: the first bytes of its SHA-256.
 * Without libcrypto it has none. Returns 0, or a negative errno value.
 */
int weft_digest(struct weft_input *input, struct weft_header *header);

#endif
