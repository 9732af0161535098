/* SPDX-License-Identifier: MIT
 *
 * Sets of ids against the plainest set there is.
 */
#include "tests/test.h"

#include "tracer/trace/map.h"

#define IDS 8192

static uint32_t next(uint32_t *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 17;
	*rng ^= *rng << 5;
	return *rng;
}

static void check_same(const struct weft_set *set, const bool *plain)
{
	for (uint64_t id = 0; id < IDS; id++)
		CHECK_INT(weft_set_has(set, id), plain[id]);
}

TEST(a_set_is_what_was_put_in_and_not_taken_out)
{
	static bool plain[IDS];

	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct weft_set set = {0};
		uint32_t rng = seed * 2654435761u;

		memset(plain, 0, sizeof(plain));
		for (int round = 0; round < 200; round++) {
			uint64_t from = next(&rng) % IDS, n = next(&rng) % 2000;
			bool add = next(&rng) % 4 > 0;

			for (uint64_t id = from; id < from + n && id < IDS; id++) {
				CHECK_INT(add ? weft_set_add(&set, id) : 0, 0);
				plain[id] |= add;
			}
			if (!add) {
				CHECK_INT(weft_set_remove(&set, from), 0);
				plain[from] = false;
			}
		}
		check_same(&set, plain);
		weft_set_finish(&set);
	}
}

TEST(ids_in_a_row_take_no_room)
{
	struct weft_set set = {0};

	for (uint64_t id = 1; id < 5000000; id++)
		CHECK_INT(weft_set_add(&set, id), 0);
	CHECK(set.room <= 16 && set.runs_room <= 16 && set.spare_room <= 16);
	CHECK(weft_set_has(&set, 1) && weft_set_has(&set, 4999999) && weft_set_has(&set, 777777));
	CHECK(!weft_set_has(&set, 0) && !weft_set_has(&set, 5000000));
	weft_set_finish(&set);
}

TEST(large_ids_far_apart_are_kept_apart)
{
	struct weft_set set = {0};
	uint64_t most = (UINT64_C(1) << 53) - 1;

	CHECK_INT(weft_set_add(&set, most), 0);
	CHECK_INT(weft_set_add(&set, 1), 0);
	CHECK(weft_set_has(&set, most) && weft_set_has(&set, 1));
	CHECK(!weft_set_has(&set, most - 1) && !weft_set_has(&set, most - 512));
	weft_set_finish(&set);
}

TEST_MAIN
