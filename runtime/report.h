/* SPDX-License-Identifier: MIT
 *
 * The deadlock report: who waits for what, on stderr.
 */
#ifndef WEFT_RUNTIME_REPORT_H
#define WEFT_RUNTIME_REPORT_H

/*
 * Nobody can go on: writes the report, flushes the trace and stdio, and ends the process with exit
 * status 2. Called by the last worker to become idle, with the list of idle workers locked.
 */
void weft__report_deadlock(void) __attribute__((noreturn));

#endif
