/* SPDX-License-Identifier: MIT
 *
 * The end of a program that broke a rule of weft.h: one line that says what, one that says who,
 * the trace flushed, abort().
 */
#ifndef WEFT_RUNTIME_PANIC_H
#define WEFT_RUNTIME_PANIC_H

void weft__panic(const char *format, ...) __attribute__((noreturn, cold, format(printf, 1, 2)));

/* One line on stderr, for what libweft may say (a warning that something falls back). */
void weft__warn(const char *format, ...) __attribute__((cold, format(printf, 1, 2)));

#endif
