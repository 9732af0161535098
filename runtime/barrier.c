/* SPDX-License-Identifier: MIT */
#include "runtime/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/panic.h"

bool weft__asymmetric;
_Atomic uint32_t weft__barrier_word;

void weft__barrier_init(void)
{
	weft__asymmetric =
		syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

WEFT__NO_TSAN void weft__barrier_heavy(void)
{
	if (weft__asymmetric) {
		/* Only a filter of system calls that came later can be the reason. */
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
			weft__panic("membarrier is forbidden since the run began: forbid it before, or "
				    "not at all");
	} else {
		atomic_fetch_add_explicit(&weft__barrier_word, 1, memory_order_seq_cst);
	}
}
