/* SPDX-License-Identifier: MIT
 *
 * The weft command: finds the verb and hands over.
 */
#include "cli/cli.h"

#include <string.h>

static const struct cli_verb *const verbs[] = {
	&cli_record, &cli_view, &cli_export, &cli_convert, &cli_info, &cli_check, NULL};

static int help(void)
{
	printf("usage: weft VERB [OPTIONS] ...\n\n"
	       "Shows how concurrent programs run: threads running down through time, and a red\n"
	       "arrow from the sender to the receiver of every message.\n\n"
	       "verbs:\n");
	for (int i = 0; verbs[i]; i++)
		printf("  %-8s  %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\noptions:\n"
	       "  -h, --help     this text; weft VERB --help describes a verb\n"
	       "  -V, --version  the version\n\n"
	       "  weft record -o run.json -- ./my-program\n"
	       "  weft view run.json\n"
	       "  weft export run.json -o run.gif\n\n"
	       "weft(1) says more.\n");
	return cli_finish_stdout(CLI_OK);
}

static const struct cli_verb *find(const char *name)
{
	for (int i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

_Noreturn static void unknown(const char *word)
{
	const char *names[sizeof(verbs) / sizeof(verbs[0])] = {NULL};
	const char *what = word[0] == '-' ? "option" : "verb";

	for (int i = 0; verbs[i]; i++)
		names[i] = verbs[i]->name;
	const char *best = cli_closest(word, names);
	if (best)
		cli_usage("%s: unknown %s; did you mean %s?", cli_clean(word), what, best);
	cli_usage("%s: unknown %s; see weft --help", cli_clean(word), what);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		cli_usage("no verb: record, view, export, convert, info or check; see weft --help");
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("weft " WEFT_VERSION);
		return cli_finish_stdout(CLI_OK);
	}
	if (strcmp(argv[1], "help") == 0 && argc == 3 && find(argv[2])) {
		cli_help(find(argv[2]));
		return cli_finish_stdout(CLI_OK);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		(strcmp(argv[1], "help") == 0 && argc == 2))
		return help();

	const struct cli_verb *verb = find(argv[1]);
	if (!verb)
		unknown(argv[1]);
	cli_show_progress();
	return verb->run(verb, argc - 1, argv + 1);
}
