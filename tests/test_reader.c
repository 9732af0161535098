/* SPDX-License-Identifier: MIT
 *
 * The reader: every layout gives the same trace, what is no trace is refused by name, and no bytes
 * make it crash.
 */
#include "tests/trace_file.h"

#include <errno.h>
#include <sys/resource.h>

#define HEAD \
	"{\"weft\":1,\"minor\":0,\"order\":\"time\",\"title\":\"t\",\"caps\":[\"sched\",\"msg\"]"
#define R1 "{\"ev\":\"spawn\",\"t\":0,\"new\":1,\"name\":\"ma[i]n, {the \\\"first\\\"}\"}"
#define R2 "{\"ev\":\"run\",\"t\":2,\"w\":0,\"co\":1}"
#define R3 "{\"ev\":\"make\",\"t\":3,\"w\":0,\"co\":1,\"on\":1,\"type\":\"chan\",\"cap\":2}"
#define R4                                                                                         \
	"{\"ev\":\"send\",\"t\":4,\"w\":0,\"co\":1,\"on\":1,\"msg\":1,\"value\":{\"str\":\"a]b\"}" \
	",\"via\":\"buffer\"}"
#define R5 "{\"ev\":\"recv\",\"t\":7,\"w\":0,\"co\":1,\"on\":1,\"msg\":1}"
#define R6 "{\"ev\":\"exit\",\"t\":9,\"w\":0,\"co\":1}"
#define R7 "{\"ev\":\"eof\",\"t\":9,\"n\":6}"
#define LINES \
	HEAD ",\"events\":[\n" R1 ",\n" R2 ",\n" R3 ",\n" R4 ",\n" R5 ",\n" R6 ",\n" R7 "\n]}\n"

/* The trace of all layouts below, whatever the bytes were. */
static void check_trace(const char *what, const char *text)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace;

	if (load_bytes(text, strlen(text), &trace, &error) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", what, error.text);
	CHECK_STR(trace->warning, "");
	CHECK_STR(trace->title, "t");
	CHECK_STR(trace->threads[0].name, "ma[i]n, {the \"first\"}");
	CHECK_STR(trace->messages[0].value, "a]b");
	CHECK_INT(trace->records, 7);
	CHECK_INT(trace->nspans, 2);
	CHECK_INT(trace->end_ns, 9);
	CHECK(trace->complete);
	weft_trace_free(trace);
}

TEST(every_layout_gives_the_same_trace)
{
	check_trace("line form", LINES);
	check_trace("byte order mark", "\xef\xbb\xbf" LINES);
	check_trace(
		"JSON Lines", HEAD "}\n" R1 "\n\n" R2 "\n" R3 "\n" R4 "\n" R5 "\n" R6 "\n" R7 "\n");
	check_trace("no newline at the end",
		HEAD "}\n" R1 "\n" R2 "\n" R3 "\n" R4 "\n" R5 "\n" R6 "\n" R7);
	check_trace(
		"minified", HEAD ",\"events\":[" R1 "," R2 "," R3 "," R4 "," R5 "," R6 "," R7 "]}");
	check_trace("pretty",
		"\n {\n \"title\" : \"t\",\"events\"\n:\n[\n" R1 "\n,\n" R2 "," R3 "," R4 "," R5
		"," R6 "," R7 "\n]\n,\"minor\":0,\"caps\":[\"sched\",\"msg\"],"
		"\"order\":\"time\",\"weft\":1\n}\n\n");
	check_trace("CRLF", HEAD ",\"events\":[\r\n" R1 ",\r\n" R2 " , \r\n" R3 ",\r\n" R4
				 ",\r\n" R5 ",\r\n" R6 ",\r\n" R7 "\r\n]}\r\n");
	check_trace("a wrapped record",
		HEAD ",\"events\":[\n" R1 ",\n{\"ev\":\"run\",\n  \"t\":2,\n"
		     "\"w\":0,\"co\":1},\n" R3 ",\n" R4 ",\n" R5 ",\n" R6 ",\n" R7 "\n]}\n");
	check_trace("brackets on two lines", HEAD ",\"events\":[\n" R1 ",\n" R2 ",\n" R3 ",\n" R4
						  ",\n" R5 ",\n" R6 ",\n" R7 "\n]\n}\n");
	check_trace("the end beside the last record", HEAD
		",\"events\":[\n" R1 ",\n" R2 ",\n" R3 ",\n" R4 ",\n" R5 ",\n" R6 ",\n" R7 "]}\n");
}

