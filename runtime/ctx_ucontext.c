/* SPDX-License-Identifier: MIT
 *
 * Contexts by ucontext, for CPUs without an assembly switch. Slower: each switch makes system calls
 * for the signal mask.
 */
#include "runtime/ctx.h"

#include <signal.h>
#include <stdint.h>

#include "runtime/sanitize.h"
#include "runtime/unwind.h"

/* makecontext hands on ints only: two of them make a pointer. */
static void start(unsigned entry_hi, unsigned entry_lo, unsigned arg_hi, unsigned arg_lo)
{
	void (*entry)(void *) = (void (*)(void *))(uintptr_t)((uint64_t)entry_hi << 32 | entry_lo);

	entry((void *)(uintptr_t)((uint64_t)arg_hi << 32 | arg_lo));
}

void weft__ctx_make(
	struct weft__ctx *ctx, void *lo, size_t size, void (*entry)(void *arg), void *arg)
{
	uint64_t e = (uintptr_t)entry, a = (uintptr_t)arg;

	getcontext(&ctx->uc);
	ctx->uc.uc_stack.ss_sp = lo;
	ctx->uc.uc_stack.ss_size = size;
	ctx->uc.uc_link = NULL;
	makecontext(&ctx->uc, (void (*)(void))start, 4, (unsigned)(e >> 32), (unsigned)e,
		(unsigned)(a >> 32), (unsigned)a);
}

void weft__ctx_switch(struct weft__ctx *from, struct weft__ctx *to)
{
	/* The mask is the thread's: swapcontext must not bring the one of where *to was left. */
	pthread_sigmask(SIG_SETMASK, NULL, &to->uc.uc_sigmask);
	swapcontext(&from->uc, &to->uc);
}

WEFT__NO_TSAN bool weft__ctx_regs(
	const struct weft__ctx *ctx, const void *lo, const void *hi, struct weft__regs *regs)
{
	uintptr_t sp;

	weft__regs_of(&ctx->uc, regs);
	regs->behind_call = true;
	sp = regs->r[WEFT__REG_SP];
	return regs->known && sp >= (uintptr_t)lo && sp < (uintptr_t)hi;
}
