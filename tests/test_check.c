/* SPDX-License-Identifier: MIT
 *
 * The checker: each rule is found where it is broken, and nothing else is.
 */
#include "tests/trace_file.h"

#include <dirent.h>
#include <errno.h>

/* ---- Tables of broken files ------------------------------------------------------------------ */

struct row {
	char file[128], rule[32], at[16];
	int exit;
};

/* One line of a README's table: | file | rule | exit | at | ... */
static bool read_row(const char *line, struct row *row)
{
	return sscanf(line, "| %127[^| ] | %31[^|] | %d | %15[^| ] |", row->file, row->rule,
		       &row->exit, row->at) == 4 &&
	       strstr(row->file, ".json");
}

static bool has_rule(const char *rules, const char *finding)
{
	return strncmp(finding, rules, 3) == 0 ||
	       (strlen(rules) > 3 && strstr(rules, "W01") && strncmp(finding, "W01", 3) == 0);
}

/* The findings of a file against its row. */
static void check_row(const char *dir, const struct row *row)
{
	static struct found found;
	struct weft_check_summary summary = {0};
	struct weft_trace_error error = {"", 0, 0};
	char path[640], want[64];
	char *finding, *rest = found.text;
	int rc;

	memset(&found, 0, sizeof(found));
	snprintf(path, sizeof(path), "%s/%s", dir, row->file);
	rc = weft_check(path, NULL, add_found, &found, &summary, &error);
	if (rc < 0 ? row->exit != 3 : row->exit != (summary.errors ? 2 : 0))
		test_fail(__FILE__, __LINE__, "%s: exit %d is wanted, and it gave %s%s", row->file,
			row->exit, found.text, error.text);
	if (rc < 0)
		CHECK(error.text[0] && error.code == rc);
	if (strcmp(row->at, "-") != 0) {
		snprintf(want, sizeof(want), "%.3s:%s ", row->rule, row->at);
		CHECK_IN(found.text, want);
		finding = strstr(found.text, (want[3] = '\0', want));
		snprintf(want, sizeof(want), "%.3s:%s ", row->rule, row->at);
		if (strncmp(finding, want, strlen(want)) != 0)
			test_fail(__FILE__, __LINE__, "%s: the first is not %s: %s", row->file,
				want, found.text);
	}
	while ((finding = strsep(&rest, " ")) && finding[0]) {
		if (finding[0] == 'E' && !has_rule(row->rule, finding))
			test_fail(__FILE__, __LINE__, "%s: an error of another rule: %s", row->file,
				finding);
	}
}

/* All rows of a README, and no file without a row. */
static void check_dir(const char *dir, int at_least)
{
	char path[640], line[1024];
	struct dirent *entry;
	int rows = 0, files = 0;
	FILE *readme;
	DIR *d;

	snprintf(path, sizeof(path), "%s/README.md", dir);
	readme = fopen(path, "re");
	CHECK(readme != NULL);
	while (fgets(line, sizeof(line), readme)) {
		struct row row;

		if (!read_row(line, &row))
			continue;
		check_row(dir, &row);
		rows++;
	}
	fclose(readme);
	d = opendir(dir);
	CHECK(d != NULL);
	while ((entry = readdir(d)))
		files += strstr(entry->d_name, ".json") != NULL;
	closedir(d);
	CHECK_INT(files, rows);
	CHECK(rows >= at_least);
}

TEST(each_broken_trace_gives_its_rule_and_no_other)
{
	check_dir(WEFT_SOURCE_ROOT "/traces/broken", 50);
}

TEST(each_shared_broken_trace_gives_its_rule_and_no_other)
{
	check_dir(shared_path("native/broken"), 25);
}

static void check_clean(const char *path, const char *allowed)
{
	static struct found found;
	struct weft_check_summary summary = {0};
	struct weft_trace_error error;

	memset(&found, 0, sizeof(found));
	CHECK_INT(weft_check(path, NULL, add_found, &found, &summary, &error), 0);
	if (strcmp(found.text, allowed) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, found.text);
}

