/* SPDX-License-Identifier: MIT
 *
 * The flight recorder's button.
 */
#include "runtime/include/weft.h"
#include "tracer/record/record.h"

int weft_trace_dump(const char *path)
{
	return weft__rec_dump(path);
}
