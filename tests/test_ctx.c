/* SPDX-License-Identifier: MIT
 *
 * What a coroutine must find again after a switch, on whichever thread: registers, control words
 * of the floating point units, and its stack down to the last byte.
 */
#include <execinfo.h>
#include <fenv.h>

#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

#define ROUNDS 300
static struct weft_waitgroup all;

#if defined(__x86_64__)

/*
 * Fills the six registers that a call must keep with numbers that follow from `seed`, calls fn, and
 * returns which of them have changed, a bit each.
 */
unsigned ctx_check_registers(uint64_t seed, void (*fn)(void));
__asm__(".text\n"
	".globl ctx_check_registers\n"
	".type ctx_check_registers, @function\n"
	"ctx_check_registers:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	pushq %rdi\n"
	"	leaq 1(%rdi), %rbp\n"
	"	leaq 2(%rdi), %rbx\n"
	"	leaq 3(%rdi), %r12\n"
	"	leaq 4(%rdi), %r13\n"
	"	leaq 5(%rdi), %r14\n"
	"	leaq 6(%rdi), %r15\n"
	"	callq *%rsi\n"
	"	movq (%rsp), %rdi\n"
	"	xorl %eax, %eax\n"
	"	subq %rdi, %rbp\n"
	"	cmpq $1, %rbp\n"
	"	je 1f\n"
	"	orl $1, %eax\n"
	"1:	subq %rdi, %rbx\n"
	"	cmpq $2, %rbx\n"
	"	je 1f\n"
	"	orl $2, %eax\n"
	"1:	subq %rdi, %r12\n"
	"	cmpq $3, %r12\n"
	"	je 1f\n"
	"	orl $4, %eax\n"
	"1:	subq %rdi, %r13\n"
	"	cmpq $4, %r13\n"
	"	je 1f\n"
	"	orl $8, %eax\n"
	"1:	subq %rdi, %r14\n"
	"	cmpq $5, %r14\n"
	"	je 1f\n"
	"	orl $16, %eax\n"
	"1:	subq %rdi, %r15\n"
	"	cmpq $6, %r15\n"
	"	je 1f\n"
	"	orl $32, %eax\n"
	"1:	popq %rdi\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size ctx_check_registers, . - ctx_check_registers\n");

#elif defined(__aarch64__)

/*
 * Fills x19 to x28 and d8 to d15 with numbers that follow from `seed`, calls fn, and returns how
 * many of them have changed.
 */
unsigned ctx_check_registers(uint64_t seed, void (*fn)(void));
__asm__(".text\n"
	".globl ctx_check_registers\n"
	".type ctx_check_registers, %function\n"
	"ctx_check_registers:\n"
	"	stp x29, x30, [sp, #-176]!\n"
	"	mov x29, sp\n"
	"	stp x19, x20, [sp, #16]\n"
	"	stp x21, x22, [sp, #32]\n"
	"	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n"
	"	stp x27, x28, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	str x0, [sp, #160]\n"
	"	.irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n"
	"	add x\\n, x0, #\\n\n"
	"	.endr\n"
	"	.irp n, 8, 9, 10, 11, 12, 13, 14, 15\n"
	"	add x9, x0, #\\n\n"
	"	fmov d\\n, x9\n"
	"	.endr\n"
	"	blr x1\n"
	"	ldr x2, [sp, #160]\n"
	"	mov w0, #0\n"
	"	.irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n"
	"	add x10, x2, #\\n\n"
	"	cmp x\\n, x10\n"
	"	cinc w0, w0, ne\n"
	"	.endr\n"
	"	.irp n, 8, 9, 10, 11, 12, 13, 14, 15\n"
	"	add x10, x2, #\\n\n"
	"	fmov x9, d\\n\n"
	"	cmp x9, x10\n"
	"	cinc w0, w0, ne\n"
	"	.endr\n"
	"	cmp sp, x29\n"
	"	cinc w0, w0, ne\n"
	"	ldp x19, x20, [sp, #16]\n"
	"	ldp x21, x22, [sp, #32]\n"
	"	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n"
	"	ldp x27, x28, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	ldp x29, x30, [sp], #176\n"
	"	ret\n"
	"	.size ctx_check_registers, . - ctx_check_registers\n");