TEST(the_shared_native_traces_are_sound)
{
	static const char *const names[] = {"hello", "buffered", "select", "sync", "worker",
		"marks", "values", "layouts/hello-crlf", "layouts/hello-lines",
		"layouts/hello-minified", "layouts/hello-pretty", "layouts/hello-sorted-keys",
		"layouts/hello-wrapped"};
	char path[600], dir[512];

	snprintf(dir, sizeof(dir), "%s", shared_path("native"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s.json", dir, names[i]);
		check_clean(path, "");
	}
	snprintf(path, sizeof(path), "%s/dropped.json", dir);
	check_clean(path, "W02:16 W01:16 W04:15 W04:14 ");
}

TEST(our_own_sound_traces_are_sound)
{
	static const char *const names[] = {"values", "select", "sync", "marks", "worker"};
	char path[600];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/tests/data/%s.json", WEFT_SOURCE_ROOT, names[i]);
		check_clean(path, "");
	}
}

/* ---- Single rules ---------------------------------------------------------------------------- */

#define TWO                                                                 \
	"{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n"                           \
	"{\"ev\":\"spawn\",\"t\":0,\"new\":2},\n"                           \
	"{\"ev\":\"make\",\"t\":0,\"on\":1,\"type\":\"chan\",\"cap\":1},\n" \
	"{\"ev\":\"run\",\"t\":1,\"w\":0,\"co\":1},\n"                      \
	"{\"ev\":\"run\",\"t\":1,\"w\":1,\"co\":2},\n"
#define BYE(n)                                           \
	"{\"ev\":\"exit\",\"t\":90,\"w\":0,\"co\":1},\n" \
	"{\"ev\":\"exit\",\"t\":91,\"w\":1,\"co\":2},\n" \
	"{\"ev\":\"eof\",\"t\":92,\"n\":" #n "}\n]}\n"

TEST(a_receiver_that_makes_room_moves_the_waiting_message_into_the_buffer)
{
	CHECK_STR(
		check_text(HEADER("time", ALL_CAPS) TWO
			"{\"ev\":\"send\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"msg\":1,\"via\":"
			"\"buffer\",\"len\":1},\n"
			"{\"ev\":\"send\",\"t\":3,\"w\":0,\"co\":1,\"on\":1,\"msg\":2,\"via\":"
			"\"wait\",\"len\":1},\n"
			"{\"ev\":\"block\",\"t\":4,\"w\":0,\"co\":1,\"why\":\"send\",\"on\":1},\n"
			"{\"ev\":\"recv\",\"t\":5,\"w\":1,\"co\":2,\"on\":1,\"msg\":1,\"len\":1},\n"
			"{\"ev\":\"unblock\",\"t\":5,\"w\":1,\"co\":2,\"to\":1,\"on\":1,\"msg\":2},"
			"\n"
			"{\"ev\":\"recv\",\"t\":6,\"w\":1,\"co\":2,\"on\":1,\"msg\":2,\"len\":0},\n"
			"{\"ev\":\"run\",\"t\":7,\"w\":0,\"co\":1},\n" BYE(14)),
		"");
}

TEST(a_message_that_was_handed_over_may_be_received_when_the_buffer_is_full_again)
{
	CHECK_STR(
		check_text(HEADER("time", ALL_CAPS) TWO
			"{\"ev\":\"block\",\"t\":2,\"w\":1,\"co\":2,\"why\":\"recv\",\"on\":1},\n"
			"{\"ev\":\"send\",\"t\":3,\"w\":0,\"co\":1,\"on\":1,\"msg\":1,\"via\":"
			"\"hand\",\"len\":0},\n"
			"{\"ev\":\"unblock\",\"t\":3,\"w\":0,\"co\":1,\"to\":2,\"on\":1,\"msg\":1},"
			"\n"
			"{\"ev\":\"send\",\"t\":4,\"w\":0,\"co\":1,\"on\":1,\"msg\":2,\"via\":"
			"\"buffer\",\"len\":1},\n"
			"{\"ev\":\"run\",\"t\":5,\"w\":1,\"co\":2},\n"
			"{\"ev\":\"recv\",\"t\":6,\"w\":1,\"co\":2,\"on\":1,\"msg\":1,\"len\":0},\n"
			"{\"ev\":\"recv\",\"t\":7,\"w\":1,\"co\":2,\"on\":1,\"msg\":2,\"len\":0},"
			"\n" BYE(14)),
		"");
}

