/* SPDX-License-Identifier: MIT
 *
 * The context switch for 64-bit ARM (AAPCS64): the registers that a call must keep, and the control
 * word of the floating point unit, on the stack of whoever leaves. ctx_aarch64.h has the layout.
 *
 * Built with -mbranch-protection, the address to go on at is signed while it lies there, by the
 * place it lies at; a new context's is signed by weft__ctx_sign.
 */
#include "runtime/ctx_aarch64.h"

#if defined(__ARM_FEATURE_PAC_DEFAULT) && (__ARM_FEATURE_PAC_DEFAULT & 3)
#define SIGN 1
#else
#define SIGN 0
#endif

/* Two registers to their place in the frame and back, as unwinding is told. */
	.macro	save first, second, at
	stp	\first, \second, [sp, #\at]
	.cfi_rel_offset \first, \at
	.cfi_rel_offset \second, \at + 8
	.endm

	.macro	load first, second, at
	ldp	\first, \second, [sp, #\at]
	.cfi_restore \first
	.cfi_restore \second
	.endm

	.text
	.globl	weft__ctx_switch
	.hidden	weft__ctx_switch
	.type	weft__ctx_switch, %function
	.balign	16
weft__ctx_switch:
	.cfi_startproc
	hint	#34 /* bti c: may be called by a pointer */
#if SIGN
	hint	#25 /* paciasp */
	.cfi_negate_ra_state
#endif
	sub	sp, sp, #FRAME_BYTES
	.cfi_adjust_cfa_offset FRAME_BYTES
	save	x19, x20, FRAME_X19
	save	x21, x22, FRAME_X19+16
	save	x23, x24, FRAME_X19+32
	save	x25, x26, FRAME_X19+48
	save	x27, x28, FRAME_X19+64
	save	x29, x30, FRAME_X29
	save	d8, d9, FRAME_D8
	save	d10, d11, FRAME_D8+16
	save	d12, d13, FRAME_D8+32
	save	d14, d15, FRAME_D8+48
	mrs	x9, fpcr
	str	x9, [sp, #FRAME_FPCR]
	mov	x10, sp
	str	x10, [x0]

	/* From here on it is the other's stack; what lies where is the same. */
	ldr	x10, [x1]
	mov	sp, x10
	ldr	x10, [sp, #FRAME_FPCR]
	cmp	x9, x10
	b.eq	1f
	msr	fpcr, x10 /* dear, and nearly never needed */
1:	load	x19, x20, FRAME_X19
	load	x21, x22, FRAME_X19+16
	load	x23, x24, FRAME_X19+32
	load	x25, x26, FRAME_X19+48
	load	x27, x28, FRAME_X19+64
	load	x29, x30, FRAME_X29
	load	d8, d9, FRAME_D8
	load	d10, d11, FRAME_D8+16
	load	d12, d13, FRAME_D8+32
	load	d14, d15, FRAME_D8+48
	add	sp, sp, #FRAME_BYTES
	.cfi_adjust_cfa_offset -FRAME_BYTES
#if SIGN
	hint	#29 /* autiasp */
	.cfi_negate_ra_state
#endif
	ret
	.cfi_endproc
	.size	weft__ctx_switch, . - weft__ctx_switch

/* Where a new context begins: x19 is the argument, x20 the entry. Unwinding ends here. */
	.globl	weft__ctx_start
	.hidden	weft__ctx_start
	.type	weft__ctx_start, %function
	.balign	16
weft__ctx_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x19
	blr	x20
	brk	#1
	.cfi_endproc
	.size	weft__ctx_start, . - weft__ctx_start

/* The address x0 as weft__ctx_switch expects it in the frame below x1. */
	.globl	weft__ctx_sign
	.hidden	weft__ctx_sign
	.type	weft__ctx_sign, %function
	.balign	16
weft__ctx_sign:
	.cfi_startproc
	hint	#34 /* bti c */
#if SIGN
	mov	x17, x0
	mov	x16, x1
	hint	#8 /* pacia1716 */
	mov	x0, x17
#endif
	ret
	.cfi_endproc
	.size	weft__ctx_sign, . - weft__ctx_sign

/* Says that this object can do with BTI, and with signed return addresses if it signs: else the
   linker would take it from the whole program. */
	.section .note.gnu.property, "a", %note
	.balign	8
	.word	4, 16, 5
	.asciz	"GNU"
	.word	0xc0000000, 4, 1 | SIGN << 1, 0

	.section .note.GNU-stack, "", %progbits
