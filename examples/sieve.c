/* SPDX-License-Identifier: MIT
 *
 * sieve: the concurrent prime sieve. One coroutine counts 2, 3, 4 ...; for each prime found, one
 * more filter lets pass only what that prime does not divide. What comes out of the last filter is
 * the next prime. --primes N of them are printed.
 */
#include <stdio.h>

#include <weft.h>

#include "options.h"

WEFT_CHAN(int_chan, int)

static void generate(int_chan *out)
{
	for (int i = 2;; i++)
		weft_send(out, i);
}

struct filter {
	int_chan *in, *out;
	int prime;
};

static void filter(struct filter *f)
{
	int i;

	weft_set_name("filter %d", f->prime);
	while (weft_recv(f->in, &i)) {
		if (i % f->prime != 0)
			weft_send(f->out, i);
	}
}

static int app(int argc, char **argv)
{
	int_chan *in = weft_make(int_chan, 0);
	long primes;

	options_only(argc, argv, "--primes");
	primes = option(argc, argv, "--primes", 12, 1, 100000);
	weft_go(generate, in);
	for (long n = 0; n < primes; n++) {
		int_chan *out = weft_make(int_chan, 0);
		int prime;

		weft_recv(in, &prime);
		printf("%d\n", prime);
		weft_go_copy(filter, &(struct filter){in, out, prime});
		in = out;
	}
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
