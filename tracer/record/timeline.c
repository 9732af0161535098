/* SPDX-License-Identifier: MIT */
#include "tracer/record/timeline.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tracer/record/clock.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

bool weft__rec_counts;

#define KERNELS_CHOICE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define INVARIANT_TSC (1u << 8) /* leaf 0x80000007, edx: it counts at one rate, and in sleep */

#define SURE_NS 1000000 /* so far apart, two readings tell a rate: to 1 in 10,000 or better */
#define EARLY_NS 100000 /* before time begins; what is wrong is put right in the first rounds */

#ifdef __x86_64__
static bool kernel_counts(void)
{
	char word[8];
	int fd = open(KERNELS_CHOICE, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, word, sizeof(word));
	close(fd);
	return n >= 4 && memcmp(word, "tsc\n", 4) == 0;
}

void weft__ticks_choose(void)
{
	unsigned a, b, c, d;

	weft__rec_counts =
		__get_cpuid(0x80000007, &a, &b, &c, &d) && (d & INVARIANT_TSC) && kernel_counts();
}
#else
/* No other processor has a counter as fine. */
void weft__ticks_choose(void)
{
	weft__rec_counts = false;
}
#endif

/* The ns are read between two looks at the ticks: the tightest of a few is taken. */
struct weft__instant weft__instant_now(void)
{
	struct weft__instant best = {0};
	int64_t tightest = INT64_MAX;

	for (int i = 0; i < 4; i++) {
		int64_t before = weft__rec_ticks(), ns = weft__rec_clock(),
			after = weft__rec_ticks();

		if (after - before < tightest) {
			tightest = after - before;
			best = (struct weft__instant){before + (after - before) / 2, ns};
		}
	}
	return best;
}

static double rate_between(const struct weft__instant *a, const struct weft__instant *b)
{
	return (double)(b->ns - a->ns) / (double)(b->ticks - a->ticks);
}

void weft__timeline_prepare(struct weft__timeline *line)
{
	line->early = weft__instant_now();
}

void weft__timeline_begin(struct weft__timeline *line)
{
	do {
		line->zero = weft__instant_now();
	} while (
		line->zero.ns - line->early.ns < EARLY_NS || line->zero.ticks <= line->early.ticks);
	line->long_rate = rate_between(&line->early, &line->zero);
	line->rate = line->long_rate;
	line->read = line->from = line->to = line->zero;
}

void weft__timeline_of_ns(struct weft__timeline *line, int64_t zero)
{
	*line = (struct weft__timeline){.rate = 1, .long_rate = 1};
	line->zero = line->from = line->to = (struct weft__instant){0, zero};
}

void weft__timeline_extend(struct weft__timeline *line, struct weft__instant end)
{
	line->from = line->to;
	line->to.ticks = end.ticks;
	if (end.ticks <= line->from.ticks)
		return;
	if (end.ns - line->read.ns >= SURE_NS) {
		line->long_rate = rate_between(&line->early, &end);
		line->read = end;
		line->to.ns = end.ns;
	} else {
		line->to.ns = line->from.ns +
			      (int64_t)((double)(end.ticks - line->from.ticks) * line->long_rate);
	}
	if (line->to.ns < line->from.ns)
		line->to.ns = line->from.ns;
	line->rate = rate_between(&line->from, &line->to);
}

int64_t weft__timeline_ns(const struct weft__timeline *line, int64_t ticks)
{
	double rate = ticks < line->to.ticks ? line->rate : line->long_rate;
	const struct weft__instant *base = ticks < line->to.ticks ? &line->from : &line->to;

	return base->ns - line->zero.ns + (int64_t)((double)(ticks - base->ticks) * rate);
}
