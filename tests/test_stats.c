/* SPDX-License-Identifier: MIT
 *
 * Statistics: the numbers of small traces that can be counted by hand.
 */
#include "tests/trace_file.h"
#include "tracer/stats/stats.h"

static const struct weft_stats_filter everything = {0, INT64_MAX, NULL, NULL};

static struct weft_stats *count_file(const char *path, const struct weft_stats_filter *filter)
{
	struct weft_trace_error error = {"", 0, 0};
	struct weft_stats *stats = NULL;

	if (weft_stats_read(path, NULL, filter, 10, &stats, &error) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, error.text);
	return stats;
}

static struct weft_stats *count_data(const char *name, const struct weft_stats_filter *filter)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/tests/data/%s.json", WEFT_SOURCE_ROOT, name);
	return count_file(path, filter);
}

static struct weft_stats *count_text(const char *text)
{
	const char *path = write_file(text, strlen(text));
	struct weft_stats *stats = count_file(path, &everything);

	unlink(path);
	return stats;
}

static int64_t blocked_for(const struct weft_stats *stats, uint32_t thread, unsigned why)
{
	for (uint32_t r = stats->threads[thread].first_reason; r != WEFT_NO_INDEX;
		r = stats->reasons[r].next) {
		if (stats->reasons[r].why == why)
			return stats->reasons[r].ns;
	}
	return 0;
}

/* ---- The whole trace ------------------------------------------------------------------------- */

TEST(the_time_of_a_thread_is_counted_by_state_and_reason)
{
	struct weft_stats *stats = count_data("select", &everything);
	const struct weft_thread_stats *clerk = &stats->threads[0];

	CHECK_STR(clerk->name, "clerk");
	CHECK_INT(clerk->running_ns, 5 + 3 + 3);
	CHECK_INT(clerk->ready_ns, 1 + 2 + 2);
	CHECK_INT(clerk->blocked_ns, 4 + 3);
	CHECK_INT(blocked_for(stats, 0, WEFT_WHY_SELECT), 7);
	CHECK_INT(clerk->longest_ns, 4);
	CHECK_INT(clerk->waits, 2);
	CHECK_INT(clerk->starts, 3);
	CHECK_INT(clerk->latest_ns, 2);
	CHECK_INT(stats->threads[1].blocked_ns, 0);
	CHECK_INT(stats->threads[1].parent, 0);
	CHECK_INT(stats->running_ns, 11 + 6);
	CHECK_INT(stats->why_ns[WEFT_WHY_SELECT], 7);
	CHECK_INT(stats->nleft, 0);
	CHECK_INT(stats->nchannels, 2);
	weft_stats_free(stats);
}

TEST(the_wait_of_a_select_belongs_to_the_channel_that_ended_it)
{
	struct weft_stats *stats = count_data("select", &everything);

	CHECK_INT(stats->objects[0].sides[WEFT_SIDE_RECV].total_ns, 4); /* a message on orders */
	CHECK_INT(stats->objects[0].sides[WEFT_SIDE_SEND].waits, 0);
	CHECK_INT(stats->objects[1].sides[WEFT_SIDE_RECV].total_ns, 3); /* the close of stop */
	CHECK_INT(stats->objects[1].closed_ns, 17);
	CHECK_INT(stats->pairs.count, 2);
	CHECK_INT(stats->pairs.list[0].waiter, 0);
	CHECK_INT(stats->pairs.list[0].waker, 1);
	CHECK_INT(stats->pairs.list[0].obj, 0);
	CHECK_INT(stats->pairs.list[0].total_ns, 4);
	weft_stats_free(stats);
}

