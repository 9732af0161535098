/* SPDX-License-Identifier: MIT
 *
 * The scanner beside the general decoder: what it takes, it takes for the same, to the last field,
 * and nothing that the other would report.
 */
#include "tests/same_record.h"
#include "tests/trace_file.h"

#include <dirent.h>

#include "tracer/trace/input.h"
#include "tracer/trace/record.h"

struct both {
	struct weft_decoder *fast, *slow; /* each its own, so that both records live */
	struct weft_report fast_report, slow_report;
	unsigned fast_said, slow_said;
	size_t lines, taken;
};

static void count(void *arg, const struct weft_finding *finding)
{
	(void)finding;
	++*(unsigned *)arg;
}

static void start(struct both *both)
{
	*both = (struct both){.lines = 0};
	both->fast_report = (struct weft_report){count, &both->fast_said};
	both->slow_report = (struct weft_report){count, &both->slow_said};
	both->fast = weft_decoder_create(&both->fast_report);
	both->slow = weft_decoder_create(&both->slow_report);
	CHECK(both->fast && both->slow);
}

static void finish(struct both *both)
{
	weft_decoder_free(both->fast);
	weft_decoder_free(both->slow);
}

/* Reads one text by both; it lies in memory of just its size, so that a sanitizer sees a step too
   far. */
static void compare(struct both *both, const char *line, size_t len)
{
	char *text = calloc(1, len + WEFT_TEXT_PAD);
	struct weft_record fast, slow;
	struct json_object *json = NULL;
	const char *what;
	bool taken;
	int rc = 0;

	memcpy(text, line, len);
	both->lines++;
	both->fast_said = both->slow_said = 0;
	taken = weft_decoder_scan(both->fast, text, len, 7, 8, &fast) == text + len;
	CHECK_INT(both->fast_said, 0);
	both->taken += taken;
	if (taken) {
		if (weft_decoder_parse(both->slow, text, len, &json) == WEFT_SYNTAX_OK)
			rc = weft_decode(both->slow, json, 7, 8, false, &slow);
		if (rc != 1 || both->slow_said)
			test_fail(__FILE__, __LINE__, "the scanner alone takes %s", text);
		what = difference(&fast, &slow);
		if (what)
			test_fail(__FILE__, __LINE__, "%s differs in %s", what, text);
	}
	free(text);
}

/* ---- Lines of files -------------------------------------------------------------------------- */

typedef void line_fn(struct both *both, const char *line, size_t len);

static void each_line(struct both *both, const char *path, line_fn *fn)
{
	struct weft_trace_error error;
	struct weft_line line = {0};
	struct weft_input input;

	if (weft_input_open(&input, path, &error) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, error.text);
	weft_input_line(&input, &line, WEFT_LINE_MAX); /* the header */
	while (weft_input_line(&input, &line, WEFT_LINE_MAX) > 0) {
		size_t len = line.len;

		if (len > 2 && line.data[0] == '{')
			fn(both, line.data, line.data[len - 1] == ',' ? len - 1 : len);
	}
	weft_text_finish(&line.kept);
	weft_input_close(&input);
}

/* Every JSON file of a folder; traces of other layouts give lines as well, that are no records. */
static void each_file(struct both *both, const char *folder, line_fn *fn)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[800];

	if (!dir)
		test_fail(__FILE__, __LINE__, "%s is not there", folder);
	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strstr(entry->d_name, "unreadable") == NULL)
			each_line(both, path, fn);
	}
	closedir(dir);
}

#define ROOT(folder) WEFT_SOURCE_ROOT "/" folder

TEST(all_records_of_the_examples_are_the_same)
{
	struct both both;

	start(&both);
	each_file(&both, ROOT("traces"), compare);
	if (both.taken * 100 < both.lines * 99)
		test_fail(__FILE__, __LINE__, "the scanner takes %zu of %zu records only",
			both.taken, both.lines);
	each_file(&both, ROOT("traces/broken"), compare);
	each_file(&both, ROOT("tests/data"), compare);
	finish(&both);
	CHECK(both.lines > 1000);
}

TEST(all_records_of_the_shared_traces_are_the_same)
{
	const char *folder = shared_path("native");
	struct both both;

	start(&both);
	each_file(&both, folder, compare);
	finish(&both);
	CHECK(both.lines > 100);
}

/* ---- Damaged lines --------------------------------------------------------------------------- */

static uint64_t seed;

static size_t random_below(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

/* Cuts, doubles and swaps bytes and stretches, and puts in what JSON is made of. */
static size_t damage(char *text, size_t len, size_t room)
{
	static const char *const pieces[] = {"0", "1", "9", "-", ".", "e5", "\"", "\\", ",", ":",
		"{", "}", "[", "]", " ", "\t", "null", "true", "false", "9007199254740991",
		"9007199254740992", "99999999", "00", ".5", "\\u0000", "\xc3\xa9", "\xff", "\x7f",
		"'", ",\"t\":5", ",\"co\":1", ",\"x_y\":1", ",\"why\":\"recv\"",
		"\"value\":", "\"stack_bytes\":1", "\"guess\":true", "unblock"};
	size_t at = random_below(len), n = 1 + random_below(6);
	const char *piece = pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))];
	size_t size = strlen(piece);

	n = n < len - at ? n : len - at;
	switch (random_below(5)) {
	case 0: /* cut a stretch out */
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	case 1: /* put a piece in the place of a byte */
		if (len + size - 1 > room)
			return len;
		memmove(text + at + size, text + at + 1, len - at - 1);
		memcpy(text + at, piece, size);
		return len + size - 1;
	case 2: /* put a piece in */
		if (len + size > room)
			return len;
		memmove(text + at + size, text + at, len - at);
		memcpy(text + at, piece, size);
		return len + size;
	case 3: /* end it here */
		return at + 1;
	default:
		text[at] = text[random_below(len)];
		return len;
	}
}

static void compare_damaged(struct both *both, const char *line, size_t len)
{
	char text[2048];

	if (len > 1024)
		return;
	for (int i = 0; i < 200; i++) {
		size_t now = len;

		memcpy(text, line, len);
		for (size_t k = 0; k <= random_below(3) && now > 0; k++)
			now = damage(text, now, sizeof(text));
		compare(both, text, now);
	}
}

TEST_LIMIT(damaged_records_are_the_same_or_left_to_the_general_decoder, 120)
{
	const char *given = getenv("WEFT_TEST_SEED");
	struct both both;

	seed = given ? strtoull(given, NULL, 10) : 20261129;
	start(&both);
	each_file(&both, ROOT("traces"), compare_damaged);
	each_file(&both, ROOT("tests/data"), compare_damaged);
	finish(&both);
	printf("# of %zu damaged records the scanner takes %zu\n", both.lines, both.taken);
	CHECK(both.taken > both.lines / 50);
	CHECK(both.taken < both.lines / 2);
}

TEST_MAIN
