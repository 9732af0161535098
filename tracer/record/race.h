/* SPDX-License-Identifier: MIT
 *
 * What a race detector (TSan) must be told. The coroutines of a worker are threads to it, and a
 * switch between them orders nothing, so that planted races are found; but they share the worker's
 * ring by turns. So it does not look while a record is open, nor while the collector reads.
 *
 * Tests that write to rings from real threads define WEFT__RACE_CHECKED and have it all checked.
 */
#ifndef WEFT_TRACER_RECORD_RACE_H
#define WEFT_TRACER_RECORD_RACE_H

#if defined(__SANITIZE_THREAD__)
#define WEFT__RACE_DETECTOR 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT__RACE_DETECTOR 1
#endif
#endif
#ifndef WEFT__RACE_DETECTOR
#define WEFT__RACE_DETECTOR 0
#endif

/* A function that it does not look into. */
#if !WEFT__RACE_DETECTOR
#define WEFT__NO_TSAN
#elif defined(__clang__)
#define WEFT__NO_TSAN __attribute__((noinline, disable_sanitizer_instrumentation))
#else
#define WEFT__NO_TSAN __attribute__((noinline, no_sanitize_thread))
#endif

/* The same for one that is otherwise inline: `static WEFT__NO_TSAN_INLINE void ...`. */
#if WEFT__RACE_DETECTOR
#define WEFT__NO_TSAN_INLINE __attribute__((unused)) WEFT__NO_TSAN
#define WEFT__NO_TSAN_ALWAYS_INLINE WEFT__NO_TSAN_INLINE
#else
#define WEFT__NO_TSAN_INLINE inline
#define WEFT__NO_TSAN_ALWAYS_INLINE inline __attribute__((always_inline))
#endif

#if WEFT__RACE_DETECTOR && !defined(WEFT__RACE_CHECKED)

/* Part of its run-time library. */
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

static inline void weft__race_look_away(void)
{
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}
static inline void weft__race_look_again(void)
{
	AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#else
static inline void weft__race_look_away(void)
{
}
static inline void weft__race_look_again(void)
{
}
#endif

#endif