TEST(the_longest_waits_come_first)
{
	struct weft_stats *stats = count_data("marks", &everything);

	CHECK_INT(stats->nwaits, 4);
	CHECK_INT(stats->waits[0].begin_ns, 15);
	CHECK_INT(stats->waits[0].end_ns, 37);
	CHECK_INT(stats->waits[0].why, WEFT_WHY_SLEEP);
	CHECK_STR(stats->threads[stats->waits[0].thread].name, "guide");
	CHECK_INT(stats->waits[1].begin_ns, 13);
	CHECK_INT(stats->waits[1].end_ns, 33);
	CHECK_INT(stats->waits[1].why, WEFT_WHY_RECV);
	CHECK_INT(stats->waits[1].waker, WEFT_NO_INDEX); /* a timer's channel */
	CHECK_INT(stats->waits[2].why, WEFT_WHY_JOIN);
	CHECK_STR(stats->threads[stats->waits[2].waker].name, "guide");
	CHECK_INT(stats->waits[3].end_ns - stats->waits[3].begin_ns, 4);
	CHECK(!stats->waits[0].open);
	weft_stats_free(stats);
}

TEST(threads_of_a_runtime_are_in_no_sum)
{
	struct weft_stats *stats = count_data("marks", &everything);

	CHECK_INT(stats->nthreads, 3);
	CHECK_INT(stats->nchosen, 2);
	CHECK(stats->threads[1].sys);
	CHECK_INT(stats->threads[1].sent, 1);
	CHECK_INT(stats->nleft, 0); /* the clock did not end, and need not */
	CHECK_INT(stats->objects[1].withdrawn, 1);
	CHECK_INT(stats->pending, 0);
	weft_stats_free(stats);
}

TEST(queue_times_are_from_send_to_receive)
{
	struct weft_stats *stats = count_data("values", &everything);

	/* 18 messages, each 40 ns on its way. */
	CHECK_INT(stats->objects[0].sent, 18);
	CHECK_INT(stats->objects[0].received, 18);
	CHECK_INT(stats->objects[0].queue.max_ns, 40);
	CHECK_INT(weft_histogram_mean(&stats->objects[0].queue), 40);
	CHECK_INT(weft_histogram_quantile(&stats->queue, 0.5), 40);
	CHECK_INT(stats->ntrips, 10);
	CHECK_INT(stats->trips[0].send_ns, 10); /* of equal ones the earlier */
	CHECK_INT(stats->nwaits, 0);
	CHECK_INT(stats->unknown_ns, 81 + 79);
	weft_stats_free(stats);
}

TEST(locks_are_counted_by_holder)
{
	struct weft_stats *stats = count_data("sync", &everything);
	const struct weft_object_stats *lock = &stats->objects[0], *book = &stats->objects[1];
	const struct weft_object_stats *seats = &stats->objects[2];

	CHECK_INT(stats->nlocks, 3);
	CHECK_INT(lock->acquired, 3);	/* twice by main, who had it already the second time */
	CHECK_INT(lock->held.count, 2); /* 5 to 10, 13 to 14 */
	CHECK_INT(lock->held_ns, 5 + 1);
	CHECK_INT(lock->sides[WEFT_SIDE_RECV].waits, 1);
	CHECK_INT(lock->sides[WEFT_SIDE_RECV].total_ns, 2);
	CHECK_INT(book->acquired, 3); /* a try that failed is none */
	CHECK_INT(book->held_ns, 2 + 2 + 2);
	CHECK_INT(seats->held_ns, 1 + 1);
	CHECK_INT(stats->nheld, 0);
	weft_stats_free(stats);
}

/* ---- A deadlock, and parts of it --------------------------------------------------------------
 */

enum { MAIN, ADA, BOB };
enum { LEFT_FORK, RIGHT_FORK, ORDERS };

TEST(a_deadlock_names_who_waits_for_whom)
{
	struct weft_stats *stats = count_data("dinner", &everything);

	CHECK_INT(stats->eof_why, WEFT_EOF_DEADLOCK);
	CHECK_INT(stats->nleft, 3); /* who waits longest first */
	CHECK_INT(stats->left[0], ADA);
	CHECK_INT(stats->left[1], MAIN);
	CHECK_INT(stats->left[2], BOB);
	CHECK_INT(stats->threads[ADA].since_ns, 12000);
	CHECK_INT(stats->threads[ADA].obj, RIGHT_FORK);
	CHECK_STR(stats->threads[ADA].where, "dinner.c:23");
	CHECK_INT(stats->objects[RIGHT_FORK].holder, BOB);
	CHECK_INT(stats->threads[MAIN].of, ADA);
	CHECK_INT(stats->ncycles, 1); /* main waits for one of the circle, but is not in it */
	CHECK_INT(stats->cycles[0].count, 2);
	CHECK_INT(stats->cycles[0].threads[0], ADA);
	CHECK_INT(stats->cycles[0].threads[1], BOB);
	weft_stats_free(stats);
}

