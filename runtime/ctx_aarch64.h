/* SPDX-License-Identifier: MIT
 *
 * What a context that does not run has on its stack, from its sp upwards: read by ctx_aarch64.S
 * and, for the first frame, by ctx_asm.c, which asserts that its struct agrees.
 */
#define FRAME_X19 0  /* x19 to x28, in pairs */
#define FRAME_X29 80 /* the frame pointer, and x30, the address to go on at */
#define FRAME_D8 96  /* the low halves of v8 to v15, in pairs */
#define FRAME_FPCR 160
#define FRAME_BYTES 176 /* a multiple of 16 */
