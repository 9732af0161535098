/* SPDX-License-Identifier: MIT
 *
 * How much memory from malloc is in use at most: for tests that hold a reader to its word. One
 * thread.
 */
#ifndef WEFT_TESTS_FUZZ_METER_H
#define WEFT_TESTS_FUZZ_METER_H

#include <stddef.h>

/* From now on, and from 0. */
void meter_start(void);

/* Bytes that were in use at once since then, at most. */
size_t meter_most(void);

#endif