TEST(a_select_that_waits_on_a_full_buffer_moves_in_before_its_elders)
{
	CHECK_STR(
		check_text(HEADER("time", ALL_CAPS) TWO
			"{\"ev\":\"send\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"msg\":1,\"via\":"
			"\"buffer\",\"len\":1},\n"
			"{\"ev\":\"block\",\"t\":3,\"w\":0,\"co\":1,\"why\":\"select\",\"cases\":[{"
			"\"on\":1,\"dir\":\"send\"}]},\n"
			"{\"ev\":\"send\",\"t\":4,\"w\":1,\"co\":1,\"by\":2,\"on\":1,\"msg\":2,"
			"\"via\":\"select\",\"case\":0},\n"
			"{\"ev\":\"recv\",\"t\":4,\"w\":1,\"co\":2,\"on\":1,\"msg\":1,\"len\":1},\n"
			"{\"ev\":\"unblock\",\"t\":5,\"w\":1,\"co\":2,\"to\":1,\"on\":1,\"msg\":2},"
			"\n"
			"{\"ev\":\"run\",\"t\":6,\"w\":0,\"co\":1},\n"
			"{\"ev\":\"select\",\"t\":7,\"w\":0,\"co\":1,\"pick\":0,\"n\":1},\n"
			"{\"ev\":\"recv\",\"t\":8,\"w\":1,\"co\":2,\"on\":1,\"msg\":2,\"len\":0},"
			"\n" BYE(15)),
		"");
}

TEST(who_has_ended_may_wake_its_joiner_and_nobody_else)
{
	CHECK_STR(
		check_text(HEADER("time", ALL_CAPS) TWO
			"{\"ev\":\"block\",\"t\":2,\"w\":0,\"co\":1,\"why\":\"join\",\"of\":2},\n"
			"{\"ev\":\"exit\",\"t\":3,\"w\":1,\"co\":2},\n"
			"{\"ev\":\"unblock\",\"t\":4,\"w\":1,\"co\":2,\"to\":1,\"why\":\"join\"},\n"
			"{\"ev\":\"run\",\"t\":5,\"w\":0,\"co\":1},\n"
			"{\"ev\":\"exit\",\"t\":90,\"w\":0,\"co\":1},\n{\"ev\":\"eof\",\"t\":90,"
			"\"n\":10}\n]}\n"),
		"");
	CHECK_STR(
		check_text(HEADER("time", ALL_CAPS) TWO
			"{\"ev\":\"block\",\"t\":2,\"w\":0,\"co\":1,\"why\":\"recv\",\"on\":1},\n"
			"{\"ev\":\"exit\",\"t\":3,\"w\":1,\"co\":2},\n"
			"{\"ev\":\"unblock\",\"t\":4,\"w\":1,\"co\":2,\"to\":1,\"why\":\"recv\"},\n"
			"{\"ev\":\"run\",\"t\":5,\"w\":0,\"co\":1},\n"
			"{\"ev\":\"exit\",\"t\":90,\"w\":0,\"co\":1},\n{\"ev\":\"eof\",\"t\":90,"
			"\"n\":10}\n]}\n"),
		"E09:9 ");
}

TEST(what_is_not_claimed_is_not_checked)
{
	/* Runs without an unblock, on two workers, and a message from nowhere. */
	CHECK_STR(check_text(HEADER("time", "") TWO
			  "{\"ev\":\"block\",\"t\":2,\"w\":0,\"co\":1,\"why\":\"recv\",\"on\":1},\n"
			  "{\"ev\":\"run\",\"t\":3,\"w\":1,\"co\":1},\n"
			  "{\"ev\":\"recv\",\"t\":4,\"w\":0,\"co\":1,\"on\":1,\"msg\":7},\n"
			  "{\"ev\":\"eof\",\"t\":92,\"n\":8}\n]}\n"),
		"");
}

