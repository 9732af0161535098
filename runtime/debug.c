/* SPDX-License-Identifier: MIT */
#include "runtime/debug.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/chan.h"
#include "runtime/co.h"
#include "runtime/ctx.h"
#include "runtime/sched.h"
#include "runtime/stack.h"
#include "runtime/sync.h"

#define REGS_MOST 16

/* All numbers are offsets or sizes in bytes. */
struct debug {
	char magic[8];
	const void *slabs, *nslabs, *workers, *nworkers;
	const char *whys; /* the words of enum weft_why, each with a blank behind */
	uint32_t slab_bytes, slab_base, slab_stack_bytes, slab_used;
	uint32_t worker_bytes, worker_current, worker_tid;
	uint32_t co_bytes, shades, shade_bytes;
	uint32_t co_state, co_id, co_name, co_fn_name, co_at_fn, co_at_file, co_at_line;
	uint32_t co_why, co_wait_kind, co_wait_on;
	uint32_t chan_name, chan_at_file, chan_at_line, sync_name;
	/*
	 * Registers: at the address that lies in the coroutine at co_ctx (`indirect`), or there
	 * itself. The stack pointer is that address and sp_add, or lies at sp_at if that is not 0.
	 */
	uint32_t co_ctx, indirect, sp_add, sp_at, nregs;
	struct {
		char name[8]; /* as gdb calls it */
		uint32_t at;
	} regs[REGS_MOST];
};

/* No call for programs, and so not in weft.h; visible, to be found. */
extern struct debug weft_debug __attribute__((visibility("default")));
struct debug weft_debug;

static void add_reg(const char *name, size_t at)
{
	uint32_t i = weft_debug.nregs++;

	strcpy(weft_debug.regs[i].name, name);
	weft_debug.regs[i].at = (uint32_t)at;
}

#if defined(WEFT_CTX_UCONTEXT) && defined(__x86_64__)
static void add_context(void)
{
	static const struct {
		const char *name;
		int number;
	} regs[] = {{"rbx", REG_RBX}, {"rbp", REG_RBP}, {"r12", REG_R12}, {"r13", REG_R13},
		{"r14", REG_R14}, {"r15", REG_R15}, {"rip", REG_RIP}};
	size_t gregs = offsetof(ucontext_t, uc_mcontext.gregs);

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		add_reg(regs[i].name, gregs + 8 * (size_t)regs[i].number);
	weft_debug.sp_at = (uint32_t)(gregs + 8 * REG_RSP);
}
#elif defined(__x86_64__)
/* ctx_x86_64.S */
static void add_context(void)
{
	static const char *const regs[] = {"r15", "r14", "r13", "r12", "rbx", "rbp", "rip"};

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		add_reg(regs[i], 8 + 8 * i);
	weft_debug.indirect = 1;
	weft_debug.sp_add = 64;
}
#elif defined(__aarch64__) && !defined(WEFT_CTX_UCONTEXT)
#include "runtime/ctx_aarch64.h"
static void add_context(void)
{
	static const char *const regs[] = {
		"x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28"};

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		add_reg(regs[i], FRAME_X19 + 8 * i);
	add_reg("x29", FRAME_X29);
	add_reg("pc", FRAME_X29 + 8);
	weft_debug.indirect = 1;
	weft_debug.sp_add = FRAME_BYTES;
}
#else
static void add_context(void)
{
	/* No registers: no backtraces. */
	(void)add_reg;
}
#endif

void weft__debug_init(void)
{
	struct debug *d = &weft_debug;

	*d = (struct debug){
		.workers = &weft__sched.workers,
		.nworkers = &weft__sched.nworkers,
#define X(c, word) word " "
		.whys = WEFT_WHY_LIST(X),
#undef X
		.worker_bytes = sizeof(struct weft__worker),
		.worker_current = offsetof(struct weft__worker, current),
		.worker_tid = offsetof(struct weft__worker, tid),
		.co_state = offsetof(struct weft__co, state),
		.co_id = offsetof(struct weft__co, id),
		.co_name = offsetof(struct weft__co, name),
		.co_fn_name = offsetof(struct weft__co, fn_name),
		.co_at_fn = offsetof(struct weft__co, at_fn),
		.co_at_file = offsetof(struct weft__co, at_file),
		.co_at_line = offsetof(struct weft__co, at_line),
		.co_why = offsetof(struct weft__co, wait.why),
		.co_wait_kind = offsetof(struct weft__co, wait.kind),
		.co_wait_on = offsetof(struct weft__co, wait.co),
		.co_ctx = offsetof(struct weft__co, ctx),
		.chan_name = offsetof(struct weft_chan, name),
		.chan_at_file = offsetof(struct weft_chan, at_file),
		.chan_at_line = offsetof(struct weft_chan, at_line),
		.sync_name = offsetof(struct weft__sync, name),
	};
	weft__stacks_debug(&(struct weft__stacks_debug){&d->slabs, &d->nslabs, &d->slab_bytes,
		&d->slab_base, &d->slab_stack_bytes, &d->slab_used, &d->co_bytes, &d->shades,
		&d->shade_bytes});
	add_context();
	memcpy(d->magic, "weftdbg3", sizeof(d->magic));
}