TEST(a_deadlock_names_held_locks_and_lost_messages)
{
	struct weft_stats *stats = count_data("dinner", &everything);

	CHECK_INT(stats->nheld, 2);
	CHECK_INT(stats->held[0].obj, LEFT_FORK);
	CHECK_INT(stats->held[0].thread, ADA);
	CHECK_INT(stats->held[0].since_ns, 10000);
	CHECK_INT(stats->objects[LEFT_FORK].held_ns, 10000);
	CHECK_INT(stats->objects[LEFT_FORK].held.count, 0); /* never given back */
	CHECK_INT(stats->nlost, 1);
	CHECK_INT(stats->lost[0].obj, ORDERS);
	CHECK_INT(stats->lost[0].count, 1);
	CHECK_INT(stats->lost[0].from, MAIN);
	CHECK_INT(stats->lost[0].send_ns, 8000);
	CHECK_STR(stats->lost[0].value, "wine");
	weft_stats_free(stats);
}

TEST(all_sums_of_the_dinner)
{
	struct weft_stats *stats = count_data("dinner", &everything);
	const struct weft_object_stats *orders = &stats->objects[ORDERS];

	CHECK_INT(stats->threads[MAIN].running_ns, 7500 + 500);
	CHECK_INT(stats->threads[MAIN].ready_ns, 1000 + 2900);
	CHECK_INT(stats->threads[MAIN].blocked_ns, 1100 + 7000);
	CHECK_INT(blocked_for(stats, MAIN, WEFT_WHY_SEND), 1100);
	CHECK_INT(blocked_for(stats, MAIN, WEFT_WHY_JOIN), 7000);
	CHECK_INT(stats->running_ns, 8000 + 3000 + 4500);
	CHECK_INT(stats->ready_ns, 3900 + 5000 + 5500);
	CHECK_INT(stats->blocked_ns, 8100 + 8000 + 5000);
	CHECK_INT(stats->latency.count, 4); /* 1000, 2900, 5000, 5500 */
	CHECK_INT(weft_histogram_quantile(&stats->latency, 0.5), 2880 + 32);
	CHECK_INT(stats->latency.max_ns, 5500);
	CHECK_INT(stats->latest, BOB);
	CHECK_INT(stats->latest_ns, 10500);
	CHECK_INT(stats->levels.most_running, 2);
	CHECK_INT(orders->sent, 3);
	CHECK_INT(orders->received, 2);
	CHECK_INT(orders->pending, 1);
	CHECK_INT(orders->fullest, 2);
	CHECK_INT(orders->queue.min_ns, 3500);
	CHECK_INT(orders->queue.max_ns, 7000);
	CHECK_INT(weft_stats_rate(orders), 2 * 1000000000LL / (14000 - 6000));
	CHECK_INT(orders->sides[WEFT_SIDE_SEND].total_ns, 1100);
	CHECK_INT(orders->sides[WEFT_SIDE_RECV].waits, 0);
	CHECK_INT(stats->pairs.count, 1);
	CHECK_INT(stats->pairs.list[0].waiter, MAIN);
	CHECK_INT(stats->pairs.list[0].waker, ADA);
	CHECK_INT(stats->nwaits, 4);
	CHECK(stats->waits[0].open);
	CHECK_INT(stats->waits[0].thread, ADA);
	weft_stats_free(stats);
}

