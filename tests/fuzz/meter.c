/* SPDX-License-Identifier: MIT
 *
 * Under a sanitizer its hooks count; else this program's malloc does, which all libraries call
 * then, and which hands on to that of glibc.
 */
#include "tests/fuzz/meter.h"

#include <malloc.h>

static long in_use, most;

static void count(long bytes)
{
	in_use += bytes;
	most = in_use > most ? in_use : most;
}

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)

int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *p);

static void on_malloc(const volatile void *p, size_t size)
{
	count((long)size);
}

static void on_free(const volatile void *p)
{
	if (p)
		count(-(long)__sanitizer_get_allocated_size(p));
}

void meter_start(void)
{
	static int installed;

	if (!installed)
		installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
	in_use = most = 0;
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *p);

static long size_of(void *p)
{
	return p ? (long)malloc_usable_size(p) : 0;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	void *p = __libc_malloc(size);

	count(size_of(p));
	return p;
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	void *p = __libc_calloc(n, size);

	count(size_of(p));
	return p;
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
	long before = size_of(old);
	void *p = __libc_realloc(old, size);

	if (p || size == 0)
		count(size_of(p) - before);
	return p;
}

__attribute__((visibility("default"))) void free(void *p)
{
	count(-size_of(p));
	__libc_free(p);
}

void meter_start(void)
{
	in_use = most = 0;
}

#endif

size_t meter_most(void)
{
	return (size_t)most;
}
