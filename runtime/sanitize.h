/* SPDX-License-Identifier: MIT
 *
 * What the sanitizers must be told about coroutines. docs/scheduler.md says why:
 *
 * - TSan follows a switch with the no-sync flag, so a switch orders nothing: two coroutines that
 *   share data without a channel race even on one worker, and are reported. Functions that touch
 * the state of a worker, which many coroutines share by turns, are not instrumented
 * (WEFT__NO_TSAN).
 * - ASan is told the bounds of each stack, and a stack is unpoisoned before it is used again.
 * - The leak checker learns each live stack as a root.
 */
#ifndef WEFT_RUNTIME_SANITIZE_H
#define WEFT_RUNTIME_SANITIZE_H

#include "tracer/record/race.h" /* WEFT__NO_TSAN */

#define WEFT__TSAN WEFT__RACE_DETECTOR

#if defined(__SANITIZE_ADDRESS__)
#define WEFT__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT__ASAN 1
#endif
#endif

#ifndef WEFT__ASAN
#define WEFT__ASAN 0
#endif

#if WEFT__TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if WEFT__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

#endif
