/* SPDX-License-Identifier: MIT
 *
 * What every input must bear, whoever made it: the fuzzers' common part, and that of replay.c.
 */
#ifndef WEFT_TESTS_FUZZ_FUZZ_H
#define WEFT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Checks, loads, counts and writes again what these bytes are as a file of the format ("weft",
 * "gotrace", "chrome"). Aborts with a line on standard error if it can be loaded but not be
 * checked, if an error has no text, or if one way to read takes more than FUZZ_TIMES the input and
 * FUZZ_BASE. (Of what is compressed the size is not known here, and memory not looked at.)
 */
void fuzz_read(const char *format, const uint8_t *data, size_t size);

#define FUZZ_TIMES 4
#define FUZZ_BASE ((size_t)2 << 20) /* buffers and tables that do not depend on the input */

#endif
