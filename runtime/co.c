/* SPDX-License-Identifier: MIT
 *
 * Coroutines from their beginning to their end: go, spawn, join.
 */
#include "runtime/co.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/local.h"
#include "runtime/group.h"
#include "runtime/census.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/run.h"
#include "runtime/sched.h"
#include "runtime/scope.h"
#include "runtime/stack.h"
#include "runtime/waitq.h"

/*
 * What is left of a spawned coroutine until it is joined. Made by the parent, freed by the joiner;
 * all under the lock.
 */
struct weft_handle {
	struct weft__lock lock; /* from here: links of a free one */
	bool done;
	int code;
	uint64_t co;
	int64_t last_t;
	struct weft__waitq joiner; /* one at the most */
};

_Static_assert(offsetof(struct weft_handle, co) >= sizeof(struct weft__free),
	"a free handle still says that it is free");

static struct weft__depot handles;

/* With a sanitizer each is new, so that a second join of one is found, and a race about it. */
#define KEEP_HANDLES (!WEFT__ASAN && !WEFT__TSAN)

static struct weft_handle *handle_make(struct weft__worker *w)
{
	struct weft_handle *handle = KEEP_HANDLES ? weft__cache_get(&w->handles, &handles) : NULL;

	if (!handle)
		handle = malloc(sizeof(*handle));
	if (!handle)
		weft__panic("out of memory for the handle of a coroutine");
	memset(handle, 0, sizeof(*handle));
	return handle;
}

static void handle_free(struct weft_handle *handle)
{
	handle->co = 0; /* to be found, if it is joined again; the cache leaves that alone */
	if (KEEP_HANDLES)
		weft__cache_put(&weft__worker()->handles, &handles, handle);
	else
		free(handle);
}

void weft__handles_finish(void)
{
	struct weft__free *magazine;

	for (int i = 0; i < weft__sched.nworkers; i++)
		weft__cache_finish(&weft__sched.workers[i].handles, free);
	while ((magazine = weft__depot_get(&handles)))
		weft__magazine_finish(magazine, free);
}

static const uint64_t canary = UINT64_C(0x7765667463616e61);

const char *weft__co_name(const struct weft__co *co)
{
	return co->name[0] ? co->name : co->fn_name;
}

WEFT__NO_TSAN void weft__stack_check(const struct weft__co *co)
{
	if (*(const volatile uint64_t *)co->stack != canary)
		weft__panic("stack overflow in coroutine %llu \"%s\": its %zu KiB are used up "
			    "(WEFT_STACK=KIB "
			    "makes stacks larger)",
			(unsigned long long)co->id, weft__co_name(co), co->stack_bytes / 1024);
}

/* Inline: a spawn is nothing else, and is counted in instructions. */
static inline __attribute__((always_inline)) struct weft__co *begin_life(struct weft__worker *w,
	struct weft__co *co, struct weft__co *parent, const char *fn_name, const void *arg,
	size_t copy_bytes, const char *at_fn, const char *at_file, int at_line)
{
	char *top = (char *)co;

	if (__builtin_expect(!co, 0))
		weft__panic("out of memory for the stack of a coroutine (spawned in %s at %s:%d)",
			at_fn, at_file, at_line);
	/* acquire: pairs with the release of whoever ended on this stack (weft__co_exit). */
	(void)atomic_load_explicit(&co->state, memory_order_acquire);
	co->id = weft__new_id(&weft__sched.last_co);
	co->worker = NULL;
	co->is_pinned = false;
	co->pinned = NULL;
	co->pins = 0;
	co->detached = false;
	co->handle = NULL;
	co->group = NULL;
	co->locals = NULL;
	co->last_t = 0;
	co->fn_name = fn_name;
	co->at_fn = at_fn;
	co->at_file = at_file;
	co->at_line = at_line;
	if (co->named)
		co->name[0] = '\0';
	co->named = false;
	co->arg = (void *)(uintptr_t)arg;
	if (__builtin_expect(copy_bytes > 0, 0)) {
		top -= (copy_bytes + 63) & ~(size_t)63;
		co->arg = memcpy(top, arg, copy_bytes);
	}
	if (__builtin_expect(!co->guarded, 0))
		*(uint64_t *)co->stack = canary;
#if WEFT__ASAN
	__lsan_register_root_region(co->stack, co->stack_bytes);
#endif
	co->scope = NULL;
	co->shields = co->entered = 0;
	atomic_store_explicit(&co->interrupt, NULL, memory_order_relaxed);
	if (__builtin_expect(weft__census_on, 0))
		weft__census_paint(co, top);
	weft__co_prepare(co, top);
	weft__trace_reserve(w, WEFT_REC_UNITS_MAX);
	weft__trace_spawn(w, parent, co);
	if (__builtin_expect(parent && parent->scope, 0))
		weft__scope_inherit(co, parent->scope);
	return co;
}

struct weft__co *weft__co_new(struct weft__worker *w, struct weft__co *parent, const char *fn_name,
	const void *arg, size_t copy_bytes, const char *at_fn, const char *at_file, int at_line)
{
	return begin_life(w, weft__stack_get(&w->stacks), parent, fn_name, arg, copy_bytes, at_fn,
		at_file, at_line);
}

struct weft__co *weft__co_first(struct weft__worker *w, const void *arg, size_t copy_bytes)
{
	return begin_life(w, weft__stack_first, NULL, "main", arg, copy_bytes, "", "", 0);
}