#endif /* the registers of one CPU */

#if defined(__x86_64__) || defined(__aarch64__)

static void keep_registers(const int *number)
{
	for (uint64_t i = 0; i < ROUNDS; i++)
		CHECK_INT(ctx_check_registers(
				  ((uint64_t)*number << 40) + i * 0x9e3779b9u, weft_yield),
			0);
	weft_waitgroup_done(&all);
}

CO_TEST(registers_survive_switches)
{
	static const int numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	weft_waitgroup_add(&all, 8);
	for (int i = 0; i < 8; i++)
		weft_go(keep_registers, &numbers[i]);
	weft_waitgroup_wait(&all);
}

#endif

#if defined(__x86_64__)

static uint32_t read_mxcsr(void)
{
	uint32_t word;

	__asm__ volatile("stmxcsr %0" : "=m"(word));
	return word & ~0x3fu; /* without the flags that computing sets */
}

static uint16_t read_x87(void)
{
	uint16_t word;

	__asm__ volatile("fnstcw %0" : "=m"(word));
	return word;
}

/* Each with its own rounding, flush to zero and precision. */
static void keep_control_words(const int *number)
{
	uint32_t mxcsr = 0x1f80u | ((uint32_t)*number % 4) << 13 | (*number & 4 ? 0x8000u : 0);
	uint16_t x87 = (uint16_t)(0x037fu & ~0x0300u) | (uint16_t)(*number & 1 ? 0x0300 : 0x0200) |
		       (uint16_t)((*number % 4) << 10);

	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	__asm__ volatile("fldcw %0" : : "m"(x87));
	for (int i = 0; i < ROUNDS; i++) {
		weft_yield();
		CHECK_INT(read_mxcsr(), mxcsr);
		CHECK_INT(read_x87(), x87);
	}
	weft_waitgroup_done(&all);
}

static void look_at_control_words(int_chan *c)
{
	weft_send(c, read_mxcsr() == 0x1f80 && read_x87() == 0x037f);
}

static void check_control_words(void)
{
	CHECK_INT(read_mxcsr(), 0x1f80);
	CHECK_INT(read_x87(), 0x037f);
}

#elif defined(__aarch64__)

static uint64_t read_fpcr(void)
{
	uint64_t word;

	__asm__ volatile("mrs %0, fpcr" : "=r"(word));
	return word;
}

static void write_fpcr(uint64_t word)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(word));
}

/* Each with its own rounding, flush to zero and default NaN. */
static void keep_control_words(const int *number)
{
	uint64_t word = (uint64_t)(*number % 4) << 22 | (*number & 4 ? 3u << 24 : 0);

	write_fpcr(word);
	for (int i = 0; i < ROUNDS; i++) {
		weft_yield();
		CHECK_INT(read_fpcr(), word);
	}
	weft_waitgroup_done(&all);
}

static void look_at_control_words(int_chan *c)
{
	weft_send(c, read_fpcr() == 0);
}

static void check_control_words(void)
{
	CHECK_INT(read_fpcr(), 0);
}

#endif

#if defined(__x86_64__) || defined(__aarch64__)

CO_TEST(control_words_survive_switches)
{
	static const int numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
	int_chan *c = weft_make(int_chan, 0);
	int v;

	weft_waitgroup_add(&all, 8);
	for (int i = 0; i < 8; i++)
		weft_go(keep_control_words, &numbers[i]);
	/* Meanwhile a new coroutine of ours finds what we have, not what they set. */
	for (int i = 0; i < 20; i++) {
		weft_go(look_at_control_words, c);
		weft_recv(c, &v);
		CHECK_INT(v, 1);
	}
	weft_waitgroup_wait(&all);
	check_control_words();
}

