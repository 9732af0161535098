/* SPDX-License-Identifier: MIT
 *
 * What the verbs of the weft command share: how a verb is described, how its arguments are read,
 * how it speaks, and its exit statuses.
 *
 * A verb is one file and one row in main.c. Its description gives the options, their help and what
 * the parser accepts at once, so that the three can't differ. Errors are one line on stderr, said
 * once: `weft: WHERE: reason`.
 */
#ifndef WEFT_CLI_H
#define WEFT_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Documented in weft(1); tests/cli_test.py holds every one of them. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,	    /* an output, the window ... could not be had */
	CLI_USAGE = 2,	    /* unknown verb, option, value */
	CLI_UNREADABLE = 3, /* no trace that weft can read */

	CLI_CHECK_WARNINGS = 1, /* check --strict: warnings, no errors */
	CLI_CHECK_ERRORS = 2,

	/* record, as env(1): else the program's own status, or 128 + its signal */
	CLI_RECORD_FAILED = 125,
	CLI_RECORD_CANNOT_RUN = 126,
	CLI_RECORD_NOT_FOUND = 127,
};

struct cli_option {
	char letter;	  /* 0: none */
	const char *name; /* without the dashes */
	const char *arg;  /* what its value is called in the help; NULL: it has none */
	const char *help; /* lines after the first are indented by cli_help */
};

struct cli_verb {
	const char *name;
	const char *synopsis;		  /* what follows "weft NAME " */
	const char *summary;		  /* one line, no stop */
	const char *about;		  /* a paragraph or two for --help */
	const char *exits;		  /* lines "N  when" */
	const struct cli_option *options; /* ends with a zeroed one */
	bool stops_at_operand; /* what follows the first operand belongs to somebody else */
	int (*run)(const struct cli_verb *verb, int argc, char **argv);
};

extern const struct cli_verb cli_record, cli_view, cli_export, cli_convert, cli_info, cli_check;

/* ---- Arguments ------------------------------------------------------------------------------ */

/* Where the reading of a verb's arguments stands. Start with {verb, argc, argv}. */
struct cli_args {
	const struct cli_verb *verb;
	int argc;
	char **argv;	     /* argv[0] is the verb */
	int next;	     /* set by the first call */
	const char *letters; /* the rest of "-abc" */
	bool only_operands;  /* after "--" */
};

enum {
	CLI_END = -1,
	CLI_OPERAND = -2,
};

/*
 * The next argument: an index into the verb's options, CLI_OPERAND (*ret_value is it), or CLI_END.
 * *ret_value is the option's value. Does not return from --help, nor from a wrong argument. For a
 * verb that stops at its operand, args->next is then the operand's index in argv.
 */
int cli_next(struct cli_args *args, const char **ret_value);

/* The text of --help, made from the verb's description. */
void cli_help(const struct cli_verb *verb);

/* Prints "weft: " and the line, and ends the program with CLI_USAGE. */
_Noreturn void cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The word in the list (ends with NULL) that is most like `word`, or NULL if none is. */
const char *cli_closest(const char *word, const char *const *words);

/* Values of options; each ends the program with a line that names the option if it can't be read.
 */
bool cli_bool_format(const char *option, const char *value); /* --format: true is json */
int cli_word(const char *option, const char *value, const char *const *words); /* its index */
uint32_t cli_whole(const char *option, const char *value, uint32_t max);       /* "10", from 0 */
int64_t cli_time(const char *option, const char *value);		       /* "1.5ms", in ns */
double cli_seconds(const char *option, const char *value); /* "2", "1.5s", "300ms" */
double cli_number(const char *option, const char *value);
void cli_size(const char *option, const char *value, int *ret_width, int *ret_height);

/* ---- Outputs -------------------------------------------------------------------------------- */

/* After cli_catch_signals: the signal that asked to stop, or 0. The exit status is 128 + it. */
extern volatile sig_atomic_t cli_caught;
void cli_catch_signals(void);

/* Ends the program with a line if the output is the input. */
void cli_keep_input(const char *input, const char *output);

/* ---- Progress ------------------------------------------------------------------------------- */

/* Shows how far each reading of a trace is, if stderr is a terminal. */
void cli_show_progress(void);

/* Takes it off the terminal before something else is printed. */
void cli_clear_progress(void);

/* ---- Speaking ------------------------------------------------------------------------------- */

/* Prints "weft: " and the line on stderr. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Flushes stdout and says so if anything of it was lost. Returns `status`, or CLI_FAILED then. */
int cli_finish_stdout(int status);

enum cli_colour {
	CLI_PLAIN,
	CLI_RED,
	CLI_YELLOW,
	CLI_GREEN,
	CLI_BOLD,
	CLI_DIM,
};

/* --color=auto|yes|no; before it is called the choice is auto. */
void cli_colour_option(const char *value);

/* The escape sequence, or "" where the stream is no terminal or NO_COLOR is set. */
const char *cli_colour(FILE *f, enum cli_colour colour);

/* `text` with control characters replaced, so that a trace can't drive the terminal, and with `?`
   for what the user's locale doesn't have. In a buffer of its own, of which there are eight. */
const char *cli_clean(const char *text);

/* "1.23 ms"; "12,345". The same eight buffers. */
const char *cli_duration(int64_t ns);
const char *cli_count(uint64_t n);

/* ---- The terminal --------------------------------------------------------------------------- */

/* Columns of the terminal; without one, what COLUMNS says, or INT_MAX: as wide as need be. */
int cli_width(FILE *f);

/* Whether the user's locale has UTF-8. Otherwise cli_clean makes ASCII of what it is given. */
bool cli_is_utf8(void);

/* How many columns a text takes; and how many bytes of it fit into `width`, and take how many. */
int cli_text_width(const char *text);
size_t cli_text_fit(const char *text, int width, int *ret_width);

/* ---- Tables --------------------------------------------------------------------------------- */

enum { CLI_COLUMNS_MAX = 16 };

struct cli_column {
	const char *head; /* NULL: the end of the list */
	char align;	  /* l, or r for numbers */
	bool shrinks;	  /* its text may be cut where the terminal is narrow */
	int rank;	  /* above 0 it is left out where nothing is in it (or "-"), and where the
			     terminal is too narrow: the highest first */
};

/* Rows of cells, printed with aligned columns that fit the terminal. */
struct cli_table {
	const struct cli_column *columns;
	char **cells;
	int ncolumns, ncells, space;
};

void cli_table_init(struct cli_table *t, const struct cli_column *columns);
void cli_table_add(struct cli_table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cli_table_print(struct cli_table *t, FILE *f); /* empties it */

#endif
