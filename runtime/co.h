/* SPDX-License-Identifier: MIT
 *
 * The coroutine itself. Its struct lies near the top of its own stack, so that a parked coroutine
 * touches one page.
 */
#ifndef WEFT_RUNTIME_CO_H
#define WEFT_RUNTIME_CO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/ctx.h"
#include "runtime/include/weft.h"
#include "tracer/event.h"

struct weft_handle;
struct weft__locals;
struct weft__sync;
struct weft__worker;
struct weft__interrupt;

/* In a ring of them; one that is in no ring is linked to itself. */
struct weft__link {
	struct weft__link *prev, *next;
};

#define WEFT__NAME_MAX 48

enum weft__co_state {
	WEFT__CO_FREE, /* zero: a stack that was never used reads so */
	WEFT__CO_READY,
	WEFT__CO_RUNNING,
	WEFT__CO_PARKED,
};

enum weft__wait_kind { WEFT__WAIT_NOTHING, WEFT__WAIT_CHAN, WEFT__WAIT_SYNC, WEFT__WAIT_CO };

/*
 * What a coroutine waits for, apart from its deadline: written by itself before it parks, read by
 * reports when all is quiet.
 */
struct weft__wait_for {
	uint8_t why;  /* enum weft_why */
	uint8_t kind; /* enum weft__wait_kind: which of the union */
	bool timed;   /* co->until is its deadline */
	bool out;     /* WEFT_WHY_IO: to write to, not to read from, */
	int fd;	      /* which descriptor */
	union {
		struct weft_chan *chan;
		struct weft__sync *sync; /* a mutex or its kin */
		uint64_t co;		 /* WEFT_WHY_JOIN: whom */
	};
};

/*
 * In the order of use: a cache line for the switch and for parking, one for beginning and end, one
 * that is written at the beginning, and what few use. A spawn writes three lines, an exit two.
 */
struct weft__co {
	/* When it is free, the first two words are the cache's (cache.h). */
	struct weft__ctx ctx;
	struct weft__co *next; /* link of a run queue or an inbox */
	/*
	 * enum weft__co_state. Two pairs of release and acquire order a life: ready (release READY)
	 * with the end of weft__park (acquire), and exit (release FREE) with the next spawn on this
	 * stack (acquire).
	 */
	atomic_int state;
	bool guarded;		     /* else a canary lies at the low end of the stack */
	bool detached;		     /* calls fn, else int_fn */
	bool named;		     /* `name` is not "" */
	bool is_pinned;		     /* `pinned` is not NULL */
	struct weft__worker *worker; /* on which it runs or ran last; NULL: it has not begun */
	struct weft_scope *scope;    /* in which it runs, or NULL; holds a reference */
	int64_t parked_at;	     /* ns, as its worker knew the time then: weft__worker.about */
	struct weft__wait_for wait;

	uint64_t id;
	union {
		weft_fn fn;
		weft_int_fn int_fn;
	};
	void *arg;
	struct weft_handle *handle;  /* of who can be joined, or NULL */
	struct weft_group *group;    /* that started it, or NULL */
	struct weft__locals *locals; /* or NULL: local.c */
	uint32_t shields, entered;   /* open weft_shield_begin and weft_scope_enter */
	int64_t last_t; /* stamp of the last record about it; by whoever may act on it now */

	const char *fn_name, *at_fn, *at_file;
	int at_line;
	uint32_t pins; /* weft_pin less weft_unpin */
	char *stack;   /* lowest byte, the guard page's included */
	size_t stack_bytes;
	struct weft__worker *pinned; /* the only one on which it may run, or NULL */
	/*
	 * How the scope may end what we wait for: see scope.h. seq_cst, against the scope's
	 * `error`.
	 */
	_Atomic(struct weft__interrupt *) interrupt;

	int64_t until;	 /* ns: the deadline of its wait, if that is timed */
	uintptr_t at_pc; /* in recorded runs: where its last call returns to, or 0; see probe.h */
	struct weft__link in_scope; /* among its coroutines; under its lock */
	char name[WEFT__NAME_MAX];  /* "" until it is given one */
	void *tsan_fiber;
	void *asan_fake;
};

_Static_assert(
	offsetof(struct weft__co, state) >= 2 * sizeof(void *), "free ones are linked there");

/* It runs soon: the part of its stack that it begins with, in lines of the cache. */
static inline void weft__co_prefetch(const struct weft__co *co, int lines)
{
	const char *sp = weft__ctx_sp(&co->ctx);

	for (int i = 0; i < lines; i++)
		__builtin_prefetch(sp + 64 * i, 1);
}

/*
 * Behind `a` in a queue comes `b`, and whoever comes `ahead` places behind that is not known before
 * those between have been read, each of which may be in no cache. Stacks that were cut one behind
 * the other often queue up in that order, so that all are as far apart as these two; where they are
 * not, what is fetched is of no use, and nothing else happens.
 */
static inline void weft__prefetch_beyond(const void *a, const void *b, int ahead)
{
	uintptr_t guess = (uintptr_t)b + (uintptr_t)ahead * ((uintptr_t)b - (uintptr_t)a);

	__builtin_prefetch((const void *)guess, 1);
}

/* Frees the handles that are kept for their next use. At the end of a run. */
void weft__handles_finish(void);

/* The name that people know it by. */
const char *weft__co_name(const struct weft__co *co);

/*
 * A new coroutine, READY but in no queue. `copy_bytes` > 0: *arg is copied onto its stack. `parent`
 * may be NULL. Called by a worker.
 */
struct weft__co *weft__co_new(struct weft__worker *w, struct weft__co *parent, const char *fn_name,
	const void *arg, size_t copy_bytes, const char *at_fn, const char *at_file, int at_line);

/* Coroutine 1: "main", with a copy of *arg. */
struct weft__co *weft__co_first(struct weft__worker *w, const void *arg, size_t copy_bytes);

#endif
