/* SPDX-License-Identifier: MIT
 *
 * Programs that a trace must survive: for tests/record_fail.py.
 *
 *	record_fail plain N     two coroutines hand N numbers on, and the sum is printed
 *	record_fail last        the same without an end; each number is printed once it was received
 *	record_fail exec        the same with N 100, and then `record_fail plain 10` in its place
 *	record_fail child       in the middle of it, `record_fail plain 10` as a child that is
 *waited for
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft.h>

WEFT_CHAN(long_chan, long)

static const char *self, *mode;
static long wanted = 100;

static void count(long_chan *numbers)
{
	for (long i = 1; i <= wanted; i++)
		weft_send(numbers, i);
	weft_close(numbers);
}

static void run_child(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execl(self, self, "plain", "10", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

static int app(int argc, char **argv)
{
	long_chan *numbers = weft_make(long_chan, 1);
	long n, sum = 0;
	bool says = strcmp(mode, "last") == 0;

	weft_go(count, numbers);
	while (weft_recv(numbers, &n)) {
		sum += n;
		if (says && write(STDOUT_FILENO, &n, sizeof(n)) != sizeof(n))
			return 1;
		if (n == wanted / 2 && strcmp(mode, "child") == 0)
			run_child();
	}
	if (strcmp(mode, "exec") == 0)
		execl(self, self, "plain", "10", (char *)NULL);
	weft_unref(numbers);
	printf("%ld\n", sum);
	return 0;
}

int main(int argc, char **argv)
{
	self = argv[0];
	mode = argc > 1 ? argv[1] : "plain";
	if (argc > 2)
		wanted = atol(argv[2]);
	if (strcmp(mode, "last") == 0)
		wanted = 1L << 40;
	return weft_run(app, argc, argv);
}
