/* SPDX-License-Identifier: MIT
 *
 * The stubs that linkers put between a call and a function of another module, on x86-64. GNU ld
 * writes unwind tables for its own; lld and mold write none, so that their code has to tell.
 */
#ifndef WEFT_RUNTIME_STUB_H
#define WEFT_RUNTIME_STUB_H

#include <stdint.h>

/*
 * How many words a stub has pushed behind the return address when it is about to run the
 * instruction at pc; -1: this is no stub. Reads the page that pc lies in, and nothing else.
 */
int weft__stub_pushed(uintptr_t pc);

#endif
