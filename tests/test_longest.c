/* SPDX-License-Identifier: MIT
 *
 * The longest few, who waited for whom, and indices of ids: the small tables behind weft info.
 */
#include <stdlib.h>

#include "tests/test.h"
#include "tracer/stats/ids.h"
#include "tracer/stats/longest.h"
#include "tracer/stats/pairs.h"
#include "tracer/stats/slots.h"

TEST(the_longest_of_many_are_kept_in_order)
{
	struct weft_longest list;
	int64_t what[3];

	CHECK_INT(weft_longest_init(&list, 3), 0);
	for (int64_t i = 0; i < 1000; i++) {
		uint32_t slot = weft_longest_offer(&list, i * 7919 % 1000, i);

		if (slot != WEFT_LONGEST_NONE)
			what[slot] = i * 7919 % 1000;
	}
	weft_longest_sort(&list);
	CHECK_INT(list.count, 3);
	CHECK_INT(list.entries[0].length_ns, 999);
	CHECK_INT(list.entries[1].length_ns, 998);
	CHECK_INT(list.entries[2].length_ns, 997);
	for (int i = 0; i < 3; i++)
		CHECK_INT(what[list.entries[i].slot], list.entries[i].length_ns);
	weft_longest_finish(&list);
}

TEST(of_equally_long_ones_the_earlier_stay)
{
	struct weft_longest list;

	CHECK_INT(weft_longest_init(&list, 2), 0);
	for (int64_t begin = 9; begin >= 0; begin--)
		weft_longest_offer(&list, 5, begin);
	weft_longest_sort(&list);
	CHECK_INT(list.entries[0].begin_ns, 0);
	CHECK_INT(list.entries[1].begin_ns, 1);
	weft_longest_finish(&list);
}

TEST(a_list_of_none_refuses_all)
{
	struct weft_longest list;

	CHECK_INT(weft_longest_init(&list, 0), 0);
	CHECK_INT(weft_longest_offer(&list, 5, 0), WEFT_LONGEST_NONE);
	weft_longest_sort(&list);
	CHECK_INT(list.count, 0);
	weft_longest_finish(&list);
}

TEST(pairs_are_added_up_and_sorted)
{
	struct weft_pairs pairs = {0};

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 1000; i++)
			CHECK_INT(weft_pairs_add(&pairs, i, i + 1, i % 2, i + round), 0);
	}
	weft_pairs_sort(&pairs);
	CHECK_INT(pairs.count, 1000);
	CHECK_INT(pairs.list[0].waiter, 999);
	CHECK_INT(pairs.list[0].waker, 1000);
	CHECK_INT(pairs.list[0].obj, 1);
	CHECK_INT(pairs.list[0].waits, 3);
	CHECK_INT(pairs.list[0].total_ns, 999 + 1000 + 1001);
	CHECK_INT(pairs.list[0].max_ns, 1001);
	CHECK_INT(pairs.list[999].waiter, 0);
	weft_pairs_finish(&pairs);
}

TEST(the_same_two_on_two_objects_are_two_pairs)
{
	struct weft_pairs pairs = {0};

	CHECK_INT(weft_pairs_add(&pairs, 1, 2, 3, 10), 0);
	CHECK_INT(weft_pairs_add(&pairs, 2, 1, 3, 10), 0);
	CHECK_INT(weft_pairs_add(&pairs, 1, 2, WEFT_NO_INDEX, 10), 0);
	CHECK_INT(pairs.count, 3);
	weft_pairs_finish(&pairs);
}

TEST(dense_and_far_ids_are_found)
{
	struct weft_ids ids = {0};
	uint64_t far = (UINT64_C(1) << 53) - 1;

	CHECK_INT(weft_ids_get(&ids, 1), WEFT_NO_INDEX);
	CHECK_INT(weft_ids_add(&ids, far, 0), 0);
	for (uint32_t i = 1; i < 5000; i++)
		CHECK_INT(weft_ids_add(&ids, i, i), 0);
	CHECK_INT(weft_ids_add(&ids, 6000, 5000), 0);
	CHECK_INT(weft_ids_get(&ids, far), 0);
	CHECK_INT(weft_ids_get(&ids, 4999), 4999);
	CHECK_INT(weft_ids_get(&ids, 6000), 5000);
	CHECK_INT(weft_ids_get(&ids, 5500), WEFT_NO_INDEX);
	CHECK(ids.room < 100000); /* one far id costs no array */
	weft_ids_finish(&ids);
}

TEST(slots_that_are_given_back_are_taken_again)
{
	struct item {
		uint32_t next;
		int value;
	} *items = NULL;
	struct weft_slots slots = {0};

	for (uint32_t i = 0; i < 100; i++)
		CHECK_INT(weft_slots_take(&slots, &items, sizeof(*items)), i);
	weft_slots_give(&slots, &items, sizeof(*items), 7);
	weft_slots_give(&slots, &items, sizeof(*items), 30);
	CHECK_INT(weft_slots_take(&slots, &items, sizeof(*items)), 30);
	CHECK_INT(weft_slots_take(&slots, &items, sizeof(*items)), 7);
	CHECK_INT(weft_slots_take(&slots, &items, sizeof(*items)), 100);
	free(items);
}

TEST_MAIN
