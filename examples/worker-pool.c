/* SPDX-License-Identifier: MIT
 *
 * worker-pool: main starts --pools pools; each has --workers workers of its own and hands the jobs
 * it gets on to them. A job is to hash a text many times over; --jobs of them are done, and main
 * prints the results in the order of the jobs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft.h>

#include "options.h"

struct result {
	int job;
	uint32_t hash;
};
WEFT_CHAN(job_chan, int)
WEFT_CHAN(result_chan, struct result)

struct pool {
	job_chan *jobs;
	result_chan *results;
	int number, workers;
};

/* FNV-1a, over the job's own name, 2,000 times. */
static uint32_t hash_job(int job)
{
	uint32_t hash = 2166136261u;
	char text[32];

	snprintf(text, sizeof(text), "job %d", job);
	for (int round = 0; round < 2000; round++) {
		for (const char *p = text; *p; p++)
			hash = (hash ^ (unsigned char)*p) * 16777619u;
	}
	return hash;
}

static void worker(struct pool *own)
{
	int job;

	while (weft_recv(own->jobs, &job))
		weft_send(own->results, (struct result){job, hash_job(job)});
}

static void pool(struct pool *me)
{
	struct pool own = {weft_make(job_chan, 0), me->results, me->number, me->workers};
	int job;

	weft_set_name("pool %d", me->number);
	for (int i = 0; i < me->workers; i++)
		weft_go_copy(worker, &own);
	while (weft_recv(me->jobs, &job))
		weft_send(own.jobs, job);
	weft_close(own.jobs);
}

static void hand_out(struct pool *all)
{
	for (int job = 0; job < all->number; job++)
		weft_send(all->jobs, job);
	weft_close(all->jobs);
}

static int app(int argc, char **argv)
{
	struct pool all = {weft_make(job_chan, 0), weft_make(result_chan, 0), 0, 0};
	uint32_t *hashes;
	int pools, jobs;

	options_only(argc, argv, "--pools --workers --jobs");
	pools = (int)option(argc, argv, "--pools", 5, 1, 10000);
	all.workers = (int)option(argc, argv, "--workers", 3, 1, 10000);
	jobs = (int)option(argc, argv, "--jobs", 30, 0, 10000000);
	hashes = calloc((size_t)jobs + 1, sizeof(*hashes));
	weft_chan_name(all.jobs, "jobs");
	weft_chan_name(all.results, "results");
	for (all.number = 1; all.number <= pools; all.number++)
		weft_go_copy(pool, &all);
	all.number = jobs;
	weft_go_copy(hand_out, &all);
	for (int i = 0; i < jobs; i++) {
		struct result r;

		weft_recv(all.results, &r);
		hashes[r.job] = r.hash;
	}
	for (int job = 0; job < jobs; job++)
		printf("job %d: %08x\n", job, hashes[job]);
	free(hashes);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
