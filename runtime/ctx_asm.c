/* SPDX-License-Identifier: MIT
 *
 * The first frame of a new context, as the switch in ctx_x86_64.S or ctx_aarch64.S expects to find
 * it.
 */
#include "runtime/ctx.h"

#include <stdint.h>
#include <string.h>

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

static struct frame first_frame(uintptr_t top, uintptr_t entry, uintptr_t arg)
{
	(void)top;
	return (struct frame){
		.mxcsr = 0x1f80, /* the ABI's state at the start of a process */
		.x87_control = 0x037f,
		.r13 = entry,
		.r12 = arg,
		.ret = (uintptr_t)weft__ctx_start,
	};
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
static struct frame first_frame(uintptr_t top, uintptr_t entry, uintptr_t arg)
{
	return (struct frame){
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
	struct frame frame = first_frame(top, (uintptr_t)entry, (uintptr_t)arg);

	ctx->sp = (void *)(top - sizeof(frame));
	memcpy(ctx->sp, &frame, sizeof(frame));
}
