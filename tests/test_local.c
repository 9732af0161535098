/* SPDX-License-Identifier: MIT
 *
 * Coroutine-local values: whose they are, when destructors run and in which order, many keys, and
 * what happens when memory is out.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

/* Linked with --wrap: the library's calls come here. */
static atomic_bool no_memory;
void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes)
{
	return atomic_load(&no_memory) ? NULL : __real_malloc(bytes);
}

void *__real_realloc(void *p, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes)
{
	return atomic_load(&no_memory) ? NULL : __real_realloc(p, bytes);
}

static struct weft_local plain = WEFT_LOCAL_INIT(NULL);

static void keep_own(const int *number)
{
	int mine = *number;

	CHECK(!weft_local_get(&plain));
	CHECK_INT(weft_local_set(&plain, &mine), 0);
	for (int i = 0; i < 100; i++) {
		weft_yield();
		CHECK(weft_local_get(&plain) == &mine);
	}
}

static int keep_own_joined(const int *number)
{
	keep_own(number);
	return 0;
}

CO_TEST(each_coroutine_has_its_own_value_and_inherits_none)
{
	static const int numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
	struct weft_handle *handles[8];
	int value;

	CHECK(!weft_local_get(&plain));
	CHECK_INT(weft_local_set(&plain, &value), 0);
	for (int i = 0; i < 8; i++)
		handles[i] = weft_spawn(keep_own_joined, &numbers[i]);
	for (int i = 0; i < 8; i++)
		CHECK_INT(weft_join(handles[i], NULL), 0);
	CHECK(weft_local_get(&plain) == &value);
}

/* A stack is used again: what the one before had must not show. */
static int find_nothing(void *unused)
{
	CHECK(!weft_local_get(&plain));
	CHECK_INT(weft_local_set(&plain, &plain), 0);
	return 0;
}

CO_TEST(a_stack_that_is_used_again_brings_no_values)
{
	for (int i = 0; i < 200; i++)
		CHECK_INT(weft_join(weft_spawn(find_nothing, (void *)&plain), NULL), 0);
}

CO_TEST(a_value_can_be_replaced_and_taken_back)
{
	int a, b;

	CHECK_INT(weft_local_set(&plain, &a), 0);
	CHECK_INT(weft_local_set(&plain, &b), 0);
	CHECK(weft_local_get(&plain) == &b);
	CHECK_INT(weft_local_set(&plain, NULL), 0);
	CHECK(!weft_local_get(&plain));
	CHECK_INT(weft_local_set(&plain, &a), 0);
	CHECK(weft_local_get(&plain) == &a);
}

/* ---- Destructors ------------------------------------------------------------------------------
 */

static char seen[100];

static void tell(void *value)
{
	strncat(seen, value, sizeof(seen) - strlen(seen) - 1);
}

static struct weft_local first = WEFT_LOCAL_INIT(tell), second = WEFT_LOCAL_INIT(tell),
			 third = WEFT_LOCAL_INIT(tell);

static int set_three(void *unused)
{
	weft_local_set(&second, (void *)"2");
	weft_local_set(&first, (void *)"x");
	weft_local_set(&third, (void *)"3");
	weft_local_set(&plain, (void *)"p");
	weft_local_set(&first, (void *)"1"); /* keeps its place; "x" is not destroyed */
	return 0;
}

CO_TEST(destructors_run_in_the_reverse_order_of_the_first_set)
{
	CHECK_INT(weft_join(weft_spawn(set_three, (void *)NULL), NULL), 0);
	CHECK_STR(seen, "312"); /* all of them before the join */
}

static int set_and_take_back(void *unused)
{
	weft_local_set(&first, (void *)"1");
	weft_local_set(&second, (void *)"2");
	weft_local_set(&first, NULL);
	weft_local_set(&third, NULL);
	return 0;
}

CO_TEST(null_values_are_not_destroyed)
{
	CHECK_INT(weft_join(weft_spawn(set_and_take_back, (void *)NULL), NULL), 0);
	CHECK_STR(seen, "2");
}

static void send_it(void *value)
{
	weft_yield();
	CHECK(!weft_local_get(&plain)); /* destroyed already, and its own as well */
	weft_send((int_chan *)value, 7);
	weft_sleep(WEFT_MS);
}

static struct weft_local sender = WEFT_LOCAL_INIT(send_it);

static void set_sender(int_chan *c)
{
	weft_local_set(&sender, c);
	weft_local_set(&plain, c);
}

CO_TEST(a_destructor_may_wait)
{
	int_chan *c = weft_make(int_chan, 0);
	int v = 0;

	weft_go(set_sender, c);
	CHECK(weft_recv(c, &v));
	CHECK_INT(v, 7);
}

/* Sets values of keys that are new, so that the list moves under the loop that destroys. */
static struct weft_local later[40];