TEST(a_range_clips_stretches_and_chooses_instants)
{
	const struct weft_stats_filter part = {9000, 14000, NULL, NULL};
	struct weft_stats *stats = count_data("dinner", &part);

	CHECK_INT(stats->length_ns, 20000);
	CHECK_INT(stats->to_ns, 14000);
	CHECK_INT(stats->threads[MAIN].running_ns, 500);
	CHECK_INT(stats->threads[MAIN].ready_ns, 2900);
	CHECK_INT(stats->threads[MAIN].blocked_ns, 600 + 1000);
	CHECK_INT(stats->threads[ADA].ready_ns, 0); /* over as the range begins */
	CHECK_INT(stats->threads[ADA].running_ns, 3000);
	CHECK_INT(stats->threads[ADA].blocked_ns, 2000);
	CHECK_INT(stats->threads[BOB].ready_ns, 1500);
	CHECK_INT(stats->threads[BOB].running_ns, 3500);
	CHECK_INT(stats->latency.count, 3); /* 5000 at 9000, 5500, 2900: whole */
	CHECK_INT(stats->latency.max_ns, 5500);
	CHECK_INT(stats->sent, 0);
	CHECK_INT(stats->received, 1); /* the other one at 14000 is out */
	CHECK_INT(stats->queue.max_ns, 3500);
	CHECK_INT(stats->pending, 2);
	CHECK_INT(stats->objects[LEFT_FORK].held_ns, 4000);
	CHECK_INT(stats->nleft, 3); /* bob runs since 10500 */
	CHECK_INT(stats->left[0], BOB);
	CHECK_INT(stats->threads[BOB].state, WEFT_STATE_RUNNING);
	CHECK_INT(stats->ncycles, 0);
	CHECK_INT(stats->levels.begin_ns, 9000);
	CHECK_INT(stats->levels.t_ns, 14000);
	CHECK_INT(stats->waits[0].begin_ns, 12000);
	CHECK_INT(stats->waits[0].end_ns, 14000);
	CHECK_INT(stats->waits[2].begin_ns, 9000); /* main's send, since 8500 */
	CHECK_INT(stats->waits[2].end_ns, 9600);
	weft_stats_free(stats);
}

TEST(names_behind_the_range_count)
{
	struct weft_stats *stats;
	const struct weft_stats_filter early = {0, 12, NULL, NULL};

	stats = count_data("marks", &early);
	CHECK_STR(stats->threads[2].name, "guide"); /* named at 12 */
	CHECK_INT(stats->nthreads, 3);
	CHECK(stats->complete);
	weft_stats_free(stats);
}

TEST(a_range_behind_the_end_is_empty)
{
	const struct weft_stats_filter late = {30000, INT64_MAX, NULL, NULL};
	struct weft_stats *stats = count_data("dinner", &late);

	CHECK_INT(stats->running_ns + stats->ready_ns + stats->blocked_ns, 0);
	CHECK_INT(stats->nwaits, 0);
	CHECK_INT(weft_levels_count(&stats->levels), 0);
	CHECK_INT(stats->from_ns, stats->to_ns);
	weft_stats_free(stats);
}

TEST(chosen_threads_count_with_the_messages_they_took_part_in)
{
	const char *const names[] = {"a*", NULL};
	const struct weft_stats_filter part = {0, INT64_MAX, names, NULL};
	struct weft_stats *stats = count_data("dinner", &part);

	CHECK_INT(stats->nchosen, 1);
	CHECK(stats->threads[ADA].chosen && !stats->threads[BOB].chosen);
	CHECK_INT(stats->running_ns, 3000);
	CHECK_INT(stats->latency.count, 1);
	CHECK_INT(stats->levels.most_running, 1);
	CHECK_INT(stats->sent, 1); /* the one that ada received */
	CHECK_INT(stats->received, 1);
	CHECK_INT(stats->pending, 0);
	CHECK_INT(stats->nleft, 1);
	CHECK_INT(stats->ncycles, 1);
	CHECK_INT(stats->nheld, 1);
	CHECK_INT(stats->nwaits, 1);
	CHECK_INT(stats->pairs.count, 0);
	CHECK_INT(stats->nlocks, 2); /* one that she has, one that she waits for */
	weft_stats_free(stats);
}

