/* SPDX-License-Identifier: MIT
 *
 * What the tests of the trace library share: traces from text, findings as text. Functions are
 * static so that a test program stays one file.
 */
#ifndef WEFT_TESTS_TRACE_FILE_H
#define WEFT_TESTS_TRACE_FILE_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/test.h"
#include "tracer/trace/check.h"
#include "tracer/trace/trace.h"

#define UNUSED __attribute__((unused))

/* Writes a file of these bytes and gives its name; the caller unlinks it. */
static UNUSED const char *write_file(const char *data, size_t len)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/weft-test-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, data, len), len);
	close(fd);
	return path;
}

/* Loads bytes as a trace. Returns what weft_trace_load does. */
static UNUSED int load_bytes(
	const char *data, size_t len, struct weft_trace **ret, struct weft_trace_error *error)
{
	const char *path = write_file(data, len);
	int rc = weft_trace_load(path, NULL, ret, error);

	unlink(path);
	return rc;
}

static UNUSED struct weft_trace *load_text(const char *text)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;
	int rc = load_bytes(text, strlen(text), &trace, &error);

	if (rc < 0)
		test_fail(__FILE__, __LINE__, "not loaded: %s", error.text);
	return trace;
}

/* Findings as "E05:4 W01:9 ". */
struct found {
	char text[4096];
	size_t len;
};

static UNUSED void add_found(void *arg, const struct weft_finding *finding)
{
	struct found *found = arg;

	if (found->len < sizeof(found->text) - 40)
		found->len +=
			(size_t)snprintf(found->text + found->len, sizeof(found->text) - found->len,
				"%s:%llu ", finding->rule, (unsigned long long)finding->line);
}

static UNUSED const char *check_text(const char *text)
{
	static struct found found;
	struct weft_check_summary summary;
	static struct weft_trace_error error;
	const char *path = write_file(text, strlen(text));
	int rc;

	memset(&found, 0, sizeof(found));
	rc = weft_check(path, NULL, add_found, &found, &summary, &error);
	unlink(path);
	return rc < 0 ? error.text : found.text;
}

/* A header for these caps, open. */
#define HEADER(order, caps) \
	"{\"weft\":1,\"minor\":0,\"order\":\"" order "\",\"caps\":[" caps "],\"events\":[\n"
#define ALL_CAPS "\"sched\",\"life\",\"msg\",\"value\",\"wake\",\"sync\",\"user\""

/* The shared test material, or a skip. */
static UNUSED const char *shared_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/../shared/traces/%s", WEFT_SOURCE_ROOT, name);
	if (access(path, R_OK) < 0)
		test_skip("no ../shared here");
	return path;
}

#endif