TEST(a_drop_takes_back_what_it_hides_and_keeps_the_rest)
{
	/* E15 at 20 is within the drop; E10 at line 8 is never silenced. */
	CHECK_STR(check_text(HEADER("time", ALL_CAPS) TWO
			  "{\"ev\":\"unblock\",\"t\":20,\"to\":2},\n"
			  "{\"ev\":\"spawn\",\"t\":21,\"new\":2},\n"
			  "{\"ev\":\"drop\",\"t\":30,\"since\":19,\"n\":5},\n"
			  "{\"ev\":\"run\",\"t\":31,\"w\":1,\"co\":9},\n"
			  "{\"ev\":\"recv\",\"t\":32,\"w\":1,\"co\":9,\"on\":4,\"msg\":70},\n"
			  "{\"ev\":\"exit\",\"t\":33,\"w\":1,\"co\":9},\n"
			  "{\"ev\":\"eof\",\"t\":92,\"n\":11}\n]}\n"),
		"E10:8 ");
	CHECK_STR(check_text(HEADER("time", ALL_CAPS) TWO
			  "{\"ev\":\"unblock\",\"t\":10,\"to\":2},\n"
			  "{\"ev\":\"drop\",\"t\":30,\"since\":19,\"n\":5},\n"
			  "{\"ev\":\"eof\",\"t\":92,\"n\":7}\n]}\n"),
		"E15:7 ");
}

TEST(unknown_kinds_and_fields_are_named_once_and_private_ones_never)
{
	CHECK_STR(check_text(HEADER("time", ALL_CAPS) TWO
			  "{\"ev\":\"x.demo.gc\",\"t\":2,\"bytes\":7},\n"
			  "{\"ev\":\"note\",\"t\":2,\"name\":\"a\",\"x_mine\":1},\n"
			  "{\"ev\":\"sparkle\",\"t\":2},\n"
			  "{\"ev\":\"sparkle\",\"t\":3,\"x\":1},\n"
			  "{\"ev\":\"note\",\"t\":3,\"name\":\"a\",\"hue\":1},\n"
			  "{\"ev\":\"note\",\"t\":3,\"name\":\"a\",\"hue\":2},\n" BYE(13)),
		"W05:9 W05:11 ");
}

TEST(a_later_minor_version_may_have_new_words)
{
	static const char rest[] = ",\"order\":\"time\",\"caps\":[],\"events\":[\n"
				   "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n"
				   "{\"ev\":\"exit\",\"t\":1,\"co\":1,\"why\":\"tired\"},\n"
				   "{\"ev\":\"eof\",\"t\":1,\"n\":2}\n]}\n";
	char text[400];

	snprintf(text, sizeof(text), "{\"weft\":1,\"minor\":0%s", rest);
	CHECK_STR(check_text(text), "E02:3 ");
	snprintf(text, sizeof(text), "{\"weft\":1,\"minor\":4%s", rest);
	CHECK_STR(check_text(text), "W05:3 ");
}

TEST(a_coarse_clock_is_a_warning)
{
	size_t room = 1 << 20, len = 0;
	char *text = malloc(room);

	len += (size_t)snprintf(
		text, room, HEADER("time", "\"sched\"") "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n");
	for (int i = 0; i < 1200; i++)
		len += (size_t)snprintf(text + len, room - len,
			"{\"ev\":\"run\",\"t\":%d,\"w\":0,\"co\":1},\n"
			"{\"ev\":\"yield\",\"t\":%d,\"w\":0,\"co\":1},\n",
			i / 2, i / 2);
	snprintf(text + len, room - len, "{\"ev\":\"eof\",\"t\":600,\"n\":2401}\n]}\n");
	CHECK_STR(check_text(text), "W06:0 ");
	free(text);
}