TEST(chosen_channels_count_with_the_waits_for_them)
{
	const char *const names[] = {"nothing", "#3", NULL};
	const struct weft_stats_filter part = {0, INT64_MAX, NULL, names};
	struct weft_stats *stats = count_data("dinner", &part);

	CHECK_INT(stats->nchosen, 3);
	CHECK_INT(stats->nchannels, 1);
	CHECK_INT(stats->nlocks, 0);
	CHECK_INT(stats->running_ns, 15500); /* of no channel */
	CHECK_INT(stats->blocked_ns, 1100);
	CHECK_INT(stats->sent, 3);
	CHECK_INT(stats->nwaits, 1);
	CHECK_INT(stats->nleft, 0);
	CHECK_INT(stats->nheld, 0);
	CHECK_INT(stats->ncycles, 0);
	CHECK_INT(stats->nlost, 1);
	weft_stats_free(stats);
}

TEST(all_filters_at_once)
{
	const char *const threads[] = {"main", "bob", NULL}, *const channels[] = {"*fork", NULL};
	const struct weft_stats_filter part = {14500, 16000, threads, channels};
	struct weft_stats *stats = count_data("dinner", &part);

	CHECK_INT(stats->nchosen, 2);
	CHECK_INT(stats->blocked_ns, 1000); /* bob's, 15000 to 16000 */
	CHECK_INT(stats->running_ns, 500);  /* bob's, 14500 to 15000 */
	CHECK_INT(stats->nheld, 1);	    /* bob's */
	CHECK_INT(stats->objects[RIGHT_FORK].held_ns, 1500);
	CHECK_INT(stats->objects[LEFT_FORK].held_ns, 0); /* ada's */
	CHECK_INT(stats->sent + stats->received, 0);
	weft_stats_free(stats);
}

/* ---- Odd ends ---------------------------------------------------------------------------------
 */

TEST(what_is_left_at_the_end_is_counted)
{
	struct weft_stats *stats = count_text(HEADER("time",
		ALL_CAPS) "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n{\"ev\":\"run\",\"t\":1,\"w\":0,"
			  "\"co\":1},\n"
			  "{\"ev\":\"make\",\"t\":1,\"w\":0,\"on\":1,\"type\":\"chan\",\"cap\":4},"
			  "\n"
			  "{\"ev\":\"send\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"msg\":1},\n"
			  "{\"ev\":\"send\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"msg\":2},\n"
			  "{\"ev\":\"unsend\",\"t\":3,\"msg\":2,\"why\":\"cancel\"},\n"
			  "{\"ev\":\"block\",\"t\":4,\"w\":0,\"co\":1,\"why\":\"recv\",\"on\":1},\n"
			  "{\"ev\":\"eof\",\"t\":50,\"n\":7,\"why\":\"deadlock\"}\n]}\n");

	CHECK_INT(stats->nleft, 1);
	CHECK_INT(stats->pending, 1);
	CHECK_INT(stats->objects[0].withdrawn, 1);
	CHECK_INT(stats->objects[0].sides[WEFT_SIDE_RECV].total_ns, 46);
	CHECK_INT(stats->nwaits, 1);
	CHECK(stats->waits[0].open);
	CHECK_STR(stats->threads[0].name, "#1");
	CHECK_STR(stats->objects[0].name, "chan #1");
	weft_stats_free(stats);
}

TEST(an_open_select_says_what_it_waits_for)
{
	struct weft_stats *stats = count_text(HEADER("time",
		ALL_CAPS) "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n{\"ev\":\"run\",\"t\":1,\"w\":0,"
			  "\"co\":1},\n"
			  "{\"ev\":\"make\",\"t\":1,\"w\":0,\"on\":1,\"type\":\"chan\",\"cap\":0},"
			  "\n"
			  "{\"ev\":\"make\",\"t\":1,\"w\":0,\"on\":2,\"type\":\"chan\",\"cap\":0},"
			  "\n"
			  "{\"ev\":\"block\",\"t\":4,\"w\":0,\"co\":1,\"why\":\"select\",\"cases\":"
			  "[{\"on\":2,\"dir\":\"send\"},{\"on\":1,\"dir\":\"recv\"}]},\n"
			  "{\"ev\":\"eof\",\"t\":9,\"n\":5,\"why\":\"signal\"}\n]}\n");

	CHECK_INT(stats->threads[0].ncases, 2);
	CHECK_INT(stats->threads[0].cases[0].obj, 1);
	CHECK(stats->threads[0].cases[0].send);
	CHECK(!stats->threads[0].cases[1].send);
	weft_stats_free(stats);
}