static void check_refused(const char *text, size_t len, int code, const char *words)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;
	int rc = load_bytes(text, len, &trace, &error);

	CHECK_INT(rc, code);
	CHECK_INT(error.code, code);
	CHECK_IN(error.text, words);
	CHECK(trace == NULL);
}

#define REFUSED(text, words) check_refused(text, sizeof(text) - 1, -EPROTO, words)

TEST(what_is_no_trace_is_refused_and_named)
{
	REFUSED("", "empty");
	REFUSED(" \n\t\n", "blank");
	REFUSED("hello there\n", "not JSON");
	REFUSED("\x7f"
		"ELF\0\0\1\2",
		"binary");
	REFUSED("{\"a\":1}", "not a trace of any known format");
	REFUSED("[1,2]", "a JSON list");
	REFUSED("{\"traceEvents\":[{\"ph\":\"X\"}],\"displayTimeUnit\":\"ns\"}", "without a time");
	REFUSED("{\"traceEvents\":{}}", "no list of events");
	REFUSED("{\"weft\":2,\"events\":[]}", "version 2");
	REFUSED("{\"weft\":\"1\",\"events\":[]}", "version");
	REFUSED("{\"weft\":1,\"minor\":0,\"order\":\"time\",\"need\":[\"warp\"],\"events\":[]}",
		"\"warp\"");
	REFUSED("{\"weft\":1,\"minor\":0,\"order\":\"random\",\"events\":[]}", "order");
	REFUSED("{\"weft\":1,\"minor\":0,\"order\":\"time\",\"events\":{}}", "no list of events");
	REFUSED("{\"weft\":1,\"minor\":0,\"order\":\"time\",\"events\":[]}", "no thread");
	REFUSED("{\n\"weft\":1,\n\"minor\":0,\n\"events\":[\n{\"ev\"", "cut at line 5");
}

TEST(what_cannot_be_opened_says_why)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;

	CHECK_INT(weft_trace_load("/nonexistent/x.json", NULL, &trace, &error), -ENOENT);
	CHECK_IN(error.text, "No such file");
	CHECK_INT(weft_trace_load("/tmp", NULL, &trace, &error), -EISDIR);
	CHECK_INT(weft_trace_load("/dev/null", NULL, &trace, &error), -ENXIO);
	CHECK_INT(weft_trace_load(
			  WEFT_SOURCE_ROOT "/traces/ping.json", "no-such-format", &trace, &error),
		-EINVAL);
	CHECK_IN(error.text, "no-such-format");
}