#endif

static void round_somehow(const int *number)
{
	static const int modes[4] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
	int mode = modes[*number % 4];

	fesetround(mode);
	for (int i = 0; i < ROUNDS; i++) {
		weft_yield();
		CHECK_INT(fegetround(), mode);
	}
	weft_waitgroup_done(&all);
}

CO_TEST(rounding_is_each_coroutines_own)
{
	static const int numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};

	weft_waitgroup_add(&all, 8);
	for (int i = 0; i < 8; i++)
		weft_go(round_somehow, &numbers[i]);
	weft_waitgroup_wait(&all);
	CHECK_INT(fegetround(), FE_TONEAREST);
}

/* ---- Stacks ---------------------------------------------------------------------------------- */

static int dig(int depth, int number)
{
	volatile char pattern[256];
	int sum;

	for (int i = 0; i < 256; i++)
		pattern[i] = (char)(number + depth + i);
	if (depth % 8 == 0)
		weft_yield();
	sum = depth ? dig(depth - 1, number) + 1 : 0;
	if (depth % 8 == 4)
		weft_yield();
	for (int i = 0; i < 256; i++)
		CHECK_INT(pattern[i], (char)(number + depth + i));
	return sum;
}

/* 80 frames of 256 bytes and more: about half of the smallest default. */
static void dig_deep(const int *number)
{
	CHECK_INT(dig(80, *number), 80);
	weft_waitgroup_done(&all);
}

CO_TEST(deep_stacks_survive_switches)
{
	static const int numbers[8] = {0, 31, 62, 93, 124, 155, 186, 217};

	weft_waitgroup_add(&all, 8);
	for (int i = 0; i < 8; i++)
		weft_go(dig_deep, &numbers[i]);
	weft_waitgroup_wait(&all);
}

CO_TEST(stack_of_main_is_deep)
{
	CHECK_INT(dig(4000, 7), 4000);
}

static void look_at_frame(int_chan *c)
{
	_Alignas(64) volatile char aligned[64];
	char text[32];

	aligned[0] = 1;
	snprintf(text, sizeof(text), "%.3f", 2.5); /* uses aligned moves */
	CHECK_STR(text, "2.500");
	weft_send(c,
		(int)((uintptr_t)aligned % 64) + (int)((uintptr_t)__builtin_frame_address(0) % 16));
}

CO_TEST(stacks_are_aligned)
{
	int_chan *c = weft_make(int_chan, 0);
	int v;

	weft_go(look_at_frame, c);
	weft_recv(c, &v);
	CHECK_INT(v, 0);
}

static void unwind(int_chan *c)
{
	void *frames[100];

	weft_send(c, backtrace(frames, 100));
}

CO_TEST(unwinding_ends_at_the_coroutines_beginning)
{
	int_chan *c = weft_make(int_chan, 0);
	int v;

	for (int i = 0; i < 5; i++) {
		weft_go(unwind, c);
		weft_recv(c, &v);
		CHECK(v > 1 && v < 20);
	}
}

static void print_much(const int *number)
{
	char line[200], expected[200];

	for (int i = 0; i < 50; i++) {
		snprintf(expected, sizeof(expected), "%d %g", *number, *number * 1.5 + i);
		weft_yield();
		snprintf(line, sizeof(line), "%d %g", *number, *number * 1.5 + i);
		CHECK_STR(line, expected);
	}
	weft_waitgroup_done(&all);
}

CO_TEST(printf_fits_on_a_stack)
{
	static const int numbers[4] = {1, 2, 3, 4};

	weft_waitgroup_add(&all, 4);
	for (int i = 0; i < 4; i++)
		weft_go(print_much, &numbers[i]);
	weft_waitgroup_wait(&all);
}

TEST_MAIN
