/* SPDX-License-Identifier: MIT
 *
 * The harness for libFuzzer, built once for each format: FUZZ_FORMAT is its name.
 */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_read(FUZZ_FORMAT, data, size);
	return 0;
}
