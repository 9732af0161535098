/* SPDX-License-Identifier: MIT
 *
 * A context: where a coroutine, or a worker's own thread, stands when it does not run.
 *
 * Two implementations, chosen when the library is built: assembly (ctx_asm.c with
 * ctx_x86_64.S or ctx_aarch64.S) and ucontext (ctx_ucontext.c, for every other CPU and for the
 * tests).
 */
#ifndef WEFT_RUNTIME_CTX_H
#define WEFT_RUNTIME_CTX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef WEFT_CTX_UCONTEXT
#include <ucontext.h>
struct weft__ctx {
	ucontext_t uc;
};
#else
struct weft__ctx {
	void *sp; /* the registers that a call must keep lie on the stack from here */
};
#endif

/* Where its stack is in use from, as a hint; or NULL. */
static inline const void *weft__ctx_sp(const struct weft__ctx *ctx)
{
#ifdef WEFT_CTX_UCONTEXT
	return NULL;
#else
	return ctx->sp;
#endif
}

/*
 * Prepares a context that starts with entry(arg) on the stack [lo, lo + size). entry must not
 * return. `lo + size` is aligned to 16 bytes.
 */
void weft__ctx_make(
	struct weft__ctx *ctx, void *lo, size_t size, void (*entry)(void *arg), void *arg);

/*
 * Where a context that was switched away from stands: its registers as they will be when it goes
 * on. `lo` and `hi` bound its stack, which may be in motion. False: it stands nowhere in there.
 */
struct weft__regs;
bool weft__ctx_regs(const struct weft__ctx *ctx, const void *lo, const void *hi,
	struct weft__regs *regs);

/* Saves the caller in *from and goes on in *to, which has begun. Returns when somebody switches back to *from. */
void weft__ctx_switch(struct weft__ctx *from, struct weft__ctx *to);

/*
 * So is a new context begun, whose entry and arg are told once more: what is known need not be read
 * from a stack that is cold. The second of the two leaves for good, as the third does, which goes on
 * in a context that has begun.
 */
#if !defined(WEFT_CTX_UCONTEXT) && defined(__x86_64__)
void weft__ctx_begin(
	struct weft__ctx *from, struct weft__ctx *to, void (*entry)(void *arg), void *arg);
void weft__ctx_leave_begin(struct weft__ctx *to, void (*entry)(void *arg), void *arg)
	__attribute__((noreturn));
void weft__ctx_leave(struct weft__ctx *to) __attribute__((noreturn));
#else
static inline void weft__ctx_begin(
	struct weft__ctx *from, struct weft__ctx *to, void (*entry)(void *arg), void *arg)
{
	(void)entry;
	(void)arg;
	weft__ctx_switch(from, to);
}
static inline __attribute__((noreturn)) void weft__ctx_leave(struct weft__ctx *to)
{
	struct weft__ctx gone;

	weft__ctx_switch(&gone, to);
	__builtin_unreachable();
}
static inline __attribute__((noreturn)) void weft__ctx_leave_begin(
	struct weft__ctx *to, void (*entry)(void *arg), void *arg)
{
	(void)entry;
	(void)arg;
	weft__ctx_leave(to);
}
#endif

#endif
