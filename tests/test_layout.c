/* SPDX-License-Identifier: MIT
 *
 * Columns: who talks to whom decides where threads stand.
 */
#include <math.h>

#include "tests/made.h"
#include "tests/test.h"
#include "viewer/layout.h"

static void check_columns(const struct layout *l)
{
	for (uint32_t i = 0; i < l->nthreads; i++) {
		CHECK(l->column[i] == WEFT_NO_INDEX || l->column[i] < l->ncolumns);
		CHECK(isnan(l->x[i]) == (l->column[i] == WEFT_NO_INDEX));
		if (l->column[i] != WEFT_NO_INDEX)
			CHECK(fabs(l->x[i] - (l->column[i] + 0.5) / l->ncolumns) < 1e-12);
	}
}

TEST(a_sieve_is_a_staircase_with_main_at_the_left)
{
	struct weft_trace t = made_sieve(11);
	struct layout *l = layout_create(&t);

	check_columns(l);
	CHECK_INT(l->ncolumns, 12);
	for (uint32_t i = 0; i < 12; i++)
		CHECK_INT(l->column[i], i);
	layout_destroy(l);
}

TEST(filters_that_spawn_the_next_are_a_staircase_too)
{
	struct weft_trace t = made_sieve(11);
	struct layout *l;

	for (uint32_t i = 1; i < t.nthreads; i++)
		t.threads[i].parent = i - 1;
	l = layout_create(&t);
	for (uint32_t i = 0; i < 12; i++)
		CHECK_INT(l->column[i], i);
	layout_destroy(l);
}

TEST(a_ring_stands_in_ring_order)
{
	struct weft_trace t = made_trace("ring", 10000);
	static const uint32_t ring[] = {3, 1, 4, 2};
	struct layout *l;

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	for (int i = 0; i < 4; i++)
		made_thread(&t, "player", 0, 10 + i, -1);
	made_message(&t, 0, ring[0], 100, 110, "0");
	for (int i = 0; i < 20; i++)
		made_message(&t, ring[i % 4], ring[(i + 1) % 4], 200 + 100 * i, 210 + 100 * i, "1");
	l = layout_create(&t);
	check_columns(l);
	CHECK_INT(l->column[0], 0);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_INT(l->column[ring[i]], i + 1);
	layout_destroy(l);
}

TEST(a_pool_has_children_on_both_sides_of_their_parent)
{
	struct weft_trace t = made_pool(4, 3);
	struct layout *l = layout_create(&t);

	check_columns(l);
	CHECK_INT(l->ncolumns, 17);
	for (uint32_t parent = 0; parent < 5; parent++) {
		int left = 0, right = 0;

		for (uint32_t i = 1; i < t.nthreads; i++) {
			if (t.threads[i].parent != parent)
				continue;
			*(l->column[i] < l->column[parent] ? &left : &right) += 1;
		}
		CHECK(left >= 1);
		CHECK(right >= 1);
		CHECK(abs(left - right) <= 1);
	}
	layout_destroy(l);
}

TEST(a_family_is_not_interrupted_by_another)
{
	struct weft_trace t = made_pool(4, 3);
	struct layout *l = layout_create(&t);

	for (uint32_t pool = 1; pool <= 4; pool++) {
		uint32_t least = l->column[pool], most = least;

		for (uint32_t i = 5; i < t.nthreads; i++) {
			if (t.threads[i].parent != pool)
				continue;
			least = l->column[i] < least ? l->column[i] : least;
			most = l->column[i] > most ? l->column[i] : most;
		}
		CHECK_INT(most - least, 3);
	}
	layout_destroy(l);
}

TEST(columns_of_ended_threads_are_used_again)
{
	struct weft_trace t = made_trace("one after the other", 100000);
	struct layout *l;

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	for (int64_t i = 0; i < 30; i++)
		made_thread(&t, "job", 0, 100 + 3000 * i, 1100 + 3000 * i);
	for (uint32_t i = 0; i < 30; i++)
		made_message(&t, i + 1, 0, 600 + 3000 * (int64_t)i, 700 + 3000 * (int64_t)i, NULL);
	l = layout_create(&t);
	check_columns(l);
	CHECK(l->ncolumns <= 6);
	for (uint32_t i = 1; i < t.nthreads; i++)
		for (uint32_t k = i + 1; k < t.nthreads; k++)
			if (l->column[i] == l->column[k])
				CHECK(t.threads[i].died_ns < t.threads[k].born_ns);
	layout_destroy(l);
}

TEST(threads_that_never_end_keep_their_columns)
{
	struct weft_trace t = made_pool(1, 40);
	struct layout *l = layout_create(&t);

	CHECK_INT(l->ncolumns, 42);
	layout_destroy(l);
}

TEST(threads_of_the_runtime_are_hidden_and_their_children_shown)
{
	struct weft_trace t = made_trace("sys", 1000);
	struct layout *l;

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "poller", 0, 1, -1);
	made_thread(&t, "user", 1, 2, -1);
	t.threads[1].sys = true;
	l = layout_create(&t);
	check_columns(l);
	CHECK_INT(l->ncolumns, 2);
	CHECK_INT(l->column[1], WEFT_NO_INDEX);
	CHECK(l->column[2] < 2);
	layout_destroy(l);
}

TEST(two_hubs_stand_among_those_they_talk_to)
{
	struct weft_trace t = made_trace("hubs", 100000);
	struct layout *l;

	/* Thread 1 hands work to 2..7, these answer main. */
	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	for (int i = 1; i < 8; i++)
		made_thread(&t, "t", 0, i, -1);
	for (uint32_t i = 0; i < 60; i++) {
		made_message(
			&t, 1, 2 + i % 6, 100 + 1000 * (int64_t)i, 200 + 1000 * (int64_t)i, NULL);
		made_message(
			&t, 2 + i % 6, 0, 300 + 1000 * (int64_t)i, 400 + 1000 * (int64_t)i, NULL);
	}
	l = layout_create(&t);
	CHECK(l->column[0] > 1 && l->column[0] < 6);
	CHECK(l->column[1] > 1 && l->column[1] < 6);
	layout_destroy(l);
}

TEST(the_same_trace_gives_the_same_layout)
{
	struct weft_trace t = made_pool(7, 5);
	struct layout *a = layout_create(&t), *b = layout_create(&t);

	CHECK(memcmp(a->column, b->column, t.nthreads * sizeof *a->column) == 0);
	layout_destroy(a);
	layout_destroy(b);
}

TEST(odd_traces_have_a_layout)
{
	struct weft_trace t = made_trace("odd", 10);
	struct layout *l = layout_create(&t);

	CHECK_INT(l->ncolumns, 0);
	layout_destroy(l);
	/* Its own parent, a parent that is born later, messages to nobody and to itself. */
	made_thread(&t, "a", 0, 0, -1);
	made_thread(&t, "b", 2, 0, -1);
	made_thread(&t, "c", 1, 0, -1);
	made_message(&t, 0, 0, 1, 2, NULL);
	made_message(&t, 2, 0, 1, -1, NULL);
	l = layout_create(&t);
	check_columns(l);
	CHECK_INT(l->ncolumns, 3);
	layout_destroy(l);
	layout_destroy(NULL);
}

TEST_MAIN
