/* SPDX-License-Identifier: MIT
 *
 * Macros evaluate their arguments once, as C and as C++: install_test.py runs this. Prints what was
 * evaluated more or less often.
 */
#include <stdio.h>
#include <weft.h>

WEFT_CHAN(int_chan, int)

static int calls, failed;
static struct weft_waitgroup group;

static int *counted(int *p)
{
	calls++;
	return p;
}

static int_chan *counted_chan(int_chan *c)
{
	calls++;
	return c;
}

static void done(const int *p)
{
	(void)p;
	weft_waitgroup_done(&group);
}

static int give(const int *p)
{
	return *p;
}

static void look(const char *what, int wanted)
{
	if (calls != wanted) {
		printf("%s: %d arguments evaluated, not %d\n", what, calls, wanted);
		failed = 1;
	}
	calls = 0;
}

static int app(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 8);
	int n = 7, code;

	(void)argc;
	(void)argv;
	weft_waitgroup_add(&group, 2);
	weft_go(done, counted(&n));
	look("weft_go", 1);
	weft_go_copy(done, counted(&n));
	look("weft_go_copy", 1);
	weft_waitgroup_wait(&group);
	weft_join(weft_spawn(give, counted(&n)), &code);
	look("weft_spawn", 1);
	weft_join(weft_spawn_copy(give, counted(&n)), &code);
	look("weft_spawn_copy", 1);
	weft_blocking(give, counted(&n), counted(&code));
	look("weft_blocking", 2);
	weft_blocking_copy(give, counted(&n), NULL, counted(&code));
	look("weft_blocking_copy", 2);
	weft_send(counted_chan(c), *counted(&n));
	look("weft_send", 2);
	weft_try_send(counted_chan(c), *counted(&n));
	look("weft_try_send", 2);
	weft_send_until(counted_chan(c), *counted(&n), *counted(&n));
	look("weft_send_until", 3);
	weft_recv(counted_chan(c), counted(&n));
	look("weft_recv", 2);
	weft_recv_until(counted_chan(c), counted(&n), *counted(&n));
	look("weft_recv_until", 3);
	weft_select(weft_on_recv(counted_chan(c), counted(&n)));
	look("weft_on_recv", 2);
	weft_select(weft_on_send(counted_chan(c), *counted(&n)));
	look("weft_on_send", 2);
	weft_len(counted_chan(c));
	look("weft_len", 1);
	weft_ref(counted_chan(c));
	look("weft_ref", 1);
	weft_chan_name(counted_chan(c), "%d", *counted(&n));
	look("weft_chan_name", 2);
	weft_close(counted_chan(c));
	look("weft_close", 1);
	return failed;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