TEST(a_thousand_mistakes_of_one_sort_are_counted_and_not_all_listed)
{
	size_t room = 4 << 20, len = 0;
	struct weft_check_summary summary;
	struct weft_trace_error error;
	struct found found = {"", 0};
	char *text = malloc(room);
	const char *path;

	len += (size_t)snprintf(
		text, room, HEADER("time", "") "{\"ev\":\"spawn\",\"t\":0,\"new\":1},\n");
	for (int i = 0; i < 12000; i++)
		len += (size_t)snprintf(text + len, room - len,
			"{\"ev\":\"note\",\"t\":%d,\"name\":\"n\",\"at\":%d},\n", i, i + 1);
	len += (size_t)snprintf(
		text + len, room - len, "{\"ev\":\"eof\",\"t\":12000,\"n\":12001}\n]}\n");
	path = write_file(text, len);
	CHECK_INT(weft_check(path, NULL, add_found, &found, &summary, &error), 0);
	unlink(path);
	CHECK_INT(summary.errors, 12000);
	free(text);
}

TEST(a_file_by_worker_is_merged_before_it_is_checked)
{
	/* All at one instant: each effect waits for its cause on the other worker. */
	CHECK_STR(
		check_text(HEADER("worker",
			ALL_CAPS) "{\"ev\":\"run\",\"t\":5,\"w\":0,\"co\":2},\n"
				  "{\"ev\":\"recv\",\"t\":5,\"w\":0,\"co\":2,\"on\":1,\"msg\":1},\n"
				  "{\"ev\":\"exit\",\"t\":6,\"w\":0,\"co\":2},\n"
				  "{\"ev\":\"spawn\",\"t\":5,\"w\":1,\"new\":1},\n"
				  "{\"ev\":\"run\",\"t\":5,\"w\":1,\"co\":1},\n"
				  "{\"ev\":\"spawn\",\"t\":5,\"w\":1,\"co\":1,\"new\":2},\n"
				  "{\"ev\":\"make\",\"t\":5,\"w\":1,\"co\":1,\"on\":1,\"type\":"
				  "\"chan\",\"cap\":1},\n"
				  "{\"ev\":\"send\",\"t\":5,\"w\":1,\"co\":1,\"on\":1,\"msg\":1,"
				  "\"via\":\"buffer\"},\n"
				  "{\"ev\":\"exit\",\"t\":7,\"w\":1,\"co\":1},\n"
				  "{\"ev\":\"eof\",\"t\":7,\"n\":9}\n]}\n"),
		"");
}

TEST(what_is_referred_to_too_early_is_not_defined_twice)
{
	CHECK_STR(check_text(HEADER("time", ALL_CAPS) TWO
			  "{\"ev\":\"note\",\"t\":2,\"name\":\"n\",\"at\":1},\n"
			  "{\"ev\":\"loc\",\"loc\":1,\"fn\":\"f\"},\n"
			  "{\"ev\":\"exit\",\"t\":3,\"co\":3},\n"
			  "{\"ev\":\"spawn\",\"t\":3,\"new\":3},\n"
			  "{\"ev\":\"recv\",\"t\":4,\"w\":0,\"co\":1,\"on\":1,\"msg\":9},\n"
			  "{\"ev\":\"send\",\"t\":5,\"w\":0,\"co\":1,\"on\":1,\"msg\":9},\n"
			  "{\"ev\":\"free\",\"t\":6,\"on\":2},\n"
			  "{\"ev\":\"make\",\"t\":6,\"on\":2,\"type\":\"mutex\"},\n"
			  "{\"ev\":\"exit\",\"t\":7,\"co\":3,\"why\":\"killed\"},\n" BYE(16)),
		"E07:7 E08:9 E18:11 E16:13 ");
}

TEST(an_object_that_nobody_made_has_one_finding)
{
	CHECK_STR(check_text(HEADER("time", ALL_CAPS) TWO
			  "{\"ev\":\"close\",\"t\":2,\"w\":0,\"co\":1,\"on\":7},\n"
			  "{\"ev\":\"close\",\"t\":2,\"w\":0,\"co\":1,\"on\":7},\n"
			  "{\"ev\":\"recv\",\"t\":3,\"w\":0,\"co\":1,\"on\":7,\"ok\":false},\n" BYE(
				  10)),
		"E16:7 ");
}

