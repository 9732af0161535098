/* SPDX-License-Identifier: MIT
 *
 * The table. A row is a line of the help and all that leads to its commands; a quiet binding works
 * but is not worth a word in the help.
 */
#include "viewer/input.h"

#include <stdio.h>
#include <string.h>

enum how {
	HOW_NONE, /* ends a row */
	HOW_PLACE,
	HOW_KEY,
	HOW_CHAR,
	HOW_WHEEL,
	HOW_MOUSE, /* in the help only: control.c knows what is under the mouse */
};

struct binding {
	enum how how;
	unsigned mods;
	uint32_t code;
	enum command command;
	bool quiet;
};

#define BINDINGS_MAX 9

struct row {
	const char *group, *what;
	struct binding bindings[BINDINGS_MAX];
};

enum mouse {
	MOUSE_CLICK_SIGN,
	MOUSE_DRAG_LINE,
	MOUSE_DRAG,
};

/* clang-format off */
#define PLACE(mods, place, command) {HOW_PLACE, mods, INPUT_##place, COMMAND_##command, false}
#define KEY(mods, letter, command) {HOW_KEY, mods, letter, COMMAND_##command, false}
#define CHAR(c, command) {HOW_CHAR, 0, c, COMMAND_##command, false}
#define WHEEL(mods, way, command) {HOW_WHEEL, mods, INPUT_WHEEL_##way, COMMAND_##command, false}
#define MOUSE(what, command) {HOW_MOUSE, 0, MOUSE_##what, COMMAND_##command, false}
#define QUIET_PLACE(mods, place, command) {HOW_PLACE, mods, INPUT_##place, COMMAND_##command, true}
#define QUIET_KEY(mods, letter, command) {HOW_KEY, mods, letter, COMMAND_##command, true}
#define QUIET_CHAR(c, command) {HOW_CHAR, 0, c, COMMAND_##command, true}
#define QUIET_WHEEL(mods, way, command) \
	{HOW_WHEEL, mods, INPUT_WHEEL_##way, COMMAND_##command, true}
/* clang-format on */

static const struct row rows[] = {
	{"Play", "play, pause",
		{PLACE(0, SPACE, PLAY), KEY(0, 'p', PLAY), MOUSE(CLICK_SIGN, PLAY)}},
	{NULL, "back to the start", {KEY(0, 'r', RESTART)}},
	{NULL, "slower, faster", {CHAR('[', SLOWER), CHAR(']', FASTER)}},
	{NULL, "one event back, forward",
		{PLACE(0, LEFT, STEP_BACK), PLACE(0, RIGHT, STEP_FORWARD), CHAR(',', STEP_BACK),
			CHAR('.', STEP_FORWARD)}},
	{NULL, "one message back, forward",
		{PLACE(INPUT_SHIFT, LEFT, MESSAGE_BACK),
			PLACE(INPUT_SHIFT, RIGHT, MESSAGE_FORWARD)}},
	{NULL, "go to a moment", {MOUSE(DRAG_LINE, SEEK)}},

	{"Look", "zoom time in, out",
		{PLACE(0, W, ZOOM_IN), PLACE(0, S, ZOOM_OUT), WHEEL(INPUT_CTRL, UP, ZOOM_IN),
			QUIET_WHEEL(INPUT_CTRL, DOWN, ZOOM_OUT)}},
	{NULL, "zoom across in, out",
		{PLACE(INPUT_SHIFT, W, WIDEN), PLACE(INPUT_SHIFT, S, NARROW),
			WHEEL(INPUT_CTRL | INPUT_SHIFT, UP, WIDEN),
			QUIET_WHEEL(INPUT_CTRL | INPUT_SHIFT, DOWN, NARROW)}},
	{NULL, "earlier, later",
		{PLACE(0, A, EARLIER), PLACE(0, D, LATER), WHEEL(0, UP, EARLIER),
			QUIET_WHEEL(0, DOWN, LATER), QUIET_PLACE(0, UP, EARLIER),
			QUIET_PLACE(0, DOWN, LATER), QUIET_PLACE(0, PAGE_UP, EARLIER),
			QUIET_PLACE(0, PAGE_DOWN, LATER)}},
	{NULL, "left, right",
		{PLACE(INPUT_SHIFT, A, LEFT), PLACE(INPUT_SHIFT, D, RIGHT),
			WHEEL(INPUT_SHIFT, UP, LEFT), QUIET_WHEEL(INPUT_SHIFT, DOWN, RIGHT),
			QUIET_WHEEL(0, LEFT, LEFT), QUIET_WHEEL(0, RIGHT, RIGHT)}},
	{NULL, "move", {MOUSE(DRAG, PAN)}},
	{NULL, "fit all", {KEY(0, 'f', FIT)}},
	{NULL, "first, last instant", {PLACE(0, HOME, HOME), PLACE(0, END, END)}},
	{NULL, "undo, redo a move",
		{KEY(INPUT_CTRL, 'z', UNDO), KEY(INPUT_CTRL, 'y', REDO),
			QUIET_KEY(INPUT_CTRL | INPUT_SHIFT, 'z', REDO)}},

	{"Picture", "thinner, thicker lines",
		{CHAR('-', THINNER), CHAR('+', THICKER), QUIET_CHAR('=', THICKER)}},
	{NULL, "values beside arrows", {KEY(0, 'l', LABELS)}},
	{NULL, "time axis", {KEY(0, 'x', AXIS)}},
	{NULL, "theme", {KEY(0, 't', THEME)}},

	{"Files", "screenshot (PNG)", {KEY(INPUT_CTRL, 's', SCREENSHOT)}},
	{NULL, "export the run (GIF)", {KEY(INPUT_CTRL, 'e', EXPORT)}},
	{NULL, "close help, stop an export", {PLACE(0, ESCAPE, CANCEL)}},
	{NULL, "this help", {CHAR('?', HELP), PLACE(0, F1, HELP)}},
	{NULL, "quit", {KEY(0, 'q', QUIT), KEY(INPUT_CTRL, 'q', QUIT)}},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static enum command find(enum how how, uint32_t code, unsigned mods)
{
	for (size_t r = 0; r < ROWS; r++) {
		for (const struct binding *b = rows[r].bindings; b->how != HOW_NONE; b++) {
			if (b->how == how && b->code == code && b->mods == mods)
				return b->command;
		}
	}
	return COMMAND_NONE;
}

enum command input_key(unsigned place, uint32_t letter, unsigned mods)
{
	enum command command = find(HOW_PLACE, place, mods);

	if (command != COMMAND_NONE)
		return command;
	if (letter >= 'A' && letter <= 'Z')
		letter += 'a' - 'A';
	if (letter >= 128 && place >= INPUT_A && place <= INPUT_Z)
		letter = 'a' + (place - INPUT_A);
	command = find(HOW_KEY, letter, mods);
	/* A capital letter is the same key, unless the table says otherwise. */
	if (command == COMMAND_NONE && mods == INPUT_SHIFT)
		command = find(HOW_KEY, letter, 0);
	return command;
}

enum command input_char(uint32_t c)
{
	return find(HOW_CHAR, c, 0);
}

enum command input_wheel(enum input_wheel direction, unsigned mods)
{
	return find(HOW_WHEEL, direction, mods);
}

bool input_repeats(enum command command)
{
	switch (command) {
	case COMMAND_PLAY:
	case COMMAND_RESTART:
	case COMMAND_LABELS:
	case COMMAND_THEME:
	case COMMAND_AXIS:
	case COMMAND_SCREENSHOT:
	case COMMAND_EXPORT:
	case COMMAND_HELP:
	case COMMAND_CANCEL:
	case COMMAND_QUIT:
		return false;
	default:
		return true;
	}
}

static const char *place_name(uint32_t place)
{
	static const struct {
		uint32_t place;
		const char *name;
	} names[] = {
		{INPUT_A, "A"},
		{INPUT_D, "D"},
		{INPUT_S, "S"},
		{INPUT_W, "W"},
		{INPUT_ESCAPE, "Esc"},
		{INPUT_SPACE, "Space"},
		{INPUT_F1, "F1"},
		{INPUT_HOME, "Home"},
		{INPUT_END, "End"},
		{INPUT_RIGHT, "Right"},
		{INPUT_LEFT, "Left"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].place == place)
			return names[i].name;
	}
	return "?";
}

static const char *mouse_name(uint32_t code)
{
	switch (code) {
	case MOUSE_CLICK_SIGN:
		return "click the sign";
	case MOUSE_DRAG_LINE:
		return "drag the time line";
	default:
		return "drag";
	}
}

static void name_binding(const struct binding *b, char *buf, size_t size)
{
	const char *ctrl = b->mods & INPUT_CTRL ? "Ctrl+" : "";
	const char *shift = b->mods & INPUT_SHIFT ? "Shift+" : "";
	char letter[2] = {(char)b->code, 0};
	const char *name = letter;

	if (b->how == HOW_PLACE)
		name = place_name(b->code);
	else if (b->how == HOW_WHEEL)
		name = "wheel";
	else if (b->how == HOW_MOUSE)
		name = mouse_name(b->code);
	else if (b->how == HOW_KEY)
		letter[0] = (char)(b->code - 'a' + 'A');
	snprintf(buf, size, "%s%s%s", ctrl, shift, name);
}

size_t input_help_count(void)
{
	return ROWS;
}

void input_help_line(size_t i, struct input_help *ret_line)
{
	size_t used = 0;

	*ret_line = (struct input_help){.group = rows[i].group, .what = rows[i].what};
	for (const struct binding *b = rows[i].bindings; b->how != HOW_NONE; b++) {
		char name[48];

		if (b->quiet)
			continue;
		name_binding(b, name, sizeof(name));
		used += (size_t)snprintf(ret_line->keys + used, sizeof(ret_line->keys) - used,
			"%s%s", used > 0 ? "  " : "", name);
		if (used >= sizeof(ret_line->keys))
			return;
	}
}
