/* SPDX-License-Identifier: MIT
 *
 * What must not compile silently: compile_test.py takes one CASE at a time.
 */
#include <weft.h>

struct pair {
	int a, b;
};
struct other {
	int a, b;
};

WEFT_CHAN(int_chan, int)
WEFT_CHAN(pair_chan, struct pair)
WEFT_CHAN(pair_ptr_chan, struct pair *)
WEFT_CHAN(string_chan, const char *)

static void detached(struct pair *p)
{
	p->a = 0;
}

static int joined(int *n)
{
	return *n;
}

struct huge {
	char bytes[WEFT_ARG_MAX + 1];
};

static void use_huge(struct huge *h)
{
	h->bytes[0] = 0;
}

static int use_huge_too(struct huge *h)
{
	return h->bytes[0];
}

static int app(int argc, char **argv)
{
	int_chan *ints = weft_make(int_chan, 1);
	pair_chan *pairs = weft_make(pair_chan, 1);
	pair_ptr_chan *ptrs = weft_make(pair_ptr_chan, 1);
	string_chan *strings = weft_make(string_chan, 1);
	static struct weft_mutex mutex;
	static struct weft_once once;
	static struct weft_group group;
	struct other other = {1, 2};
	struct pair pair = {1, 2};
	static struct huge huge;
	const char *string = "";
	double real = 0.5;
	int n = 1;

	(void)argv;
	(void)argc;
	(void)ints;
	(void)pairs;
	(void)ptrs;
	(void)strings;
	(void)other;
	(void)mutex;
	(void)once;
	(void)group;
	(void)use_huge_too;
	(void)pair;
	(void)huge;
	(void)string;
	(void)real;
	(void)n;
	(void)detached;
	(void)joined;
	(void)use_huge;
#ifdef CASE
	CASE;
#endif
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
