/* SPDX-License-Identifier: MIT
 *
 * The handler leaves its registers and waits, so that the stack stands still while another thread
 * walks it: the walk takes the loader's lock before, and may not be done in a handler. `state` goes
 * ASKED (by who pokes, release) -> HERE (by the handler, release: the registers) -> NOBODY (by who
 * pokes, when it has read). Who waits too long takes it back to NOBODY by compare-exchange; the
 * handler then finds nothing to do, or goes on after HERE_NS.
 */
#include "runtime/poke.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/sched.h"
#include "tracer/record/futex.h"

#define ASK_NS (100 * WEFT_MS)
#define HERE_NS (200 * WEFT_MS)

enum { NOBODY, ASKED, HERE };

static struct {
	_Atomic uint32_t state; /* futex */
	_Atomic int tid;	/* whose */
	struct weft__regs regs;
} poke;

static bool taken;

static void handle(int sig, siginfo_t *info, void *context)
{
	int64_t until = weft_now() + HERE_NS;

	(void)sig;
	(void)info;
	/* acquire: pairs with the release in ask; the tid is that of this poke. */
	if (atomic_load_explicit(&poke.state, memory_order_acquire) != ASKED ||
		atomic_load_explicit(&poke.tid, memory_order_relaxed) != syscall(SYS_gettid))
		return;
	weft__regs_of(context, &poke.regs);
	atomic_store_explicit(&poke.state, HERE, memory_order_release);
	weft__futex_wake(&poke.state, 1); /* keeps errno */
	while (atomic_load_explicit(&poke.state, memory_order_acquire) == HERE &&
		weft_now() < until)
		weft__futex_wait(&poke.state, HERE, until);
}

static void mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	pthread_sigmask(how, &set, NULL);
}

void weft__poke_init(void)
{
	const char *wish = secure_getenv("WEFT_SIGNALS");
	struct sigaction action = {
		.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
	struct sigaction now;

	atomic_store_explicit(&poke.state, NOBODY, memory_order_relaxed);
	sigemptyset(&action.sa_mask);
	taken = WEFT__REGS > 1 && !(wish && strcmp(wish, "0") == 0) &&
		sigaction(SIGURG, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
		now.sa_handler == SIG_DFL && sigaction(SIGURG, &action, NULL) == 0;
}

void weft__poke_finish(void)
{
	struct sigaction now;

	if (taken && sigaction(SIGURG, NULL, &now) == 0 && now.sa_flags & SA_SIGINFO &&
		now.sa_sigaction == handle)
		signal(SIGURG, SIG_DFL);
	taken = false;
}

void weft__poke_allow(void)
{
	if (taken)
		mask(SIG_UNBLOCK);
}

static bool ask(int tid)
{
	int64_t until = weft_now() + ASK_NS;
	uint32_t asked = ASKED;

	atomic_store_explicit(&poke.tid, tid, memory_order_relaxed);
	atomic_store_explicit(&poke.state, ASKED, memory_order_release);
	if (syscall(SYS_tgkill, getpid(), tid, SIGURG) == 0) {
		while (atomic_load_explicit(&poke.state, memory_order_acquire) == ASKED &&
			weft_now() < until)
			weft__futex_wait(&poke.state, ASKED, until);
	}
	return !atomic_compare_exchange_strong_explicit(
		&poke.state, &asked, NOBODY, memory_order_acq_rel, memory_order_acquire);
}

static void let_go(void)
{
	atomic_store_explicit(&poke.state, NOBODY, memory_order_release);
	weft__futex_wake(&poke.state, 1);
}

enum where { UNKNOWN, COMPUTES, IN_A_CALL };

/* /proc says "running", or "NUMBER ARGUMENTS SP PC". */
static enum where look(int tid, struct weft__regs *regs)
{
	char path[64], text[256], *word, *rest;
	unsigned long long last[2] = {0, 0};
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return UNKNOWN;
	text[n] = '\0';
	if (strncmp(text, "running", 7) == 0)
		return COMPUTES;
	for (word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		last[0] = last[1];
		last[1] = strtoull(word, NULL, 16);
	}
	*regs = (struct weft__regs){.pc = (uintptr_t)last[1]};
	regs->r[WEFT__REG_SP] = (uintptr_t)last[0];
	regs->known = UINT64_C(1) << WEFT__REG_SP; /* the others are the kernel's secret */
	return IN_A_CALL;
}

static int walk(const struct weft__modules *modules, const struct weft__regs *regs,
	const struct weft__co *co, uintptr_t bottom, uintptr_t *pcs, int most)
{
	uintptr_t sp = regs->r[WEFT__REG_SP];
	bool reached;

	if (sp < (uintptr_t)co->stack || sp >= (uintptr_t)co)
		return 0;
	return weft__unwind(modules, regs, co->stack, co, bottom, pcs, most, &reached);
}

/* Not seen by TSan: the stack and the registers are another thread's, which stands still. */
WEFT__NO_TSAN int weft__poke(const struct weft__modules *modules, const struct weft__worker *worker,
	const struct weft__co *co, uintptr_t bottom, uintptr_t *pcs, int most)
{
	int tid = atomic_load_explicit(&worker->tid, memory_order_acquire), n = 0;
	struct weft__regs regs;

	if (!taken || !tid)
		return 0;
	switch (look(tid, &regs)) {
	case IN_A_CALL:
		return walk(modules, &regs, co, bottom, pcs, most);
	case COMPUTES:
		if (ask(tid)) {
			n = walk(modules, &poke.regs, co, bottom, pcs, most);
			let_go();
		}
		return n;
	default:
		return 0;
	}
}
