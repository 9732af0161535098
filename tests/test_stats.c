/* SPDX-License-Identifier: MIT
 *
 * Statistics: the numbers of small traces that can be counted by hand.
 */
#include "tests/trace_file.h"
#include "tracer/trace/stats.h"

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

TEST(the_time_of_a_thread_is_counted_by_state_and_reason)
{
	struct weft_trace *trace = load_data("select");
	struct weft_stats *stats;

	CHECK_INT(weft_stats_create(trace, 10, &stats), 0);
	CHECK_INT(stats->threads[0].running_ns, 5 + 3 + 3);
	CHECK_INT(stats->threads[0].ready_ns, 1 + 2 + 2);
	CHECK_INT(stats->threads[0].blocked_ns, 4 + 3);
	CHECK_INT(stats->threads[0].why_ns[WEFT_WHY_SELECT], 7);
	CHECK_INT(stats->threads[0].longest_ns, 4);
	CHECK_INT(stats->threads[0].waits, 2);
	CHECK_INT(stats->threads[1].blocked_ns, 0);
	CHECK_INT(stats->running_ns, 11 + 6);
	CHECK_INT(stats->nalive, 0);
	CHECK_INT(stats->nchannels, 2);
	weft_stats_free(stats);
	weft_trace_free(trace);
}

TEST(the_longest_waits_come_first)
{
	struct weft_trace *trace = load_data("marks");
	struct weft_stats *stats;

	CHECK_INT(weft_stats_create(trace, 2, &stats), 0);
	CHECK_INT(stats->nwaits, 2);
	CHECK_INT(stats->waits[0].begin_ns, 15);
	CHECK_INT(stats->waits[0].end_ns, 37);
	CHECK_INT(stats->waits[0].why, WEFT_WHY_SLEEP);
	CHECK_STR(trace->threads[stats->waits[0].thread].name, "guide");
	CHECK_INT(stats->waits[1].begin_ns, 13);
	CHECK_INT(stats->waits[1].end_ns, 33);
	CHECK_INT(stats->waits[1].why, WEFT_WHY_RECV);
	CHECK(!stats->waits[0].open);
	weft_stats_free(stats);
	weft_trace_free(trace);
}

TEST(queue_times_are_from_send_to_receive)
{
	struct weft_trace *trace = load_data("values");
	struct weft_stats *stats;

	/* 18 messages, each 40 ns on its way. */
	CHECK_INT(weft_stats_create(trace, 3, &stats), 0);
	CHECK_INT(stats->objects[0].sent, 18);
	CHECK_INT(stats->objects[0].received, 18);
	CHECK_INT(stats->objects[0].queue_max_ns, 40);
	CHECK_INT(stats->objects[0].queue_mean_ns, 40);
	CHECK_INT(stats->nmessages, 3);
	CHECK_INT(stats->messages[0], 0); /* of equal ones the earlier */
	CHECK_INT(stats->messages[2], 2);
	CHECK_INT(stats->nwaits, 0);
	CHECK_INT(stats->unknown_ns, 81 + 79);
	weft_stats_free(stats);
	weft_trace_free(trace);
}

TEST(what_is_left_at_the_end_is_counted)
{
	struct weft_trace *trace = load_text(HEADER("time",
		ALL_CAPS) "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n{\"ev\":\"run\",\"t\":1,\"w\":0,"
			  "\"co\":1},\n"
			  "{\"ev\":\"make\",\"t\":1,\"w\":0,\"on\":1,\"type\":\"chan\",\"cap\":4},"
			  "\n"
			  "{\"ev\":\"send\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"msg\":1},\n"
			  "{\"ev\":\"send\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"msg\":2},\n"
			  "{\"ev\":\"unsend\",\"t\":3,\"msg\":2,\"why\":\"cancel\"},\n"
			  "{\"ev\":\"block\",\"t\":4,\"w\":0,\"co\":1,\"why\":\"recv\",\"on\":1},\n"
			  "{\"ev\":\"eof\",\"t\":50,\"n\":7,\"why\":\"deadlock\"}\n]}\n");
	struct weft_stats *stats;

	CHECK_INT(weft_stats_create(trace, 5, &stats), 0);
	CHECK_INT(stats->nalive, 1);
	CHECK_INT(stats->npending, 1);
	CHECK_INT(stats->objects[0].withdrawn, 1);
	CHECK_INT(stats->objects[0].blocked_ns, 46);
	CHECK_INT(stats->nwaits, 1);
	CHECK(stats->waits[0].open);
	weft_stats_free(stats);
	weft_trace_free(trace);
}

TEST_MAIN
