/* SPDX-License-Identifier: MIT
 *
 * The first frame of a new context, as the switch in ctx_x86_64.S expects to find it.
 */
#include "runtime/ctx.h"

#include <stdint.h>
#include <string.h>

void weft__ctx_start(void);

struct frame {
	uint32_t mxcsr;
	uint16_t x87_control, unused;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t ret;
	uint64_t end[2]; /* aligns weft__ctx_start to 16 bytes, and ends the stack */
};

_Static_assert(offsetof(struct frame, ret) == 56, "ctx_x86_64.S knows this layout");

void weft__ctx_make(
	struct weft__ctx *ctx, void *lo, size_t size, void (*entry)(void *arg), void *arg)
{
	uintptr_t top = (uintptr_t)lo + size - 16;
	struct frame frame = {
		.mxcsr = 0x1f80, /* the ABI's state at the start of a process */
		.x87_control = 0x037f,
		.r13 = (uint64_t)(uintptr_t)entry,
		.r12 = (uint64_t)(uintptr_t)arg,
		.ret = (uint64_t)(uintptr_t)weft__ctx_start,
	};

	ctx->sp = (void *)(top - sizeof(frame));
	memcpy(ctx->sp, &frame, sizeof(frame));
}
