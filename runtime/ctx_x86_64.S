/* SPDX-License-Identifier: MIT
 *
 * The context switch for x86-64 (System V ABI): the registers that a call must keep, and the
 * control words of SSE and x87, on the stack of whoever leaves. The layout below is known to
 * ctx_asm.c as well:
 *
 *	sp + 0	mxcsr (4), x87 control word (2), unused (2)
 *	   + 8	r15, r14, r13, r12, rbx, rbp
 *	   + 56	the address to go on at
 */
	.text

/* Saves the caller's registers at \ctx; what follows is unwound from \ctx until it is gone on with. */
.macro SAVE ctx
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movq	%rsp, (\ctx)
.endm

.macro LOAD ctx
	movq	(\ctx), %rsp
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
.endm

/*
 * The first time: nothing is read from the stack of \ctx, which may be in no cache. Its control words
 * are those of the ABI at the start of a process.
 */
.macro BEGIN ctx, entry, arg
	movq	(\ctx), %rsp
	addq	$64, %rsp
	.cfi_adjust_cfa_offset -64
	movq	\entry, %rax
	movq	\arg, %rdi
	ldmxcsr	.Lmxcsr(%rip)
	fldcw	.Lx87_control(%rip)
	jmp	weft__ctx_start
.endm

.macro ENTRY name
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.balign	16
\name:
	.cfi_startproc
.endm

ENTRY weft__ctx_switch
	SAVE	%rdi
	LOAD	%rsi
	ret
	.cfi_endproc
	.size	weft__ctx_switch, . - weft__ctx_switch

ENTRY weft__ctx_begin
	SAVE	%rdi
	BEGIN	%rsi, %rdx, %rcx
	.cfi_endproc
	.size	weft__ctx_begin, . - weft__ctx_begin

ENTRY weft__ctx_leave_begin
	.cfi_undefined %rip
	.cfi_adjust_cfa_offset 56
	BEGIN	%rdi, %rsi, %rdx
	.cfi_endproc
	.size	weft__ctx_leave_begin, . - weft__ctx_leave_begin

/*
 * The processor guesses that a return goes to where the last call came from. Two contexts that wait
 * in the same function make the guess right; one that takes over from one that ends makes it wrong,
 * and is jumped to instead.
 */
ENTRY weft__ctx_leave
	.cfi_undefined %rip
	.cfi_adjust_cfa_offset 56
	LOAD	%rdi
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	jmpq	*%rcx
	.cfi_endproc
	.size	weft__ctx_leave, . - weft__ctx_leave

/* Where a new context begins: rax is the entry, rdi its argument. Unwinding ends here. */
ENTRY weft__ctx_start
	.cfi_undefined %rip
	xorl	%ebp, %ebp
	callq	*%rax
	ud2
	.cfi_endproc
	.size	weft__ctx_start, . - weft__ctx_start

	.section .rodata
	.balign	4
.Lmxcsr:
	.long	0x1f80
.Lx87_control:
	.word	0x037f

	.section .note.GNU-stack, "", @progbits
