/* SPDX-License-Identifier: MIT
 *
 * Backtraces from wherever a thread may be interrupted: single steps through a call that the
 * linker's stubs lead to, which the loader binds at its first use.
 */
#include <pthread.h>
#include <string.h>

#include "runtime/unwind.h"
#include "tests/coro.h"

#define TRAP_FLAG "0x100"

static struct {
	struct weft__modules modules;
	const struct weft__module *mine;
	const void *lo, *hi;
	uintptr_t tail[WEFT__FRAMES_MOST]; /* behind the function that calls */
	int ntail;
	int seen, in_caller, in_stub, cut;
	uintptr_t cut_at;
} steps;

static __attribute__((noinline)) pid_t call_out(void)
{
	pid_t r;

	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\torq $" TRAP_FLAG
			 ", (%%rsp)\n\tpopfq\n\tleaq 128(%%rsp), %%rsp" ::
				 : "memory", "cc");
	r = getppid();
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~" TRAP_FLAG
			 ", (%%rsp)\n\tpopfq\n\tleaq 128(%%rsp), %%rsp" ::
				 : "memory", "cc");
	return r;
}
static __attribute__((noinline)) void behind_call_out(void)
{
	__asm__ volatile("");
}

static bool in_call_out(uintptr_t pc)
{
	uintptr_t begin = (uintptr_t)call_out, end = (uintptr_t)behind_call_out;

	return pc >= begin && pc < (end > begin ? end : begin + 128);
}

static void on_step(int sig, siginfo_t *info, void *context)
{
	uintptr_t pcs[WEFT__FRAMES_MOST];
	struct weft__regs regs;
	bool bottom;
	int n;

	steps.seen++;
	weft__regs_of(context, &regs);
	if (weft__module_of(&steps.modules, regs.pc) != steps.mine)
		return; /* the loader and libc */
	n = weft__unwind(
		&steps.modules, &regs, steps.lo, steps.hi, 0, pcs, WEFT__FRAMES_MOST, &bottom);
	if (in_call_out(regs.pc)) {
		if (steps.in_caller++ > 0) /* the first is the call: later its stack is in motion */
			return;
		steps.ntail = n - 1;
		memcpy(steps.tail, pcs + 1, sizeof(*pcs) * (size_t)(n - 1));
		return;
	}
	steps.in_stub++;
	if (n != steps.ntail + 2 || !in_call_out(pcs[1]) ||
		memcmp(steps.tail, pcs + 2, sizeof(*pcs) * (size_t)steps.ntail) != 0) {
		steps.cut++;
		steps.cut_at = regs.pc;
	}
}

TEST(each_instruction_of_a_stub_is_walked_from)
{
	struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO}, old;
	pthread_attr_t attr;
	size_t bytes;
	void *stack;

	if (SANITIZED)
		test_skip("a sanitizer's frames are not those of the code as written");
	CHECK_INT(pthread_getattr_np(pthread_self(), &attr), 0);
	CHECK_INT(pthread_attr_getstack(&attr, &stack, &bytes), 0);
	pthread_attr_destroy(&attr);
	steps.lo = stack;
	steps.hi = (char *)stack + bytes;
	weft__modules_get(&steps.modules);
	steps.mine = weft__module_of(&steps.modules, (uintptr_t)call_out);
	CHECK(steps.mine);
	CHECK_INT(sigaction(SIGTRAP, &action, &old), 0);
	CHECK(call_out() > 0);
	behind_call_out();
	sigaction(SIGTRAP, &old, NULL);
	if (steps.seen == 0)
		test_skip("single steps make no traps here, as under Valgrind");
	CHECK(steps.in_caller > 0);
	CHECK(steps.in_stub > 0);
	CHECK(steps.ntail > 0);
	if (steps.cut > 0)
		test_fail(__FILE__, __LINE__, "%d of %d backtraces are cut, one at +0x%zx",
			steps.cut, steps.in_stub, steps.cut_at - steps.mine->bias);
	weft__modules_put(&steps.modules);
}

TEST_MAIN
