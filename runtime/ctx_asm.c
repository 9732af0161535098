/* SPDX-License-Identifier: MIT
 *
 * The first frame of a new context, as the switch in ctx_x86_64.S or ctx_aarch64.S expects to find
 * it.
 */
#include "runtime/ctx.h"

#include <stdint.h>

#include "runtime/sanitize.h"
#include "runtime/unwind.h"

void weft__ctx_start(void);

#if defined(__x86_64__)

struct frame {
	uint32_t mxcsr;
	uint16_t x87_control, unused;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t ret;
	uint64_t end[2]; /* aligns weft__ctx_start to 16 bytes, and ends the stack */
};

_Static_assert(offsetof(struct frame, ret) == 56, "ctx_x86_64.S knows this layout");

/* weft__ctx_begin reads none of it: this is for those who unwind what has not begun. */
static void first_frame(struct frame *frame, uintptr_t top, uintptr_t entry, uintptr_t arg)
{
	(void)top;
	(void)entry;
	(void)arg;
	frame->ret = (uintptr_t)weft__ctx_start;
	frame->end[0] = frame->end[1] = 0;
}

#elif defined(__aarch64__)
#include "runtime/ctx_aarch64.h"

struct frame {
	uint64_t x19, x20, x21_to_28[8];
	uint64_t x29, x30;
	double d8_to_15[8];
	uint64_t fpcr, unused;
};

_Static_assert(offsetof(struct frame, x19) == FRAME_X19, "ctx_aarch64.h has this layout");
_Static_assert(offsetof(struct frame, x29) == FRAME_X29, "ctx_aarch64.h has this layout");
_Static_assert(offsetof(struct frame, d8_to_15) == FRAME_D8, "ctx_aarch64.h has this layout");
_Static_assert(offsetof(struct frame, fpcr) == FRAME_FPCR, "ctx_aarch64.h has this layout");
_Static_assert(sizeof(struct frame) == FRAME_BYTES, "ctx_aarch64.h has this layout");

uint64_t weft__ctx_sign(uint64_t address, uint64_t top);

/* fpcr is 0 at the start of a process. */
static void first_frame(struct frame *frame, uintptr_t top, uintptr_t entry, uintptr_t arg)
{
	*frame = (struct frame){
		.x19 = arg,
		.x20 = entry,
		.x30 = weft__ctx_sign((uintptr_t)weft__ctx_start, top),
	};
}

#else
#error "no assembly switch for this CPU: use -Dcontext=ucontext"
#endif

void weft__ctx_make(
	struct weft__ctx *ctx, void *lo, size_t size, void (*entry)(void *arg), void *arg)
{
	uintptr_t top = (uintptr_t)lo + size - 16;

	ctx->sp = (void *)(top - sizeof(struct frame));
	first_frame(ctx->sp, top, (uintptr_t)entry, (uintptr_t)arg);
}

/* A register that lies at `offset` in the frame. */
static bool take(struct weft__regs *regs, int reg, uintptr_t sp, size_t offset, const void *lo,
	const void *hi)
{
	regs->known |= UINT64_C(1) << reg;
	return weft__stack_word(lo, hi, sp + offset, &regs->r[reg]);
}

#define TAKE(reg, field) take(regs, reg, sp, offsetof(struct frame, field), lo, hi)

WEFT__NO_TSAN bool weft__ctx_regs(
	const struct weft__ctx *ctx, const void *lo, const void *hi, struct weft__regs *regs)
{
	uintptr_t sp = (uintptr_t)ctx->sp;
	bool good;

	regs->known = UINT64_C(1) << WEFT__REG_SP;
	regs->behind_call = true;
#if defined(__x86_64__)
	good = TAKE(3, rbx) && TAKE(6, rbp) && TAKE(12, r12) && TAKE(13, r13) && TAKE(14, r14) &&
	       TAKE(15, r15) && weft__stack_word(lo, hi, sp + offsetof(struct frame, ret), &regs->pc);
	regs->r[WEFT__REG_SP] = sp + offsetof(struct frame, ret) + sizeof(uintptr_t);
#else
	good = TAKE(19, x19) && TAKE(20, x20) && TAKE(29, x29) && TAKE(30, x30);
	for (int i = 0; i < 8 && good; i++)
		good = take(regs, 21 + i, sp, offsetof(struct frame, x21_to_28) + 8 * (size_t)i, lo,
			hi);
	regs->pc = regs->r[30] & ((UINT64_C(1) << 48) - 1); /* without its signature */
	regs->r[WEFT__REG_SP] = sp + sizeof(struct frame);
#endif
	return good;
}