void weft_co_go(weft_fn fn, const char *name, const void *arg, size_t copy_bytes, const char *at_fn,
	const char *at_file, int at_line)
{
	struct weft__worker *w = weft__worker();
	struct weft__co *self = weft__self_on(w, "weft_go"), *co;

	weft__trace_stack_here();
	if (copy_bytes > WEFT_ARG_MAX)
		weft__panic("weft_go_copy of %zu bytes: at most %d are possible", copy_bytes,
			WEFT_ARG_MAX);
	co = begin_life(w, weft__stack_get(&w->stacks), self, name, arg, copy_bytes, at_fn, at_file,
		at_line);
	co->fn = fn;
	co->detached = true;
	weft__ready_on(w, co);
}

struct weft_handle *weft_co_spawn(weft_int_fn fn, const char *name, const void *arg,
	size_t copy_bytes, const char *at_fn, const char *at_file, int at_line)
{
	struct weft__worker *w = weft__worker();
	struct weft__co *self = weft__self_on(w, "weft_spawn"), *co;
	struct weft_handle *handle = handle_make(w);

	weft__trace_stack_here();
	if (copy_bytes > WEFT_ARG_MAX)
		weft__panic("weft_spawn_copy of %zu bytes: at most %d are possible", copy_bytes,
			WEFT_ARG_MAX);
	co = weft__co_new(w, self, name, arg, copy_bytes, at_fn, at_file, at_line);
	co->int_fn = fn;
	co->handle = handle;
	handle->co = co->id;
	weft__ready_on(w, co);
	return handle;
}

/* Tells the trace and the joiner, who may free the handle as soon as the lock is given back. */
static __attribute__((noinline)) void finish(struct weft__co *self, int code)
{
	struct weft_handle *handle = self->handle;
	struct weft__worker *w = weft__worker();
	struct weft__waiter *joiner = NULL;

	weft__trace_reserve(w, 2 * WEFT__TRACE_WAKE_UNITS + WEFT__TRACE_PARK_UNITS);
	if (!handle) {
		weft__trace_exit(w, self, code, NULL);
		return;
	}
	weft__lock(&handle->lock);
	weft__trace_exit(w, self, code, &handle->last_t);
	handle->done = true;
	handle->code = code;
	joiner = weft__waitq_take(&handle->joiner);
	if (joiner)
		weft__trace_unblock(w, self, joiner->co, 0, &handle->last_t, 0, WEFT_WHY_JOIN);
	weft__unlock(&handle->lock);
	if (joiner)
		weft__ready_on(w, joiner->co);
}

void weft__co_main(struct weft__co *self)
{
	int code = 0;

	if (self->detached)
		self->fn(self->arg);
	else
		code = self->int_fn(self->arg);
	if (self->locals)
		weft__locals_destroy(self);
	if (self->scope || self->entered)
		weft__scope_exit(self);
	if (self->group)
		weft__group_end(self->group, code);
	if (self->handle || WEFT__PROBE_ON)
		finish(self, code);
	if (self->id == 1)
		weft__run_end(code);
	weft__co_exit();
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int join(
	struct weft_handle *handle, int *ret_code, int64_t until)
{
	struct weft__co *self = weft__self("weft_join");
	int code;

	weft__trace_here();
	if (!handle)
		weft__panic("weft_join of a null handle");
	if (handle->co == 0)
		weft__panic("weft_join of a handle that was joined before");
	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS + WEFT__TRACE_PARK_UNITS);
	weft__lock(&handle->lock);
	if (handle->joiner.head)
		weft__panic("coroutine %llu is joined twice", (unsigned long long)handle->co);
	if (!handle->done) {
		struct weft__waiter waiter = {.co = self, .index = -1};
		int r = weft__may_wait(self, until);

		if (r < 0) {
			weft__unlock(&handle->lock);
			return r;
		}
		self->wait = (struct weft__wait_for){
			.why = WEFT_WHY_JOIN, .kind = WEFT__WAIT_CO, .co = handle->co};
		weft__trace_block_on(weft__worker(), self, 0, &handle->last_t, until);
		weft__waitq_push(&handle->joiner, &waiter);
		r = weft__wait(&handle->lock, &waiter, 0, &handle->last_t, until);
		if (r < 0)
			return r;
		weft__trace_reserve_awake(weft__worker(), WEFT__TRACE_WAKE_UNITS);
		weft__lock(&handle->lock); /* finish may still hold it */
	}
	code = handle->code;
	weft__trace_join(weft__worker(), self, handle->co, &handle->last_t, code);
	weft__unlock(&handle->lock);
	handle_free(handle);
	if (ret_code)
		*ret_code = code;
	return 0;
}

int weft_join_until(struct weft_handle *handle, int *ret_code, int64_t until)
{
	return join(handle, ret_code, until);
}

int weft_join(struct weft_handle *handle, int *ret_code)
{
	return join(handle, ret_code, WEFT_NEVER);
}

uint64_t weft_self(void)
{
	return weft__self("weft_self")->id;
}

void weft_set_name(const char *format, ...)
{
	struct weft__co *self = weft__self("weft_set_name");
	va_list args;

	va_start(args, format);
	self->named = true;
	vsnprintf(self->name, sizeof(self->name), format, args);
	va_end(args);
	weft__trace_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	weft__trace_name(weft__worker(), self->id, 0, self->name, &self->last_t);
}
