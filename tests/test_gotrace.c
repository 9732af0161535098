/* SPDX-License-Identifier: MIT
 *
 * The gotrace importer: all wrappings and variants, on small files of our own.
 */
#include "tests/trace_file.h"

#include <errno.h>

static const char *data_path(const char *name)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/tests/data/gotrace/%s", WEFT_SOURCE_ROOT, name);
	return path;
}

static struct weft_trace *load_as(const char *name, const char *format)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;

	if (weft_trace_load(data_path(name), format, &trace, &error) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", name, error.text);
	CHECK_STR(trace->source, "gotrace");
	CHECK_STR(trace->clock, "imported");
	CHECK_INT(trace->nerrors, 0);
	return trace;
}

static struct weft_trace *load(const char *name)
{
	return load_as(name, NULL);
}

TEST(all_wrappings_give_the_same_trace)
{
	static const char *const names[] = {
		"array.json", "data.js", "var-data.js", "commands.json"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct weft_trace *trace = load(names[i]);

		CHECK_STR(trace->warning, "");
		CHECK_STR(trace->t_is, "send");
		CHECK_INT(trace->nthreads, 2);
		CHECK_STR(trace->threads[1].name, "oven #7");
		CHECK_INT(trace->threads[1].parent, 0);
		CHECK_INT(trace->threads[1].born_ns, 20);
		CHECK_INT(trace->threads[1].died_ns, 100);
		CHECK_INT(trace->nreceived, 1);
		CHECK_INT(trace->messages[0].send_ns, 50);
		CHECK_INT(trace->messages[0].recv_ns, 80);
		CHECK_STR(trace->messages[0].value, "5");
		CHECK(trace->objects[0].merged && trace->objects[0].pre);
		CHECK_STR(trace->objects[0].name, "warm");
		CHECK_INT(trace->end_ns, 140);
		CHECK(trace->complete);
		weft_trace_free(trace);
	}
}

TEST(the_last_style_means_the_arrival_and_has_numbers_as_text)
{
	struct weft_trace *trace = load("last-style.json");

	CHECK_STR(trace->warning, "");
	CHECK_STR(trace->t_is, "receive");
	CHECK_INT(trace->nthreads, 3);
	CHECK_INT(trace->messages[0].send_ns, 35); /* 40 - 10, from -5 */
	CHECK_INT(trace->messages[0].recv_ns, 45);
	CHECK_STR(trace->messages[0].value, "77");
	CHECK_STR(trace->messages[1].value, "seven");
	CHECK_INT(trace->threads[1].nspans, 3); /* unknown, running, blocked */
	CHECK_INT(trace->spans[trace->threads[1].first_span + 1].state, WEFT_STATE_RUNNING);
	CHECK_INT(trace->spans[trace->threads[1].first_span + 2].why, WEFT_WHY_OTHER);
	CHECK_INT(trace->spans[trace->threads[2].first_span + 1].why, WEFT_WHY_SLEEP);
	weft_trace_free(trace);
}

TEST(the_reading_with_fewer_ends_outside_of_lives_is_taken)
{
	struct weft_trace *trace = load("t-is-receive.json");

	CHECK_STR(trace->t_is, "receive");
	CHECK_INT(trace->messages[0].send_ns, 30);
	CHECK_INT(trace->messages[0].recv_ns, 90);
	weft_trace_free(trace);
}

TEST(a_tie_means_the_send_and_an_option_overrides_it)
{
	struct weft_trace *trace = load("tie.json");
	struct weft_trace_error error;

	CHECK_STR(trace->t_is, "send");
	CHECK_INT(trace->messages[0].recv_ns, 55);
	weft_trace_free(trace);
	trace = load_as("tie.json", "gotrace:receive");
	CHECK_STR(trace->t_is, "receive");
	CHECK_INT(trace->messages[0].send_ns, 45);
	weft_trace_free(trace);
	trace = NULL;
	CHECK_INT(weft_trace_load(data_path("tie.json"), "gotrace:dunno", &trace, &error), -EINVAL);
	CHECK_IN(error.text, "dunno");
}

/* Every warning of one file, as text. */
struct texts {
	char all[4096];
};

static void add_text(void *arg, const struct weft_finding *finding)
{
	struct texts *texts = arg;

	strncat(texts->all, finding->rule, 16);
	strncat(texts->all, ":", 2);
	strncat(texts->all, finding->text, 200);
	strncat(texts->all, "\n", 2);
}

