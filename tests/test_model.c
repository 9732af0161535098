/* SPDX-License-Identifier: MIT
 *
 * The loaded model: what the records become.
 */
#include "tests/trace_file.h"

static struct weft_trace *load_data(const char *name)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;
	char path[600];

	snprintf(path, sizeof(path), "%s/tests/data/%s.json", WEFT_SOURCE_ROOT, name);
	if (weft_trace_load(path, NULL, &trace, &error) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, error.text);
	return trace;
}

/* A thread's spans as "ready 0-2, running 2-5". */
static const char *spans_text(const struct weft_trace *trace, uint32_t thread)
{
	static char text[2048];
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < trace->threads[thread].nspans; i++) {
		const struct weft_span *span = &trace->spans[trace->threads[thread].first_span + i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s%s %lld-%lld",
			i ? ", " : "", weft_state_word(span->state), span->why ? "/" : "",
			weft_why_word(span->why), (long long)span->begin_ns,
			(long long)span->end_ns);
	}
	return text;
}

TEST(spans_tile_a_life_and_say_its_states)
{
	struct weft_trace *trace = load_data("select");

	CHECK_STR(spans_text(trace, 0),
		"ready 0-1, running 1-6, blocked/select 6-10, ready 10-12, running 12-15, "
		"blocked/select 15-18, ready 18-20, running 20-23");
	CHECK_STR(spans_text(trace, 1), "ready 4-8, running 8-11, ready 11-16, running 16-19");
	CHECK_INT(trace->threads[1].parent, 0);
	CHECK_INT(trace->threads[1].depth, 1);
	CHECK_INT(trace->objects[1].closed_ns, 17);
	CHECK_INT(trace->nwakes, 1); /* the close; the other wake is the message's */
	CHECK_INT(trace->wakes[0].why, WEFT_WHY_CLOSE);
	weft_trace_free(trace);
}

TEST(messages_know_their_ends)
{
	struct weft_trace *trace = load_data("select");

	CHECK_INT(trace->nmessages, 1);
	CHECK_INT(trace->nreceived, 1);
	CHECK_INT(trace->messages[0].from, 1);
	CHECK_INT(trace->messages[0].to, 0);
	CHECK_INT(trace->messages[0].send_ns, 9);
	CHECK_INT(trace->messages[0].recv_ns, 13);
	CHECK_INT(trace->messages[0].via, WEFT_VIA_HAND);
	CHECK_STR(trace->messages[0].value, "tea");
	CHECK_INT(trace->threads[1].sent, 1);
	CHECK_INT(trace->threads[0].received, 1);
	weft_trace_free(trace);
}

TEST(values_are_text_for_people)
{
	static const char *const texts[] = {"3", "-1", "0.25", "3.0", "false", "plain", "", "",
		"-9223372036854775808", "inf", "the first words\xe2\x80\xa6",
		"rgba{\xe2\x80\xa6}", "0xbeef", "Tom", "Tom", "{\"name\":\"Tom\",\"lives\":[9]}",
		"tab and line"};
	struct weft_trace *trace = load_data("values");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_STR(trace->messages[i].value, texts[i]);
	/* 60 two-byte letters: cut at 64 bytes, the dots included, on a letter's edge. */
	CHECK_INT(strlen(trace->messages[17].value), 63);
	CHECK_STR(trace->messages[17].value + 60, "\xe2\x80\xa6");
	weft_trace_free(trace);
}

TEST(a_file_by_worker_looks_as_if_sorted_by_time)
{
	struct weft_trace *trace = load_data("worker");

	CHECK_STR(trace->warning, "");
	CHECK_INT(trace->workers, 2);
	CHECK_STR(spans_text(trace, 1), "ready 4-6, running 6-40");
	CHECK_INT(trace->messages[0].send_ns, 18);
	CHECK_INT(trace->messages[0].recv_ns, 20);
	for (uint32_t i = 1; i < trace->nevents; i++)
		CHECK(trace->events[i].t_ns >= trace->events[i - 1].t_ns);
	weft_trace_free(trace);
}

TEST(names_places_and_ends_are_kept)
{
	struct weft_trace *trace = load_data("marks");

	CHECK_INT(trace->nthreads, 3);
	CHECK_STR(trace->threads[0].name, "main"); /* by its function */
	CHECK(trace->threads[1].sys && trace->threads[1].pre && !trace->threads[1].ended);
	CHECK_INT(trace->threads[1].died_ns, trace->end_ns);
	CHECK_STR(trace->threads[2].name, "guide"); /* renamed */
	CHECK_STR(trace->threads[2].at, "tour.c:21");
	CHECK_INT(trace->threads[2].exit_why, WEFT_EXIT_CANCEL);
	CHECK_INT(trace->threads[2].code, 3);
	CHECK_STR(trace->objects[1].at, "tour.c");
	CHECK_INT(trace->messages[1].unsend_ns, 47);
	CHECK_INT(trace->eof_why, WEFT_EOF_EXIT);
	weft_trace_free(trace);
}