TEST(a_pipe_can_be_read)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;
	char path[64];
	int ends[2];

	CHECK_INT(pipe(ends), 0);
	CHECK_INT(write(ends[1], LINES, sizeof(LINES) - 1), sizeof(LINES) - 1);
	close(ends[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	CHECK_INT(weft_trace_load(path, NULL, &trace, &error), 0);
	CHECK_INT(trace->nthreads, 1);
	weft_trace_free(trace);
	close(ends[0]);
}

/* What a watcher was told. */
struct told {
	int calls, ends;
	double last;
};

static void take_told(void *arg, const char *path, double done)
{
	struct told *told = arg;

	CHECK(path[0] == '/');
	CHECK(done > 0 && done <= 1 && (done >= told->last || told->ends > 0));
	told->calls++;
	told->ends += done >= 1;
	told->last = done;
}

TEST(who_watches_is_told_how_far_a_file_is_read)
{
	struct weft_trace *trace = NULL;
	struct weft_trace_error error;
	struct told told = {0, 0, 0};
	const char *path = write_file(LINES, sizeof(LINES) - 1);
	FILE *file = fopen(path, "ae");

	for (int i = 0; i < 200000; i++)
		fputc('\n', file);
	fclose(file);
	weft_trace_watch(take_told, &told);
	CHECK_INT(weft_trace_load(path, NULL, &trace, &error), 0);
	CHECK(told.calls >= 4);
	CHECK(told.ends >= 1);
	CHECK(told.last >= 1);
	weft_trace_free(trace);
	told = (struct told){0, 0, 0};
	CHECK_INT(weft_trace_load("/tmp", NULL, &trace, &error), -EISDIR);
	CHECK_INT(told.calls, 0);
	weft_trace_watch(NULL, NULL);
	unlink(path);
}

TEST(json_that_only_looks_strict_is_an_error)
{
	static const char *const bad[] = {"{'ev':\"tick\",\"t\":1}", "{\"ev\":\"tick\",\"t\":01}",
		"{\"ev\":\"note\",\"t\":1,\"name\":\"a\tb\"}",
		"{\"ev\":\"note\",\"t\":1,\"name\":\"\\u0000\"}",
		"{\"ev\":\"note\",\"t\":1,\"name\":\"\xff\"}",
		"{\"ev\":\"count\",\"t\":1,\"name\":\"n\",\"value\":NaN}",
		"{\"ev\":\"count\",\"t\":1,\"name\":\"n\",\"value\":1.}",
		"{\"ev\":\"tick\",\"t\":1} x", "17", "[]", "{\"t\":1}", "{\"ev\":7}"};
	char text[600];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
			HEAD ",\"events\":[\n" R1 ",\n%s,\n" R2 ",\n"
			     "{\"ev\":\"eof\",\"t\":9,\"n\":3}\n]}\n",
			bad[i]);
		if (strcmp(check_text(text), "E02:3 ") != 0)
			test_fail(__FILE__, __LINE__, "%s: %s", bad[i], check_text(text));
	}
}

TEST(sixteen_levels_are_deep_enough_and_seventeen_are_too_deep)
{
	/* The record is one level, args the second. */
	CHECK_STR(check_text(HEAD ",\"events\":[\n{\"ev\":\"note\",\"t\":0,\"name\":\"n\",\"args\":"
				  "{\"a\":[[[[[[[[[[[[[[0]]]]]]]]]]]]]]}},\n"
				  "{\"ev\":\"eof\",\"t\":9,\"n\":1}\n]}\n"),
		"");
	CHECK_STR(check_text(HEAD ",\"events\":[\n{\"ev\":\"note\",\"t\":0,\"name\":\"n\",\"args\":"
				  "{\"a\":[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]}},\n"
				  "{\"ev\":\"eof\",\"t\":9,\"n\":1}\n]}\n"),
		"E02:2 ");
}

