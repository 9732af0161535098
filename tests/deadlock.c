/* SPDX-License-Identifier: MIT
 *
 * Two coroutines that wait for each other for ever: for tests/examples_test.py, which looks at the
 * report, the exit status and the trace.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int)

static void wait_for_answer(int_chan *questions)
{
	weft_set_name("waiter");
	weft_recv(questions, NULL);
}

static int app(int argc, char **argv)
{
	int_chan *questions = weft_make(int_chan, 0), *answers = weft_make(int_chan, 0);

	weft_chan_name(questions, "questions");
	weft_chan_name(answers, "answers");
	weft_go(wait_for_answer, questions);
	weft_recv(answers, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
