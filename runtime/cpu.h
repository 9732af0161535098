/* SPDX-License-Identifier: MIT
 *
 * What differs from CPU to CPU besides the switch (ctx.h).
 */
#ifndef WEFT_RUNTIME_CPU_H
#define WEFT_RUNTIME_CPU_H

/*
 * One turn of a loop that waits for another CPU: 10 to 100 ns in which the core does less. On
 * aarch64 that is what `isb` does; `yield` is a no-op on nearly all of its cores.
 */
static inline void weft__relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/*
 * Behind a call that is a function's last: it does not become a jump, so the function has its frame
 * while the call waits, and a backtrace begins with what the program called.
 */
static inline void weft__keep_frame(void)
{
	__asm__ volatile("");
}

#endif