TEST(a_wait_without_a_line_is_where_its_stack_begins)
{
	struct weft_stats *stats = count_text(HEADER("time",
		ALL_CAPS) "{\"ev\":\"loc\",\"loc\":1,\"fn\":\"main\",\"file\":\"a.c\",\"line\":3},"
			  "\n"
			  "{\"ev\":\"loc\",\"loc\":2,\"fn\":\"eat\",\"file\":\"a.c\",\"line\":7},\n"
			  "{\"ev\":\"stack\",\"stack\":1,\"at\":[2,1]},\n"
			  "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n"
			  "{\"ev\":\"run\",\"t\":1,\"w\":0,\"co\":1},\n"
			  "{\"ev\":\"block\",\"t\":4,\"w\":0,\"co\":1,\"why\":\"io\",\"stack\":1},"
			  "\n"
			  "{\"ev\":\"eof\",\"t\":9,\"n\":6,\"why\":\"stop\"}\n]}\n");

	CHECK_STR(stats->threads[0].where, "a.c:7");
	CHECK_STR(stats->waits[0].where, "a.c:7");
	weft_stats_free(stats);
}

TEST(one_that_waits_for_its_own_lock_is_a_circle)
{
	struct weft_stats *stats = count_text(HEADER("time",
		ALL_CAPS) "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n{\"ev\":\"run\",\"t\":1,\"w\":0,"
			  "\"co\":1},\n"
			  "{\"ev\":\"make\",\"t\":1,\"w\":0,\"on\":1,\"type\":\"rwlock\"},\n"
			  "{\"ev\":\"acquire\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"mode\":"
			  "\"write\"},"
			  "\n"
			  "{\"ev\":\"block\",\"t\":4,\"w\":0,\"co\":1,\"why\":\"rlock\",\"on\":1},"
			  "\n"
			  "{\"ev\":\"eof\",\"t\":9,\"n\":5,\"why\":\"deadlock\"}\n]}\n");

	CHECK_INT(stats->ncycles, 1);
	CHECK_INT(stats->cycles[0].count, 1);
	CHECK_INT(stats->objects[0].sides[WEFT_SIDE_RECV].max_ns, 5);
	weft_stats_free(stats);
}

TEST(a_trace_without_its_end_is_counted_to_its_last_record)
{
	struct weft_stats *stats = count_data("dropped", &everything);

	CHECK(!stats->complete);
	CHECK_INT(stats->dropped, 937);
	CHECK(stats->warning[0] != '\0');
	weft_stats_free(stats);
}

TEST(an_order_by_workers_is_merged_first)
{
	struct weft_stats *stats = count_data("worker", &everything);

	CHECK_INT(stats->sent, stats->received);
	CHECK(stats->received > 0);
	weft_stats_free(stats);
}

TEST(a_filter_by_names_reads_a_pipe_twice)
{
	const char *const names[] = {"ada", NULL};
	const struct weft_stats_filter part = {0, INT64_MAX, names, NULL};
	struct weft_stats *stats;
	char command[700], path[32];
	FILE *pipe;

	snprintf(command, sizeof(command), "cat %s/tests/data/dinner.json", WEFT_SOURCE_ROOT);
	pipe = popen(command, "r");
	CHECK(pipe);
	snprintf(path, sizeof(path), "/dev/fd/%d", fileno(pipe));
	stats = count_file(path, &part);
	CHECK_INT(stats->nchosen, 1);
	CHECK_INT(stats->running_ns, 3000);
	weft_stats_free(stats);
	pclose(pipe);
}

TEST_MAIN