TEST(a_gigantic_line_is_read_in_bounded_memory)
{
	const size_t size = 200u << 20;
	struct rlimit limit = {96u << 20, 96u << 20};
	struct weft_check_summary summary;
	struct weft_trace_error error;
	struct found found = {"", 0};
	char *block = malloc(1 << 20);
	const char *path = write_file(HEAD ",\"events\":[\n" R1 ",\n{\"x\":\"",
		strlen(HEAD ",\"events\":[\n" R1 ",\n{\"x\":\""));
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	memset(block, 'y', 1 << 20);
	for (size_t i = 0; i < size >> 20; i++)
		CHECK_INT(write(fd, block, 1 << 20), 1 << 20);
	CHECK(write(fd, "\"},\n" R6 "\n]}\n", strlen("\"},\n" R6 "\n]}\n")) > 0);
	close(fd);
	free(block);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	CHECK_INT(setrlimit(RLIMIT_AS, &limit), 0);
#else
	(void)limit;
#endif
	CHECK_INT(weft_check(path, NULL, add_found, &found, &summary, &error), 0);
	unlink(path);
	CHECK_IN(found.text, "E02:3 ");
	CHECK_IN(found.text, "W01:");
	CHECK_INT(summary.records, 3);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* Whatever comes of it: a trace whose indices are valid, or a clear refusal. */
static bool survive(const char *data, size_t len)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;
	int rc = load_bytes(data, len, &trace, &error);

	if (rc < 0) {
		CHECK(error.text[0] != '\0');
		CHECK_INT(error.code, rc);
		return false;
	}
	CHECK(trace->nthreads > 0);
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		const struct weft_thread *thread = &trace->threads[i];
		int64_t t = thread->born_ns;

		CHECK(thread->name != NULL);
		CHECK(thread->parent == WEFT_NO_INDEX || thread->parent < trace->nthreads);
		for (uint32_t k = 0; k < thread->nspans; k++) {
			const struct weft_span *span = &trace->spans[thread->first_span + k];

			CHECK_INT(span->thread, i);
			CHECK_INT(span->begin_ns, t);
			CHECK(span->end_ns > span->begin_ns);
			CHECK(span->state < WEFT_STATE_COUNT && span->why < WEFT_WHY_COUNT);
			CHECK(span->obj == WEFT_NO_INDEX || span->obj < trace->nobjects);
			t = span->end_ns;
		}
		CHECK_INT(t, thread->died_ns);
	}
	for (uint32_t i = 0; i < trace->nmessages; i++) {
		const struct weft_message *message = &trace->messages[i];

		CHECK(message->from < trace->nthreads);
		CHECK(message->to == WEFT_NO_INDEX || message->to < trace->nthreads);
		CHECK(message->obj < trace->nobjects);
		CHECK(message->recv_ns == WEFT_NO_TIME || message->recv_ns >= message->send_ns);
	}
	weft_trace_free(trace);
	return true;
}

static char *read_data(const char *name, size_t *ret_len)
{
	char path[600];
	char *data = malloc(1 << 16);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", WEFT_SOURCE_ROOT, name);
	file = fopen(path, "re");
	if (!file)
		test_fail(__FILE__, __LINE__, "%s is not there", path);
	*ret_len = fread(data, 1, 1 << 16, file);
	fclose(file);
	return data;
}

/* Gives exactly `len` bytes, so that a sanitizer sees a step beyond them. */
TEST_LIMIT(a_file_cut_at_any_byte_opens_or_is_refused, 60)
{
	static const char *const names[] = {"tests/data/select.json", "tests/data/worker.json",
		"tests/data/gotrace/last-style.json"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len, opened = 0;
		char *data = read_data(names[i], &len);

		for (size_t cut = 0; cut < len; cut++)
			opened += survive(data, cut);
		CHECK(opened > len / 2);
		free(data);
	}
}

TEST_LIMIT(random_damage_never_crashes, 60)
{
	static const char *const names[] = {"tests/data/values.json", "tests/data/select.json",
		"tests/data/sync.json", "tests/data/marks.json", "tests/data/worker.json",
		"tests/data/dropped.json", "tests/data/gotrace/last-style.json"};
	uint64_t seed = 0x5eed;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len;
		char *data = read_data(names[i], &len), *copy = malloc(len);

		for (int round = 0; round < 300; round++) {
			memcpy(copy, data, len);
			for (int k = 0; k <= round % 5; k++) {
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				copy[(seed >> 33) % len] =
					round % 3 ? "0123456789{}[],:\""[(seed >> 20) % 17]
						  : (char)(seed >> 25);
			}
			survive(copy, len);
		}
		free(copy);
		free(data);
	}
}

TEST_MAIN
