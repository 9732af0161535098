/* SPDX-License-Identifier: MIT
 *
 * The table of keys: what leads where, on which keyboards, and that the help says the same.
 */
#include "viewer/input.h"

#include "tests/test.h"

TEST(space_and_p_both_play)
{
	CHECK_INT(input_key(INPUT_SPACE, ' ', 0), COMMAND_PLAY);
	CHECK_INT(input_key(19, 'p', 0), COMMAND_PLAY);
	CHECK_INT(input_key(19, 'P', INPUT_SHIFT), COMMAND_PLAY);
}

TEST(wasd_is_a_place_on_the_keyboard)
{
	/* AZERTY: Z is where W is, Q where A is. */
	CHECK_INT(input_key(INPUT_W, 'z', 0), COMMAND_ZOOM_IN);
	CHECK_INT(input_key(INPUT_A, 'q', 0), COMMAND_EARLIER);
	/* Dvorak: the key of S types O, the S stands elsewhere and is nothing. */
	CHECK_INT(input_key(INPUT_S, 'o', 0), COMMAND_ZOOM_OUT);
	CHECK_INT(input_key(51, 's', 0), COMMAND_NONE);
}

TEST(letters_are_what_stands_on_the_key)
{
	/* AZERTY: Ctrl+Z and Ctrl+Q are where W and A are. */
	CHECK_INT(input_key(INPUT_W, 'z', INPUT_CTRL), COMMAND_UNDO);
	CHECK_INT(input_key(INPUT_A, 'q', INPUT_CTRL), COMMAND_QUIT);
	CHECK_INT(input_key(INPUT_S, 's', INPUT_CTRL), COMMAND_SCREENSHOT);
}

TEST(without_latin_letters_the_place_decides)
{
	CHECK_INT(input_key(20, 0x439, 0), COMMAND_QUIT);
	CHECK_INT(input_key(19, 0x437, 0), COMMAND_PLAY);
	CHECK_INT(input_key(INPUT_Z, 0x44f, INPUT_CTRL), COMMAND_UNDO);
}

TEST(modifiers_must_match)
{
	CHECK_INT(input_key(INPUT_W, 'w', INPUT_SHIFT), COMMAND_WIDEN);
	CHECK_INT(input_key(INPUT_W, 'w', INPUT_ALT), COMMAND_NONE);
	CHECK_INT(input_key(19, 'p', INPUT_CTRL), COMMAND_NONE);
	CHECK_INT(input_key(INPUT_Z, 'z', INPUT_CTRL | INPUT_SHIFT), COMMAND_REDO);
	CHECK_INT(input_key(INPUT_LEFT, 0, INPUT_SHIFT), COMMAND_MESSAGE_BACK);
	CHECK_INT(input_wheel(INPUT_WHEEL_UP, 0), COMMAND_EARLIER);
	CHECK_INT(input_wheel(INPUT_WHEEL_UP, INPUT_CTRL), COMMAND_ZOOM_IN);
	CHECK_INT(input_wheel(INPUT_WHEEL_DOWN, INPUT_SHIFT), COMMAND_RIGHT);
	CHECK_INT(input_wheel(INPUT_WHEEL_LEFT, 0), COMMAND_LEFT);
}

TEST(signs_are_what_is_typed)
{
	CHECK_INT(input_char('?'), COMMAND_HELP);
	CHECK_INT(input_char('+'), COMMAND_THICKER);
	CHECK_INT(input_char('['), COMMAND_SLOWER);
	CHECK_INT(input_char('p'), COMMAND_NONE);
	CHECK_INT(input_char(0x439), COMMAND_NONE);
}

TEST(unknown_keys_do_nothing)
{
	for (unsigned mods = 0; mods < 8; mods++) {
		CHECK_INT(input_key(0, 0, mods), COMMAND_NONE);
		CHECK_INT(input_key(65535, 0x40000000, mods), COMMAND_NONE);
		CHECK_INT(input_key(18, 'o', mods), COMMAND_NONE);
	}
}

/* Marks all commands that some input leads to. */
static void reach(bool reached[COMMAND_COUNT])
{
	for (unsigned mods = 0; mods < 8; mods++) {
		for (unsigned code = 0; code < 256; code++) {
			reached[input_key(code, 0, mods)] = true;
			reached[input_key(0, code, mods)] = true;
			reached[input_char(code)] = true;
		}
		for (int way = INPUT_WHEEL_UP; way <= INPUT_WHEEL_RIGHT; way++)
			reached[input_wheel((enum input_wheel)way, mods)] = true;
	}
}

TEST(every_command_can_be_reached)
{
	bool reached[COMMAND_COUNT] = {false};

	reached[COMMAND_SEEK] = reached[COMMAND_PAN] = true; /* of the mouse alone */
	reach(reached);
	for (int c = 0; c < COMMAND_COUNT; c++) {
		if (!reached[c])
			test_fail(__FILE__, __LINE__, "no key leads to command %d", c);
	}
}

/* The help's line for `what`, as "keys". */
static const char *help_for(const char *what)
{
	static struct input_help line;

	for (size_t i = 0; i < input_help_count(); i++) {
		input_help_line(i, &line);
		if (strcmp(line.what, what) == 0)
			return line.keys;
	}
	return "";
}

TEST(help_names_the_keys_of_the_table)
{
	CHECK_STR(help_for("play, pause"), "Space  P  click the sign");
	CHECK_STR(help_for("zoom time in, out"), "W  S  Ctrl+wheel");
	CHECK_STR(help_for("zoom across in, out"), "Shift+W  Shift+S  Ctrl+Shift+wheel");
	CHECK_STR(help_for("undo, redo a move"), "Ctrl+Z  Ctrl+Y");
	CHECK_STR(help_for("this help"), "?  F1");
	CHECK_STR(help_for("one event back, forward"), "Left  Right  ,  .");
}

TEST(every_line_of_the_help_says_something)
{
	bool headings = false;

	CHECK(input_help_count() > 10);
	for (size_t i = 0; i < input_help_count(); i++) {
		struct input_help line;

		input_help_line(i, &line);
		CHECK(line.what[0] && line.keys[0]);
		CHECK(!strchr(line.keys + 1, '?') || strcmp(line.what, "this help") == 0);
		CHECK(strlen(line.keys) < sizeof(line.keys) - 1);
		headings |= line.group != NULL;
		CHECK(headings); /* the first line has one */
	}
}

TEST(held_keys_move_but_do_not_switch)
{
	CHECK(input_repeats(COMMAND_STEP_FORWARD));
	CHECK(input_repeats(COMMAND_ZOOM_IN));
	CHECK(!input_repeats(COMMAND_PLAY));
	CHECK(!input_repeats(COMMAND_QUIT));
}

TEST_MAIN
