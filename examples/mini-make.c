/* SPDX-License-Identifier: MIT
 *
 * mini-make: counts the words of a text by a tree of shell commands, each of which makes a file.
 * Whoever needs a file has all made that it needs, and then itself; but each once, by who comes
 * first. Commands block, so helper threads run them, --jobs at a time: other coroutines go on.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weft.h>

#include "options.h"

struct file {
	const char *name, *command;
	struct file *needs[3]; /* and a null pointer behind the last */
	struct weft_once made;
	int status;
};

static struct file text = {
	.name = "text", .command = "printf 'a rose is a rose is a rose\\n' >text"};
static struct file words = {
	.name = "words", .command = "tr ' ' '\\n' <text >words", .needs = {&text}};
static struct file kinds = {.name = "kinds", .command = "sort -u words >kinds", .needs = {&words}};
static struct file most = {.name = "most",
	.command = "sort words | uniq -c | sort -n | tail -1 >most",
	.needs = {&words}};
static struct file report = {.name = "report",
	.command = "echo $(wc -l <words) words, $(wc -l <kinds) kinds, mostly $(cat most) >report",
	.needs = {&kinds, &most}};

static struct weft_semaphore jobs;
static atomic_int commands;

/* On a thread that may block. */
static int run(struct file *f)
{
	return system(f->command);
}

static int need(struct file *f);

static void make(struct file *f)
{
	struct weft_group needs;

	weft_group_open(&needs, 0);
	for (int i = 0; f->needs[i]; i++)
		weft_group_go(&needs, need, f->needs[i]);
	f->status = weft_group_wait(&needs);
	if (f->status != 0)
		return;
	weft_semaphore_acquire(&jobs, 1);
	atomic_fetch_add(&commands, 1);
	if (weft_blocking(run, f, &f->status) < 0)
		f->status = 1;
	weft_semaphore_release(&jobs, 1);
}

static int need(struct file *f)
{
	weft_set_name("need %s", f->name);
	weft_once(&f->made, make, f);
	return f->status;
}

static int app(int argc, char **argv)
{
	char folder[] = "/tmp/mini-make-XXXXXX";
	int status;

	options_only(argc, argv, "--jobs");
	weft_semaphore_release(&jobs, option(argc, argv, "--jobs", 2, 1, 1000));
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return 1;
	weft_once(&report.made, make, &report);
	status = report.status | system("cat report; rm -r \"$PWD\"");
	printf("%d commands\n", atomic_load(&commands));
	return status != 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