TEST(regions_are_followed_behind_a_drop_too)
{
	CHECK_STR(check_text(HEADER("time", ALL_CAPS) TWO
			  "{\"ev\":\"drop\",\"t\":2,\"since\":2,\"n\":1},\n"
			  "{\"ev\":\"end\",\"t\":3,\"co\":1,\"name\":\"lost\"},\n"
			  "{\"ev\":\"begin\",\"t\":4,\"co\":1,\"name\":\"seen\"},\n"
			  "{\"ev\":\"end\",\"t\":5,\"co\":1,\"name\":\"other\"},\n" BYE(11)),
		"W03:11 ");
}

TEST(only_who_is_joined_may_wake_behind_its_exit)
{
	CHECK_STR(check_text(HEADER("time", ALL_CAPS) TWO
			  "{\"ev\":\"block\",\"t\":2,\"w\":0,\"co\":1,\"why\":\"recv\",\"on\":1},\n"
			  "{\"ev\":\"exit\",\"t\":3,\"w\":1,\"co\":2},\n"
			  "{\"ev\":\"unblock\",\"t\":4,\"w\":1,\"co\":2,\"to\":1},\n"
			  "{\"ev\":\"run\",\"t\":5,\"w\":0,\"co\":1},\n"
			  "{\"ev\":\"exit\",\"t\":90,\"w\":0,\"co\":1},\n"
			  "{\"ev\":\"eof\",\"t\":90,\"n\":10}\n]}\n"),
		"E09:9 ");
}

TEST(a_word_without_an_other_leaves_its_field_out)
{
	CHECK_STR(check_text(HEADER("time", "") TWO
			  "{\"ev\":\"task\",\"t\":2,\"op\":\"pause\",\"id\":1},\n"
			  "{\"ev\":\"Task\",\"t\":2},\n" BYE(9)),
		"E02:7 E02:8 ");
}

TEST(values_are_what_section_10_says)
{
	static const char *const good[] = {"1", "1.5", "null", "true", "\"x\"", "{\"int\":\"-5\"}",
		"{\"float\":\"-inf\"}", "{\"str\":\"a\",\"len\":7}",
		"{\"base64\":\"/wCA\",\"len\":3,\"type\":\"t\"}",
		"{\"ptr\":\"0x7ffd\",\"str\":\"s\"}", "{\"json\":[1,{}]}"};
	static const char *const bad[] = {"[1]", "{}", "{\"len\":1}", "9007199254740992",
		"{\"int\":5}", "{\"int\":\"0x5\"}", "{\"int\":\"\"}", "{\"float\":\"NaN\"}",
		"{\"float\":\"-nan\"}", "{\"str\":1}", "{\"ptr\":\"7ffd\"}", "{\"ptr\":\"0x\"}",
		"{\"str\":\"a\",\"len\":-1}", "{\"json\":1,\"type\":2}"};
	char text[1024];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]) + sizeof(bad) / sizeof(bad[0]); i++) {
		size_t ngood = sizeof(good) / sizeof(good[0]);

		snprintf(text, sizeof(text),
			"%s{\"ev\":\"send\",\"t\":2,\"w\":0,\"co\":1,\"on\":1,\"msg\":1,"
			"\"value\":%s},\n%s",
			HEADER("time", "") TWO, i < ngood ? good[i] : bad[i - ngood], BYE(8));
		CHECK_STR(check_text(text), i < ngood ? "" : "E02:7 ");
	}
}

TEST(a_bad_last_record_is_not_a_comma_too_many)
{
	CHECK_STR(check_text(HEADER("time", "") TWO "{\"ev\":\"eof\",\"t\":2}\n]}\n"),
		"E02:7 W01:8 ");
	CHECK_STR(check_text(HEADER("time", "") TWO "rubbish\n]}\n"), "E02:7 W01:8 ");
}

TEST_MAIN
