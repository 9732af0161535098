/* SPDX-License-Identifier: MIT
 *
 * One table from keys and mouse to commands. The help overlay is written from the same table, so
 * the two can't disagree. Pure; knows no SDL.
 *
 * A binding names a key in one of three ways:
 *   place  where it is on the keyboard (a USB usage code): W A S D, arrows and other named keys.
 *          WASD is a place so that it is the same cross under the hand on AZERTY and Dvorak;
 *   key    the letter on it: P, Ctrl+Z. On a keyboard without Latin letters, the letter that a US
 *          keyboard has in that place;
 *   char   what it types, whatever it takes to type it: ? + [.
 * Places win. So S zooms, as the neighbour of W A D, and the speed is at [ and ]; F is fit.
 */
#ifndef WEFT_VIEWER_INPUT_H
#define WEFT_VIEWER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
	COMMAND_NONE,
	COMMAND_PLAY, /* or pause */
	COMMAND_RESTART,
	COMMAND_SLOWER,
	COMMAND_FASTER,
	COMMAND_STEP_BACK, /* one event */
	COMMAND_STEP_FORWARD,
	COMMAND_MESSAGE_BACK, /* to the end of one message */
	COMMAND_MESSAGE_FORWARD,
	COMMAND_SEEK,
	COMMAND_ZOOM_IN,
	COMMAND_ZOOM_OUT,
	COMMAND_WIDEN, /* zoom across the threads */
	COMMAND_NARROW,
	COMMAND_EARLIER,
	COMMAND_LATER,
	COMMAND_LEFT,
	COMMAND_RIGHT,
	COMMAND_PAN,
	COMMAND_FIT,
	COMMAND_HOME,
	COMMAND_END,
	COMMAND_UNDO,
	COMMAND_REDO,
	COMMAND_THINNER,
	COMMAND_THICKER,
	COMMAND_LABELS,
	COMMAND_THEME,
	COMMAND_AXIS,
	COMMAND_SCREENSHOT,
	COMMAND_EXPORT,
	COMMAND_HELP,
	COMMAND_CANCEL,
	COMMAND_QUIT,
	COMMAND_COUNT
};

enum input_mod {
	INPUT_CTRL = 1,
	INPUT_SHIFT = 2,
	INPUT_ALT = 4,
};

/* Places that the table names (USB HID usage codes, which are SDL's scancodes too). */
enum input_place {
	INPUT_A = 4,
	INPUT_D = 7,
	INPUT_S = 22,
	INPUT_W = 26,
	INPUT_Z = 29,
	INPUT_ESCAPE = 41,
	INPUT_SPACE = 44,
	INPUT_F1 = 58,
	INPUT_HOME = 74,
	INPUT_PAGE_UP = 75,
	INPUT_END = 77,
	INPUT_PAGE_DOWN = 78,
	INPUT_RIGHT = 79,
	INPUT_LEFT = 80,
	INPUT_DOWN = 81,
	INPUT_UP = 82,
};

enum input_wheel {
	INPUT_WHEEL_UP,
	INPUT_WHEEL_DOWN,
	INPUT_WHEEL_LEFT,
	INPUT_WHEEL_RIGHT,
};

/* A key went down: `place` is its scancode, `letter` what is on it (ASCII, else anything). */
enum command input_key(unsigned place, uint32_t letter, unsigned mods);

/* A character was typed. */
enum command input_char(uint32_t c);

enum command input_wheel(enum input_wheel direction, unsigned mods);

/* Whether a held key repeats the command: stepping does, switching does not. */
bool input_repeats(enum command command);

/* A line of the help. */
struct input_help {
	const char *group; /* heading above this line, or NULL: the same group goes on */
	const char *what;
	char keys[96];
};

size_t input_help_count(void);
void input_help_line(size_t i, struct input_help *ret_line);

#endif