TEST(a_late_start_has_threads_that_nobody_spawned)
{
	struct weft_trace *trace = load_data("dropped");

	CHECK_INT(trace->nthreads, 2);
	CHECK_INT(trace->dropped, 937);
	CHECK(!trace->complete);
	CHECK_IN(trace->warning, "W01");
	CHECK_STR(trace->threads[1].name, "#3");
	CHECK(trace->threads[1].pre);
	CHECK_STR(spans_text(trace, 0), "unknown 5-6, blocked/send 6-9, ready 9-51, running 51-60");
	weft_trace_free(trace);
}

TEST(threads_are_sorted_by_birth_and_indices_follow)
{
	struct weft_trace *trace = load_text(HEADER("time",
		"\"life\",\"msg\"") "{\"ev\":\"spawn\",\"t\":0,\"new\":9,\"name\":\"nine\"},\n"
				    "{\"ev\":\"spawn\",\"t\":0,\"co\":9,\"new\":4,\"name\":"
				    "\"four\"},\n"
				    "{\"ev\":\"make\",\"t\":0,\"on\":1,\"type\":\"chan\"},\n"
				    "{\"ev\":\"send\",\"t\":1,\"co\":9,\"on\":1,\"msg\":1},\n"
				    "{\"ev\":\"recv\",\"t\":2,\"co\":4,\"on\":1,\"msg\":1},\n"
				    "{\"ev\":\"exit\",\"t\":3,\"co\":4},\n{\"ev\":\"exit\",\"t\":4,"
				    "\"co\":9},\n"
				    "{\"ev\":\"eof\",\"t\":4,\"n\":7}\n]}\n");

	CHECK_STR(trace->threads[0].name, "four");
	CHECK_INT(trace->threads[0].parent, 1);
	CHECK_INT(trace->messages[0].from, 1);
	CHECK_INT(trace->messages[0].to, 0);
	CHECK_INT(trace->events[0].thread, 1);
	CHECK_STR(trace->objects[0].name, "chan #1");
	CHECK_STR(spans_text(trace, 0), "unknown 0-3");
	weft_trace_free(trace);
}

TEST(who_acts_after_its_end_lives_on_until_then)
{
	struct weft_trace *trace = load_text(HEADER("time",
		"\"life\",\"msg\"") "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n{\"ev\":\"exit\",\"t\":"
				    "3,\"co\":1},\n"
				    "{\"ev\":\"make\",\"t\":4,\"on\":1,\"type\":\"chan\"},\n"
				    "{\"ev\":\"send\",\"t\":8,\"co\":1,\"on\":1,\"msg\":1},\n"
				    "{\"ev\":\"eof\",\"t\":9,\"n\":4}\n]}\n");

	CHECK_INT(trace->nerrors, 1);
	CHECK_IN(trace->warning, "line 5: E09");
	CHECK_INT(trace->threads[0].died_ns, 8);
	CHECK_STR(spans_text(trace, 0), "unknown 0-8");
	weft_trace_free(trace);
}

TEST(names_are_fit_to_be_printed_whatever_the_file_says)
{
	char text[2000], name[1400];
	struct weft_trace *trace;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text),
		HEADER("time", "\"life\"") "{\"ev\":\"spawn\",\"t\":0,\"new\":1,\"name\":"
					   "\"a\\u001b[31m\\nb\"},\n"
					   "{\"ev\":\"spawn\",\"t\":0,\"new\":2,\"name\":\"%s\"},\n"
					   "{\"ev\":\"eof\",\"t\":4,\"n\":2}\n]}\n",
		name);
	trace = load_text(text);
	CHECK_STR(trace->threads[0].name, "a [31m b");
	CHECK_INT(strlen(trace->threads[1].name), 255);
	CHECK_STR(trace->threads[1].name + 252, "\xe2\x80\xa6");
	weft_trace_free(trace);
}

TEST(the_shared_native_traces_have_the_numbers_of_their_readme)
{
	static const struct {
		const char *name;
		uint32_t threads, messages;
		int64_t ns;
	} rows[] = {{"hello", 2, 1, 2400}, {"buffered", 2, 2, 110}, {"select", 2, 1, 5050},
		{"sync", 2, 0, 50}, {"worker", 2, 3, 260}, {"marks", 3, 1, 110},
		{"values", 2, 20, 51}, {"dropped", 2, 1, 4010}, {"layouts/hello-crlf", 2, 1, 2400},
		{"layouts/hello-lines", 2, 1, 2400}, {"layouts/hello-minified", 2, 1, 2400},
		{"layouts/hello-pretty", 2, 1, 2400}, {"layouts/hello-sorted-keys", 2, 1, 2400},
		{"layouts/hello-wrapped", 2, 1, 2400}};
	struct weft_trace_error error = {"", 0, 0};
	char dir[512], path[600];

	snprintf(dir, sizeof(dir), "%s", shared_path("native"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct weft_trace *trace = NULL;

		snprintf(path, sizeof(path), "%s/%s.json", dir, rows[i].name);
		CHECK_INT(weft_trace_load(path, NULL, &trace, &error), 0);
		CHECK_INT(trace->nthreads, rows[i].threads);
		CHECK_INT(trace->nreceived, rows[i].messages);
		CHECK_INT(trace->end_ns, rows[i].ns);
		weft_trace_free(trace);
	}
}

TEST_MAIN
