/* SPDX-License-Identifier: MIT
 *
 * Variables of the library's own, said to be so where they are declared: all are hidden when the
 * library is linked, but a compiler that does not know takes the way through the global offset
 * table.
 */
#ifndef WEFT_TRACER_RECORD_HIDDEN_H
#define WEFT_TRACER_RECORD_HIDDEN_H

#define WEFT__HIDDEN __attribute__((visibility("hidden")))

#endif
