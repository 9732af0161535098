/* SPDX-License-Identifier: MIT
 *
 * first-answer: each of --questions questions goes to --replicas replicas at once. The first answer
 * counts, and the others are told to stop, by cancelling the scope in which they run. The last
 * question is too hard: its scope ends by its deadline.
 */
#include <stdatomic.h>
#include <stdio.h>

#include <weft.h>

#include "options.h"

WEFT_CHAN(answer_chan, int)

/* What the replicas of one question share. */
struct question {
	answer_chan *answers;
	struct weft_waitgroup working;
	atomic_int stopped;
};

struct replica {
	struct question *question;
	int number;
	int64_t takes;
};

static void replica(struct replica *me)
{
	weft_set_name("replica %d", me->number);
	/* Every wait ends with the scope; work that waits for nothing would ask weft_scope_error.
	 */
	if (weft_sleep(me->takes) < 0 || weft_send(me->question->answers, me->number) < 0)
		atomic_fetch_add(&me->question->stopped, 1);
	weft_waitgroup_done(&me->question->working);
}

static void ask(int number, int replicas, bool hard)
{
	struct question q = {.answers = weft_make(answer_chan, 0)};
	struct weft_scope *scope =
		weft_scope_make(NULL, hard ? weft_now() + 20 * WEFT_MS : WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(scope);
	int fast = hard ? 0 : number * 7 % replicas + 1, who;

	weft_waitgroup_add(&q.working, replicas);
	for (int i = 1; i <= replicas; i++)
		weft_go_copy(replica, &(struct replica){&q, i, i == fast ? 0 : 3600 * WEFT_SEC});
	if (weft_recv(q.answers, &who))
		printf("question %d: replica %d was first", number, who);
	else
		printf("question %d: no answer (%s)", number, weft_scope_reason(scope));
	weft_scope_leave(outer);

	weft_scope_cancel(scope, "answered");
	weft_waitgroup_wait(&q.working);
	printf(", %d stopped\n", atomic_load(&q.stopped));
	weft_scope_unref(scope);
	weft_unref(q.answers);
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--replicas --questions");
	int replicas = (int)option(argc, argv, "--replicas", 4, 1, 100000);
	int questions = (int)option(argc, argv, "--questions", 3, 1, 1000000);

	for (int i = 1; i <= questions; i++)
		ask(i, replicas, i == questions);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
