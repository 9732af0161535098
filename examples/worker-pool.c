/* SPDX-License-Identifier: MIT
 *
 * worker-pool: main starts --pools pools; each hands the jobs it gets on to --workers workers of
 * its own, which hash a text for each. --jobs results come back and are printed in the order of the
 * jobs.
 */
#include <stdint.h>
#include <stdlib.h>

#include <weft.h>

#include "options.h"

struct result {
	int job;
	uint32_t hash;
};
WEFT_CHAN(job_chan, int)
WEFT_CHAN(result_chan, struct result)

/* What a pool gets, and each of its workers. */
struct post {
	job_chan *jobs;
	result_chan *results;
	int pool, worker; /* in a pool's own: how many workers it starts */
};

static void worker(struct post *me)
{
	int job;

	weft_set_name("worker %d.%d", me->pool, me->worker);
	while (weft_recv(me->jobs, &job)) {
		uint32_t hash = 2166136261u; /* FNV-1a of the numbers 0 to 9,999 and the job's */

		for (uint32_t i = 0; i < 10000; i++)
			hash = (hash ^ (i + (uint32_t)job)) * 16777619u;
		weft_send(me->results, (struct result){job, hash});
	}
}

static void pool(struct post *me)
{
	struct post own = {weft_make(job_chan, 0), me->results, me->pool, 0};
	int job;

	weft_set_name("pool %d", me->pool);
	while (own.worker++ < me->worker)
		weft_go_copy(worker, &own);
	while (weft_recv(me->jobs, &job))
		weft_send(own.jobs, job);
	weft_close(own.jobs);
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--pools --workers --jobs");
	int pools = (int)option(argc, argv, "--pools", 5, 1, 10000);
	int workers = (int)option(argc, argv, "--workers", 3, 1, 10000);
	int jobs = (int)option(argc, argv, "--jobs", 30, 0, 10000000);
	job_chan *out = weft_make(job_chan, 0);
	result_chan *in = weft_make(result_chan, 0);
	uint32_t *hashes = calloc((size_t)jobs + 1, sizeof(*hashes));
	struct result r;

	for (int i = 1; i <= pools; i++)
		weft_go_copy(pool, &(struct post){out, in, i, workers});
	for (int next = 0, done = 0; done < jobs;) {
		/* A null channel is never ready: no more jobs, no more sends. */
		job_chan *more = next < jobs ? out : NULL;

		if (weft_select(weft_on_send(more, next), weft_on_recv(in, &r)) == 0) {
			next++;
		} else {
			hashes[r.job] = r.hash;
			done++;
		}
	}
	for (int job = 0; job < jobs; job++)
		printf("job %d: %08x\n", job, hashes[job]);
	weft_close(out);
	free(hashes);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