TEST(what_has_to_be_bent_is_counted_and_said)
{
	static const char *const wanted[] = {
		"import:1 command left out, with a key missing or wrong",
		"import:1 command left out, of an unknown kind",
		"import:1 command left out: the goroutine exists already",
		"import:1 command with a parent that is not there yet",
		"import:1 command left out: the stop of an unknown goroutine",
		"import:1 command left out: a second stop",
		"import:1 command with a negative duration, taken as 0",
		"import:1 command with a sender that nobody created",
		"import:1 command with a receiver that nobody created",
		"import:1 command sent before the sender's creation, moved to it",
		"import:1 command received before the receiver's creation, moved to it",
		"import:1 command to stop a goroutine that still acts, moved to its last act"};
	struct weft_check_summary summary;
	struct weft_trace_error error;
	struct texts texts = {""};

	CHECK_INT(weft_check(data_path("odd.json"), NULL, add_text, &texts, &summary, &error), 0);
	CHECK_INT(summary.errors, 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		CHECK_IN(texts.all, wanted[i]);
}

TEST(bent_files_keep_all_their_messages)
{
	struct weft_trace *trace = load("odd.json");
	const struct weft_thread *a = &trace->threads[1];

	CHECK_INT(trace->nthreads, 5); /* main, a, b, ghost, phantom */
	CHECK_INT(trace->nmessages, 7);
	CHECK_INT(trace->nreceived, 7);
	CHECK_STR(a->name, "a");
	CHECK_INT(a->died_ns, 40);
	CHECK_STR(trace->threads[3].name, "ghost");
	CHECK(trace->threads[3].pre);
	CHECK_INT(trace->threads[3].born_ns, 20);
	CHECK_INT(trace->threads[2].parent, WEFT_NO_INDEX);
	CHECK_IN(trace->warning, "0 errors");
	weft_trace_free(trace);
}

TEST(channels_may_be_created_and_are_made_before_their_first_use)
{
	struct weft_trace *trace = load("create-channel.json");

	CHECK_INT(trace->nobjects, 2);
	CHECK_STR(trace->objects[0].name, "pipe");
	CHECK_INT(trace->objects[0].made_ns, 3);
	CHECK(!trace->objects[0].pre);
	CHECK_INT(trace->objects[1].made_ns, 4);
	weft_trace_free(trace);
}

TEST(a_cut_file_opens_with_a_warning_and_rubbish_is_an_error)
{
	struct weft_trace *trace =
		load_text("[{\"t\":0,\"command\":\"create goroutine\",\"name\":\"m\"},\n"
			  "{\"t\":5,\"command\":\"stop gor");

	CHECK_INT(trace->nthreads, 1);
	CHECK(!trace->complete);
	CHECK_IN(trace->warning, "W01");
	weft_trace_free(trace);
	trace = load_text("data = [{\"t\":0,\"command\":\"create goroutine\",\"name\":\"m\"},\n"
			  "{\"t\" 5}, 7]");
	CHECK_INT(trace->nerrors, 1);
	CHECK_IN(trace->warning, "line 2: E02");
	weft_trace_free(trace);
}

TEST(times_that_span_too_much_are_refused)
{
	static const char text[] =
		"[{\"t\":-9007199254740991,\"command\":\"create goroutine\",\"name\":\"a\"},"
		"{\"t\":9007199254740991,\"command\":\"create goroutine\",\"name\":\"b\"}]";
	struct weft_trace_error error = {"", 0, 0};
	struct weft_trace *trace = NULL;

	CHECK_INT(load_bytes(text, sizeof(text) - 1, &trace, &error), -EPROTO);
	CHECK_IN(error.text, "104 days");
}

TEST(the_shared_recordings_have_the_numbers_of_their_table)
{
	static const struct {
		const char *name;
		uint32_t threads, sends, open, objects;
		int64_t ns;
	} rows[] = {{"hello", 2, 1, 0, 1, 365967}, {"pingpong", 3, 12, 2, 1, 1130028062},
		{"pingpong3", 4, 23, 3, 1, 2291540155}, {"primesieve", 12, 91, 11, 11, 3136985876},
		{"servers2", 54, 51, 2, 1, 2004650308}, {"timers", 25, 24, 0, 1, 4828690369},
		{"workers", 38, 50, 0, 1, 5151125983}, {"workers2", 66, 220, 9, 6, 421105102}};
	struct weft_trace_error error = {"", 0, 0};
	char dir[512], path[600];

	snprintf(dir, sizeof(dir), "%s", shared_path("gotrace"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct weft_trace *trace = NULL;
		uint32_t open = 0;

		snprintf(path, sizeof(path), "%s/%s.json", dir, rows[i].name);
		CHECK_INT(weft_trace_load(path, NULL, &trace, &error), 0);
		CHECK_STR(trace->warning, ""); /* no error, and nothing bent */
		CHECK_STR(trace->t_is, "send");
		CHECK_INT(trace->nthreads, rows[i].threads);
		CHECK_INT(trace->nreceived, rows[i].sends);
		CHECK_INT(trace->nobjects, rows[i].objects);
		CHECK_INT(trace->end_ns, rows[i].ns);
		for (uint32_t k = 0; k < trace->nthreads; k++)
			open += !trace->threads[k].ended;
		CHECK_INT(open, rows[i].open);
		weft_trace_free(trace);
	}
}

TEST_MAIN
