/* SPDX-License-Identifier: MIT
 *
 * "Store mine, then look at theirs", where one side does so all the time and the other rarely. The
 * rare side calls weft__barrier_heavy between its store and its load: a membarrier, which makes
 * every running thread of the process pass a full barrier. The frequent side then needs no more
 * than order against its compiler (weft__barrier_light). Where membarrier is missing, both sides do
 * a seq_cst read-modify-write on one word instead: whoever comes second sees what the other stored.
 */
#ifndef WEFT_RUNTIME_BARRIER_H
#define WEFT_RUNTIME_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/sanitize.h"
#include "tracer/record/hidden.h"

extern WEFT__HIDDEN bool weft__asymmetric; /* membarrier works; written while there is no other worker */
extern WEFT__HIDDEN _Atomic uint32_t weft__barrier_word;

void weft__barrier_init(void);

static WEFT__NO_TSAN_INLINE void weft__barrier_light(void)
{
	if (__builtin_expect(weft__asymmetric, 1))
		atomic_signal_fence(memory_order_seq_cst);
	else
		atomic_fetch_add_explicit(&weft__barrier_word, 1, memory_order_seq_cst);
}

/* A system call of some microseconds, with an interrupt of each core that runs our threads. */
void weft__barrier_heavy(void);

#endif
