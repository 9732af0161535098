/* SPDX-License-Identifier: MIT
 *
 * The input lies in a file without a name, since that is what weft reads.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/meter.h"
#include "tracer/formats/formats.h"
#include "tracer/stats/stats.h"
#include "tracer/trace/check.h"

static void fail(const char *format, const char *what, size_t is, size_t wanted)
{
	fprintf(stderr, "fuzz: %s: %s: %zu, not %zu\n", format, what, is, wanted);
	abort();
}

/* One way to read: it must keep to its memory, and say why if it fails. */
struct way {
	const char *format, *path, *name;
	size_t size;
	bool compressed;
	struct weft_trace_error error;
};

static void begin(struct way *way, const char *name)
{
	way->name = name;
	memset(&way->error, 0, sizeof(way->error));
	meter_start();
}

static void end(struct way *way, int rc)
{
	size_t most = meter_most(), limit = FUZZ_TIMES * way->size + FUZZ_BASE;
	char what[64];

	snprintf(what, sizeof(what), "bytes of memory to %s", way->name);
	if (most > limit && !way->compressed)
		fail(way->format, what, most, limit);
	if ((rc < 0) != (way->error.text[0] != '\0') || rc > 0)
		fail(way->format, "a result without its text", (size_t)-rc, 0);
}

static void take(void *arg, const struct weft_finding *finding)
{
	*(size_t *)arg += finding->text[0] != '\0';
}

static int check(struct way *way)
{
	struct weft_check_summary summary = {0};
	size_t findings = 0;
	int rc;

	begin(way, "check");
	rc = weft_check(way->path, way->format, take, &findings, &summary, &way->error);
	end(way, rc);
	if (rc == 0 && (summary.errors || summary.warnings) && !findings)
		fail(way->format, "findings with a text", findings, 1);
	return rc;
}

static int count(struct way *way)
{
	static const char *const names[] = {"*[aeiou]*", "#[1-5]", NULL};
	const struct weft_stats_filter filters[] = {
		{0, INT64_MAX, NULL, NULL}, {3, 2000, names, NULL}, {0, 1000, NULL, names}};
	int rc = 0;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]) && rc == 0; i++) {
		struct weft_stats *stats = NULL;

		begin(way, "count");
		rc = weft_stats_read(way->path, way->format, &filters[i], 10, &stats, &way->error);
		end(way, rc);
		weft_stats_free(stats);
	}
	return rc;
}

/* Writes it in every format that needs no file of its own. */
static void write_all(struct weft_source *source, const struct weft_trace *trace)
{
	for (size_t i = 0; weft_formats[i]; i++) {
		struct weft_trace_error error = {.text = ""};
		struct weft_writing writing = {.trace = trace, .source = source, .target = "fuzz"};

		if (!weft_formats[i]->write)
			continue;
		writing.out = fopen("/dev/null", "we");
		if (!writing.out)
			abort();
		weft_formats[i]->write(&writing, &error);
		fclose(writing.out);
	}
}

static int load(struct way *way)
{
	struct weft_source source;
	struct weft_trace *trace = NULL;
	int rc;

	begin(way, "load");
	rc = weft_trace_load(way->path, way->format, &trace, &way->error);
	end(way, rc);
	weft_trace_free(trace);
	trace = NULL;
	if (rc < 0 || weft_source_open(&source, way->path, way->format, &way->error) < 0)
		return rc;
	if (weft_source_load(&source, &trace, &way->error) < 0)
		fail(way->format, "loading it a second time", 1, 0);
	write_all(&source, trace);
	weft_trace_free(trace);
	weft_source_close(&source);
	return rc;
}

static bool is_compressed(const uint8_t *data, size_t size)
{
	return size >= 2 && (memcmp(data, "\x1f\x8b", 2) == 0 || memcmp(data, "\x28\xb5", 2) == 0);
}

void fuzz_read(const char *format, const uint8_t *data, size_t size)
{
	char path[32];
	struct way way = {.format = format,
		.path = path,
		.size = size,
		.compressed = is_compressed(data, size)};
	int fd = memfd_create("fuzz", MFD_CLOEXEC), checked;

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	checked = check(&way);
	/* What is sound may still have no thread in it, so that there is nothing to load. */
	if (load(&way) == 0 && checked < 0)
		fail(format, "it was loaded, and cannot be checked", (size_t)-checked, 0);
	if (count(&way) == 0 && checked < 0)
		fail(format, "it was counted, and cannot be checked", (size_t)-checked, 0);
	close(fd);
}
