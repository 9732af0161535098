/* SPDX-License-Identifier: MIT
 *
 * What a debugger has to know to find coroutines, in the process or in its core file: a table of
 * addresses and offsets under one name, so that it needs no debug information of the library.
 * gdb/weft-gdb.py reads it; the two change together.
 */
#ifndef WEFT_RUNTIME_DEBUG_H
#define WEFT_RUNTIME_DEBUG_H

/* Once a run. */
void weft__debug_init(void);

#endif