static void set_more(void *value)
{
	for (int i = 0; i < 40; i++) {
		later[i] = (struct weft_local)WEFT_LOCAL_INIT(tell);
		CHECK_INT(weft_local_set(&later[i], (void *)(i % 2 ? "b" : "a")), 0);
	}
}

static struct weft_local more = WEFT_LOCAL_INIT(set_more);

static int set_more_first(void *unused)
{
	weft_local_set(&first, (void *)"1");
	weft_local_set(&more, (void *)"");
	return 0;
}

CO_TEST(values_that_a_destructor_sets_are_destroyed_too)
{
	CHECK_INT(weft_join(weft_spawn(set_more_first, (void *)NULL), NULL), 0);
	CHECK_INT(strlen(seen), 41);
	CHECK_IN(seen, "baba");
	CHECK_INT(seen[40], '1');
}

static void again(void *value);
static struct weft_local endless = WEFT_LOCAL_INIT(again);

static void again(void *value)
{
	weft_local_set(&endless, value);
}

PANIC_TEST(a_destructor_that_sets_its_value_for_ever_panics, "set values without end")
{
	weft_local_set(&endless, &endless);
}

static int main_ends(int argc, char **argv)
{
	CHECK_INT(weft_local_set(&first, (void *)"m"), 0);
	return 3;
}

TEST_WORKERS(destructors_of_coroutine_1_run_before_the_run_ends)
{
	CHECK_INT(weft_run(main_ends, 0, NULL), 3);
	CHECK_STR(seen, "m");
}

/* What is abandoned is not destroyed, but its list is freed: the leak checker sees to that. */
static void block_with_values(int_chan *c)
{
	CHECK_INT(weft_local_set(&first, (void *)"1"), 0);
	weft_recv(c, NULL);
}

static int abandon(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < 10; i++)
		weft_go(block_with_values, c);
	until_parked(c, 10);
	return 0;
}

TEST_WORKERS(abandoned_coroutines_are_not_destroyed)
{
	CHECK_INT(weft_run(abandon, 0, NULL), 0);
	CHECK_INT(weft_run(abandon, 0, NULL), 0);
	CHECK_STR(seen, "");
}

/* ---- Many -------------------------------------------------------------------------------------
 */

#define KEYS 1000
static struct weft_local keys[KEYS];
static atomic_int destroyed;

static void count_one(void *value)
{
	atomic_fetch_add(&destroyed, 1);
}

static int use_many(const int *number)
{
	for (int i = 0; i < KEYS; i++)
		CHECK_INT(weft_local_set(&keys[i], (char *)keys + i + *number), 0);
	weft_yield();
	for (int i = 0; i < KEYS; i++)
		CHECK(weft_local_get(&keys[i]) == (char *)keys + i + *number);
	return 0;
}

CO_TEST(many_keys_and_many_coroutines)
{
	static const int numbers[4] = {1, 2, 3, 4};
	struct weft_handle *handles[4];

	for (int i = 0; i < KEYS; i++)
		keys[i] = (struct weft_local)WEFT_LOCAL_INIT(count_one);
	for (int i = 0; i < 4; i++)
		handles[i] = weft_spawn(use_many, &numbers[i]);
	for (int i = 0; i < 4; i++)
		CHECK_INT(weft_join(handles[i], NULL), 0);
	CHECK_INT(atomic_load(&destroyed), 4 * KEYS);
}

/* ---- Failures ---------------------------------------------------------------------------------
 */

CO_TEST(out_of_memory_is_told_and_changes_nothing)
{
	struct weft_local *four[] = {&plain, &first, &second, &third};

	atomic_store(&no_memory, true);
	CHECK_INT(weft_local_set(&plain, &plain), -ENOMEM);
	CHECK(!weft_local_get(&plain));
	atomic_store(&no_memory, false);
	for (int i = 0; i < 3; i++)
		CHECK_INT(weft_local_set(four[i], (void *)"v"), 0);
	atomic_store(&no_memory, true);
	CHECK_INT(weft_local_set(four[3], (void *)"v"), -ENOMEM);
	CHECK_INT(weft_local_set(four[0], (void *)"w"), 0); /* has its place */
	atomic_store(&no_memory, false);
	CHECK(!weft_local_get(four[3]));
	CHECK_STR(weft_local_get(four[0]), "w");
	CHECK_STR(weft_local_get(four[2]), "v");
}

static void get_outside(void)
{
	weft_local_get(&plain);
}

TEST(a_call_from_outside_a_run_panics)
{
	check_panic(get_outside, "weft_local_get");
}

PANIC_TEST(a_null_key_panics, "weft_local_set of a null key")
{
	weft_local_set(NULL, &plain);
}

TEST_MAIN
